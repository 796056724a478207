from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QLineEdit

from app.images.cache import CachedSource
from app.ui.viewer.state import Box, Contrast, Rect
from tests.ui.heartbeat import assert_no_gap
from tests.ui.viewer.conftest import ArraySource, PlaneGone, on_screen, ramp, seen, settled

NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
LEFT = Qt.MouseButton.LeftButton


def press(viewer, key, modifiers=NONE):
    QTest.keyClick(viewer, key, modifiers)


def drag(canvas, start, stop):
    target = canvas.viewport()
    QTest.mousePress(target, LEFT, NONE, start)
    QTest.mouseMove(target, (start + stop) / 2)
    QTest.mouseMove(target, stop)
    QTest.mouseRelease(target, LEFT, NONE, stop)


def turn_wheel(canvas, at, notches, modifiers=NONE):
    where = QPointF(at)
    turned = QPoint(0, 120 * notches)
    event = QWheelEvent(
        where, canvas.mapToGlobal(where), QPoint(), turned, Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas.viewport(), event)


# First picture


def test_an_image_appears_fitted_and_bright(qtbot, viewer, look):
    look(ArraySource(ramp(100, 100)))
    assert viewer.view_state.contrast(0) is not None
    middle = seen(viewer)[240 - 20 : 240 + 20, 320 - 20 : 320 + 20]
    assert 60 < middle.mean() < 200


def test_what_was_seen_outlives_the_picture(look, viewer):
    look(ArraySource(ramp(100, 100)))
    first = seen(viewer)
    assert first.base.flags.owndata
    kept = first.copy()
    for _again in range(20):
        seen(viewer)
    assert np.array_equal(first, kept)


def test_channels_with_a_range_in_the_file_are_drawn_with_it(look, viewer):
    look(ArraySource(ramp(channels=2), displays=((5, 50), None)))
    assert viewer.view_state.contrast(0) == Contrast(5, 50)
    assert viewer.view_state.contrast(1) is not None


def test_an_image_is_found_again_as_it_was_left(qtbot, viewer, look):
    first = look(ArraySource(ramp(planes=5)))
    viewer.go_to("Z", 1)
    look(ArraySource(ramp()))
    viewer.show_image(first)
    assert viewer.view_state.z == 1


def test_without_an_image_there_is_nothing_to_see(look, viewer):
    look(ArraySource(ramp(planes=5)))
    viewer.show_image(None)
    assert viewer.view_state.channels == ()
    assert viewer.dims.isHidden()


def test_a_plane_that_cannot_be_read_is_told_in_the_picture(qtbot, viewer, opened):
    source = ArraySource(ramp(planes=3))
    source.error = PlaneGone("Plane 2 is missing.", hint="Copy the file again.")
    with qtbot.waitSignal(viewer.image_failed):
        viewer.show_image(opened(source))
    assert "Plane 2 is missing." in viewer.canvases[0].overlay.accessibleDescription()


# Sliders and keys


def test_axes_of_length_one_have_no_slider(look, viewer):
    look(ArraySource(ramp(planes=4)))
    assert viewer.dims.slider("Z").isVisible()
    assert viewer.dims.slider("T").isHidden()
    assert viewer.dims.slider("C").isHidden()


def test_the_slider_says_where_we_are_in_micrometres(qtbot, look, viewer):
    look(ArraySource(ramp(planes=5), size_um=0.5))
    viewer.go_to("Z", 4)
    row = viewer.dims._rows["Z"]
    assert row.count.text() == "5 / 5"
    qtbot.waitUntil(lambda: row.meaning.text() == "2\u202fµm")  # once it has got its room


def test_dragging_the_slider_shows_the_plane(qtbot, look, viewer):
    source = ArraySource(ramp(planes=5))
    look(source)
    slider = viewer.dims.slider("Z")
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_End)
    settled(qtbot, viewer)
    assert viewer.view_state.z == 4
    assert viewer._sides["raw"].drawn.region.z == (4, 5)


@pytest.mark.parametrize(
    ("key", "modifiers", "axis", "after"),
    [
        (Qt.Key.Key_Greater, SHIFT, "C", 1),
        (Qt.Key.Key_Greater, CTRL | SHIFT, "Z", 3),
        (Qt.Key.Key_Less, CTRL, "Z", 1),
        (Qt.Key.Key_Greater, ALT | SHIFT, "T", 1),
        (Qt.Key.Key_Less, ALT, "T", 0),
    ],
)
def test_angle_brackets_step_along_the_axes(look, viewer, key, modifiers, axis, after):
    look(ArraySource(ramp(planes=5, times=3, channels=2)))
    press(viewer, key, modifiers)
    assert viewer.view_state.position(axis) == after


def test_the_wheel_zooms_and_with_a_key_steps(look, viewer):
    look(ArraySource(ramp(planes=5, times=4)))
    canvas = viewer.canvases[0]
    at = canvas.rect().center()
    before = viewer.zoom
    turn_wheel(canvas, at, 1)
    assert viewer.zoom > before
    turn_wheel(canvas, at, 1, CTRL)
    turn_wheel(canvas, at, 1, ALT)
    assert (viewer.view_state.z, viewer.view_state.t) == (3, 1)


def test_plus_minus_and_f_zoom_and_fit(look, viewer):
    look(ArraySource(ramp()))
    fitted = viewer.zoom
    press(viewer, Qt.Key.Key_Plus)
    assert viewer.zoom > fitted
    press(viewer, Qt.Key.Key_Minus)
    press(viewer, Qt.Key.Key_Minus)
    assert viewer.zoom < fitted
    press(viewer, Qt.Key.Key_F)
    assert viewer.zoom == fitted
    assert viewer.view_state.view is None


def test_digits_switch_channels(qtbot, look, viewer):
    look(ArraySource(ramp(channels=3)))
    press(viewer, Qt.Key.Key_2)
    assert viewer.view_state.shown == (0, 2)
    press(viewer, Qt.Key.Key_2)
    assert viewer.view_state.shown == (0, 1, 2)
    press(viewer, Qt.Key.Key_9)
    assert viewer.view_state.shown == (0, 1, 2)


def test_hiding_every_channel_leaves_the_ground(qtbot, look, viewer):
    look(ArraySource(ramp(channels=2)))
    press(viewer, Qt.Key.Key_1)
    press(viewer, Qt.Key.Key_2)
    picture = seen(viewer)[100:300, 200:400]
    assert (picture == picture[0, 0]).all()


def test_a_finds_the_contrast_of_the_active_channel_and_shift_a_of_all(qtbot, look, viewer):
    look(ArraySource(ramp(channels=2)))
    found = viewer.view_state
    odd = Contrast(0, 1)
    for index in (0, 1):
        viewer.set_state(viewer.view_state.with_contrast(index, odd))
    press(viewer, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: viewer.view_state.contrast(0) == found.contrast(0))
    assert viewer.view_state.contrast(1) == odd
    press(viewer, Qt.Key.Key_A, SHIFT)
    qtbot.waitUntil(lambda: viewer.view_state.contrast(1) == found.contrast(1))


def test_letters_typed_elsewhere_do_nothing_here(qtbot, look, viewer):
    look(ArraySource(ramp()), ArraySource(ramp().astype(np.float32)))
    field = QLineEdit()
    qtbot.addWidget(field)
    field.show()
    QTest.keyClicks(field, "vxb")
    assert viewer.view_state.compare == "curtain"
    assert not viewer.view_state.is_swapped
    press(viewer, Qt.Key.Key_V)
    assert viewer.view_state.compare == "flicker"


def test_play_runs_through_the_planes_until_it_is_stopped(qtbot, look, viewer):
    look(ArraySource(ramp(planes=4)))
    press(viewer, Qt.Key.Key_Backslash)
    assert viewer.dims.play_button("Z").isChecked()
    visited = set()
    viewer.state_changed.connect(lambda state: visited.add(state.z))
    qtbot.waitUntil(lambda: visited == {0, 1, 2, 3}, timeout=5000)
    press(viewer, Qt.Key.Key_Backslash)
    assert viewer.player.axis is None
    assert not viewer.dims.play_button("Z").isChecked()


# Moving about


def test_dragging_moves_the_picture_with_the_pointer(look, viewer):
    look(ArraySource(ramp()))
    canvas = viewer.canvases[0]
    before = canvas.seen
    start = canvas.rect().center()
    drag(canvas, start, start + QPoint(60, -30))
    after = viewer.view_state.view
    per_pixel = before.width / canvas.width()
    assert after.x == pytest.approx(before.x - 60 * per_pixel)
    assert after.y == pytest.approx(before.y + 30 * per_pixel)


def test_the_scale_bar_is_as_long_as_it_says_at_every_zoom(look, viewer):
    look(ArraySource(ramp(), size_um=0.25))
    for key in (None, Qt.Key.Key_Plus, Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_F):
        if key is not None:
            press(viewer, key)
        bar, pixels = viewer.canvases[0].overlay.scale_bar
        assert pixels / viewer.zoom * 0.25 == pytest.approx(bar.length)
        assert "\u202f" in bar.text


def test_without_a_pixel_size_the_scale_bar_says_so(look, viewer):
    look(ArraySource(ramp()))
    bar, _pixels = viewer.canvases[0].overlay.scale_bar
    assert bar.text.endswith("px, uncalibrated")


def test_the_value_under_the_pointer_is_that_of_the_pixel(qtbot, look, viewer):
    raw = ramp(channels=2)
    look(ArraySource(raw, size_um=0.5, names=("DAPI", "GFP")), ArraySource(raw.astype(np.float32) / 2))
    canvas = viewer.canvases[0]
    with qtbot.waitSignal(viewer.pointer_moved, check_params_cb=lambda found: found is not None) as told:
        QTest.mouseMove(canvas.viewport(), on_screen(canvas, 20.25, 10.25))
    found = told.args[0]
    assert (found.x, found.y) == (40, 20)
    assert [reading.raw for reading in found.readings] == [60, 70]
    assert [reading.restored for reading in found.readings] == [30, 35]
    assert "DAPI: 60 (restored 30)" in str(found)
    assert "x 40, y 20 px" in str(found)
    assert "µm" in str(found)


def test_beside_the_image_there_is_no_value(qtbot, look, viewer):
    look(ArraySource(ramp()))
    with qtbot.waitSignal(viewer.pointer_moved) as told:
        QTest.mouseMove(viewer.canvases[0].viewport(), QPoint(2, 2))
    assert told.args == [None]


# Raw and restored


def checkers(height, width):
    rows, columns = np.ogrid[:height, :width]
    return (((rows // 8 + columns // 8) % 2) * 1000).astype(np.uint16)[None, None, None]


@pytest.mark.parametrize("size_um", [None, 0.1])
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_a_larger_result_lies_over_its_input_to_the_pixel(qtbot, viewer, look, size_um, factor):
    raw = checkers(64, 80)
    restored = np.kron(raw[0, 0, 0], np.ones((factor, factor), np.uint16))[None, None, None]
    result_um = None if size_um is None else size_um / factor
    look(ArraySource(raw, size_um=size_um), ArraySource(restored.astype(np.float32), size_um=result_um))
    viewer.set_state(replace(viewer.view_state.with_contrast(0, Contrast(0, 1000)), compare="single"))
    settled(qtbot, viewer, has_result=True)
    viewer.canvases[0].overlay.hide()
    shown = seen(viewer)
    viewer.hold_raw(True)
    assert np.array_equal(seen(viewer), shown)
    assert len(np.unique(shown[..., 0])) >= 3  # both fields of the board, and the ground


def test_a_result_opens_the_curtain_and_the_line_is_dragged(qtbot, viewer, look):
    flat = np.zeros((1, 1, 1, 64, 64), np.uint16)
    look(ArraySource(flat), ArraySource(flat + np.float32(900)))
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(0, 1000)))
    settled(qtbot, viewer, has_result=True)
    assert viewer.view_state.compare == "curtain"
    canvas = viewer.canvases[0]
    middle = canvas.height() // 2
    drag(canvas, on_screen(canvas, 32, 20), on_screen(canvas, 16, 20))
    assert viewer.view_state.curtain == pytest.approx(0.25, abs=0.01)
    line = on_screen(canvas, 16, 0).x()
    row = seen(viewer)[middle, :, 0]
    assert row[line - 40 : line - 5].max() == 0
    assert row[line + 5 : line + 40].min() > 200


def test_x_swaps_the_sides_of_the_curtain(qtbot, viewer, look):
    look(ArraySource(ramp()), ArraySource(ramp().astype(np.float32)))
    assert viewer.canvases[0].overlay.tags == ("raw", "restored")
    press(viewer, Qt.Key.Key_X)
    assert viewer.canvases[0].overlay.tags == ("restored", "raw")


def test_b_shows_raw_as_long_as_it_is_held(qtbot, viewer, look):
    look(ArraySource(ramp()), ArraySource(ramp().astype(np.float32)))
    QTest.keyPress(viewer, Qt.Key.Key_B)
    assert viewer.canvases[0].overlay.tags == ("raw",)
    QTest.keyRelease(viewer, Qt.Key.Key_B)
    assert viewer.canvases[0].overlay.tags == ("raw", "restored")


def test_losing_the_focus_lets_go_of_b(qtbot, viewer, look):
    look(ArraySource(ramp(planes=3)), ArraySource(ramp(planes=3).astype(np.float32)))
    QTest.keyPress(viewer, Qt.Key.Key_B)
    viewer.dims.slider("Z").setFocus()
    qtbot.waitUntil(lambda: viewer.canvases[0].overlay.tags == ("raw", "restored"))


def test_v_goes_through_the_ways_to_compare(viewer, look):
    look(ArraySource(ramp()), ArraySource(ramp().astype(np.float32)))
    modes = []
    for _press in range(5):
        press(viewer, Qt.Key.Key_V)
        modes.append((viewer.view_state.compare, viewer.canvases[1].isVisible()))
    alone = [("flicker", False), ("difference", False), ("single", False)]
    assert modes == [*alone, ("side", True), ("curtain", False)]


def test_without_a_result_there_is_nothing_to_compare(viewer, look):
    look(ArraySource(ramp()))
    press(viewer, Qt.Key.Key_V)
    assert viewer.view_state.compare == "single"
    assert viewer.compare_bar.isHidden()


def test_side_by_side_moves_together(qtbot, viewer, look):
    look(ArraySource(ramp()), ArraySource(ramp(128, 128).astype(np.float32)))
    viewer.set_state(replace(viewer.view_state, compare="side"))
    first, second = viewer.canvases
    turn_wheel(second, second.rect().center(), 2)
    assert first.seen == second.seen
    assert first.seen.width < 64


def test_contrast_is_locked_and_says_why(qtbot, viewer, look):
    look(ArraySource(ramp()), ArraySource(ramp().astype(np.float32)))
    lock = viewer.compare_bar.lock
    assert lock.isVisible()
    assert lock.isChecked()
    assert "contrast of the first one" in lock.toolTip()
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(3, 30)))
    settled(qtbot, viewer, has_result=True)
    assert viewer._sides["restored"].drawn.wish.contrasts == (Contrast(3, 30),)
    QTest.mouseClick(lock, LEFT)
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(5, 9), "restored"))
    settled(qtbot, viewer, has_result=True)
    assert viewer._sides["raw"].drawn.wish.contrasts == (Contrast(3, 30),)
    assert viewer._sides["restored"].drawn.wish.contrasts == (Contrast(5, 9),)
    assert "cannot be compared" in lock.toolTip()


def test_a_result_of_one_of_two_channels_lies_over_that_channel(qtbot, viewer, look):
    raw = ramp(channels=2)
    look(ArraySource(raw, names=("DAPI", "GFP")), ArraySource(raw[:, 1:].astype(np.float32), names=("GFP",)))
    drawn = viewer._sides["restored"].drawn
    assert drawn.wish.luts == ("Magenta",)
    assert drawn.wish.contrasts == (viewer.view_state.contrast(1),)


# A result that grows


def test_unfinished_planes_are_hatched_and_show_the_raw_image(qtbot, viewer, look):
    look(ArraySource(ramp(planes=4)), ArraySource(ramp(planes=4).astype(np.float32)))
    viewer.show_unfinished(frozenset({(0, 0, 2), (0, 0, 3)}))
    assert viewer.dims.slider("Z").unfinished == {2, 3}
    assert viewer.canvases[0].overlay.tags == ("raw, not restored yet",)
    viewer.go_to("Z", 1)
    assert viewer.canvases[0].overlay.tags == ("raw", "restored")


def test_a_plane_that_is_finished_while_one_looks_at_it_appears(qtbot, viewer, look, opened):
    growing = ArraySource(np.zeros((1, 1, 3, 64, 64), np.float32))
    image = look(ArraySource(ramp(planes=3)))
    viewer.show_unfinished(frozenset((0, 0, z) for z in range(3)))
    viewer.show_result(opened(CachedSource(growing, 1 << 20), image.key))
    growing.pixels = growing.pixels + np.float32(50)
    viewer.show_unfinished(frozenset({(0, 0, 0), (0, 0, 2)}))
    settled(qtbot, viewer, has_result=True)
    assert next(iter(viewer._sides["restored"].drawn.planes.values())).max() == 50


def test_a_plane_that_changed_in_the_file_is_read_again(qtbot, viewer, look, opened):
    growing = ArraySource(np.zeros((1, 1, 3, 64, 64), np.float32))
    image = look(ArraySource(ramp(planes=3)))
    viewer.show_result(opened(CachedSource(growing, 1 << 20), image.key))
    settled(qtbot, viewer, has_result=True)
    growing.pixels = growing.pixels + np.float32(7)
    viewer.refresh_plane(0, 0, 1)
    qtbot.waitUntil(lambda: next(iter(viewer._sides["restored"].drawn.planes.values())).max() == 7)


# The preview box


def test_the_preview_box_appears_where_there_is_most_to_see(qtbot, viewer, look):
    pixels = np.zeros((1, 1, 1, 768, 768), np.uint16)
    pixels[..., 300:556, 500:756] = np.random.default_rng(0).integers(0, 900, (256, 256))
    look(ArraySource(pixels))
    with qtbot.waitSignal(viewer.preview_box_moved) as told:
        viewer.show_preview_box(True)
    box = told.args[0]
    assert (box.height, box.width) == (256, 256)
    assert abs(box.y0 - 300) <= 16
    assert abs(box.x0 - 500) <= 16


def test_dragging_the_box_moves_it_and_not_the_picture(qtbot, viewer, look):
    look(ArraySource(ramp(600, 600)))
    viewer.show_preview_box(True)
    before = viewer.preview.box
    canvas = viewer.canvases[0]
    start = on_screen(canvas, before.x0 + 128, before.y0 + 128)
    with qtbot.waitSignal(viewer.preview_box_moved) as told:
        drag(canvas, start, start + QPoint(-25, -25))
    box = told.args[0]
    assert viewer.view_state.view is None
    assert (box.y0, box.x0) < (before.y0, before.x0)
    assert box == viewer.preview.box


def test_the_box_stays_within_the_image(qtbot, viewer, look):
    look(ArraySource(ramp(300, 290)))
    viewer.show_preview_box(True)
    viewer._drag_box(Rect(-500, 5000, 256, 256))
    assert (viewer.preview.box.y0, viewer.preview.box.x0) == (44, 0)


def test_an_image_smaller_than_the_box_is_its_own_box(qtbot, viewer, look):
    look(ArraySource(ramp(50, 70)))
    viewer.show_preview_box(True)
    assert viewer.preview.box == Box(0, 0, 50, 70, 0, 0)


def test_going_to_another_plane_asks_for_its_preview(qtbot, viewer, look):
    look(ArraySource(ramp(300, 300, planes=3)))
    viewer.show_preview_box(True)
    with qtbot.waitSignal(viewer.preview_box_moved) as told:
        viewer.go_to("Z", 2)
    assert told.args[0].z == 2


def test_restored_pixels_fill_the_box_until_raw_is_held(qtbot, viewer, look):
    look(ArraySource(np.zeros((1, 1, 1, 600, 600), np.uint16)))
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(0, 10)))
    viewer.show_preview_box(True)
    box = viewer.preview.box
    viewer.show_preview(box, np.full((1, 512, 512), 10, np.float32))
    canvas = viewer.canvases[0]
    middle = on_screen(canvas, box.x0 + 128, box.y0 + 128)
    assert seen(viewer)[middle.y(), middle.x()].tolist() == [255, 255, 255]
    QTest.keyPress(viewer, Qt.Key.Key_B)
    assert seen(viewer)[middle.y(), middle.x()].tolist() == [0, 0, 0]


def test_a_preview_for_a_box_that_has_moved_on_is_dropped(qtbot, viewer, look):
    look(ArraySource(ramp(600, 600)))
    viewer.show_preview_box(True)
    old = viewer.preview.box
    viewer._drag_box(Rect(0, 0, 256, 256))
    viewer.show_preview(old, np.full((1, 256, 256), 10, np.float32))
    assert viewer.preview.drawn(viewer.view_state) is None


# Speed and manners


def test_scrolling_through_a_stack_never_blocks_the_window(qtbot, viewer, look):
    pixels = np.random.default_rng(0).integers(0, 4000, (1, 2, 8, 1024, 1024)).astype(np.uint16)
    look(ArraySource(pixels))

    def scroll():
        for z in (*range(8), *reversed(range(8))):
            viewer.go_to("Z", z)
            qtbot.waitUntil(lambda: viewer._is_idle(), timeout=5000)

    assert_no_gap(scroll)


def test_a_slow_disk_does_not_block_the_window(qtbot, viewer, look):
    source = ArraySource(ramp(planes=9))
    look(source)
    source.gate.clear()

    def scroll():
        for z in range(9):
            viewer.go_to("Z", z)
            QApplication.processEvents()

    assert_no_gap(scroll)
    source.gate.set()
    settled(qtbot, viewer)
    assert viewer._sides["raw"].drawn.region.z == (8, 9)


def test_the_histogram_follows_the_plane_and_the_channel(qtbot, viewer, look):
    look(ArraySource(ramp(planes=3, channels=2)))
    qtbot.waitUntil(lambda: viewer.histogram is not None and viewer.histogram.low == 100)
    viewer.go_to("C", 1)
    qtbot.waitUntil(lambda: viewer.histogram is not None and viewer.histogram.low == 110)
    viewer.go_to("Z", 2)
    qtbot.waitUntil(lambda: viewer.histogram is not None and viewer.histogram.low == 210)


def test_every_control_has_an_accessible_name(viewer, look):
    look(ArraySource(ramp(planes=3, times=2, channels=2)), ArraySource(ramp(planes=3, times=2, channels=2)))
    controls = [*viewer.findChildren(QAbstractButton), *viewer.findChildren(QAbstractSlider)]
    reached = [one for one in controls if one.isVisible() and one.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert [one for one in reached if not one.accessibleName()] == []


# What an image is taken for


def flipping_stack():
    """A stack whose middle plane is dark with bright cells, and whose others are bright all over."""
    pixels = np.full((2, 1, 5, 64, 64), 3000, np.uint16) - ramp(64, 64)
    pixels[:, :, 2] = ramp(64, 64) // 10
    pixels[:, :, 2, :6, :6] = 4000
    return ArraySource(pixels)


@pytest.mark.parametrize("zoom", [None, Rect(8, 8, 20, 20)])
def test_kind_and_contrast_are_found_once_and_kept_through_planes_and_times(qtbot, look, viewer, zoom):
    look(flipping_stack())
    first = viewer.view_state.channels[0]
    assert first.found == "fluorescence"
    viewer.set_state(replace(viewer.view_state, view=zoom))
    for axis, position in (("Z", 0), ("Z", 4), ("T", 1), ("Z", 2), ("T", 0)):
        viewer.go_to(axis, position)
        settled(qtbot, viewer)
        assert viewer.view_state.channels[0] == first


def test_contrast_found_anew_elsewhere_keeps_the_kind(qtbot, look, viewer):
    look(flipping_stack())
    before = viewer.view_state.contrast(0)
    viewer.go_to("Z", 0)
    viewer.auto_contrast()
    qtbot.waitUntil(lambda: viewer.view_state.contrast(0) not in (None, before))
    assert viewer.view_state.channels[0].found == "fluorescence"


def test_a_range_in_the_file_does_not_hide_what_an_image_is(look, viewer):
    look(ArraySource(4000 - 30 * ramp(), displays=((5, 50),)))
    assert viewer.view_state.channels[0].found == "brightfield"
    assert viewer.view_state.contrast(0) == Contrast(5, 50)


def test_a_projection_keeps_its_contrast_through_time_and_planes_theirs(qtbot, look, viewer):
    look(flipping_stack())
    plane = viewer.view_state.channels[0]
    viewer.toggle_projection()
    settled(qtbot, viewer)
    projected = viewer.view_state.channels[0]
    assert projected.found == plane.found
    viewer.go_to("T", 1)
    settled(qtbot, viewer)
    assert viewer.view_state.channels[0] == projected
    viewer.toggle_projection()
    settled(qtbot, viewer)
    assert viewer.view_state.channels[0] == plane


@pytest.mark.parametrize("locked", [True, False])
def test_two_images_that_are_compared_keep_their_contrasts(qtbot, look, viewer, locked):
    look(flipping_stack(), flipping_stack())
    viewer.set_state(viewer.view_state.with_lock(locked=locked))
    settled(qtbot, viewer, has_result=True)
    first = viewer.view_state.channels[0]
    for axis, position in (("Z", 0), ("T", 1), ("Z", 4)):
        viewer.go_to(axis, position)
        settled(qtbot, viewer, has_result=True)
        assert viewer.view_state.channels[0] == first


def test_a_scene_keeps_its_own_contrast(qtbot, viewer, opened):
    source, other = flipping_stack(), ArraySource(ramp(64, 64, planes=3) + 500)
    other.info = replace(other.info, scene=1)
    image = opened(source)
    viewer.show_image(image)
    settled(qtbot, viewer)
    first = viewer.view_state.channels[0]
    scene = replace(image, source=other, info=other.info)
    viewer.show_image(scene)
    settled(qtbot, viewer)
    second = viewer.view_state.channels[0]
    assert second.contrast != first.contrast
    viewer.go_to("Z", 0)
    settled(qtbot, viewer)
    assert viewer.view_state.channels[0] == second
    viewer.show_image(image)
    settled(qtbot, viewer)
    assert viewer.view_state.channels[0] == first
