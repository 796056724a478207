"""Writes an animated GIF frame by frame: one palette for all, so that nothing flickers."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from app.images.picture import Picture
from app.images.writers.growing import GrowingFile

COLOURS = 256
SHORTEST = 2  # hundredths of a second; what is shorter is slowed down by most viewers
MOST_SAMPLED = 1 << 20  # pixels that the palette is chosen from
GRAYS = bytes(gray for gray in range(256) for _part in range(3))


class GifWriter:
    """Frames of one size become a GIF that repeats for ever.

    Parameters
    ----------
    path : Path
    size : (width, height)
    per_second : float
        Frames in a second; no more than 50 can be stored.
    count : int
        Frames to expect, for a look at the room on the drive.
    samples : sequence of (h, w, 3) uint8
        Some of the frames: the palette is made for them.
    """

    def __init__(
        self, path: Path, size: tuple[int, int], *, per_second: float, count: int, samples: Sequence[Picture]
    ) -> None:
        width, height = size
        self._palette = _palette(samples)
        self._delay = 100 / per_second
        self._frames = 0
        self._file = GrowingFile(path, width * height * count // 2)
        self._file.write(b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF7, 0, 0))
        self._file.write(bytes(self._palette.getpalette()).ljust(3 * COLOURS, b"\0"))
        self._file.write(b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")  # for ever

    def add(self, frame: Picture) -> None:
        """Append a frame."""
        from PIL import GifImagePlugin, Image

        image = Image.fromarray(np.ascontiguousarray(frame))
        is_gray = self._palette.info.get("is_gray", False)
        reduced = image.convert("L") if is_gray else image
        if not is_gray:
            reduced = image.quantize(palette=self._palette, dither=Image.Dither.FLOYDSTEINBERG)
        self._file.write(b"!\xf9\x04\x04" + struct.pack("<H", self._hundredths()) + b"\0\0")
        for part in GifImagePlugin.getdata(reduced):
            self._file.write(bytes(part))
        self._frames += 1

    def close(self) -> Path:
        """Finish the file and return it."""
        self._file.write(b";")
        return self._file.close()

    def abandon(self) -> None:
        """Remove what is not finished."""
        self._file.abandon()

    def _hundredths(self) -> int:
        """Return how long the next frame stays; rounding adds up to nothing."""
        start, stop = (round(number * self._delay) for number in (self._frames, self._frames + 1))
        return min(max(SHORTEST, stop - start), 0xFFFF)


def _palette(samples: Sequence[Picture]) -> Any:  # Any: PIL's images are handed around, not looked into
    from PIL import Image

    if all((frame == frame[..., :1]).all() for frame in samples):
        palette = Image.new("P", (1, 1))
        palette.putpalette(GRAYS)
        palette.info["is_gray"] = True
        return palette
    pixels = sum(frame.shape[0] * frame.shape[1] for frame in samples)
    step = max(1, int(np.ceil(np.sqrt(pixels / MOST_SAMPLED))))
    seen = np.concatenate([frame[::step, ::step].reshape(-1, 3) for frame in samples])
    strip = Image.fromarray(seen[None])
    return strip.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=2)
