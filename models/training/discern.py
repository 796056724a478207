"""Which one is real? A small network learns to tell real bad patches from made ones, and is asked about more.

Only the noise and the finest details are shown to it, in units of the noise that the real images have at that
brightness, and patches of both kinds are chosen alike in brightness and coarse structure: what an image shows
must not give it away. One half of the field teaches, the other asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from models.training.measuring import Measured

Plane = NDArray[np.float32]
Patches = NDArray[np.float32]  # (n, side, side)

SIDE = 64  # pixels of a patch
SMALL = 32  # where images are too small for many of them
ENOUGH = 24  # patches per kind and half
MOST = 160
STEPS, BATCH, CROP = 150, 24, 32
RATE = 4e-3
CALM_PX = 1.5
FEWEST = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the network got right, None where there were too few patches; 0.5 is chance."""

    accuracy: float | None
    patches: int


@dataclass(frozen=True, slots=True)
class Half:
    """Patches of half a field, with what they are chosen by: brightness and coarse structure, (n, 2)."""

    patches: Patches
    traits: NDArray[np.float64]


def tell_apart(real: Sequence[Plane], made: Sequence[Plane], measured: Measured, *, seed: int) -> Verdict:
    """Train on one half of the patches and count on the other what is sorted rightly.

    Parameters
    ----------
    real, made : sequence of (h, w) float32
    measured : Measured
        Of the real planes; its noise curve is the unit for both.
    seed : int
    """
    for side in (SIDE, SMALL):
        halves = [
            (_half(real, measured, side, odd), _half(made, measured, side, odd)) for odd in (False, True)
        ]
        if min(len(half.patches) for pair in halves for half in pair) >= ENOUGH:
            break
    if min(len(half.patches) for pair in halves for half in pair) < FEWEST:
        return Verdict(None, 0)
    rng = np.random.default_rng(seed)
    learn, ask = (_alike(*pair, rng) for pair in halves)
    network = _learned(*learn, seed=seed)
    told = [_told(network, patches) for patches in ask]
    middle = np.median(np.concatenate(told))  # there are as many real ones as made ones
    right = 0.5 * (np.mean(told[0] > middle) + np.mean(told[1] <= middle))
    return Verdict(float(right), len(told[0]) + len(told[1]))


def _half(planes: Sequence[Plane], measured: Measured, side: int, odd: bool) -> Half:  # noqa: FBT001
    """Cut every second patch of a chessboard, those in which nothing is cut off."""
    patches, traits = [], []
    for plane in planes:
        calm = ndimage.gaussian_filter(plane, CALM_PX, mode="nearest")
        sd = np.sqrt(np.maximum(measured.curve.variance(calm), 1e-6 + measured.levels.step**2 / 12))
        fine = ((plane - calm) / sd).astype(np.float32)
        for i in range(plane.shape[0] // side):
            for j in range(plane.shape[1] // side):
                box = (slice(i * side, (i + 1) * side), slice(j * side, (j + 1) * side))
                if (i + j) % 2 == odd and np.mean(plane[box] >= measured.levels.ceiling) < 0.02:
                    patches.append(fine[box])
                    traits.append((calm[box].mean(), np.log(calm[box].std() + 0.1 * sd[box].mean())))
    if not patches:
        return Half(np.zeros((0, side, side), np.float32), np.zeros((0, 2)))
    return Half(np.stack(patches), np.array(traits, np.float64))


def _alike(real: Half, made: Half, rng: np.random.Generator) -> tuple[Patches, Patches]:
    """Pair patches of both kinds that are alike in brightness and coarse structure."""
    both = np.concatenate([real.traits, made.traits])
    rank = np.argsort(np.argsort(both, axis=0), axis=0) / len(both)  # percentiles
    ours, theirs = rank[: len(real.traits)], rank[len(real.traits) :]
    free = np.ones(len(theirs), bool)
    pairs = []
    for i in rng.permutation(len(ours)):
        distance = np.where(free, np.abs(theirs - ours[i]).sum(axis=1), np.inf)
        j = int(np.argmin(distance))
        if not np.isfinite(distance[j]):
            break
        free[j] = False
        pairs.append((distance[j], i, j))
    pairs.sort()
    kept = pairs[: min(MOST, max(FEWEST, len(pairs) * 3 // 4))]
    return real.patches[[i for _, i, _ in kept]], made.patches[[j for _, _, j in kept]]


class Judge(nn.Module):
    """Three convolutions and the mean over the patch: larger than 0 means real."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.third = nn.Conv2d(16, 16, 3, padding=1)
        self.last = nn.Linear(33, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return one number per patch of ``(n, 1, h, w)``."""
        size = x.square().mean(dim=(1, 2, 3)).clamp_min(1e-6).log()[:, None]
        y = F.relu(self.second(F.relu(self.first(x))))
        y = F.relu(self.third(y))  # (n, 16, h / 2, w / 2)
        seen = torch.cat([y.mean(dim=(2, 3)), y.square().mean(dim=(2, 3)).add(1e-4).sqrt(), size], dim=1)
        told: Tensor = self.last(seen)[:, 0]
        return told


def _learned(real: Patches, made: Patches, *, seed: int) -> Judge:
    patches = torch.from_numpy(np.concatenate([real, made]))[:, None].clamp(-8, 8)
    truth = torch.cat([torch.ones(len(real)), torch.zeros(len(made))])
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Judge()
    room = patches.shape[-1] - CROP + 1
    weights = list(network.parameters())
    mean, square = ([torch.zeros_like(weight) for weight in weights] for _ in range(2))
    for step in range(1, STEPS + 1):
        chosen = torch.randint(len(patches), (BATCH,), generator=generator)
        y, x, turns = (int(torch.randint(n, (1,), generator=generator)) for n in (room, room, 4))
        batch = torch.rot90(patches[chosen, :, y : y + CROP, x : x + CROP], turns, (2, 3))
        loss = F.binary_cross_entropy_with_logits(network(batch), truth[chosen])
        slopes = torch.autograd.grad(loss, weights)
        rate = RATE * min(1.0, step / 10) * (1 - step / (STEPS + 1))
        with torch.no_grad():  # Adam; loading the library's own takes longer than all of this
            for weight, slope, m, v in zip(weights, slopes, mean, square, strict=True):
                m.lerp_(slope, 0.1)
                v.lerp_(slope.square(), 0.01)
                scaled = (m / (1 - 0.9**step)) / ((v / (1 - 0.99**step)).sqrt() + 1e-8)
                weight.sub_(rate * scaled)
    return network.eval()


def _told(network: Judge, patches: Patches) -> NDArray[np.float32]:
    with torch.inference_mode():
        told: NDArray[np.float32] = network(torch.from_numpy(patches)[:, None].clamp(-8, 8)).numpy()
    return told
