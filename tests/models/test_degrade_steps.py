"""Every step of the degradation beside the same formula in NumPy, on a ramp of 512 x 512 pixels."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import fft, ndimage

from models.restoration.crappify.optics import spread
from models.restoration.crappify.recording import LUMINANCE
from models.restoration.degrade import (
    EM_PUBLISHED,
    FLUORESCENCE_PUBLISHED,
    PSSR2_POISSON,
    Degradation,
    degrade,
    degrade_each,
    reach_px,
    sample,
)

SIDE = 512


def one(image, how, seed=0):
    """Degrade one NumPy plane."""
    tensor = torch.from_numpy(np.asarray(image, np.float32))[None, None]
    return degrade(tensor, [how], torch.Generator().manual_seed(seed))[0, 0].numpy()


@pytest.fixture(scope="module")
def ramp():
    return np.tile(np.linspace(40, 200, SIDE, dtype=np.float32), (SIDE, 1))


@pytest.fixture(scope="module")
def scene():
    """Smooth structure with edges, 40 to 200."""
    rng = np.random.default_rng(3)
    blobs = ndimage.gaussian_filter(rng.random((96, 120)), 3) > 0.5
    return (40 + 160 * ndimage.gaussian_filter(blobs.astype(np.float32), 1)).astype(np.float32)


def close(value, wanted, samples, *, sd):
    """Whether a mean of so many samples lies within three standard errors."""
    return abs(value - wanted) <= 3 * sd / np.sqrt(samples)


def test_illumination_takes_light_from_the_corners_and_leaves_the_offset(ramp):
    how = Degradation(offset=10.0, shade=0.4, shade_at=(0.25, 0.6))
    place = (np.arange(SIDE) + 0.5) / SIDE
    distance = (place[:, None] - 0.25) ** 2 + (place - 0.6) ** 2
    wanted = 10 + (ramp - 10) * (1 - 0.4 * distance / (0.75**2 + 0.6**2))
    np.testing.assert_allclose(one(ramp, how), wanted, rtol=1e-5)
    assert one(np.full((64, 64), 10.0), how).std() == 0


@pytest.mark.parametrize("sides", [(3, 3), (1, 9), (15, 5), (31, 31)])
def test_a_measured_spot_spreads_as_the_convolution_of_scipy(scene, sides):
    kernel = np.random.default_rng(0).random(sides)
    wanted = ndimage.convolve(scene, kernel / kernel.sum(), mode="nearest")
    spot = tuple(map(tuple, kernel.tolist()))
    np.testing.assert_allclose(one(scene, Degradation(psf=spot)), wanted, rtol=0, atol=2e-3)


def test_images_of_a_batch_have_spots_of_their_own(scene):
    batch = torch.from_numpy(scene)[None, None].repeat(3, 1, 1, 1)
    kernels = (((1.0, 0.0, 0.0),), (), ((0.0,), (0.0,), (1.0,)))
    left, same, down = spread(batch, kernels)[:, 0].numpy()
    np.testing.assert_allclose(left[:, :-1], scene[:, 1:], atol=2e-3)
    assert np.array_equal(same, scene)
    np.testing.assert_allclose(down[1:], scene[:-1], atol=2e-3)


@pytest.mark.parametrize(
    "kernel", [((1.0, 1.0),), ((1.0,), (2.0, 3.0, 4.0), (1.0,)), ((0.0,),), ((float("nan"),),)]
)
def test_a_kernel_that_is_no_spot_is_refused(scene, kernel):
    with pytest.raises(ValueError):
        one(scene, Degradation(psf=kernel))


@pytest.mark.parametrize("sampling", ["area", "point", "line", "smooth"])
def test_sampling_is_the_weighted_mean_around_the_centre_of_a_block(scene, sampling):
    weights = {"area": [1, 1, 1, 1], "point": [0, 1, 1, 0], "smooth": [1, 3, 5, 7, 7, 5, 3, 1]}
    down = np.array(weights.get(sampling, weights["point"]), float)
    across = np.array(weights.get(sampling, weights["area"]), float)
    wanted = scene.astype(float)
    for axis, line in ((0, down / down.sum()), (1, across / across.sum())):
        wanted = ndimage.correlate1d(wanted, np.append(line, 0), axis=axis, mode="nearest")  # odd: centred
        wanted = np.take(wanted, np.arange(2, wanted.shape[axis], 4), axis=axis)
    tensor = torch.from_numpy(scene)[None, None]
    np.testing.assert_allclose(sample(tensor, 4, sampling)[0, 0].numpy(), wanted, rtol=1e-5)


def test_lines_are_offset_as_stated_and_all_along(ramp):
    error = one(ramp, Degradation(line_offset=4.0)) - ramp
    assert np.ptp(error, axis=1).max() < 1e-4
    lines = error[:, 0]
    assert close(lines.mean(), 0, SIDE, sd=4)
    assert close(lines.std(), 4, SIDE, sd=4 / np.sqrt(2))
    assert abs(np.corrcoef(lines[1:], lines[:-1])[0, 1]) < 3 / np.sqrt(SIDE)


def test_lines_can_drift_along_with_their_neighbours():
    lines = one(np.zeros((20_000, 2)), Degradation(line_offset=4.0, line_reach_px=2.0))[:, 0]
    assert lines.std() == pytest.approx(4, rel=0.05)
    for lag in (1, 2, 4):
        wanted = np.exp(-(lag**2) / (4 * 2.0**2))
        assert np.corrcoef(lines[lag:], lines[:-lag])[0, 1] == pytest.approx(wanted, abs=0.05)


def test_columns_are_offset_as_stated_and_all_along(ramp):
    error = one(ramp, Degradation(column_offset=3.0)) - ramp
    assert np.ptp(error, axis=0).max() < 1e-4
    assert close(error[0].std(), 3, SIDE, sd=3 / np.sqrt(2))


def test_jitter_moves_lines_by_parts_of_pixels():
    ramp = np.tile(np.arange(SIDE, dtype=np.float32), (SIDE, 1))
    moved = one(ramp, Degradation(line_shift_px=1.5)) - ramp
    inner = moved[:, 16:-16]
    assert np.ptp(inner, axis=1).max() < 1e-3  # every line as a whole
    assert close(inner[:, 0].mean(), 0, SIDE, sd=1.5)
    assert close(inner[:, 0].std(), 1.5, SIDE, sd=1.5 / np.sqrt(2))


def test_jitter_is_linear_interpolation_with_repeated_edges(scene):
    ramp = np.tile(np.arange(1, 121, dtype=np.float32), (96, 1))
    how = Degradation(line_shift_px=2.0)
    shifts = (one(ramp, how) - ramp)[:, 60]  # the same seed moves the lines of the scene likewise
    places = np.arange(120)
    wanted = [np.interp(places + shift, places, line) for shift, line in zip(shifts, scene, strict=True)]
    np.testing.assert_allclose(one(scene, how), wanted, atol=0.02)


def test_shot_noise_has_the_variance_of_every_brightness(ramp):
    how = Degradation(gain=2.5, offset=20.0)
    error = one(ramp, how) - ramp
    for columns in np.array_split(np.arange(SIDE), 8):
        wanted = 2.5 * (ramp[0, columns] - 20).mean()
        part = error[:, columns]
        assert close(part.mean(), 0, part.size, sd=np.sqrt(wanted))
        assert close(part.var(), wanted, part.size, sd=wanted * np.sqrt(2.1))


def test_few_photons_have_the_skewness_of_poisson():
    field = np.full((SIDE, SIDE), 100.0)
    counts = one(field, Degradation(gain=25.0)) / 25  # 4 photons
    assert np.array_equal(counts, np.round(counts))
    assert ((counts - 4) ** 3).mean() / counts.std() ** 3 == pytest.approx(
        0.5, abs=3 * np.sqrt(9 / counts.size)
    )


def test_gaussian_shot_noise_follows_the_low_passed_mean():
    field = np.zeros((SIDE, SIDE), np.float32)
    field[:, 256:] = 200
    how = Degradation(gain=2.0, shot="gaussian", shot_smooth_px=5.0)
    wanted = 2 * ndimage.gaussian_filter(field, 5, mode="nearest")[0]
    seen = (one(field, how) - field)[:, 240:272].var(axis=0)
    np.testing.assert_allclose(seen, wanted[240:272], atol=3.5 * wanted.max() * np.sqrt(2 / SIDE))


def test_read_noise_is_normal(ramp):
    error = (one(ramp, Degradation(read_noise=7.0)) - ramp) / 7
    assert close(error.mean(), 0, error.size, sd=1)
    assert close((error**2).mean(), 1, error.size, sd=np.sqrt(2))
    assert close((error**3).mean(), 0, error.size, sd=np.sqrt(15))
    assert close((error**4).mean(), 3, error.size, sd=np.sqrt(96))


def test_grain_has_the_correlation_of_its_gaussian():
    noise = one(np.zeros((SIDE, SIDE)), Degradation(read_noise=1.0, grain_px=1.5))[16:-16, 16:-16]
    for lag in (1, 2, 3):
        wanted = np.exp(-(lag**2) / (4 * 1.5**2))
        assert (noise[:, lag:] * noise[:, :-lag]).mean() / noise.var() == pytest.approx(wanted, abs=0.03)


def test_specks_are_the_ceiling_and_the_offset_and_nothing_else_changes(ramp):
    noisy = one(ramp, Degradation(salt=0.01, pepper=0.02, ceiling=255.0, offset=5.0))
    salt, pepper = noisy == 255, noisy == 5
    assert close(salt.mean(), 0.01, noisy.size, sd=np.sqrt(0.01 * 0.99))
    assert close(pepper.mean(), 0.02, noisy.size, sd=np.sqrt(0.02 * 0.98))
    assert np.array_equal(noisy[~salt & ~pepper], ramp[~salt & ~pepper])


def test_without_a_ceiling_salt_is_the_brightest_pixel(ramp):
    assert one(ramp, Degradation(salt=0.01)).max() == ramp.max()


def test_drift_is_a_factor_and_a_level(ramp):
    how = Degradation(drift_gain=0.8, drift_offset=-3.0)
    np.testing.assert_allclose(one(ramp, how), ramp * np.float32(0.8) - 3, rtol=1e-6)


def test_rounding_and_saturation_come_after_drift(ramp):
    how = Degradation(drift_gain=1.5, step=10.0, ceiling=240.0, clips=True)
    wanted = np.minimum(np.round(ramp * 1.5 / 10) * 10, 240)
    np.testing.assert_allclose(one(ramp, how), wanted, atol=1e-4)


def numpy_jpeg(image, quality):
    """Round the amplitudes of 8 x 8 blocks as the JPEG standard and its reference program say."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    steps = np.clip((np.array(LUMINANCE) * percent + 50) // 100, 1, 255)
    h, w = image.shape
    padded = np.pad(np.round(image), ((0, -h % 8), (0, -w % 8)), mode="edge") - 128
    for y in range(0, h, 8):
        for x in range(0, w, 8):
            waves = np.round(fft.dctn(padded[y : y + 8, x : x + 8], norm="ortho") / steps) * steps
            padded[y : y + 8, x : x + 8] = fft.idctn(waves, norm="ortho")
    return np.clip(np.round(padded[:h, :w] + 128), 0, 255)


@pytest.mark.parametrize("quality", [10, 49, 75, 100])
def test_compression_rounds_the_cosine_transform_of_blocks(scene, quality):
    image = scene[:93, :114]  # no multiple of 8
    made = one(image, Degradation(quality=quality, ceiling=255.0))
    differ = np.abs(made - numpy_jpeg(image.astype(float), quality)) > 1e-3
    assert differ.mean() < 0.03  # where an amplitude or a pixel lies half-way between two steps


@pytest.mark.parametrize("quality", [20, 75, 95])
def test_compression_looks_as_a_jpeg_file_does(scene, quality):
    file = BytesIO()
    Image.fromarray(np.round(scene).astype(np.uint8)).save(file, "JPEG", quality=quality)
    wanted = np.asarray(Image.open(file), float)
    made = one(scene, Degradation(quality=quality, ceiling=255.0))
    assert np.abs(made - wanted).mean() < 0.3
    assert np.mean(np.abs(made - wanted) <= 1) > 0.95


def test_compression_works_between_the_offset_and_the_brightest_pixel(scene):
    how = Degradation(quality=90, offset=-1000.0)
    made = one(scene * 10 - 1000, how)
    span = scene.max() * 10
    wanted = numpy_jpeg(scene * 10 / span * 255.0, 90) / 255 * span - 1000
    assert (np.abs(made - wanted) > 0.1).mean() < 0.03


def test_lines_come_before_shot_noise_and_noise_before_sampling_where_it_was_so_published():
    field = np.full((SIDE, SIDE), 400.0)
    low = one(field, Degradation(scale=4, sampling="area", gain=1.0))
    high = one(field, Degradation(scale=4, sampling="area", gain=1.0, noise_at="high"))
    assert low.std() == pytest.approx(20, rel=0.03)
    assert high.std() == pytest.approx(5, rel=0.03)
    lines = one(field, Degradation(gain=1.0, line_offset=200.0))
    dark, bright = np.argmin(lines.mean(axis=1)), np.argmax(lines.mean(axis=1))
    assert lines[bright].std() > 2 * lines[dark].std()


@pytest.mark.parametrize(
    ("sampling", "survival"), [("area", 0.250), ("point", 0.5), ("line", 8**-0.5), ("smooth", 0.166)]
)
def test_noise_of_the_good_image_survives_each_sampling_as_measured(sampling, survival):
    how = Degradation(scale=4, sampling=sampling, read_noise=1.0, noise_at="high")
    noisy = one(np.zeros((2048, 2048)), how)[2:-2, 2:-2]
    assert noisy.std() == pytest.approx(survival, rel=0.02)


def test_every_preset_keeps_the_ramp_where_it_lay():
    ramp = np.tile(np.linspace(100, 150, SIDE, dtype=np.float32), (SIDE, 1))
    for preset in (EM_PUBLISHED, FLUORESCENCE_PUBLISHED, PSSR2_POISSON):
        how = replace(preset, gain=0.0, salt=0.0, pepper=0.0, step=0.0)
        wanted = np.interp(np.arange(128) * 4 + 1.5, np.arange(SIDE), ramp[0])
        np.testing.assert_allclose(one(ramp, how)[64, 2:-2], wanted[2:-2], rtol=1e-5)


ALL = Degradation(
    scale=2, shade=0.3, psf=((1.0, 2.0, 1.0),), blur_px=1.0, line_offset=2.0, line_shift_px=0.5,
    line_reach_px=1.0, column_offset=1.0, gain=2.0, read_noise=3.0, grain_px=0.7, salt=0.01, pepper=0.01,
    drift_gain=0.9, drift_offset=4.0, step=1.0, ceiling=255.0, clips=True, quality=80,
)  # fmt: skip


def test_the_whole_chain_gives_whole_gray_levels_of_the_right_size(scene):
    made = one(scene, ALL)
    assert made.shape == (48, 60)
    assert np.abs(made - np.round(made)).max() < 1e-3
    assert 0 <= made.min() < made.max() <= 255


def test_an_image_with_its_own_seed_depends_on_neither_order_nor_company(scene):
    batch = torch.from_numpy(np.stack([scene, scene[::-1], scene * 0.5]).copy())[:, None]
    how = [ALL, replace(ALL, gain=0.0, psf=()), replace(ALL, line_shift_px=0.0)]
    whole = degrade_each(batch, how, [5, 6, 7])
    turned = degrade_each(batch.flip(0), how[::-1], [7, 6, 5]).flip(0)
    alone = degrade_each(batch[1:2], how[1:2], [6])
    assert torch.equal(whole, turned)
    assert torch.equal(whole[1:2], alone)
    assert not torch.equal(whole, degrade_each(batch, how, [1, 2, 3]))


def test_steps_that_are_not_used_draw_nothing(scene):
    plain = Degradation(read_noise=3.0, salt=0.01, ceiling=255.0)
    other = replace(plain, shade=1e-9, drift_gain=1.0, drift_offset=1e-9, psf=((1.0,),))
    np.testing.assert_allclose(one(scene, plain), one(scene, other), atol=1e-3)


def test_no_pixel_is_seen_from_farther_than_stated():
    for how in (
        Degradation(scale=4, sampling="smooth", blur_px=2.0, psf=((0.0,) * 4 + (1.0,) * 5,)),
        Degradation(scale=3, sampling="area", blur_px=0.4),
    ):
        spot = np.zeros((120, 120), np.float32)
        spot[60, 60] = 1e6
        seen = np.argwhere(np.abs(one(spot, how)) > 1e-1)
        centres = how.scale * seen + (how.scale - 1) / 2
        assert np.abs(centres - 60).max() <= reach_px(how)


def test_unequal_photons_keep_the_variance_and_make_noise_more_lopsided():
    field = np.full((400, 400), 40.0)
    even, uneven = (
        one(field, Degradation(gain=20.0, photon_spread=spread)).ravel() - 40 for spread in (0.0, 1.0)
    )
    for noise, lopsided in ((even, 1.0), (uneven, 1.5)):
        assert noise.mean() == pytest.approx(0, abs=0.4)
        assert noise.var() == pytest.approx(20 * 40, rel=0.04)
        assert (noise**3).mean() == pytest.approx(lopsided * 20**2 * 40, rel=0.1)
    assert len(np.unique(uneven)) > 100 > len(np.unique(even))


def test_unequal_pixels_keep_the_variance_and_have_tails():
    noise = one(np.zeros((400, 400)), Degradation(read_noise=5.0, read_tails=1.5)).ravel()
    assert noise.std() == pytest.approx(5.0, rel=0.02)
    assert (noise**4).mean() / noise.var() ** 2 - 3 == pytest.approx(1.5, rel=0.2)
