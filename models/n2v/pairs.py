"""Pairs to learn from where there are only noisy images: two ways of asking for what is not noise.

*Blind spots* (Noise2Void): some pixels are replaced by neighbours, and their own values are asked for.
*Noise on noise* (Recorrupted-to-Recorrupted): noise of the measured strength is added to the image and
taken off, scaled so that the two images have independent noise; every pixel is asked for.
Pixels that are not asked for are NaN in what is wanted.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor, nn

from models.n2v.noise import Mask, Noise
from models.training.loop import Batch
from models.training.patches import Plane, Specimen
from models.training.recipe import Blind

WINDOW = 5  # a hidden pixel takes its value from at most this far: 11 x 11 pixels
SPAN = 2  # a hidden row or column reaches this far to either side
SHAPES: dict[Mask, tuple[tuple[int, int], ...]] = {
    "point": ((0, 0),),
    "rows": tuple((0, step) for step in range(-SPAN, SPAN + 1)),
    "columns": tuple((step, 0) for step in range(-SPAN, SPAN + 1)),
    "cross": tuple((y, x) for y in range(-SPAN, SPAN + 1) for x in range(-SPAN, SPAN + 1) if not y or not x),
}


class BlindPairs:
    """Draws training pairs from noisy planes; a pair depends on the seed and the step alone.

    Parameters
    ----------
    specimens : sequence of Specimen
        Noisy planes, 0.1 to 99.9 percentile at 0 to 1.
    blind : Blind
        The recipe's part on how to ask.
    noise : Noise
        As measured in these planes.
    size, batch : int
        Side of a crop, crops per step.
    seed : int
    device : torch.device
    """

    def __init__(
        self,
        specimens: Sequence[Specimen],
        blind: Blind,
        noise: Noise,
        *,
        size: int,
        batch: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self._planes = [plane for specimen in specimens for plane in specimen.planes]
        self._blind = blind
        self._noise = noise
        self._size = size
        self._batch = batch
        self._seed = seed
        self._device = device
        self.way = chosen_way(blind, noise)

    def draw(self, step: int, n: int | None = None) -> Batch:
        """Return ``(n, 1, size, size)`` images to restore and what is wanted, NaN where nothing is."""
        n = n or self._batch
        rng = np.random.default_rng([self._seed, step])
        generator = torch.Generator(self._device).manual_seed(int(rng.integers(2**62)))
        crops = torch.stack([self._crop(rng) for _ in range(n)]).to(self._device)
        if self.way == "noise":
            return noise_on_noise(crops, self._noise, generator)
        return blind_spots(crops, self._blind.every, self._noise.mask, generator)

    def _crop(self, rng: np.random.Generator) -> Tensor:
        plane = self._planes[int(rng.integers(len(self._planes)))]
        sides = [min(self._size, side) for side in plane.shape]
        y, x = (int(rng.integers(whole - side + 1)) for whole, side in zip(plane.shape, sides, strict=True))
        piece = plane[y : y + sides[0], x : x + sides[1]]
        piece = np.pad(piece, [(0, self._size - side) for side in sides], mode="symmetric")
        if self._noise.mask in ("point", "cross"):  # rows stay rows
            piece = np.rot90(piece, int(rng.integers(4)))
        if rng.random() < 0.5:
            piece = piece[:, ::-1]
        return torch.from_numpy(np.ascontiguousarray(piece))[None]  # (1, size, size)


def chosen_way(blind: Blind, noise: Noise) -> str:
    """Return "spots" or "noise": what the recipe says, or noise on noise where the noise is independent."""
    if blind.way != "auto":
        return blind.way
    return "noise" if noise.is_independent else "spots"


def blind_spots(crops: Tensor, every: int, mask: Mask, generator: torch.Generator) -> Batch:
    """Hide one pixel in every `every` x `every` cell of ``(n, 1, h, w)``, with its neighbours of `mask`.

    A hidden pixel shows another one, drawn evenly from the 11 x 11 around it.
    """
    n, _, height, width = crops.shape
    device = crops.device
    cells = (n, height // every, width // every)

    def drawn(low: int, high: int, shape: tuple[int, ...]) -> Tensor:
        return torch.randint(low, high, shape, generator=generator, device=device)

    top = torch.arange(cells[1], device=device).view(1, -1, 1) * every
    left = torch.arange(cells[2], device=device).view(1, 1, -1) * every
    y, x = drawn(0, every, cells) + top, drawn(0, every, cells) + left  # (n, rows, columns)
    wanted = torch.full_like(crops, torch.nan)
    seen = crops.clone()
    image = torch.arange(n, device=device).view(-1, 1, 1).expand(cells)
    wanted[image, 0, y, x] = crops[image, 0, y, x]
    side = 2 * WINDOW + 1
    for down, across in SHAPES[mask]:
        place = drawn(0, side * side - 1, cells)
        place = place + (place >= side * side // 2).long()  # never the pixel itself
        here_y, here_x = (y + down).clamp(0, height - 1), (x + across).clamp(0, width - 1)
        from_y = _mirrored(here_y + place // side - WINDOW, height)
        from_x = _mirrored(here_x + place % side - WINDOW, width)
        seen[image, 0, here_y, here_x] = crops[image, 0, from_y, from_x]
    return seen, wanted


def noise_on_noise(crops: Tensor, noise: Noise, generator: torch.Generator) -> Batch:
    """Return `crops` with more noise, and with noise taken off so that both noises are independent.

    With ``y`` the image, ``s`` the noise's standard deviation and ``z`` normal, ``y + a s z`` and
    ``y - s z / a`` have uncorrelated noise for every a. The strength a is drawn for every crop.
    """
    n = len(crops)
    smooth = F.avg_pool2d(F.pad(crops, (2, 2, 2, 2), mode="reflect"), 5, stride=1)
    sd = (noise.slope * smooth + noise.floor).clamp_min(noise.least).sqrt()
    a = 0.3 + 0.5 * torch.rand((n, 1, 1, 1), generator=generator, device=crops.device)
    z = sd * torch.randn(crops.shape, generator=generator, device=crops.device)
    return crops + a * z, crops - z / a


def _mirrored(index: Tensor, length: int) -> Tensor:
    """Reflect positions that fall outside 0..length - 1."""
    index = index.abs()
    return torch.where(index >= length, 2 * length - 2 - index, index).clamp(0, length - 1)


def blind_loss(image: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean squared error where something is wanted, that is, not NaN."""
    asked = wanted.isfinite()
    errors = torch.where(asked, image - torch.where(asked, wanted, 0.0), 0.0).square()
    return errors.sum() / asked.sum().clamp_min(1)


class BlindScore:
    """How well values are foretold that the network does not see, in dB; no good image is needed.

    Pairs are fixed and come from planes that are not learned from. What is foretold is itself noisy, so the
    number stays below what a comparison with a clean image would give; only differences count.
    """

    def __init__(self, pairs: BlindPairs, *, batches: int = 4, n: int = 8) -> None:
        self.batches = [pairs.draw(step, n) for step in range(batches)]

    def __call__(self, network: nn.Module) -> float:
        """Return the score of `network`."""
        return _decibels(
            [float(blind_loss(network(seen).float(), wanted).detach()) for seen, wanted in self.batches]
        )

    def of_filter(self, function: Callable[[Plane], Plane]) -> float:
        """Return the score of a filter that takes one plane, (h, w)."""
        errors = []
        for seen, wanted in self.batches:
            made = np.stack([function(plane) for plane in seen[:, 0].cpu().numpy()])[:, None]
            image = torch.from_numpy(made.astype(np.float32)).to(wanted.device)
            errors.append(float(blind_loss(image, wanted)))
        return _decibels(errors)


def _decibels(errors: Sequence[float]) -> float:
    return float(-10 * np.log10(max(float(np.mean(errors)), 1e-12)))
