import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.images.measuring.profile import interpolated, places, sample
from app.images.measuring.shapes import Line

HEIGHT, WIDTH = 50, 60
Y, X = np.mgrid[:HEIGHT, :WIDTH] + 0.5
SLOPE = 3 * X + 2 * Y + 5  # gray values that are linear in the place


def profile(line, plane=SLOPE, unit_x=1.0, unit_y=1.0):
    found = places(line, unit_x, unit_y)
    values = sample(found, plane.shape, lambda rows, columns: plane[slice(*rows), slice(*columns)])
    return found.distance, values


inside_x, inside_y = st.floats(0.5, WIDTH - 0.5), st.floats(0.5, HEIGHT - 0.5)
inside = st.tuples(inside_x, inside_y)


@given(start=inside, end=inside, width=st.floats(0, 1))
def test_a_linear_slope_is_read_exactly(start, end, width):
    distance, values = profile(Line((start, end), width))
    share = distance / distance[-1] if distance[-1] else np.zeros(len(distance))
    x, y = (start[axis] + share * (end[axis] - start[axis]) for axis in (0, 1))
    assert values == pytest.approx(3 * x + 2 * y + 5)


@given(start=inside, end=inside)
def test_steps_are_about_a_pixel_and_both_ends_are_read(start, end):
    line = Line((start, end))
    distance, _values = profile(line)
    assert distance[0] == 0
    assert distance[-1] == pytest.approx(line.length)
    if line.length > 2:
        assert 0.6 < np.diff(distance).max() < 1.5


def test_distances_are_physical_on_pixels_that_are_no_squares():
    line = Line(((1.0, 2.0), (1.0, 8.0)))  # units; pixels are 0.1 wide and 0.2 high
    distance, values = profile(line, unit_x=0.1, unit_y=0.2)
    assert distance[-1] == 6
    assert values[0] == pytest.approx(3 * 10 + 2 * 10 + 5)
    assert values[-1] == pytest.approx(3 * 10 + 2 * 40 + 5)


def test_a_wide_line_takes_the_mean_across_it():
    ridge = np.where(np.abs(Y - 25) < 1, 100.0, 0.0)  # two rows of 100
    _distance, thin = profile(Line(((5, 24.5), (50, 24.5))), ridge)
    _distance, wide = profile(Line(((5, 25.0), (50, 25.0)), 10.0), ridge)
    assert thin == pytest.approx(100)
    assert wide == pytest.approx(20)


def test_outside_the_image_there_is_no_value():
    distance, values = profile(Line(((-10, 25), (70, 25))))
    x = -10 + distance
    assert np.isnan(values[(x < 0) | (x > WIDTH)]).all()
    assert np.isfinite(values[(x >= 0) & (x <= WIDTH)]).all()
    _distance, beside = profile(Line(((-10, -5), (70, -5))))
    assert np.isnan(beside).all()


def test_bends_are_followed():
    distance, values = profile(Line(((5.5, 5.5), (15.5, 5.5), (15.5, 25.5))))
    assert distance[-1] == 30
    assert values[10] == pytest.approx(SLOPE[5, 15])
    assert values[20] == pytest.approx(SLOPE[15, 15])


def test_a_very_long_line_reads_piece_by_piece():
    sizes = []

    def read(rows, columns):
        sizes.append((rows[1] - rows[0]) * (columns[1] - columns[0]))
        return np.zeros((rows[1] - rows[0], columns[1] - columns[0]), np.uint8)

    sample(places(Line(((0, 0), (50_000, 50_000))), 1, 1), (50_000, 50_000), read)
    assert len(sizes) > 100
    assert max(sizes) < 1 << 20


def test_a_plane_of_one_pixel_has_one_value():
    assert interpolated(np.full((1, 1), 7), np.array([[0.2]]), np.array([[0.9]])) == 7
