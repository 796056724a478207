"""A first look at the pixels, in the background: where most is to be seen, and how noisy it is. No Qt."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.knobs import N_
from models.source import ImageInfo, ImageSource, Region

PREVIEW = 256  # side of the preview box in pixels of the original
COARSE = 1024  # a level with about this side is enough to find the richest spot
LARGEST = 4096  # of a plane that has no coarse level no more than this is read
NOISY, VERY_NOISY = 0.06, 0.15  # noise as a share of the range between the 1st and the 99.5th percentile

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Look:
    """The upper left corner of the richest box, its size, and the noise in words."""

    y: int
    x: int
    height: int
    width: int
    noise: str


def look_at(source: ImageSource, *, t: int, c: int, z: int) -> Look:
    """Look at one plane of an image; for a thread."""
    info = source.info
    *_rest, height, width = info.shape
    level = coarse_level(info)
    region = _central(info, level, t=t, c=c, z=z)
    coarse = _plane(source.read(region))
    scale_y, scale_x = height / info.shapes[level][3], width / info.shapes[level][4]
    box = (min(PREVIEW, height), min(PREVIEW, width))
    y, x = richest_spot(coarse, max(1, round(box[0] / scale_y)), max(1, round(box[1] / scale_x)))
    y = min(height - box[0], round((y + region.y[0]) * scale_y))
    x = min(width - box[1], round((x + region.x[0]) * scale_x))
    fine = Region((t, t + 1), (c, c + 1), (z, z + 1), (y, y + box[0]), (x, x + box[1]))
    return Look(y, x, *box, noise_words(_plane(source.read(fine))))


def coarse_level(info: ImageInfo) -> int:
    """The smallest level that still has about `COARSE` pixels along a side."""
    fitting = [level for level, shape in enumerate(info.shapes) if max(shape[3:]) >= COARSE]
    return fitting[-1] if fitting else 0


def richest_spot(plane: Plane, height: int, width: int) -> tuple[int, int]:
    """Return the corner of the ``height × width`` box with the largest variance.

    The brightest thousandth is cut off first, so that a speck of dust does not count as structure.
    """
    height, width = min(height, plane.shape[0]), min(width, plane.shape[1])
    if plane.shape == (height, width):
        return (0, 0)
    clipped = np.minimum(plane, np.percentile(plane, 99.9)).astype(np.float64)
    clipped -= clipped.mean()
    count = height * width
    mean = _box_sums(clipped, height, width) / count
    variance = _box_sums(clipped**2, height, width) / count - mean**2
    y, x = np.unravel_index(int(np.argmax(variance)), variance.shape)
    return (int(y), int(x))


def noise_words(plane: Plane) -> str:
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


def _central(info: ImageInfo, level: int, *, t: int, c: int, z: int) -> Region:
    """A whole plane, or its middle where it is too large to read for a look."""
    *_rest, height, width = info.shapes[level]
    tall, wide = min(height, LARGEST), min(width, LARGEST)
    y, x = (height - tall) // 2, (width - wide) // 2
    return Region((t, t + 1), (c, c + 1), (z, z + 1), (y, y + tall), (x, x + wide), level)


def _plane(pixels: NDArray[Any]) -> Plane:  # Any: whatever the file holds
    plane: Plane = np.nan_to_num(pixels[0, 0, 0].astype(np.float32), posinf=0.0, neginf=0.0)
    return plane


def _box_sums(plane: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    sums = np.pad(plane, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    boxes: NDArray[np.float64] = (
        sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    )
    return boxes
