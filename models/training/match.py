"""Fitting the making-bad of good images to real bad images of other places.

Every step has a closed form or one unknown: gray levels and where they end, noise against brightness, its
grain, lines and specks (`models.restoration.noise`), blur (`models.training.spectra`), and brightness by the
percentiles of smoothed images. What good images bring along themselves is subtracted from what is added.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.errors import UserError
from models.restoration.noise import blocks_of, fit_curve, flattest
from models.training.discern import Verdict, tell_apart
from models.training.making import make_bad
from models.training.measuring import GRAINY, SHARES, Measured, brightness_of, levels_of, measure
from models.training.patches import normalised
from models.training.spectra import Sharpness, sharpness, spectrum, tile_side
from models.training.strengths import Matched, Meter, MeterName, Strengths

Plane = NDArray[np.float32]

ASSUMED = "There is no bad image, so this is assumed."
SCALES = (1, 2, 4)  # that a network can undo
SMALLEST = 64  # pixels a side of a bad image
OTHER_SPECTRUM = 0.7  # mean difference of logarithms from which images show other things
LITTLE_DETAIL = 0.1  # share of frequencies above the noise below which blur cannot be told
SPECKS_SEEN = 1e-4  # fraction of pixels; fewer are the tails of noise
MOST_SPECKS, MOST_BLUR_PX = 0.2, 8.0
CORRECTION, UNSURE = 0.2, 0.06  # of a variance: at most, and what measuring itself may be off by
ASSUMED_PHOTONS, ASSUMED_READ, ASSUMED_BACKGROUND = 40.0, 0.01, 0.05  # of or in the range from dark to bright
BRIGHT_FIELD = 0.6  # where the median lies between dark and bright, if most of an image is bright
DARK_FIELD = 0.4
LINES_SEEN = 0.05  # of the standard deviation of the noise
QUIETER = 0.9  # standard deviation of the bad image over that of the good one, below which it is better


class NotUsable(UserError):
    """Nothing can be measured in an image."""

    code = "match.not_usable"


@dataclass(frozen=True, slots=True)
class Fit:
    """A fit with what it was made from, so that other strengths can be compared quickly."""

    matched: Matched
    real: Measured | None = None
    sharp: Sharpness | None = None


def scale_of(good_pixel_um: float | None, bad_pixel_um: float | None) -> tuple[int, str]:
    """Return the scale by pixel sizes, and a remark where it is not what they say."""
    if not good_pixel_um or not bad_pixel_um:
        return 1, (
            "The files do not say how large their pixels are, so those of good and bad images are taken to "
            "be alike; set the scale if they are not."
        )
    ratio = bad_pixel_um / good_pixel_um
    scale = min(SCALES, key=lambda one: abs(np.log(ratio / one)))
    if ratio < 0.8:
        return (
            scale,
            "The pixels of the good images are larger than those of the bad one: they hold less detail.",
        )
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
    is_judged: bool = True,
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
    is_judged : bool
        Whether a small network shall try to tell the made planes from the real ones, which takes the longest.
    """
    return fit_whole(
        good,
        bad,
        scale=scale,
        good_pixel_um=good_pixel_um,
        bad_pixel_um=bad_pixel_um,
        seed=seed,
        is_judged=is_judged,
    ).matched


def fit_whole(
    good: Sequence[Plane],
    bad: Sequence[Plane],
    *,
    scale: int = 0,
    good_pixel_um: float | None = None,
    bad_pixel_um: float | None = None,
    seed: int = 0,
    is_judged: bool = True,
) -> Fit:
    """Return `fit` with what was measured on the way.

    Raises
    ------
    NotUsable
        If a plane is too small, constant or holds values that are no numbers.
    """
    for plane in (*good, *bad):
        check_usable(plane)
    remarks = []
    if not scale and bad:
        scale, remark = scale_of(good_pixel_um, bad_pixel_um)
        remarks.append(remark)
    scale = scale or 1
    for plane in good:
        check_usable(plane, SMALLEST * scale)
    if not bad:
        return Fit(_assumed(good, scale, seed))
    real = measure(bad)
    strengths = Strengths(
        scale=scale,
        offset=real.curve.offset,
        step=real.levels.step,
        ceiling=real.levels.ceiling if np.isfinite(real.levels.ceiling) else 0.0,
    )
    sharp = compare_sharpness(good, real, strengths)
    blur = min(sharp.blur_px, MOST_BLUR_PX)
    strengths = replace(strengths, blur_px=blur if blur >= seen_px(scale) and _is_told(sharp) else 0.0)
    low, high = brightness_range(good, real, strengths)
    strengths = replace(strengths, low=low, high=high)
    strengths, is_better = with_noise(good, real, strengths)
    strengths = _corrected(strengths, real, measure(_made(good, strengths, seed + 1), levels=real.levels))
    made = _made(good, strengths, seed)
    produced = measure(made, levels=real.levels)
    verdict = tell_apart(bad, made, real, seed=seed) if is_judged else Verdict(None, 0)
    remarks += _remarks(real, sharp, strengths, is_better=is_better, differ=_differ(good, bad))
    matched = Matched(
        strengths,
        meters(real, produced, strengths, sharp),
        verdict.accuracy,
        verdict.patches,
        tuple(remark for remark in remarks if remark),
    )
    return Fit(matched, real, sharp)


def check_usable(plane: Plane, smallest: int = SMALLEST) -> None:
    """Raise `NotUsable` if nothing can be measured in a plane, `smallest` pixels a side at least."""
    if min(plane.shape) < smallest:
        raise NotUsable(
            f"The image has {min(plane.shape)} pixels along one side; "
            f"{smallest} are needed to measure noise and blur.",
            hint="Choose a larger image, or one that was not cropped.",
            side=min(plane.shape),
        )
    if not np.isfinite(plane).all():
        raise NotUsable(
            "The image has pixels that are no numbers (NaN or infinite).",
            hint="Choose another image, or fill these pixels.",
        )
    low, high = float(plane.min()), float(plane.max())
    if not high > low:
        raise NotUsable(
            f"The image is {low:g} everywhere: there is nothing in it to measure.",
            hint="Choose another image.",
        )


def _assumed(good: Sequence[Plane], scale: int, seed: int) -> Matched:
    """Return strengths for when there is no bad image, in the gray levels of the good ones."""
    low, high = (float(np.median([np.percentile(plane, share) for plane in good])) for share in (0.1, 99.9))
    span = max(high - low, 1e-6)
    strengths = Strengths(
        scale=scale,
        blur_px=0.5 * scale if scale > 1 else 0.0,
        low=low,
        high=low + span,
        offset=low - ASSUMED_BACKGROUND * span,
        gain=span / ASSUMED_PHOTONS,
        read_noise=ASSUMED_READ * span,
        step=levels_of(good).step,
    )
    return compare(Fit(Matched(strengths, ())), _made(good, strengths, seed), strengths)


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
        strengths,
        low=0.0,
        high=1.0,
        offset=0.0,
        gain=0.0,
        read_noise=0.0,
        grain_px=0.0,
        step=0.0,
        ceiling=0.0,
    )
    made = brightness_of(_made(good, plain, 0), SHARES)
    wanted = np.array(real.brightness)
    inside = wanted < real.levels.ceiling - 1e-6
    if inside.sum() < 3:
        inside[:] = True
    slope, low = np.polyfit(made[inside], wanted[inside], 1)
    if not slope > 0:
        slope = (wanted[-1] - wanted[0]) / max(made[-1] - made[0], 1e-9)
        low = wanted[0] - slope * made[0]
    return float(low), float(low + slope)


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
    shaped = replace(
        strengths, photon_spread=real.shape.photon_spread, read_tails=real.shape.read_tails if read else 0.0
    )
    return replace(shaped, gain=gain, read_noise=read, grain_px=real.grain_px), is_better


def _corrected(strengths: Strengths, real: Measured, made: Measured) -> Strengths:
    """Return the strengths with what the made planes lack of noise, specks and lines, or have too much."""
    at = np.array([*real.noise_at, real.brightness[SHARES.index(95)]])
    wanted = np.maximum(real.curve.variance(at), 1e-12)
    lack = float(np.mean((wanted - made.curve.variance(at)) / wanted))
    lack = float(np.sign(lack) * np.clip(abs(lack) - UNSURE, 0.0, CORRECTION))
    salt, pepper = max(real.salt - made.salt, 0.0), max(real.pepper - made.pepper, 0.0)
    lines = float(np.sqrt(max(real.lines**2 - made.lines**2, 0.0)))
    return replace(
        strengths,
        gain=strengths.gain * (1 + lack),
        read_noise=strengths.read_noise * float(np.sqrt(1 + lack)),
        salt=min(salt, MOST_SPECKS) if salt > SPECKS_SEEN else 0.0,
        pepper=min(pepper, MOST_SPECKS) if pepper > SPECKS_SEEN else 0.0,
        line_noise=lines if lines > LINES_SEEN * real.curve.sd(real.noise_at[1]) else 0.0,
    )


def meters(
    real: Measured | None, made: Measured, strengths: Strengths, sharp: Sharpness | None
) -> tuple[Meter, ...]:
    """Return the comparisons of real planes with made ones, one per kind."""
    at = made.noise_at if real is None else real.noise_at
    noise = tuple(made.curve.sd(level) for level in at)
    grain = _meter("grain", real.neighbours if real else None, made.neighbours)
    specks = _meter("specks", real.salt + real.pepper if real else None, made.salt + made.pepper)
    lines = _meter("lines", real.lines if real else None, made.lines)
    if real is None or sharp is None:
        blur = Meter("sharpness", (), (), (strengths.blur_px,), is_measured=False, reason=ASSUMED)
        return Meter("noise", at, (), noise, is_measured=False, reason=ASSUMED), grain, blur, specks, lines
    limit = seen_px(strengths.scale)
    is_told = _is_told(sharp)
    reason = ""
    if not is_told:
        reason = "The noise hides the details by which blur is told."
    elif sharp.blur_px < limit:
        reason = f"The blur is less than {limit:.0f} px: too little to be told from none."
    blur = Meter("sharpness", (), (sharp.blur_px,) if is_told else (), (strengths.blur_px,), is_told, reason)
    sds = tuple(real.curve.sd(level) for level in at)
    return Meter("noise", at, sds, noise, is_measured=True), grain, blur, specks, lines


def _meter(name: MeterName, found: float | None, produced: float) -> Meter:
    if found is None:
        return Meter(name, (), (), (produced,), is_measured=False, reason=ASSUMED)
    return Meter(name, (), (found,), (produced,), is_measured=True)


def _is_told(sharp: Sharpness) -> bool:
    return sharp.detail >= LITTLE_DETAIL


def compare(found: Fit, made: Sequence[Plane], strengths: Strengths) -> Matched:
    """Return what other strengths produced beside what was measured; nothing is fitted again."""
    produced = measure(made, levels=found.real.levels if found.real else None)
    return Matched(
        strengths, meters(found.real, produced, strengths, found.sharp), remarks=found.matched.remarks
    )


def _differ(good: Sequence[Plane], bad: Sequence[Plane]) -> bool:
    """Whether good images are mostly bright and bad ones mostly dark, or the other way round."""
    fields = []
    for planes in (good, bad):
        dark, middle, bright = np.median([np.percentile(plane, (1, 50, 99)) for plane in planes], axis=0)
        fields.append(float((middle - dark) / max(bright - dark, 1e-9)))
    return min(fields) < DARK_FIELD and max(fields) > BRIGHT_FIELD


def _remarks(
    real: Measured, sharp: Sharpness, strengths: Strengths, *, is_better: bool, differ: bool
) -> list[str]:
    """Return what a person should know, one sentence each."""
    remarks = []
    if differ:
        remarks.append(
            "Good and bad images are of different kinds, one bright on dark and one dark on bright: "
            "neither sharpness nor noise can be matched."
        )
    if is_better:
        remarks.append(
            "The good images are noisier than the bad one: nothing can be learned from them about its noise."
        )
    elif _is_told(sharp) and sharp.mismatch > OTHER_SPECTRUM:
        remarks.append(
            "The details of good and bad images differ in kind, as those of another dye or microscope would: "
            "the blur may be wrong."
        )
    if real.neighbours > GRAINY:
        remarks.append(
            "Neighbouring pixels share their noise: the bad image was resampled, filtered or compressed. "
            "The grain is imitated."
        )
    elif real.neighbours < -GRAINY:
        remarks.append("The bad image was sharpened, which cannot be imitated.")
    if real.curve.gain > 0 and not real.is_wide:
        remarks.append(
            "The bad image is about equally bright everywhere, so photons and noise in the dark cannot be "
            "told apart; their sum fits."
        )
    if np.isfinite(real.levels.ceiling):
        remarks.append(f"The brightest pixels of the bad image are cut off at {real.levels.ceiling:g}.")
    if strengths.gain == 0 and strengths.read_noise == 0 and not is_better:
        remarks.append("No noise was found in the bad image that the good ones do not have.")
    return remarks
