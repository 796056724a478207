"""Interpolation to a finer grid: what a picture looks like before anything is restored."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Order = Literal["nearest", "bilinear", "bicubic", "lanczos"]
Weights = NDArray[np.float64]

REACH: dict[Order, int] = {"nearest": 1, "bilinear": 1, "bicubic": 2, "lanczos": 3}


def upsample(image: NDArray[np.float32], scale: int, order: Order) -> NDArray[np.float32]:
    """Interpolate the last two axes to `scale` times as many pixels, pixel centres aligned.

    Input sample i lies at ``scale * (i + 1/2) - 1/2`` on the output grid, so the picture is not shifted.
    Beyond the edges the outermost pixel is repeated. Not clipped: bicubic and Lanczos overshoot.

    Parameters
    ----------
    image : (..., h, w) float32
    scale : int
        At least 1.
    order : {"nearest", "bilinear", "bicubic", "lanczos"}
        Bicubic is Keys' kernel with constant -0.5; Lanczos has three lobes, its weights sum to 1.

    Returns
    -------
    (..., h * scale, w * scale) float32
    """
    fine = np.asarray(image, np.float32)
    if scale == 1:
        return fine.copy()
    for axis in (fine.ndim - 2, fine.ndim - 1):
        fine = _along(fine, axis, scale, order)
    return fine


def _along(image: NDArray[np.float32], axis: int, scale: int, order: Order) -> NDArray[np.float32]:
    coarse = np.moveaxis(image, axis, 0)
    count, reach = len(coarse), REACH[order]
    edges = [(reach, reach)] + [(0, 0)] * (coarse.ndim - 1)
    padded = np.pad(coarse, edges, mode="edge")
    fine = np.empty((count * scale, *coarse.shape[1:]), np.float32)
    for phase in range(scale):
        position = (phase + 0.5) / scale - 0.5  # of output pixel `phase`, in input pixels
        first = int(np.floor(position)) - reach + 1
        weights = _kernel(position - np.arange(first, first + 2 * reach, dtype=np.float64), order)
        weights /= weights.sum()
        start = first + reach
        mixed = np.float32(weights[0]) * padded[start : start + count]
        for step, weight in enumerate(weights[1:], 1):
            mixed += np.float32(weight) * padded[start + step : start + step + count]
        fine[phase::scale] = mixed
    return np.moveaxis(fine, 0, axis)


def _kernel(distance: Weights, order: Order) -> Weights:
    """Interpolation kernel at `distance` in input pixels."""
    away: Weights = np.abs(distance)
    if order == "nearest":  # half-open, so that a centre between two pixels takes one of them
        return ((distance >= -0.5) & (distance < 0.5)).astype(np.float64)
    if order == "bilinear":
        return np.asarray(np.maximum(1 - away, 0))
    if order == "bicubic":
        inner = 1.5 * away**3 - 2.5 * away**2 + 1
        outer = -0.5 * away**3 + 2.5 * away**2 - 4 * away + 2
        return np.asarray(np.where(away <= 1, inner, np.where(away < 2, outer, 0)))
    return np.asarray(np.where(away < 3, np.sinc(distance) * np.sinc(distance / 3), 0))
