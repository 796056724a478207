"""Pixels that lie unpacked in a file at regular distances: only the bytes that a region needs are read.

Files are read, never mapped into memory: a mapped file that another program cuts short ends the process.
"""

import math
import threading
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.images.errors import too_early
from app.images.partial import Plane
from models.source import Pixels, Region, Shape5

SMALL = 1 << 20  # so many bytes are read at once whatever the use,
WASTE = 4  # more only if at least every fourth is needed,
MOST_AT_ONCE = 64 << 20  # and never more than this
MOST_MISSING = 500_000  # planes of a file that ends too early

Strides = tuple[int, int, int, int, int]  # bytes from one to the next along T, C, Z, Y, X


class Bytes(Protocol):
    """A row of bytes: a file, or something packed within one."""

    size: int

    def read(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset` on, fewer at the end; called by any thread."""
        ...

    def close(self) -> None:
        """Release the file; closing twice does no harm."""
        ...


class FileBytes:
    """The bytes of a file, which is open only to be read.

    Raises
    ------
    OSError
        If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._file = path.open("rb")
        self.size = self._file.seek(0, 2)

    def read(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset` on, fewer at the end."""
        if offset < 0 or count < 0:
            raise ValueError(f"{count} bytes at {offset}")
        with self._lock:
            self._file.seek(offset)
            return self._file.read(min(count, max(0, self.size - offset)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the pixels of an image lie.

    Attributes
    ----------
    shape : (T, C, Z, Y, X)
    dtype : numpy.dtype
        With the byte order of the file.
    offset : int
        Of the first pixel, in bytes.
    strides : (T, C, Z, Y, X)
        Bytes from one pixel to the next along each axis; none is negative.
    """

    shape: Shape5
    dtype: np.dtype[Any]
    offset: int
    strides: Strides

    def __post_init__(self) -> None:
        if min(self.strides) < 0 or self.offset < 0 or min(self.shape) < 0:
            raise ValueError(f"pixels at {self.offset}, {self.strides} apart")

    @property
    def planes(self) -> int:
        """How many planes there are; those of a picture in colour count once."""
        return math.prod(size for size, _ in self._stack())

    def present(self, size: int) -> int:
        """Return how many of the first planes, in the order in which they are stored, lie within `size`."""
        stack = self._stack()
        plane = tuple(zip(self.shape, self.strides, strict=True))
        within = _extent([axis for axis in plane if axis not in stack], self.dtype.itemsize)

        def end(number: int) -> int:
            at = self.offset + within
            for count, stride in reversed(stack):
                number, index = divmod(number, count)
                at += index * stride
            return at

        return bisect_left(range(self.planes), size + 1, key=end)

    def _stack(self) -> list[tuple[int, int]]:
        """Return (size, stride) of the axes along which whole planes follow each other, slowest first."""
        largest = max(self.strides[3] * self.shape[3], self.strides[4] * self.shape[4])
        axes = zip(self.shape[:3], self.strides[:3], strict=True)
        return sorted((axis for axis in axes if axis[1] >= largest), key=lambda axis: -axis[1])


class StridedPlanes:
    """Reads boxes out of regularly stored pixels; a `app.images.readers.planes.Planes`.

    Parameters
    ----------
    path : Path
        For what is said on faults.
    data : Bytes
        Closed along with this.
    layout : Layout
    """

    def __init__(self, path: Path, data: Bytes, layout: Layout) -> None:
        self._path = path
        self._data = data
        self._layout = layout

    def check_complete(self, *, partial: bool = False) -> None:
        """Raise `Truncated` if not all planes are there; if `partial`, only if none is."""
        planes = self._layout.planes
        check_present(self._path, self._layout.present(self._data.size), planes, partial=partial)

    def fill(self, region: Region, out: Pixels) -> None:
        """Write the pixels of `region` into `out`."""
        layout = self._layout
        starts = (start for start, _ in region.ranges)
        offset = layout.offset + sum(a * b for a, b in zip(starts, layout.strides, strict=True))
        self._box(offset, list(layout.strides), out)

    def missing(self) -> frozenset[Plane]:
        """Return the planes (t, c, z) that do not lie within the file."""
        layout, size = self._layout, self._data.size
        last = tuple(zip(layout.shape, layout.strides, strict=True))[3:]
        end = layout.offset + _extent(last, layout.dtype.itemsize)
        t, c, z = layout.strides[:3]
        if end + sum((n - 1) * step for n, step in zip(layout.shape[:3], (t, c, z), strict=True)) <= size:
            return frozenset()
        places = np.ndindex(layout.shape[:3])
        return frozenset(at for at in places if end + at[0] * t + at[1] * c + at[2] * z > size)

    def close(self) -> None:
        """Close the file."""
        self._data.close()

    def _box(self, offset: int, strides: list[int], out: NDArray[Any]) -> None:
        """Fill `out`, whose element (i, j, ...) lies at ``offset + i * strides[0] + j * strides[1] ...``."""
        dtype = self._layout.dtype
        extent = _extent(list(zip(out.shape, strides, strict=True)), dtype.itemsize)
        is_worth_it = extent <= max(SMALL, min(MOST_AT_ONCE, WASTE * out.size * dtype.itemsize))
        if is_worth_it or max(out.shape) == 1:
            data = self._data.read(offset, extent)
            if len(data) < extent:
                raise too_early(self._path, self._layout.present(self._data.size), self._layout.planes)
            out[...] = np.ndarray(out.shape, dtype, data, 0, strides)
            return
        spans = [stride * (count - 1) for count, stride in zip(out.shape, strides, strict=True)]
        axis = spans.index(max(spans))
        size, step = out.shape[axis], max(1, out.shape[axis] * SMALL // extent)
        for start in range(0, size, step):
            part = [slice(None)] * out.ndim
            part[axis] = slice(start, start + step)
            self._box(offset + start * strides[axis], strides, out[tuple(part)])


def check_present(path: Path, present: int, planes: int, *, partial: bool) -> None:
    """Raise `Truncated` if fewer than all `planes` are there; if `partial`, if none is there.

    Raises ValueError if absurdly many are missing: nobody would wait for them.
    """
    if present < planes and (not partial or present == 0):
        raise too_early(path, present, planes)
    if planes - present > MOST_MISSING:
        raise ValueError(f"{planes - present} planes are missing")


def _extent(axes: Sequence[tuple[int, int]], itemsize: int) -> int:
    """Return how many bytes lie between the first and the last of pixels along `axes` of (size, stride)."""
    return sum((size - 1) * stride for size, stride in axes) + itemsize
