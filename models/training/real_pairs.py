"""Training pairs from a lab's own pairs: the same crop of a bad and of a good image of the same place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import UserError
from models.restoration.intensity import limits_of
from models.training.loop import Batch
from models.training.recipe import Recipe
from models.training.registration import aligned, register, remarks

Plane = NDArray[np.float32]

TRIES = 4  # places that are looked at for one that shows something
EMPTY_SHARE = 0.2  # crops taken wherever they fall
SHOWS = 0.1  # standard deviation of a crop that shows something


class HasNoNumbers(UserError):
    """An image of a pair has pixels that are no numbers."""

    code = "pairs.no_numbers"


@dataclass(frozen=True, slots=True)
class Twin:
    """A bad and a good image of the same place as they are read: ``(h, w)`` and ``scale`` times that."""

    name: str
    bad: Plane
    good: Plane


@dataclass(frozen=True, slots=True)
class RealSpecimen:
    """A pair that lies on each other, both on the scale on which a model sees the bad image."""

    name: str
    bad: Plane
    good: Plane


def prepared(
    twins: Sequence[Twin], scale: int, *, align: bool = True
) -> tuple[tuple[RealSpecimen, ...], tuple[str, ...]]:
    """Return what can be learned from, and one sentence for everything a person should know.

    The good image is moved onto the bad one where `align` says so, and its gray levels become those of the
    bad one: pairs are often stored with stretched contrast. Both are then normalised by the limits of the
    whole bad image, as when the model is used. A pair that does not fit together is left out.
    """
    specimens, said = [], []
    for twin in twins:
        try:
            specimen, words = _specimen(twin, scale, align=align)
        except UserError as error:
            said.append(f"{twin.name} was left out: {error.sentence}")
            continue
        said += words
        if specimen is not None:
            specimens.append(specimen)
    return tuple(specimens), tuple(said)


def _specimen(twin: Twin, scale: int, *, align: bool) -> tuple[RealSpecimen | None, tuple[str, ...]]:
    if not (np.isfinite(twin.bad).all() and np.isfinite(twin.good).all()):
        raise HasNoNumbers("One of its images has pixels that are no numbers.")
    found = register(twin.bad, twin.good, scale)
    words = remarks(found, twin.name)
    if not found.is_found:
        return None, words
    bad, good = aligned(twin.bad, twin.good, found, scale) if align else (twin.bad, twin.good)
    limits = limits_of(twin.bad)
    mapped = good * np.float32(found.gain) + np.float32(found.offset)
    return RealSpecimen(twin.name, limits.normalised(bad), limits.normalised(mapped)), words


class RealPairs:
    """Draws training pairs like `models.training.pairs.Pairs`: from the seed and the step alone.

    Crops come in the eight orientations that a microscope does not know apart. They are neither enlarged
    nor reduced, for the noise is real and has a size.

    Parameters
    ----------
    specimens : sequence of RealSpecimen
        At least one; images smaller than a crop are continued by their mirror image.
    recipe : Recipe
        Its `crops.size` and `schedule.batch` are used.
    scale : int
        Pixels of the good image per pixel of the bad one.
    seed : int
    device : torch.device
        Where pairs end up.
    """

    def __init__(
        self,
        specimens: Sequence[RealSpecimen],
        recipe: Recipe,
        *,
        scale: int,
        seed: int,
        device: torch.device,
    ) -> None:
        if not specimens:
            raise ValueError("real pairs need a specimen")
        self._side = recipe.crops.size // scale
        self._planes = [_continued(specimen, self._side, scale) for specimen in specimens]
        self._batch = recipe.schedule.batch
        self._scale = scale
        self._seed = seed
        self._device = device

    def draw(self, step: int, n: int | None = None) -> Batch:
        """Return ``(n, 1, size / scale, ...)`` bad and ``(n, 1, size, ...)`` good crops."""
        rng = np.random.default_rng([self._seed, step])
        crops = [self._crop(rng) for _ in range(n or self._batch)]
        bad, good = (torch.stack(side).to(self._device) for side in zip(*crops, strict=True))
        return bad, good

    def _crop(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        tries = 1 if rng.random() < EMPTY_SHARE else TRIES
        best, spread = None, -1.0
        for _ in range(tries):
            bad, good = self._planes[int(rng.integers(len(self._planes)))]
            y, x = (int(rng.integers(extent - self._side + 1)) for extent in bad.shape)
            shown = _cut(good, y * self._scale, x * self._scale, self._side * self._scale)
            if (found := float(shown.std())) > spread:
                best, spread = (_cut(bad, y, x, self._side), shown), found
            if spread > SHOWS:
                break
        assert best is not None
        turns, is_flipped = int(rng.integers(4)), rng.random() < 0.5
        return _turned(best[0], turns, is_flipped=is_flipped), _turned(best[1], turns, is_flipped=is_flipped)


def _cut(plane: Plane, top: int, left: int, side: int) -> Plane:
    return plane[top : top + side, left : left + side]


def _turned(crop: Plane, turns: int, *, is_flipped: bool) -> Tensor:
    turned = np.rot90(crop, turns)
    turned = turned[:, ::-1] if is_flipped else turned
    return torch.from_numpy(np.ascontiguousarray(turned, np.float32))[None]  # (1, side, side)


def _continued(specimen: RealSpecimen, side: int, scale: int) -> tuple[Plane, Plane]:
    """Return both planes, continued by their mirror images to at least the size of a crop."""
    lacks = [max(0, side - extent) for extent in specimen.bad.shape]
    if not any(lacks):
        return specimen.bad, specimen.good
    return (
        np.pad(specimen.bad, [(0, lack) for lack in lacks], mode="symmetric"),
        np.pad(specimen.good, [(0, lack * scale) for lack in lacks], mode="symmetric"),
    )
