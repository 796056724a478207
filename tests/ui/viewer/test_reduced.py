import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.viewer.reduced import reduced


def by_hand(plane, step):
    rows, columns = -(-plane.shape[0] // step), -(-plane.shape[1] // step)
    made = np.empty((rows, columns))
    for row in range(rows):
        for column in range(columns):
            square = plane[row * step : (row + 1) * step, column * step : (column + 1) * step]
            made[row, column] = square.astype(float).mean()
    return made


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]
)
@given(height=st.integers(1, 40), width=st.integers(1, 40), step=st.integers(1, 9), seed=st.integers(0, 99))
def test_every_drawn_pixel_is_the_mean_of_its_square(dtype, height, width, step, seed):
    kind = np.dtype(dtype)
    low, high = (np.iinfo(kind).min, np.iinfo(kind).max) if kind.kind in "iu" else (-1e3, 1e3)
    plane = np.random.default_rng(seed).uniform(low, high, (height, width)).astype(kind)
    made = reduced(plane, step)
    assert made.dtype == kind
    slack = 0.5 + 1e-6 if kind.kind in "iu" else 1e-3
    assert np.abs(made.astype(float) - by_hand(plane, step)).max() <= slack


def test_truth_values_become_shares():
    assert reduced(np.array([[True, False], [False, False]]), 2).tolist() == [[0.25]]


def test_a_plane_of_more_than_one_band_has_no_seams():
    plane = np.arange(3000 * 700, dtype=np.uint32).reshape(3000, 700) % 1000
    assert np.abs(reduced(plane, 3)[-2:] - by_hand(plane[-6:], 3)).max() <= 0.5


def test_what_is_no_number_stays_in_its_square():
    plane = np.zeros((4, 4), np.float32)
    plane[0, 0] = np.nan
    assert np.isnan(reduced(plane, 2)).tolist() == [[True, False], [False, False]]
