"""Fewer pixels, as microscopes take them."""

from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor

Sampling = Literal["point", "line", "area", "smooth"]


def sample(x: Tensor, scale: int, how: Sampling) -> Tensor:
    """Keep one pixel per ``scale x scale`` block, as the microscope of the kind `how` would.

    Centres lie at ``scale * i + (scale - 1) / 2``; for an even scale, whose centres fall between pixels, a
    point is the mean of the pixels that touch it.
    """
    if scale == 1:
        return x
    if how == "area":
        return F.avg_pool2d(x, scale)
    centre = slice((scale - 1) // 2, scale // 2 + 1)  # one pixel of an odd block, two of an even one
    n, c, h, w = x.shape
    rows = x.view(n, c, h // scale, scale, w)[:, :, :, centre].mean(dim=3)  # (n, c, h / scale, w)
    if how == "line":
        return F.avg_pool2d(rows, (1, scale))
    if how == "point":
        return rows.view(n, c, h // scale, w // scale, scale)[..., centre].mean(dim=-1)
    offsets = torch.arange(2 * scale, dtype=torch.float32, device=x.device) - scale + 0.5
    triangle = (1 - offsets.abs() / scale).clamp_min(0)
    triangle = triangle / triangle.sum()  # (2 scale,)
    pad = scale // 2
    y = F.pad(x, (pad, pad, pad, pad), mode="replicate")
    y = F.conv2d(y, triangle.view(1, 1, -1, 1), stride=(scale, 1))
    return F.conv2d(y, triangle.view(1, 1, 1, -1), stride=(1, scale))
