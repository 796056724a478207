"""Stacks held in memory, made as small as they must be, that fill up plane by plane: free of Qt."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.images.cache import CachedSource
from app.images.partial import missing_planes
from app.ui.viewer.contrast import Plane
from app.ui.viewer.reduced import reduced
from models.source import ImageInfo, ImageSource, Pixels, Region

Deep = Literal["Z", "T"]  # the axis that is seen from the side

FIRST_LOOK = 8  # planes that are read first, evenly over the depth


@dataclass(frozen=True, slots=True)
class Scale:
    """How a stack is made small: a pyramid level, and how many pixels and planes become one."""

    level: int = 0
    step: int = 1
    step_deep: int = 1


@dataclass(frozen=True, slots=True)
class Stack:
    """Which planes: those along `deep`, of some channels, at one position on the other axis."""

    deep: Deep
    at: int
    channels: tuple[int, ...]

    def plane(self, info: ImageInfo, channel: int, position: int, level: int = 0) -> Region:
        """Return the region of one plane."""
        if self.deep == "Z":
            return info.plane(self.at, channel, position, level)
        return info.plane(position, channel, self.at, level)

    def depth(self, info: ImageInfo) -> int:
        """Return how many planes there are."""
        return info.shape[2] if self.deep == "Z" else info.shape[0]


class Volume:
    """One stack per channel, in the type of the file unless that cannot hold a mean.

    Parameters
    ----------
    source : ImageSource
    stack : Stack
    scale : Scale

    Attributes
    ----------
    pixels : list of (depth, height, width) arrays
        One per channel; planes that are not there yet are 0.
    is_there : (depth,) bool
    """

    def __init__(self, source: ImageSource, stack: Stack, scale: Scale) -> None:
        self.stack = stack
        self.scale = scale
        self._source = source
        info = source.info
        *_, height, width = info.shapes[scale.level]
        self.depth = -(-stack.depth(info) // scale.step_deep)
        shape = (self.depth, -(-height // scale.step), -(-width // scale.step))
        dtype = "float32" if info.dtype in ("bool", "float16") and scale.step > 1 else info.dtype
        self.pixels: list[Pixels] = [np.zeros(shape, dtype) for _channel in stack.channels]
        self.is_there: NDArray[np.bool_] = np.zeros(self.depth, bool)
        self._order = coarse_to_fine(self.depth)
        self.done = 0

    @property
    def is_complete(self) -> bool:
        """Whether every plane is there."""
        return self.done == self.depth

    def go_on(self, seconds: float = math.inf) -> None:
        """Read at least one plane more, and as many as there is time for. Missing ones stay dark."""
        end = time.monotonic() + seconds
        missing = missing_planes(self._source)
        info, scale = self._source.info, self.scale
        while not self.is_complete:
            at = self._order[self.done]
            for pixels, channel in zip(self.pixels, self.stack.channels, strict=True):
                position = min(at * scale.step_deep + scale.step_deep // 2, self.stack.depth(info) - 1)
                region = self.stack.plane(info, channel, position, scale.level)
                if (region.t[0], channel, region.z[0]) not in missing:
                    pixels[at] = reduced(read_once(self._source, region)[0, 0, 0], scale.step)
            self.is_there[at] = True
            self.done += 1
            if time.monotonic() >= end:
                break

    def nearest(self) -> NDArray[np.intp]:
        """Return for each plane the nearest one before it that is there."""
        known = np.where(self.is_there, np.arange(self.depth), 0)
        nearest: NDArray[np.intp] = np.maximum.accumulate(known)
        return nearest


def read_once(source: ImageSource, region: Region) -> Pixels:
    """Read pixels that need not be remembered."""
    return source.read_once(region) if isinstance(source, CachedSource) else source.read(region)


def coarse_to_fine(count: int) -> list[int]:
    """Return the numbers below `count` so that the first few lie evenly over all of them."""
    stride = 1
    while count / stride > FIRST_LOOK:
        stride *= 2
    order: dict[int, None] = {}
    while stride:
        order |= dict.fromkeys(range(0, count, stride))
        stride //= 2
    return list(order)


def scale_within(info: ImageInfo, stack: Stack, nbytes: int) -> Scale:
    """Return the finest scale at which all planes of a stack take no more than `nbytes`."""
    per_pixel = stack.depth(info) * len(stack.channels) * np.dtype(info.dtype).itemsize
    for level, (*_, height, width) in enumerate(info.shapes):
        if height * width * per_pixel <= nbytes:
            return Scale(level)
    *_, height, width = info.shapes[-1]
    return Scale(len(info.shapes) - 1, math.ceil(math.sqrt(height * width * per_pixel / nbytes)))


def scale_to_side(info: ImageInfo, stack: Stack, side: int) -> Scale:
    """Return the scale at which a stack is no longer than `side` along any axis."""
    fine = [level for level, shape in enumerate(info.shapes) if max(shape[3:]) >= side]
    level = max(fine, default=0)
    step = math.ceil(max(info.shapes[level][3:]) / side)
    return Scale(level, step, math.ceil(stack.depth(info) / side))


def as_planes(pixels: Sequence[Pixels]) -> tuple[Plane, ...]:
    """Return arrays as planes that lie row by row in memory."""
    return tuple(np.ascontiguousarray(plane) for plane in pixels)
