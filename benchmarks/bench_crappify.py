"""How fast images are made bad on one core: our chain beside PSSR2's `MultiCrappifier`.

``python -m benchmarks crappify [--peers PYTHON]``: PYTHON is that of an environment with the package
``pssr``; without it only our own figures are told. Both make the same 8-bit images bad, tiles of 512 pixels
that become tiles of 128: Poisson noise of a photon per gray level, then salt and pepper on 0.5 % of the
pixels, limited to 0 to 255. Ours takes them as training does, in batches, theirs as its data set does, one
by one. One thread each and in turn; megapixels of the bad image per second of the processor, which other
programs disturb less than the clock's.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import torch

from app.engine.process import environment
from app.images.open import open_image
from benchmarks.report import Row, tell
from models.restoration.crappify.poisson import poisson
from models.restoration.degrade import Degradation, degrade, sample
from models.training.patches import normalised

PEER = Path(__file__).with_name("pssr2") / "peer_crappify.py"
SCALE, SIDE, COUNT = 4, 512, 16
NOISE = Degradation(gain=1.0, salt=0.0025, pepper=0.0025, ceiling=255.0, clips=True)
WHOLE = Degradation(
    scale=SCALE, sampling="smooth", gain=1.0, salt=0.0025, pepper=0.0025, ceiling=255.0, clips=True
)
IMAGES = {
    "electron": "fibsem_neuropil_stack.ome.tif",
    "fluorescence": "hela_lysosomes_mitochondria_nuclei.ome.tif",
}
ROUNDS, SECONDS = 3, 0.5


def main(words: list[str]) -> bool:
    """Measure and print; return whether the limits are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks crappify")
    parser.add_argument("--peers", metavar="PYTHON", help="of an environment with the package pssr")
    asked = parser.parse_args(words)
    if "MALLOC_MMAP_MAX_" not in os.environ:  # memory as a worker has it
        command = [sys.executable, "-m", "benchmarks", "crappify", *words]
        return subprocess.call(command, env=environment()) == 0
    torch.set_num_threads(1)
    kept = [_compared(kind, tiles(name), asked.peers) for kind, name in IMAGES.items()]
    return all(kept)


def tiles(name: str) -> np.ndarray:
    """Return tiles of a sample image in 8 bits, (COUNT, SIDE, SIDE), mirrored where it is smaller."""
    with resources.as_file(resources.files("resources") / "samples" / name) as path:
        source = open_image(path)
        pixels = source.read(source.info.plane())[0, 0, 0]
        source.close()
    gray = np.clip(normalised(pixels) * 255, 0, 255).astype(np.uint8)
    gray = np.pad(gray, [(0, max(0, SIDE - side)) for side in gray.shape], mode="symmetric")
    rng = np.random.default_rng(0)
    corners = [[int(rng.integers(side - SIDE + 1)) for side in gray.shape] for _ in range(COUNT)]
    return np.stack([gray[y : y + SIDE, x : x + SIDE] for y, x in corners])


def _compared(kind: str, good: np.ndarray, peers: str | None) -> bool:
    tensor = torch.from_numpy(good)[:, None].float()
    small = sample(tensor, SCALE, "smooth").contiguous()
    generator = torch.Generator().manual_seed(0)
    works: dict[str, Callable[[], object]] = {
        "noise": lambda: degrade(small, [NOISE] * COUNT, generator),
        "whole": lambda: degrade(tensor, [WHOLE] * COUNT, generator),
        "poisson": lambda: poisson(small, generator),
        "torch": lambda: torch.poisson(small, generator=generator),
    }
    ours, theirs = dict.fromkeys(works, 0.0), dict[str, float]()
    for _ in range(ROUNDS):
        for name, work in works.items():
            ours[name] = max(ours[name], _speed(work, small.numel()))
        for name, value in _peer(peers, good).items():
            theirs[name] = max(theirs.get(name, 0.0), value)
    rows = [Row("Poisson, salt and pepper", ours["noise"], "MP/s")]
    if theirs:
        rows += [
            Row("the same by PSSR2's MultiCrappifier", theirs["noise"], "MP/s"),
            Row("ours against theirs", ours["noise"] / theirs["noise"], "", 3.0, "at least"),
        ]
    rows.append(Row("with resampling to a quarter before", ours["whole"], "MP/s"))
    if theirs:
        rows += [
            Row("the same by Pillow and PSSR2", theirs["whole"], "MP/s"),
            Row("ours against theirs", ours["whole"] / theirs["whole"], ""),
        ]
    rows += [
        Row("Poisson noise alone", ours["poisson"], "MP/s"),
        Row("the same by torch.poisson", ours["torch"], "MP/s"),
        Row("ours against torch", ours["poisson"] / ours["torch"], "", 2.0, "at least"),
    ]
    brightness = f"mean {small.mean():.0f} of 255"
    return tell(f"Making {kind} images bad on one core, {brightness}", rows)


def _speed(work: Callable[[], object], pixels: int) -> float:
    """Return megapixels per second of the processor, the best call of those in `SECONDS`."""
    work()
    best, end = float("inf"), time.process_time() + SECONDS
    while (began := time.process_time()) < end:
        work()
        best = min(best, time.process_time() - began)
    return pixels / 1e6 / best


def _peer(python: str | None, good: np.ndarray) -> dict[str, float]:
    """Return the speeds of PSSR2, measured by its own process; nothing where it is not asked for."""
    if python is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "good.npy"
        np.save(file, good)
        done = subprocess.run(
            [python, str(PEER), str(file), str(SCALE), str(SECONDS)],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        )
    if done.returncode:
        sys.exit(f"PSSR2 could not be measured: {done.stderr.strip().splitlines()[-1:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
