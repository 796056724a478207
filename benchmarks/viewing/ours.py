"""The program itself, with its real window: ``python -m benchmarks.viewing.ours TASK FILE``.

Prints one line of JSON. A picture counts as shown when the canvas has painted the plane that was asked for.
"""

import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from app.log import start_logging
from app.paths import find_paths
from app.ui.start import House
from models.source import ImageInfo

SIZE = (1366, 768)
SETTLE_MS = 1500  # after which nothing is left to do in the background
TICK_MS = 5
STEPS, WARM = 200, 10

Answers = dict[str, float]


class Painted(QObject):
    """Calls back after each paint of a widget."""

    def __init__(self, after: Callable[[], None]) -> None:
        super().__init__()
        self._after = after

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's
        """Come back when this paint is over."""
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self._after)
        return False


class Heart:
    """The longest time for which the window's thread did not come round."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(interval=TICK_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last)
        self._last = now


class Run:
    """One run of the window, as a generator of conditions to wait for."""

    def __init__(self, task: str, path: Path) -> None:
        self.app = QApplication(["micrographia"])
        self.paths = find_paths()
        self.house = House(self.app, self.paths)
        self.path = path
        self.answers: Answers = {}
        self.painted = Painted(self._go_on)
        self.heart: Heart | None = None
        self._script: Iterator[Callable[[], bool]] = getattr(self, task)()
        self._condition: Callable[[], bool] = lambda: True

    def start(self, files: list[Path]) -> None:
        """Show the window and run until the script ends."""
        self.house.furnished = gc.freeze  # as in the program
        self.house.window.resize(*SIZE)
        self.house.open(files)
        poll = QTimer(self.app, interval=TICK_MS)
        poll.timeout.connect(self._watch)
        poll.timeout.connect(self._go_on)
        poll.start()
        start_logging(self.paths, "window")
        self.app.exec()
        print(json.dumps(self.answers), flush=True)
        self.house.close()

    @property
    def viewer(self) -> Any:
        """The viewer, once it is made."""
        return self.house.window.places["viewer"].content

    def _watch(self) -> None:
        if self.viewer is not None and not getattr(self, "_is_watched", False):
            self._is_watched = True
            for canvas in self.viewer.canvases:
                canvas.viewport().installEventFilter(self.painted)

    def _go_on(self) -> None:
        try:
            while self._condition():
                self._condition = next(self._script)
        except StopIteration:
            self._condition = lambda: False
            self.app.quit()

    # Conditions

    def _is_shown(self, z: int | None = None) -> bool:
        """Whether the final picture of plane `z` is on the canvas."""
        viewer = self.viewer
        drawn = viewer.drawn if viewer is not None else None
        if drawn is None or not drawn.is_last or not viewer.is_idle:
            return False
        return z is None or drawn.region.z[0] == z or drawn.region.t[0] == z

    def _rested(self, ms: int = SETTLE_MS) -> Callable[[], bool]:
        until = time.perf_counter() + ms / 1000
        return lambda: time.perf_counter() >= until

    # Tasks

    def first(self) -> Iterator[Callable[[], bool]]:
        """Start with a file named, and say when its picture is there."""
        yield lambda: self._is_shown()
        self.answers["shown_at"] = time.time()

    def scroll(self) -> Iterator[Callable[[], bool]]:
        """Open in a window that is there, then go to planes at random."""
        yield lambda: self.house.services is not None
        yield self._rested()
        empty = anonymous()
        self.heart = Heart()
        started = time.perf_counter()
        assert self.house.desk is not None
        self.house.desk.open([self.path])
        yield lambda: self._is_shown()
        self.answers["open"] = time.perf_counter() - started
        yield self._rested()
        info = self._info
        axis = "Z" if info.shape[2] > 1 else "T"
        count = max(info.shape[0], info.shape[2])
        chance, taken, most = random.Random(1), [], 0
        for _number in range(STEPS):
            at = chance.choice([z for z in range(count) if z != self.viewer.view_state.position(axis)])
            started = time.perf_counter()
            self.viewer.go_to(axis, at)
            yield lambda at=at: self._is_shown(at)
            taken.append(time.perf_counter() - started)
            most = max(most, anonymous())
        self._tell_steps(taken)
        self.answers["memory"] = most - empty
        self.answers["heart"] = self.heart.longest

    def contrast(self) -> Iterator[Callable[[], bool]]:
        """Change the contrast of one channel of a composite, again and again."""
        yield lambda: self._is_shown()
        yield self._rested()
        self.heart = Heart()
        taken = []
        for number in range(60):
            state = self.viewer.view_state
            old = state.contrast(number % len(state.channels))
            started = time.perf_counter()
            wanted = replace(old, high=old.high * (1.02 if number % 2 else 0.98))
            self.viewer.set_state(state.with_contrast(number % len(state.channels), wanted))
            yield lambda: self._is_shown()
            taken.append(time.perf_counter() - started)
        self._tell_steps(taken)
        self.answers["heart"] = self.heart.longest

    def pan(self) -> Iterator[Callable[[], bool]]:
        """Look at a giant plane, go in, and move about, twice over the same way."""
        yield lambda: self.house.services is not None
        yield self._rested()
        empty = anonymous()
        self.heart = Heart()
        started = time.perf_counter()
        assert self.house.desk is not None
        self.house.desk.open([self.path])
        yield lambda: self._is_shown()
        self.answers["open"] = time.perf_counter() - started
        taken, most = [], 0
        for is_cached in (False, True):
            for number in range(60):
                side = 1200 * self._unit
                corner = (49000 + 90 * number) * self._unit
                view = replace(self.viewer.panes.seen, x=corner, y=corner, width=side, height=side * 0.6)
                started = time.perf_counter()
                self.viewer.set_state(replace(self.viewer.view_state, view=view))
                yield lambda: self._is_shown()
                if is_cached:
                    taken.append(time.perf_counter() - started)
                most = max(most, anonymous())
        self._tell_steps(taken)
        self.answers["memory"] = most - empty
        self.answers["heart"] = self.heart.longest

    @property
    def _unit(self) -> float:
        from app.ui.viewer.state import unit_size

        return unit_size(self._info)[1]

    @property
    def _info(self) -> ImageInfo:
        assert self.house.services is not None
        current = self.house.services.session.current
        assert current is not None
        return current.info

    def _tell_steps(self, taken: list[float]) -> None:
        kept = sorted(taken[WARM:])
        self.answers["median"] = statistics.median(kept)
        self.answers["p95"] = kept[int(len(kept) * 0.95)]


def anonymous() -> int:
    """Return the bytes of memory of this process that no file stands behind."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon"))


def main(task: str, path: Path) -> None:
    """Run one task in this process."""
    run = Run(task, path)
    run.start([] if task in ("scroll", "pan") else [path])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
