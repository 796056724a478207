"""The numbers that describe some pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 20  # values that are turned into decimal numbers at a time
NOTHING = math.nan


@dataclass(frozen=True, slots=True)
class Statistics:
    """Numbers over pixels, as ImageJ defines them.

    Attributes
    ----------
    pixels : int
        How many there are; those that are no number do not count.
    area : float
        Theirs, in square units; 0 for a line.
    mean, low, high, median : float
        In gray values; not a number where there are no pixels.
    deviation : float
        Standard deviation of a sample (n - 1); 0 for a single pixel.
    total : float
        The sum of the gray values.
    """

    pixels: int
    area: float
    mean: float
    deviation: float
    low: float
    high: float
    median: float
    total: float

    @property
    def density(self) -> float:
        """Integrated density: mean times area."""
        return self.mean * self.area


def describe(parts: Sequence[NDArray[Any]], *, pixel_area: float, share: int = 1) -> Statistics:
    """Return the numbers over one-dimensional pieces of equal type.

    Parameters
    ----------
    parts : sequence of (n,) arrays
    pixel_area : float
        Of one pixel, in square units.
    share : int
        How many pixels each value stands for; above 1 if only some were looked at.
    """
    values = np.concatenate(parts) if parts else np.zeros(0)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    elif values.dtype == bool:
        values = values.view(np.uint8)
    count = len(values)
    if not count:
        return Statistics(0, 0.0, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
    mean, squares = _moments(values)
    deviation = math.sqrt(squares / (count - 1)) if count > 1 else 0.0
    return Statistics(
        pixels=count * share,
        area=count * share * pixel_area,
        mean=mean,
        deviation=deviation,
        low=float(values.min()),
        high=float(values.max()),
        median=_median(values),
        total=mean * count * share,
    )


def _moments(values: NDArray[Any]) -> tuple[float, float]:
    """Return the mean and the sum of squared deviations from it, without a large copy."""
    starts = range(0, len(values), CHUNK)
    mean = math.fsum(float(values[at : at + CHUNK].sum(dtype=np.float64)) for at in starts) / len(values)
    squares = 0.0
    for at in starts:
        apart = values[at : at + CHUNK].astype(np.float64) - mean
        squares += float(np.square(apart, out=apart).sum())
    return mean, squares


def _median(values: NDArray[Any]) -> float:
    if values.dtype == np.float16:
        values = values.astype(np.float32)
    middle = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, middle)[middle])
    halves = np.partition(values, (middle - 1, middle))
    return (float(halves[middle - 1]) + float(halves[middle])) / 2
