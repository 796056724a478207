"""The fixed judge of made bad images: it does not change when the program's own does.

Patches are seen as what a 3 x 3 mean does not explain, in units of the noise of the real image at that
brightness. One half of a chessboard of patches teaches, the other asks; both kinds are asked equally often.
"""

import numpy as np
import torch
from scipy import ndimage
from torch import nn

SIDE, STEPS, BATCH, BINS = 64, 300, 32, 24
Plane = np.ndarray


def accuracy(real: list[Plane], made: list[Plane], seed: int = 0) -> tuple[float, int]:
    """Return the share of patches that were sorted rightly, and their number."""
    levels, sds = _noise(real)
    halves = [[_patches(planes, levels, sds, odd) for planes in (real, made)] for odd in (0, 1)]
    count = [min(len(kind) for kind in half) for half in halves]
    rng = np.random.default_rng(seed)
    learn, ask = (
        [torch.from_numpy(kind[rng.permutation(len(kind))[:n]]) for kind in half]
        for half, n in zip(halves, count, strict=True)
    )
    torch.manual_seed(seed)
    judge = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 1),
    )  # fmt: skip
    optimiser = torch.optim.Adam(judge.parameters(), lr=2e-3)
    x = torch.cat(learn)[:, None]
    truth = torch.cat([torch.ones(count[0]), torch.zeros(count[0])])
    for _ in range(STEPS):
        chosen = torch.from_numpy(rng.integers(len(x), size=BATCH))
        top, left = rng.integers(SIDE // 2, size=2)
        batch = x[chosen, :, top : top + SIDE // 2, left : left + SIDE // 2]
        loss = nn.functional.binary_cross_entropy_with_logits(judge(batch)[:, 0], truth[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.inference_mode():
        told = [judge(kind[:, None])[:, 0].numpy() for kind in ask]
    middle = np.median(np.concatenate(told))
    return float(0.5 * (np.mean(told[0] > middle) + np.mean(told[1] <= middle))), 2 * count[1]


def _noise(planes: list[Plane]) -> tuple[np.ndarray, np.ndarray]:
    """Return the brightness of `BINS` equal parts of the pixels, and the noise there."""
    calm = np.concatenate([ndimage.uniform_filter(plane, 3).ravel() for plane in planes])
    fine = np.concatenate([plane.ravel() for plane in planes]) - calm
    edges = np.unique(np.percentile(calm, np.linspace(0, 100, BINS + 1)))
    where = np.clip(np.searchsorted(edges, calm) - 1, 0, len(edges) - 2)
    parts = [where == i for i in range(len(edges) - 1)]
    kept = [part for part in parts if part.any()]
    return (
        np.array([calm[part].mean() for part in kept]),
        np.array([1.4826 * np.median(np.abs(fine[part])) + 1e-3 for part in kept]),
    )


def _patches(planes: list[Plane], levels: np.ndarray, sds: np.ndarray, odd: int) -> np.ndarray:
    found = []
    for plane in planes:
        calm = ndimage.uniform_filter(plane, 3)
        fine = ((plane - calm) / np.interp(calm, levels, sds)).clip(-8, 8).astype(np.float32)
        found += [
            fine[i * SIDE : (i + 1) * SIDE, j * SIDE : (j + 1) * SIDE]
            for i in range(plane.shape[0] // SIDE)
            for j in range(plane.shape[1] // SIDE)
            if (i + j) % 2 == odd
        ]
    return np.stack(found)
