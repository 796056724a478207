"""Making good images bad: the image-forming model, known as the crappifier.

One ordered, physical chain with named strengths (all in the gray levels of the image, lengths in pixels of
the good image where nothing else is said):

1. uneven illumination, light lost towards the edges
2. blur with a Gaussian (spot size, defocus), and with the kernel of a measured spot
3. sampling, every `scale`-th pixel in one of four ways, pixel centres at ``scale * i + (scale - 1) / 2``
4. lines of a scanner, each with its offset and its shift; columns of a camera, each with its offset
5. shot noise, variance ``gain * (signal - offset)``; Poisson, or Gaussian with a low-passed mean as published
6. read noise, Gaussian, white or with grain
7. salt and pepper
8. drift of gain and offset
9. rounding to the levels of a camera, saturation
10. lossy compression

Steps 5 to 7 come before step 3 when ``noise_at`` is ``"high"``, as in the published PSSR. The single steps
are in `models.restoration.crappify`. A step that is not used draws no random numbers.

References
----------
Fang et al., Nature Methods 18, 406 (2021): `EM_PUBLISHED`, `FLUORESCENCE_PUBLISHED` (from the public code).
Stites and Manor, BMC Methods (2024), doi 10.1101/2024.06.16.599221: `PSSR2_GAUSSIAN`, `PSSR2_POISSON`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Generator, Tensor

from models.restoration.crappify import noise, recording, scanning
from models.restoration.crappify.kernel import Kernel
from models.restoration.crappify.optics import blur, shade, spread
from models.restoration.crappify.sampling import Sampling, sample

__all__ = [
    "EM_PUBLISHED",
    "FLUORESCENCE_PUBLISHED",
    "PSSR2_GAUSSIAN",
    "PSSR2_POISSON",
    "Band",
    "Degradation",
    "Sampling",
    "blur",
    "degrade",
    "degrade_each",
    "reach_px",
    "sample",
]


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
    photon_spread : float
        For Poisson shot noise: standard deviation of what single photons give, relative to their mean, where
        light is amplified before it is measured; 1 is that of an electron-multiplying camera. The variance
        stays as `gain` says.
    shot_smooth_px : float
        For Gaussian shot noise: its variance follows the mean low-passed by this standard deviation.
    read_noise : float
        Standard deviation of the Gaussian noise.
    read_tails : float
        Excess kurtosis of the read noise: pixels are not equally noisy.
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
        Whether values are clipped to ``[offset, ceiling]``.
    shade : float
        Part of the light that the corner farthest from `shade_at` loses.
    shade_at : (y, x)
        Brightest point of the illumination in parts of the sides.
    psf : rows of numbers
        Spread of a point, both sides odd; its sum does not matter. Empty means none. It comes on top of
        `blur_px`.
    line_offset, column_offset : float
        Standard deviation of the offset of whole lines and columns of the bad image.
    line_shift_px : float
        Standard deviation of the shift of lines along x, in pixels of the bad image.
    line_reach_px : float
        Standard deviation of the correlation of lines with their neighbours; 0: every line for itself.
    drift_gain, drift_offset : float
        The image times the one plus the other.
    quality : int
        1 to 100 as in JPEG files, for 256 levels from `offset` to `ceiling`; 0 means no compression.
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
    shade: float = 0.0
    shade_at: tuple[float, float] = (0.5, 0.5)
    psf: Kernel = ()
    line_offset: float = 0.0
    line_shift_px: float = 0.0
    line_reach_px: float = 0.0
    column_offset: float = 0.0
    drift_gain: float = 1.0
    drift_offset: float = 0.0
    quality: int = 0
    photon_spread: float = 0.0
    read_tails: float = 0.0


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


@dataclass(frozen=True, slots=True)
class Band:
    """Where rows lie that are made bad without the rest of their image.

    Attributes
    ----------
    top, height : int
        First row of the band, and rows of the whole image; pixels of the good image.
    seed : int
        Decides what all bands share: the offsets of columns.
    """

    top: int
    height: int
    seed: int


def degrade(
    good: Tensor, how: Sequence[Degradation], generator: Generator, *, band: Band | None = None
) -> Tensor:
    """Degrade a batch of images, each in its own way, on the device where they are.

    Parameters
    ----------
    good : (n, 1, h, w) float32
        Any scale of intensities; h and w are multiples of the scale.
    how : sequence of n Degradation
        Scale, sampling, noise_at and shot must agree within the batch.
    generator : torch.Generator
        On the device of `good`; the same state gives the same images.
    band : Band, optional
        Where `good` is a part of larger images.

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
    offset = _column([d.offset for d in how], good)
    x = _lit(good, offset, how, band)
    x = spread(blur(x, [d.blur_px for d in how]), [d.psf for d in how])
    if first.noise_at == "high":
        x = sample(_noisy(x, offset, how, generator), first.scale, first.sampling)
        x = _scanned(x, how, generator, band)
    else:
        x = _scanned(sample(x, first.scale, first.sampling), how, generator, band)
        x = _noisy(x, offset, how, generator)
    return _recorded(x, offset, how)


def degrade_each(good: Tensor, how: Sequence[Degradation], seeds: Sequence[int]) -> Tensor:
    """Degrade images by a seed of their own each: neither order nor company changes a pixel.

    Parameters and errors are those of `degrade`, with n seeds, 0 or more, in place of the generator.
    """
    made = [
        degrade(image[None], [one], Generator(good.device).manual_seed(seed))
        for image, one, seed in zip(good, how, seeds, strict=True)
    ]
    return torch.cat(made)


def reach_px(d: Degradation) -> int:
    """Return how far, in pixels of the good image, a pixel is seen in the bad one; compression aside."""
    spot = max(len(d.psf), *(len(row) for row in d.psf)) // 2 if d.psf else 0
    smooth = d.shot_smooth_px * (1 if d.noise_at == "high" else d.scale) if d.shot == "gaussian" else 0.0
    return int(4 * d.blur_px + 4 * smooth + 2) + spot + d.scale


def _kind(d: Degradation) -> tuple[int, str, str, str]:
    return d.scale, d.sampling, d.noise_at, d.shot


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    """Return one number per image, shape (n, 1, 1, 1)."""
    return torch.tensor(values, dtype=torch.float32, device=like.device).view(-1, 1, 1, 1)


def _lit(x: Tensor, offset: Tensor, how: Sequence[Degradation], band: Band | None) -> Tensor:
    """Illuminate unevenly."""
    if not any(d.shade for d in how):
        return x
    loss, centres = _column([d.shade for d in how], x), [d.shade_at for d in how]
    return shade(x, offset, loss, centres, top=band.top if band else 0, height=band.height if band else 0)


def _scanned(x: Tensor, how: Sequence[Degradation], generator: Generator, band: Band | None) -> Tensor:
    """Shift lines, then give lines and columns their offsets."""
    reach = [d.line_reach_px for d in how]
    if any(d.line_shift_px for d in how):
        pixels = _column([d.line_shift_px for d in how], x)
        x = scanning.shift_lines(x, pixels * scanning.line_noise(x, reach, generator))
    if any(d.line_offset for d in how):
        x = x + _column([d.line_offset for d in how], x) * scanning.line_noise(x, reach, generator)
    if any(d.column_offset for d in how):
        if band is not None:
            generator = Generator(x.device).manual_seed(band.seed)
        x = x + _column([d.column_offset for d in how], x) * scanning.column_noise(x, generator)
    return x


def _noisy(x: Tensor, offset: Tensor, how: Sequence[Degradation], generator: Generator) -> Tensor:
    """Add shot noise, read noise, salt and pepper, in this order."""
    grain = [d.grain_px for d in how]
    if any(d.gain > 0 for d in how):
        light = (x - offset).clamp_min_(0)
        gain = _column([d.gain for d in how], x)
        if how[0].shot == "poisson":
            x = noise.shot_noise(light, gain, generator, [d.photon_spread for d in how]).add_(x)
        else:
            smooth = [d.shot_smooth_px for d in how]
            x = x + noise.gaussian_shot_noise(light, gain, smooth, grain, generator)
        x = _clipped(x, offset, how)
    if any(d.read_noise > 0 for d in how):
        read = noise.uneven(noise.grainy(x, grain, generator), [d.read_tails for d in how], generator)
        x = x + _column([d.read_noise for d in how], x) * read
    if any(d.salt + d.pepper > 0 for d in how):
        salt, pepper, white = (
            _column([getattr(d, name) for d in how], x) for name in ("salt", "pepper", "ceiling")
        )
        x = noise.specks(x, salt, pepper, white, offset, generator)
    return x


def _recorded(x: Tensor, offset: Tensor, how: Sequence[Degradation]) -> Tensor:
    """Drift, round, clip and compress."""
    if any((d.drift_gain, d.drift_offset) != (1.0, 0.0) for d in how):
        x = x * _column([d.drift_gain for d in how], x) + _column([d.drift_offset for d in how], x)
    if any(d.step > 0 for d in how):
        x = recording.rounded(x, _column([d.step for d in how], x))
    x = _clipped(x, offset, how)
    if any(d.quality for d in how):
        ceiling = _column([d.ceiling for d in how], x)
        x = recording.compressed(x, _column([d.quality for d in how], x), offset, ceiling)
    return x


def _clipped(x: Tensor, offset: Tensor, how: Sequence[Degradation]) -> Tensor:
    if not any(d.clips for d in how):
        return x
    free = float("inf")
    low = torch.where(_column([d.clips for d in how], x) > 0, offset, -free)
    high = _column([d.ceiling if d.clips else free for d in how], x)
    return recording.clipped(x, low, high)
