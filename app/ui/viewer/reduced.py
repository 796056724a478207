"""Makes planes smaller by averaging squares of pixels: no more is drawn than the screen can show."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from app.ui.viewer.contrast import Plane

BAND = 1 << 18  # pixels averaged at a time, which stay in the processor's cache


def reduced(plane: Plane, step: int) -> Plane:
    """Return the means of `step` x `step` squares, those cut off at the far edges included.

    The pixel type stays, rounded; only truth values and half floats become float32.
    """
    if step == 1:
        return plane
    height, width = plane.shape
    rows, columns = -(-height // step), -(-width // step)
    made = np.empty((rows, columns), np.float32 if plane.dtype.kind == "b" else plane.dtype)
    taken = max(1, BAND // max(1, width * step))
    for first in range(0, rows, taken):
        last = min(rows, first + taken)
        made[first:last] = _means(plane[first * step : last * step], step, made.dtype)
    return made


def _means(band: Plane, step: int, dtype: np.dtype[Any]) -> Plane:
    means = _sums(band, step)
    down, across = (_lengths(length, step) for length in band.shape)
    counts = down[:, None] * across
    shift = int(counts[0, 0]).bit_length() - 1
    if dtype.kind == "f":
        means = means / counts.astype(means.dtype)
    elif counts.min() == counts.max() == 1 << shift:  # dividing would take as long as all the rest
        means += means.dtype.type((1 << shift) >> 1)
        means >>= means.dtype.type(shift)
    else:
        means = np.rint(means / counts)
    return means.astype(dtype)


def _sums(band: Plane, step: int) -> NDArray[Any]:
    """Return the sums over the squares of a band; rows are added first, as they lie in a row in memory."""
    wide = _accumulator(band.dtype)
    rows = band[::step].astype(wide)
    for offset in range(1, step):
        more = band[offset::step]
        rows[: len(more)] += more
    sums = rows[:, ::step].copy()
    for offset in range(1, step):
        beside = rows[:, offset::step]
        sums[:, : beside.shape[1]] += beside
    return sums


def _accumulator(dtype: np.dtype[Any]) -> DTypeLike:
    if dtype.kind in "fb":
        return np.float64 if dtype.itemsize == 8 else np.float32
    if dtype.itemsize <= 2:
        return np.uint32 if dtype.kind == "u" else np.int32
    return np.float64 if dtype.itemsize == 8 else np.int64


def _lengths(length: int, step: int) -> NDArray[np.int64]:
    """Return how many of `length` pixels fall into each square."""
    return np.minimum(step, length - np.arange(0, length, step))
