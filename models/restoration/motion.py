"""How far things move from one frame of a movie to the next, measured cheaply on noisy frames.

A few blocks of both frames are band-passed and compared by cross-correlation; a block where nothing stands
out of the noise has no say. What all blocks share is drift, of the stage for example, which can be undone
by reading elsewhere; what is left are the objects' own ways.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.restoration.family import Planes

BLOCK = 64  # pixels a side
BLOCKS = 4  # along each axis
FARTHEST = 16  # pixels; what moves farther is not found
_STANDS_OUT = 6.2  # height of a peak in standard deviations of the correlation
_ENOUGH = 3  # blocks that must have a say


@dataclass(frozen=True, slots=True)
class Motion:
    """What happened between a frame and the next one.

    Attributes
    ----------
    drift : (dy, dx)
        Median shift of the blocks in pixels: what lay at (y, x) lies at (y + dy, x + dx) in the next frame.
    own_px : float
        Median distance of a block's shift from the drift.
    """

    drift: tuple[float, float]
    own_px: float


STILL = Motion((0.0, 0.0), 0.0)


def block_starts(length: int) -> tuple[int, ...]:
    """Return where the blocks begin along an axis of `length` pixels."""
    side = min(BLOCK, length)
    count = min(BLOCKS, max(1, length // side))
    return tuple(np.linspace(0, length - side, count).round().astype(int).tolist())


def measure(before: Planes, after: Planes) -> Motion:
    """Compare the blocks of a frame with the same blocks of the next one.

    Parameters
    ----------
    before, after : (n, h, w)
        Blocks on any one scale.

    Returns
    -------
    Motion
        `STILL` where fewer than three blocks have a say: nothing speaks against it.
    """
    found = [shift for a, b in zip(before, after, strict=True) if (shift := _shift(a, b)) is not None]
    if len(found) < min(_ENOUGH, len(before)):
        return STILL
    shifts = np.array(found)
    drift = np.median(shifts, axis=0)
    own = float(np.median(np.hypot(*(shifts - drift).T)))
    return Motion((float(drift[0]), float(drift[1])), own)


def _shift(before: NDArray[np.float32], after: NDArray[np.float32]) -> tuple[float, float] | None:
    """Return the shift of one block in pixels; None if no peak stands out of the correlation."""
    window = np.outer(*(np.hanning(side + 2)[1:-1] for side in before.shape))
    a, b = (np.fft.rfft2(_structure(block) * window) for block in (before, after))
    surface = np.fft.fftshift(np.fft.irfft2(np.conj(a) * b, s=before.shape))
    centre = tuple(side // 2 for side in before.shape)
    reach = tuple(min(FARTHEST, middle - 1) for middle in centre)
    if min(reach) < 1:
        return None
    near = surface[tuple(slice(m - r, m + r + 1) for m, r in zip(centre, reach, strict=True))]
    y, x = np.unravel_index(int(near.argmax()), near.shape)
    spread = float(surface.std())
    if spread == 0 or near[y, x] < _STANDS_OUT * spread:
        return None
    top, left = int(y) + centre[0] - reach[0], int(x) + centre[1] - reach[1]
    dy, dx = _between(surface[top - 1 : top + 2, left]), _between(surface[top, left - 1 : left + 2])
    return top - centre[0] + dy, left - centre[1] + dx


def _structure(block: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what is larger than noise and smaller than the block."""
    values = block.astype(np.float64)
    return np.asarray(ndimage.gaussian_filter(values, 1.5) - ndimage.gaussian_filter(values, 6.0))


def _between(three: NDArray[np.float64]) -> float:
    """Return where the top of the parabola through three points lies, from the middle one."""
    if len(three) < 3:
        return 0.0
    curve = float(three[0] - 2 * three[1] + three[2])
    return 0.5 * float(three[0] - three[2]) / curve if curve < 0 else 0.0
