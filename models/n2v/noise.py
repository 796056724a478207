"""What the noise of images is like, seen in the images alone: how strong, and whether neighbours share it.

Blind spots and noise on top of noise both need noise that differs from pixel to pixel on its own. Where
neighbours share it, a network would learn it as if it were structure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = Literal["point", "rows", "columns", "cross"]
Plane = NDArray[np.float32]

INDEPENDENT = 0.05  # correlation of neighbours below which noise counts as independent
BLOCK = 16
LEVELS = 12  # groups of blocks of like brightness
FLAT_SHARE = 0.1  # of the blocks of a level: those with the least structure


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a set of planes.

    Attributes
    ----------
    slope, floor : float
        Its variance is ``slope * intensity + floor``, on the scale of the planes; never below `least`.
    along_x, along_y : float
        Correlation of the noise of neighbours in a row and in a column.
    least : float
        Smallest variance that is believed, at the darkest places.
    """

    slope: float
    floor: float
    along_x: float
    along_y: float
    least: float

    @property
    def mask(self) -> Mask:
        """The shape of the blind spot that hides what neighbours tell about a pixel's noise."""
        in_rows, in_columns = self.along_x >= INDEPENDENT, self.along_y >= INDEPENDENT
        if in_rows and in_columns:
            return "cross"
        if in_rows:
            return "rows"
        return "columns" if in_columns else "point"

    @property
    def is_independent(self) -> bool:
        """Whether neighbours say nothing about each other's noise."""
        return self.mask == "point"

    @property
    def remark(self) -> str:
        """A sentence for the person where neighbours share noise; empty where they do not."""
        if self.is_independent:
            return ""
        where = {"rows": "along rows", "columns": "along columns"}.get(self.mask, "in all directions")
        return (
            f"The noise is not independent from pixel to pixel: it is alike {where}, and it would be learned "
            "as structure. Neighbours are hidden too while learning; look for stripes or grain that stay."
        )

    def variance(self, intensity: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the variance of the noise where the noiseless image has `intensity`."""
        found: NDArray[np.float32] = np.maximum(
            np.float32(self.slope) * intensity + np.float32(self.floor), np.float32(self.least)
        )
        return found


def measure_noise(planes: Sequence[Plane]) -> Noise:
    """Measure the noise of `planes` on their own scale.

    The variance is fitted to the flattest blocks at every brightness; the correlation is taken across a
    second difference along the other axis, which removes smooth structure and leaves it untouched.
    """
    means, variances, weights = _levels(planes)
    slope, floor = _line(means, variances, weights)
    least = max(0.25 * float(variances.min()), 1e-10)
    return Noise(slope, floor, _correlation(planes, axis=1), _correlation(planes, axis=0), least)


def _blocks(plane: Plane) -> NDArray[np.float32]:
    """Return ``(n, BLOCK, BLOCK)``, or the whole plane where it is smaller than a block."""
    rows, columns = (side // BLOCK for side in plane.shape)
    if not rows or not columns:
        return plane[None]
    cut = plane[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return cut.swapaxes(1, 2).reshape(-1, BLOCK, BLOCK)


def _levels(planes: Sequence[Plane]) -> tuple[NDArray[np.float64], ...]:
    """Return mean, variance of the noise and number of blocks for every level of brightness."""
    means, variances, slants = [], [], []
    for plane in planes:
        second = ndimage.correlate1d(plane, [1, -2, 1], axis=0, mode="reflect")
        second = ndimage.correlate1d(second, [1, -2, 1], axis=1, mode="reflect") / 6
        smooth = ndimage.gaussian_filter(plane, 2.0)
        means.append(_blocks(plane).mean((1, 2)))
        variances.append((_blocks(second) ** 2).mean((1, 2)))
        slants.append(_blocks(smooth).std((1, 2)))
    mean, variance, slant = (np.concatenate(part).astype(np.float64) for part in (means, variances, slants))
    order = np.argsort(mean, kind="stable")
    rows = []
    for level in np.array_split(order, min(LEVELS, max(1, len(order) // 10))):
        kept = level[np.argsort(slant[level], kind="stable")][: max(1, round(FLAT_SHARE * len(level)))]
        rows.append((mean[kept].mean(), np.median(variance[kept]), len(kept)))
    found = np.array(rows)
    return found[:, 0], found[:, 1], found[:, 2]


def _line(x: NDArray[np.float64], y: NDArray[np.float64], count: NDArray[np.float64]) -> tuple[float, float]:
    """Fit ``y = slope * x + floor`` with weights by relative error; a negative slope becomes none."""
    weight = count / np.maximum(y, 1e-12) ** 2
    for _ in range(4):
        mean_x, mean_y = np.average(x, weights=weight), np.average(y, weights=weight)
        spread = np.average((x - mean_x) ** 2, weights=weight)
        slope = np.average((x - mean_x) * (y - mean_y), weights=weight) / spread if spread > 0 else 0.0
        slope = max(float(slope), 0.0)
        floor = float(mean_y - slope * mean_x)
        fitted = np.maximum(slope * x + floor, 1e-12)
        off = np.abs(y - fitted) / fitted
        weight = count / fitted**2 * np.minimum(1.0, 0.2 / np.maximum(off, 1e-12))
    return slope, floor


def _correlation(planes: Sequence[Plane], *, axis: int) -> float:
    """Return the correlation of the noise of neighbours along `axis`, from the quietest quarter of blocks."""
    products, squares = [], []
    for plane in planes:
        left = ndimage.correlate1d(plane, [1, -2, 1], axis=1 - axis, mode="reflect")
        moved = np.roll(left, -1, axis=axis)
        edge = [slice(None), slice(None)]
        edge[axis] = slice(0, -1)
        inner = tuple(edge)
        products.append(_blocks((left * moved)[inner]).mean((1, 2)))
        squares.append(_blocks((left * left)[inner]).mean((1, 2)))
    product, square = np.concatenate(products), np.concatenate(squares)
    quiet = np.argsort(square, kind="stable")[: max(1, len(square) // 4)]
    total = float(square[quiet].sum())
    return float(product[quiet].sum()) / total if total > 0 else 0.0
