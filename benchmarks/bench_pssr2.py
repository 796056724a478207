"""Our network against the PSSR2 package: same images, same crappifier, same time, same machine.

``python -m benchmarks pssr2 --data DIR --peers PYTHON [--minutes M] [--threads N]``: PYTHON is that of an
environment with the package ``pssr``. Both are trained from nothing for M minutes, on the same planes, to
undo PSSR2's own Poisson crappifier at a quarter of the pixels along each side, and restore the same held-out
images, which PSSR2's code made bad. Scores are after the best gain and offset.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from benchmarks.held_out import HELD_OUT, middle, planes
from benchmarks.report import Row, tell
from models import weights
from models.arrays import ArraySink, ArraySource
from models.pssr.family import Pssr
from models.pssr.network import Layout, ResUNet
from models.pssr.params import Params
from models.restoration.family import Restorer
from models.restoration.inference import restore, result_info
from models.restoration.metrics import scores
from models.training.loop import Plan, train
from models.training.losses import LOSSES
from models.training.pairs import Pairs
from models.training.patches import Specimen, normalised
from models.training.recipe import Crappify, Crops, Recipe, Schedule
from models.watch import Silent

PEER = Path(__file__).with_name("pssr2") / "peer.py"
SCALE, SIDE, BATCH = 4, 480, 12
LAYOUT = Layout(scale=SCALE, shrink=1, widths=(48, 96, 144), blocks=(2, 1, 1))  # as the bundled one
LARGE = 256  # side of the bad plane on which both are timed, already in memory
PROBE = 6  # steps that tell how many fit into the time

Planes = np.ndarray  # (n, SIDE, SIDE) uint8


def electron(data: Path) -> tuple[Planes, Planes]:
    """Return training planes of one block of tissue and test planes of another."""
    folder = data / "train" / "em"
    learn = planes(folder / "fibsem_medulla_sampleV_z000-239_every5.tif", limit=48)
    test = planes(folder / "fibsem_medulla_sample1_vol250.tif", limit=10)
    return _stacked(learn, SIDE), _stacked(test, 192)


def fluorescence(data: Path) -> tuple[Planes, Planes]:
    """Return planes of many stains, stretched to 8 bits, and those of the held-out specimens."""
    folder = data / "train" / "fluorescence"
    held_out = [folder / f"{name}.tif" for name in HELD_OUT]
    noisy = ("gigadb_pairs", "nellie", "telomeres", "eres_noisy", "PCNA", "high_dynamic", "speckles")
    files = [
        f for f in sorted(folder.rglob("*.tif")) if f not in held_out and not any(n in str(f) for n in noisy)
    ]
    learn = (_eight_bits(plane) for file in files for plane in planes(file, limit=3))
    test = (_eight_bits(plane) for file in held_out for plane in planes(file, limit=1))
    return _stacked(learn, SIDE), _stacked(test, 256)


def _eight_bits(plane: np.ndarray) -> np.ndarray:
    return np.clip(normalised(plane) * 230 + 10, 0, 255)


def _stacked(found: Iterable[np.ndarray], side: int) -> Planes:
    cut = [middle(plane, side) for plane in found if min(plane.shape) >= side]
    return np.stack(cut).round().astype(np.uint8)


def ours(folder: Path, minutes: float) -> tuple[Restorer, int]:
    """Train until the time is over; return the restorer and the number of steps."""
    learn = np.load(folder / "train.npz")["planes"].astype(np.float32)
    recipe = Recipe(
        crops=Crops(size=160, zoom_share=0.0, soften_share=0.0),
        degrade=(Crappify(sampling="smooth", photons=(255.0, 255.0), levels=255, clips=True),),
        schedule=Schedule(batch=BATCH),
    )
    cut = len(learn) // 10
    scaled = [Specimen(str(i), (plane / 255,)) for i, plane in enumerate(learn)]
    device = torch.device("cpu")
    pairs = Pairs(scaled[cut:], recipe, scale=SCALE, seed=0, device=device)

    def run(steps: int) -> tuple[dict[str, torch.Tensor], float]:
        torch.manual_seed(0)
        began = time.monotonic()
        found = train(
            ResUNet(LAYOUT), pairs.draw, LOSSES["charbonnier_ssim"], lambda _network: 0.0,
            Plan(steps=steps, every=steps, keep="last"), device=device, watch=Silent(), save=lambda *_: None,
        )  # fmt: skip
        return found, (time.monotonic() - began) / steps

    run(2)
    began = time.monotonic()
    _, seconds = run(PROBE)
    steps = int((60 * minutes - (time.monotonic() - began)) / seconds)
    found, _ = run(steps)
    return Pssr().load(LAYOUT.to_json(), weights.to_bytes(found), Params(), "cpu", "float32"), steps


def restored_by(restorer: Restorer, bad: np.ndarray, large: np.ndarray) -> tuple[list[np.ndarray], float]:
    """Return the restored planes and megapixels of result per second, tiles and all."""

    def one(plane: np.ndarray) -> np.ndarray:
        source = ArraySource(plane[None, None, None])
        sink = ArraySink(result_info(source.info, SCALE))
        restore(source, sink, restorer)
        return sink.pixels[0, 0, 0]

    images = [one(plane) for plane in bad]
    began = time.monotonic()
    megapixels = one(large).size / 1e6
    return images, megapixels / (time.monotonic() - began)


def compare(
    name: str, sets: Callable[[Path], tuple[Planes, Planes]], options: argparse.Namespace
) -> list[Row]:
    """Train both on one set and return the rows of the table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        learn, test = sets(options.data)
        np.savez(folder / "train.npz", planes=learn)
        np.savez(folder / "test.npz", planes=test)
        large = np.tile(test[0].astype(np.float32), (LARGE, LARGE))[:LARGE, :LARGE]
        np.savez(folder / "large.npz", plane=large)
        words = [options.peers, str(PEER), temporary, str(options.minutes), str(options.threads)]
        environment = os.environ | {"OMP_NUM_THREADS": str(options.threads)}
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            raise SystemExit(f"PSSR2 did not run: {done.stderr[-1500:]}")
        peer = json.loads(lines[-1])
        bad = np.load(folder / "bad.npz")["planes"]
        restorer, steps = ours(folder, options.minutes)
        mine, speed = restored_by(restorer, bad, large)
        theirs = np.load(folder / "restored.npz")["planes"]
    found = {}
    for who, images in (("ours", mine), ("PSSR2", theirs)):
        rows = [scores(good.astype(np.float32), image) for good, image in zip(test, images, strict=True)]
        found[who] = (float(np.mean([r.psnr_fit for r in rows])), float(np.mean([r.ssim for r in rows])))
    gain = found["ours"][0] - found["PSSR2"][0]
    at_least: Literal["at least"] = "at least"
    return [
        Row(f"{name}: ours", found["ours"][0], "dB"),
        Row(f"{name}: PSSR2", found["PSSR2"][0], "dB"),
        Row(f"{name}: ours above PSSR2", gain, "dB", 0.0, at_least),
        Row(f"{name}: SSIM, ours", found["ours"][1], ""),
        Row(f"{name}: SSIM, ours above PSSR2", found["ours"][1] - found["PSSR2"][1], "", 0.0, at_least),
        Row(f"{name}: steps, ours", steps, ""),
        Row(f"{name}: steps, PSSR2", peer["steps"], ""),
        Row(f"{name}: inference, ours", speed, "MP/s"),
        Row(f"{name}: inference, ours to PSSR2", speed / peer["megapixels_per_s"], "", 3.0, at_least),
    ]


def main(arguments: list[str]) -> bool:
    """Measure and print; return whether all limits are kept."""
    parser = argparse.ArgumentParser(prog="pssr2", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/")
    parser.add_argument("--peers", required=True, help="python of an environment with the package pssr")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", choices=("electron", "fluorescence"))
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    sets = {"electron": electron, "fluorescence": fluorescence}
    rows = [
        row
        for name, made in sets.items()
        if options.only in (None, name)
        for row in compare(name, made, options)
    ]
    return tell("PSSR2", rows)
