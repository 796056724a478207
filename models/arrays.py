"""Images in memory, for measurements and tests: the two interfaces of `models.source` over one array."""

from dataclasses import replace

import numpy as np

from models.source import Channel, ImageInfo, Pixels, PixelSize, Region


def array_info(pixels: Pixels, *, name: str = "array", pixel_size_um: PixelSize | None = None) -> ImageInfo:
    """Return the description of a five-axis array."""
    if pixels.ndim != 5:
        raise ValueError("an image has five axes, T, C, Z, Y and X")
    t, c, z, y, x = pixels.shape
    return ImageInfo(
        uri=name,
        scene=0,
        scenes=(name,),
        shapes=((t, c, z, y, x),),
        dtype=pixels.dtype.name,
        axes="TCZYX",
        pixel_size_um=pixel_size_um or PixelSize(),
        channels=tuple(Channel(f"Channel {i + 1}") for i in range(c)),
    )


class ArraySource:
    """A five-axis array as an `ImageSource`; the array is not copied."""

    def __init__(self, pixels: Pixels, info: ImageInfo | None = None) -> None:
        self.info = info or array_info(pixels)
        self._pixels = pixels

    def read(self, region: Region) -> Pixels:
        """Return a view of `region`."""
        return self._pixels[region.slices]

    def close(self) -> None:
        """There is nothing to release."""


class ArraySink:
    """An `ImageSink` that keeps what is written in `pixels`."""

    def __init__(self, info: ImageInfo) -> None:
        self.info = replace(info, shapes=info.shapes[:1])
        self.pixels = np.zeros(info.shape, info.dtype)

    def write(self, region: Region, pixels: Pixels) -> None:
        """Store `pixels` at `region`."""
        self.pixels[region.slices] = pixels

    def flush(self) -> None:
        """Memory needs no flushing."""
