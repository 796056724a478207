"""Makes a movie of the view: one frame after the other in the background, so that the window stays free.

No more than one frame is in memory; what is cancelled or fails leaves no file.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.images.picture import Picture
from app.images.writers.apng import ApngWriter
from app.images.writers.gif import GifWriter
from app.images.writers.mp4 import Mp4Writer
from app.ui.background import Background
from app.ui.figure.about import stamp
from app.ui.figure.compose import compose
from app.ui.figure.frame import FigureTooLarge, size_of
from app.ui.figure.make import marked
from app.ui.figure.options import FigureOptions
from app.ui.figure.paint import painted
from app.ui.viewer.shot import Shot
from app.ui.viewer.state import Axis
from models.knobs import N_

Kind = Literal["gif", "apng", "mp4"]

KINDS: dict[Kind, tuple[str, str]] = {  # title, suffix
    "mp4": (N_("MP4 film"), ".mp4"),
    "gif": (N_("GIF"), ".gif"),
    "apng": (N_("APNG, without loss"), ".png"),
}
MOST_PIXELS = 1 << 24  # of a frame
SAMPLES = 8  # frames that the colours of a GIF are chosen from
PRIORITY = -1  # after all that the person waits for


class MovieWriter(Protocol):
    """What the writers of all kinds have in common."""

    def add(self, frame: Picture) -> None:
        """Append a frame."""

    def close(self) -> Path:
        """Finish the file."""

    def abandon(self) -> None:
        """Remove what is not finished."""


@dataclass(frozen=True, slots=True)
class MovieOrder:
    """What to film: one shot for each frame, so many in a second; `axis` is the one along which they go."""

    shots: tuple[Shot, ...]
    options: FigureOptions
    axis: Axis
    per_second: float
    kind: Kind
    path: Path
    has_stamp: bool = True

    def marked(self) -> "MovieOrder":
        """Return the order with the mark of a restored image on every frame, where it belongs."""
        first = marked(self.shots[0])
        if first is self.shots[0]:
            return self
        return replace(self, shots=tuple(replace(shot, names=first.names) for shot in self.shots))

    def frame(self, shot: Shot) -> Picture:
        """Read and draw one frame; even in size, as films need it. For a thread."""
        words = stamp(self.axis, shot.state.position(self.axis), shot.info) if self.has_stamp else ""
        sheet = compose(shot, self.options, stamp=words)
        return evened(painted(sheet)) if self.kind == "mp4" else painted(sheet)

    def size(self) -> tuple[int, int]:
        """Return width and height of a frame.

        Raises
        ------
        FigureTooLarge
            If nothing could play it.
        """
        width, height = size_of(self.shots[0], self.options)
        if width * height > MOST_PIXELS:
            raise FigureTooLarge(
                f"A frame would have {width} × {height} pixels; that is too large for a movie.",
                hint="Zoom in and film what is seen, or choose the density of the screen.",
                width=width,
                height=height,
            )
        return (width + width % 2, height + height % 2) if self.kind == "mp4" else (width, height)

    def begin(self) -> MovieWriter:
        """Start the file; for a thread."""
        size, count = self.size(), len(self.shots)
        if self.kind == "mp4":
            return Mp4Writer(self.path, size, per_second=self.per_second, count=count)
        if self.kind == "apng":
            return ApngWriter(self.path, size, per_second=self.per_second, count=count)
        samples = [self.frame(self.shots[place]) for place in _spread(len(self.shots), SAMPLES)]
        return GifWriter(self.path, size, per_second=self.per_second, count=count, samples=samples)


class MovieMaker(QObject):
    """Makes one movie at a time."""

    progressed = Signal(int, int)  # frames done, of how many
    finished = Signal(object)  # Path
    failed = Signal(object)  # Exception
    cancelled = Signal()

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._order: MovieOrder | None = None
        self._work: _Work | None = None

    @property
    def order(self) -> MovieOrder | None:
        """What is being made; None while nothing is."""
        return self._order

    def make(self, order: MovieOrder) -> None:
        """Begin."""
        if self._order is not None:
            raise ValueError("a movie is being made")
        self._order, self._work = order, _Work(order)
        self.progressed.emit(0, len(order.shots))
        self._go_on()

    def cancel(self) -> None:
        """Stop after the frame that is under way, and remove the file."""
        if self._work is not None:
            self._work.is_cancelled = True

    def leave(self) -> None:
        """Remove the unfinished file at once, or as soon as the frame under way is done; for the end."""
        if self._work is not None:
            self._work.leave()

    def _go_on(self) -> None:
        work = self._work
        if work is not None:
            self._background.run(work.step, self._take, self._give_up, priority=PRIORITY)

    def _take(self, outcome: "Path | int | None") -> None:
        order = self._order
        assert order is not None
        if isinstance(outcome, int):
            self.progressed.emit(outcome, len(order.shots))
            self._go_on()
            return
        self._order = self._work = None
        if outcome is None:
            self.cancelled.emit()
        else:
            self.finished.emit(outcome)

    def _give_up(self, error: Exception) -> None:
        self._order = self._work = None
        self.failed.emit(error)


class _Work:
    """The movie while it is made; every step runs in some thread, one after the other."""

    def __init__(self, order: MovieOrder) -> None:
        self.is_cancelled = False
        self._order = order
        self._left: Iterator[Shot] = iter(())
        self._done = 0
        self._writer: MovieWriter | None = None
        self._lock = threading.Lock()  # held while a step is under way

    def step(self) -> Path | int | None:
        """Do a frame and return how many are done; the file after the last; None if it was cancelled."""
        with self._lock, contextlib.ExitStack() as on_failure:
            on_failure.callback(self._abandon)
            outcome = self._next()
            if isinstance(outcome, int) and not self.is_cancelled:
                on_failure.pop_all()
            elif isinstance(outcome, int):
                outcome = None
            return outcome

    def leave(self) -> None:
        """Take no further step."""
        self.is_cancelled = True
        if self._lock.acquire(blocking=False):
            self._abandon()
            self._lock.release()

    def _next(self) -> Path | int | None:
        if self.is_cancelled:
            return None
        if self._writer is None:
            self._order = self._order.marked()
            self._left = iter(self._order.shots)
            self._writer = self._order.begin()
            return 0
        shot = next(self._left, None)
        if shot is None:
            return self._writer.close()
        self._writer.add(self._order.frame(shot))
        self._done += 1
        return self._done

    def _abandon(self) -> None:
        if self._writer is not None:
            self._writer.abandon()


def evened(picture: Picture) -> Picture:
    """Return a picture with even sides: a last column or row is repeated where one is missing."""
    height, width, _parts = picture.shape
    if height % 2 == width % 2 == 0:
        return picture
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _spread(length: int, count: int) -> list[int]:
    """Return up to `count` places from the first to the last of so many."""
    return [int(place) for place in np.linspace(0, length - 1, min(count, length)).round()]
