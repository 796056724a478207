"""A real window, a real engine and a real worker process on the processor."""

import pytest
from PySide6.QtCore import QSize

from app.paths import find_paths
from app.ui.start import House
from tests.journeys.walk import PATIENCE_MS, Walk


@pytest.fixture
def make_walk(qapp, qtbot, monkeypatch):
    """Open furnished windows on the same home; they are closed at the end of the test."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    walks = []
    font = qapp.font()

    def make():
        house = House(qapp, find_paths())
        walk = Walk(house, qtbot)
        walks.append(walk)
        ready = []
        house.furnished = lambda: ready.append(True)
        house.open([])
        house.window.resize(QSize(1366, 768))
        qtbot.waitUntil(lambda: bool(ready), timeout=PATIENCE_MS)
        house.window.activateWindow()  # keys go to the active window; not every screen makes a new one that
        qtbot.waitUntil(house.window.isActiveWindow, timeout=PATIENCE_MS)
        walk.listen()
        return walk

    yield make
    for walk in walks:
        walk.leave()
    qapp.setFont(font)


@pytest.fixture
def walk(make_walk):
    return make_walk()
