import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from models.restoration.metrics import (
    fit_affine,
    intensity_range,
    psnr,
    psnr_fit,
    scores,
    ssim,
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
