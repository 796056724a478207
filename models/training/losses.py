"""What training makes small. None of them rewards invented detail."""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor

from models.training.recipe import LossName

Loss = Callable[[Tensor, Tensor], Tensor]

WINDOW, SIGMA = 11, 1.5  # of the Gaussian window of every structural similarity
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang et al., Asilomar 2003


def charbonnier(image: Tensor, truth: Tensor, eps: float = 1e-3) -> Tensor:
    """Return ``mean(sqrt((image - truth)² + eps²))``, a smooth absolute error."""
    return torch.sqrt((image - truth).square() + eps * eps).mean()


def mse(image: Tensor, truth: Tensor) -> Tensor:
    """Return the mean squared error."""
    return F.mse_loss(image, truth)


def ssim(image: Tensor, truth: Tensor, data_range: float = 1.0) -> Tensor:
    """Return the mean structural similarity of ``(n, 1, h, w)`` batches, Gaussian window 11, sigma 1.5."""
    luminance, contrast = _similarity(_exact(image), _exact(truth), data_range)
    return (luminance * contrast).mean()


def ms_ssim(image: Tensor, truth: Tensor, data_range: float = 1.0) -> Tensor:
    """Return the multi-scale structural similarity of ``(n, 1, h, w)`` batches.

    Contrast at the finer scales, luminance too at the coarsest, a 2 x 2 mean in between; factors below zero
    count as zero. With a side under 161 pixels there are fewer scales than five and their weights are
    enlarged to the same sum; under 22 pixels this is SSIM.
    """
    image, truth = _exact(image), _exact(truth)
    scales = n_scales(min(image.shape[-2:]))
    weights = [weight / sum(SCALE_WEIGHTS[:scales]) for weight in SCALE_WEIGHTS[:scales]]
    total = image.new_ones(len(image))
    for scale, weight in enumerate(weights):
        luminance, contrast = _similarity(image, truth, data_range)
        is_last = scale == scales - 1
        factor = (luminance * contrast if is_last else contrast).flatten(1).mean(dim=1)  # (n,)
        # The tiny floor keeps the slope of a power below one finite.
        total = total * factor.clamp_min(1e-8) ** weight
        if not is_last:
            image, truth = _halved(image), _halved(truth)
    return total.mean()


def n_scales(side: int) -> int:
    """Return how many scales of `ms_ssim` fit into images whose shorter side has `side` pixels: 1 to 5."""
    scales = len(SCALE_WEIGHTS)
    while scales > 1 and side <= (WINDOW - 1) * 2 ** (scales - 1):
        scales -= 1
    return scales


def _halved(image: Tensor) -> Tensor:
    """Return 2 x 2 means; an odd side gets a row of zeros before it, as in the published code."""
    odd = [side % 2 for side in image.shape[-2:]]
    return F.avg_pool2d(image, 2, padding=odd)


def _exact(image: Tensor) -> Tensor:
    """Return `image` in at least single precision: sums of squares need it."""
    return image if image.dtype == torch.float64 else image.float()


def _window_mean(values: Tensor, *, padding: int = 0) -> Tensor:
    x = torch.arange(WINDOW, dtype=values.dtype, device=values.device) - WINDOW // 2
    window = torch.exp(-0.5 * (x / SIGMA) ** 2)
    window = window / window.sum()
    with torch.autocast(values.device.type, enabled=False):
        values = F.conv2d(values, window.view(1, 1, -1, 1), padding=(padding, 0))
        return F.conv2d(values, window.view(1, 1, 1, -1), padding=(0, padding))


def _similarity(image: Tensor, truth: Tensor, data_range: float) -> tuple[Tensor, Tensor]:
    """Return the luminance and the contrast-and-structure factor at every position of the window."""
    mean_p, mean_y = _window_mean(image), _window_mean(truth)
    var_p = _window_mean(image * image) - mean_p**2
    var_y = _window_mean(truth * truth) - mean_y**2
    both = _window_mean(image * truth) - mean_p * mean_y
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    luminance = (2 * mean_p * mean_y + c1) / (mean_p**2 + mean_y**2 + c1)
    return luminance, (2 * both + c2) / (var_p + var_y + c2)


def charbonnier_ssim(image: Tensor, truth: Tensor) -> Tensor:
    """Return ``charbonnier + 0.05 (1 - SSIM)``, the default: intensities first, local contrast second."""
    return charbonnier(image, truth) + 0.05 * (1 - ssim(image, truth))


def ms_ssim_charbonnier(image: Tensor, truth: Tensor) -> Tensor:
    """Return ``0.84 (1 - MS-SSIM) + 0.16 charbonnier``: contrast at all scales first."""
    return 0.84 * (1 - ms_ssim(image, truth)) + 0.16 * charbonnier(image, truth)


def pssr2(image: Tensor, truth: Tensor) -> Tensor:
    """Return PSSR2's ``0.8 (1 - MS-SSIM) + 0.2 mean(G |image - truth|)``, G the window of the SSIM.

    After Zhao et al., IEEE TCI 3, 47 (2017); images on a scale of 0 to 1.
    """
    absolute = _window_mean((_exact(image) - _exact(truth)).abs(), padding=WINDOW // 2).mean()
    return 0.8 * (1 - ms_ssim(image, truth)) + 0.2 * absolute


LOSSES: dict[LossName, Loss] = {
    "charbonnier_ssim": charbonnier_ssim,
    "charbonnier": charbonnier,
    "mse": mse,
    "ms_ssim": ms_ssim_charbonnier,
    "pssr2": pssr2,
}
