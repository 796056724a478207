"""Runs through an axis by itself."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.ui.viewer.pace import Beat, Pace, Rate, advance, falls_short
from app.ui.viewer.state import Axis

REPORT_S = 0.5  # between two reports of the rate
RECHECK_S = 0.25  # until a late picture is asked after


class Player(QObject):
    """Steps along one axis at its pace, never before the picture wished last is there."""

    stepped = Signal(str, int)  # axis, by how many
    changed = Signal(object)  # the axis that runs | None
    pace_changed = Signal(object)  # Pace
    rate_changed = Signal(object)  # pictures per second where they are fewer than wished | None

    def __init__(
        self,
        is_ready: Callable[[], bool],
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self.axis: Axis | None = None
        self.pace = Pace()
        self.direction = 1
        self._is_ready = is_ready
        self._clock = clock
        self._beat = Beat(self.pace, 0.0)
        self._rate = Rate(0.0)
        self._reported = 0.0
        self._is_asked = False  # a picture was wished and has not come yet
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)

    def toggle(self, axis: Axis) -> None:
        """Play this axis, or stop if it plays."""
        if self.axis == axis:
            self.stop()
        else:
            self.axis = axis
            self.direction = 1
            self._begin()
            self.changed.emit(axis)

    def stop(self) -> None:
        """Stand still."""
        if self.axis is not None:
            self.axis = None
            self._timer.stop()
            self.rate_changed.emit(None)
            self.changed.emit(None)

    def set_pace(self, pace: Pace) -> None:
        """Play like this from now on."""
        if pace != self.pace:
            self.pace = pace
            if self.axis is not None:
                self._begin()
            self.pace_changed.emit(pace)

    def after(self, position: int, by: int, length: int) -> int:
        """Return the position that `by` steps lead to, and turn there if it is time to."""
        position, self.direction = advance(position, by, length, self.direction, self.pace.turn)
        return position

    def hear(self, _drawn: object = None) -> None:
        """Take note that a picture was put up; if the next one is due, go on at once."""
        if self.axis is None or not self._is_ready():
            return
        if self._is_asked:
            self._is_asked = False
            self._rate.note(self._clock())
            self._report()
        self.tick()

    def tick(self) -> None:
        """Step if it is time to and the last picture is there."""
        if self.axis is None:
            return
        now = self._clock()
        if not self._is_ready():
            self._wait(RECHECK_S)
            return
        steps = self._beat.take(now)
        if steps:
            self._is_asked = True
            self.stepped.emit(self.axis, steps)
        self._wait(self._beat.due_in(now))

    def _begin(self) -> None:
        now = self._clock()
        self._beat, self._rate = Beat(self.pace, now), Rate(now)
        self._reported = now
        self._is_asked = False
        self.rate_changed.emit(None)
        self._wait(self._beat.due_in(now))

    def _wait(self, seconds: float) -> None:
        if self.axis is not None:
            self._timer.start(max(1, round(seconds * 1000)))

    def _report(self) -> None:
        now = self._clock()
        if now - self._reported >= REPORT_S:
            self._reported = now
            rate = self._rate.per_second(now)
            self.rate_changed.emit(rate if falls_short(rate, self.pace) else None)
