"""Which open image is compared with which, and the ways to say so: by files, by a menu, or no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app.text import _
from app.ui.background import Background
from app.ui.icons import icon
from app.ui.names import shown_name
from app.ui.notices import Notices
from app.ui.session import OpenImage, Session, expand
from models.errors import UserError


class Pairing(QObject):
    """Remembers the partner of each image; without one, its result is what it is compared with."""

    changed = Signal()

    def __init__(
        self, session: Session, background: Background, notices: Notices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._background = background
        self._notices = notices
        self._partners: dict[int, int | None] = {}  # by key; None: nobody, although there is a result
        self._results: set[int] = set()  # keys of results that were open before
        session.image_opened.connect(self._note_opened)
        session.image_closed.connect(self._forget)

    def partner_of(self, image: OpenImage | None) -> OpenImage | None:
        """Return what an image is compared with, if it is compared at all."""
        if image is None:
            return None
        if image.key in self._partners:
            chosen = self._partners[image.key]
            partner = None if chosen is None else self._image(chosen)
            if chosen is None or partner is not None:
                return partner
        return self._session.result_for(image.key)

    def choices(self, image: OpenImage) -> tuple[OpenImage, ...]:
        """Return the open images that one can be compared with, its own result first."""
        others = [other for other in self._session.images() if other.key != image.key]
        return tuple(sorted(others, key=lambda other: other.result_of != image.key))

    def compare(self, key: int, other: int) -> None:
        """Look at one image and compare it with another one from now on."""
        if key == other:
            self._notices.tell(_("This image is the one that is looked at. Choose another one to compare."))
            return
        self._partners[key] = other
        self._session.make_current(key)
        self.changed.emit()

    def stop(self) -> None:
        """Look at the current image alone."""
        current = self._session.current
        if current is not None:
            self._partners[current.key] = None
            self.changed.emit()

    def compare_files(self, paths: Sequence[Path]) -> None:
        """Compare two files, or one with the current image; folders count as the images in them."""
        self._background.run(partial(expand, paths), self._compare_expanded, self._refuse)

    def _compare_expanded(self, found: tuple[list[Path], list[UserError]]) -> None:
        files, failures = found
        for failure in failures:
            self._refuse(failure)
        current = self._session.current
        if len(files) > 2:
            self._notices.tell(_("The first two files are compared. The others were not opened."))
        if len(files) >= 2:
            self._open_two(files[0], files[1])
        elif files and current is not None:
            self._open_beside(files[0], current)
        elif files:
            self._session.open_paths(files)

    def _open_two(self, first: Path, second: Path) -> None:
        """Look at the first and open the second beside it, whatever was looked at before."""

        def go_on(image: OpenImage) -> None:
            self._session.make_current(image.key)
            self._open_beside(second, image)

        self._session.open_then(first, go_on)

    def _open_beside(self, path: Path, image: OpenImage) -> None:
        """Open a file beside an image: as its result if that is what the file says it is."""

        def go_on(is_result: bool) -> None:  # noqa: FBT001 - an answer from the background
            if is_result:
                self._partners.pop(image.key, None)
                self._session.open_result(path, image.key)
            else:
                self._session.open_then(path, lambda other: self.compare(image.key, other.key))

        self._background.run(partial(is_made_from, path, image.path, image.info.scene), go_on, self._refuse)

    def _image(self, key: int) -> OpenImage | None:
        return next((image for image in self._session.images() if image.key == key), None)

    def _note_opened(self, image: OpenImage) -> None:
        """Let a new result appear over its original by itself."""
        if image.result_of is not None and image.key not in self._results:
            self._results.add(image.key)
            self._partners.pop(image.result_of, None)

    def _forget(self, key: int) -> None:
        self._results.discard(key)
        self._partners = {one: other for one, other in self._partners.items() if key not in (one, other)}

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, UserError):
            raise error
        self._session.failed.emit(error)


class PartnerMenu(QMenu):
    """Lists the open images to compare with, a way to take a file, and a way to stop."""

    def __init__(
        self, pairing: Pairing, image: OpenImage, ask_for_file: Callable[[], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setTitle(_("Compare with…"))
        self.setAccessibleName(_("Compare with…"))
        partner = pairing.partner_of(image)
        group = QActionGroup(self)
        others = pairing.choices(image)
        for other, name in zip(others, told_apart(others, image), strict=True):
            action = self.addAction(name.replace("&", "&&"))
            action.setToolTip(str(other.path))
            action.setCheckable(True)
            action.setChecked(partner is not None and other.key == partner.key)
            action.triggered.connect(partial(pairing.compare, image.key, other.key))
            group.addAction(action)
        if not others:
            self.addAction(_("No other image is open")).setEnabled(False)
        self.addSeparator()
        self.addAction(icon("open"), _("A file…")).triggered.connect(ask_for_file)
        if partner is not None:
            self.addAction(icon("close"), _("Stop comparing")).triggered.connect(pairing.stop)


def told_apart(images: Sequence[OpenImage], beside: OpenImage) -> list[str]:
    """Return a name for each image that no other one has, as far as their files have different places."""
    names = [shown_name(image.path.name) for image in images]
    found = []
    for image, name in zip(images, names, strict=True):
        words = name if names.count(name) == 1 else str(Path(image.path.parent.name) / name)
        if image.result_of == beside.key:
            words = _("restored: {name}").format(name=words)
        found.append(words)
    return found


def is_made_from(path: Path, original: Path, scene: int) -> bool:
    """Whether the file at `path` says that it was restored from a scene of `original`; for a thread.

    A result that was moved together with its original still counts.
    """
    from app.images.errors import ImageError
    from app.images.record import read_record

    try:
        record = read_record(path)
    except ImageError:
        return False
    if record is None or not record.input_path or record.input_scene != scene:
        return False
    source = Path(record.input_path)
    return original in (source, path.parent / source.name)
