"""The difference of two images, against sums done by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.viewer.difference import (
    DifferenceSource,
    exact_kind,
    grid,
    level_for,
    reach_of,
    rounded_up,
    sampling,
    with_levels,
)
from app.ui.viewer.pair import paired
from app.ui.viewer.state import Rect, initial_state
from models.source import Region
from tests.ui.viewer.conftest import ArraySource, ramp

PATHS = (Path("a.tif"), Path("b.tif"))


def between(first, second, *, is_result=False, is_swapped=False):
    pair = paired(first.info, second.info, PATHS, is_result=is_result)
    return DifferenceSource(first, second, pair, is_swapped=is_swapped)


def whole(source, t=0, c=0, z=0, level=0):
    return source.read(source.info.plane(t, c, z, level))[0, 0, 0]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint16", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("other", ["uint8", "uint16", "int16", "uint32", "float32"])
def test_every_pair_of_pixel_types_is_subtracted_without_wrapping_round(dtype, other):
    rng = np.random.default_rng(0)
    first = rng.integers(0, 2, (1, 1, 1, 9, 7)).astype(dtype)
    second = rng.integers(0, 200, (1, 1, 1, 9, 7)).astype(other)
    found = whole(between(ArraySource(first), ArraySource(second)))
    assert found.dtype == np.float32
    assert np.array_equal(found, second[0, 0, 0].astype(float) - first[0, 0, 0].astype(float))


def test_dark_minus_bright_is_negative():
    dark, bright = (np.full((1, 1, 1, 4, 4), value, np.uint8) for value in (3, 250))
    assert (whole(between(ArraySource(bright), ArraySource(dark))) == -247).all()


def test_large_whole_numbers_lose_nothing():
    first = np.full((1, 1, 1, 4, 4), 2**31, np.uint32)
    assert (whole(between(ArraySource(first), ArraySource(first + np.uint32(1)))) == 1).all()


def test_swapping_turns_the_sign():
    first, second = ArraySource(ramp()), ArraySource(ramp() * 2)
    there, back = between(first, second), between(first, second, is_swapped=True)
    assert np.array_equal(whole(there), -whole(back))
    assert whole(there).max() == 126


def test_where_there_is_no_number_there_is_no_difference():
    first = np.zeros((1, 1, 1, 2, 2), np.float32)
    second = np.array([[np.nan, 1], [np.inf, 0]], np.float32)[None, None, None]
    first[..., 1, 0] = np.inf
    assert whole(between(ArraySource(first), ArraySource(second))).tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize("size_um", [None, 0.1])
@pytest.mark.parametrize("factor", [2, 4])
def test_a_larger_result_is_compared_on_its_own_grid(size_um, factor):
    raw = np.full((1, 1, 1, 16, 12), 100, np.uint16)
    result = np.arange(16 * factor * 12 * factor, dtype=np.float32).reshape(1, 1, 1, 16 * factor, -1)
    found = between(ArraySource(raw, size_um=size_um), ArraySource(result), is_result=True)
    assert found.info.shape == result.shape
    assert np.array_equal(whole(found), result[0, 0, 0] - 100)


def test_a_plane_that_rises_evenly_still_does_on_a_finer_grid():
    """Linear resampling gives the straight line back: the difference to it is 0, but for the rim."""
    coarse = np.broadcast_to(np.arange(32) + 0.5, (1, 1, 1, 32, 32)).astype(np.float32)
    fine = np.broadcast_to((np.arange(96) + 0.5) / 3, (1, 1, 1, 96, 96)).astype(np.float32)
    found = whole(between(ArraySource(coarse, size_um=0.3), ArraySource(fine, size_um=0.1)))
    assert found.shape == (96, 96)
    assert np.abs(found[:, 1:-1]).max() < 1e-4
    assert np.abs(found).max() <= 1 / 3 + 1e-4


def test_images_of_different_extent_are_compared_where_both_are():
    first = ArraySource(np.full((1, 1, 1, 50, 40), 5, np.uint8), size_um=0.2)
    second = ArraySource(np.full((1, 1, 1, 30, 200), 9, np.uint8), size_um=0.1)
    found = between(first, second)
    assert found.over == Rect(0, 0, pytest.approx(8), pytest.approx(3))
    assert found.info.shape[3:] == (30, 80)
    assert (whole(found) == 4).all()


def test_planes_of_one_height_are_subtracted():
    first, second = ramp(planes=4), ramp(planes=8)
    shallow, deep = ArraySource(first, size_um=1.0), ArraySource(second, size_um=1.0)
    deep.info = paired_step(deep.info, 0.5)
    found = between(shallow, deep)
    assert [whole(found, z=z).max() for z in range(4)] == [0, 100, 200, 300]


def paired_step(info, step):
    return replace(info, pixel_size_um=replace(info.pixel_size_um, z=step))


def test_channels_are_subtracted_by_name():
    pixels = ramp(channels=2)
    first = ArraySource(pixels, names=("DAPI", "GFP"))
    second = ArraySource(pixels[:, ::-1].copy(), names=("gfp", "dapi"))
    found = between(first, second)
    assert [term.name for term in found.terms] == ["DAPI", "GFP"]
    other = between(first, ArraySource(pixels, names=("DAPI", "RFP")))
    assert [term.name for term in other.terms] == ["DAPI"]
    by_order = between(first, ArraySource(pixels, names=("actin", "RFP")))
    assert [term.name for term in by_order.terms] == ["DAPI / actin", "GFP / RFP"]
    assert not whole(found, c=0).any()
    assert not whole(found, c=1).any()


def test_the_active_channel_is_seen_or_else_the_first_that_is():
    source = ArraySource(ramp(channels=3), names=("a", "b", "c"))
    found = between(source, source)
    state = initial_state(source.info)
    assert found.term_of(state.at("C", 1)) == 1
    hidden = state.with_channel(0, replace(state.channels[0], is_visible=False))
    assert found.term_of(hidden) == 1
    alone = between(source, ArraySource(ramp(), names=("c",)))
    assert alone.term_of(state) == 0
    assert alone.terms[0].index == 2


def test_colours_are_compared_by_brightness():
    rgb = np.stack([np.full((1, 1, 4, 4), value, np.uint8) for value in (30, 60, 90)], axis=1)
    gray = np.full((1, 1, 1, 4, 4), 100, np.uint8)
    colour, plain = ArraySource(rgb, is_rgb=True), ArraySource(gray)
    assert (whole(between(colour, plain)) == 40).all()
    assert (whole(between(plain, colour)) == -40).all()
    assert (whole(between(colour, ArraySource(rgb + 1, is_rgb=True))) == 1).all()


# Only what is needed is read


def test_a_part_is_the_same_as_that_part_of_the_whole():
    first = ArraySource(
        np.random.default_rng(0).normal(size=(1, 1, 1, 60, 50)).astype(np.float32), size_um=0.3
    )
    second = ArraySource(
        np.random.default_rng(1).normal(size=(1, 1, 1, 200, 170)).astype(np.float32), size_um=0.1
    )
    found = between(first, second)
    everything = whole(found)
    part = Region((0, 1), (0, 1), (0, 1), (31, 77), (5, 6))
    assert np.array_equal(found.read(part)[0, 0, 0], everything[31:77, 5:6])


def test_no_more_is_read_than_the_part_covers():
    first, second = ArraySource(ramp(100, 100), size_um=0.4), ArraySource(ramp(400, 400), size_um=0.1)
    found = between(first, second)
    found.read(Region((0, 1), (0, 1), (0, 1), (40, 80), (200, 240)))
    assert [(one.y, one.x) for one in first.regions] == [((9, 21), (49, 61))]
    assert [(one.y, one.x) for one in second.regions] == [((40, 80), (200, 240))]


def test_large_planes_are_read_from_their_coarse_levels():
    pixels = ramp(2048, 4096)
    shapes = tuple((1, 1, 1, 2048 // step, 4096 // step) for step in (1, 2, 4, 8))
    first, second = (ArraySource(pixels, shapes=shapes) for _side in range(2))
    found = between(first, second)
    assert [shape[-1] for shape in found.info.shapes] == [4096, 2048, 1024, 512]
    assert not whole(found, level=3).any()
    assert [one.level for one in first.regions + second.regions] == [3, 3]


def test_coarse_levels_end_where_a_plane_fits_a_screen():
    assert with_levels((1, 1, 1, 100, 100)) == ((1, 1, 1, 100, 100),)
    assert [shape[3:] for shape in with_levels((1, 1, 1, 3001, 3000))] == [
        (3001, 3000),
        (1501, 1500),
        (751, 750),
    ]


def test_the_level_is_the_coarsest_that_is_fine_enough():
    shapes = [(1, 1, 1, size, size) for size in (1000, 500, 250)]
    assert [level_for(unit, 100.0, shapes) for unit in (0.05, 0.1, 0.15, 0.2, 0.4, 9)] == [0, 0, 0, 1, 2, 2]


# Places


@given(st.integers(1, 300), st.floats(0.1, 10), st.floats(0.1, 10), st.integers(1, 300), st.data())
def test_samples_lie_within_the_row_and_in_order(count, unit, other_unit, other_count, data):
    start = data.draw(st.integers(0, count - 1))
    stop = data.draw(st.integers(start + 1, count))
    found = sampling((start, stop), unit, other_unit, other_count)
    assert len(found.before) == stop - start
    assert 0 <= found.span[0] == found.before.min()
    assert found.after.max() < found.span[1] <= other_count
    assert (np.diff(found.before) >= 0).all()
    assert (found.share >= 0).all()
    assert (found.share < 1).all()


@given(st.integers(1, 5000), st.floats(0.01, 5))
def test_the_same_grid_is_not_touched(count, unit):
    found = sampling((0, count), unit, unit * (1 + 1e-12), count)
    assert np.array_equal(found.before, np.arange(count))
    assert not found.share.any()


def test_the_finer_grid_wins_on_each_axis():
    first, second = ArraySource(ramp(10, 40)), ArraySource(ramp(40, 10))
    pair = paired(first.info, second.info, PATHS, is_result=True)
    assert grid(pair) == (Rect(0, 0, 40, 10), 40, 40)


@pytest.mark.parametrize(
    ("reach", "end"),
    [
        (123, 130),
        (120, 120),
        (0.0371, 0.038),
        (9.9, 9.9),
        (9.91, 10),
        (1, 1),
        (65535, 66000),
        (0, 1),
        (np.inf, 1),
    ],
)
def test_the_scale_ends_at_a_number_that_is_easy_to_read(reach, end):
    assert rounded_up(reach) == end


@given(st.floats(1e-6, 1e9))
def test_the_end_of_the_scale_is_never_below_the_reach(reach):
    assert reach * (1 - 1e-5) <= rounded_up(reach) <= reach * 1.1000001


def test_the_colours_reach_as_far_as_nearly_all_differences():
    plane = np.random.default_rng(0).normal(0, 10, (400, 400)).astype(np.float32)
    plane[0, 0] = -9000
    assert 30 <= reach_of(plane) <= 38
    assert reach_of(np.full((9, 9), -100, np.float32)) == 100
    assert reach_of(np.zeros((9, 9), np.float32)) == 1
    few = np.zeros((300, 300), np.float32)
    few[0, 0] = 5
    assert reach_of(few) == 5


def test_single_numbers_are_kept_where_they_are_enough():
    assert exact_kind("uint16", "float32") == np.float32
    assert exact_kind("uint16", "int32") == np.float64
    assert exact_kind("float64", "uint8") == np.float64
