"""How bad images are: what the fit to a real bad image finds, and what a person may change. Free of torch.

All intensities are gray levels of the *bad* image and all lengths pixels of the *good* one, so that the
numbers mean what they say on the microscope. `models.training.match` finds them; a recipe is made from them.
"""

from dataclasses import dataclass
from typing import Literal

from models.knobs import N_, knob

MeterName = Literal["noise", "grain", "sharpness", "specks", "lines"]


@dataclass(frozen=True, slots=True)
class Strengths:
    """One way of making good images bad.

    Attributes
    ----------
    scale : int
        Pixels of the good image per pixel of the bad one, along y and x.
    sampling : {"point", "line", "area", "smooth"}
        See `models.restoration.degrade.Degradation`.
    blur_px : float
        Standard deviation of the blur, in pixels of the good image.
    low, high : float
        Gray levels of the bad image that the 0.1 and 99.9 percentiles of the good one become.
    offset : float
        Gray level without light.
    gain : float
        Gray levels per photon: the slope of the noise's variance against brightness. 0: it does not follow.
    read_noise : float
        Standard deviation of the noise without light, in gray levels.
    photon_spread : float
        Relative standard deviation of what single photons give; 0: all the same.
    read_tails : float
        Excess kurtosis of the noise without light; 0: all pixels are equally noisy.
    grain_px : float
        Correlation of the noise, standard deviation in pixels of the bad image; 0: every pixel for itself.
    salt, pepper : float
        Fractions of pixels.
    line_noise : float
        Standard deviation of the offset of whole lines, in gray levels.
    step : float
        Distance of two gray levels.
    ceiling : float
        Saturation level of the bad image; 0: none.
    """

    scale: int = knob(
        1, N_("Fewer pixels"), low=1, high=4, help=N_("Pixels of the good image per pixel of the bad one.")
    )
    sampling: str = knob(
        "area",
        N_("How pixels are taken"),
        choices=("area", "line", "point", "smooth"),
        help=N_("A camera bins areas, a laser moves along lines, an electron beam rests on points."),
        advanced=True,
    )
    blur_px: float = knob(0.0, N_("Blurrier"), unit="px", low=0.0, high=8.0)
    low: float = knob(0.0, N_("Darkest part"), advanced=True)
    high: float = knob(1.0, N_("Brightest part"), advanced=True)
    offset: float = knob(0.0, N_("Level without light"), advanced=True)
    gain: float = knob(
        0.0,
        N_("Less light"),
        low=0.0,
        help=N_("Gray levels per photon: the fewer photons, the more noise in bright parts."),
    )
    read_noise: float = knob(0.0, N_("Noise in the dark"), low=0.0)
    grain_px: float = knob(0.0, N_("Grain"), unit="px", low=0.0, high=3.0)
    salt: float = knob(0.0, N_("Bright specks"), low=0.0, high=0.2)
    pepper: float = knob(0.0, N_("Dark specks"), low=0.0, high=0.2)
    line_noise: float = knob(0.0, N_("Stripes"), low=0.0)
    step: float = knob(0.0, N_("Distance of gray levels"), low=0.0, advanced=True)
    ceiling: float = knob(0.0, N_("Saturates at"), low=0.0, advanced=True)
    photon_spread: float = knob(
        0.0,
        N_("Photons unlike each other"),
        low=0.0,
        high=2.0,
        help=N_("Where light is amplified before it is measured, every photon gives another signal."),
        advanced=True,
    )
    read_tails: float = knob(
        0.0,
        N_("Pixels unlike each other"),
        low=0.0,
        high=6.0,
        help=N_("Some pixels of a camera are noisier than others."),
        advanced=True,
    )


@dataclass(frozen=True, slots=True)
class Meter:
    """One comparison of the real bad images with the made ones.

    Attributes
    ----------
    name : MeterName
        Noise: standard deviations in gray levels at the 20th, 50th and 80th percentile of brightness. Grain:
        correlation of neighbouring noise. Sharpness: the standard deviation of the blur in pixels of the good
        image. Specks: fraction of pixels. Lines: standard deviation of lines in gray levels.
    at : tuple of float
        Gray levels at which noise was compared; empty for the others.
    measured, produced : tuple of float
        In the real bad images and in the made ones; as many as `at`, or one. `measured` is empty where it
        could not be measured.
    is_measured : bool
        Otherwise the strength is assumed, and `reason` says why in a sentence.
    """

    name: MeterName
    at: tuple[float, ...]
    measured: tuple[float, ...]
    produced: tuple[float, ...]
    is_measured: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """What a fit found.

    Attributes
    ----------
    strengths : Strengths
    meters : tuple of Meter
    accuracy : float or None
        Share of patches that a small classifier, trained on other patches, sorted rightly into real and made;
        0.5 is chance. None without bad images.
    patches : int
        How many it had to sort.
    remarks : tuple of str
        What a person should know, one sentence each.
    """

    strengths: Strengths
    meters: tuple[Meter, ...]
    accuracy: float | None = None
    patches: int = 0
    remarks: tuple[str, ...] = ()
