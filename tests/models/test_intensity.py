import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.restoration import intensity
from models.restoration.intensity import Limits, NoValues
from tests.models.arrays import ArraySource

rng = np.random.default_rng(3)


def test_the_limits_are_the_robust_extremes_of_the_input():
    values = np.append(rng.uniform(100, 200, 100_000), [60_000, 0])
    limits = intensity.limits_of(values)
    assert limits.low == pytest.approx(100.1, abs=0.1)
    assert limits.high == pytest.approx(199.9, abs=0.1)


@given(low=st.floats(-1e4, 1e4), span=st.floats(1, 1e4))
def test_denormalising_gives_back_what_was_normalised(low, span):
    limits = Limits(low, low + span)
    pixels = np.linspace(low - span, low + 2 * span, 100).astype(np.float32)
    np.testing.assert_allclose(
        limits.original(limits.normalised(pixels)), pixels, atol=1e-5 * (abs(low) + span)
    )


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "uint32", "uint64"])
def test_integers_come_back_exactly(dtype):
    top = min(np.iinfo(dtype).max, 2**22)
    pixels = np.linspace(0, top, 1000).astype(dtype)
    limits = Limits(float(top) / 8, float(top) / 2)
    restored = limits.original(limits.normalised(pixels), dtype)
    assert restored.dtype == dtype
    np.testing.assert_array_equal(restored, pixels)


def test_bright_pixels_are_not_clipped_on_the_way_in():
    assert Limits(0, 100).normalised(np.array([250], np.uint8))[0] == np.float32(2.5)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int64", "uint64"])
def test_integers_are_rounded_and_limited_to_their_range(dtype):
    bounds = np.iinfo(dtype)
    restored = Limits(0, 1).original(np.array([-1e30, 1.6, 1e30], np.float32), dtype)
    assert restored.tolist() == [bounds.min, 2, bounds.max]


@pytest.mark.parametrize("value", [0, 7.5, -3e6])
def test_a_constant_image_has_limits_that_can_be_undone(value):
    limits = intensity.limits_of(np.full(100, value, np.float32))
    assert limits.span >= 1
    assert limits.original(limits.normalised(np.array([value], np.float32)))[0] == np.float32(value)


def test_few_spots_on_black_are_measured_by_their_extremes():
    image = np.zeros(100_000)
    image[:3] = 40
    assert intensity.limits_of(image) == Limits(0, 40)


def test_values_that_are_not_finite_do_not_count():
    assert intensity.limits_of([np.nan, np.inf, -np.inf, 1, 1, 2, 2]).high == pytest.approx(2)


def test_an_image_of_nothing_but_nan_is_refused_in_one_sentence():
    with pytest.raises(NoValues, match="holds no numbers") as caught:
        intensity.limits_of(np.full(10, np.nan))
    assert caught.value.hint


def test_filling_replaces_what_is_not_finite_and_says_where():
    planes, missing = intensity.filled(np.array([[1, np.nan], [np.inf, 2]], np.float32))
    assert planes.tolist() == [[1, 0], [0, 2]]
    assert missing is not None
    assert missing.tolist() == [[False, True], [True, False]]


def test_filling_leaves_complete_planes_alone():
    planes = np.ones((2, 2), np.float32)
    assert intensity.filled(planes) == (planes, None)


@given(
    shape=st.tuples(
        st.integers(1, 40), st.integers(1, 2), st.integers(1, 40), st.integers(1, 9000), st.integers(1, 9000)
    )
)
def test_the_sample_is_bounded_spread_and_inside(shape):
    source = ArraySource(np.broadcast_to(np.uint8(0), shape))
    regions = intensity.sample_regions(source.info, shape[1] - 1)
    assert sum(int(np.prod(one.shape)) for one in regions) <= max(
        intensity.SAMPLE_PIXELS, intensity.SAMPLE_PLANES * shape[4]
    )
    assert len({(one.t, one.z) for one in regions}) == min(intensity.SAMPLE_PLANES, shape[0] * shape[2])
    for one in regions:
        assert all(0 <= a < b <= size for (a, b), size in zip(one.ranges, shape, strict=True))


def test_the_limits_of_a_stack_come_from_all_of_it():
    stack = np.zeros((1, 2, 20, 64, 64), np.uint16)
    stack[0, 1] = np.arange(20)[:, None, None] * 100
    limits = intensity.measure_limits(ArraySource(stack), 1)
    assert limits.low <= 200
    assert limits.high >= 1700


def test_crops_for_tuning_are_small_normalised_and_filled():
    stack = rng.uniform(0, 10, (1, 1, 2, 300, 100)).astype(np.float32)
    stack[0, 0, :, 150] = np.nan
    crops = intensity.sample_crops(ArraySource(stack), 0, Limits(0, 10))
    assert crops.shape == (3, 256, 100)
    assert np.isfinite(crops).all()
    assert crops.max() <= 1
