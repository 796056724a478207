"""Drawing training patches from good images: which image, which place, which way up, how fine.

Everything is drawn from the seed and the step's number alone, so a training that is continued sees the very
patches it would have seen undisturbed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from numpy.typing import NDArray
from torch import Tensor

Plane = NDArray[np.float32]
Movie = NDArray[np.float32]  # (t, h, w)


@dataclass(frozen=True, slots=True)
class Specimen:
    """The good planes of one specimen, each on a scale where most of it lies in 0..1.

    Held-out data are whole specimens; no plane of one is ever on both sides. `movies` are stacks (t, h, w) of
    consecutive frames, for models that see several; `planes` holds single frames of them too.
    """

    name: str
    planes: tuple[Plane, ...]
    movies: tuple[Movie, ...] = ()


@dataclass(frozen=True, slots=True)
class Crop:
    """How crops are drawn.

    Attributes
    ----------
    size : int
        Side of a crop in pixels of the good image.
    zoom : float
        Crops show up to this many times as wide a field, averaged down: finer structure, less noise.
    zoom_share : float
        Share of crops that are zoomed; the others show the image's own pixels.
    empty_share : float
        Share of crops taken wherever they fall; the others show something.
    """

    size: int = 128
    zoom: float = 2.0
    zoom_share: float = 0.5
    empty_share: float = 0.2


def normalised(stack: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return `stack` with its 0.1 and 99.9 percentiles at 0 and 1, not clipped."""
    values = np.asarray(stack, dtype=np.float32)
    low, high = np.percentile(values, (0.1, 99.9))
    return (values - np.float32(low)) / np.float32(max(high - low, 1e-9))


def draw_crops(specimens: Sequence[Specimen], crop: Crop, n: int, rng: np.random.Generator) -> Tensor:
    """Return ``(n, 1, size, size)`` float32 crops in random orientations, every specimen equally often."""
    return torch.stack([_one(specimens, crop, rng) for _ in range(n)])


def _one(specimens: Sequence[Specimen], crop: Crop, rng: np.random.Generator) -> Tensor:
    def plane() -> Movie:
        specimen = specimens[int(rng.integers(len(specimens)))]
        return specimen.planes[int(rng.integers(len(specimen.planes)))][None]

    return cut(plane, crop, rng)


def cut(choose: Callable[[], Movie], crop: Crop, rng: np.random.Generator) -> Tensor:
    """Return a ``(t, size, size)`` crop, in a random orientation, of a stack that `choose` draws.

    Mostly one that shows something: another stack and place is drawn up to four times.
    """
    best, spread = None, -1.0
    tries = 1 if rng.random() < crop.empty_share else 4
    for _ in range(tries):
        stack = choose()
        field = crop.size
        if rng.random() < crop.zoom_share:
            field = round(crop.size * rng.uniform(1.0, crop.zoom))
        field = min(field, *stack.shape[1:])
        y, x = (int(rng.integers(side - field + 1)) for side in stack.shape[1:])
        piece = stack[:, y : y + field, x : x + field]
        if (found := float(piece[len(piece) // 2].std())) > spread:
            best, spread = piece, found
        if spread > 0.1:
            break
    assert best is not None
    turned = np.rot90(best, int(rng.integers(4)), (1, 2))
    if rng.random() < 0.5:
        turned = turned[:, :, ::-1]
    tensor = torch.from_numpy(np.ascontiguousarray(turned))  # (t, field, field)
    if tensor.shape[-1] == crop.size:
        return tensor
    return F.interpolate(
        tensor[None], (crop.size, crop.size), mode="bilinear", align_corners=False, antialias=True
    )[0]
