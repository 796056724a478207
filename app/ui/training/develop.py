"""From arrays to pictures that the window can paint in a blink; free of Qt, for a thread."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DARKEST, BRIGHTEST = 0.5, 99.8  # percentiles of the picture that the contrast is locked to
SAMPLE = 1 << 19  # pixels that are enough for percentiles
SMALLEST = 256  # pixels along the longer side, below which a picture is not halved any more

Pixels = NDArray[np.float32]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Slide:
    """One picture, ready to be painted.

    `levels` are gray values from 0 to 255, each half the size of the one before; `pixel` is how wide a pixel
    of the first level is, in the unit that all pictures beside each other share.
    """

    levels: tuple[NDArray[np.uint8], ...]
    pixel: float = 1.0

    @property
    def width(self) -> float:
        """How wide it is, in units."""
        return float(self.levels[0].shape[1] * self.pixel)

    @property
    def height(self) -> float:
        """How high it is, in units."""
        return float(self.levels[0].shape[0] * self.pixel)


def load(path: Path) -> Pixels:
    """Read one plane of gray values from an array file.

    Raises
    ------
    OSError
        If the file is gone or cannot be read.
    ValueError
        If it holds no plane.
    """
    pixels = np.load(path, allow_pickle=False)
    if pixels.ndim != 2 or not pixels.size or pixels.dtype.kind not in "buif":
        raise ValueError(f"{path.name} holds no plane of gray values")
    return np.asarray(pixels, dtype=np.float32)


def display_range(pixels: NDArray[Any]) -> Range:
    """Return the gray values to draw darkest and brightest."""
    flat = pixels.ravel()[:: max(1, pixels.size // SAMPLE)]
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(flat, (DARKEST, BRIGHTEST)))
    return (low, high) if high > low else (low, low + 1.0)


def to_gray(pixels: NDArray[Any], shown: Range) -> NDArray[np.uint8]:
    """Return gray values from 0 to 255 for a display range; what is no number is drawn darkest."""
    low, high = shown
    scaled = np.nan_to_num((pixels.astype(np.float32) - low) * (255.0 / (high - low)), nan=0.0)
    gray: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return gray


def develop(pixels: NDArray[Any], shown: Range, pixel: float = 1.0) -> Slide:
    """Return a picture of one plane at a display range."""
    levels = [to_gray(pixels, shown)]
    while max(levels[-1].shape) > SMALLEST and min(levels[-1].shape) > 1:
        levels.append(_halved(levels[-1]))
    return Slide(tuple(np.ascontiguousarray(level) for level in levels), pixel)


def _halved(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the means of blocks of two by two pixels; an odd last line is left out."""
    high, wide = gray.shape[0] // 2 * 2, gray.shape[1] // 2 * 2
    wider = gray[:high, :wide].astype(np.uint16)
    total = wider[::2, ::2] + wider[1::2, ::2] + wider[::2, 1::2] + wider[1::2, 1::2]
    return ((total + 2) // 4).astype(np.uint8)
