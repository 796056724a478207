import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.metrics import structural_similarity

from models.training.losses import LOSSES, SCALE_WEIGHTS, charbonnier, ms_ssim, n_scales, pssr2, ssim


def images(side=192, *, seed=0, noise=0.1):
    rng = np.random.default_rng(seed)
    truth = ndimage.gaussian_filter(rng.random((side, side + 8)), 2)
    truth = (truth - truth.min()) / np.ptp(truth)
    return truth + noise * rng.standard_normal(truth.shape), truth


def batch(*planes):
    return torch.from_numpy(np.stack(planes))[:, None]


def windowed(image):
    """The valid part of a Gaussian mean, by SciPy."""
    return ndimage.gaussian_filter(image, 1.5, radius=5, mode="reflect")[5:-5, 5:-5]


def factors(p, y):
    mean_p, mean_y = windowed(p), windowed(y)
    var_p, var_y = windowed(p * p) - mean_p**2, windowed(y * y) - mean_y**2
    both = windowed(p * y) - mean_p * mean_y
    luminance = (2 * mean_p * mean_y + 1e-4) / (mean_p**2 + mean_y**2 + 1e-4)
    contrast = (2 * both + 9e-4) / (var_p + var_y + 9e-4)
    return float((luminance * contrast).mean()), float(contrast.mean())


def numpy_ms_ssim(p, y, scales=5):
    total = 1.0
    weights = np.array(SCALE_WEIGHTS[:scales]) / sum(SCALE_WEIGHTS[:scales])
    for scale, weight in enumerate(weights):
        whole, contrast = factors(p, y)
        total *= max(whole if scale == scales - 1 else contrast, 0) ** weight
        p, y = (
            np.pad(x, [(side % 2, side % 2) for side in x.shape]) for x in (p, y)
        )  # odd sides as in the published code
        p, y = (x[: len(x) // 2 * 2, : x.shape[1] // 2 * 2] for x in (p, y))
        p, y = (x.reshape(len(x) // 2, 2, -1, 2).mean((1, 3)) for x in (p, y))
    return total


def test_ssim_is_that_of_scikit_image():
    p, y = images()
    _, found = structural_similarity(
        y, p, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    wanted = found[5:-5, 5:-5].mean()
    assert float(ssim(batch(p), batch(y))) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("side", [161, 176, 192])
def test_ms_ssim_is_that_of_an_independent_program(side):
    p, y = images(side)
    assert float(ms_ssim(batch(p), batch(y))) == pytest.approx(numpy_ms_ssim(p, y), abs=1e-5)
    single = ms_ssim(batch(p).float(), batch(y).float())
    assert float(single) == pytest.approx(numpy_ms_ssim(p, y), abs=1e-5)


@pytest.mark.parametrize(
    ("side", "scales"), [(161, 5), (160, 4), (81, 4), (64, 3), (41, 3), (22, 2), (20, 1)]
)
def test_small_crops_have_fewer_scales(side, scales):
    assert n_scales(side) == scales
    p, y = images(side)
    assert float(ms_ssim(batch(p), batch(y))) == pytest.approx(numpy_ms_ssim(p, y, scales), abs=1e-5)


def test_one_scale_is_plain_ssim():
    p, y = images(16)
    assert float(ms_ssim(batch(p), batch(y))) == pytest.approx(float(ssim(batch(p), batch(y))))


def test_the_mix_of_pssr2_weighs_contrast_four_times_the_error():
    p, y = images()
    absolute = ndimage.gaussian_filter(np.abs(p - y), 1.5, radius=5, mode="constant").mean()
    wanted = 0.8 * (1 - numpy_ms_ssim(p, y)) + 0.2 * absolute
    assert float(pssr2(batch(p), batch(y))) == pytest.approx(wanted, abs=1e-5)


def test_the_mix_of_ours_weighs_contrast_first():
    p, y = images()
    wanted = 0.84 * (1 - numpy_ms_ssim(p, y)) + 0.16 * float(charbonnier(batch(p), batch(y)))
    assert float(LOSSES["ms_ssim"](batch(p), batch(y))) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_every_loss_is_least_for_equal_images_and_has_a_finite_slope(name):
    p, y = images(96, noise=0.3)
    image = batch(p, y).float().requires_grad_()
    truth = batch(y, y).float()
    loss = LOSSES[name](image, truth)
    loss.backward()
    assert torch.isfinite(image.grad).all()
    assert LOSSES[name](truth, truth) < loss
    worst = LOSSES[name](1 - image, truth)  # contrast turned round
    worst.backward()
    assert torch.isfinite(image.grad).all()


@pytest.mark.parametrize("name", ["ms_ssim", "pssr2", "charbonnier_ssim"])
def test_structural_losses_count_in_single_precision_under_autocast(name):
    p, y = images(176)
    image, truth = batch(p).float(), batch(y).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = LOSSES[name](image, truth)
    assert float(half) == pytest.approx(float(LOSSES[name](image, truth)), abs=1e-6)
