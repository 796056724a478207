"""Measuring noise in single images: its variance against brightness, its grain, specks and lines.

Nothing but the image is needed. Noise is what a filter lets through that is blind to planes and slow bends
(Immerkaer, CVIU 64, 300, 1996); structure that it lets through too is told apart by the slopes around it,
which noise hardly has.

    variance(level) = gain * (level - offset) + read_noise ** 2
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

Plane = NDArray[np.float32]  # (h, w)
Values = NDArray[np.float64]  # (n,)

BLOCK = 8  # pixels a side
BINS = 24  # of brightness
FLAT_SHARE = 0.15  # of the blocks of a bin
FEWEST, MOST = 12, 150  # blocks that are kept of a bin, if it has them
SMOOTH_PX = 1.5  # before slopes are taken
SPECK_SDS = 6.0  # from the middle of its neighbours
TUKEY_BIAS = 1.02  # what the weights take from a variance that is estimated from blocks
GRAINS = np.linspace(0, 3, 121)  # standard deviations of a correlation, in pixels
TUKEY = 6.0  # robust deviations beyond which a block does not count
ROUNDS = 12
CUBE_SEEN = 1 - 8 / 8**3  # of the mean cube of white noise, in a pixel less the mean of its neighbours
CUT_SHARE = 0.02  # of a block may be cut off
SIGNIFICANT = 3.0  # standard errors
TRIMMED = 0.1  # of the pixels of a line, at both ends
LINES_FACTOR = 2.0  # rows against columns, in variance


@dataclass(frozen=True, slots=True)
class NoiseCurve:
    """Noise of a camera or detector: variance ``gain * (level - offset) + read_noise ** 2``."""

    gain: float
    read_noise: float
    offset: float = 0.0

    def variance(self, level: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the variance at gray levels of any shape."""
        light = np.maximum(np.asarray(level, np.float64) - self.offset, 0)
        return self.gain * light + self.read_noise**2

    def sd(self, level: float) -> float:
        """Return the standard deviation at one gray level."""
        return float(np.sqrt(self.variance(np.array(level))))


@dataclass(frozen=True, slots=True)
class Blocks:
    """What was measured in blocks of `BLOCK` x `BLOCK` pixels without a cut-off pixel.

    Attributes
    ----------
    level : (n,) float64
        Mean gray level.
    variance : (n,) float64
        Mean square of what the filter lets through: the variance of the noise, where it is white, and a
        little structure.
    wide : (n,) float64
        The same for a filter of twice the width along one side; equal for white noise, more where noise is
        correlated.
    slope : (n,) float64
        Mean square slope of the smoothed image per pixel, a little noise included.
    skew : (n,) float64
        Mean cube of the noise: that of photons is ``gain ** 2 * (level - offset)``, that of electronics 0.
    peak : (n,) float64
        Mean fourth power of a pixel less its neighbours, whose variance is 9 / 8 of the noise.
    """

    level: Values
    variance: Values
    wide: Values
    slope: Values
    skew: Values
    peak: Values

    def __len__(self) -> int:
        return len(self.level)


def residual(plane: Plane) -> Plane:
    """Return what remains of a plane when planes and slow bends are taken out, (h - 2, w - 2).

    White noise keeps its standard deviation.
    """
    rows = plane[:-2] - 2 * plane[1:-1] + plane[2:]
    through: Plane = (rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]) / np.float32(6)
    return through


def blocks_of(planes: Sequence[Plane], *, floor: float = -np.inf, ceiling: float = np.inf) -> Blocks:
    """Measure the blocks of planes; blocks with cut-off pixels are left out.

    Parameters
    ----------
    planes : sequence of (h, w) float32
        Without specks, see `without_specks`.
    floor, ceiling : float
        Gray levels at which pixels are cut off.
    """
    parts = [_blocks(plane, floor, ceiling) for plane in planes]
    return Blocks(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _blocks(plane: Plane, floor: float, ceiling: float) -> tuple[Values, ...]:
    tall, broad = ((side - 4) // BLOCK for side in plane.shape)
    inside = (slice(2, 2 + tall * BLOCK), slice(2, 2 + broad * BLOCK))
    inner = plane[inside]
    fine = np.zeros_like(plane)
    fine[1:-1, 1:-1] = residual(plane)
    smooth = ndimage.gaussian_filter(plane, SMOOTH_PX, mode="nearest")
    down, across = np.gradient(smooth)
    cut = (inner <= floor) | (inner >= ceiling)
    alone = (1.125 * (plane - ndimage.uniform_filter(plane, 3, mode="nearest")))[inside]
    squares = fine[inside] ** 2, _wide(plane)[inside], (down**2 + across**2)[inside]
    level, variance, wide, slope, one, two, three, four, share = (
        _means(values, tall, broad) for values in (inner, *squares, alone, alone**2, alone**3, alone**4, cut)
    )
    skew = (three - 3 * one * two + 2 * one**3) / CUBE_SEEN
    peak = four - 4 * one * three + 6 * one**2 * two - 3 * one**4
    whole = share <= CUT_SHARE
    return tuple(values[whole] for values in (level, variance, wide, slope, skew, peak))


def _wide(plane: Plane) -> Plane:
    """Return the squares of two filters of twice the width, along y and along x, averaged, (h, w)."""
    square = np.zeros_like(plane)
    for image, result in ((plane, square), (plane.T, square.T)):
        rows = image[:, :-2] - 2 * image[:, 1:-1] + image[:, 2:]
        wide = (rows[:-4] - 2 * rows[2:-2] + rows[4:]) / np.float32(6)
        result[2:-2, 1:-1] += 0.5 * wide**2
    return square


def _means(values: NDArray[np.generic], tall: int, broad: int) -> Values:
    blocks = values.reshape(tall, BLOCK, broad, BLOCK)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float64)).ravel()


def flattest(blocks: Blocks) -> Blocks:
    """Return the flattest blocks of every brightness."""
    if len(blocks) < 4 * FEWEST:
        return blocks
    low, high = np.percentile(blocks.level, (0.5, 99.5))
    where = np.clip(((blocks.level - low) / max(high - low, 1e-12) * BINS).astype(int), 0, BINS - 1)
    order = np.lexsort((blocks.slope, where))
    counts = np.bincount(where, minlength=BINS)
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = np.clip(counts * FLAT_SHARE, FEWEST, MOST)
    chosen = order[rank < np.repeat(kept, counts)]
    return Blocks(*(getattr(blocks, field.name)[chosen] for field in fields(blocks)))


def fit_curve(flat: Blocks, offset: float, grain_px: float = 0.0) -> NoiseCurve:
    """Fit the variance against brightness, robustly and with structure told apart.

    Parameters
    ----------
    flat : Blocks
        See `flattest`.
    offset : float
        Gray level without light. It is moved up to where the variance vanishes, if that lies above it.
    grain_px : float
        Correlation of the noise, as far as it is known. The curve is of what the filter lets through all the
        same, see `share_seen`.

    A gain that is not significant is 0.
    """
    light = flat.level - offset
    one = np.ones_like(light)
    (gain, square), error = _fit(np.stack([light, one], axis=1), flat.variance, flat, grain_px)
    if gain < SIGNIFICANT * error:
        gain, square = 0.0, float(_fit(one[:, None], flat.variance, flat, grain_px)[0][0])
    if gain > 0 and square < 0:
        return NoiseCurve(float(gain), 0.0, float(offset - square / gain))
    return NoiseCurve(float(gain), float(np.sqrt(max(square, 0.0))), offset)


def correlation(flat: Blocks, curve: NoiseCurve, grain_px: float = 0.0) -> float:
    """Return the correlation of the noise of neighbouring pixels, as a Gaussian of `grain_of` has it.

    Negative where the image was sharpened. `grain_px` is what is known of it so far.
    """
    expected = np.maximum(curve.variance(flat.level), 1e-12)[:, None]
    fine, wide = (
        float(_fit(expected, values, flat, grain_px)[0][0]) for values in (flat.variance, flat.wide)
    )
    if wide <= 0 or fine <= 0:
        return 0.0
    ratio = fine / wide
    ratios, neighbours, *_ = _grain_table()
    if ratio >= 1:
        return 0.75 * (1 - ratio)
    return float(np.interp(-ratio, -ratios, neighbours))


def grain_of(neighbours: float) -> float:
    """Return the standard deviation in pixels of the blur that gives white noise this correlation."""
    return float(np.interp(neighbours, _grain_table()[1], GRAINS)) if neighbours > 0 else 0.0


def share_seen(grain_px: float) -> float:
    """Return the share of the variance of correlated noise that the filter lets through."""
    return float(np.interp(grain_px, GRAINS, _grain_table()[2]))


@cache
def _grain_table() -> tuple[Values, Values, Values, Values]:
    """Return what noise of each of `GRAINS` looks like.

    Fine over wide, correlation of neighbours, share of the variance seen, and mean square slope after
    smoothing, per variance that is seen.
    """
    x = np.arange(-16, 17)
    rows = []
    for grain in GRAINS:
        kernel = np.exp(-0.5 * (x / max(grain, 1e-3)) ** 2)
        lags = np.correlate(kernel, kernel, "full")[32:37]
        density = float(kernel.sum() ** 2 / lags[0]) ** 2  # of its power at long waves; 1 for white noise
        lags = lags / lags[0]
        fine = (6 - 8 * lags[1] + 2 * lags[2]) / 6
        wide = (6 - 8 * lags[2] + 2 * lags[4]) / 6
        slope = density / (4 * np.pi * (SMOOTH_PX**2 + grain**2) ** 2)
        rows.append((fine / wide, lags[1], fine**2, slope / fine**2))
    ratios, neighbours, seen, slopes = np.array(rows).T
    return ratios, neighbours, seen, slopes


def _fit(columns: Values, variance: Values, flat: Blocks, grain_px: float) -> tuple[Values, float]:
    """Return robust weighted least squares of `variance`, and the standard error of the first number.

    Weights are 1 / expected variance squared, and Tukey's. Structure is a further column, which never takes
    noise away.
    """
    slope_of_noise = float(np.interp(grain_px, GRAINS, _grain_table()[3]))
    typical = max(float(np.median(variance)), 1e-12)
    expected = np.full_like(variance, typical)
    weights = np.ones_like(variance)
    found: NDArray[np.floating] = np.zeros(columns.shape[1])
    spread = 0.0
    for _ in range(ROUNDS):
        slope = np.maximum(flat.slope - slope_of_noise * expected, 0)
        scale = (weights / expected)[:, None]
        more = np.linalg.lstsq(np.column_stack([columns, slope]) * scale, variance * scale[:, 0])[0]
        leak = max(float(more[-1]), 0.0)
        found = more[:-1] if leak else np.linalg.lstsq(columns * scale, variance * scale[:, 0])[0]
        expected = np.maximum(columns @ found, 0.05 * typical)
        off = variance / (expected + leak * slope) - 1
        spread = 1.4826 * float(np.median(np.abs(off - np.median(off)))) + 1e-9
        weights = 1 - np.clip(np.abs(off) / (TUKEY * spread), 0, 1) ** 2
    scaled = columns * (weights / expected)[:, None]
    error = spread * float(np.sqrt(np.linalg.pinv(scaled.T @ scaled)[0, 0]))
    return np.asarray(TUKEY_BIAS * found, np.float64), error


def without_specks(plane: Plane, curve: NoiseCurve, *, step: float = 0.0) -> tuple[Plane, float, float]:
    """Replace single pixels far off all their neighbours by the middle of these.

    Few photons now and then give many: bright pixels must be off by more than that (the bound of Bernstein).

    Parameters
    ----------
    plane : (h, w) float32
    curve : NoiseCurve
    step : float
        Distance of gray levels; noise is never taken for less than half of it.

    Returns
    -------
    plane, salt, pepper : the mended plane, and the fractions of bright and of dark specks
    """
    around = (9 * ndimage.uniform_filter(plane, 3, mode="mirror") - plane) / 8
    far = SPECK_SDS * np.sqrt(np.maximum(curve.variance(around), max(step, 1e-6) ** 2 / 4))
    y, x = np.nonzero(np.abs(plane - around) > 0.75 * far)  # near other specks the mean is off as well
    edged = np.pad(plane, 1, mode="reflect")
    near = [edged[y + i, x + j] for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    neighbours = np.sort(np.array(near).reshape(8, -1), axis=0)  # (8, n)
    middle = 0.5 * (neighbours[3] + neighbours[4])
    off = plane[y, x] - middle
    salt = (off > far[y, x] + SPECK_SDS * curve.gain) & (neighbours[-2] - middle < 0.5 * off)
    pepper = (off < -far[y, x]) & (neighbours[1] - middle > 0.5 * off)
    found = salt | pepper
    mended = plane.copy()
    mended[y[found], x[found]] = middle[found]
    return mended, float(salt.sum() / plane.size), float(pepper.sum() / plane.size)


def line_noise(plane: Plane) -> float:
    """Return the standard deviation of the offset of whole rows; columns tell what else moves lines.

    0 where rows move hardly more than columns.
    """
    side = min(plane.shape)
    square = plane[:side, :side]
    moves = [_moves(square), _moves(square.T)]
    if moves[0] < LINES_FACTOR * moves[1]:
        return 0.0
    return float(np.sqrt((moves[0] - moves[1]) / 1.5))


def _moves(plane: Plane) -> float:
    """Return the robust variance over rows of the mean of a row without its ends less its neighbours."""
    off = stats.trim_mean(plane[1:-1] - 0.5 * (plane[:-2] + plane[2:]), TRIMMED, axis=1)
    return float((1.4826 * np.median(np.abs(off - np.median(off)))) ** 2)
