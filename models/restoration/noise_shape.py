"""The shape of noise: what lopsidedness and tails tell beyond its variance.

Photons make noise lopsided, more so where a detector amplifies each of them by another factor. Electronics do
not; so light is seen in the darkest places, too. Tails tell of pixels that are not equally noisy.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.restoration.noise import Blocks, NoiseCurve

SIGNIFICANT = 3.0  # standard errors
MOST_LOPSIDED = 1.6  # mean cube over that of photons that are all the same
QUIETEST = 0.05  # of the middle variance; quieter blocks do not count for more
DARK_SHARE = 0.1  # of the blocks
MOSTLY_READ = 0.5  # share of the variance that read noise has where its tails are looked at
LEAST_TAILS, MOST_TAILS = 0.3, 1.5
PEAK_OF_GAUSSIAN = 3 * (9 / 8) ** 2


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of noise beyond its curve.

    Attributes
    ----------
    photon_spread : float
        Relative standard deviation of what single photons give.
    read_tails : float
        Excess kurtosis of the read noise.
    """

    photon_spread: float = 0.0
    read_tails: float = 0.0


def shape_of(curve: NoiseCurve, flat: Blocks) -> tuple[NoiseCurve, Shape]:
    """Return the same variances with the gray level without light corrected, and the shape of white noise.

    What chance may do is not believed, and light is never less than in the darkest place.
    """
    lopsided = _lopsidedness(curve, flat)
    square = (lopsided - 1) / (2 - lopsided)
    better = _with_offset(curve, flat, lopsided)
    return better, Shape(float(np.sqrt(square)), _tails(better, flat, square))


def _weights(curve: NoiseCurve, flat: Blocks) -> NDArray[np.float64]:
    """Return one over the variance that the cube of noise of photons and electronics has."""
    v, square = curve.variance(flat.level), curve.gain**2
    v = np.maximum(v, max(QUIETEST * float(np.median(v)), 1e-12))
    return np.asarray(1 / (15 * v**3 + 25 * v**2 * square + v * square**2), np.float64)


def _lopsidedness(curve: NoiseCurve, flat: Blocks) -> float:
    """Return the slope of the mean cube over that of photons that are all the same, at least 1."""
    if curve.gain <= 0:
        return 1.0
    weights = _weights(curve, flat)
    level = flat.level - np.average(flat.level, weights=weights)
    skew = flat.skew - np.average(flat.skew, weights=weights)
    lever = float(np.sum(weights * level**2))
    slope = float(np.sum(weights * level * skew)) / max(lever, 1e-300)
    error = float(np.sqrt(np.sum((weights * level * (skew - slope * level)) ** 2))) / max(lever, 1e-300)
    if slope - curve.gain**2 < SIGNIFICANT * error:
        return 1.0
    return float(np.clip(slope / curve.gain**2, 1.0, MOST_LOPSIDED))


def _with_offset(curve: NoiseCurve, flat: Blocks, lopsided: float) -> NoiseCurve:
    if curve.gain <= 0 or curve.read_noise <= 0:
        return curve
    weights = _weights(curve, flat)
    found = flat.level - flat.skew / (lopsided * curve.gain**2)
    middle = float(np.average(found, weights=weights))
    error = float(np.sqrt(np.sum((weights * (found - middle)) ** 2)) / weights.sum())
    more = min(curve.offset - middle, curve.read_noise**2 / curve.gain)
    if more <= 0:
        return curve
    more *= more**2 / (more**2 + error**2)
    read = float(np.sqrt(max(curve.read_noise**2 - curve.gain * more, 0.0)))
    return replace(curve, read_noise=read, offset=curve.offset - more)


def _tails(curve: NoiseCurve, flat: Blocks, square: float) -> float:
    """Return the excess kurtosis of the read noise; `square` is the variance of what photons give."""
    dark = flat.level <= np.percentile(flat.level, 100 * DARK_SHARE)
    level = float(flat.level[dark].mean())
    variance = float(curve.variance(np.array(level)))
    read = curve.read_noise**2
    if read <= 0 or read < MOSTLY_READ * variance:
        return 0.0
    excess = float(np.mean(flat.peak[dark] - PEAK_OF_GAUSSIAN * curve.variance(flat.level[dark]) ** 2))
    light = max(level - curve.offset, 0.0)
    photons = light * curve.gain**3 * (1 + 2 * square) * (1 + 3 * square) / (1 + square) ** 2
    tails = (excess - photons) / read**2
    return float(min(tails, MOST_TAILS)) if tails > LEAST_TAILS else 0.0
