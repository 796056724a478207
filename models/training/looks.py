"""Looking at images before they teach: how sharp, how noisy, saturated, the same field twice, shifted.

Pure functions of planes, (h, w) of any real type. Lengths are in pixels, shares between 0 and 1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Plane = NDArray[Any]  # (h, w), any real type
Small = NDArray[np.float32]

NORMAL_MAD = 0.6745  # of a normal distribution, in standard deviations
CAMERA_BITS = (8, 10, 12, 14, 16)
PILE = 3.0  # times as many pixels at the top as at any level just below: they were cut off there
BANDS_PX = (1.0, 2.0, 8.0)  # between them lie fine structure and coarse
OVERLAP = 0.25  # of the smaller field that two pictures of the same field share at least
SAME = 0.88  # correlation from which on two pictures show the same field
TELLING = 10.0  # standard deviations that a shift must stand out of all others; noise reaches 8
BLURRED = 0.55  # of the usual sharpness of the set


@dataclass(frozen=True, slots=True)
class Look:
    """What one plane is like.

    Attributes
    ----------
    low, high : float
        0.2 and 99.8 percentile of the gray levels.
    saturated : float
        Share of pixels that were cut off at the top level.
    sharpness : float
        Contrast of fine structure relative to coarse, without the noise.
    noise : float
        Standard deviation of the noise, relative to the range.
    nan : float
        Share of pixels that are no numbers.
    is_constant : bool
    """

    low: float
    high: float
    saturated: float
    sharpness: float
    noise: float
    nan: float
    is_constant: bool


def look_at(plane: Plane) -> Look:
    """Measure one plane."""
    finite = np.isfinite(plane)
    nan = 1.0 - float(finite.mean())
    values = plane[finite]
    if not values.size or values.min() == values.max():
        level = float(values[0]) if values.size else 0.0
        return Look(level, level, 0.0, 0.0, 0.0, nan, is_constant=True)
    low, high = (float(level) for level in np.percentile(values, (0.2, 99.8)))
    filled = plane if nan == 0 else np.where(finite, plane, np.median(values))
    smooth = filled.astype(np.float32)
    noise = noise_of(smooth)
    extent = (high - low) or float(values.max() - values.min())
    return Look(
        low, high, saturated_share(values), sharpness(smooth, noise), noise / extent, nan, is_constant=False
    )


def saturated_share(values: NDArray[Any]) -> float:
    """Return the share of `values` at the top level, 0 if nothing says that they were cut off there.

    They were if the top is the last level of a camera, or if far more pixels have it than any level just
    below. A hundredth of a per mille is nothing: single hot pixels reach the top of any camera.
    """
    top = values.max()
    share = float((values == top).mean())
    is_camera_top = values.dtype.kind in "iu" and int(top) in {2**bits - 1 for bits in CAMERA_BITS}
    if is_camera_top:
        return share
    upper = values[values > np.percentile(values, 80)]
    levels, counts = np.unique(upper, return_counts=True)
    below = counts[-9:-1]
    is_pile = len(levels) > 1 and counts[-1] > PILE * max(1, int(below.max()))
    return share if is_pile and values.dtype.kind in "iu" and counts[-1] >= 16 else 0.0


def noise_of(plane: Plane) -> float:
    """Return the standard deviation of white noise, from differences that smooth structure does not have."""
    height, width = (length // 2 * 2 for length in plane.shape)
    if min(height, width) < 2:
        return 0.0
    a, b = plane[0:height:2, 0:width:2], plane[0:height:2, 1:width:2]
    c, d = plane[1:height:2, 0:width:2], plane[1:height:2, 1:width:2]
    diagonal = (a - b - c + d) / 2  # white noise keeps its standard deviation
    return float(np.median(np.abs(diagonal))) / NORMAL_MAD


def sharpness(plane: Plane, noise: float) -> float:
    """Return the contrast of structure of 1 to 2 pixels relative to that of 2 to 8, without the noise."""
    fine, middle, coarse = (ndimage.gaussian_filter(plane, sigma) for sigma in BANDS_PX)
    small, large = fine - middle, middle - coarse
    s, m, _c = BANDS_PX
    # a Gaussian of sigma leaves 1 / (4 pi sigma^2) of the noise's variance, two of them their cross term
    kept = (1 / s**2 + 1 / m**2 - 4 / (s**2 + m**2)) / (4 * np.pi)
    signal = max(0.0, float(small.var()) - kept * noise**2)
    return float(np.sqrt(signal / max(float(large.var()), 1e-12)))


def out_of_focus(sharpnesses: list[float]) -> list[bool]:
    """Say which of a set are much less sharp than the others; with fewer than three nobody can tell."""
    known = [one for one in sharpnesses if one > 0]
    if len(known) < 3:
        return [False] * len(sharpnesses)
    usual = float(np.median(known))
    return [one < BLURRED * usual for one in sharpnesses]


def shrunk(plane: Plane, step: int) -> Small:
    """Return the means of blocks of `step` pixels; what is no number counts as nothing."""
    height, width = (max(1, length // step) for length in plane.shape)
    down, across = min(step, plane.shape[0]), min(step, plane.shape[1])
    blocks = plane[: height * down, : width * across].reshape(height, down, width, across)
    if blocks.dtype.kind == "f":
        blocks = np.nan_to_num(blocks.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    means: Small = blocks.mean(axis=(1, 3), dtype=np.float32)
    return means


def fingerprint(small: Small) -> Small:
    """Return what tells a field from others: its middle-sized structure, with mean 0 and variance 1."""
    band = ndimage.gaussian_filter(small, 0.7) - ndimage.gaussian_filter(small, 6.0)
    spread = float(band.std())
    print_: Small = ((band - band.mean()) / spread if spread > 0 else band * 0).astype(np.float32)
    return print_


def likeness(one: Small, other: Small) -> float:
    """Return the best correlation of two fingerprints over all shifts that leave enough in common."""
    shape = [fft.next_fast_len(a + b, real=True) for a, b in zip(one.shape, other.shape, strict=True)]
    a, a2, am = (fft.rfft2(part, shape) for part in (one, one**2, np.ones_like(one)))
    turned = other[::-1, ::-1]
    b, b2, bm = (fft.rfft2(part, shape) for part in (turned, turned**2, np.ones_like(turned)))
    product, common = fft.irfft2(a * b, shape), np.rint(fft.irfft2(am * bm, shape))
    of_a, of_b = fft.irfft2(a2 * bm, shape), fft.irfft2(am * b2, shape)
    least = OVERLAP * min(one.size, other.size)
    norm = np.sqrt(np.maximum(of_a * of_b, 1e-6))
    found = np.where(common >= least, product / norm, 0.0)
    return float(found.max())


def shift_between(low: Plane, high: Plane) -> tuple[float, float] | None:
    """Return how far the first plane lies beside the second, (y, x) in its own pixels.

    None if no shift stands out: they show different places, or hardly anything.

    By phase correlation with the peak found to a fraction of a pixel; planes of different sizes are
    brought to the smaller grid by averaging.
    """
    factor = max(1, round(min(high.shape[0] / low.shape[0], high.shape[1] / low.shape[1])))
    coarse = shrunk(high, factor) if factor > 1 else high.astype(np.float32)
    height, width = (min(a, b) for a, b in zip(coarse.shape, low.shape, strict=True))
    a, b = (_windowed(part[:height, :width]) for part in (low, coarse))
    spectrum = fft.rfft2(a) * np.conj(fft.rfft2(b))
    smooth = np.exp(-(fft.fftfreq(height)[:, None] ** 2 + fft.rfftfreq(width)[None] ** 2) * 2 * np.pi**2)
    peak = fft.irfft2(spectrum / np.maximum(np.abs(spectrum), 1e-9) * smooth, (height, width))
    if peak.max() - peak.mean() < TELLING * peak.std() or not peak.any():
        return None
    top = np.unravel_index(int(np.argmax(peak)), peak.shape)
    y = _centre(peak[:, top[1]], int(top[0]))
    x = _centre(peak[top[0]], int(top[1]))
    return y, x


def _windowed(plane: Plane) -> Small:
    filled = np.nan_to_num(plane.astype(np.float32))
    filled = filled - filled.mean()
    windows = (np.hanning(length + 2)[1:-1] for length in filled.shape)
    rows, columns = windows
    windowed: Small = (filled * rows[:, None] * columns[None]).astype(np.float32)
    return windowed


def _centre(line: NDArray[Any], top: int) -> float:
    """Return the place of a peak on a line that closes on itself, by a parabola through its logarithm."""
    length = len(line)
    if length < 3:
        return 0.0
    before, at, after = (max(float(line[(top + step) % length]), 1e-9) for step in (-1, 0, 1))
    b, m, a = np.log([before, at, after])
    bend = b - 2 * m + a
    place = top + (0.5 * (b - a) / bend if bend < 0 else 0.0)
    return float(place - length if place > length / 2 else place)
