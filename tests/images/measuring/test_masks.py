import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.images.measuring.masks import covered, mask
from app.images.measuring.shapes import Ellipse, Point, Polygon, Rectangle, is_within

HEIGHT, WIDTH = 30, 40
number = st.floats(-10, 50).map(lambda value: round(value, 3) + 1e-4)  # never on the centre of a pixel
size = st.floats(0.1, 40)
AREAS = st.one_of(
    st.builds(Rectangle, number, number, size, size),
    st.builds(Ellipse, number, number, size, size),
    st.builds(Polygon, st.lists(st.tuples(number, number), min_size=3, max_size=9).map(tuple)),
)


def whole(shape):
    return mask(shape, range(HEIGHT), range(WIDTH))


@given(shape=AREAS)
def test_a_pixel_counts_when_its_centre_lies_inside(shape):
    expected = [[is_within(shape, (x + 0.5, y + 0.5)) for x in range(WIDTH)] for y in range(HEIGHT)]
    assert (whole(shape) == np.array(expected)).all()


@given(shape=AREAS, top=st.integers(0, 20), left=st.integers(0, 20), step=st.integers(1, 4))
def test_a_part_of_a_mask_is_that_part(shape, top, left, step):
    some = mask(shape, range(top, HEIGHT, step), range(left, WIDTH, step))
    assert (some == whole(shape)[top::step, left::step]).all()


@given(shape=AREAS)
def test_no_pixel_lies_outside_what_is_covered(shape):
    (top, bottom), (left, right) = covered(shape, (HEIGHT, WIDTH))
    outside = whole(shape).copy()
    outside[top:bottom, left:right] = False
    assert not outside.any()


def test_regions_side_by_side_share_no_pixel():
    left, right = Rectangle(0, 0, 10.5, 30), Rectangle(10.5, 0, 29.5, 30)
    assert (whole(left).astype(int) + whole(right) == 1).all()
    corners = Polygon(((0, 0), (10.5, 0), (10.5, 30), (0, 30)))
    assert (whole(corners) == whole(left)).all()


def test_a_point_is_one_pixel():
    found = whole(Point(3.7, 5.2))
    assert found.sum() == 1
    assert found[5, 3]


def test_a_star_is_filled_by_the_even_odd_rule():
    turns = np.pi * (0.5 + np.arange(5) * 0.8)
    star = Polygon(tuple((20 + 14 * np.cos(turn), 15 - 14 * np.sin(turn)) for turn in turns))
    assert not whole(star)[15, 20]
    assert whole(star).any()


def test_a_circle_has_nearly_its_area():
    circle = Ellipse(0, 0, 300, 300)
    assert mask(circle, range(300), range(300)).sum() == pytest.approx(circle.area, rel=1e-3)
