"""``python -m benchmarks pairs --data DIR``: images made bad by a fit, against real pairs, to learn from.

One specimen is left out at a time. The same network learns for the same number of steps (a) from the real
bad and good images of the other specimens and (b) from their good images alone, made bad as the left-out
bad image is, which the fit sees without its good one. Both then restore the left-out image. The pairs of
actin and mitochondria show the same field and count as one specimen.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.held_out import REAL_PAIRS, Pair, real_pairs
from benchmarks.report import Row, tell
from models.pssr.network import Layout, ResUNet
from models.restoration.intensity import limits_of
from models.restoration.metrics import intensity_range, psnr_fit
from models.training.loop import Batch, Plan, train
from models.training.losses import LOSSES
from models.training.making import crappify_of
from models.training.match import fit
from models.training.pairs import Pairs
from models.training.patches import Specimen, normalised
from models.training.real_pairs import RealPairs, Twin, prepared
from models.training.recipe import Crops, Recipe, Schedule
from models.watch import Silent

LAYOUT = Layout(scale=1, shrink=2, widths=(32, 64), blocks=(1, 1))
BATCH, CROP = 8, 64
GOAL_DB = 0.5
SAME_FIELD = {"actin-20x-noise1": "cell 1", "mito-20x-noise1": "cell 1"}
TESTED = tuple(name for name in REAL_PAIRS if name != "membrane")
CPU = torch.device("cpu")


def learned(draw: Callable[[int], Batch], steps: int, seed: int) -> ResUNet:
    """Return a network after `steps` steps on what `draw` gives."""
    torch.manual_seed(seed)
    network = ResUNet(LAYOUT)
    plan = Plan(steps=steps, every=steps, keep="last", average=0.99)
    best = train(
        network,
        draw,
        LOSSES["charbonnier_ssim"],
        lambda _network: 0.0,
        plan,
        device=CPU,
        watch=Silent(),
        save=lambda _state, _look: None,
    )
    network.load_state_dict(best)
    return network.eval()


def reached(network: ResUNet, pair: Pair) -> float:
    """Return the PSNR after the best gain and offset on the middle of the pair, in dB."""
    side = 512
    top, left = ((extent - side) // 2 for extent in pair.low.shape)
    low, high = (plane[top : top + side, left : left + side] for plane in (pair.low, pair.high))
    ready = torch.from_numpy(limits_of(pair.low).normalised(low))[None, None]
    with torch.inference_mode():
        restored = network(ready)[0, 0].numpy()
    return psnr_fit(high, restored, intensity_range(high))


def compared(left_out: Pair, others: Sequence[Pair], steps: int, seed: int) -> tuple[float, float]:
    """Return what the real pairs and what the fitted ones teach, in dB on the pair that is left out."""
    recipe = Recipe(
        crops=Crops(size=CROP, zoom_share=0.0, soften_share=0.0), schedule=Schedule(steps=steps, batch=BATCH)
    )
    twins, said = prepared([Twin(pair.specimen, pair.low, pair.high) for pair in others], 1)
    for sentence in said:
        print(f"  {sentence}")
    real = RealPairs(twins, recipe, scale=1, seed=seed, device=CPU)
    good = [np.asarray(normalised(pair.high), np.float32) for pair in others]
    matched = fit(good, [left_out.low], scale=1, seed=seed)
    made = Pairs(
        [Specimen(pair.specimen, (plane,)) for pair, plane in zip(others, good, strict=True)],
        replace(recipe, degrade=(crappify_of(matched.strengths),)),
        scale=1,
        seed=seed,
        device=CPU,
    )
    from_real, from_made = (reached(learned(one.draw, steps, seed), left_out) for one in (real, made))
    return from_real, from_made


def main(arguments: list[str]) -> bool:
    """Measure and tell."""
    reader = argparse.ArgumentParser(prog="python -m benchmarks pairs", description=__doc__)
    reader.add_argument("--data", type=Path, required=True)
    reader.add_argument("--steps", type=int, default=300)
    reader.add_argument("--seed", type=int, default=0)
    asked = reader.parse_args(arguments)
    pairs = {pair.specimen: pair for pair in real_pairs(asked.data, 1)}
    rows, differences = [], []
    for name in TESTED:
        begun = time.monotonic()
        field = SAME_FIELD.get(name, name)
        others = [pair for one, pair in pairs.items() if SAME_FIELD.get(one, one) != field]
        from_real, from_made = compared(pairs[name], others, asked.steps, asked.seed)
        differences.append(from_real - from_made)
        print(f"  {name}: {time.monotonic() - begun:.0f} s", flush=True)
        rows += [
            Row(f"{name}, learned from real pairs", from_real, "dB"),
            Row(f"{name}, learned from fitted ones", from_made, "dB"),
            Row(f"{name}, real pairs ahead by", from_real - from_made, "dB", GOAL_DB),
        ]
    rows.append(Row("mean, real pairs ahead by", float(np.mean(differences)), "dB", GOAL_DB))
    return tell(f"What do fitted images teach beside real pairs? {asked.steps} steps each", rows)
