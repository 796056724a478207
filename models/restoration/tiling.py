"""How a plane is cut into tiles and put together again: pure functions.

A tile reads a core and a halo around it. The halo, at least as wide as the receptive field, is thrown
away; neighbouring cores overlap by a blend in which one fades out while the other fades in. Tiles start at
multiples of the model's grid and the last one is shifted inwards, so every pixel sees what it would see if
the plane were restored whole. Outside the image the picture is mirrored, a little way: what lies beyond is
the model's own affair, and the same for every tiling.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Range = tuple[int, int]
Window = NDArray[np.float32]

BLEND = 16  # input pixels over which one tile fades into the next
MARGIN = 16  # input pixels mirrored around the plane, if the halo is not narrower


@dataclass(frozen=True, slots=True)
class Span:
    """A tile along one axis, in input pixels.

    Attributes
    ----------
    read : (start, stop)
        What the model sees; may reach outside the image by the margin.
    core : (start, stop)
        What is kept of it; always inside the image.
    """

    read: Range
    core: Range


@dataclass(frozen=True, slots=True)
class Plan:
    """The tiles of one plane: every row span meets every column span.

    Attributes
    ----------
    rows, columns : tuple of Span
        From top to bottom and from left to right, all of one size along their axis.
    blend : int
        Width of the fading, in input pixels.
    """

    rows: tuple[Span, ...]
    columns: tuple[Span, ...]
    blend: int

    @property
    def tile(self) -> tuple[int, int]:
        """Height and width of what the model sees at once."""
        (top, bottom), (left, right) = self.rows[0].read, self.columns[0].read
        return bottom - top, right - left


def plan_tiles(
    height: int, width: int, *, tile: tuple[int, int], halo: int, blend: int = BLEND, multiple: int = 1
) -> Plan:
    """Return the plan of a plane of `height` x `width` pixels.

    Parameters
    ----------
    height, width : int
        Input pixels, at least 1.
    tile : (height, width)
        Largest tile, halo included; a plane that fits into it is one tile.
    halo : int
        Input pixels thrown away on each side, at least the receptive field.
    blend : int
        Overlap of neighbouring cores.
    multiple : int
        Starts and extents of tiles are multiples of it.

    Raises
    ------
    ValueError
        If the plane needs several tiles and `tile` is smaller than `smallest_tile`.
    """
    return Plan(
        _spans(height, tile[0], halo, blend, multiple), _spans(width, tile[1], halo, blend, multiple), blend
    )


def smallest_tile(halo: int, blend: int = BLEND, multiple: int = 1) -> int:
    """Return the smallest tile side that makes headway."""
    return _up(2 * halo + blend, multiple) + multiple


def whole_range(length: int, halo: int, multiple: int = 1) -> Range:
    """Return what the model sees of an axis of `length` pixels at most: the margin included."""
    margin = min(halo, MARGIN)
    return -_up(margin, multiple), _up(length + margin, multiple)


def box_range(box: Range, length: int, halo: int, multiple: int = 1) -> Range:
    """Return what the model must see to restore the pixels `box` as if it had seen the whole axis."""
    first, stop = whole_range(length, halo, multiple)
    return max(first, _down(box[0] - halo, multiple)), min(stop, _up(box[1] + halo, multiple))


def even_tile(length: int, largest: int, *, halo: int, blend: int = BLEND, multiple: int = 1) -> int:
    """Return a tile side up to `largest` that cuts `length` into equal tiles with little overlap."""
    first, stop = whole_range(length, halo, multiple)
    largest = max(_down(largest, multiple), smallest_tile(halo, blend, multiple))
    if stop - first <= largest:
        return stop - first
    overlap = _up(2 * halo + blend, multiple)
    count = 1 + -(-(stop - first - largest) // (largest - overlap))
    return _up(-(-(stop - first + (count - 1) * overlap) // count), multiple)


def windows(spans: tuple[Span, ...], blend: int, scale: int = 1) -> tuple[Window, ...]:
    """Return the weights of every span's core along its axis, on the output grid.

    Raised cosines of `blend` input pixels where spans overlap, divided by their sum: at every output
    pixel the weights of all spans add up to 1. The weight of a tile is the product of two windows.
    """
    ramp = np.sin((np.arange(blend * scale) + 0.5) / max(blend * scale, 1) * np.pi / 2) ** 2
    raised = []
    for index, span in enumerate(spans):
        window = np.ones((span.core[1] - span.core[0]) * scale)
        if index > 0:
            window[: len(ramp)] *= ramp
        if index < len(spans) - 1:
            window[len(window) - len(ramp) :] *= ramp[::-1]
        raised.append(window)
    total = np.zeros(spans[-1].core[1] * scale)
    for span, window in zip(spans, raised, strict=True):
        total[span.core[0] * scale : span.core[1] * scale] += window
    return tuple(
        (window / total[span.core[0] * scale : span.core[1] * scale]).astype(np.float32)
        for span, window in zip(spans, raised, strict=True)
    )


def finished_rows(rows: tuple[Span, ...]) -> tuple[Range, ...]:
    """Return which input rows are complete once each row of tiles is done."""
    stops = [after.core[0] for _, after in pairwise(rows)] + [rows[-1].core[1]]
    return tuple((span.core[0], stop) for span, stop in zip(rows, stops, strict=True))


def mirrored(span: Range, length: int) -> NDArray[np.intp]:
    """Return the pixel that stands at each place of `span`, mirrored at the ends of an axis of `length`."""
    places = np.arange(*span)
    if length == 1:
        return np.zeros_like(places)
    period = 2 * (length - 1)
    folded = places % period
    return np.minimum(folded, period - folded)


def _spans(length: int, tile: int, halo: int, blend: int, multiple: int) -> tuple[Span, ...]:
    first, stop = whole_range(length, halo, multiple)
    if stop - first <= tile:
        return (Span((first, stop), (0, length)),)
    tile = _down(tile, multiple)
    step = tile - _up(2 * halo + blend, multiple)
    if step < multiple:
        raise ValueError(f"a tile of {tile} pixels is too small for a halo of {halo}")
    last = stop - tile
    starts = [*range(first, last, step), last]
    return tuple(
        Span(
            (start, start + tile),
            (
                0 if start == first else start + halo,
                length if start == last else min(length, start + tile - halo),
            ),
        )
        for start in starts
    )


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def _down(value: int, multiple: int) -> int:
    return value // multiple * multiple
