"""Looking at images before they teach, on images made so that the answer is known."""

import numpy as np
import pytest
from scipy import ndimage

from models.training.looks import (
    SAME,
    fingerprint,
    likeness,
    look_at,
    noise_of,
    out_of_focus,
    saturated_share,
    shift_between,
    shrunk,
)


def cells(side=256, seed=0):
    """Blobs and fine filaments at random places, between 100 and about 2000."""
    rng = np.random.default_rng(seed)
    points = np.zeros((side, side))
    points[rng.integers(0, side, 60), rng.integers(0, side, 60)] = 1
    fine = np.zeros((side, side))
    fine[rng.integers(0, side, 900), rng.integers(0, side, 900)] = 1
    image = ndimage.gaussian_filter(points, 6) * 200 + ndimage.gaussian_filter(fine, 1.2) * 6
    return 100 + 1500 * image / image.max()


def noisy(image, sd, seed=1):
    return image + np.random.default_rng(seed).normal(0, sd, image.shape)


def test_a_blurred_image_is_found_among_sharp_ones():
    images = [noisy(cells(seed=seed), 20) for seed in range(5)]
    images.append(noisy(ndimage.gaussian_filter(cells(seed=9), 4), 20))
    found = out_of_focus([look_at(image).sharpness for image in images])
    assert found == [False] * 5 + [True]


def test_noise_does_not_pass_for_sharpness():
    image = cells()
    assert look_at(noisy(image, 60)).sharpness == pytest.approx(look_at(image).sharpness, rel=0.15)


def test_nobody_can_tell_focus_with_two_images():
    assert out_of_focus([0.1, 0.5]) == [False, False]


def test_the_noise_of_a_smooth_image_is_measured():
    assert noise_of(noisy(ndimage.gaussian_filter(cells(), 5), 30)) == pytest.approx(30, rel=0.1)


@pytest.mark.parametrize(("top", "dtype"), [(255, np.uint8), (4095, np.uint16), (65535, np.uint16)])
def test_pixels_at_the_last_level_of_a_camera_are_saturated(top, dtype):
    values = np.arange(1000, dtype=dtype) % 200
    values[:50] = top
    assert saturated_share(values) == pytest.approx(0.05)


def test_a_pile_below_the_last_level_is_saturated_too():
    values = np.random.default_rng(0).normal(1500, 500, 100_000).clip(0, 2500).astype(np.uint16)
    assert saturated_share(values) == pytest.approx((values == 2500).mean())


def test_a_tail_that_thins_out_is_not_saturated():
    values = np.random.default_rng(0).exponential(300, 100_000).astype(np.uint16)
    assert saturated_share(values) == 0


def test_a_constant_image_says_so():
    look = look_at(np.full((32, 32), 7, np.uint8))
    assert look.is_constant
    assert look.sharpness == 0


def test_pixels_that_are_no_numbers_are_counted_and_stop_nothing():
    image = cells().astype(np.float32)
    image[:64] = np.nan
    look = look_at(image)
    assert look.nan == pytest.approx(0.25)
    assert np.isfinite([look.low, look.high, look.sharpness, look.noise]).all()


def test_nothing_but_such_pixels_is_constant():
    look = look_at(np.full((16, 16), np.nan, np.float32))
    assert look.is_constant
    assert look.nan == 1


def test_the_same_field_is_known_again_shifted_and_noisy():
    whole = cells(400)
    one, other = whole[:300, :300], noisy(whole[60:360, 100:400], 50)
    assert likeness(fingerprint(shrunk(one, 3)), fingerprint(shrunk(other, 3))) > SAME


def test_other_fields_of_the_same_cells_are_not_the_same():
    prints = [fingerprint(shrunk(cells(300, seed), 3)) for seed in range(6)]
    found = [likeness(a, b) for place, a in enumerate(prints) for b in prints[:place]]
    assert max(found) < SAME


def test_a_shift_is_measured_to_a_tenth_of_a_pixel():
    image = cells()
    moved = noisy(ndimage.shift(image, (2.4, -3.7), order=3, mode="reflect"), 20)
    assert shift_between(moved, image) == pytest.approx((2.4, -3.7), abs=0.1)


def test_a_shift_is_told_in_pixels_of_the_smaller_image():
    high = cells(400)
    low = shrunk(ndimage.shift(high, (8, -4), order=1, mode="reflect"), 4)
    assert shift_between(low, high) == pytest.approx((2.0, -1.0), abs=0.1)


def test_no_shift_is_made_up_where_two_images_have_nothing_in_common():
    one, other = (np.random.default_rng(seed).normal(size=(300, 280)).astype(np.float32) for seed in (1, 2))
    assert shift_between(one, other) is None
    assert shift_between(one, np.ones_like(one)) is None
    assert shift_between(one, one) == pytest.approx((0.0, 0.0), abs=0.05)
