"""What the lines of a scanned image and the columns of a camera do: offsets and jitter."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Generator, Tensor

from models.restoration.crappify.optics import gaussians


def line_noise(x: Tensor, reach: Sequence[float], generator: Generator) -> Tensor:
    """Return one standard normal number per line of ``(n, 1, h, w)``, shape (n, 1, h, 1).

    Neighbouring lines are correlated by a Gaussian whose standard deviation in lines is `reach`, one per
    image; 0 means independent lines.
    """
    n, _, h, _ = x.shape
    kernels = gaussians(reach, x.device)  # (n, 2 r + 1)
    pad = kernels.shape[1] // 2 if any(reach) else 0
    noise = torch.randn((n, h + 2 * pad), generator=generator, device=x.device)
    if pad:
        kernels = kernels / kernels.square().sum(dim=1, keepdim=True).sqrt()
        noise = F.conv1d(noise[None], kernels[:, None], groups=n)[0]  # (n, h)
    return noise.view(n, 1, h, 1)


def column_noise(x: Tensor, generator: Generator) -> Tensor:
    """Return one standard normal number per column of ``(n, 1, h, w)``, shape (n, 1, 1, w)."""
    return torch.randn((len(x), 1, 1, x.shape[-1]), generator=generator, device=x.device)


def shift_lines(x: Tensor, pixels: Tensor) -> Tensor:
    """Take every line as if the beam came late: at position i lies what lay at ``i + pixels``.

    Parameters
    ----------
    x : (n, 1, h, w)
    pixels : (n, 1, h, 1)
        Any sign; values between pixels are interpolated linearly, edges are repeated.
    """
    last = x.shape[-1] - 1
    places = (torch.arange(last + 1, device=x.device) + pixels).clamp(0, last)  # (n, 1, h, w)
    left = places.floor()
    right = (left + 1).clamp_max(last)
    return torch.lerp(x.gather(-1, left.long()), x.gather(-1, right.long()), places - left)
