"""Noise of light and of electronics, pixel by pixel."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from models.restoration.crappify.optics import blur, gaussians
from models.restoration.crappify.poisson import poisson

MOST_PHOTONS = 1e8  # per pixel; beyond, float32 counts no single ones


def shot_noise(light: Tensor, gain: Tensor, generator: Generator, spread: Sequence[float] = ()) -> Tensor:
    """Return the noise of counting photons, to be added.

    Parameters
    ----------
    light : (n, 1, h, w)
        Gray levels above those without light, not negative.
    gain : (n, 1, 1, 1)
        Gray levels per photon; 0 gives no noise.
    spread : sequence of n float
        Relative standard deviations of what single photons give; the variance of the noise stays the same.
    """
    if any(spread):
        squares = torch.tensor(spread, device=light.device).view(-1, 1, 1, 1) ** 2
        each = gain / (1 + squares)
        photons = poisson((light / each.clamp_min(1e-12)).clamp_max_(MOST_PHOTONS), generator)
        noise = _amplified(photons, squares, generator).mul_(each).sub_(light)
    else:
        photons = (light / gain.clamp_min(1e-12)).clamp_max_(MOST_PHOTONS)
        noise = poisson(photons, generator).mul_(gain).sub_(light)
    return noise if bool((gain > 0).all()) else torch.where(gain > 0, noise, torch.zeros_like(noise))


def _amplified(photons: Tensor, squares: Tensor, generator: Generator) -> Tensor:
    """Return the sum of what photons give, one on average each, with the variance `squares`."""
    shape = photons / squares.clamp_min(1e-6)
    drawn = torch._standard_gamma(shape.clamp_min(1e-6), generator) * squares
    return torch.where((squares > 0) & (photons > 0), drawn, photons)


def uneven(noise: Tensor, tails: Sequence[float], generator: Generator) -> Tensor:
    """Return noise of the same variance with the excess kurtosis `tails`, one per image."""
    if not any(tails):
        return noise
    excess = torch.tensor(tails, device=noise.device).view(-1, 1, 1, 1)
    shape = (3 / excess.clamp_min(1e-6)).expand_as(noise)
    factor = torch._standard_gamma(shape.contiguous(), generator) / shape
    return torch.where(excess > 0, noise * factor.sqrt(), noise)


def gaussian_shot_noise(
    light: Tensor, gain: Tensor, smooth: Sequence[float], grain: Sequence[float], generator: Generator
) -> Tensor:
    """Return Gaussian noise of variance ``gain * mean``, the mean being `light` blurred by `smooth`."""
    mean = blur(light, smooth)
    return (gain * mean).clamp_min(0).sqrt() * grainy(light, grain, generator)


def grainy(like: Tensor, sigmas: Sequence[float], generator: Generator) -> Tensor:
    """Return noise of unit variance of the shape of `like`, correlated by `sigmas` pixels, one per image."""
    noise = torch.randn(like.shape, generator=generator, device=like.device)
    if not any(sigmas):
        return noise
    kernels = gaussians(sigmas, like.device)
    energy = kernels.square().sum(dim=1).view(-1, 1, 1, 1)  # per axis; both axes: squared
    return blur(noise, sigmas) / energy


def specks(
    x: Tensor, salt: Tensor, pepper: Tensor, white: Tensor, black: Tensor, generator: Generator
) -> Tensor:
    """Set a part `salt` of the pixels to `white` and a part `pepper` to `black`; all are (n, 1, 1, 1).

    Where `white` is infinite the brightest pixel of the image is taken.
    """
    dice = torch.rand(x.shape, generator=generator, device=x.device)
    if not bool(torch.isfinite(white).all()):
        white = torch.where(torch.isfinite(white), white, x.amax(dim=(1, 2, 3), keepdim=True))
    x = torch.where(dice < salt, white, x)
    return torch.where(dice > 1 - pepper, black, x)
