"""Scores of a restored plane against the truth, and the flicker of a movie.

Every score states its range and what it is blind to.

Definitions: restoration scores with the affine fit of CARE (Weigert et al., Nature Methods 15, 1090, 2018),
SSIM as in Wang et al., IEEE TIP 13, 600 (2004) with the Gaussian window.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Plane = NDArray[np.float64]

STILL_SHARE = 0.5  # of the pixels of a movie: those that change least
STILL_SMOOTH_PX = 2.0  # over which changes are averaged


@dataclass(frozen=True, slots=True)
class Scores:
    """What one restored plane reaches.

    Attributes
    ----------
    psnr : float
        In dB, on the truth's own scale: intensity counts.
    psnr_fit : float
        In dB after the best ``a * p + b``: blind to gain and offset. NaN if the correlation is not positive.
    ssim : float
        Structural similarity after the fit, mean over positions.
    nrmse : float
        Root mean square error after the fit, as part of the range.
    gain, shift : float
        The fitted a, and b as part of the range.
    """

    psnr: float
    psnr_fit: float
    ssim: float
    nrmse: float
    gain: float
    shift: float


def intensity_range(truth: NDArray[np.floating]) -> float:
    """Return P99.9 - P0.1 of `truth`, the range all scores refer to; 1 for a constant image."""
    low, high = np.percentile(truth, (0.1, 99.9))
    return float(high - low) or 1.0


def psnr(truth: NDArray[np.floating], image: NDArray[np.floating], data_range: float) -> float:
    """Return ``10 log10(range² / mean squared error)`` in dB; infinity for equal images."""
    error = float(np.mean((np.asarray(truth, np.float64) - image) ** 2))
    return float(10 * np.log10(data_range**2 / error)) if error > 0 else float("inf")


def fit_affine(truth: NDArray[np.floating], image: NDArray[np.floating]) -> tuple[float, float]:
    """Return a, b that minimise ``mean((truth - a * image - b)²)``; a constant image gives a = 0."""
    y, p = np.asarray(truth, np.float64), np.asarray(image, np.float64)
    variance = p.var()
    a = float(np.mean((y - y.mean()) * (p - p.mean())) / variance) if variance > 0 else 0.0
    return a, float(y.mean() - a * p.mean())


def psnr_fit(truth: NDArray[np.floating], image: NDArray[np.floating], data_range: float) -> float:
    """Return the PSNR after the best affine fit, ``10 log10(R² / (var(y) (1 - r²)))``, in dB.

    NaN if truth and image are not positively correlated.
    """
    y = np.asarray(truth, np.float64) - np.mean(truth, dtype=np.float64)
    p = np.asarray(image, np.float64) - np.mean(image, dtype=np.float64)
    norm = np.sqrt(np.mean(y**2) * np.mean(p**2))
    r = float(np.mean(y * p) / norm) if norm > 0 else 0.0
    if r <= 0:
        return float("nan")
    error = float(np.mean(y**2)) * (1 - r) * (1 + r)
    return float(10 * np.log10(data_range**2 / error)) if error > 0 else float("inf")


def ssim(truth: NDArray[np.floating], image: NDArray[np.floating], data_range: float) -> float:
    """Return the mean structural similarity, Gaussian window sigma 1.5 (11 x 11), population covariance.

    Positions nearer than five pixels to the border are left out; planes need at least 11 pixels a side.
    """
    y, p = np.asarray(truth, np.float64), np.asarray(image, np.float64)

    def window(x: Plane) -> Plane:
        return np.asarray(ndimage.gaussian_filter(x, 1.5, truncate=3.5, mode="reflect"))

    mean_y, mean_p = window(y), window(p)
    var_y = window(y * y) - mean_y**2
    var_p = window(p * p) - mean_p**2
    both = window(y * p) - mean_y * mean_p
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    index = ((2 * mean_y * mean_p + c1) * (2 * both + c2)) / (
        (mean_y**2 + mean_p**2 + c1) * (var_y + var_p + c2)
    )
    return float(index[5:-5, 5:-5].mean())


def scores(truth: NDArray[np.floating], image: NDArray[np.floating]) -> Scores:
    """Return all scores of `image` against `truth`, two planes of equal shape, at least 11 x 11.

    Raises
    ------
    ValueError
        If the shapes differ or a plane is too small.
    """
    if truth.shape != image.shape or truth.ndim != 2 or min(truth.shape) < 11:
        raise ValueError("truth and image must be two planes of equal shape, at least 11 pixels a side")
    data_range = intensity_range(truth)
    a, b = fit_affine(truth, image)
    fitted = a * np.asarray(image, np.float64) + b
    return Scores(
        psnr=psnr(truth, image, data_range),
        psnr_fit=psnr_fit(truth, image, data_range),
        ssim=ssim(truth, fitted, data_range),
        nrmse=float(np.sqrt(np.mean((truth - fitted) ** 2)) / data_range),
        gain=a,
        shift=b / data_range,
    )


def still_regions(truth: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return where a good movie, (t, h, w), changes least from frame to frame: at least half the pixels."""
    steps = np.diff(np.asarray(truth, np.float64), axis=0)
    change = ndimage.gaussian_filter(np.mean(steps**2, axis=0), STILL_SMOOTH_PX)
    return np.asarray(change <= np.quantile(change, STILL_SHARE))


def flicker(movie: NDArray[np.floating], still: NDArray[np.bool_], data_range: float) -> float:
    """Return the frame-to-frame residual where nothing happens, as part of the range.

    The root mean square of the steps over the square root of 2: noise of standard deviation s, drawn anew
    for every frame, gives ``s / data_range``. Blind to what is wrong in all frames alike.

    Parameters
    ----------
    movie : (t, h, w)
        At least two frames.
    still : (h, w) bool
        As `still_regions` finds it in a good movie.
    data_range : float

    Raises
    ------
    ValueError
        If there are fewer than two frames or no still pixels.
    """
    if len(movie) < 2 or not still.any():
        raise ValueError("flicker needs two frames and a place where nothing happens")
    steps = np.diff(np.asarray(movie, np.float64)[:, still], axis=0)  # (t - 1, pixels)
    return float(np.sqrt(np.mean(steps**2) / 2) / data_range)
