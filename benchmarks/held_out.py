"""The images that no training sees, and what is made of them to measure the shipped models."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from app.images.open import open_image
from app.library.card import ModelCard
from models.restoration.degrade import (
    EM_PUBLISHED,
    PSSR2_GAUSSIAN,
    PSSR2_POISSON,
    Degradation,
    degrade,
    sample,
)
from models.smoothing.filters import wavelet_sd
from models.training.patches import normalised

SIDE = 512  # simulated pairs show the middle of the image, this many pixels a side at most
HELD_OUT = (
    "neubias/xy_16bit__rat_hippocampal_neuron",
    "neubias/xyc_16bit__hela-cells",
    "neubias/xyc_8bit__dapi_tublin",
    "neubias/xyc_8bit__membranes_nuclei",
    "cellprofiler/human_HT29_D03_dna-pH3-actin",
    "cellprofiler/speckles_1-162hrh2ax2",
    "bian/maize_clsm",
    "bian/BBBC022_U2OS_A02_s9_3ch",
)
REAL_PAIRS = ("actin-20x-noise1", "mito-20x-noise1", "membrane", "nucleus")


@dataclass(frozen=True, slots=True)
class Pair:
    """One bad plane, or a movie (t, h, w), with its truth; `specimen` is the unit that counts."""

    on: str
    specimen: str
    is_real: bool
    low: np.ndarray
    high: np.ndarray
    in_scope: bool = True


def planes(path: Path, limit: int = 4) -> Iterator[np.ndarray]:
    """Yield the planes of the first time point of a file: its channels, or up to `limit` along Z."""
    source = open_image(path)
    _, n_c, n_z, *_ = source.info.shape
    places = [(c, z) for c in range(n_c) for z in range(n_z)]
    for i in np.unique(np.linspace(0, len(places) - 1, min(limit, len(places))).round().astype(int)):
        c, z = places[i]
        yield source.read(source.info.plane(0, c, z))[0, 0, 0].astype(np.float32)
    source.close()


def middle(plane: np.ndarray, side: int, multiple: int = 4) -> np.ndarray:
    """Return the middle of a plane, at most `side` pixels a side, sides multiples of `multiple`."""
    height, width = (min(extent, side) // multiple * multiple for extent in plane.shape)
    top, left = (plane.shape[0] - height) // 2, (plane.shape[1] - width) // 2
    return plane[top : top + height, left : left + width]


def simulated(good: np.ndarray, how: Degradation, seed: int) -> np.ndarray:
    """Return the degraded plane."""
    tensor = torch.from_numpy(np.ascontiguousarray(good))[None, None]
    return degrade(tensor, [how], torch.Generator().manual_seed(seed))[0, 0].numpy()


def is_truth(good: np.ndarray, low: np.ndarray, noiseless: Degradation) -> bool:
    """Whether the noise of `good` itself is at most half of what was added to `low`.

    Otherwise the untouched bad image, which shares that noise, would be called better than a clean one, and
    a score would say nothing.
    """
    clean = simulated(good, noiseless, seed=0)
    return wavelet_sd(clean) <= 0.5 * float(np.std(low - clean))


def real_pairs(data: Path, scale: int) -> Iterator[Pair]:
    """Yield the real pairs; for a scale of 2 the short exposure is binned, noise and all."""
    folder = data / "train" / "fluorescence" / "gigadb_pairs"
    for name in REAL_PAIRS:
        low, high = (next(planes(folder / f"{name}_{kind}.tif")) for kind in ("low", "high"))
        if scale > 1:
            low = sample(torch.from_numpy(low)[None, None], scale, "area")[0, 0].numpy()
        on = "real pairs" if scale == 1 else "real pairs, short exposure binned 2 × 2"
        yield Pair(on, name, True, low, high)


def fluorescence_pairs(data: Path, scale: int) -> Iterator[Pair]:
    """Yield held-out fluorescence planes at three amounts of light."""
    for name in HELD_OUT:
        for i, plane in enumerate(planes(data / "train" / "fluorescence" / f"{name}.tif")):
            good = middle(normalised(plane), SIDE)
            for photons, read in ((10, 0.03), (60, 0.01), (400, 0.005)):
                how = Degradation(
                    scale=scale,
                    sampling="area",
                    blur_px=0.6 if scale > 1 else 0.0,
                    gain=1 / photons,
                    read_noise=read,
                    offset=-0.1,
                )
                low = simulated(good, how, seed=100 * i + photons)
                if not is_truth(good, low, replace(how, gain=0.0, read_noise=0.0)):
                    continue
                yield Pair(
                    f"simulated, {photons} photons per pixel", Path(name).name, False, low, good
                )  # fmt: skip


def em_pairs(data: Path) -> Iterator[Pair]:
    """Yield held-out electron micrographs made bad by the published crappifiers.

    Ten slices of another block of the tissue the model is for, and one field of a cell full of ribosomes,
    whose grain is finer than the coarse pixels: outside the model's purpose, and shown to say so.
    """
    folder = data / "train" / "em"
    ways = {
        "simulated, PSSR": EM_PUBLISHED,
        "simulated, PSSR2 Poisson": PSSR2_POISSON,
        "simulated, PSSR2 Gaussian": PSSR2_GAUSSIAN,
    }
    for name, in_scope in (("fibsem_medulla_sample1_vol250", True), ("em_mitochondria_er", False)):
        for i, plane in enumerate(planes(folder / f"{name}.tif", limit=10)):
            good = middle(plane, SIDE)
            for on, how in ways.items():
                on_set = on if in_scope else f"outside its purpose, {on}"
                yield Pair(on_set, name, False, simulated(good, how, seed=i), good, in_scope)


def pairs_for(card: ModelCard, data: Path) -> Iterator[Pair]:
    """Yield what a model is measured on."""
    if card.modality == "electron":
        yield from em_pairs(data)
    else:
        yield from real_pairs(data, card.scale)
        yield from fluorescence_pairs(data, card.scale)


def shown_low(card: ModelCard, data: Path) -> np.ndarray:
    """Return the bad image of the before and after picture: 240 result pixels a side, never trained on."""
    first = next(pair for pair in pairs_for(card, data) if "PSSR2 Poisson" in pair.on or pair.is_real)
    side = 240 // card.scale
    return middle(first.low, side)
