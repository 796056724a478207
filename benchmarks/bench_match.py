"""How well the making-bad of good images is fitted: known truths first, then real bad images.

Simulated bad images are made from the right half of a clean plane and fitted with its left half.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.held_out import middle, planes
from benchmarks.report import Row, tell
from benchmarks.which_is_real import accuracy
from models.training.making import make_bad
from models.training.match import fit
from models.training.patches import normalised
from models.training.strengths import Strengths

CLEAN = (
    "fluorescence/bian/BPAE_actin",
    "fluorescence/bian/maize_clsm",
    "fluorescence/gigadb_pairs/nucleus_high",
    "em/fibsem_medulla_sampleV_z000-239_every5",
)
NOISES = ((0.0, 5.0), (2.0, 2.0), (2.0, 10.0), (8.0, 10.0))
BLURS = (0.0, 1.0, 2.0, 3.0)
REAL = ("actin-20x-noise1", "mito-20x-noise1", "nucleus", "membrane")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", choices=("simulated", "real"))
    asked = parser.parse_args(arguments)
    kept = True
    if asked.only != "real":
        kept &= tell("Fit to simulated bad images with known truth, largest errors", _simulated(asked.data))
    if asked.only != "simulated":
        kept &= tell("Fit to real bad images, judged by the fixed classifier", _real(asked.data))
    return 0 if kept else 1


def _simulated(data: Path) -> list[Row]:
    noise, gains, reads, blurs, seconds = [], [], [], [], []
    for name in CLEAN:
        plane = normalised(middle(next(planes(data / "train" / f"{name}.tif", 1)), 1024))
        half = plane.shape[1] // 2
        good, other = plane[:, :half], plane[:, half:]
        for gain, read in NOISES:
            for blur in BLURS:
                true = Strengths(
                    low=30, high=230, offset=30, gain=gain, read_noise=read, blur_px=blur, step=1.0
                )
                started = time.process_time()
                found = fit([good], [make_bad(other, true, 1)], scale=1)
                seconds.append(time.process_time() - started)
                got = found.strengths
                for at in found.meters[0].at:
                    sds = [_sd(one, at) for one in (got, true)]
                    noise.append(abs(sds[0] / sds[1] - 1))
                dark, bright = np.percentile(200 * other, (5, 95)).clip(1e-3)
                if gain and bright > 3 * dark:
                    gains.append(abs(got.gain / gain - 1))
                    reads.append(abs(got.read_noise / read - 1))
                if blur >= 2:
                    blurs.append(abs(got.blur_px - blur))
    rows = []
    kinds = (
        ("noise sd", noise, 0.05),
        ("gain", gains, 0.10),
        ("read noise", reads, 0.15),
        ("blur px", blurs, 0.5),
    )
    for what, errors, limit in kinds:
        rows.append(
            Row(f"{what}, 90th percentile of {len(errors)}", float(np.percentile(errors, 90)), "", limit)
        )
        rows.append(
            Row(f"{what}, share within", float(np.mean(np.array(errors) <= limit)), "", 1.0, "at least")
        )
    return [*rows, Row("fit, processor time, middle", float(np.median(seconds)), "s", 5.0)]


def _sd(strengths: Strengths, at: float) -> float:
    return float(np.sqrt(strengths.gain * max(at - strengths.offset, 0) + strengths.read_noise**2))


def _real(data: Path) -> list[Row]:
    folder = data / "train" / "fluorescence" / "gigadb_pairs"
    rows = []
    for name in REAL:
        high, low = (middle(next(planes(folder / f"{name}_{kind}.tif", 1)), 1024) for kind in ("high", "low"))
        found = fit([high], [low], scale=1).strengths
        noisier = replace(found, gain=2.25 * found.gain, read_noise=1.5 * found.read_noise)
        for what, strengths, limit, sense in (
            ("as fitted", found, 0.65, "at most"),
            ("noise raised by half", noisier, 0.9, "at least"),
        ):
            share, count = accuracy([low], [make_bad(high, strengths, 1)])
            rows.append(Row(f"{name}, {what}, {count} patches", share, "", limit, sense))
    return rows
