"""What training makes small. None of them rewards invented detail."""

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor

LossName = Literal["charbonnier_ssim", "charbonnier", "mse"]
Loss = Callable[[Tensor, Tensor], Tensor]


def charbonnier(image: Tensor, truth: Tensor, eps: float = 1e-3) -> Tensor:
    """Return ``mean(sqrt((image - truth)² + eps²))``, a smooth absolute error."""
    return torch.sqrt((image - truth).square() + eps * eps).mean()


def mse(image: Tensor, truth: Tensor) -> Tensor:
    """Return the mean squared error."""
    return F.mse_loss(image, truth)


def ssim(image: Tensor, truth: Tensor, data_range: float = 1.0) -> Tensor:
    """Return the mean structural similarity of ``(n, 1, h, w)`` batches, Gaussian window 11, sigma 1.5."""
    x = torch.arange(-5, 6, dtype=image.dtype, device=image.device)
    window = torch.exp(-0.5 * (x / 1.5) ** 2)
    window = window / window.sum()

    def mean(values: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(values, window.view(1, 1, -1, 1)), window.view(1, 1, 1, -1))

    mean_p, mean_y = mean(image), mean(truth)
    var_p = mean(image * image) - mean_p**2
    var_y = mean(truth * truth) - mean_y**2
    both = mean(image * truth) - mean_p * mean_y
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    index = ((2 * mean_p * mean_y + c1) * (2 * both + c2)) / (
        (mean_p**2 + mean_y**2 + c1) * (var_p + var_y + c2)
    )
    return index.mean()


def charbonnier_ssim(image: Tensor, truth: Tensor) -> Tensor:
    """Return ``charbonnier + 0.05 (1 - SSIM)``, the default: intensities first, local contrast second."""
    return charbonnier(image, truth) + 0.05 * (1 - ssim(image, truth))


LOSSES: dict[LossName, Loss] = {
    "charbonnier_ssim": charbonnier_ssim,
    "charbonnier": charbonnier,
    "mse": mse,
}
