"""The Info page: everything known about the image, in words and numbers that can be copied."""

from __future__ import annotations

import os
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.images.metadata import Entry, as_text
from app.text import _, ngettext
from app.ui.background import Task
from app.ui.column import Column
from app.ui.icons import icon
from app.ui.inspector.metadata_view import MetadataView
from app.ui.inspector.origin import OriginSection
from app.ui.inspector.told import Origin, Told, origin_of, tell
from app.ui.messages import without_home
from app.ui.names import breakable, shown_name, tip
from app.ui.panels import Services
from app.ui.session import OpenImage
from models.errors import UserError
from models.knobs import N_
from models.source import ImageInfo

DEPTHS = {
    "uint8": N_("8-bit"),
    "uint16": N_("16-bit"),
    "uint32": N_("32-bit"),
    "int8": N_("8-bit, with sign"),
    "int16": N_("16-bit, with sign"),
    "int32": N_("32-bit, with sign"),
    "float16": N_("16-bit decimal numbers"),
    "float32": N_("32-bit decimal numbers"),
    "float64": N_("64-bit decimal numbers"),
    "bool": N_("black and white"),
}
LONGEST_NAME = 100  # letters of a name that are shown; all of it is in the tooltip


def shape_in_words(info: ImageInfo) -> str:
    """Return such as ``"1 stack, 512 × 512 × 40, 2 channels"``."""
    t, c, z, y, x = info.shape
    kind = _("1 time series") if t > 1 else _("1 stack") if z > 1 else _("1 image")
    size = " × ".join(str(n) for n in (x, y, *((z,) if z > 1 else ())))
    words = [kind, size]
    if t > 1:
        words.append(ngettext("{count} time point", "{count} time points", t).format(count=t))
    if info.is_rgb:
        words.append(_("colour"))
    elif c > 1:
        words.append(ngettext("{count} channel", "{count} channels", c).format(count=c))
    return ", ".join(words)


def bytes_in_words(count: int) -> str:
    """Return such as ``"18.2 GB"``, with three digits at most."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            return f"{size:.3g} {unit}"
        size /= 1000
    raise AssertionError


def facts(info: ImageInfo) -> tuple[tuple[str, str], ...]:
    """Return the rows that are known at once: name and value."""
    t, c, z, y, x = info.shape
    size = info.pixel_size_um
    unknown = _("not in the file")
    rows = [
        (_("Width × height"), f"{x} × {y} px"),
        (_("Depth, channels, times"), f"Z {z}, C {c}, T {t}"),
        (_("Numbers"), _(DEPTHS.get(info.dtype, info.dtype))),
        (_("Size in memory"), bytes_in_words(info.nbytes)),
        (_("Pixel size"), f"{size.x:.4g} µm" if size.x else unknown),
    ]
    if size.x and size.y and abs(size.x - size.y) > 1e-6 * size.x:
        rows[-1] = (_("Pixel size"), f"{size.x:.4g} × {size.y:.4g} µm")
    if size.x and size.y:
        rows.append((_("Field of view"), f"{x * size.x:.4g} × {y * size.y:.4g} µm"))
    if z > 1:
        rows.append((_("Distance of planes"), f"{size.z:.4g} µm" if size.z else unknown))
    if t > 1:
        interval = info.time_interval_s
        rows.append((_("Time between images"), f"{interval:.4g} s" if interval else unknown))
    if c > 1 and not info.is_rgb:
        names = [channel.name or str(index + 1) for index, channel in enumerate(info.channels)]
        rows.append((_("Channels"), ", ".join(names)))
    if len(info.shapes) > 1:
        rows.append((_("Coarser copies in the file"), str(len(info.shapes) - 1)))
    return tuple(rows)


def file_facts(told: Told) -> tuple[tuple[str, str], ...]:
    """Return the rows for which the file was read: name and value."""
    rows = [
        (_("Size of the file"), bytes_in_words(told.nbytes)),
        (_("Compression"), _("none") if told.compression == "None" else told.compression),
        (_("Recorded"), told.recorded),
        (_("Last changed"), f"{datetime.fromtimestamp(told.changed).astimezone():%Y-%m-%d %H:%M}"),
    ]
    return tuple((name, value) for name, value in rows if value)


class InfoPanel(QWidget):
    """Shows what is known of the current image, and reads what its file says once somebody looks."""

    scene_chosen = Signal(int, int)  # key, scene
    correct_clicked = Signal()

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services
        self._image: OpenImage | None = None
        self._result: OpenImage | None = None
        self._task: Task[Told] | None = None
        self._is_told = False
        self.name = QLabel(wordWrap=True)
        self.name.setProperty("role", "heading")
        self.folder = QLabel(wordWrap=True)
        self.folder.setProperty("role", "quiet")
        for label in (self.name, self.folder):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.copy_path = QToolButton()
        self.copy_path.setIcon(icon("copy"))
        self.copy_path.setAutoRaise(True)
        self.copy_path.setAccessibleName(_("Copy the path of the file"))
        self.copy_path.setToolTip(self.copy_path.accessibleName())
        self.copy_path.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.scenes = QComboBox()
        self.scenes.setAccessibleName(_("Image within the file"))
        self.scenes.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.correct = QPushButton(_("Correct axes and pixel size…"))
        self.origin = OriginSection()
        self.result_origin = OriginSection()
        self.said = QLabel(_("All that the file says"))
        self.said.setProperty("role", "heading")
        self.metadata = MetadataView(services.background)
        self._rows = QFormLayout()
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._arrange()
        self._connect()
        self.show_image(None)

    def show_image(self, image: OpenImage | None) -> None:
        """Show another image, or that there is none."""
        self._image, self._is_told = image, False
        if self._task is not None:
            self._task.cancel()
            self._task = None
        for widget in (self.correct, self.folder, self.copy_path, self.said, self.metadata):
            widget.setVisible(image is not None)
        self.scenes.setVisible(image is not None and len(image.info.scenes) > 1)
        self.origin.show_origin(None, title="")
        self._show_rows(())
        if image is None:
            self.name.setText(_("Open an image to read about it here."))
            self.show_result(None)
            return
        self.name.setText(breakable(shown_name(image.path.name, LONGEST_NAME)))
        self.name.setToolTip(tip(without_home(str(image.path))))
        self.folder.setText(breakable(without_home(str(image.path.parent))))
        self.scenes.clear()
        self.scenes.addItems([shown_name(name) or str(n + 1) for n, name in enumerate(image.info.scenes)])
        self.scenes.setCurrentIndex(image.info.scene)
        self._show_rows(facts(image.info))
        self.metadata.show_waiting()
        self._read()

    def show_result(self, image: OpenImage | None) -> None:
        """Tell also how the result over the image was made."""
        if image is self._result:
            return
        self._result = image
        self.result_origin.show_origin(None, title="")
        self._read_result()

    def showEvent(self, event: QShowEvent) -> None:
        """Read what the file says, now that somebody looks."""
        super().showEvent(event)
        self._read()
        self._read_result()

    def _arrange(self) -> None:
        page = QWidget()
        page.setProperty("role", "page")
        layout = QVBoxLayout(page)
        layout.setContentsMargins(14, 14, 14, 14)
        layout.setSpacing(12)
        place = QHBoxLayout()
        place.addWidget(self.folder, 1)
        place.addWidget(self.copy_path, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.name)
        layout.addLayout(place)
        layout.addWidget(self.scenes)
        layout.addLayout(self._rows)
        layout.addWidget(self.correct, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.origin)
        layout.addWidget(self.result_origin)
        layout.addWidget(self.said)
        layout.addWidget(self.metadata, 1)
        layout.addStretch(0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Column(page))

    def _connect(self) -> None:
        self.scenes.activated.connect(self._choose_scene)
        self.copy_path.clicked.connect(self._copy_path)
        self.correct.clicked.connect(self.correct_clicked)
        self.metadata.save_clicked.connect(self._ask_where)
        self.origin.original_clicked.connect(self._services.session.open_scene)
        self.result_origin.original_clicked.connect(self._services.session.open_scene)

    def _show_rows(self, rows: tuple[tuple[str, str], ...]) -> None:
        while self._rows.rowCount():
            self._rows.removeRow(0)
        for title, value in rows:
            left, right = QLabel(title), QLabel(value, wordWrap=True)
            left.setProperty("role", "quiet")
            right.setTextFormat(Qt.TextFormat.PlainText)
            right.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._rows.addRow(left, right)

    # What must be read

    def _read(self) -> None:
        """Have the file read, if somebody looks and it was not read yet."""
        image = self._image
        if image is None or self._is_told or self._task is not None or not self.isVisible():
            return
        call = partial(tell, image.path, image.info.scene, self._services.library)
        self._task = self._services.background.run(call, partial(self._show_told, image), self._cannot_tell)

    def _show_told(self, image: OpenImage, told: Told) -> None:
        self._task, self._is_told = None, True
        self._show_rows((*facts(image.info), *file_facts(told)))
        self.origin.show_origin(told.origin, title=_("How this was made"))
        self.metadata.show_entries(told.entries, told.trouble)

    def _cannot_tell(self, error: Exception) -> None:
        self._task = None
        if not isinstance(error, UserError):
            raise error
        self.metadata.show_entries((), error.sentence)

    def _read_result(self) -> None:
        result = self._result
        if result is not None and self.isVisible() and self.result_origin.isHidden():
            call = partial(origin_of, result.path, self._services.library)
            self._services.background.run(call, partial(self._show_result_origin, result))

    def _show_result_origin(self, result: OpenImage, origin: Origin | None) -> None:
        if result is self._result:
            title = _("How the restored image was made")
            self.result_origin.show_origin(origin, title=title, is_original_shown=True)

    # What can be taken along

    def _copy_path(self) -> None:
        if self._image is not None:
            QGuiApplication.clipboard().setText(str(self._image.path))

    def _ask_where(self, entries: tuple[Entry, ...]) -> None:
        """Let the person choose where the tree is written as text; a name that exists is never taken."""
        image = self._image
        if image is None:
            return
        dialog = QFileDialog(self.window(), _("Save as text"), str(image.path.with_suffix(".txt")))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("txt")
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.save_text(entries, Path(name)))
        dialog.open()

    def save_text(self, entries: tuple[Entry, ...], path: Path) -> None:
        """Write the tree as text, under another name if this one is taken."""
        notices = self._services.notices

        def tell_name(written: Path) -> None:
            notices.tell(_("Saved as {name}.").format(name=shown_name(written.name)))

        self._services.background.run(partial(write_text, entries, path), tell_name, notices.show_error)

    def _choose_scene(self, scene: int) -> None:
        if self._image is not None and scene != self._image.info.scene:
            self.scene_chosen.emit(self._image.key, scene)


def write_text(entries: tuple[Entry, ...], path: Path) -> Path:
    """Write the tree as text and return the name it got; for a thread.

    Raises
    ------
    CannotWrite
        If it cannot be written there.
    """
    from app.images.errors import CannotWrite

    number, target = 1, path
    while True:
        try:
            with target.open("x", encoding="utf-8", errors="replace") as file:
                file.write(as_text(entries) + "\n")
        except FileExistsError:
            number += 1
            target = path.with_name(f"{path.stem}_{number}{path.suffix}")
        except OSError as error:
            raise CannotWrite(
                f"{path.name} could not be written: {error.strerror or os.strerror(error.errno or 0)}.",
                hint="Choose another folder.",
                path=str(path),
            ) from error
        else:
            return target
