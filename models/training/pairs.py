"""Pairs to learn from: a good crop, and the same crop made bad in a way drawn from the recipe."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from models.restoration.degrade import Degradation, blur, degrade
from models.training.clips import draw_clips
from models.training.loop import Batch
from models.training.patches import Crop, Specimen, draw_crops
from models.training.recipe import Crappify, Range, Recipe


class Draws(Protocol):
    """Whatever training pairs can be drawn from."""

    def draw(self, step: int, n: int | None = None) -> Batch:
        """Return bad and good crops; the same for the same step."""
        ...


class Pairs:
    """Draws training pairs; a pair depends on the seed and the step alone.

    Parameters
    ----------
    specimens : sequence of Specimen
        Good planes, 0.1 to 99.9 percentile at 0 to 1.
    recipe : Recipe
    scale : int
        Pixels of the good image per pixel of the bad one.
    seed : int
    device : torch.device
        Where images are made bad and where pairs end up.
    frames : int
        Frames that the network sees; each is made bad by itself, the middle one is to be restored.
    """

    def __init__(
        self,
        specimens: Sequence[Specimen],
        recipe: Recipe,
        *,
        scale: int,
        seed: int,
        device: torch.device,
        frames: int = 1,
    ) -> None:
        self._specimens = specimens
        self._recipe = recipe
        self._scale = scale
        self._seed = seed
        self._device = device
        self._frames = frames
        crops = recipe.crops
        self._crop = Crop(size=crops.size, zoom=crops.zoom, zoom_share=crops.zoom_share)

    def draw(self, step: int, n: int | None = None) -> Batch:
        """Return ``(n, frames, size / scale, ...)`` bad and ``(n, 1, size, ...)`` good crops on one scale.

        The scale is that of inference: the robust limits of the bad image at 0 and 1. A crop may be darker
        than its image, so half of them are darkened after that.
        """
        n = n or self._recipe.schedule.batch
        rng = np.random.default_rng([self._seed, step])
        generator = torch.Generator(self._device).manual_seed(int(rng.integers(2**62)))
        good, order = self._drawn(n, rng)
        each = good.shape[1]  # frames of a clip
        crops = self._recipe.crops
        soft = [rng.uniform(*crops.soften_px) if rng.random() < crops.soften_share else 0.0 for _ in range(n)]
        good = blur(good.flatten(0, 1)[:, None], np.repeat(soft, each).tolist())  # (n * each, 1, size, size)
        weights = np.array([way.weight for way in self._recipe.degrade])
        way = self._recipe.degrade[rng.choice(len(weights), p=weights / weights.sum())]
        how = [one for _ in range(n) for one in [draw_degradation(way, self._scale, rng)] * each]
        bad = degrade(good, how, generator)  # (n * each, 1, size / scale, ...)
        bad = bad.view(n, each, *bad.shape[2:])
        bad = bad.gather(1, order.view(n, each, 1, 1).expand_as(bad))
        good = good.view(n, each, *good.shape[2:])[:, each // 2 : each // 2 + 1]  # (n, 1, size, size)
        limits = torch.quantile(bad.flatten(1), torch.tensor([0.001, 0.999], device=self._device), dim=1)
        low = limits[0].view(-1, 1, 1, 1)
        span = (limits[1] - limits[0]).clamp_min(1e-3).view(-1, 1, 1, 1)
        dark = [rng.uniform(0.3, 1.0) if rng.random() < 0.5 else 1.0 for _ in range(n)]
        gain = torch.tensor(dark, dtype=torch.float32, device=self._device).view(-1, 1, 1, 1) / span
        return (bad - low) * gain, (good - low) * gain

    def _drawn(self, n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return good frames, (n, frames, size, size), and which is seen at each place, (n, frames)."""
        if self._frames == 1:
            good = draw_crops(self._specimens, self._crop, n, rng)
            return good.to(self._device), torch.zeros(n, 1, dtype=torch.long, device=self._device)
        clips = draw_clips(self._specimens, self._crop, self._frames, n, rng)
        good = torch.stack([clip.frames for clip in clips])
        order = torch.tensor([clip.order for clip in clips])
        return good.to(self._device), order.to(self._device)


def draw_degradation(way: Crappify, scale: int, rng: np.random.Generator) -> Degradation:
    """Draw the strengths of one degradation from the ranges of `way`."""
    photons = _log_uniform(way.photons, rng)
    grainy = rng.random() < way.grain_share
    specky = rng.random() < way.specks_share
    specks = _log_uniform(way.specks, rng) if specky else 0.0
    drawn = Degradation(
        scale=scale,
        sampling=way.sampling,
        noise_at=way.noise_at,
        blur_px=float(rng.uniform(*way.blur_px)),
        offset=-float(rng.uniform(*way.background)),
        gain=1 / photons if photons else 0.0,
        shot=way.shot,
        shot_smooth_px=way.shot_smooth_px,
        photon_spread=way.photon_spread,
        read_noise=_log_uniform(way.read_noise, rng),
        read_tails=way.read_tails,
        grain_px=float(rng.uniform(*way.grain_px)) if grainy else 0.0,
        salt=specks,
        pepper=specks,
        step=1 / way.levels if way.levels and rng.random() < 0.5 else 0.0,
        ceiling=1.0 if way.clips else math.inf,
        clips=way.clips,
        psf=way.psf,
    )
    return replace(
        drawn, **_shading(way, rng), **_lines(way, rng), **_columns(way, rng), **_recording(way, rng)
    )


def _shading(way: Crappify, rng: np.random.Generator) -> dict[str, Any]:  # Any: fields of a Degradation
    if not _is_drawn(way.shade_share, rng, way.shade):
        return {}
    return {"shade": float(rng.uniform(*way.shade)), "shade_at": (float(rng.random()), float(rng.random()))}


def _lines(way: Crappify, rng: np.random.Generator) -> dict[str, Any]:  # Any: fields of a Degradation
    if not _is_drawn(way.lines_share, rng, way.line_offset, way.line_shift_px):
        return {}
    return {
        "line_offset": _log_uniform(way.line_offset, rng),
        "line_shift_px": float(rng.uniform(*way.line_shift_px)),
        "line_reach_px": float(rng.uniform(*way.line_reach_px)),
    }


def _columns(way: Crappify, rng: np.random.Generator) -> dict[str, Any]:  # Any: fields of a Degradation
    if not _is_drawn(way.columns_share, rng, way.column_offset):
        return {}
    return {"column_offset": _log_uniform(way.column_offset, rng)}


def _recording(way: Crappify, rng: np.random.Generator) -> dict[str, Any]:  # Any: fields of a Degradation
    drawn: dict[str, Any] = {}
    if (way.drift_gain, way.drift_offset) != ((1.0, 1.0), (0.0, 0.0)) and rng.random() < way.drift_share:
        drawn["drift_gain"] = float(rng.uniform(*way.drift_gain))
        drawn["drift_offset"] = float(rng.uniform(*way.drift_offset))
    if _is_drawn(way.quality_share, rng, way.quality):
        drawn["quality"] = int(rng.integers(way.quality[0], way.quality[1], endpoint=True))
    return drawn


def _is_drawn(share: float, rng: np.random.Generator, *limits: Range) -> bool:
    """Whether a crop has this step; no random number is taken where the recipe has it not."""
    return any(high > 0 for _, high in limits) and rng.random() < share


def _log_uniform(limits: Range, rng: np.random.Generator) -> float:
    low, high = limits
    return float(math.exp(rng.uniform(math.log(low), math.log(high)))) if low > 0 else 0.0


class UnseenScore:
    """Mean PSNR in dB on a fixed set of pairs from specimens that are not learned from.

    Errors are counted on the scale the network works on, each crop by itself.

    Attributes
    ----------
    batches : list of (bad, good)
    """

    def __init__(self, pairs: Draws, *, batches: int = 4, n: int = 8) -> None:
        self.batches = [pairs.draw(step, n) for step in range(batches)]

    def __call__(self, network: nn.Module) -> float:
        """Return the score of `network`."""
        return float(np.mean([_psnr(network(bad), good) for bad, good in self.batches]))


def _psnr(image: Tensor, truth: Tensor) -> float:
    errors = (image - truth).square().flatten(1).mean(dim=1).clamp_min(1e-12)
    return float((-10 * torch.log10(errors)).mean())
