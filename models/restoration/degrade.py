"""Making good images bad: the image-forming model, known as the crappifier.

One ordered, physical chain with named strengths (all in the gray levels of the image, lengths in pixels of
the good image):

1. blur with a Gaussian (spot size, defocus)
2. sampling, every `scale`-th pixel in one of four ways, pixel centres at ``scale * i + (scale - 1) / 2``
3. shot noise, variance ``gain * (signal - offset)``; Poisson, or Gaussian with a low-passed mean as published
4. read noise, Gaussian, white or with grain
5. salt and pepper
6. rounding to the levels of a camera

Steps 3 to 5 come before step 2 when ``noise_at`` is ``"high"``, as in the published PSSR.

References
----------
Fang et al., Nature Methods 18, 406 (2021): `EM_PUBLISHED`, `FLUORESCENCE_PUBLISHED` (from the public code).
Stites and Manor, BMC Methods (2024), doi 10.1101/2024.06.16.599221: `PSSR2_GAUSSIAN`, `PSSR2_POISSON`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Generator, Tensor

Sampling = Literal["point", "line", "area", "smooth"]


@dataclass(frozen=True, slots=True)
class Degradation:
    """How one image is made bad.

    Attributes
    ----------
    scale : int
        Pixels of the good image per pixel of the bad one, along y and x.
    sampling : {"point", "line", "area", "smooth"}
        A resting beam; a beam moving along x; camera binning; resampling by software (triangle filter).
    noise_at : {"low", "high"}
        Whether noise is added after or before sampling.
    blur_px : float
        Standard deviation of the blur.
    offset : float
        Gray level without light; light below it has no shot noise.
    gain : float
        Gray levels per photon; 0 means no shot noise.
    shot : {"poisson", "gaussian"}
        The law of the shot noise.
    shot_smooth_px : float
        For Gaussian shot noise: its variance follows the mean low-passed by this standard deviation.
    read_noise : float
        Standard deviation of the Gaussian noise.
    grain_px : float
        Standard deviation of the correlation of read and Gaussian shot noise; 0 is white noise. The noise's
        standard deviation stays as stated.
    salt, pepper : float
        Fraction of pixels set to `ceiling` and to `offset`.
    step : float
        Distance of two gray levels after rounding; 0 means no rounding.
    ceiling : float
        Saturation level; infinity means none.
    clips : bool
        Whether values are clipped to ``[offset, ceiling]`` at the end.
    """

    scale: int = 1
    sampling: Sampling = "area"
    noise_at: Literal["low", "high"] = "low"
    blur_px: float = 0.0
    offset: float = 0.0
    gain: float = 0.0
    shot: Literal["poisson", "gaussian"] = "poisson"
    shot_smooth_px: float = 0.0
    read_noise: float = 0.0
    grain_px: float = 0.0
    salt: float = 0.0
    pepper: float = 0.0
    step: float = 0.0
    ceiling: float = field(default=float("inf"))
    clips: bool = False


EM_PUBLISHED = Degradation(
    scale=4, sampling="point", noise_at="high", gain=12.75, shot="gaussian", shot_smooth_px=3.0,
    ceiling=255.0, clips=True,
)  # fmt: skip
FLUORESCENCE_PUBLISHED = Degradation(
    scale=4, sampling="smooth", noise_at="high", gain=127.5, shot="gaussian", shot_smooth_px=5.0, salt=0.005,
    pepper=0.005, ceiling=255.0, clips=True,
)  # fmt: skip
PSSR2_GAUSSIAN = Degradation(scale=4, sampling="smooth", read_noise=13.0, step=1.0, ceiling=255.0, clips=True)
PSSR2_POISSON = Degradation(scale=4, sampling="smooth", gain=1.0, step=1.0, ceiling=255.0, clips=True)


def degrade(good: Tensor, how: Sequence[Degradation], generator: Generator) -> Tensor:
    """Degrade a batch of images, each in its own way, on the device where they are.

    Parameters
    ----------
    good : (n, 1, h, w) float32
        Any scale of intensities; h and w are multiples of the scale.
    how : sequence of n Degradation
        Scale, sampling, noise_at and shot must agree within the batch.
    generator : torch.Generator
        On the device of `good`; the same state gives the same images.

    Returns
    -------
    (n, 1, h / scale, w / scale) float32

    Raises
    ------
    ValueError
        If the batch mixes ways that cannot be computed together, or sides do not divide.
    """
    first = how[0]
    if any((d.scale, d.sampling, d.noise_at, d.shot) != _kind(first) for d in how) or len(how) != len(good):
        raise ValueError("one scale, sampling, place and law of noise per batch, one degradation per image")
    if good.shape[-1] % first.scale or good.shape[-2] % first.scale:
        raise ValueError("the sides of the good image must be multiples of the scale")
    x = blur(good, [d.blur_px for d in how])
    if first.noise_at == "high":
        x = sample(_noisy(x, how, generator), first.scale, first.sampling)
    else:
        x = _noisy(sample(x, first.scale, first.sampling), how, generator)
    return _recorded(x, how)


def _kind(d: Degradation) -> tuple[int, str, str, str]:
    return d.scale, d.sampling, d.noise_at, d.shot


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    """Return one number per image, shape (n, 1, 1, 1)."""
    return torch.tensor(values, dtype=torch.float32, device=like.device).view(-1, 1, 1, 1)


def _noisy(x: Tensor, how: Sequence[Degradation], generator: Generator) -> Tensor:
    """Add shot noise, read noise, salt and pepper, in this order."""
    offset = _column([d.offset for d in how], x)
    gain = _column([d.gain for d in how], x)
    light = (x - offset).clamp_min(0)
    if bool((gain > 0).any()):
        if how[0].shot == "poisson":
            photons = light / gain.clamp_min(1e-12)
            shot = torch.poisson(photons.clamp_max(1e8), generator=generator) * gain - light
            x = x + torch.where(gain > 0, shot, torch.zeros_like(shot))
        else:
            mean = blur(light, [d.shot_smooth_px for d in how])
            x = x + (gain * mean).clamp_min(0).sqrt() * _grainy(x, how, generator)
        x = _clipped(x, how)
    read = _column([d.read_noise for d in how], x)
    if bool((read > 0).any()):
        x = x + read * _grainy(x, how, generator)
    salt, pepper = _column([d.salt for d in how], x), _column([d.pepper for d in how], x)
    if bool((salt + pepper > 0).any()):
        dice = torch.rand(x.shape, generator=generator, device=x.device)
        top = _column([d.ceiling for d in how], x)
        top = torch.where(torch.isfinite(top), top, x.amax(dim=(1, 2, 3), keepdim=True))
        x = torch.where(dice < salt, top, x)
        x = torch.where(dice > 1 - pepper, offset.expand_as(x), x)
    return x


def _grainy(x: Tensor, how: Sequence[Degradation], generator: Generator) -> Tensor:
    """Return noise of unit variance, correlated as each degradation says."""
    noise = torch.randn(x.shape, generator=generator, device=x.device)
    sigmas = [d.grain_px for d in how]
    if not any(sigmas):
        return noise
    kernels = _kernels(sigmas, x.device)
    energy = kernels.square().sum(dim=1).view(-1, 1, 1, 1)  # per axis; both axes: squared
    return blur(noise, sigmas) / energy


def _recorded(x: Tensor, how: Sequence[Degradation]) -> Tensor:
    """Round and clip as the camera does."""
    step = _column([d.step for d in how], x)
    if bool((step > 0).any()):
        x = torch.where(step > 0, torch.round(x / step.clamp_min(1e-12)) * step, x)
    return _clipped(x, how)


def _clipped(x: Tensor, how: Sequence[Degradation]) -> Tensor:
    if not any(d.clips for d in how):
        return x
    low = _column([d.offset if d.clips else -float("inf") for d in how], x)
    high = _column([d.ceiling if d.clips else float("inf") for d in how], x)
    return torch.minimum(torch.maximum(x, low), high)


def _kernels(sigmas: Sequence[float], device: torch.device) -> Tensor:
    """Return one normalised Gaussian per row, truncated at four standard deviations, shape (n, 2 r + 1)."""
    radius = max(1, int(4 * max(sigmas) + 0.5))
    x = torch.arange(-radius, radius + 1, dtype=torch.float32, device=device)
    widths = torch.tensor(sigmas, dtype=torch.float32, device=device).clamp_min(1e-3).view(-1, 1)
    reach = torch.floor(4 * widths + 0.5)
    kernels = torch.exp(-0.5 * (x / widths) ** 2) * (x.abs() <= reach)
    return kernels / kernels.sum(dim=1, keepdim=True)


def blur(x: Tensor, sigmas: Sequence[float]) -> Tensor:
    """Blur each image of ``(n, 1, h, w)`` by its own standard deviation in pixels; edges are repeated."""
    if not any(sigmas):
        return x
    kernels = _kernels(sigmas, x.device)  # (n, k)
    n, k = kernels.shape
    pad = k // 2
    y = F.pad(x.transpose(0, 1), (pad, pad, pad, pad), mode="replicate")  # (1, n, h + 2p, w + 2p)
    y = F.conv2d(y, kernels.view(n, 1, k, 1), groups=n)
    y = F.conv2d(y, kernels.view(n, 1, 1, k), groups=n)
    return y.transpose(0, 1)


def sample(x: Tensor, scale: int, how: Sampling) -> Tensor:
    """Keep one pixel per ``scale x scale`` block, as the microscope of the kind `how` would.

    Centres lie at ``scale * i + (scale - 1) / 2``; for an even scale, whose centres fall between pixels, a
    point is the mean of the pixels that touch it.
    """
    if scale == 1:
        return x
    if how == "area":
        return F.avg_pool2d(x, scale)
    centre = slice((scale - 1) // 2, scale // 2 + 1)  # one pixel of an odd block, two of an even one
    n, c, h, w = x.shape
    rows = x.view(n, c, h // scale, scale, w)[:, :, :, centre].mean(dim=3)  # (n, c, h / scale, w)
    if how == "line":
        return F.avg_pool2d(rows, (1, scale))
    if how == "point":
        return rows.view(n, c, h // scale, w // scale, scale)[..., centre].mean(dim=-1)
    offsets = torch.arange(2 * scale, dtype=torch.float32, device=x.device) - scale + 0.5
    triangle = (1 - offsets.abs() / scale).clamp_min(0)
    triangle = triangle / triangle.sum()  # (2 scale,)
    pad = scale // 2
    y = F.pad(x, (pad, pad, pad, pad), mode="replicate")
    y = F.conv2d(y, triangle.view(1, 1, -1, 1), stride=(scale, 1))
    return F.conv2d(y, triangle.view(1, 1, 1, -1), stride=(1, scale))
