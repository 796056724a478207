"""Making good planes bad with given strengths, and saying the same strengths as a recipe for training."""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from models.restoration.degrade import Degradation, Sampling, degrade
from models.training.patches import normalised
from models.training.recipe import Crappify
from models.training.recipe_text import SPREAD, ranges_of
from models.training.strengths import Strengths

Plane = NDArray[np.float32]


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
        photon_spread=strengths.photon_spread,
        read_tails=strengths.read_tails,
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


def crappify_of(strengths: Strengths, *, spread: float = SPREAD) -> Crappify:
    """Return the ranges to train with: every strength within a factor `spread` of the fitted one."""
    return Crappify(**ranges_of(strengths, spread))  # type: ignore[arg-type]  # each has its field's type
