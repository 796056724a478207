"""What happens to light on its way: uneven illumination, blur, and the spread of a measured spot."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor

from models.restoration.crappify.kernel import Kernel, is_kernel


def shade(
    x: Tensor,
    offset: Tensor,
    loss: Tensor,
    centres: Sequence[tuple[float, float]],
    *,
    top: int = 0,
    height: int = 0,
) -> Tensor:
    """Darken images away from the brightest point of their illumination.

    Light is multiplied by ``1 - loss * d^2 / d_max^2``, d being the distance to the brightest point in parts
    of the sides, d_max that of the farthest corner.

    Parameters
    ----------
    x : (n, 1, h, w)
    offset, loss : (n, 1, 1, 1)
        Gray level without light, which stays; part of the light that the farthest corner loses.
    centres : sequence of n (y, x)
        Brightest points in parts of the sides, 0 to 1.
    top, height : int
        Where `x` is only a band of rows of an image: its first row, and the rows of the whole image.
    """
    h, w = x.shape[-2:]
    whole = height or h
    centre = torch.tensor(centres, dtype=torch.float32, device=x.device).view(-1, 2, 1, 1, 1)
    rows = ((torch.arange(top, top + h, device=x.device) + 0.5) / whole).view(1, 1, h, 1) - centre[:, 0]
    columns = ((torch.arange(w, device=x.device) + 0.5) / w).view(1, 1, 1, w) - centre[:, 1]
    farthest = torch.maximum(centre, 1 - centre).square().sum(dim=1)  # (n, 1, 1, 1)
    light = 1 - loss * (rows.square() + columns.square()) / farthest
    return torch.where(loss > 0, offset + (x - offset) * light, x)


def blur(x: Tensor, sigmas: Sequence[float]) -> Tensor:
    """Blur each image of ``(n, 1, h, w)`` by its own standard deviation in pixels; edges are repeated."""
    if not any(sigmas):
        return x
    kernels = gaussians(sigmas, x.device)  # (n, k)
    n, k = kernels.shape
    pad = k // 2
    y = F.pad(x.transpose(0, 1), (pad, pad, pad, pad), mode="replicate")  # (1, n, h + 2p, w + 2p)
    y = F.conv2d(y, kernels.view(n, 1, k, 1), groups=n)
    y = F.conv2d(y, kernels.view(n, 1, 1, k), groups=n)
    return y.transpose(0, 1)


def gaussians(sigmas: Sequence[float], device: torch.device) -> Tensor:
    """Return one normalised Gaussian per row, truncated at four standard deviations, shape (n, 2 r + 1)."""
    radius = max(1, int(4 * max(sigmas) + 0.5))
    x = torch.arange(-radius, radius + 1, dtype=torch.float32, device=device)
    widths = torch.tensor(sigmas, dtype=torch.float32, device=device).clamp_min(1e-3).view(-1, 1)
    reach = torch.floor(4 * widths + 0.5)
    kernels = torch.exp(-0.5 * (x / widths) ** 2) * (x.abs() <= reach)
    return kernels / kernels.sum(dim=1, keepdim=True)


def spread(x: Tensor, kernels: Sequence[Kernel]) -> Tensor:
    """Spread every point of each image of ``(n, 1, h, w)`` as its kernel says; edges are repeated.

    An empty kernel leaves its image as it is.

    Raises
    ------
    ValueError
        If a kernel is no table with two odd sides and a positive sum.
    """
    chosen = [index for index, kernel in enumerate(kernels) if kernel]
    if not chosen:
        return x
    spots = [_spot(kernels[index]).to(x.device) for index in chosen]
    down, across = (max(spot.shape[axis] for spot in spots) // 2 for axis in (0, 1))
    images = F.pad(x[chosen], (across, across, down, down), mode="replicate")
    sides = images.shape[-2:]
    waves = torch.stack([torch.fft.rfft2(_centred(spot, sides)) for spot in spots])[:, None]
    blurred = torch.fft.irfft2(torch.fft.rfft2(images) * waves, s=sides)
    y = x.clone()
    y[chosen] = blurred[..., down : sides[0] - down, across : sides[1] - across]
    return y


def _spot(kernel: Kernel) -> Tensor:
    if not is_kernel(kernel):
        raise ValueError("a kernel has two odd sides and a positive sum")
    spot = torch.tensor(kernel, dtype=torch.float32)
    return spot / spot.sum()


def _centred(spot: Tensor, sides: Sequence[int]) -> Tensor:
    """Return `spot` on a field of `sides`, its middle at the first pixel, wrapped round."""
    h, w = spot.shape
    field = F.pad(spot, (0, sides[1] - w, 0, sides[0] - h))
    return torch.roll(field, (-(h // 2), -(w // 2)), dims=(0, 1))
