"""How a camera and a file record an image: drift, gray levels, saturation, lossy compression."""

import math

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor

BLOCK = 8
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)  # steps of brightness, ITU-T T.81, annex K.1
LEVELS = 255


def rounded(x: Tensor, step: Tensor) -> Tensor:
    """Round to multiples of `step`, (n, 1, 1, 1); 0 means no rounding."""
    return torch.where(step > 0, torch.round(x / step.clamp_min(1e-12)) * step, x)


def clipped(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Clip to ``[low, high]``, both (n, 1, 1, 1) and perhaps infinite."""
    return torch.minimum(torch.maximum(x, low), high)


def compressed(x: Tensor, quality: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Store images with 256 gray levels in a JPEG file and read them again, but for its lossless part.

    Blocks of 8 x 8 pixels are transformed by the cosine transform, the amplitudes rounded to the steps of
    `quality`, and transformed back to whole gray levels. Sides that are no multiples of 8 are continued.

    Parameters
    ----------
    x : (n, 1, h, w)
    quality : (n, 1, 1, 1)
        1 to 100 as in JPEG files; 0 leaves an image as it is.
    low, high : (n, 1, 1, 1)
        What is stored as 0 and as 255; an infinite `high` stands for the brightest pixel.
    """
    high = torch.where(torch.isfinite(high), high, x.amax(dim=(1, 2, 3), keepdim=True))
    span = (high - low).clamp_min(1e-12)
    h, w = x.shape[-2:]
    stored = ((x - low) / span * LEVELS).clamp(0, LEVELS).round()
    stored = F.pad(stored, (0, -w % BLOCK, 0, -h % BLOCK), mode="replicate")
    tall, wide = stored.shape[-2:]
    blocks = stored.view(-1, 1, tall // BLOCK, BLOCK, wide // BLOCK, BLOCK) - 128  # (n, 1, H, 8, W, 8)
    cosines = _cosines(x.device)
    waves = torch.einsum("ky,nchywx,lx->nchkwl", cosines, blocks, cosines)
    steps = quantisation(quality.flatten())[:, None, None, :, None]  # (n, 1, 1, 8, 1, 8)
    waves = torch.round(waves / steps) * steps
    blocks = torch.einsum("ky,nchkwl,lx->nchywx", cosines, waves, cosines) + 128
    read = blocks.reshape(-1, 1, tall, wide)[..., :h, :w].round().clamp(0, LEVELS)
    return torch.where(quality > 0, read / LEVELS * span + low, x)


def quantisation(quality: Tensor) -> Tensor:
    """Return the steps of amplitudes for qualities 1 to 100, as JPEG programs choose them, (n, 8, 8)."""
    quality = quality.clamp(1, 100).view(-1, 1, 1)
    percent = torch.where(quality < 50, torch.floor(5000 / quality), 200 - 2 * quality)
    table = torch.tensor(LUMINANCE, dtype=torch.float32, device=quality.device)
    return torch.floor((table * percent + 50) / 100).clamp(1, 255)


def _cosines(device: torch.device) -> Tensor:
    """Return the orthonormal cosine transform, a wave per row, shape (8, 8)."""
    k = torch.arange(BLOCK, dtype=torch.float32, device=device)
    waves = torch.cos(math.pi / BLOCK * (k + 0.5) * k[:, None]) * math.sqrt(2 / BLOCK)
    waves[0] /= math.sqrt(2)
    return waves
