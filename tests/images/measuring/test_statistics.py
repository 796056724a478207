import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.images.measuring.statistics import describe


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32", "float16", "float32", "float64"])
def test_numbers_are_those_of_numpy(dtype):
    values = np.random.default_rng(0).integers(0, 120, 5001).astype(dtype)
    found = describe([values[:2000], values[2000:]], pixel_area=0.25)
    exact = values.astype(np.float64)
    assert found.pixels == 5001
    assert found.area == 5001 * 0.25
    assert found.mean == pytest.approx(exact.mean())
    assert found.deviation == pytest.approx(exact.std(ddof=1))
    assert (found.low, found.high, found.median) == (exact.min(), exact.max(), np.median(exact))
    assert found.total == pytest.approx(exact.sum())
    assert found.density == pytest.approx(exact.mean() * 5001 * 0.25)


@given(values=arrays(np.uint16, st.integers(1, 200)))
def test_the_order_of_numbers_holds(values):
    found = describe([values], pixel_area=1)
    assert found.low <= found.median <= found.high
    assert found.low <= found.mean <= found.high + 1e-9
    assert found.deviation >= 0


def test_a_large_offset_costs_no_digits():
    values = np.array([1e9, 1e9 + 1, 1e9 + 2])
    assert describe([values], pixel_area=1).deviation == pytest.approx(1)


def test_what_is_no_number_does_not_count():
    found = describe([np.array([1.0, np.nan, 3.0, np.inf])], pixel_area=1)
    assert (found.pixels, found.mean) == (2, 2)


def test_black_and_white_counts_as_0_and_1():
    assert describe([np.array([True, False, True, True])], pixel_area=1).mean == 0.75


def test_one_pixel_has_no_spread_and_none_has_no_mean():
    assert describe([np.array([5])], pixel_area=1).deviation == 0
    nothing = describe([], pixel_area=1)
    assert nothing.pixels == 0
    assert math.isnan(nothing.mean)


def test_pixels_that_stand_for_several_count_so():
    found = describe([np.full(10, 3)], pixel_area=0.5, share=4)
    assert (found.pixels, found.area, found.total, found.mean) == (40, 20, 120, 3)
