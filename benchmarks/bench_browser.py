"""How long it is from choosing a large folder to a list that scrolls, and whether the window breathes."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.paths import HOME_VARIABLE, find_paths
from app.ui.browser.panel import BrowserPanel
from app.ui.browser.places import Place
from app.ui.start import House
from benchmarks.report import Row, tell

MANY, VERY_MANY = 10_000, 100_000
TRIES = 3  # the best of which counts: what is our own fault comes every time
BEAT_MS = 5
POLL_MS = 5
MOST_LINKS = 20_000  # to one file; file systems allow no more than some ten thousand


class Heart:
    """Beats on the window's thread and remembers the longest pause between two beats."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(interval=BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def stop(self) -> float:
        """Return the longest pause in milliseconds."""
        self._beat()
        self._timer.stop()
        return self.longest_ms

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest_ms = max(self.longest_ms, (now - self._last) * 1000)
        self._last = now


def main() -> bool:
    """Measure and print; return whether the limits are kept."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ[HOME_VARIABLE] = home
        app = QApplication.instance() or QApplication(["micrographia"])
        assert isinstance(app, QApplication)
        house = House(app, find_paths())
        ready: list[bool] = []
        house.furnished = lambda: ready.append(True)
        house.open([])
        house.window.resize(1366, 768)
        _wait(lambda: bool(ready))
        try:
            rows = [*_measured(house, Path(home), MANY, 1.0), *_measured(house, Path(home), VERY_MANY, None)]
        finally:
            house.window.close()
            house.close()
    return tell("Browsing large folders", rows)


def _measured(house: House, home: Path, count: int, limit_s: float | None) -> list[Row]:
    folder = home / f"{count} images"
    _fill(folder, count)
    panel = house.window.places["browser"].content
    seconds, pauses = [], []
    for _number in range(TRIES):
        panel.show_place(Place("samples"))
        _wait(lambda: 0 < panel.model.rowCount() < 1000)
        heart, began = Heart(), time.perf_counter()
        panel.show_place(Place("folder", folder))
        _wait(lambda: panel.model.rowCount() == count and _can_scroll_to(panel, count - 1))
        seconds.append(time.perf_counter() - began)
        _scroll(panel)
        pauses.append(heart.stop())
    words = f"{count:,}".replace(",", " ")
    return [
        Row(f"{words} images, filled and to be scrolled", min(seconds), "s", limit_s),
        Row(f"{words} images, longest pause of the window", min(pauses), "ms", 100.0 if limit_s else None),
    ]


def _fill(folder: Path, count: int) -> None:
    """Fill a folder with names of one sample, linked so that they take no room."""
    from app.images.samples import samples

    folder.mkdir()
    pixels = samples()[0].path.read_bytes()
    for number in range(count):
        file = folder / f"field {number}.tif"
        if number % MOST_LINKS == 0:
            file.write_bytes(pixels)
            first = file
        else:
            file.hardlink_to(first)


def _can_scroll_to(panel: BrowserPanel, row: int) -> bool:
    view = panel.list
    return bool(view.visualRect(panel.model.index(row)).isValid() and view.verticalScrollBar().maximum() > 0)


def _scroll(panel: BrowserPanel) -> None:
    bar = panel.list.verticalScrollBar()
    for step in range(1, 21):
        bar.setValue(bar.maximum() * step // 20)
        _let_pass(20)


def _wait(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not is_so():
        _let_pass(POLL_MS)
        if time.monotonic() > until:
            raise TimeoutError("the browser did not answer")


def _let_pass(milliseconds: int) -> None:
    """Let the window go on for so long; unlike `QTest.qWait` this lets other threads run meanwhile."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
