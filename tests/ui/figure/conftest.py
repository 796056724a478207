"""A viewer with real images in it, and the shots it gives."""

import pytest
from PySide6.QtCore import QSize

from app.ui.background import Background
from app.ui.session import OpenImage, open_source
from app.ui.viewer.viewer import Viewer
from tests.makers import cells, write_ome

CHANNELS = ("DAPI", "Actin")


@pytest.fixture
def background(qapp):
    made = Background()
    yield made
    made.close()


@pytest.fixture
def viewer(qtbot, background):
    made = Viewer(background)
    qtbot.addWidget(made)
    made.resize(QSize(640, 480))
    made.show()
    return made


@pytest.fixture
def pixels():
    return cells((3, 2, 4, 120, 160))


@pytest.fixture
def opened(tmp_path, pixels):
    """Open images by name; they are closed when the test is over."""
    sources = []

    def make(name="cells.ome.tif", key=1, of=None, data=None, **known):
        path = write_ome(tmp_path / name, pixels if data is None else data, names=CHANNELS, **known)
        source = open_source(path, cache_bytes=1 << 26)
        sources.append(source)
        return OpenImage(key, path, source, source.info, of)

    yield make
    for source in sources:
        source.close()


@pytest.fixture
def shot(viewer, opened, qtbot):
    """What the viewer shows of a calibrated image of two channels."""
    viewer.show_image(opened())
    qtbot.waitUntil(lambda: viewer.is_idle and viewer.view_state.channels[0].contrast is not None)
    return viewer.shot()
