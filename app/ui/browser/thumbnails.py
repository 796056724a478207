"""Small pictures of what is in sight: made in the background, newest wish first, kept on the disk."""

from __future__ import annotations

import logging
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage

from app.images.listing import Entry, entry_for
from app.text import _, ngettext
from app.ui.background import Background, Task
from app.ui.browser.cache import PictureCache
from models.errors import UserError

SIDE = 208  # pixels of the longer side of a picture: as large as it is ever drawn, on fine screens
KEPT = 600  # pictures in memory
AT_ONCE = max(1, min(3, (os.cpu_count() or 2) - 1))  # pictures made at the same time
PATIENCE_S = 8.0  # after which a picture that is still being made holds up no others
MOST_STUCK = 4  # pictures that may hang at drives that do not answer

logger = logging.getLogger(__name__)

Stamp = tuple[int | None, int | None]  # time and size of a file


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """What is shown beside a name.

    Attributes
    ----------
    picture : QImage or None
        None for folders and for what cannot be read.
    about : str
        Such as ``"Z 40 · C 2"``; for a folder how many images it holds.
    is_result : bool
        Whether the program made it from another image.
    problem : str
        Why there is no picture.
    stamp : Stamp
        Time and size of the file when it was looked at.
    """

    picture: QImage | None = None
    about: str = ""
    is_result: bool = False
    problem: str = ""
    stamp: Stamp = (None, None)


class Thumbnails(QObject):
    """Makes the pictures that are wished for, and forgets wishes that nobody has any more."""

    made = Signal(object)  # Path

    def __init__(
        self, background: Background, cache: PictureCache | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._cache = cache
        self._made: OrderedDict[Path, Glimpse] = OrderedDict()
        self._wishes: list[Entry] = []
        self._tasks: dict[Path, tuple[Task[Glimpse], float]] = {}
        self._again = QTimer(self, singleShot=True, interval=round(PATIENCE_S * 1000))
        self._again.timeout.connect(self._begin)

    def get(self, path: Path) -> Glimpse | None:
        """Return what was seen of `path`; None if that was not yet."""
        return self._made.get(path)

    def wish(self, entries: Sequence[Entry]) -> None:
        """Make the pictures of these, in this order, and of nothing else."""
        self._wishes = [entry for entry in entries if not self._is_known(entry)]
        for entry in entries:
            if entry.path in self._made:
                self._made.move_to_end(entry.path)
        self._begin()

    def forget(self) -> None:
        """Look at everything anew when it is wished for again; what is on the disk is used all the same."""
        self._made.clear()

    def _is_known(self, entry: Entry) -> bool:
        if entry.path in self._tasks:
            return True
        found = self._made.get(entry.path)
        if found is None:
            return False
        return entry.modified_ns is None or found.stamp == (entry.modified_ns, entry.size)

    def _begin(self) -> None:
        """Begin with the next wishes, as many as may be under way."""
        now = time.monotonic()
        busy = sum(now - began < PATIENCE_S for _task, began in self._tasks.values())
        while self._wishes and busy < AT_ONCE and len(self._tasks) < AT_ONCE + MOST_STUCK:
            entry = self._wishes.pop(0)
            task = self._background.run_apart(
                partial(glimpse, entry, self._cache),
                partial(self._keep, entry.path),
                partial(self._give_up, entry),
            )
            self._tasks[entry.path] = (task, now)
            busy += 1
        if self._wishes and not self._again.isActive():
            self._again.start()

    def _keep(self, path: Path, found: Glimpse) -> None:
        self._tasks.pop(path, None)
        self._made[path] = found
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        self.made.emit(path)
        self._begin()

    def _give_up(self, entry: Entry, error: Exception) -> None:
        problem = _("There is no small picture of this file.")
        if isinstance(error, UserError):
            problem = _(error.sentence)
        else:  # a fault of a reader: it is told when the file is opened, not to whoever passes by
            logger.warning("%s has no small picture", entry.path, exc_info=error)
        self._keep(entry.path, Glimpse(problem=problem, stamp=(entry.modified_ns, entry.size)))


def glimpse(entry: Entry, cache: PictureCache | None) -> Glimpse:
    """Look at one folder or image, out of the cache if it was seen before; for a thread."""
    if entry.is_folder:
        return _of_folder(entry)
    if entry.modified_ns is None:
        entry = entry_for(entry.path) or entry
    kept = cache.load(entry) if cache is not None else None
    stamp = (entry.modified_ns, entry.size)
    if kept is not None:
        picture, facts = kept
        return Glimpse(picture, str(facts.get("about", "")), bool(facts.get("is_result")), stamp=stamp)
    found = _looked_at(entry.path, SIDE, stamp)
    if cache is not None and found.picture is not None:
        cache.store(entry, found.picture, {"about": found.about, "is_result": found.is_result})
    return found


def make_thumbnail(
    background: Background, path: Path, size: int, done: Callable[[QImage], None]
) -> Task[QImage]:
    """Make one small picture in the background; a file that cannot be read gets none."""
    return background.run(partial(thumbnail, path, size), done, lambda _error: None, priority=-1)


def thumbnail(path: Path, size: int, scene: int = 0) -> QImage:
    """Return a picture of the middle plane with `size` pixels on its longer side; for a thread."""
    picture = _looked_at(path, size, (None, None), scene).picture
    assert picture is not None
    return picture


def _looked_at(path: Path, side: int, stamp: Stamp, scene: int = 0) -> Glimpse:
    from app.ui.browser.glance import glance

    seen = glance(path, side, scene)
    height, width = seen.pixels.shape
    whole = QImage(seen.pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
    small = whole.scaled(
        QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    return Glimpse(
        small.convertToFormat(QImage.Format.Format_RGB888), seen.about, seen.is_result, stamp=stamp
    )


def _of_folder(entry: Entry) -> Glimpse:
    from app.ui.browser.glance import count_images

    count = count_images(entry.path)
    words = "" if not count else ngettext("{count} image", "{count} images", count).format(count=count)
    return Glimpse(about=words, stamp=(entry.modified_ns, entry.size))
