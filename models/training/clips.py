"""Drawing short clips for models that see several frames: of movies, and of stills that are made to move.

A clip is a good crop of consecutive frames and an order in which the model will see them: at the ends of a
movie frames are mirrored, and some neighbours are missing, the middle frame in their place, as when a movie
pauses or is a single picture. Frames that are seen twice have the same noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from numpy.typing import NDArray
from torch import Tensor

from models.restoration.tiling import mirrored
from models.training.patches import Crop, Movie, Specimen, cut

MARGIN = 12  # pixels around the crop of a still, from which things move in
LARGEST_STEP_PX = 3.0  # made-up motion from frame to frame
SMALLEST_STEP_PX = 0.05
_KNOTS = 5  # of the smooth warp, along each side


@dataclass(frozen=True, slots=True)
class Clip:
    """A good crop of several frames, and which of them the model sees at each place."""

    frames: Tensor  # (t, size, size)
    order: tuple[int, ...]


def draw_clips(
    specimens: Sequence[Specimen], crop: Crop, frames: int, n: int, rng: np.random.Generator
) -> list[Clip]:
    """Return `n` clips of `frames` frames, every specimen equally often."""
    return [_one(specimens, crop, frames, rng) for _ in range(n)]


def _one(specimens: Sequence[Specimen], crop: Crop, frames: int, rng: np.random.Generator) -> Clip:
    specimen = specimens[int(rng.integers(len(specimens)))]
    stride = int(rng.integers(1, 3))
    if specimen.movies:
        movie = specimen.movies[int(rng.integers(len(specimen.movies)))]
        middle = int(rng.integers(len(movie)))
        reach = frames // 2 * stride
        seen = mirrored((middle - reach, middle + reach + 1), len(movie))[::stride]
        good = cut(lambda: movie[seen], crop, rng)
    else:
        seen = np.arange(frames)
        if rng.random() < 0.1:  # as at the beginning of a movie
            seen = np.abs(seen - frames // 2) + frames // 2
        good = _moving(specimen, crop, frames, stride, rng)[seen]
    return Clip(good, with_drop_outs([seen.tolist().index(one) for one in seen.tolist()], rng))


def with_drop_outs(order: Sequence[int], rng: np.random.Generator) -> tuple[int, ...]:
    """Put the middle frame in the place of some neighbours: of all in a fifth of the clips."""
    middle = order[len(order) // 2]
    lost = 1.0 if rng.random() < 0.2 else 0.08
    return tuple(middle if rng.random() < lost else one for one in order)


def _moving(specimen: Specimen, crop: Crop, frames: int, stride: int, rng: np.random.Generator) -> Tensor:
    """Return frames of a still that moves: together, each part its own way, or not at all."""

    def still() -> Movie:
        return specimen.planes[int(rng.integers(len(specimen.planes)))][None]

    wide = replace(crop, size=crop.size + 2 * MARGIN)
    return moved(cut(still, wide, rng), frames, stride, rng)[:, MARGIN:-MARGIN, MARGIN:-MARGIN]


def moved(still: Tensor, frames: int, stride: int, rng: np.random.Generator) -> Tensor:
    """Return ``(frames, h, w)`` of a ``(1, h, w)`` picture whose contents move; the middle is as given.

    A quarter stands still. Else the whole drifts, and parts move their own ways, by up to `LARGEST_STEP_PX`
    a frame; the light may fade or flicker a little.
    """
    side = still.shape[-1]
    times = (np.arange(frames) - frames // 2) * stride
    path = np.zeros((frames, 2, _KNOTS, _KNOTS))
    if rng.random() >= 0.25:
        drift = _step(rng) * _direction(rng)[:, None, None]
        own = _step(rng) * rng.standard_normal((2, _KNOTS, _KNOTS)) * (rng.random() < 0.6)
        shake = rng.standard_normal((frames, 2, 1, 1)) * _step(rng) * 0.5 * (rng.random() < 0.3)
        path = path + times[:, None, None, None] * (drift + own) + (shake - shake[frames // 2])
    shifts = F.interpolate(
        torch.from_numpy(path).float(), (side, side), mode="bicubic", align_corners=True
    )  # (frames, 2, h, w): x and y in pixels
    shifts = shifts.clamp(-MARGIN, MARGIN)
    base = F.affine_grid(torch.eye(2, 3)[None], [1, 1, side, side], align_corners=False)  # (1, h, w, 2)
    grid = base + shifts.permute(0, 2, 3, 1) * 2 / side
    made = F.grid_sample(
        still[None].expand(frames, 1, -1, -1), grid, "bicubic", padding_mode="reflection", align_corners=False
    )[:, 0]
    made[frames // 2] = still[0]
    if rng.random() < 0.2:
        light = 1 + rng.normal(0, 0.03) * times + rng.normal(0, 0.02, frames)
        light[frames // 2] = 1
        made = made * torch.from_numpy(light).float().clamp_min(0.5).view(-1, 1, 1)
    return made


def _step(rng: np.random.Generator) -> float:
    """Draw a motion in pixels per frame: as often a tenth as a whole pixel."""
    return float(np.exp(rng.uniform(np.log(SMALLEST_STEP_PX), np.log(LARGEST_STEP_PX))))


def _direction(rng: np.random.Generator) -> NDArray[np.float64]:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)])
