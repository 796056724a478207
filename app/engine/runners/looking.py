"""Which part of a plane is worth looking at."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

Plane = np.ndarray

CROP = 64  # pixels a side
CALM_PX = 2.0
PLACES = 9  # tried along each side


def middle(plane: Plane, side: int) -> Plane:
    """Return the middle of a plane, at most `side` pixels a side."""
    tall, wide = (min(extent, side) for extent in plane.shape)
    top, left = (plane.shape[0] - tall) // 2, (plane.shape[1] - wide) // 2
    return plane[top : top + tall, left : left + wide]


def busiest(plane: Plane, tall: int, wide: int) -> tuple[int, int]:
    """Return the corner of the crop in which most is to be seen; noise does not count."""
    calm = ndimage.gaussian_filter(plane, CALM_PX, mode="nearest")
    corners = [
        (int(y), int(x))
        for y in np.unique(np.linspace(0, plane.shape[0] - tall, PLACES).astype(int))
        for x in np.unique(np.linspace(0, plane.shape[1] - wide, PLACES).astype(int))
    ]
    return max(corners, key=lambda at: float(calm[at[0] : at[0] + tall : 2, at[1] : at[1] + wide : 2].std()))


def crops(planes: Sequence[Plane], count: int, seed: int) -> np.ndarray:
    """Return ``(n, 64, 64)`` of the crops in which most is to be seen, in no order; n is at most `count`."""
    found = []
    for plane in planes:
        calm = ndimage.gaussian_filter(plane, CALM_PX, mode="nearest")
        for y in range(0, plane.shape[0] - CROP + 1, CROP):
            for x in range(0, plane.shape[1] - CROP + 1, CROP):
                box = (slice(y, y + CROP), slice(x, x + CROP))
                found.append((float(calm[box].std()), plane[box]))
    found.sort(key=lambda one: -one[0])
    most = found[: max(count, len(found) // 2)]
    chosen = np.random.default_rng(seed).permutation(len(most))[:count]
    return np.stack([most[i][1] for i in chosen]).astype(np.float32)
