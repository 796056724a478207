"""Orthogonal views in a real viewer, with a real mouse."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.ui.viewer.ortho import depth_of, side_sizes, start_of
from app.ui.viewer.state import Contrast, Rect
from models.source import PixelSize
from tests.makers import info_for
from tests.ui.heartbeat import assert_no_gap
from tests.ui.viewer.conftest import ArraySource, PlaneGone, on_screen, ramp, settled

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def cut(qtbot, viewer):
    """Wait until both side views are complete."""

    def wait():
        def is_done():
            last = viewer.ortho._cutting._last
            return viewer.ortho.is_idle and last is not None and last.done == last.total

        qtbot.waitUntil(is_done, timeout=5000)
        return viewer.ortho._cutting._last

    return wait


def gray(packed):
    return packed & 0xFF


def drag(canvas, start, stop):
    QTest.mousePress(canvas.viewport(), LEFT, NONE, start)
    QTest.mouseMove(canvas.viewport(), (start + stop) / 2)
    QTest.mouseMove(canvas.viewport(), stop)
    QTest.mouseRelease(canvas.viewport(), LEFT, NONE, stop)


def test_o_shows_the_stack_from_two_sides_and_hides_them_again(look, viewer, cut):
    look(ArraySource(ramp(planes=9)))
    QTest.keyClick(viewer, Qt.Key.Key_O)
    viewer.toggle_ortho()
    cut()
    assert viewer.ortho.xz.isVisible()
    assert viewer.ortho.yz.isVisible()
    assert viewer.dims.tools.ortho.isChecked()
    viewer.toggle_ortho()
    assert viewer.ortho.xz.isHidden()
    assert viewer.ortho.yz.isHidden()


def test_the_cuts_go_through_the_middle_at_first(look, viewer, cut):
    pixels = ramp(planes=9, dtype=np.uint8)
    look(ArraySource(pixels))
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(0, 255)))
    viewer.toggle_ortho()
    found = cut()
    np.testing.assert_allclose(gray(found.xz), pixels[0, 0, :, 32], atol=1)
    np.testing.assert_allclose(gray(found.yz), pixels[0, 0, :, :, 32].T, atol=1)


def test_a_click_on_the_picture_lets_the_cuts_cross_there(look, viewer, cut):
    look(ArraySource(ramp(planes=9)))
    viewer.toggle_ortho()
    cut()
    canvas = viewer.canvases[0]
    QTest.mouseClick(canvas.viewport(), LEFT, NONE, on_screen(canvas, 10.5, 20.5))
    assert viewer.ortho.spot == (10, 20)


def test_a_drag_beside_the_lines_moves_the_picture_and_not_the_cross(look, viewer, cut):
    look(ArraySource(ramp(planes=9)))
    viewer.toggle_ortho()
    cut()
    canvas = viewer.canvases[0]
    drag(canvas, on_screen(canvas, 10, 10), on_screen(canvas, 20, 14))
    assert viewer.ortho.spot == (32, 32)
    assert viewer.view_state.view is not None


def test_a_line_is_dragged_alone(look, viewer, cut):
    look(ArraySource(ramp(planes=9)))
    viewer.toggle_ortho()
    cut()
    canvas = viewer.canvases[0]
    drag(canvas, on_screen(canvas, 32.5, 10), on_screen(canvas, 50.5, 20))
    assert viewer.ortho.spot == (50, 32)
    assert viewer.view_state.view is None


def test_a_press_on_a_side_view_goes_to_that_plane(qtbot, look, viewer, cut):
    look(ArraySource(ramp(planes=40)))
    viewer.toggle_ortho()
    cut()
    front = viewer.ortho.xz
    drag(front, on_screen(front, 40.5, 8.5), on_screen(front, 12.5, 3.5))
    assert viewer.ortho.spot == (12, 32)
    assert viewer.view_state.z == 3
    side = viewer.ortho.yz
    drag(side, on_screen(side, 20.5, 10.5), on_screen(side, 30.5, 55.5))
    assert viewer.ortho.spot == (12, 55)
    assert viewer.view_state.z == 30


def test_the_wheel_steps_through_the_cuts(look, viewer, cut):
    look(ArraySource(ramp(planes=9)))
    viewer.toggle_ortho()
    cut()
    for canvas in (viewer.ortho.xz, viewer.ortho.yz):
        at = QPointF(canvas.rect().center())
        event = QWheelEvent(
            at, canvas.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, NONE,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(canvas.viewport(), event)
    assert viewer.ortho.spot == (31, 31)


def test_arrows_move_the_cross_on_a_side_view(look, viewer, cut):
    look(ArraySource(ramp(planes=9)))
    viewer.toggle_ortho()
    cut()
    QTest.keyClick(viewer.ortho.xz, Qt.Key.Key_Left)
    QTest.keyClick(viewer.ortho.xz, Qt.Key.Key_Down)
    QTest.keyClick(viewer.ortho.yz, Qt.Key.Key_Up)
    assert viewer.ortho.spot == (31, 31)
    assert viewer.view_state.z == 5


def test_side_views_follow_the_place_and_the_zoom(look, viewer, cut):
    look(ArraySource(ramp(planes=9)))
    viewer.toggle_ortho()
    cut()
    viewer.set_state(replace(viewer.view_state, view=Rect(8, 12, 16, 12)))
    above, front, side = viewer.canvases[0], viewer.ortho.xz, viewer.ortho.yz
    assert front.seen.x == pytest.approx(above.seen.x)
    assert side.seen.y == pytest.approx(above.seen.y)
    per_pixel = above.seen.width / above.width()
    assert front.seen.height / front.height() == pytest.approx(per_pixel)
    assert side.seen.width / side.width() == pytest.approx(per_pixel)


def test_side_views_take_part_in_colours_and_channels(look, viewer, cut):
    look(ArraySource(ramp(planes=9, channels=2)))
    viewer.toggle_ortho()
    both = cut().xz.copy()
    viewer.toggle_channel(1)
    one = cut()
    assert len(one.wish.looks) == 1
    assert (one.xz != both).any()


def test_another_time_is_cut_anew(look, viewer, cut):
    pixels = ramp(planes=9, times=3)
    look(ArraySource(pixels))
    viewer.toggle_ortho()
    cut()
    viewer.go_to("T", 2)
    found = cut()
    np.testing.assert_array_equal(found.cutter.xz(found.wish.spot)[0], pixels[2, 0, :, 32])


def test_the_restored_image_is_cut_where_it_is_looked_at(look, viewer, cut):
    pixels = ramp(planes=9)
    look(ArraySource(pixels), ArraySource(pixels * 2))
    viewer.toggle_ortho()
    found = cut()
    np.testing.assert_array_equal(found.cutter.xz(found.wish.spot)[0], pixels[0, 0, :, 32] * 2)
    viewer.hold_raw(True)
    found = cut()
    np.testing.assert_array_equal(found.cutter.xz(found.wish.spot)[0], pixels[0, 0, :, 32])


def test_without_planes_time_is_seen_from_the_side(look, viewer, cut):
    pixels = ramp(times=7)
    look(ArraySource(pixels))
    viewer.toggle_ortho()
    found = cut()
    np.testing.assert_array_equal(found.cutter.yz(found.wish.spot)[0], pixels[:, 0, 0, :, 32].T)
    assert viewer.ortho.xz.overlay.tags == ("XT",)


def test_a_single_picture_has_no_other_sides(look, viewer):
    look(ArraySource(ramp()))
    viewer.toggle_ortho()
    assert not viewer.ortho.is_on
    assert viewer.ortho.xz.isHidden()


def test_an_unknown_z_step_is_said(look, viewer, cut):
    look(ArraySource(ramp(planes=5)))
    viewer.toggle_ortho()
    cut()
    assert viewer.ortho.xz.overlay.tags == ("XZ · Z step unknown",)
    assert viewer.ortho.yz.overlay.tags == ("YZ",)


def test_the_narrow_view_has_no_scale_bar_whose_words_would_be_cut(look, viewer, cut):
    look(ArraySource(ramp(planes=5)))
    viewer.toggle_ortho()
    cut()
    viewer.zoom_in()
    assert viewer.ortho.yz.overlay.scale_bar[0] is None
    assert viewer.ortho.xz.overlay.scale_bar[0] is not None


def test_what_cannot_be_read_is_said_in_the_side_view(qtbot, look, viewer):
    source = ArraySource(ramp(planes=5))
    look(source)
    source.error = PlaneGone("Plane 1 is missing.")
    with qtbot.waitSignal(viewer.ortho.failed):
        viewer.toggle_ortho()
    assert "Plane 1" in viewer.ortho.xz.overlay.accessibleDescription()


def test_dragging_the_cross_never_holds_the_window(qtbot, look, viewer, cut):
    look(ArraySource(ramp(512, 512, planes=100)))
    viewer.toggle_ortho()
    cut()
    front = viewer.ortho.xz

    def drag_about():
        QTest.mousePress(front.viewport(), LEFT, NONE, QPoint(20, 40))
        for x in range(20, 200, 6):
            QTest.mouseMove(front.viewport(), QPoint(x, 40))
            QApplication.processEvents()
        QTest.mouseRelease(front.viewport(), LEFT, NONE, QPoint(200, 40))
        cut()
        settled(qtbot, viewer)

    assert_no_gap(drag_about, tries=6)


# Pure parts


def test_depth_is_physical_where_the_step_is_known():
    info = info_for((1, 1, 20, 64, 64), pixel_size_um=PixelSize(0.5, 0.1, 0.1))
    deep = depth_of(info)
    assert (deep.axis, deep.length, deep.is_known) == ("Z", 10.0, True)


def test_depth_is_one_to_one_where_it_is_not_known():
    info = info_for((1, 1, 20, 64, 64), pixel_size_um=PixelSize(None, 0.1, 0.1))
    assert depth_of(info).length == pytest.approx(2.0)
    assert not depth_of(info).is_known
    assert not depth_of(info_for((1, 1, 20, 64, 64), pixel_size_um=PixelSize(0.5, None, None))).is_known


def test_a_flat_stack_gets_enough_room_and_a_deep_one_leaves_some():
    assert side_sizes(QSize(1000, 800), Rect(0, 0, 100, 100), 0.1).height() == 96
    assert side_sizes(QSize(1000, 800), Rect(0, 0, 100, 100), 10_000).height() == 320


def test_a_deep_view_keeps_the_cross_in_it():
    assert start_of(5, 10, 20) == -5
    assert start_of(50, 100, 20) == 40
    assert start_of(1, 100, 20) == 0
    assert start_of(99, 100, 20) == 80
