from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from models.restoration.degrade import (
    EM_PUBLISHED,
    FLUORESCENCE_PUBLISHED,
    PSSR2_GAUSSIAN,
    PSSR2_POISSON,
    Degradation,
    blur,
    degrade,
    sample,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def one(image, how, seed=0):
    """Degrade one NumPy plane."""
    tensor = torch.from_numpy(np.asarray(image, np.float32))[None, None]
    return degrade(tensor, [how], generator(seed))[0, 0].numpy()


@pytest.fixture(scope="module")
def ramp():
    return np.tile(np.linspace(40, 200, 512, dtype=np.float32), (512, 1))


@pytest.mark.parametrize(
    ("sampling", "survival"), [("area", 0.250), ("point", 0.5), ("line", 8**-0.5), ("smooth", 0.166)]
)
def test_each_sampling_keeps_its_share_of_white_noise(sampling, survival):
    noise = torch.randn(1, 1, 2048, 2048, generator=generator())
    assert sample(noise, 4, sampling)[..., 2:-2, 2:-2].std().item() == pytest.approx(survival, rel=0.02)


@pytest.mark.parametrize("sampling", ["area", "point", "line", "smooth"])
@pytest.mark.parametrize("scale", [2, 4])
def test_pixel_centres_lie_where_blocks_have_theirs(sampling, scale):
    ramp = torch.arange(32.0).expand(32, 32)[None, None]
    inner = sample(ramp, scale, sampling)[0, 0, 4, 2:-2]
    wanted = scale * torch.arange(2.0, 32 // scale - 2) + (scale - 1) / 2
    torch.testing.assert_close(inner, wanted)


def test_blur_is_the_gaussian_filter_of_scipy():
    image = np.random.default_rng(0).random((40, 50)).astype(np.float32)
    for sigma in (0.5, 1.3, 3.0):
        blurred = blur(torch.from_numpy(image)[None, None], [sigma])[0, 0].numpy()
        np.testing.assert_allclose(
            blurred, ndimage.gaussian_filter(image, sigma, mode="nearest"), rtol=0, atol=1e-5
        )


def variance_against_mean(image, how, repeats=40):
    draws = np.stack([one(image, how, seed) for seed in range(repeats)])
    return draws.mean(axis=0), draws.var(axis=0, ddof=1)


def test_poisson_noise_has_the_variance_of_its_gain(ramp):
    how = Degradation(gain=3.0, offset=10.0)
    mean, variance = variance_against_mean(ramp[:64], how)
    slope, shift = np.polyfit(mean.mean(axis=0), variance.mean(axis=0), 1)
    assert slope == pytest.approx(3.0, rel=0.03)
    assert shift == pytest.approx(-30.0, abs=6)
    assert mean.mean() == pytest.approx(ramp[:64].mean(), rel=0.002)


def test_the_published_em_noise_follows_the_local_mean(ramp):
    how = replace(EM_PUBLISHED, scale=1)
    unclipped = ramp[:64, 200:300]
    _, variance = variance_against_mean(unclipped, how)
    wanted = 12.75 * ndimage.gaussian_filter(unclipped, 3, mode="nearest")
    assert (variance / wanted).mean() == pytest.approx(1, abs=3 * np.sqrt(2 / 40 / variance.size) + 0.005)


def test_the_published_em_strength_is_that_of_its_authors():
    field = np.full((512, 512), 0.47 * 255, np.float32)
    assert one(field, replace(EM_PUBLISHED, scale=1)).std() == pytest.approx(0.153 * 255, rel=0.01)


def test_the_published_fluorescence_noise_saturates_a_third_of_a_gray_field():
    field = np.full((512, 512), 0.47 * 255, np.float32)
    noisy = one(field, replace(FLUORESCENCE_PUBLISHED, scale=1, salt=0, pepper=0))
    assert np.mean((noisy <= 0) | (noisy >= 255)) == pytest.approx(0.30, abs=0.03)
    assert noisy.std() / 255 == pytest.approx(0.35, abs=0.01)


def test_salt_and_pepper_hit_their_share():
    field = np.full((1024, 1024), 100, np.float32)
    noisy = one(field, Degradation(salt=0.01, pepper=0.004, ceiling=255))
    error = 3 * np.sqrt(0.01 / noisy.size)
    assert np.mean(noisy == 255) == pytest.approx(0.01, abs=error)
    assert np.mean(noisy == 0) == pytest.approx(0.004, abs=error)


def test_pssr2_gaussian_has_13_gray_levels_and_whole_ones(ramp):
    noisy = one(ramp, PSSR2_GAUSSIAN)
    clean = sample(torch.from_numpy(ramp)[None, None], 4, "smooth")[0, 0].numpy()
    assert (noisy - clean).std() == pytest.approx(np.sqrt(13**2 + 1 / 12), rel=0.02)
    assert np.array_equal(noisy, np.round(noisy))


def test_pssr2_poisson_counts_a_photon_per_gray_level():
    noisy = one(np.full((1024, 1024), 128, np.float32), PSSR2_POISSON)
    assert noisy.std() == pytest.approx(np.sqrt(128 + 1 / 12), rel=0.02)


def test_grain_keeps_the_noise_sd_and_correlates_neighbours():
    noisy = one(np.zeros((512, 512), np.float32), Degradation(read_noise=5.0, grain_px=1.0))
    inner = noisy[8:-8, 8:-8]
    assert inner.std() == pytest.approx(5.0, rel=0.03)
    assert np.corrcoef(inner[:, :-1].ravel(), inner[:, 1:].ravel())[0, 1] == pytest.approx(
        np.exp(-0.25), abs=0.05
    )


def test_the_same_seed_gives_the_same_pixels_and_another_one_others(ramp):
    assert np.array_equal(one(ramp, PSSR2_GAUSSIAN, 4), one(ramp, PSSR2_GAUSSIAN, 4))
    assert not np.array_equal(one(ramp, PSSR2_GAUSSIAN, 4), one(ramp, PSSR2_GAUSSIAN, 5))


def test_every_image_of_a_batch_has_its_own_strength():
    fields = torch.full((2, 1, 256, 256), 100.0)
    noisy = degrade(fields, [Degradation(read_noise=1.0), Degradation(read_noise=8.0)], generator())
    assert noisy[0].std().item() == pytest.approx(1, rel=0.05)
    assert noisy[1].std().item() == pytest.approx(8, rel=0.05)


def test_what_cannot_be_computed_together_is_refused():
    fields = torch.zeros(2, 1, 16, 16)
    with pytest.raises(ValueError):
        degrade(fields, [Degradation(), Degradation(scale=2)], generator())
    with pytest.raises(ValueError):
        degrade(torch.zeros(1, 1, 15, 16), [Degradation(scale=2)], generator())
