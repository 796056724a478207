"""What can be measured in bad images, real ones and made ones alike, so that they can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.restoration.noise import (
    NoiseCurve,
    blocks_of,
    correlation,
    fit_curve,
    flattest,
    grain_of,
    line_noise,
    share_seen,
    without_specks,
)
from models.restoration.noise_shape import Shape, shape_of

Plane = NDArray[np.float32]

CALM_PX = 2.0  # smoothing after which brightness is looked at
DARKEST = 0.5  # percent: the middle of the darkest hundredth
DARKEST_SDS, EVEN_SDS = 2.58, 0.93  # of the lowest half percent from the mean, and from the lowest 5 %
SHARES = (
    0.5,
    1,
    2,
    5,
    10,
    25,
    50,
    75,
    90,
    95,
    98,
    99,
    99.5,
    99.8,
)  # percent, by which brightness is compared
NOISE_AT = (20.0, 50.0, 80.0)  # percent
GRAINY = 0.1  # correlation of neighbours from which noise is called grainy
CUT_OFF = 1e-4  # share of pixels at the brightest level that means saturation
WIDE_RANGE = 3.0  # brightness of the 95th over the 5th percentile from which photons can be told


@dataclass(frozen=True, slots=True)
class Levels:
    """How gray levels lie: the ends where pixels are cut off (infinite: nowhere) and their distance."""

    floor: float
    ceiling: float
    step: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured in planes.

    Attributes
    ----------
    levels : Levels
    curve : NoiseCurve
        With its grain accounted for.
    shape : Shape
        Of white noise.
    neighbours : float
        Correlation of the noise of neighbouring pixels.
    salt, pepper : float
        Fractions of pixels.
    lines : float
        Standard deviation of rows in gray levels.
    brightness : tuple of float
        Gray levels of the smoothed planes at `SHARES`.
    noise_at : tuple of float
        Gray levels at the percentiles `NOISE_AT`.
    planes : tuple of planes
        Without specks.
    """

    levels: Levels
    curve: NoiseCurve
    shape: Shape
    neighbours: float
    salt: float
    pepper: float
    lines: float
    brightness: tuple[float, ...]
    noise_at: tuple[float, ...]
    planes: tuple[Plane, ...]

    @property
    def grain_px(self) -> float:
        """Standard deviation of the correlation of the noise, 0 where there is too little to be told."""
        return grain_of(self.neighbours) if self.neighbours > GRAINY else 0.0

    @property
    def is_wide(self) -> bool:
        """Whether brightness differs enough to tell photons from read noise."""
        dark = self.brightness[SHARES.index(5)] - self.curve.offset
        bright = self.brightness[SHARES.index(95)] - self.curve.offset
        return bright > WIDE_RANGE * max(dark, 1e-12)


def levels_of(planes: Sequence[Plane]) -> Levels:
    """Return how the gray levels of planes lie."""
    values = np.concatenate([plane.ravel()[:: max(1, plane.size >> 18)] for plane in planes])
    found, counts = np.unique(values, return_counts=True)
    step = 0.0
    if len(values) > 16 * len(found):
        middle = found[(found >= np.percentile(values, 5)) & (found <= np.percentile(values, 95))]
        step = float(np.ptp(middle) / (len(middle) - 1)) if len(middle) > 2 else float(np.min(np.diff(found)))
    top = float(found[-1]) if counts[-1] > CUT_OFF * len(values) and _piles_up(counts[::-1]) else np.inf
    bottom = float(found[0]) if counts[0] > CUT_OFF * len(values) and _piles_up(counts) else -np.inf
    return Levels(bottom, top, step)


def _piles_up(counts: NDArray[np.int64]) -> bool:
    """Whether the first level has more pixels than its neighbours let expect."""
    return len(counts) > 8 and counts[0] > 2 * max(float(np.median(counts[1:6])), 1.0)


def measure(planes: Sequence[Plane], *, levels: Levels | None = None) -> Measured:
    """Measure planes of one kind together.

    Parameters
    ----------
    planes : sequence of (h, w) float32
        Finite, at least 64 pixels a side.
    levels : Levels, optional
        How gray levels lie, where it is known.
    """
    known = levels or levels_of(planes)
    curve = fit_curve(flattest(blocks_of(planes, floor=known.floor, ceiling=known.ceiling)), _darkest(planes))
    clean, salt, pepper = [], [], []
    for plane in planes:
        mended, bright, dark = without_specks(plane, curve, step=known.step)
        clean.append(mended)
        salt.append(bright)
        pepper.append(dark)
    flat = flattest(blocks_of(clean, floor=known.floor, ceiling=known.ceiling))
    both = brightness_of(clean, (*SHARES, *NOISE_AT))
    brightness, noise_at = both[: len(SHARES)], both[len(SHARES) :]
    dark = _without_light(brightness, fit_curve(flat, float(brightness[0])))
    curve = fit_curve(flat, dark)
    shape = Shape()
    neighbours = correlation(flat, curve)
    if neighbours > GRAINY:
        grain_px = grain_of(neighbours)
        curve = fit_curve(flat, dark, grain_px)
        neighbours = max(correlation(flat, curve, grain_px), neighbours)
        more = 1 / share_seen(grain_of(neighbours))
        curve = NoiseCurve(curve.gain * more, curve.read_noise * more**0.5, curve.offset)
    else:
        curve, shape = shape_of(curve, flat)
    return Measured(
        known,
        curve,
        shape,
        neighbours,
        float(np.mean(salt)),
        float(np.mean(pepper)),
        float(np.median([line_noise(plane) for plane in clean])),
        tuple(float(value) for value in brightness),
        tuple(float(value) for value in noise_at),
        tuple(clean),
    )


def brightness_of(planes: Sequence[Plane], shares: Sequence[float]) -> NDArray[np.float64]:
    """Return the percentiles of smoothed planes, all together."""
    smooth = [ndimage.gaussian_filter(plane, CALM_PX, mode="nearest", truncate=3.0) for plane in planes]
    values = np.concatenate([plane.ravel()[:: max(1, plane.size >> 17)] for plane in smooth])
    return np.asarray(np.percentile(values, shares), np.float64)


def _without_light(brightness: NDArray[np.float64], curve: NoiseCurve) -> float:
    """Return the gray level of the darkest part, of which noise shows an evenly dark one too dark."""
    darkest, dark = float(brightness[0]), float(brightness[SHARES.index(5)])
    sd = curve.sd(darkest) / (2 * np.pi**0.5 * CALM_PX)  # that smoothing leaves
    evenness = min(EVEN_SDS * sd / max(dark - darkest, 1e-12), 1.0)
    return float(darkest + evenness * DARKEST_SDS * sd)


def _darkest(planes: Sequence[Plane]) -> float:
    smooth = np.concatenate([ndimage.uniform_filter(plane, 7)[::7, ::7].ravel() for plane in planes])
    return float(np.percentile(smooth, DARKEST))
