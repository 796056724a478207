"""A real window in a home of its own, and real files to drop on it."""

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QSize

from app.engine.supervisor import Engine
from app.paths import find_paths
from app.ui.start import House

SMALL_SCREEN = QSize(1366, 768)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MICROGRAPHIA_HOME", str(tmp_path / "home"))
    return find_paths()


@pytest.fixture
def idle_engine(monkeypatch):
    """Keep the engine from starting worker processes, which cost seconds each."""
    monkeypatch.setattr(Engine, "warm_up", lambda _engine: None)
    monkeypatch.setattr(Engine, "preview", lambda _engine, _spec: -1)


@pytest.fixture
def make_house(qapp, qtbot, home, idle_engine):
    """Open furnished windows; they are closed at the end of the test."""
    houses = []
    font = qapp.font()

    def make(files=()):
        house = House(qapp, home)
        houses.append(house)
        ready = []
        house.furnished = lambda: ready.append(True)
        house.open(files)
        house.window.resize(SMALL_SCREEN)
        qtbot.waitUntil(lambda: bool(ready), timeout=20000)
        return house

    yield make
    for house in houses:
        if house.desk is not None:
            house.desk.window.may_close = lambda: True
        house.window.close()
        house.close()
        house.window.deleteLater()
    qapp.setFont(font)


@pytest.fixture
def house(make_house):
    return make_house()


@pytest.fixture
def stack(tmp_path):
    """A small stack of two channels with a pixel size."""
    file = tmp_path / "cells.tif"
    pixels = np.random.default_rng(0).integers(0, 900, (3, 2, 64, 96), dtype=np.uint16)
    tifffile.imwrite(
        file,
        pixels,
        imagej=True,
        resolution=(10, 10),
        metadata={"axes": "ZCYX", "unit": "um", "spacing": 0.3},
    )
    return file


@pytest.fixture
def bad_file(tmp_path):
    file = tmp_path / "letter.tif"
    file.write_text("Dear reader, this is no image.")
    return file
