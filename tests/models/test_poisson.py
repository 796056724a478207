"""The fast Poisson sampler beside SciPy's Poisson law."""

import numpy as np
import pytest
import torch
from scipy import stats

from models.restoration.crappify.poisson import COLUMNS, FEW, PER_PHOTON, alias_row, few, many, poisson

MEANS = [0.003, 0.3, 1.0, 3.33, 9.7, 20.2, 29.99, 30.0, 31.4, 50.0, 300.0]
DRAWS = 1_000_000


def draw(mean, seed=0, count=DRAWS):
    return poisson(torch.full((count,), mean), torch.Generator().manual_seed(seed)).numpy()


@pytest.mark.parametrize("mean", MEANS)
def test_mean_variance_and_skewness_are_those_of_poisson(mean):
    counts = draw(mean).astype(np.float64)
    fourth = mean * (1 + 3 * mean)  # central moment, gives the error of the variance
    assert counts.mean() == pytest.approx(mean, abs=3.5 * np.sqrt(mean / DRAWS))
    assert counts.var() == pytest.approx(mean, abs=3.5 * np.sqrt((fourth - mean**2) / DRAWS) + 1e-3 * mean)
    if mean >= 1:
        assert stats.skew(counts) == pytest.approx(mean**-0.5, abs=4 * np.sqrt(6 / DRAWS) + 0.02 * mean**-0.5)


@pytest.mark.parametrize("mean", MEANS)
def test_counts_are_distributed_as_poisson(mean):
    counts = draw(mean, seed=1).astype(int)
    low, high = (int(value) for value in stats.poisson.ppf((1e-4, 1 - 1e-4), mean))
    edges = np.arange(low, high + 1)
    seen = [
        np.sum(counts < low),
        *np.bincount(counts, minlength=high + 1)[low : high + 1],
        np.sum(counts > high),
    ]
    wanted = DRAWS * np.array(
        [stats.poisson.cdf(low - 1, mean), *stats.poisson.pmf(edges, mean), stats.poisson.sf(high, mean)]
    )
    used = wanted > 5
    distance = np.sum((np.array(seen)[used] - wanted[used]) ** 2 / wanted[used])
    assert stats.chi2.sf(distance, max(1, used.sum() - 1)) > 1e-3


@pytest.mark.parametrize("mean", [0.0, 1 / PER_PHOTON, 2.5, 17.0, FEW - 1 / PER_PHOTON])
def test_the_table_of_few_photons_holds_the_law_to_the_last_bit_of_a_random_number(mean):
    row = alias_row(mean).astype(np.float64)
    other, threshold = np.floor(row).astype(int), row % 1
    shares = threshold / COLUMNS
    np.add.at(shares, other, (1 - threshold) / COLUMNS)
    np.testing.assert_allclose(shares, stats.poisson.pmf(np.arange(COLUMNS), mean), rtol=0, atol=2e-7)


def test_the_approximation_differs_from_poisson_by_less_than_one_in_ten_thousand():
    z = np.linspace(-9, 9, 2_000_001)
    for mean in (FEW, 60.0, 1000.0):
        s = np.sqrt(mean - 1 / 12)
        x = mean + s * z + (z**2 - 1) / 6 + (z - z**3) / (72 * s)
        counts = np.arange(max(0, int(mean - 12 * s)), int(mean + 12 * s))
        below, above = (stats.norm.cdf(np.interp(counts + half, x, z)) for half in (-0.5, 0.5))
        assert np.abs(above - below - stats.poisson.pmf(counts, mean)).sum() / 2 < 1e-4


def test_bright_and_dark_pixels_of_one_image_each_have_their_law():
    means = torch.linspace(0, 60, 61).repeat_interleave(40_000)
    counts = poisson(means, torch.Generator().manual_seed(2)).view(61, -1).numpy()
    wanted = np.arange(61)
    assert np.all(np.abs(counts.mean(axis=1) - wanted) <= 4 * np.sqrt(wanted / 40_000))
    assert np.all(np.abs(counts[1:].var(axis=1) / wanted[1:] - 1) < 0.05)


def test_counts_are_whole_not_negative_and_none_without_light():
    counts = draw(0.4, count=10_000)
    assert np.array_equal(counts, np.round(counts))
    assert counts.min() == 0
    assert draw(0.0, count=1000).max() == 0
    assert draw(FEW, count=DRAWS).min() >= 0
    assert poisson(torch.zeros(0, 3), torch.Generator()).shape == (0, 3)


def test_a_seed_gives_the_same_counts_again():
    for mean in (3.0, 100.0):
        assert np.array_equal(draw(mean, seed=5, count=1000), draw(mean, seed=5, count=1000))
        assert not np.array_equal(draw(mean, seed=5, count=1000), draw(mean, seed=6, count=1000))


def test_the_shape_of_an_image_is_kept_and_so_is_the_image():
    for law, value in ((few, 2.0), (many, 80.0)):
        image = torch.full((2, 1, 5, 7), value)
        assert law(image, torch.Generator().manual_seed(0)).shape == image.shape
        assert torch.equal(image, torch.full((2, 1, 5, 7), value))


@pytest.mark.parametrize("bad", [-1.0, float("nan")])
def test_means_that_are_none_are_refused(bad):
    with pytest.raises(ValueError):
        poisson(torch.tensor([1.0, bad]), torch.Generator())
