"""Looks now and then, in the background, whether a file that is shown is still there and still the same."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.ui.background import Background
from app.ui.session import OpenImage

if TYPE_CHECKING:
    from app.images.remembered import Stamp

EVERY_MS = 2000


class FileWatch(QObject):
    """Watches the file of one image at a time; a file that is gone is waited for."""

    gone = Signal(int)  # key
    returned = Signal(int)  # key
    changed = Signal(int, bool)  # key, whether it has only grown
    unchanged = Signal(int)  # key: it is again what was opened

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._image: OpenImage | None = None
        self._last: Stamp | None = None  # what was seen of it last
        self._is_gone = False
        self._asked: OpenImage | None = None  # whose drive has not answered yet
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.look)

    def watch(self, image: OpenImage | None) -> None:
        """Watch the file of another image, or of none."""
        self._image = image
        self._last = image.stamp if image is not None else None
        self._is_gone = False
        self._timer.setInterval(EVERY_MS)
        if image is None:
            self._timer.stop()
        else:
            self._timer.start()
            self.look()

    def wait_again(self) -> None:
        """Take the file for gone, since it could not be opened although it is there."""
        self._is_gone = True

    def look(self) -> None:
        """Look now; while a slow drive is asked about an image, it is not asked again."""
        image = self._image
        if image is None or self._asked is image:
            return
        self._asked = image
        call = partial(stamp_if_there, image.path)
        self._background.run_apart(call, partial(self._take, image), partial(self._forget_answer, image))

    def _forget_answer(self, image: OpenImage, error: Exception) -> None:
        self._asked = None if self._asked is image else self._asked
        raise error

    def _take(self, image: OpenImage, stamp: Stamp | None) -> None:
        self._asked = None if self._asked is image else self._asked
        if image is not self._image:
            return
        was_gone, self._is_gone = self._is_gone, stamp is None
        if stamp is None:
            if not was_gone:
                self.gone.emit(image.key)
            return
        before, self._last = self._last, stamp
        if was_gone:
            self.returned.emit(image.key)
        elif before is not None and stamp != before:
            if stamp == image.stamp:
                self.unchanged.emit(image.key)
            else:
                self.changed.emit(image.key, stamp.size > before.size)


def stamp_if_there(path: Path) -> Stamp | None:
    """Return the stamp of a file; None if it is gone or its drive does not answer; for a thread."""
    from app.images.remembered import stamp_of

    try:
        return stamp_of(path)
    except OSError:
        return None
