"""Beats on the window's thread and hears every beat that comes late."""

import os
import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import QTimer

EVERY_MS = 5
LONGEST_MS = 100
BUSY = 1.5  # processes per core beyond which the computer, not the window, holds its breath


class Heartbeat:
    """Measures, while it is entered, for how long the window's thread did not come round."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self.beats = 0
        self._timer = QTimer(interval=EVERY_MS)
        self._timer.timeout.connect(self._beat)
        self._last = 0.0

    def __enter__(self) -> "Heartbeat":
        self._last = time.perf_counter()
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._beat()
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest_ms = max(self.longest_ms, (now - self._last) * 1000)
        self.beats += 1
        self._last = now


def longest_gap_ms(act: Callable[[], None], tries: int = 3) -> float:
    """Return the longest gap of the quietest of several tries: what is our own fault comes every time."""
    found = []
    for _number in range(tries):
        with Heartbeat() as heart:
            act()
        found.append(heart.longest_ms)
        if heart.longest_ms < 50:
            break
    return min(found)


def assert_no_gap(act: Callable[[], None], tries: int = 3) -> None:
    """Fail if the window held its breath; skip if the computer was too busy to tell."""
    gap = longest_gap_ms(act, tries)
    if gap >= LONGEST_MS and hasattr(os, "getloadavg") and os.getloadavg()[0] > BUSY * (os.cpu_count() or 1):
        pytest.skip(f"the computer is too busy to tell: a gap of {gap:.0f} ms")
    assert gap < LONGEST_MS
