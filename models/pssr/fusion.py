"""Putting the neighbours of a frame to use where nothing moved: a mean over time that motion cannot smear.

For every neighbour, its difference to the middle frame is compared with what noise alone would leave::

    r = 9 mean((mean3x3 d)²) / mean(d²),  d = neighbour - middle,  outer means over 9 x 9 pixels

White noise gives r = 1 whatever its strength, since a mean of nine values has a ninth of the variance; a
difference that hangs together, an object that moved, gives up to 9. The neighbour counts with weight
``1 / (1 + (r / 1.7)⁴)``, the middle frame with 1. Nothing is learned; the intensity scale does not matter.
"""

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor

REACH = 5  # input pixels that a weight sees to each side
_DOUBTFUL = 1.7  # ratio at which a neighbour counts by half


def fused(frames: Tensor) -> Tensor:
    """Return the mean over time, (n, 1, h, w), of ``(n, frames, h, w)`` and, behind it, how frames differ.

    Parameters
    ----------
    frames : (n, f, h, w)
        f is odd; the middle one is the frame to restore.

    Returns
    -------
    (n, 1 + f, h, w)
        The mean, then every frame less the mean.
    """
    seen = frames.float() if frames.dtype in (torch.float16, torch.bfloat16) else frames
    middle = seen.shape[1] // 2
    difference = seen - seen[:, middle : middle + 1]  # (n, f, h, w)
    together = _mean(_mean(difference, 3).square(), 9)
    ratio = 9 * together / _mean(difference.square(), 9).clamp_min(1e-12)
    trust = 1 / (1 + (ratio / _DOUBTFUL) ** 4)  # 1 for the middle frame itself
    mean = (trust * seen).sum(dim=1, keepdim=True) / trust.sum(dim=1, keepdim=True)  # (n, 1, h, w)
    return torch.cat([mean, seen - mean], dim=1).to(frames.dtype)


def _mean(x: Tensor, side: int) -> Tensor:
    """Return the mean over squares of `side` pixels; zeros lie outside."""
    down = F.avg_pool2d(x, (side, 1), stride=1, padding=(side // 2, 0))
    return F.avg_pool2d(down, (1, side), stride=1, padding=(0, side // 2))
