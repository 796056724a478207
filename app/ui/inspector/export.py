"""The Export page: take what is seen away as a figure or a movie, or the data in another format."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.images.folders import stem
from app.images.picture import Picture
from app.images.writers.mp4 import find_ffmpeg
from app.text import _
from app.ui.column import Column
from app.ui.figure.clipboard import CopiedPicture
from app.ui.figure.make import copied, make_figure
from app.ui.figure.movie import MovieMaker
from app.ui.figure.paint import as_image
from app.ui.inspector.export_bar import ExportBar
from app.ui.inspector.export_data import DataPage
from app.ui.inspector.export_figure import FigurePage
from app.ui.inspector.export_movie import MoviePage
from app.ui.inspector.export_place import ExportPlace
from app.ui.jobs.results import show_in_folder
from app.ui.panels import Services
from app.ui.session import OpenImage
from app.ui.viewer.shot import Shot
from models.knobs import N_

What = Literal["figure", "movie", "data"]

WHATS: tuple[tuple[What, str, str, str], ...] = (  # key, title, help, button
    ("figure", N_("Figure"), N_("A picture of the view, with scale bar and names"), N_("Save the figure")),
    ("movie", N_("Movie"), N_("The view running through time or planes"), N_("Make the movie")),
    ("data", N_("Data"), N_("The pixels themselves, unchanged, in another format"), N_("Export the data")),
)


class ExportPanel(QWidget):
    """Owns the three pages, the place and the button; what takes long runs in the background or as a job."""

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self._session = services.session
        self._engine = services.engine
        self._background = services.background
        self._settings = services.settings
        self._notices = services.notices
        self._look: Callable[[], Shot | None] = lambda: None
        self._what: What = "figure"
        self.switches: dict[str, QToolButton] = {}
        self.figure, self.movie, self.data = FigurePage(), MoviePage(), DataPage()
        self.place = ExportPlace(services.background)
        self.bar = ExportBar()
        self._clipboard = CopiedPicture(self)
        self.maker = MovieMaker(services.background, self)
        self._stack = QStackedWidget()
        self._pages = QStackedWidget()
        self._later = QTimer(self, singleShot=True, interval=0)
        self._arrange()
        self._connect()
        self.show_image(self._session.current)
        self._background.run(find_ffmpeg, self.movie.show_ffmpeg)

    def take_shots(self, look: Callable[[], Shot | None]) -> None:
        """Learn how to get what the viewer shows."""
        self._look = look
        self._refresh()

    def show_image(self, image: OpenImage | None) -> None:
        """Offer what can be made of another image, or say that there is none."""
        self._pages.setCurrentIndex(0 if image is None else 1)
        self.movie.show_image(None if image is None else image.info)
        self._show_images()
        self._offer_name()

    def follow(self, _state: object = None) -> None:
        """The view has changed: say anew what would be made of it, once things are calm."""
        if self.isVisible():
            self._later.start()

    def copy_view(self) -> None:
        """Put what is seen on the clipboard."""
        shot = self._look()
        if shot is not None:
            self._background.run(partial(copied, shot), self._put_on_clipboard, self._notices.show_error)

    def leave(self) -> None:
        """The window closes: leave no half-made movie behind."""
        self.maker.leave()
        self._clipboard.leave()

    def choose(self, what: What) -> None:
        """Turn to one of the three pages."""
        self._what = what
        self.switches[what].setChecked(True)
        keys = [row[0] for row in WHATS]
        self._stack.setCurrentIndex(keys.index(what))
        self._offer_name()

    # What would be made

    def _show_images(self, _change: object = None) -> None:
        current = self._session.current
        result = None if current is None else self._session.result_for(current.key)
        self.data.show_images(tuple(image for image in (current, result) if image is not None))

    def _offer_name(self) -> None:
        """Offer a place and a name for what is to be made."""
        image = self.data.source if self._what == "data" else self._session.current
        if image is None:
            return
        folder = self._settings.current.results_dir
        suffixes = {"figure": self.figure.suffix, "movie": self.movie.suffix, "data": self.data.suffix}
        name = stem(image.path) + (f"_scene{image.info.scene + 1}" if image.info.scene else "")
        self.place.show_default(Path(folder) if folder else image.path.parent, name, suffixes[self._what])
        self._refresh()

    def _refresh(self) -> None:
        """Say what the button would do, or why it can do nothing."""
        shot = self._look() if self._session.current is not None else None
        words = next(row[3] for row in WHATS if row[0] == self._what)
        if self._what == "data":
            reason = self.data.show_shot(shot)
        elif shot is None:
            reason = _("No channel is shown.")
        else:
            reason = self.figure.show_shot(shot) if self._what == "figure" else self.movie.show_shot(shot)
        if not reason and self.place.path is None:
            reason = _("Give the file a name.")
        self.bar.show_offer(_(words), reason, may_copy=self._what == "figure")

    # Making it

    def _export(self) -> None:
        path, shot = self.place.path, self._look()
        if path is None:
            return
        if self._what == "data":
            self._export_data(shot, path)
        elif shot is not None and self._what == "figure":
            self.bar.show_busy(_("Drawing the figure…"), may_cancel=False)
            make = partial(make_figure, shot, self.figure.options, self.figure.file_kind, path)
            self._background.run(make, self._tell_made, self._tell_failed)
        elif shot is not None:
            order = self.movie.order(shot, path)
            if order is not None:
                self.maker.make(order)

    def _export_data(self, shot: Shot | None, path: Path) -> None:
        spec = self.data.spec(shot, path)
        if spec is not None:
            self.bar.export.setEnabled(False)  # until it is in the list
            self._background.run(partial(self._engine.submit, spec), self._tell_submitted, self._tell_failed)

    def _tell_submitted(self, _number: int) -> None:
        self._refresh()
        self._notices.tell(_("The export runs. You can go on working; it tells when it is done."))

    def _tell_made(self, path: Path) -> None:
        self.bar.show_idle()
        self.place.look_again()
        self._refresh()
        told = _("Saved as {name}").format(name=path.name)
        self._notices.tell(told, [(_("Show in folder"), partial(show_in_folder, path))], seconds=12)

    def _tell_failed(self, error: Exception) -> None:
        self.bar.show_idle()
        self.place.look_again()
        self._refresh()
        self._notices.show_error(error)

    def _tell_cancelled(self) -> None:
        self.bar.show_idle()
        self.place.look_again()
        self._notices.tell(_("Cancelled. No file was left behind."))

    def _show_progress(self, done: int, total: int) -> None:
        words = _("Frame {done} of {total}").format(done=min(done + 1, total), total=total)
        self.bar.show_busy(words, done, total)

    def _put_on_clipboard(self, made: tuple[Picture, bytes]) -> None:
        picture, file = made
        self._clipboard.put(as_image(picture), file)
        height, width, _parts = picture.shape
        self._notices.tell(
            _("The view is on the clipboard, {width} × {height} pixels.").format(width=width, height=height)
        )

    def _drop_movie_of(self, key: int) -> None:
        """End the movie of an image that is closed or read anew."""
        if self.maker.order is not None and self.maker.order.shots[0].key == key:
            self.maker.cancel()

    # Wiring

    def _connect(self) -> None:
        session = self._session
        session.current_changed.connect(self.show_image)
        session.image_opened.connect(self._show_images)
        session.image_closed.connect(self._show_images)
        session.image_opened.connect(lambda image: self._drop_movie_of(image.key))
        session.image_closed.connect(self._drop_movie_of)
        for page in (self.figure, self.movie, self.data):
            page.changed.connect(self._refresh)
        for combo in (self.figure.kind, self.movie.kind, self.data.format, self.data.image):
            combo.currentIndexChanged.connect(self._offer_name)
        self.place.changed.connect(self._refresh)
        self.bar.export_clicked.connect(self._export)
        self.bar.copy_clicked.connect(self.copy_view)
        self.bar.cancel_clicked.connect(self.maker.cancel)
        self.maker.progressed.connect(self._show_progress)
        self.maker.finished.connect(self._tell_made)
        self.maker.failed.connect(self._tell_failed)
        self.maker.cancelled.connect(self._tell_cancelled)
        self._later.timeout.connect(self._refresh)

    def _arrange(self) -> None:
        empty = QLabel(_("Open an image to take pictures, movies or data from it."), wordWrap=True)
        empty.setProperty("role", "quiet")
        empty.setMargin(14)
        switches = QHBoxLayout()
        switches.setSpacing(2)
        group = QButtonGroup(self)
        for key, title, tip, _button in WHATS:
            switch = QToolButton()
            switch.setText(_(title))
            switch.setAccessibleName(_(title))
            switch.setToolTip(_(tip))
            switch.setCheckable(True)
            switch.setChecked(key == self._what)
            switch.clicked.connect(partial(self._choose, key))
            group.addButton(switch)
            switches.addWidget(switch)
            self.switches[key] = switch
        switches.addStretch(1)
        for page in (self.figure, self.movie, self.data):
            self._stack.addWidget(page)
        line = QFrame()
        line.setProperty("role", "line")
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(12)
        column.addLayout(switches)
        column.addWidget(self._stack)
        column.addStretch(1)
        column.addWidget(self.place)
        content = QWidget()
        whole = QVBoxLayout(content)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(Column(inner), 1)
        whole.addWidget(line)
        whole.addWidget(self.bar)
        self._pages.addWidget(empty)
        self._pages.addWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)

    def _choose(self, what: What, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a slot
        self.choose(what)
