"""Measuring, figures and movies of an image whose axes a person corrected."""

import numpy as np
import pytest
import tifffile

from app.images.measuring.shapes import Rectangle
from app.ui.figure.compose import compose
from app.ui.figure.movie import MovieOrder
from app.ui.figure.options import FigureOptions
from app.ui.figure.paint import painted
from app.ui.viewer.state import Contrast
from models.source import PixelSize, Reading
from tests.ui.conftest import home, idle_engine, make_house  # noqa: F401 - fixtures
from tests.ui.measure.conftest import measured

OPTIONS = FigureOptions(density="pixels", has_legend=False, has_bar=False, has_mark=False)
BOX = Rectangle(2, 2, 5, 4)


@pytest.fixture
def brighter(tmp_path):
    """Four planes, each brighter than the one before; the file says Z, they are times."""
    steps = np.arange(4, dtype=np.uint16)[:, None, None] * 100 + 100
    file = tmp_path / "brighter.ome.tif"
    tifffile.imwrite(file, steps + np.arange(48, dtype=np.uint16) % 7 + np.zeros((32, 1), np.uint16),
                     ome=True, metadata={"axes": "ZYX"})  # fmt: skip
    return file


@pytest.fixture
def corrected(make_house, qtbot, brighter):  # noqa: F811
    """Open the image, keep a region on its third plane, then say what the axes are."""
    house = make_house([brighter])
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    qtbot.waitUntil(lambda: house.desk.measuring is not None and house.desk.measuring.info is not None)
    measuring, viewer = house.desk.measuring, house.window.places["viewer"].content
    viewer.go_to("Z", 2)
    measuring.set_shape(BOX)
    before = measured(qtbot, measuring)
    measuring.keep()
    session.reopen(session.current.key, reading=Reading("TYX", PixelSize(None, 0.5, 0.5)))
    qtbot.waitUntil(lambda: measuring.info.axes == "TYX", timeout=5000)
    qtbot.waitUntil(lambda: viewer.is_idle and viewer.view_state.contrast(0) is not None, timeout=5000)
    return measuring, viewer, before


def test_a_region_is_measured_on_its_plane_after_the_axes_were_corrected(qtbot, corrected):
    measuring, viewer, before = corrected
    (region,) = measuring.notes.kept
    assert (region.t, region.c, region.z) == (2, 0, 0)
    assert measuring.subjects[0].source.info.shape == (4, 1, 1, 32, 48)
    viewer.go_to("T", 0)
    measuring.choose(None)
    measuring.choose(region.number)
    assert (viewer.view_state.t, viewer.view_state.z) == (2, 0)
    now = measured(qtbot, measuring)
    assert (now.t, now.z) == (2, 0)
    assert now.rows[0].of[0].mean == before.rows[0].of[0].mean


def test_a_movie_goes_through_the_times_that_were_corrected(corrected, tmp_path):
    _measuring, viewer, _before = corrected
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(0, 500)))
    shot = viewer.shot()
    assert shot.info.axes == "TYX"
    shots = tuple(shot.at("T", number).settled() for number in range(4))
    order = MovieOrder(shots, OPTIONS, "T", 5.0, "apng", tmp_path / "a.png", has_stamp=False)
    means = [order.frame(one).mean() for one in order.shots]
    assert np.allclose(np.diff(means), 100 / 500 * 255, atol=8)


def test_a_figure_shows_the_time_that_is_looked_at(corrected):
    _measuring, viewer, _before = corrected
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(0, 500)))
    viewer.go_to("T", 3)
    middle = painted(compose(viewer.shot(), OPTIONS))[10:20, 10:40]
    assert abs(middle.mean() - 403 / 500 * 255) < 4
