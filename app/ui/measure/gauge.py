"""Measures in a thread while shapes are dragged: one wish at a time, and only the newest one waits."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.images.measuring.measure import Measurement, Subject, measure
from app.images.measuring.shapes import Shape
from app.ui.background import Background
from models.errors import Stopped, UserError

PRIORITY = 3  # as drawing: before all else that runs in the background
PATIENCE_S = 0.25  # for which a measurement goes on although something newer is wished


@dataclass(frozen=True, slots=True)
class Wish:
    """What to measure; see `measure`."""

    shape: Shape
    subjects: tuple[Subject, ...]
    t: int
    z: int
    channels: tuple[int, ...]


class _Ticket:
    """Lets a measurement that lasts too long find out that nobody waits for it any more."""

    def __init__(self) -> None:
        self.is_stale = False
        self._began = time.monotonic()

    def check(self) -> None:
        if self.is_stale and time.monotonic() - self._began > PATIENCE_S:
            raise Stopped


class Gauge(QObject):
    """Carries wishes to a thread and measurements back."""

    measured = Signal(object)  # Measurement
    failed = Signal(object)  # UserError

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._ticket: _Ticket | None = None
        self._waiting: Wish | None = None
        self._newest: Wish | None = None

    @property
    def is_idle(self) -> bool:
        """Whether everything wished has been measured."""
        return self._ticket is None

    def measure(self, wish: Wish | None) -> None:
        """Measure `wish`, at once or after what is under way; None: nothing is wanted any more."""
        self._newest = self._waiting = wish
        if self._ticket is not None:
            self._ticket.is_stale = True
        else:
            self._go_on()

    def _go_on(self) -> None:
        self._ticket = None
        if self._waiting is None:
            return
        wish, self._waiting = self._waiting, None
        self._ticket = ticket = _Ticket()
        call = partial(measure, wish.shape, wish.subjects, wish.t, wish.z, wish.channels, ticket.check)
        self._background.run(
            call, partial(self._deliver, wish), partial(self._refuse, wish), priority=PRIORITY
        )

    def _deliver(self, wish: Wish, found: Measurement) -> None:
        self._go_on()
        if self._is_of_use(wish):
            self.measured.emit(found)

    def _is_of_use(self, wish: Wish) -> bool:
        """Whether an answer is about what is looked at, if only about where a shape was a moment ago."""
        newest = self._newest
        return newest is not None and (newest.subjects, newest.t, newest.z, newest.channels) == (
            wish.subjects,
            wish.t,
            wish.z,
            wish.channels,
        )

    def _refuse(self, wish: Wish, error: Exception) -> None:
        self._go_on()
        if isinstance(error, UserError):
            if self._is_of_use(wish):
                self.failed.emit(error)
        elif not isinstance(error, Stopped):
            raise error
