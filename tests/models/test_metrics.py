import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from models.restoration.metrics import (
    fit_affine,
    flicker,
    intensity_range,
    psnr,
    psnr_fit,
    scores,
    ssim,
    still_regions,
)


@pytest.fixture(scope="module")
def truth():
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:512, :512] / 40
    return 1000 + 300 * np.sin(x) * np.cos(y) + 20 * rng.standard_normal((512, 512))


def test_psnr_of_known_noise_is_20_log_range_over_sd(truth):
    noisy = truth + 50 * np.random.default_rng(0).standard_normal(truth.shape)
    data_range = intensity_range(truth)
    assert psnr(truth, noisy, data_range) == pytest.approx(20 * np.log10(data_range / 50), abs=0.05)


@settings(max_examples=25, deadline=None)
@given(gain=st.floats(1e-3, 1e3), shift=st.floats(-1e4, 1e4))
def test_psnr_fit_does_not_see_gain_and_offset(truth, gain, shift):
    noisy = truth + 50 * np.random.default_rng(0).standard_normal(truth.shape)
    data_range = intensity_range(truth)
    assert psnr_fit(truth, gain * noisy + shift, data_range) == pytest.approx(
        psnr_fit(truth, noisy, data_range), abs=1e-6
    )


def test_psnr_fit_equals_the_psnr_after_the_explicit_fit(truth):
    noisy = 0.3 * truth + 70 * np.random.default_rng(1).standard_normal(truth.shape)
    a, b = fit_affine(truth, noisy)
    data_range = intensity_range(truth)
    assert psnr_fit(truth, noisy, data_range) == pytest.approx(
        psnr(truth, a * noisy + b, data_range), abs=1e-9
    )


def test_ssim_is_the_one_of_scikit_image_with_the_gaussian_window(truth):
    noisy = truth + 50 * np.random.default_rng(0).standard_normal(truth.shape)
    data_range = intensity_range(truth)
    wanted = structural_similarity(
        truth, noisy, data_range=data_range, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert ssim(truth, noisy, data_range) == pytest.approx(wanted, abs=1e-6)
    assert ssim(truth, truth, data_range) == pytest.approx(1)


def test_three_images_have_three_scores(truth):
    rng = np.random.default_rng(5)
    found = {
        round(scores(truth, truth + sd * rng.standard_normal(truth.shape)).psnr_fit, 3) for sd in (5, 20, 80)
    }
    assert len(found) == 3


def test_a_constant_answer_has_defined_scores(truth):
    constant = scores(truth, np.full_like(truth, 7.0))
    assert np.isnan(constant.psnr_fit)
    assert constant.gain == 0
    assert np.isfinite([constant.psnr, constant.ssim, constant.nrmse]).all()


def test_a_perfect_answer_is_perfect(truth):
    perfect = scores(truth, 2 * truth - 5)
    assert perfect.nrmse < 1e-9
    assert perfect.gain == pytest.approx(0.5)


def test_planes_that_do_not_match_are_refused(truth):
    with pytest.raises(ValueError):
        scores(truth, truth[:-1])
    with pytest.raises(ValueError):
        scores(truth[:8, :8], truth[:8, :8])


def movie_with_a_spot_that_moves(frames=6, side=96):
    y, x = np.mgrid[:side, :side]
    spots = [np.exp(-((y - 30) ** 2 + (x - 25 - 6 * t) ** 2) / 20) for t in range(frames)]
    return np.stack(spots) + np.exp(-((y - 75) ** 2 + (x - 75) ** 2) / 60)


def test_still_regions_leave_out_what_moves_and_keep_what_stands():
    still = still_regions(movie_with_a_spot_that_moves())
    assert still.mean() >= 0.5
    assert not still[30, 25:55].any()
    assert still_regions(np.ones((3, 20, 20))).all()


def test_flicker_of_noise_is_its_standard_deviation_and_of_a_still_movie_nothing():
    good = movie_with_a_spot_that_moves()
    still = still_regions(good)
    noisy = good + 0.05 * np.random.default_rng(0).standard_normal(good.shape)
    assert flicker(noisy, still, 1.0) == pytest.approx(0.05, rel=0.05)
    assert flicker(100 * noisy, still, 100.0) == pytest.approx(0.05, rel=0.05)
    assert flicker(good, still, 1.0) < 1e-3
    wrong = good + np.random.default_rng(1).standard_normal(good.shape[1:])
    assert flicker(wrong, still, 1.0) < 1e-3


def test_flicker_of_a_single_picture_is_refused():
    with pytest.raises(ValueError, match="two frames"):
        flicker(np.ones((1, 5, 5)), np.ones((5, 5), bool), 1.0)
