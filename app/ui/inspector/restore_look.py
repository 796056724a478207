"""A first look at the pixels, in the background: how noisy an image is, in words. No Qt."""

import numpy as np
from numpy.typing import NDArray

from models.knobs import N_
from models.source import ImageSource, Region

SIDE = 1024  # of the part in the middle that is looked at
NOISY, VERY_NOISY = 0.06, 0.15  # noise as a share of the range between the 1st and the 99.5th percentile


def look_at(source: ImageSource) -> str:
    """Say how noisy the middle of an image is; for a thread."""
    info = source.info
    _times, _channels, depth, height, width = info.shape
    tall, wide = min(height, SIDE), min(width, SIDE)
    y, x, z = (height - tall) // 2, (width - wide) // 2, depth // 2
    middle = Region((0, 1), (0, 1), (z, z + 1), (y, y + tall), (x, x + wide))
    plane = source.read(middle)[0, 0, 0].astype(np.float32)
    return noise_words(np.nan_to_num(plane, posinf=0.0, neginf=0.0))


def noise_words(plane: NDArray[np.float32]) -> str:
    """Say how noisy a plane is, by comparing neighbouring pixels with the range of all; empty if flat.

    References
    ----------
    Immerkær, Fast noise variance estimation, CVIU 1996: the mask that cancels planes and edges.
    """
    low, high = np.percentile(plane, (1, 99.5))
    if min(plane.shape) < 3 or high <= low:
        return ""
    rows = plane[:-2] - 2 * plane[1:-1] + plane[2:]
    mask = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    share = float(np.median(np.abs(mask)) / 0.6745 / 6 / (high - low))
    if share >= VERY_NOISY:
        return N_("very noisy")
    return N_("noisy") if share >= NOISY else N_("little noise")
