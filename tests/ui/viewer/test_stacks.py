"""Playing, reading ahead and projections, in a real viewer."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.images.cache import CachedSource
from app.images.projection import KINDS, Projection
from app.ui.viewer.ahead import following
from app.ui.viewer.pace import Pace
from app.ui.viewer.projecting import KeptContrasts, planes_in_words
from app.ui.viewer.range_slider import RangeSlider
from app.ui.viewer.state import ChannelView, Contrast, ViewState
from tests.ui.viewer.conftest import ArraySource, PlaneGone, on_screen, ramp, seen, settled

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


def projected(qtbot, viewer):
    """Wait until the projection is complete on every side."""

    def is_done():
        sides = [side for side in viewer._sides.values() if side.image is not None]
        return all(side.drawn is not None and not side.progress for side in sides) and viewer._is_idle()

    qtbot.waitUntil(is_done, timeout=5000)


def plane_of(viewer, side="raw", channel=0):
    planes = viewer._sides[side].drawn.planes
    return next(plane for region, plane in planes.items() if region.c[0] == channel)


# Playing


def test_every_frame_is_shown_when_that_is_wished(qtbot, look, viewer):
    look(ArraySource(ramp(planes=6)))
    viewer.go_to("Z", 0)
    viewer.player.set_pace(Pace(60))
    positions = []
    viewer.state_changed.connect(lambda state: positions.append(state.z))
    viewer.player.toggle("Z")
    qtbot.waitUntil(lambda: len(positions) > 12, timeout=5000)
    viewer.player.stop()
    assert positions[:12] == [1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0]


def test_playing_back_and_forth(qtbot, look, viewer):
    look(ArraySource(ramp(planes=4)))
    viewer.go_to("Z", 0)
    viewer.player.set_pace(Pace(60, turn="bounce"))
    positions = []
    viewer.state_changed.connect(lambda state: positions.append(state.z))
    viewer.player.toggle("Z")
    qtbot.waitUntil(lambda: len(positions) > 6, timeout=5000)
    viewer.player.stop()
    assert positions[:7] == [1, 2, 3, 2, 1, 0, 1]


def test_the_form_behind_the_button_sets_the_pace(qtbot, look, viewer):
    look(ArraySource(ramp(planes=4)))
    button = viewer.dims._rows["Z"].pace
    QTest.mouseClick(button, LEFT)
    form = button.form
    assert form.isVisible()
    form.speed.setValue(7.5)
    form.every.click()
    QTest.keyClick(form.turn, Qt.Key.Key_Down)
    form.hide()
    assert viewer.player.pace == Pace(7.5, is_every_frame=False, turn="bounce")
    assert button.text().startswith("7.5")


# Reading ahead


def test_the_next_planes_are_read_before_their_turn(qtbot, viewer, opened):
    source = ArraySource(ramp(planes=30))
    cached = CachedSource(source, 10 << 20)
    viewer.show_image(opened(cached))
    settled(qtbot, viewer)
    viewer.go_to("Z", 10)
    settled(qtbot, viewer)
    viewer.step("Z", 1)
    qtbot.waitUntil(lambda: cached.remembered(source.info.plane(z=19)) is not None, timeout=5000)
    assert cached.remembered(source.info.plane(z=20)) is None
    assert cached.remembered(source.info.plane(z=8)) is None
    viewer.step("Z", -2)
    viewer.step("Z", -1)
    qtbot.waitUntil(lambda: cached.remembered(source.info.plane(z=1)) is not None, timeout=5000)


def test_a_jump_reads_nothing_ahead(qtbot, viewer, opened):
    source = ArraySource(ramp(planes=30))
    viewer.show_image(opened(CachedSource(source, 10 << 20)))
    settled(qtbot, viewer)
    viewer.go_to("Z", 3)
    settled(qtbot, viewer)
    assert {region.z[0] for region in source.regions} == {15, 3}


def test_planes_ahead_take_only_a_part_of_the_memory():
    source = ArraySource(ramp(planes=30))
    plane = source.info.plane(z=4)
    cached = CachedSource(source, 16 * 64 * 64 * 2)
    ahead = following((plane,), cached, "Z", lambda step: 4 + step)
    assert [region.z[0] for region in ahead] == [5, 6, 7, 8]


def test_nothing_lies_beyond_the_end():
    source = ArraySource(ramp(planes=6))
    cached = CachedSource(source, 1 << 30)
    ahead = following((source.info.plane(z=4),), cached, "Z", lambda step: 4 + step)
    assert [region.z[0] for region in ahead] == [5]


# Projections


@pytest.mark.parametrize("kind", [row.key for row in KINDS])
def test_the_menu_projects_the_stack(qtbot, look, viewer, kind):
    pixels = ramp(planes=5)
    look(ArraySource(pixels))
    viewer.dims.tools._choices[kind].trigger()
    projected(qtbot, viewer)
    expected = {
        "maximum": pixels[0, 0].max(0),
        "minimum": pixels[0, 0].min(0),
        "mean": pixels[0, 0].mean(0),
        "sum": pixels[0, 0].sum(0),
        "deviation": pixels[0, 0].std(0, ddof=1),
    }
    np.testing.assert_allclose(plane_of(viewer), expected[kind], rtol=1e-5)
    assert viewer.canvases[0].overlay.tags[0].endswith("of all 5 planes")


def test_p_shows_the_maximum_and_the_plane_again(qtbot, look, viewer):
    look(ArraySource(ramp(planes=5)))
    viewer.toggle_projection()
    projected(qtbot, viewer)
    assert viewer.dims.planes.isVisible()
    assert viewer.dims.slider("Z").isHidden()
    viewer.toggle_projection()
    settled(qtbot, viewer)
    assert viewer._sides["raw"].drawn.region.z == (2, 3)
    assert viewer.dims.slider("Z").isVisible()
    assert viewer.canvases[0].overlay.tags == ()


def test_a_projection_finds_its_own_contrast_and_the_planes_keep_theirs(qtbot, look, viewer):
    look(ArraySource(ramp(planes=9)))
    mine = Contrast(3, 77, 0.5)
    viewer.set_state(viewer.view_state.with_contrast(0, mine))
    viewer.project_as("sum")
    projected(qtbot, viewer)
    assert viewer.view_state.contrast(0).high > 3000
    viewer.project_as(None)
    assert viewer.view_state.contrast(0) == mine


def test_a_growing_projection_is_seen_and_says_how_far_it_is(qtbot, viewer, opened, monkeypatch):
    monkeypatch.setattr("app.ui.viewer.side.STEP_S", 0)
    viewer.show_image(opened(ArraySource(ramp(planes=12))))
    settled(qtbot, viewer)
    tags = []
    overlay = viewer.canvases[0].overlay
    real = overlay.show_tags
    monkeypatch.setattr(
        overlay, "show_tags", lambda names, middle=None: (tags.append(names), real(names, middle))
    )
    viewer.toggle_projection()
    projected(qtbot, viewer)
    said = [names[0] for names in tags if names]
    assert "Maximum of all 12 planes · 4 of 12 planes" in said
    assert said[-1] == "Maximum of all 12 planes"


def test_whoever_looks_elsewhere_ends_a_projection(qtbot, viewer, opened, monkeypatch):
    monkeypatch.setattr("app.ui.viewer.side.STEP_S", 0)
    source = ArraySource(ramp(planes=40))
    viewer.show_image(opened(source))
    settled(qtbot, viewer)
    source.regions.clear()
    source.gate.clear()
    viewer.toggle_projection()
    qtbot.waitUntil(lambda: len(source.regions) == 1)
    viewer.toggle_projection()
    source.gate.set()
    settled(qtbot, viewer)
    assert len(source.regions) < 5


def test_a_range_is_dragged_on_the_row_of_the_planes(qtbot, look, viewer):
    pixels = ramp(planes=11)
    look(ArraySource(pixels))
    viewer.toggle_projection()
    slider = viewer.dims.planes
    middle = slider.height() // 2
    start = QPoint(round(slider.place_of(10)), middle)
    stop = QPoint(round(slider.place_of(4)), middle)
    QTest.mousePress(slider, LEFT, NONE, start)
    QTest.mouseMove(slider, stop)
    QTest.mouseRelease(slider, LEFT, NONE, stop)
    projected(qtbot, viewer)
    assert viewer.view_state.projection.planes == (0, 5)
    np.testing.assert_array_equal(plane_of(viewer), pixels[0, 0, :5].max(0))
    assert viewer.canvases[0].overlay.tags == ("Maximum of planes 1 to 5",)


def test_the_planes_of_a_projection_go_through_the_stack_together(qtbot, look, viewer):
    look(ArraySource(ramp(planes=9)))
    viewer.project(Projection("mean", (2, 4)))
    viewer.step("Z", 3)
    assert viewer.view_state.projection.planes == (5, 7)
    viewer.step("Z", 30)
    assert viewer.view_state.projection.planes == (7, 9)


def test_the_value_under_the_pointer_is_that_of_the_projection_and_says_so(qtbot, look, viewer):
    look(ArraySource(ramp(planes=5)))
    viewer.toggle_projection()
    projected(qtbot, viewer)
    told = []
    viewer.pointer_moved.connect(told.append)
    canvas = viewer.canvases[0]
    QTest.mouseMove(canvas.viewport(), on_screen(canvas, 10.5, 20.5))
    qtbot.waitUntil(lambda: bool(told) and told[-1] is not None)
    assert str(told[-1]).startswith("Maximum of all 5 planes: 430")


def test_the_histogram_is_that_of_the_projection(qtbot, look, viewer):
    look(ArraySource(ramp(planes=5)))
    viewer.go_to("Z", 0)
    settled(qtbot, viewer)
    viewer.toggle_projection()
    qtbot.waitUntil(lambda: viewer.histogram is not None and viewer.histogram.low == 400, timeout=5000)


def test_time_moves_under_a_projection_and_results_are_kept(qtbot, viewer, opened):
    source = ArraySource(ramp(planes=4, times=3))
    viewer.show_image(opened(source))
    settled(qtbot, viewer)
    viewer.toggle_projection()
    projected(qtbot, viewer)
    viewer.go_to("T", 1)
    projected(qtbot, viewer)
    assert plane_of(viewer)[0, 0] == 1300
    reads = len(source.regions)
    viewer.go_to("T", 0)
    projected(qtbot, viewer)
    assert plane_of(viewer)[0, 0] == 300
    assert len(source.regions) == reads


def test_both_sides_of_a_comparison_are_projected(qtbot, look, viewer):
    raw, restored = ramp(planes=4, channels=2), ramp(planes=4, channels=2) * 2
    look(ArraySource(raw), ArraySource(restored))
    viewer.set_state(replace(viewer.view_state, compare="side"))
    viewer.toggle_projection()
    projected(qtbot, viewer)
    np.testing.assert_array_equal(plane_of(viewer), raw[0, 0].max(0))
    np.testing.assert_array_equal(plane_of(viewer, "restored", 1), restored[0, 1].max(0))
    assert viewer.canvases[1].overlay.tags == ("restored · Maximum of all 4 planes",)


def test_large_planes_are_projected_coarsely_first(qtbot, viewer, opened, monkeypatch):
    monkeypatch.setattr("app.ui.viewer.side.STEP_S", 0)
    monkeypatch.setattr("app.ui.viewer.plan.QUICK_PIXELS", 100)
    pixels = ramp(64, 64, planes=6)
    source = ArraySource(pixels, shapes=((1, 1, 6, 64, 64), (1, 1, 6, 8, 8)))
    viewer.show_image(opened(source))
    settled(qtbot, viewer)
    source.regions.clear()
    viewer.toggle_projection()
    projected(qtbot, viewer)
    levels = [region.level for region in source.regions]
    assert levels == [1] * 6 + [0] * 6


def test_a_plane_that_cannot_be_read_ends_the_projection_with_its_sentence(qtbot, viewer, opened):
    source = ArraySource(ramp(planes=3))
    viewer.show_image(opened(source))
    settled(qtbot, viewer)
    source.error = PlaneGone("Plane 2 is missing.")
    with qtbot.waitSignal(viewer.image_failed):
        viewer.toggle_projection()
    assert "Plane 2" in viewer.canvases[0].overlay.accessibleDescription()


def test_a_single_plane_has_nothing_to_project(look, viewer):
    look(ArraySource(ramp()))
    viewer.toggle_projection()
    assert viewer.view_state.projection is None
    assert viewer.dims.tools.isHidden()


def test_the_preview_of_a_plane_is_not_laid_over_a_projection(qtbot, look, viewer):
    look(ArraySource(ramp(planes=5)))
    viewer.show_preview_box(True)
    assert viewer.canvases[0]._frame.isVisible()
    viewer.toggle_projection()
    assert not viewer.canvases[0]._frame.isVisible()
    viewer.toggle_projection()
    assert viewer.canvases[0]._frame.isVisible()


def test_a_projection_is_bright(qtbot, look, viewer):
    look(ArraySource(ramp(planes=5)))
    viewer.project_as("mean")
    projected(qtbot, viewer)
    assert seen(viewer)[220:260, 300:340].mean() > 20


# Pure parts


def test_the_contrast_of_a_sum_is_found_anew_with_each_range():
    state = ViewState(channels=(ChannelView("c", "Grays", contrast=Contrast(0, 9)),))
    kept = KeptContrasts()
    summed = kept.switch(state, Projection("sum"))
    assert summed.contrast(0) is None
    summed = summed.with_contrast(0, Contrast(0, 99))
    assert kept.switch(summed, Projection("sum", (1, 3))).contrast(0) is None
    assert kept.switch(summed, Projection("maximum")).contrast(0) is None
    assert kept.switch(summed, None).contrast(0) == Contrast(0, 9)


def test_the_contrast_of_a_maximum_stays_with_its_range():
    state = ViewState(channels=(ChannelView("c", "Grays"),), projection=Projection("maximum"))
    state = state.with_contrast(0, Contrast(1, 5))
    assert KeptContrasts().switch(state, Projection("maximum", (1, 3))).contrast(0) == Contrast(1, 5)


def test_planes_are_named():
    assert planes_in_words((0, 40), 40) == "all 40 planes"
    assert planes_in_words((2, 20), 40) == "planes 3 to 20"
    assert planes_in_words((2, 3), 40) == "plane 3"


@pytest.fixture
def slider(qtbot):
    shown = RangeSlider()
    qtbot.addWidget(shown)
    shown.resize(300, 24)
    shown.show_range((2, 6), 10)
    shown.show()
    return shown


def test_arrows_move_the_ends_of_a_range(slider):
    wished = []
    slider.range_wished.connect(wished.append)
    for key, modifiers in (
        (Qt.Key.Key_Right, NONE),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_Home, NONE),
        (Qt.Key.Key_End, NONE),
    ):
        QTest.keyClick(slider, key, modifiers)
    assert wished == [(2, 7), (1, 7), (2, 8), (0, 8), (0, 10)]


def test_what_lies_between_the_ends_is_dragged_as_one(slider):
    wished = []
    slider.range_wished.connect(wished.append)
    middle = slider.height() // 2
    start, stop = QPoint(round(slider.place_of(3.5)), middle), QPoint(round(slider.place_of(5.5)), middle)
    QTest.mousePress(slider, LEFT, NONE, start)
    QTest.mouseMove(slider, stop)
    QTest.mouseRelease(slider, LEFT, NONE, stop)
    assert wished[-1] == (4, 8)


def test_an_end_never_passes_the_other(slider):
    middle = slider.height() // 2
    QTest.mousePress(slider, LEFT, NONE, QPoint(round(slider.place_of(2)), middle))
    QTest.mouseMove(slider, QPoint(299, middle))
    QTest.mouseRelease(slider, LEFT, NONE, QPoint(299, middle))
    assert slider.range == (5, 6)


def test_sliders_keep_their_length_where_names_are_long(look, viewer, qtbot):
    look(ArraySource(ramp(planes=12, times=5, channels=2), names=("a name that goes on and on", "other")))
    viewer.resize(viewer.minimumSizeHint().width(), 400)
    sliders = [viewer.dims.slider(axis) for axis in "CZT"]
    least = sliders[0].minimumSizeHint().width()
    qtbot.waitUntil(lambda: all(slider.width() >= least for slider in sliders))
    meaning = viewer.dims._rows["C"].meaning
    qtbot.waitUntil(lambda: meaning.text().endswith("…"))
    assert meaning.toolTip() == "a name that goes on and on"
