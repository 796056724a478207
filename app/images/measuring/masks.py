"""Which pixels belong to a shape: those whose centre lies inside, as in ImageJ.

A centre that lies exactly on the outline counts at the right and at the bottom, not at the left and at the
top, so that regions side by side never share a pixel.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.images.measuring.shapes import Area, Ellipse, Point, Rectangle, closed
from models.source import Range

Mask = NDArray[np.bool_]  # (rows, columns)
Numbers = NDArray[np.float64]


def covered(shape: Area | Point, size: tuple[int, int]) -> tuple[Range, Range]:
    """Return the rows and the columns of a plane that hold all pixels of `shape`, which is in pixels.

    Parameters
    ----------
    shape : Area or Point
        In pixels of the plane.
    size : (height, width)
        Of the plane; what lies outside does not count.
    """
    height, width = size
    box = shape.bounds
    return (
        (_clipped(math.floor(box.top), height), _clipped(math.ceil(box.bottom) + 1, height)),
        (_clipped(math.floor(box.left), width), _clipped(math.ceil(box.right) + 1, width)),
    )


@lru_cache(maxsize=4)
def mask(shape: Area | Point, rows: range, columns: range) -> Mask:
    """Return for some rows and columns of a plane whether the pixel there belongs to `shape`.

    Parameters
    ----------
    shape : Area or Point
        In pixels of the plane.
    rows, columns : range
        Which pixels to look at, at steps of one or more.

    Returns
    -------
    (rows, columns) bool, read-only
    """
    found = _mask(shape, rows, columns)
    found.setflags(write=False)
    return found


def _mask(shape: Area | Point, rows: range, columns: range) -> Mask:
    if not isinstance(shape, Point | Rectangle | Ellipse):
        return _in_polygon(np.array(closed(shape.points), float), rows, columns)
    y, x = _centres(rows), _centres(columns)
    if isinstance(shape, Ellipse):
        return _in_ellipse(shape, y, x)
    if isinstance(shape, Point):
        down, across = np.floor(y) == math.floor(shape.y), np.floor(x) == math.floor(shape.x)
    else:
        down, across = _between(y, shape.y, shape.height), _between(x, shape.x, shape.width)
    inside: Mask = down[:, None] & across
    return inside


def _centres(some: range) -> Numbers:
    return np.arange(some.start, some.stop, some.step, dtype=np.float64) + 0.5


def _between(centres: Numbers, start: float, length: float) -> Mask:
    return (centres > start) & (centres <= start + length)


def _in_ellipse(shape: Ellipse, y: Numbers, x: Numbers) -> Mask:
    a, b = shape.width / 2, shape.height / 2
    if not a or not b:
        return np.zeros((len(y), len(x)), bool)
    inside: Mask = ((y[:, None] - shape.y - b) / b) ** 2 + ((x - shape.x - a) / a) ** 2 <= 1
    return inside


def _in_polygon(path: Numbers, rows: range, columns: range) -> Mask:
    """Flip at every crossing of an edge and a row; from the left, what was flipped odd times is inside."""
    flips = np.zeros((len(rows), len(columns) + 1), np.uint8)
    for (x1, y1), (x2, y2) in pairwise(path):
        low, high = min(y1, y2), max(y1, y2)
        # Rows whose centre lies beyond `low` up to `high`: one of the ends, so that corners count once.
        first = max(0, math.floor((low - rows.start - 0.5) / rows.step) + 1)
        last = min(len(rows), math.floor((high - rows.start - 0.5) / rows.step) + 1)
        if first >= last:
            continue
        lines = np.arange(first, last)
        crossing = x1 + (rows.start + lines * rows.step + 0.5 - y1) / (y2 - y1) * (x2 - x1)
        places = np.floor((crossing - columns.start - 0.5) / columns.step).astype(np.int64) + 1
        flips[lines, np.clip(places, 0, len(columns))] ^= 1
    return np.bitwise_xor.accumulate(flips, axis=1)[:, :-1].astype(bool)


def _clipped(place: int, length: int) -> int:
    return min(max(place, 0), length)
