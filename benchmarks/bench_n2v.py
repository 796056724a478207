"""Our denoising without good images against CAREamics' Noise2Void: same noisy stack, same time, same machine.

``python -m benchmarks n2v --data DIR [--peers PYTHON] [--minutes M] [--threads N] [--way WAY] [--only SET]``:
PYTHON is that of an environment with the package ``careamics``. Both learn at the same time, on as many
threads each, from the noisy stack alone; the clean one is used for the score only, PSNR after the best gain
and offset, mean over the planes.
"""

import argparse
import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from benchmarks.held_out import REAL_PAIRS, middle, planes, simulated
from benchmarks.report import Row, tell
from models import weights
from models.arrays import ArraySink, ArraySource
from models.errors import Stopped
from models.n2v.family import N2v
from models.n2v.noise import measure_noise
from models.n2v.pairs import BlindPairs, blind_loss
from models.n2v.params import Params
from models.pssr.network import Layout, ResUNet
from models.restoration.degrade import Degradation
from models.restoration.inference import restore, result_info
from models.restoration.metrics import scores
from models.training.loop import Look, Plan, State, train
from models.training.patches import Specimen, normalised
from models.training.recipe import Blind, parse
from models.watch import Silent

ROOT = Path(__file__).parents[1]
PEER = Path(__file__).with_name("n2v") / "peer.py"
RECIPE = ROOT / "resources" / "recipes" / "n2v-own-images.toml"
PROBE = 4  # steps that tell how many fit into the time
LOOKS = 40  # states kept on the way, should the time be over before the steps are

Stack = np.ndarray  # (n, h, w) float32


class Deadline(Silent):
    """Stops when the time is over."""

    def __init__(self, ends: float) -> None:
        self._ends = ends

    def check(self) -> None:
        """Raise `Stopped` from the moment on."""
        if time.monotonic() > self._ends:
            raise Stopped


def simulated_stack(data: Path) -> tuple[Stack, Stack]:
    """Return a real stack of a dividing cell with simulated noise of a dim confocal image, and without."""
    file = data / "train" / "fluorescence" / "neubias" / "xyz_8bit__mitotic_plate_calibrated.tif"
    clean = [middle(normalised(plane), 512) for plane in planes(file, limit=8)]
    how = Degradation(gain=1 / 30, read_noise=0.03, offset=-0.1)
    return np.stack([simulated(plane, how, i) for i, plane in enumerate(clean)]), np.stack(clean)


def pair(data: Path, name: str) -> tuple[Stack, Stack]:
    """Return a short and a long exposure of one field."""
    folder = data / "train" / "fluorescence" / "gigadb_pairs"
    low, high = (middle(next(planes(folder / f"{name}_{kind}.tif")), 4096, 8) for kind in ("low", "high"))
    return low[None], high[None]


def sets(data: Path) -> Iterator[tuple[str, Stack, Stack]]:
    """Yield name, noisy stack and clean stack."""
    yield "simulated", *simulated_stack(data)
    for name in REAL_PAIRS:
        yield name, *pair(data, name)


def ours(noisy: Stack, ends: float, options: argparse.Namespace) -> tuple[Stack, int, str]:
    """Learn until the time is over; return the restored stack, the steps taken and the way of asking."""
    recipe = parse(RECIPE.read_text(encoding="utf-8"))
    schedule = recipe.schedule
    layout = Layout.from_json(json.dumps(dict(recipe.network)).encode())
    learn = normalised(noisy)
    noise, device = measure_noise(list(learn)), torch.device("cpu")
    blind = Blind(options.way, recipe.blind.every)
    pairs = BlindPairs(
        [Specimen("noisy", tuple(learn))], blind, noise,
        size=recipe.crops.size, batch=schedule.batch, seed=0, device=device,
    )  # fmt: skip
    states: list[State] = []

    def keep(state: State, _look: Look) -> None:
        states[:] = [state]

    def run(steps: int) -> None:
        torch.manual_seed(0)
        network = ResUNet(layout)
        if options.start:
            weights.load_into(network, options.start.read_bytes())
        plan = Plan(
            steps=steps, learning_rate=schedule.learning_rate, average=schedule.average, keep="last",
            every=max(1, steps // LOOKS),
        )  # fmt: skip
        train(
            network, pairs.draw, blind_loss, lambda _network: 0.0, plan,
            device=device, watch=Deadline(ends), save=keep,
        )  # fmt: skip

    began = time.monotonic()
    run(PROBE)
    seconds = (time.monotonic() - began) / PROBE
    with contextlib.suppress(Stopped):
        run(max(PROBE, int((ends - time.monotonic()) / seconds)))
    data = weights.to_bytes(states[0].result("last"))
    restorer = N2v().load(layout.to_json(), data, Params(flips=options.flips), "cpu", "float32")
    source = ArraySource(noisy[None, None])
    sink = ArraySink(result_info(source.info, 1))
    restore(source, sink, restorer)
    return sink.pixels[0, 0], states[0].step, pairs.way


def compare(name: str, noisy: Stack, clean: Stack, options: argparse.Namespace) -> list[Row]:
    """Let both learn from one stack and return the rows of the table."""

    def score(images: Stack) -> float:
        return float(
            np.mean([scores(y, x.astype(np.float32)).psnr_fit for y, x in zip(clean, images, strict=True)])
        )

    with tempfile.TemporaryDirectory() as temporary:
        np.save(Path(temporary) / "noisy.npy", noisy.astype(np.float32))
        words = [options.peers, str(PEER), temporary, str(options.minutes), str(options.threads)]
        environment = os.environ | {"OMP_NUM_THREADS": str(options.threads)}
        peer = (
            subprocess.Popen(
                words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
            )
            if options.peers
            else None
        )
        used = time.process_time()
        mine, steps, way = ours(noisy, time.monotonic() + 60 * options.minutes, options)
        rows = [
            Row(f"{name}: noisy", score(noisy), "dB"),
            Row(f"{name}: ours ({way})", score(mine), "dB"),
            Row(f"{name}: steps, ours", steps, ""),
            Row(f"{name}: processor time, ours", time.process_time() - used, "s"),
        ]
        if peer is None:
            return rows
        out, wrong = peer.communicate()
        lines = [line for line in out.splitlines() if line.startswith("{")]
        if not lines:
            raise SystemExit(f"CAREamics did not run: {wrong[-1500:]}")
        told = json.loads(lines[-1])
        theirs = score(np.load(Path(temporary) / "restored.npy"))
    at_least: Literal["at least"] = "at least"
    return [
        *rows,
        Row(f"{name}: CAREamics N2V", theirs, "dB"),
        Row(f"{name}: steps, CAREamics", told["steps"], ""),
        Row(f"{name}: processor time, CAREamics", told["cpu_s"], "s"),
        Row(f"{name}: ours above CAREamics", score(mine) - theirs, "dB", 0.0, at_least),
    ]


def main(arguments: list[str]) -> bool:
    """Measure and print; return whether all limits are kept."""
    parser = argparse.ArgumentParser(prog="n2v", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/")
    parser.add_argument("--peers", default="", help="python of an environment with the package careamics")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--threads", type=int, default=1, help="for each of the two")
    parser.add_argument("--way", choices=("auto", "noise", "spots"), default="auto")
    parser.add_argument("--start", type=Path, help="weights to begin with, of the recipe's network")
    parser.add_argument("--flips", action="store_true", help="average ours over flips and turns")
    parser.add_argument("--only", action="append", help="only this set")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    rows = [
        row
        for name, noisy, clean in sets(options.data)
        if not options.only or name in options.only
        for row in compare(name, noisy, clean, options)
    ]
    return tell("Denoising without good images", rows)
