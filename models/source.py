"""The two interfaces of images: sources that are read lazily, sinks that are written in any order.

One convention everywhere: five axes in the order T, C, Z, Y, X; lengths in micrometres; level 0 is the
full resolution. RGB images have three channels and say so in `ImageInfo.is_rgb`.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

AXES = "TCZYX"

Range = tuple[int, int]
Shape5 = tuple[int, int, int, int, int]
Pixels = NDArray[Any]  # any numeric dtype, always five axes

Doubt = Literal["axes", "pixel_size", "pixel_size_range", "z_or_t", "unit"]


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: its name, its colour as ``#rrggbb`` and the display range stored in the file."""

    name: str
    colour: str | None = None
    display: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Size of a pixel in micrometres; None where the file does not say."""

    z: float | None = None
    y: float | None = None
    x: float | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A box in one pyramid level: five half-open ranges. Hashable, hence a cache key."""

    t: Range
    c: Range
    z: Range
    y: Range
    x: Range
    level: int = 0

    @property
    def shape(self) -> Shape5:
        """Extent along T, C, Z, Y, X."""
        t, c, z, y, x = (stop - start for start, stop in self.ranges)
        return (t, c, z, y, x)

    @property
    def ranges(self) -> tuple[Range, Range, Range, Range, Range]:
        """The five ranges in the order of `AXES`."""
        return (self.t, self.c, self.z, self.y, self.x)

    @property
    def slices(self) -> tuple[slice, slice, slice, slice, slice]:
        """The region as an index into a five-axis array."""
        t, c, z, y, x = (slice(start, stop) for start, stop in self.ranges)
        return (t, c, z, y, x)


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What is known about an image without reading its pixels.

    Attributes
    ----------
    uri : str
        Absolute path; with `scene` enough to open the same image in another process.
    scene : int
        Index into `scenes`.
    scenes : tuple of str
        Names of all images in the file; at least one.
    shapes : tuple of (T, C, Z, Y, X)
        One shape per pyramid level, the full resolution first.
    dtype : str
        NumPy name of the pixel type, in native byte order.
    axes : str
        The axes the file really has, in the order TCZYX, with S for colour samples last.
    pixel_size_um : PixelSize
    channels : tuple of Channel
        As many as ``shapes[0][1]``.
    time_interval_s : float or None
    is_rgb : bool
        The three channels are red, green and blue.
    doubts : tuple of Doubt
        What was guessed or is missing and should be asked, never a dialog.
    """

    uri: str
    scene: int
    scenes: tuple[str, ...]
    shapes: tuple[Shape5, ...]
    dtype: str
    axes: str
    pixel_size_um: PixelSize
    channels: tuple[Channel, ...]
    time_interval_s: float | None = None
    is_rgb: bool = False
    doubts: tuple[Doubt, ...] = ()

    @property
    def shape(self) -> Shape5:
        """Shape of the full resolution."""
        return self.shapes[0]

    @property
    def nbytes(self) -> int:
        """Bytes of the full resolution when unpacked."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize

    def whole(self, level: int = 0) -> Region:
        """The region that covers everything at one level."""
        t, c, z, y, x = self.shapes[level]
        return Region((0, t), (0, c), (0, z), (0, y), (0, x), level)

    def plane(self, t: int = 0, c: int = 0, z: int = 0, level: int = 0) -> Region:
        """The region of one whole plane."""
        *_, height, width = self.shapes[level]
        return Region((t, t + 1), (c, c + 1), (z, z + 1), (0, height), (0, width), level)


@dataclass(frozen=True, slots=True)
class Reading:
    """A person's answer to doubts: overrides what the file says. Empty means as the file says."""

    axes: str = ""
    pixel_size_um: PixelSize = PixelSize()
    time_interval_s: float | None = field(default=None, metadata={"added_later": True})


class ImageSource(Protocol):
    """An image that is read piece by piece."""

    info: ImageInfo

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`, shape ``region.shape``, in native byte order.

        May be called from any thread; reads no more of the file than it must. Raises a `UserError` if
        the file cannot be read there.
        """
        ...

    def close(self) -> None:
        """Release the file; closing twice does no harm."""
        ...


class ImageSink(Protocol):
    """An image that is written piece by piece, in any order."""

    def write(self, region: Region, pixels: Pixels) -> None:
        """Store `pixels` (shape ``region.shape``) at `region` of level 0."""
        ...

    def flush(self) -> None:
        """Return when everything written so far is on the disk."""
        ...
