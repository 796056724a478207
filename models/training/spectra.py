"""Sharpness of unpaired images: the blur after which the power spectrum of good images is that of bad ones.

What an image shows decides where its details lie; how fine they are is decided by the microscope. So the
spectra of images of different places agree but for a factor, once both are equally blurred and sampled, and
two powers of the frequency less or more at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.restoration.degrade import Sampling

Plane = NDArray[np.float32]
Power = NDArray[np.float64]

TILE = 128  # pixels of the bad image
SMALLEST_TILE = 32
MOST_TILES = 64  # of all planes together
LOW_CUT, HIGH_CUT = 0.1, 0.8  # of the Nyquist frequency of the bad image
BLURS = np.concatenate([np.arange(0, 4, 0.1), np.arange(4, 8.01, 0.25)])  # tried first
RESOLVED_PX = 1.0  # a blur below one pixel leaves nothing to be seen


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Mean power of Hann-windowed tiles, ``(side, side)``, per pixel; of white noise its variance."""

    power: Power

    @property
    def side(self) -> int:
        """Side of the tiles."""
        return len(self.power)


@dataclass(frozen=True, slots=True)
class Sharpness:
    """What comparing spectra found.

    Attributes
    ----------
    blur_px : float
        Standard deviation in pixels of the good image.
    mismatch : float
        Root mean square difference of the logarithms of the spectra after the blur.
    detail : float
        Share of the frequencies in which the bad image has more structure than noise.
    """

    blur_px: float
    mismatch: float
    detail: float


def tile_side(good: Sequence[Plane], bad: Sequence[Plane], scale: int) -> int:
    """Return the largest side of tiles, in pixels of the bad image, that fits all planes."""
    room: int = min(min(min(plane.shape) for plane in bad), min(min(plane.shape) for plane in good) // scale)
    return min(TILE, max(SMALLEST_TILE, room // 2 * 2))


def spectrum(planes: Sequence[Plane], side: int) -> Spectrum:
    """Return the mean spectrum of overlapping tiles, each with its own mean taken out."""
    window = np.hanning(side + 2)[1:-1]
    window = np.outer(window, window)
    window /= np.sqrt(np.mean(window**2))
    tiles = [tile for plane in planes for tile in _tiles(plane, side)]
    step = max(1, len(tiles) // MOST_TILES)
    chosen = tiles[::step]
    total = np.zeros((side, side))
    for tile in chosen:
        flat = tile - np.average(tile, weights=window)
        total += np.abs(np.fft.fft2(flat * window)) ** 2
    return Spectrum(total / (len(chosen) * side**2))


def _tiles(plane: Plane, side: int) -> list[Plane]:
    corners = [
        range(0, max(1, extent - side + 1), side // 2) if extent >= side else range(0)
        for extent in plane.shape
    ]
    return [plane[y : y + side, x : x + side] for y in corners[0] for x in corners[1]]


def degraded(good: Spectrum, blur_px: float, scale: int, sampling: Sampling) -> Power:
    """Return the spectrum of blurred and sampled good images, (side / scale, side / scale)."""
    f = np.asarray(np.fft.fftfreq(good.side), np.float64)
    gauss = np.exp(-4 * (np.pi * blur_px * f) ** 2)  # of power
    along_y, along_x = _taken(f, scale, sampling)
    power = good.power * np.outer(gauss * along_y, gauss * along_x)
    side = good.side // scale
    folded = power.reshape(scale, side, scale, side).sum(axis=(0, 2))
    return np.asarray(folded / scale**2)


def _taken(f: Power, scale: int, sampling: Sampling) -> tuple[Power, Power]:
    """Return what sampling does to power along y and along x, before frequencies fold."""
    box = np.mean([np.exp(2j * np.pi * f * i) for i in range(scale)], axis=0)
    centre = np.mean([np.exp(2j * np.pi * f * i) for i in range((scale - 1) // 2, scale // 2 + 1)], axis=0)
    area, point = np.abs(box) ** 2, np.abs(centre) ** 2
    ways = {
        "area": (area, area),
        "line": (point, area),
        "point": (point, point),
        "smooth": (area**2, area**2),
    }
    return ways[sampling] if scale > 1 else (np.ones_like(f), np.ones_like(f))


def sharpness(
    good: Spectrum,
    bad: Spectrum,
    noise: Power | float,
    *,
    scale: int,
    sampling: Sampling,
    good_noise: float = 0.0,
) -> Sharpness:
    """Find the blur that turns the spectrum of good images into that of bad ones.

    Parameters
    ----------
    good, bad : Spectrum
        `good` of tiles with `scale` times the side.
    noise : float or (side, side)
        Power of the noise of the bad image.
    good_noise : float
        Variance of the noise of the good image, which no blur of the microscope changed.
    """
    rings, counts = _rings(bad.side)
    clean = Spectrum(np.maximum(good.power - good_noise, 0.02 * good.power))
    real = _mean(bad.power, rings, counts)
    floor = _mean(np.broadcast_to(noise, bad.power.shape), rings, counts)
    share = np.clip((real - floor) / np.maximum(real, 1e-30), 0, 1)
    weights = share * np.sqrt(counts)
    if weights.sum() <= 0:
        return Sharpness(0.0, float("inf"), 0.0)

    def off(blur_px: float) -> float:
        made = _mean(degraded(clean, blur_px, scale, sampling), rings, counts)
        return _difference(made, real, floor, weights)

    values = [off(blur) for blur in BLURS]
    best = int(np.argmin(values))
    blur = float(BLURS[best])
    if 0 < best < len(BLURS) - 1:
        a, b, c = values[best - 1 : best + 2]
        step = float(BLURS[best] - BLURS[best - 1])
        blur += step * 0.5 * (a - c) / max(a - 2 * b + c, 1e-12)
    return Sharpness(max(blur, 0.0), float(np.sqrt(values[best])), float(np.mean(share > 0.5)))


def _difference(made: Power, real: Power, floor: Power, weights: Power) -> float:
    """Return the weighted mean square difference of logarithms after the best factor."""
    signal = np.maximum(real - floor, 0.0)
    factor = float((weights * signal).sum() / max((weights * made).sum(), 1e-30))
    for _ in range(8):
        model = factor * made + floor
        gap = np.log(np.maximum(real, 1e-30)) - np.log(np.maximum(model, 1e-30))
        lever = factor * made / np.maximum(model, 1e-30)
        factor *= float(np.exp((weights * gap * lever).sum() / max((weights * lever**2).sum(), 1e-30)))
    model = factor * made + floor
    gap = np.log(np.maximum(real, 1e-30)) - np.log(np.maximum(model, 1e-30))
    return float((weights * gap**2).sum() / weights.sum())


def _rings(side: int) -> tuple[NDArray[np.int64], Power]:
    """Return the ring of every frequency, -1 outside of what is compared, and the size of each ring."""
    f = np.fft.fftfreq(side)
    radius = np.hypot(*np.meshgrid(f, f)) / 0.5
    rings = np.floor((radius - LOW_CUT) / (HIGH_CUT - LOW_CUT) * (side // 4)).astype(np.int64)
    rings[(radius < LOW_CUT) | (radius >= HIGH_CUT)] = -1
    _, rings = np.unique(rings, return_inverse=True)  # without gaps; ring 0 is what is left out
    rings = rings.reshape(side, side) - 1
    return rings, np.bincount(rings[rings >= 0]).astype(np.float64)


def _mean(power: Power, rings: NDArray[np.int64], counts: Power) -> Power:
    inside = rings >= 0
    return np.bincount(rings[inside], weights=power[inside]) / counts
