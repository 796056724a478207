import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.images.measuring.shapes import (
    Bounds,
    Ellipse,
    Line,
    Point,
    Polygon,
    Rectangle,
    at_45_degrees,
    distance_to_path,
    is_within,
    on_grid,
)

number = st.floats(-1000, 1000).map(lambda value: round(value, 3))
size = st.floats(0.1, 500)
place = st.tuples(number, number)
corners = st.lists(place, min_size=3, max_size=12).map(tuple)
SHAPES = st.one_of(
    st.builds(lambda a, b: Line((a, b)), place, place),
    st.builds(Rectangle, number, number, size, size),
    st.builds(Ellipse, number, number, size, size),
    st.builds(Polygon, corners, st.booleans()),
    st.builds(Point, number, number),
)


def test_a_line_is_as_long_as_pythagoras_says():
    assert Line(((1, 1), (4, 5))).length == 5
    assert Line(((0, 0), (3, 4), (3, 10))).length == 11


def test_areas_and_outlines_are_those_of_school():
    assert Rectangle(2, 3, 4, 5).area == 20
    assert Rectangle(2, 3, 4, 5).length == 18
    assert Ellipse(0, 0, 6, 6).area == pytest.approx(math.pi * 9)
    assert Ellipse(0, 0, 6, 6).length == pytest.approx(2 * math.pi * 3)
    assert Polygon(((0, 0), (4, 0), (0, 3))).area == 6
    assert Polygon(((0, 0), (4, 0), (0, 3))).length == 12


@given(shape=SHAPES, by_x=number, by_y=number)
def test_moving_changes_neither_area_nor_length(shape, by_x, by_y):
    moved = shape.moved(by_x, by_y)
    assert moved.area == pytest.approx(shape.area, rel=1e-6, abs=1e-6)
    assert moved.length == pytest.approx(shape.length, rel=1e-6, abs=1e-6)
    assert moved.bounds.left == pytest.approx(shape.bounds.left + by_x)
    assert moved.bounds.bottom == pytest.approx(shape.bounds.bottom + by_y)


@given(shape=SHAPES, by_x=st.floats(0.05, 20), by_y=st.floats(0.05, 20))
def test_another_unit_scales_the_area_by_both_axes(shape, by_x, by_y):
    scaled = shape.scaled(by_x, by_y)
    assert scaled.area == pytest.approx(shape.area * by_x * by_y, rel=1e-6, abs=1e-4)
    back = scaled.scaled(1 / by_x, 1 / by_y)
    for one, other in zip(back.outline, shape.outline, strict=True):
        assert one == pytest.approx(other, rel=1e-6, abs=1e-6)


@given(shape=SHAPES, handle=st.integers(0, 20), to=place)
def test_a_dragged_handle_arrives_where_the_mouse_is(shape, handle, to):
    handle %= len(shape.handles)
    dragged = shape.dragged(handle, to)
    if isinstance(shape, Rectangle | Ellipse):
        box = dragged.bounds
        if handle in (0, 2, 4, 6):
            assert any(math.dist(to, corner) < 1e-6 for corner in box.handles[::2])
    elif not isinstance(shape, Polygon) or not shape.is_freehand:
        assert dragged.handles[handle] == to


@given(x=number, y=number, width=size, height=size, to=place)
def test_a_box_may_be_turned_over_and_keeps_its_fixed_corner(x, y, width, height, to):
    box = Bounds(x, y, x + width, y + height).dragged(4, to)
    assert box.left <= box.right
    assert box.top <= box.bottom
    assert any(math.dist((x, y), corner) < 1e-6 for corner in box.handles)


@given(to=place)
def test_with_shift_a_box_is_a_square_and_a_line_at_45_degrees(to):
    box = Rectangle(0, 0, 0, 0).dragged(4, to, constrained=True)
    assert box.width == pytest.approx(box.height)
    line = Line(((0, 0), (1, 1))).dragged(1, to, constrained=True)
    (x, y) = line.points[1]
    assert min(abs(x), abs(y), abs(abs(x) - abs(y))) < 1e-6
    assert math.hypot(x, y) <= math.hypot(*to) + 1e-6


def test_a_place_at_45_degrees_is_the_foot_of_the_mouse():
    assert at_45_degrees((0, 0), (2, 0.1)) == pytest.approx((2, 0))
    assert at_45_degrees((1, 1), (3, 2.9)) == pytest.approx((2.95, 2.95))


@given(
    shape=st.one_of(
        st.builds(Rectangle, number, number, size, size), st.builds(Ellipse, number, number, size, size)
    )
)
def test_the_middle_is_within_and_far_outside_is_not(shape):
    box = shape.bounds
    assert is_within(shape, ((box.left + box.right) / 2, (box.top + box.bottom) / 2))
    assert not is_within(shape, (box.right + 1, box.bottom + 1))
    assert shape.is_at(shape.outline[0], 1e-6)


def test_only_regions_have_an_inside():
    assert is_within(Polygon(((0, 0), (4, 0), (4, 4), (0, 4))), (2, 2))
    assert not is_within(Line(((0, 0), (4, 4))), (2, 2))
    assert not is_within(Point(2, 2), (2, 2))


def test_the_distance_to_a_segment_ends_at_its_ends():
    assert distance_to_path(((0, 0), (10, 0)), (5, 3)) == 3
    assert distance_to_path(((0, 0), (10, 0)), (13, 4)) == 5
    assert distance_to_path(((2, 2), (2, 2)), (2, 5)) == 3


@given(
    shape=st.builds(Rectangle, number, number, size, size),
    unit_x=st.floats(0.05, 2),
    unit_y=st.floats(0.05, 2),
)
def test_a_box_on_the_grid_has_whole_pixels_and_at_least_one(shape, unit_x, unit_y):
    fitted = on_grid(shape, unit_x, unit_y)
    for value, unit in (
        (fitted.x, unit_x),
        (fitted.y, unit_y),
        (fitted.width, unit_x),
        (fitted.height, unit_y),
    ):
        assert value / unit == pytest.approx(round(value / unit), abs=1e-6)
    assert round(fitted.width / unit_x) >= 1
    assert round(fitted.height / unit_y) >= 1


def test_lines_and_polygons_stay_between_pixels():
    line = Line(((0.3, 0.4), (2.2, 7.7)))
    assert on_grid(line, 1, 1) == line


def test_a_place_along_a_line_is_found_by_its_distance():
    line = Line(((0, 0), (4, 0), (4, 4)))
    assert line.at(-1) == (0, 0)
    assert line.at(3) == (3, 0)
    assert line.at(6) == (4, 2)
    assert line.at(100) == (4, 4)


def test_a_freehand_region_is_resized_as_a_whole():
    drawn = Polygon(((0, 0), (4, 0), (4, 4), (0, 4)), is_freehand=True)
    wide = drawn.dragged(4, (8, 4))
    assert wide.points == ((0, 0), (8, 0), (8, 4), (0, 4))
    assert len(wide.handles) == 8
