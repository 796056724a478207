"""Fitting the making-bad of good images to real bad images of other places.

Every step has a closed form or one unknown: gray levels and where they end, noise against brightness, its
grain, lines and specks (`models.restoration.noise`), blur (`models.training.spectra`), and brightness by the
percentiles of smoothed images. What good images bring along themselves is subtracted from what is added.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.restoration.noise import blocks_of, fit_curve, flattest, grain_of
from models.training.discern import Verdict, tell_apart
from models.training.making import in_levels, make_bad
from models.training.measuring import GRAINY, SHARES, Measured, measure
from models.training.patches import normalised
from models.training.spectra import Sharpness, sharpness, spectrum, tile_side
from models.training.strengths import Matched, Meter, Strengths

Plane = NDArray[np.float32]

SCALES = (1, 2, 4)  # that a network can undo
SMALLEST = 64  # pixels a side of a bad image
OTHER_SPECTRUM = 0.7  # mean difference of logarithms from which images show other things
LITTLE_DETAIL = 0.1  # share of frequencies above the noise below which blur cannot be told
SPECKS_SEEN = 2e-5
LINES_SEEN = 0.05  # of the standard deviation of the noise
QUIETER = 0.9  # standard deviation of the bad image over that of the good one, below which it is better


@dataclass(frozen=True, slots=True)
class Fit:
    """A fit with what it was made from, so that other strengths can be compared quickly."""

    matched: Matched
    real: Measured
    sharp: Sharpness


def scale_of(good_pixel_um: float | None, bad_pixel_um: float | None) -> tuple[int, str]:
    """Return the scale by pixel sizes, and a remark where it is not what they say."""
    if not good_pixel_um or not bad_pixel_um:
        return 1, (
            "The files do not say how large their pixels are, so good and bad images are taken to have pixels of "
            "the same size; set the scale if they do not."
        )
    ratio = bad_pixel_um / good_pixel_um
    scale = min(SCALES, key=lambda one: abs(np.log(ratio / one)))
    if ratio < 0.8:
        return scale, "The pixels of the good images are larger than those of the bad one: they hold less detail."
    if abs(ratio / scale - 1) > 0.1:
        return scale, (
            f"A pixel of the bad image is {ratio:.2g} times as large as one of the good images; "
            f"{scale} times is the nearest that can be learned."
        )
    return scale, ""


def fit(
    good: Sequence[Plane],
    bad: Sequence[Plane],
    *,
    scale: int = 0,
    good_pixel_um: float | None = None,
    bad_pixel_um: float | None = None,
    seed: int = 0,
) -> Matched:
    """Fit the making-bad of good planes to real bad ones, which show other places.

    Parameters
    ----------
    good, bad : sequence of (h, w) float32
        Any gray levels, finite. Without bad planes strengths are assumed.
    scale : int
        Pixels of the good image per pixel of the bad one; 0: from the pixel sizes.
    good_pixel_um, bad_pixel_um : float, optional
        Sizes of a pixel in micrometres.
    seed : int
        Decides all that is random.
    """
    return fit_whole(
        good, bad, scale=scale, good_pixel_um=good_pixel_um, bad_pixel_um=bad_pixel_um, seed=seed
    ).matched


def fit_whole(
    good: Sequence[Plane],
    bad: Sequence[Plane],
    *,
    scale: int = 0,
    good_pixel_um: float | None = None,
    bad_pixel_um: float | None = None,
    seed: int = 0,
) -> Fit:
    """Return `fit` with what was measured on the way; `bad` must not be empty."""
    remarks = []
    if not scale:
        scale, remark = scale_of(good_pixel_um, bad_pixel_um)
        remarks.append(remark)
    real = measure(bad)
    strengths = Strengths(
        scale=scale,
        offset=real.curve.offset,
        step=real.levels.step,
        ceiling=real.levels.ceiling if np.isfinite(real.levels.ceiling) else 0.0,
    )
    sharp = compare_sharpness(good, real, strengths)
    strengths = replace(strengths, blur_px=sharp.blur_px if sharp.blur_px >= seen_px(scale) else 0.0)
    low, high = brightness_range(good, real, strengths)
    strengths = replace(strengths, low=low, high=high)
    strengths, is_better = with_noise(good, real, strengths)
    made = _made(good, strengths, seed)
    strengths = _with_specks_and_lines(strengths, real, measure(made, levels=real.levels))
    made = _made(good, strengths, seed)
    verdict = tell_apart(bad, made, real, seed=seed)
    remarks += _remarks(real, sharp, is_better, strengths)
    matched = Matched(
        strengths,
        meters(real, measure(made, levels=real.levels), strengths, sharp),
        verdict.accuracy,
        verdict.patches,
        tuple(remark for remark in remarks if remark),
    )
    return Fit(matched, real, sharp)


def _made(good: Sequence[Plane], strengths: Strengths, seed: int) -> list[Plane]:
    return [make_bad(plane, strengths, seed + i) for i, plane in enumerate(good)]


def seen_px(scale: int) -> float:
    """Return the blur in pixels of the good image below which the pixels of the bad one hide it."""
    return max(1.0, 0.5 * scale)


def compare_sharpness(good: Sequence[Plane], real: Measured, strengths: Strengths) -> Sharpness:
    """Return the blur that makes good planes as sharp as the real bad ones."""
    scale = strengths.scale
    planes = [normalised(plane) for plane in good]
    side = tile_side(planes, real.planes, scale)
    variance = float(np.mean([real.curve.variance(plane).mean() for plane in real.planes]))
    own = fit_curve(flattest(blocks_of(planes)), 0.0)
    return sharpness(
        spectrum(planes, side * scale),
        spectrum(real.planes, side),
        variance * grain_power(real.grain_px, side),
        scale=scale,
        sampling=strengths.sampling,  # type: ignore[arg-type]  # one of its four choices
        good_noise=float(np.mean([own.variance(plane).mean() for plane in planes])),
    )


def grain_power(grain_px: float, side: int) -> NDArray[np.float64]:
    """Return the spectrum of noise of unit variance with this grain, (side, side)."""
    f = np.fft.fftfreq(side)
    along = np.exp(-4 * (np.pi * grain_px * f) ** 2)
    power = np.outer(along, along)
    return np.asarray(power / power.mean())


def brightness_range(good: Sequence[Plane], real: Measured, strengths: Strengths) -> tuple[float, float]:
    """Return the gray levels of the bad image that 0 and 1 of normalised good planes become.

    Percentiles of smoothed planes are compared, background and bright parts alike.
    """
    plain = replace(
        strengths, low=0.0, high=1.0, offset=0.0, gain=0.0, read_noise=0.0, grain_px=0.0, step=0.0, ceiling=0.0
    )
    made = np.array(_brightness(_made(good, plain, 0)))
    wanted = np.array(real.brightness)
    inside = wanted < real.levels.ceiling - 1e-6
    if inside.sum() < 3:
        inside[:] = True
    slope, low = np.polyfit(made[inside], wanted[inside], 1)
    if not slope > 0:
        slope = (wanted[-1] - wanted[0]) / max(made[-1] - made[0], 1e-9)
        low = wanted[0] - slope * made[0]
    return float(low), float(low + slope)


def _brightness(planes: Sequence[Plane]) -> tuple[float, ...]:
    from scipy import ndimage

    smooth = np.concatenate([ndimage.gaussian_filter(plane, 2.0, mode="nearest").ravel() for plane in planes])
    return tuple(float(value) for value in np.percentile(smooth, SHARES))


def with_noise(good: Sequence[Plane], real: Measured, strengths: Strengths) -> tuple[Strengths, bool]:
    """Return the strengths with the noise that must be added, and whether the bad image is the better one.

    Noise that is left of the good planes after blurring and sampling need not be added.
    """
    silent = replace(strengths, gain=0.0, read_noise=0.0, grain_px=0.0, step=0.0, ceiling=0.0)
    own = fit_curve(flattest(blocks_of(_made(good, silent, 0))), real.curve.offset)
    at = np.array(real.noise_at)
    is_better = bool(np.all(real.curve.variance(at) < QUIETER**2 * own.variance(at)))
    gain = max(real.curve.gain - own.gain, 0.0)
    rounding = real.levels.step**2 / 12
    dark = max(own.variance(np.array(real.curve.offset)).item(), 0.0)
    read = float(np.sqrt(max(real.curve.read_noise**2 - dark - rounding, 0.0)))
    return replace(strengths, gain=gain, read_noise=read, grain_px=real.grain_px), is_better


def _with_specks_and_lines(strengths: Strengths, real: Measured, made: Measured) -> Strengths:
    """Return the strengths with the specks and lines that the made planes lack."""
    salt, pepper = max(real.salt - made.salt, 0.0), max(real.pepper - made.pepper, 0.0)
    lines = float(np.sqrt(max(real.lines**2 - made.lines**2, 0.0)))
    noise = real.curve.sd(real.noise_at[1])
    return replace(
        strengths,
        salt=salt if salt > SPECKS_SEEN else 0.0,
        pepper=pepper if pepper > SPECKS_SEEN else 0.0,
        line_noise=lines if lines > LINES_SEEN * noise else 0.0,
    )


def meters(real: Measured, made: Measured, strengths: Strengths, sharp: Sharpness) -> tuple[Meter, ...]:
    """Return the comparisons of real planes with made ones, one per kind."""
    at = real.noise_at
    is_sharp = sharp.detail >= LITTLE_DETAIL
    limit = seen_px(strengths.scale)
    reason = ""
    if not is_sharp:
        reason = "The noise hides the details by which blur is told."
    elif sharp.blur_px < limit:
        reason = f"The blur is less than {limit:.0f} px: too little to be told from none."
    return (
        Meter(
            "noise",
            at,
            tuple(real.curve.sd(level) for level in at),
            tuple(made.curve.sd(level) for level in at),
            is_measured=True,
        ),
        Meter("grain", (), (real.neighbours,), (made.neighbours,), is_measured=True),
        Meter("sharpness", (), (sharp.blur_px,) if is_sharp else (), (strengths.blur_px,), is_sharp, reason),
        Meter("specks", (), (real.salt + real.pepper,), (made.salt + made.pepper,), is_measured=True),
        Meter("lines", (), (real.lines,), (made.lines,), is_measured=True),
    )


def compare(found: Fit, good: Sequence[Plane], strengths: Strengths, seed: int = 0) -> Matched:
    """Return what other strengths produce beside what was measured; nothing is fitted again."""
    made = measure(_made(good, strengths, seed), levels=found.real.levels)
    return Matched(strengths, meters(found.real, made, strengths, found.sharp))


def _remarks(real: Measured, sharp: Sharpness, is_better: bool, strengths: Strengths) -> list[str]:  # noqa: FBT001
    remarks = []
    if is_better:
        remarks.append(
            "The good images are noisier than the bad one: nothing can be learned from them about its noise."
        )
    if sharp.detail >= LITTLE_DETAIL and sharp.mismatch > OTHER_SPECTRUM:
        remarks.append(
            "The details of good and bad images differ in kind, as those of another dye or microscope would: the blur "
            "may be wrong."
        )
    if real.neighbours > GRAINY:
        remarks.append(
            "Neighbouring pixels share their noise: the bad image was resampled, filtered or compressed. The grain is "
            "imitated."
        )
    elif real.neighbours < -GRAINY:
        remarks.append("The bad image was sharpened, which cannot be imitated.")
    if real.curve.gain > 0 and not real.is_wide:
        remarks.append(
            "The bad image is about equally bright everywhere, so photons and noise in the dark cannot be told apart; "
            "their sum fits."
        )
    if np.isfinite(real.levels.ceiling):
        remarks.append(f"The brightest pixels of the bad image are cut off at {real.levels.ceiling:g}.")
    if strengths.gain == 0 and strengths.read_noise == 0 and not is_better:
        remarks.append("No noise was found in the bad image that the good ones do not have.")
    return remarks
