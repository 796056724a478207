"""When the next picture is due and which one it is: free of Qt, so that any clock can drive it."""

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

Turn = Literal["loop", "bounce"]

SLOWEST, FASTEST = 0.5, 60.0  # pictures per second that can be wished
WINDOW_S = 2.0  # over which pictures are counted
SHORT = 0.93  # of what was wished: below this the playing falls short


@dataclass(frozen=True, slots=True)
class Pace:
    """How an axis is played.

    Attributes
    ----------
    per_second : float
        Pictures per second that are wished.
    is_every_frame : bool
        Each picture is shown even if that takes longer; else some are left out to keep the time.
    turn : Turn
        At the end begin anew, or go back and forth.
    """

    per_second: float = 20.0
    is_every_frame: bool = True
    turn: Turn = "loop"


class Beat:
    """Counts the steps that are due; times are seconds of any clock that never goes back."""

    def __init__(self, pace: Pace, now: float) -> None:
        self._pace = pace
        self._period = 1 / pace.per_second
        self._due = now + self._period

    def due_in(self, now: float) -> float:
        """Return the seconds until the next step; 0 if it is due."""
        return max(0.0, self._due - now)

    def take(self, now: float) -> int:
        """Return how far to step now: 0 if nothing is due, more than 1 if pictures are left out."""
        if now < self._due:
            return 0
        if self._pace.is_every_frame:
            self._due = max(self._due + self._period, now)  # what is lost is lost: no rush afterwards
            return 1
        steps = 1 + math.floor((now - self._due) / self._period)
        self._due += steps * self._period
        return steps


class Rate:
    """Measures how many pictures per second were shown lately."""

    def __init__(self, now: float) -> None:
        self._begin = now
        self._shown: deque[float] = deque()

    def note(self, now: float) -> None:
        """Count a picture."""
        self._shown.append(now)
        while self._shown[0] < now - WINDOW_S:
            self._shown.popleft()

    def per_second(self, now: float) -> float | None:
        """Return the rate; None while it is too early to tell."""
        span = min(now - self._begin, WINDOW_S)
        if span < WINDOW_S / 2:
            return None
        return sum(at > now - span for at in self._shown) / span


def falls_short(rate: float | None, pace: Pace) -> bool:
    """Whether fewer pictures are shown than wished."""
    return rate is not None and rate < SHORT * pace.per_second


def advance(position: int, by: int, length: int, direction: int, turn: Turn) -> tuple[int, int]:
    """Return where `by` steps lead to, and the direction (1 or -1) from there on."""
    if length < 2:
        return 0, 1
    if turn == "loop":
        return (position + by) % length, 1
    there_and_back = 2 * (length - 1)
    phase = position if direction > 0 else there_and_back - position
    phase = (phase + by) % there_and_back
    return (phase, 1) if phase < length - 1 else (there_and_back - phase, -1)
