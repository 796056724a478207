import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.images.measuring.shapes import Ellipse, Line, Point, Polygon, Rectangle
from tests.ui.measure.conftest import LEFT, NONE, SHIFT, click, drag, measured, move, press, release
from tests.ui.viewer.conftest import ArraySource, on_screen, ramp, seen

NEAR = 0.4  # units; a pixel of the screen is less


def flat(shape):
    return [value for point in shape.handles for value in point]


def near(*numbers):
    return pytest.approx(numbers, abs=NEAR)


def test_without_a_tool_the_mouse_moves_the_picture(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    before = viewer.panes.seen
    drag(viewer.canvases[0], (20, 20), (30, 30))
    assert measuring.shape is None
    assert viewer.panes.seen != before


def test_a_line_is_drawn_from_end_to_end(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    measuring.take_tool("line")
    drag(viewer.canvases[0], (10, 12), (40, 30))
    assert isinstance(measuring.shape, Line)
    assert flat(measuring.shape) == near(10, 12, 40, 30)


@pytest.mark.parametrize(("tool", "kind"), [("rectangle", Rectangle), ("ellipse", Ellipse)])
def test_boxes_lie_on_whole_pixels(draw_on, measuring, viewer, tool, kind):
    draw_on(ArraySource(ramp(), size_um=0.5))
    measuring.take_tool(tool)
    drag(viewer.canvases[0], (5.13, 6.07), (20.2, 15.9))
    shape = measuring.shape
    assert isinstance(shape, kind)
    assert (shape.x, shape.y, shape.x + shape.width, shape.y + shape.height) == (5.0, 6.0, 20.0, 16.0)


def test_shift_makes_a_square_and_keeps_lines_at_45_degrees(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    canvas = viewer.canvases[0]
    measuring.take_tool("rectangle")
    press(canvas, (10, 10), SHIFT)
    shifted_move(canvas, (40, 30))
    release(canvas, (40, 30), SHIFT)
    assert measuring.shape.width == measuring.shape.height == 30
    measuring.take_tool("line")
    measuring.set_shape(None)
    press(canvas, (10, 10), SHIFT)
    shifted_move(canvas, (40, 12))
    release(canvas, (40, 12), SHIFT)
    assert flat(measuring.shape) == near(10, 10, 40, 10)


def shifted_move(canvas, at):
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    where = QPointF(on_screen(canvas, *at))
    event = QMouseEvent(
        QEvent.Type.MouseMove, where, canvas.mapToGlobal(where), Qt.MouseButton.NoButton, LEFT, SHIFT
    )
    QApplication.sendEvent(canvas.viewport(), event)


@pytest.mark.parametrize(("tool", "kind"), [("segmented", Line), ("polygon", Polygon)])
def test_corners_are_set_by_clicks_and_a_double_click_ends(draw_on, measuring, viewer, tool, kind):
    draw_on(ArraySource(ramp()))
    canvas = viewer.canvases[0]
    measuring.take_tool(tool)
    for corner in ((10, 10), (40, 12), (30, 40)):
        click(canvas, corner)
    assert measuring.shape is None
    QTest.mouseDClick(canvas.viewport(), LEFT, NONE, on_screen(canvas, 30, 40))
    assert isinstance(measuring.shape, kind)
    assert flat(measuring.shape) == near(10, 10, 40, 12, 30, 40)


def test_a_polygon_closes_at_its_first_corner_and_enter_ends_it_too(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    canvas = viewer.canvases[0]
    measuring.take_tool("polygon")
    for corner in ((10, 10), (40, 12), (30, 40), (10, 10)):
        click(canvas, corner)
    assert len(measuring.shape.points) == 3
    for corner in ((50, 10), (60, 12), (55, 40), (52, 30)):
        click(canvas, corner)
    QTest.keyClick(viewer, Qt.Key.Key_Backspace)
    QTest.keyClick(viewer, Qt.Key.Key_Return)
    assert flat(measuring.shape) == near(50, 10, 60, 12, 55, 40)


def test_a_freehand_region_follows_the_mouse(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    canvas = viewer.canvases[0]
    measuring.take_tool("freehand")
    press(canvas, (20, 20))
    for turn in np.linspace(0, 2 * np.pi, 30):
        move(canvas, (30 - 10 * np.cos(turn), 20 + 10 * np.sin(turn)))
    release(canvas, (20, 20))
    assert measuring.shape.is_freehand
    assert measuring.shape.area == pytest.approx(np.pi * 100, rel=0.05)


def test_a_point_is_set_by_a_click(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    measuring.take_tool("point")
    click(viewer.canvases[0], (12.5, 30.5))
    assert isinstance(measuring.shape, Point)
    assert flat(measuring.shape) == near(12.5, 30.5)


def test_a_mere_click_draws_nothing(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    for tool in ("line", "rectangle", "ellipse", "freehand"):
        measuring.take_tool(tool)
        click(viewer.canvases[0], (20, 20))
        assert measuring.shape is None


def test_an_end_is_dragged_by_its_handle(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    canvas = viewer.canvases[0]
    measuring.take_tool("line")
    drag(canvas, (10, 10), (40, 10))
    drag(canvas, (40, 10), (40, 50))
    assert flat(measuring.shape) == near(10, 10, 40, 50)
    drag(canvas, (10, 10), (5, 5))
    assert flat(measuring.shape) == near(5, 5, 40, 50)


def test_a_side_is_dragged_and_the_whole_is_moved(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    canvas = viewer.canvases[0]
    measuring.take_tool("rectangle")
    drag(canvas, (10, 10), (30, 30))
    drag(canvas, (30, 20), (45, 25))
    assert measuring.shape == Rectangle(10, 10, 35, 20)
    drag(canvas, (25, 20), (30, 26))
    assert measuring.shape == Rectangle(15, 16, 35, 20)


def test_escape_lets_go_step_by_step(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    canvas = viewer.canvases[0]
    measuring.take_tool("rectangle")
    drag(canvas, (10, 10), (30, 30))
    press(canvas, (20, 20))
    move(canvas, (40, 40))
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    release(canvas, (40, 40))
    assert measuring.shape == Rectangle(10, 10, 20, 20)
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    assert measuring.shape is None
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    assert measuring.tool is None


def test_delete_removes_and_arrows_move(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp(), size_um=0.5))
    measuring.take_tool("rectangle")
    drag(viewer.canvases[0], (5, 5), (10, 10))
    QTest.keyClick(viewer, Qt.Key.Key_Right)
    QTest.keyClick(viewer, Qt.Key.Key_Down, SHIFT)
    assert measuring.shape == Rectangle(5.5, 10, 5, 5)
    QTest.keyClick(viewer, Qt.Key.Key_Delete)
    assert measuring.shape is None
    measuring.undo()
    assert measuring.shape == Rectangle(5.5, 10, 5, 5)


def test_space_held_moves_the_picture_although_a_tool_is_in_hand(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    measuring.take_tool("rectangle")
    before = viewer.panes.seen
    QTest.keyPress(viewer, Qt.Key.Key_Space)
    drag(viewer.canvases[0], (20, 20), (30, 30))
    QTest.keyRelease(viewer, Qt.Key.Key_Space)
    assert measuring.shape is None
    assert viewer.panes.seen != before


def test_the_curtain_can_be_dragged_although_a_tool_is_in_hand(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()), ArraySource(ramp().astype(np.float32)))
    measuring.take_tool("rectangle")
    drag(viewer.canvases[0], (32, 20), (50, 20))
    assert measuring.shape is None
    assert viewer.view_state.curtain > 0.7


def test_shapes_are_seen_on_both_sides_and_keep_their_width_at_every_zoom(draw_on, measuring, viewer):
    from dataclasses import replace

    draw_on(
        ArraySource(np.zeros((1, 1, 1, 64, 64), np.uint8)),
        ArraySource(np.zeros((1, 1, 1, 64, 64), np.float32)),
    )
    viewer.set_state(replace(viewer.view_state, compare="side"))
    measuring.take_tool("line")
    drag(viewer.canvases[1], (32, 10), (32, 50))
    for _zoom in range(2):
        for number in (0, 1):
            at = on_screen(viewer.canvases[number], 32, 25)
            row = seen(viewer, number)[at.y(), at.x() - 15 : at.x() + 15].mean(axis=1)
            assert 1 <= (row > 120).sum() <= 3
        viewer.zoom_in()


@pytest.mark.parametrize("size_um", [None, 0.0001, 100.0])
def test_what_is_drawn_over_spans_what_is_seen_at_every_zoom(draw_on, measuring, viewer, size_um):
    draw_on(ArraySource(ramp(), size_um=size_um))
    drawing, canvas = measuring._drawings[0], viewer.canvases[0]
    for _number in range(8):
        box = drawing.sceneBoundingRect()
        assert (box.width(), box.height()) == pytest.approx((canvas.width(), canvas.height()), abs=0.01)
        assert (box.x(), box.y()) == pytest.approx((0, 0), abs=0.01)
        viewer.zoom_in()


def test_the_value_under_the_pointer_is_still_told(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    measuring.take_tool("line")
    told = []
    viewer.pointer_moved.connect(told.append)
    move(viewer.canvases[0], (20.5, 30.5))
    assert (told[-1].x, told[-1].y) == (20, 30)


def test_a_click_on_the_outline_of_a_kept_region_takes_it_in_hand(qtbot, draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    canvas = viewer.canvases[0]
    measuring.take_tool("rectangle")
    for left in (5, 35):
        drag(canvas, (left, 10), (left + 15, 30))
        measuring.keep()
    assert measuring.notes.chosen == 2
    QTest.mouseClick(canvas.viewport(), LEFT, NONE, on_screen(canvas, 5, 20) + QPoint(1, 0))
    assert measuring.notes.chosen == 1
    drag(canvas, (12, 20), (13, 20))
    assert measuring.notes.region.shape == Rectangle(6, 10, 15, 20)
    assert measured(qtbot, measuring).shape == Rectangle(6, 10, 15, 20)
