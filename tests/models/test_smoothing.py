import numpy as np
import pytest

from models.knobs import with_values
from models.restoration.inference import restore, result_info
from models.restoration.registry import FAMILIES, family
from models.smoothing import filters
from models.smoothing.family import Smoothing, SmoothingRestorer
from models.smoothing.filters import METHODS, Filter, NoiseModel
from models.smoothing.params import Params
from models.smoothing.tuning import best_blind, hidden_error, tune_blind, tune_with_truth
from models.smoothing.upsample import REACH, upsample
from tests.models.arrays import ArraySink, ArraySource

rng = np.random.default_rng(7)


def cells(side=160):
    """Smooth blobs on a sloping background, between 0 and about 1."""
    y, x = np.mgrid[:side, :side] / side
    spots = np.random.default_rng(11).uniform(0, 1, (25, 3))
    image = 0.2 * x + sum(
        np.exp(-((y - a) ** 2 + (x - b) ** 2) / (2 * (0.01 + 0.04 * c) ** 2)) for a, b, c in spots
    )
    return (image / image.max()).astype(np.float32)


def noisy(image, sd):
    return (image + np.random.default_rng(1).normal(0, sd, image.shape)).astype(np.float32)


def psnr(image, truth):
    return float(-10 * np.log10(np.mean((image - truth) ** 2)))


@pytest.mark.parametrize("method", METHODS)
def test_every_filter_brings_a_noisy_image_closer_to_the_truth(method):
    truth = cells()
    image = noisy(truth, 0.15)
    assert psnr(filters.smooth(image, method, tune_blind(image, method)), truth) > psnr(image, truth) + 6


@pytest.mark.parametrize("method", METHODS)
def test_blind_tuning_comes_close_to_tuning_with_the_truth(method):
    truth = cells()
    image = noisy(truth, 0.15)
    blind = filters.smooth(image, method, tune_blind(image, method))
    best = filters.smooth(image, method, tune_with_truth(image, truth, method, psnr))
    assert psnr(best, truth) >= psnr(blind, truth) > psnr(best, truth) - 0.6


def test_more_noise_asks_for_more_smoothing():
    sigmas = [tune_blind(noisy(cells(), sd), "gaussian") for sd in (0.02, 0.2)]
    assert sigmas[0] < sigmas[1]


def test_blind_tuning_prefers_the_method_that_fits_the_structure():
    steps = np.kron(np.random.default_rng(2).uniform(0, 1, (6, 6)), np.ones((25, 25))).astype(np.float32)
    assert best_blind([noisy(steps, 0.2)], METHODS)[0].method != "gaussian"


def test_the_error_of_hidden_pixels_never_sees_them():
    image = noisy(cells(40), 0.1)
    nothing = Filter("gaussian", 1e-6, 0.1, 1.0)
    # A filter that does nothing can only repeat the neighbours' mean: its error is above the noise.
    assert hidden_error([image], nothing) > 0.1**2


def test_tuning_with_the_truth_scores_the_enlarged_result():
    truth = upsample(cells(60), 2, "bicubic")
    shapes = []

    def score(result, expected):
        shapes.append((result.shape, expected.shape))
        return psnr(result, expected)

    tune_with_truth(noisy(cells(60), 0.1), truth, "gaussian", score, scale=2)
    assert set(shapes) == {((120, 120), (120, 120))}


@pytest.mark.parametrize("estimate", [filters.immerkaer_sd, filters.wavelet_sd])
@pytest.mark.parametrize("sd", [0.05, 0.2, 30.0])
def test_the_noise_level_is_found(estimate, sd):
    assert estimate(noisy(cells(256), sd)) == pytest.approx(sd, rel=0.06)


@pytest.mark.parametrize("estimate", [filters.immerkaer_sd, filters.wavelet_sd])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (20, 20)])
def test_a_flat_image_has_no_noise_whatever_its_size(estimate, shape):
    assert estimate(np.full(shape, 3.0, np.float32)) == 0


def test_stabilising_makes_the_noise_the_same_everywhere_and_comes_back_without_bias():
    camera = NoiseModel(gain=2.5, read_sd=3.0, offset=100.0)
    for photons in (5, 20, 200):
        counts = rng.poisson(photons, 200_000) * camera.gain + camera.offset + rng.normal(0, 3, 200_000)
        plane = filters.stabilised(counts[None].astype(np.float32), camera)
        assert plane.std() == pytest.approx(1, abs=0.07)
        mean = filters.unstabilised(np.full((1, 1), plane.mean(), np.float32), camera)[0, 0]
        assert mean - camera.offset == pytest.approx(photons * camera.gain, rel=0.01)


def test_non_local_means_handles_shot_noise_better_when_the_camera_is_known():
    truth = 3 + 60 * cells()
    image = rng.poisson(truth).astype(np.float32)
    known = filters.nlm(image, 0, 1.0, noise=NoiseModel(gain=1.0))
    unknown = filters.nlm(image, filters.wavelet_sd(image), 1.0)
    assert psnr(known, truth) > psnr(unknown, truth)


def test_total_variation_solves_the_same_problem_as_scikit_image():
    from skimage.restoration import denoise_tv_chambolle

    image = noisy(cells(64), 0.2)
    expected = denoise_tv_chambolle(image.astype(np.float64), weight=0.1, eps=1e-9, max_num_iter=2000)
    np.testing.assert_allclose(filters.tv(image, 0.1, steps=400), expected, atol=2e-3)
    np.testing.assert_allclose(filters.tv(image, 0.1), expected, atol=2e-2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_filters_do_not_mind_the_scale_of_the_intensities(method, scale):
    image = noisy(cells(80), 0.1)
    parameter = filters.GRIDS[method][2]
    expected = filters.smooth(image, method, parameter)
    result = filters.smooth(image * np.float32(scale), method, parameter) / scale
    np.testing.assert_allclose(result, expected, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_pixels_beyond_the_reach_have_no_influence(method):
    image = noisy(cells(140), 0.1)
    trial = filters.measured_filter(image, method, filters.GRIDS[method][-1])
    changed = image.copy()
    changed[:, 70 + trial.reach :] += 5
    np.testing.assert_allclose(trial(changed)[:, :70], trial(image)[:, :70], atol=1e-6)


@pytest.mark.parametrize("method", ["nlm", "tv"])
def test_no_strength_means_no_change(method):
    image = noisy(cells(30), 0.1)
    np.testing.assert_array_equal(Filter(method, 0.0, 0.1, 1.0)(image), image)


@pytest.mark.parametrize("order", REACH)
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_enlarging_keeps_flat_images_flat(order, scale):
    fine = upsample(np.full((2, 5, 7), 3.0, np.float32), scale, order)
    assert fine.shape == (2, 5 * scale, 7 * scale)
    np.testing.assert_allclose(fine, 3, rtol=1e-6)


@pytest.mark.parametrize("order", ["bilinear", "bicubic"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_enlarging_puts_pixel_centres_where_they_belong(order, scale):
    ramp = np.tile(np.arange(20, dtype=np.float32), (20, 1))
    fine = upsample(ramp, scale, order)
    expected = (np.arange(20 * scale) + 0.5) / scale - 0.5
    np.testing.assert_allclose(fine[30, 3 * scale : -3 * scale], expected[3 * scale : -3 * scale], atol=1e-4)


@pytest.mark.parametrize("order", REACH)
def test_enlarging_threefold_keeps_the_samples(order):
    image = rng.uniform(0, 1, (9, 11)).astype(np.float32)
    np.testing.assert_allclose(upsample(image, 3, order)[1::3, 1::3], image, atol=1e-6)


def test_nearest_repeats_pixels():
    image = rng.uniform(0, 1, (4, 5)).astype(np.float32)
    np.testing.assert_array_equal(upsample(image, 4, "nearest"), image.repeat(4, 0).repeat(4, 1))


def test_bicubic_agrees_with_the_kernel_of_keys():
    fine = upsample(np.array([[0, 0, 0, 1, 0, 0, 0]], np.float32), 2, "bicubic")[0]
    quarters = (1.5 * 0.25**3 - 2.5 * 0.25**2 + 1, 1.5 * 0.75**3 - 2.5 * 0.75**2 + 1)
    beyond = -0.5 * 1.25**3 + 2.5 * 1.25**2 - 4 * 1.25 + 2
    np.testing.assert_allclose(fine[7:10], [*quarters, beyond], atol=1e-6)


def loaded(**values):
    return family("smoothing").load(b"", b"", with_values(Params, values.items()), "cpu", "float32")


def test_every_row_of_the_registry_names_a_module_and_a_class():
    assert all(row.count(":") == 1 for row in FAMILIES.values())
    assert isinstance(family("smoothing"), Smoothing)


def test_an_unknown_family_is_refused():
    with pytest.raises(KeyError):
        family("alchemy")


def test_smoothing_chooses_by_itself_and_states_its_reach():
    restorer = loaded().tuned(noisy(cells(96), 0.1)[None])
    assert isinstance(restorer, SmoothingRestorer)
    assert restorer.filter is not None
    assert restorer.traits.halo == restorer.filter.reach


def test_strength_multiplies_what_the_image_suggests():
    sample = noisy(cells(96), 0.1)[None]
    one, two = (loaded(method="gaussian", strength=s).tuned(sample).filter.parameter for s in (1.0, 2.0))
    assert two == pytest.approx(2 * one)


def test_a_filter_must_be_tuned_before_it_runs():
    with pytest.raises(ValueError, match="before it was tuned"):
        loaded().run(np.zeros((1, 8, 8), np.float32))


def test_smoothing_stays_on_the_processor():
    restorer = loaded()
    assert restorer.moved("cuda:0", "float16") is restorer
    assert restorer.is_out_of_memory(MemoryError())
    assert not restorer.is_out_of_memory(RuntimeError())


class Settled(SmoothingRestorer):
    """Smoothing that has chosen already."""

    def tuned(self, sample):
        return self


@pytest.mark.parametrize("tile", [120, 171])
@pytest.mark.parametrize("method", METHODS)
def test_smoothing_in_tiles_is_smoothing_at_once(method, tile):
    plane = noisy(cells(230), 0.1)
    chosen = filters.measured_filter(plane, method, filters.GRIDS[method][2])
    source = ArraySource((plane * 1000 + 500)[None, None, None])
    sinks = []
    for side in (1000, tile):
        sinks.append(ArraySink(result_info(source.info, 1)))
        restore(source, sinks[-1], Settled(Params(), chosen), tile=side)
    np.testing.assert_allclose(sinks[0].pixels, sinks[1].pixels, atol=1e-4 * np.ptp(source.pixels))


def test_strips_of_a_tile_are_filtered_like_the_whole():
    image = noisy(cells(230), 0.1)
    restorer = loaded(method="tv").tuned(image[None, :96, :96])
    np.testing.assert_allclose(restorer.run(image[None])[0], restorer.filter(image), atol=1e-6)
