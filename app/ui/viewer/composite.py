"""Draws channels over each other: gray values in, packed colours out, fast enough to scroll through.

Every gray value is looked up, not computed; channels are added with saturation in packed words of four
bytes; and the work goes in bands of rows that stay in the processor's cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.ui.viewer.contrast import OPAQUE, STEPS, Packed, Plane, colours, is_counted
from app.ui.viewer.state import Contrast

BAND = 1 << 17  # pixels drawn at a time
STEEP = 1e12  # in place of a slope without end
LOW_BITS = np.uint32(0x7F7F7F)
HIGH_BITS = np.uint32(0x808080)


@dataclass(frozen=True, slots=True)
class Look:
    """How one channel is drawn."""

    lut: str
    contrast: Contrast


def composite(planes: Sequence[Plane], looks: Sequence[Look]) -> Packed:
    """Return the sum of the coloured planes, (h, w) packed colours.

    Planes are of equal shape; NaN is drawn like the darkest value.
    """
    height, width = planes[0].shape
    drawn = np.empty((height, width), np.uint32)
    tables = [_table(plane, look) for plane, look in zip(planes, looks, strict=True)]
    rows = max(1, BAND // max(1, width))
    for top in range(0, height, rows):
        band = slice(top, min(height, top + rows))
        out = drawn[band]
        _look_up(planes[0][band], tables[0], looks[0].contrast, out)
        for plane, colour_of, look in zip(planes[1:], tables[1:], looks[1:], strict=True):
            more = np.empty_like(out)
            _look_up(plane[band], colour_of, look.contrast, more)
            add_saturated(out, more)
    return drawn


def add_saturated(total: Packed, more: Packed) -> None:
    """Add colours byte by byte to `total`, in place; no byte goes beyond 255. All stay opaque."""
    # Add the lower seven bits of each byte, then the eighth by hand: nothing spills into the next byte.
    low = (total & LOW_BITS) + (more & LOW_BITS)
    either, both = (total | more) & HIGH_BITS, total & more & HIGH_BITS
    spilled = both | (either & low)  # bytes whose sum is 256 or more
    np.bitwise_xor(low, (total ^ more) & HIGH_BITS, out=total)
    # A spilled 0x80 becomes 0xFF: every bit of the byte.
    spilled >>= 7
    spilled *= np.uint32(0xFF)
    total |= spilled
    total |= np.uint32(OPAQUE)


def _table(plane: Plane, look: Look) -> Packed:
    dtype = np.dtype(np.uint8) if plane.dtype == bool else plane.dtype
    if is_counted(dtype):
        return colours(look.lut, look.contrast, dtype.name)
    return colours(look.lut, Contrast(0.0, 1.0, look.contrast.gamma), "float32")


def _look_up(plane: Plane, colour_of: Packed, contrast: Contrast, out: Packed) -> None:
    plane = np.ascontiguousarray(plane)
    if plane.dtype == bool:
        index: Plane = plane.view(np.uint8)
    elif is_counted(plane.dtype):
        index = plane.view(f"u{plane.dtype.itemsize}")
    else:
        index = _steps(plane, contrast)
    np.take(colour_of, index, out=out, mode="clip")


def _steps(plane: Plane, contrast: Contrast) -> Plane:
    """Return the place of each value between low and high in `STEPS` steps; what is no number is 0."""
    span = contrast.high - contrast.low
    is_single = plane.dtype.kind == "f" and plane.dtype.itemsize <= 4
    placed: NDArray[np.floating[Any]] = plane.astype(np.float32 if is_single else np.float64)
    placed -= contrast.low
    placed *= (STEPS - 1) / span if span > 0 else STEEP
    np.fmax(placed, 0.0, out=placed)
    np.fmin(placed, STEPS - 1.0, out=placed)
    placed += 0.5
    return placed.astype(np.uint16)
