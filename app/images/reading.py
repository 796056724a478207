"""Applies a person's corrections, axes and pixel size, to an image that was read as its file says."""

from dataclasses import replace

import numpy as np

from app.images.errors import WrongReading
from app.images.partial import Plane, missing_planes
from models.source import (
    AXES,
    Doubt,
    ImageInfo,
    ImageSource,
    Pixels,
    PixelSize,
    Range,
    Reading,
    Region,
    Shape5,
)

SIZE_DOUBTS: tuple[Doubt, ...] = ("pixel_size", "pixel_size_range", "unit")
AXIS_DOUBTS: tuple[Doubt, ...] = ("axes", "z_or_t")


def corrected(source: ImageSource, reading: Reading) -> ImageSource:
    """Return `source` as `reading` says it is; the same object if there is nothing to correct.

    Raises
    ------
    WrongReading
        If the axes of `reading` do not name every axis of the image once.
    """
    if reading == Reading():
        return source
    info = source.info
    order = tuple(range(5))
    if reading.axes:
        order = _order(info, reading.axes.upper())
        info = _with_axes(info, reading.axes.upper(), order)
    info = _with_size(info, reading.pixel_size_um)
    if reading.time_interval_s is not None:
        info = replace(info, time_interval_s=reading.time_interval_s)
    return CorrectedSource(source, info, order)


class CorrectedSource:
    """An image source with other names for its axes and another pixel size.

    Parameters
    ----------
    source : ImageSource
    info : ImageInfo
        What is told instead of what `source` tells.
    order : tuple of int
        For each of T, C, Z, Y, X the position of that axis in `source`.
    """

    def __init__(self, source: ImageSource, info: ImageInfo, order: tuple[int, ...]) -> None:
        self.info = info
        self._source = source
        self._order = order

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`; see `ImageSource.read`."""
        ranges: list[Range] = [(0, 1)] * 5
        for here, there in enumerate(self._order):
            ranges[there] = region.ranges[here]
        t, c, z, y, x = ranges
        return np.transpose(self._source.read(Region(t, c, z, y, x, region.level)), self._order)

    def missing_planes(self) -> frozenset[Plane]:
        """Return the planes that the file has not; see `app.images.partial`."""
        t, c, z = self._order[:3]
        return frozenset((plane[t], plane[c], plane[z]) for plane in missing_planes(self._source))

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def _order(info: ImageInfo, axes: str) -> tuple[int, ...]:
    """Return, for each of T, C, Z, Y, X, the position of that axis in the image as it was read."""
    old = info.axes
    stack, plane = old.rstrip("YXS"), "YX" if "S" not in old else "YXS"
    fits = len(axes) == len(old) and len(set(axes)) == len(axes) and axes.endswith(plane)
    if not fits or not set(axes[: len(stack)]) <= (set("TZ") if "S" in old else set("TCZ")):
        raise WrongReading(
            f"The axes {axes} do not fit this image, which has {old}.",
            hint=f"Use as many letters as {old} has, each once, with {plane} at the end.",
            axes=axes,
            image_axes=old,
        )
    renamed = dict(zip(axes[: len(stack)], stack, strict=True))
    left_over = [axis for axis in AXES[:3] if axis not in renamed.values()]
    for axis in AXES[:3]:
        if axis not in renamed and axis in left_over:
            renamed[axis] = axis
            left_over.remove(axis)
    places = [renamed[axis] if axis in renamed else left_over.pop(0) for axis in AXES[:3]]
    if "S" in old:  # colours stay where they are
        places = _keep_colours(places)
    return (*(AXES.index(axis) for axis in places), 3, 4)


def _keep_colours(places: list[str]) -> list[str]:
    at = places.index("C")
    places[at], places[1] = places[1], "C"
    return places


def _with_axes(info: ImageInfo, axes: str, order: tuple[int, ...]) -> ImageInfo:
    def shape(old: Shape5) -> Shape5:
        t, c, z, y, x = (old[there] for there in order)
        return (t, c, z, y, x)

    # Names belong to channels; where another axis becomes C, they have lost their meaning.
    same_channels = order[1] == 1
    count = info.shape[order[1]]
    letters = "".join(axis for axis in AXES if axis in axes) + ("S" if "S" in axes else "")
    blank = replace(info.channels[0], name="", colour=None)
    return replace(
        info,
        shapes=tuple(shape(old) for old in info.shapes),
        axes=letters,
        channels=info.channels if same_channels else (blank,) * count,
        doubts=tuple(doubt for doubt in info.doubts if doubt not in AXIS_DOUBTS),
    )


def _with_size(info: ImageInfo, size: PixelSize) -> ImageInfo:
    if size == PixelSize():
        return info
    old = info.pixel_size_um
    merged = PixelSize(
        z=old.z if size.z is None else size.z,
        y=old.y if size.y is None else size.y,
        x=old.x if size.x is None else size.x,
    )
    settled = merged.y is not None and merged.x is not None
    doubts = tuple(doubt for doubt in info.doubts if not (settled and doubt in SIZE_DOUBTS))
    return replace(info, pixel_size_um=merged, doubts=doubts)
