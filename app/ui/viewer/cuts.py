"""Cuts through a stack from two sides: along a row (XZ) and along a column (YZ). Free of Qt.

A stack that fits into memory is held there, so that the cross hair moves without reading. Of a larger one
only the row and the column are read where the file allows that cheaply; else it is held smaller.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from app.images.partial import missing_planes
from app.ui.viewer.contrast import Plane
from app.ui.viewer.volume import Scale, Stack, Volume, as_planes, read_once, scale_within
from models.source import ImageSource, Pixels, Range, Region

HELD_BYTES = 96 << 20  # a stack up to this size is held in memory
QUICK_S = 2.0  # cuts that take no longer than this in all are read anew each time
CHEAP = 1 / 3  # of reading whole planes: cuts below this are read by themselves
LONGEST_SIDE = 4096  # of the level that is cut
BLOCK = 16  # planes that are cut at a time
REMEMBERED = 64  # cuts


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the cuts cross: shares of width and height, and the plane that is looked at."""

    x: float
    y: float
    position: int = 0


class Cutter(Protocol):
    """Cuts a stack."""

    def go_on(self, spot: Spot, seconds: float) -> None:
        """Read for a while what the cuts through `spot` need and what is not there yet."""
        ...

    def progress(self, spot: Spot) -> tuple[int, int]:
        """Return how many planes are cut, and of how many."""
        ...

    def xz(self, spot: Spot) -> tuple[Plane, ...]:
        """Return the cut along the row of `spot`, (depth, width), one per channel."""
        ...

    def yz(self, spot: Spot) -> tuple[Plane, ...]:
        """Return the cut along the column of `spot`, (height, depth), one per channel."""
        ...


class HeldStack:
    """Cuts a stack that is held in memory; planes not there yet look like their neighbours."""

    def __init__(self, source: ImageSource, stack: Stack, scale: Scale) -> None:
        self._volume = Volume(source, stack, scale)

    def go_on(self, _spot: Spot, seconds: float) -> None:
        """Read for a while."""
        self._volume.go_on(seconds)

    def progress(self, _spot: Spot) -> tuple[int, int]:
        """Return how many planes are there, and of how many."""
        return self._volume.done, self._volume.depth

    def xz(self, spot: Spot) -> tuple[Plane, ...]:
        """Return the cut along a row."""
        near, row = self._volume.nearest(), _index(spot.y, self._volume.pixels[0].shape[1])
        return as_planes([pixels[near, row] for pixels in self._volume.pixels])

    def yz(self, spot: Spot) -> tuple[Plane, ...]:
        """Return the cut along a column."""
        near, column = self._volume.nearest(), _index(spot.x, self._volume.pixels[0].shape[2])
        return as_planes([pixels[near, :, column].T for pixels in self._volume.pixels])


class ReadCuts:
    """Reads single rows and columns, from the plane looked at outward, and remembers the last ones."""

    def __init__(self, source: ImageSource, stack: Stack, level: int = 0) -> None:
        self._source = source
        self._stack = stack
        self._level = level
        self._depth = stack.depth(source.info)
        self._cuts: OrderedDict[tuple[str, int], _Cut] = OrderedDict()

    def go_on(self, spot: Spot, seconds: float) -> None:
        """Read some planes of both cuts."""
        end = time.monotonic() + seconds
        for block in _blocks_outward(self._depth, spot.position):
            unread = [cut for cut in self._both(spot) if not cut.is_there[slice(*block)].all()]
            for cut in unread:
                self._read(cut, block)
            if unread and time.monotonic() >= end:
                break

    def progress(self, spot: Spot) -> tuple[int, int]:
        """Return how many planes are cut on both sides."""
        row, column = self._both(spot)
        return min(int(row.is_there.sum()), int(column.is_there.sum())), self._depth

    def xz(self, spot: Spot) -> tuple[Plane, ...]:
        """Return the cut along a row."""
        return tuple(pixels.copy() for pixels in self._both(spot)[0].pixels)

    def yz(self, spot: Spot) -> tuple[Plane, ...]:
        """Return the cut along a column."""
        return as_planes([pixels.T for pixels in self._both(spot)[1].pixels])

    def _both(self, spot: Spot) -> tuple["_Cut", "_Cut"]:
        *_, height, width = self._source.info.shapes[self._level]
        row, column = _index(spot.y, height), _index(spot.x, width)
        both = self._cut("y", row, width), self._cut("x", column, height)
        while len(self._cuts) > REMEMBERED:
            self._cuts.popitem(last=False)
        return both

    def _cut(self, axis: str, index: int, length: int) -> "_Cut":
        key = (axis, index)
        if key not in self._cuts:
            shape, dtype = (self._depth, length), self._source.info.dtype
            pixels = [np.zeros(shape, dtype) for _channel in self._stack.channels]
            self._cuts[key] = _Cut(axis, index, pixels, np.zeros(self._depth, bool))
        self._cuts.move_to_end(key)
        return self._cuts[key]

    def _read(self, cut: "_Cut", block: Range) -> None:
        missing = missing_planes(self._source)
        for pixels, channel in zip(cut.pixels, self._stack.channels, strict=True):
            for first, stop in [(z, z + 1) for z in range(*block)] if missing else [block]:
                region = self._region(cut, channel, (first, stop))
                if (region.t[0], channel, region.z[0]) not in missing:
                    found = read_once(self._source, region)
                    pixels[first:stop] = found.reshape(stop - first, -1)
        cut.is_there[slice(*block)] = True

    def _region(self, cut: "_Cut", channel: int, block: Range) -> Region:
        plane = self._stack.plane(self._source.info, channel, block[0], self._level)
        deep = replace(plane, z=block) if self._stack.deep == "Z" else replace(plane, t=block)
        line = (cut.index, cut.index + 1)
        return replace(deep, y=line) if cut.axis == "y" else replace(deep, x=line)


@dataclass(slots=True)
class _Cut:
    """A cut along one row (axis y) or column (axis x): (depth, length) per channel."""

    axis: str
    index: int
    pixels: list[Pixels]
    is_there: Pixels


def make_cutter(source: ImageSource, stack: Stack, clock: Callable[[], float] = time.perf_counter) -> Cutter:
    """Return what cuts a stack best; reads one plane to find out how fast that is, if the stack is large."""
    scale = scale_within(source.info, stack, HELD_BYTES)
    if scale == Scale():
        return HeldStack(source, stack, scale)
    shapes = source.info.shapes
    level = next((n for n, shape in enumerate(shapes) if max(shape[3:]) <= LONGEST_SIDE), len(shapes) - 1)
    return (
        ReadCuts(source, stack, level)
        if _is_cheap(source, stack, level, clock)
        else HeldStack(source, stack, scale)
    )


def _is_cheap(source: ImageSource, stack: Stack, level: int, clock: Callable[[], float]) -> bool:
    """Whether single rows and columns are read so much faster than planes that they need not be held."""
    depth = stack.depth(source.info)
    plane = stack.plane(source.info, stack.channels[0], depth // 2, level)
    if (plane.t[0], stack.channels[0], plane.z[0]) in missing_planes(source):
        return True
    (y0, y1), (x0, x1) = plane.y, plane.x
    row, column = (y0 + y1) // 2, (x0 + x1) // 2
    begin = clock()
    read_once(source, replace(plane, y=(row, row + 1)))
    read_once(source, replace(plane, x=(column, column + 1)))
    between = clock()
    if (between - begin) * depth * len(stack.channels) <= QUICK_S:
        return True
    read_once(source, plane)
    return between - begin <= CHEAP * (clock() - between)


def _blocks_outward(depth: int, position: int) -> list[Range]:
    """Return blocks of planes, the one with `position` first, then its neighbours on both sides."""
    blocks = [(first, min(first + BLOCK, depth)) for first in range(0, depth, BLOCK)]
    return sorted(blocks, key=lambda block: abs(block[0] + BLOCK // 2 - position))


def _index(share: float, length: int) -> int:
    return min(max(math.floor(share * length), 0), length - 1)
