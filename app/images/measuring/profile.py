"""Gray values along a path: where to look, and linear interpolation between the centres of pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.images.measuring.shapes import Line
from models.source import Pixels, Range

Numbers = NDArray[np.float64]
Read = Callable[[Range, Range], Pixels]  # rows, columns -> (h, w)

MANY = 1_000_000  # places on all lines; a longer path is looked at in larger steps
WIDEST = 501  # lines beside one another whose mean is taken
AT_A_TIME = 512  # places along the path that are read together


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where to look: (n,) distances in units, and (k, n) places in pixels on k lines side by side."""

    distance: Numbers
    x: Numbers
    y: Numbers


def places(line: Line, unit_x: float, unit_y: float) -> Places:
    """Return places about one pixel apart along `line`, both ends among them.

    Parameters
    ----------
    line : Line
        In units.
    unit_x, unit_y : float
        Size of a pixel in units; the smaller one is the step, and that across the line.
    """
    points = np.array(line.points, float)
    lengths = np.array([math.dist(start, end) for start, end in pairwise(line.points)])
    reached = np.concatenate([[0.0], np.cumsum(lengths)])
    pitch = min(unit_x, unit_y)
    lines = min(WIDEST, max(1, round(line.width / pitch)))
    count = min(MANY // lines, max(2, round(reached[-1] / pitch) + 1))
    distance = np.linspace(0.0, reached[-1], count)
    x, y = (np.interp(distance, reached, points[:, axis]) for axis in (0, 1))
    if lines == 1:
        return Places(distance, x[None] / unit_x, y[None] / unit_y)
    segment = np.clip(np.searchsorted(reached, distance, side="right") - 1, 0, len(lengths) - 1)
    along = np.diff(points, axis=0)[segment] / np.maximum(lengths[segment], 1e-300)[:, None]
    beside = (np.arange(lines) - (lines - 1) / 2)[:, None] * pitch
    return Places(distance, (x - beside * along[:, 1]) / unit_x, (y + beside * along[:, 0]) / unit_y)


def sample(found: Places, size: tuple[int, int], read: Read) -> Numbers:
    """Return the gray values at places of a plane, (n,): the mean over the lines side by side.

    Parameters
    ----------
    found : Places
    size : (height, width)
        Of the plane. What lies outside has no value (not a number); within half a pixel of the edge the
        value of the edge holds.
    read : callable
        Returns the pixels of some rows and columns.
    """
    values = np.empty(found.x.shape[1])
    for some, (rows, columns) in _pieces(found, size):
        x, y = found.x[:, some], found.y[:, some]
        if rows[0] >= rows[1] or columns[0] >= columns[1]:
            values[some] = np.nan
            continue
        plane = read(rows, columns)
        seen = interpolated(plane, x - columns[0], y - rows[0])
        height, width = size
        seen[(x < 0) | (x > width) | (y < 0) | (y > height)] = np.nan
        values[some] = _mean(seen)
    return values


def interpolated(plane: Pixels, x: Numbers, y: Numbers) -> Numbers:
    """Return values between the centres of pixels; beyond the outermost centres those of the edge."""
    height, width = plane.shape
    across, down = np.clip(x - 0.5, 0, width - 1), np.clip(y - 0.5, 0, height - 1)
    column = np.minimum(across.astype(np.int64), max(0, width - 2))
    row = np.minimum(down.astype(np.int64), max(0, height - 2))
    right, below = np.minimum(column + 1, width - 1), np.minimum(row + 1, height - 1)
    share_x, share_y = across - column, down - row
    upper = plane[row, column] * (1 - share_x) + plane[row, right] * share_x
    lower = plane[below, column] * (1 - share_x) + plane[below, right] * share_x
    blended: Numbers = upper * (1 - share_y) + lower * share_y
    return blended


def _pieces(found: Places, size: tuple[int, int]) -> Iterator[tuple[slice, tuple[Range, Range]]]:
    """Cut the path into stretches and say which rows and columns each needs, one pixel around included."""
    height, width = size
    for start in range(0, found.x.shape[1], AT_A_TIME):
        some = slice(start, start + AT_A_TIME)
        x, y = found.x[:, some], found.y[:, some]
        yield some, (_around(y, height), _around(x, width))


def _around(places: Numbers, length: int) -> Range:
    """The pixels around places; none if all lie outside."""
    first, last = math.floor(float(places.min())) - 1, math.ceil(float(places.max())) + 2
    if last <= 0 or first >= length:
        return (0, 0)
    return (max(0, first), min(length, last))


def _mean(values: Numbers) -> Numbers:
    """The mean over the first axis of what is a number."""
    is_known = np.isfinite(values)
    count = is_known.sum(axis=0)
    total = np.where(is_known, values, 0.0).sum(axis=0)
    mean: Numbers = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean
