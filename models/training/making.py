"""Making good planes bad with given strengths, and saying the same strengths as a recipe for training."""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from models.restoration.degrade import Degradation, Sampling, degrade
from models.training.patches import normalised
from models.training.recipe import Crappify
from models.training.strengths import Strengths

Plane = NDArray[np.float32]

UNSEEN_BLUR_PX = 1.0  # a fit cannot tell blurs below it apart


def degradation_of(strengths: Strengths) -> Degradation:
    """Return how the fitted microscope makes one image bad, in gray levels of the bad image.

    Grainy shot noise is Gaussian: that of single photons has no grain.
    """
    sampling: Sampling = strengths.sampling  # type: ignore[assignment]  # one of its four choices
    return Degradation(
        scale=strengths.scale,
        sampling=sampling,
        blur_px=strengths.blur_px,
        offset=strengths.offset,
        gain=strengths.gain,
        shot="gaussian" if strengths.grain_px > 0 else "poisson",
        read_noise=strengths.read_noise,
        grain_px=strengths.grain_px,
        salt=strengths.salt,
        pepper=strengths.pepper,
        line_offset=strengths.line_noise,
        step=strengths.step,
        ceiling=strengths.ceiling or math.inf,
    )


def in_levels(good: Plane, strengths: Strengths) -> Plane:
    """Return a good plane in the gray levels of the bad image, not degraded otherwise."""
    return normalised(good) * np.float32(strengths.high - strengths.low) + np.float32(strengths.low)


def make_bad(good: Plane, strengths: Strengths, seed: int) -> Plane:
    """Return a good plane made bad, ``(h / scale, w / scale)``, in gray levels of the bad image.

    Rows and columns that do not fill a pixel of the bad image are cut off.
    """
    scale = strengths.scale
    height, width = (side // scale * scale for side in good.shape)
    tensor = torch.from_numpy(np.ascontiguousarray(in_levels(good, strengths)[:height, :width]))[None, None]
    generator = torch.Generator().manual_seed(seed)
    made = degrade(tensor, [degradation_of(strengths)], generator)[0, 0]
    if strengths.step > 0:  # what a camera writes is never below 0
        made = made.clamp_min(0)
    plane: Plane = made.clamp_max(strengths.ceiling or math.inf).numpy()
    return plane


def crappify_of(strengths: Strengths, *, spread: float = 2.0) -> Crappify:
    """Return the ranges to train with: every strength within a factor `spread` of the fitted one.

    A blur too small to be measured becomes a range from none to what could have been seen.
    """
    span = max(strengths.high - strengths.low, 1e-9)

    def around(value: float, *, least: float = 0.0) -> tuple[float, float]:
        return (value / spread, value * spread) if value > least else (0.0, least)

    specks = 0.5 * (strengths.salt + strengths.pepper)
    return Crappify(
        sampling=strengths.sampling,  # type: ignore[arg-type]  # one of its four choices
        shot="gaussian" if strengths.grain_px > 0 else "poisson",
        blur_px=around(strengths.blur_px, least=UNSEEN_BLUR_PX),
        photons=around(span / strengths.gain) if strengths.gain > 0 else (0.0, 0.0),
        background=around(max(strengths.low - strengths.offset, 0.0) / span),
        read_noise=around(strengths.read_noise / span),
        grain_px=around(strengths.grain_px),
        grain_share=1.0 if strengths.grain_px > 0 else 0.0,
        specks=around(specks),
        specks_share=0.5 if specks > 0 else 0.0,
        levels=round(span / strengths.step) if strengths.step > 0 else 0,
    )
