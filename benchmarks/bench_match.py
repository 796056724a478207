"""How well the making-bad of good images is fitted: known truths first, then real bad images.

Simulated bad images are made from the right half of a real good plane and fitted with its left half. Planes
are smoothed first, so that the noise they have of their own is no part of the truth. None of `KEPT_ASIDE` was
looked at when the fit was made.
"""

import argparse
import time
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from scipy import ndimage

from app.images.open import open_image
from benchmarks.held_out import middle, planes
from benchmarks.report import Row, tell
from benchmarks.which_is_real import accuracy
from models.training.making import make_bad
from models.training.match import fit
from models.training.patches import normalised
from models.training.strengths import Matched, Strengths

KEPT_ASIDE = (
    "fluorescence/bian/BPAE_nuclei",
    "fluorescence/bian/maize_clsm",
    "fluorescence/gigadb_pairs/nucleus_high",
    "fluorescence/cellprofiler/speckles_1-162hrhoe2",
    "fluorescence/neubias/xyc_16bit__hela-cells",
    "em/em_mitochondria_er",
)
NOISES = ((0.0, 5.0), (1.0, 3.0), (2.0, 10.0), (4.0, 4.0), (8.0, 10.0))  # gain, read noise
BLURS = (0.0, 2.0, 3.0)
CLEAN_PX, SIDE = 1.0, 1024
WIDE = 3.0  # brightness of the 95th over the 5th percentile from which gain and read noise are asked for
LIMITS = {"noise sd": 0.05, "gain": 0.10, "read noise": 0.15, "blur px": 0.5}
PAIRS = ("actin-20x-noise1", "mito-20x-noise1", "nucleus", "membrane")
UNPAIRED = {  # real bad image: good images of about the same kind
    "neubias/xy_calibrated_16bit__cells_eres_noisy": ("neubias/xyc_16bit__nuclei_golgi",),
    "nellie/yeast_mito_t0-2_17z": ("bian/BPAE_mito",),
    "spotiflow/timelapse_telomeres_2d_t0-39": (
        "cellprofiler/speckles_1-162hrhoe2",
        "cellprofiler/speckles_1-162hrh2ax2",
    ),
}
FLAT = 20  # percent of the pixels with the least slope in the good image


@dataclass
class Errors:
    """Errors of all cases by what was asked for."""

    by_name: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in LIMITS})
    told: list[bool] = field(default_factory=list)  # whether noise let the blur be told at all
    said: list[bool] = field(default_factory=list)  # "less than 1 px", where there was no blur
    seconds: list[float] = field(default_factory=list)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", choices=("simulated", "real", "noise"))
    asked = parser.parse_args(arguments)
    fluorescence = asked.data / "train" / "fluorescence"
    kept = True
    if asked.only in (None, "simulated"):
        kept &= tell("Fit to simulated bad images with known truth", _simulated(asked.data))
    if asked.only in (None, "noise"):
        kept &= tell("Noise of real bad images, judged by where the good one is flat", _noise(fluorescence))
    if asked.only in (None, "real"):
        kept &= tell("Fit to real bad images, judged by the fixed classifier", _real(fluorescence))
    return 0 if kept else 1


def _simulated(data: Path) -> list[Row]:
    errors = Errors()
    for name in KEPT_ASIDE:
        plane = next(planes(data / "train" / f"{name}.tif", 1))
        plane = normalised(ndimage.gaussian_filter(middle(plane, SIDE), CLEAN_PX))
        half = plane.shape[1] // 2
        for (gain, read), blur in product(NOISES, BLURS):
            true = Strengths(low=30, high=230, offset=30, gain=gain, read_noise=read, blur_px=blur, step=1.0)
            _compare(plane[:, :half], plane[:, half:], true, errors, name)
    rows = []
    for what, limit in LIMITS.items():
        found = np.abs(errors.by_name[what])
        rows += [
            Row(f"{what}, 90th percentile of {len(found)}", float(np.percentile(found, 90)), "", limit),
            Row(f"{what}, share within", float(np.mean(found <= limit)), "", 1.0, "at least"),
        ]
    said = float(np.mean(errors.said))
    return [
        *rows,
        Row(
            f"blur of 2 px and more not hidden by noise, share of {len(errors.told)}",
            float(np.mean(errors.told)),
            "",
        ),
        Row(f"no blur said to be less than 1 px, share of {len(errors.said)}", said, "", 1.0, "at least"),
        Row("fit, processor time, middle", float(np.median(errors.seconds)), "s", 5.0),
    ]


def _compare(good: np.ndarray, other: np.ndarray, true: Strengths, errors: Errors, name: str) -> None:
    """Fit one simulated bad image and say how far off the fit is."""
    bad = make_bad(other, true, 1)
    started = time.process_time()
    matched = fit([good], [bad], scale=1, is_judged=False)
    errors.seconds.append(time.process_time() - started)
    got = matched.strengths
    off = {"noise sd": [_sd(got, at) / _sd(true, at) - 1 for at in matched.meters[0].at]}
    light = make_bad(other, replace(true, gain=0.0, read_noise=0.0, step=0.0), 1) - true.offset
    dark, bright = np.percentile(light, (5, 95)).clip(1e-3)
    if true.gain and bright > WIDE * dark:
        off |= {"gain": [got.gain / true.gain - 1], "read noise": [got.read_noise / true.read_noise - 1]}
    is_told = next(meter for meter in matched.meters if meter.name == "sharpness").measured != ()
    if true.blur_px >= 2:
        errors.told.append(is_told)
        if is_told:
            off["blur px"] = [got.blur_px - true.blur_px]
    else:
        errors.said.append(_says_little(matched))
    for what, values in off.items():
        errors.by_name[what] += values
    told = "  ".join(f"{what} {'/'.join(f'{one:+.2f}' for one in values)}" for what, values in off.items())
    print(
        f"{name}, gain {true.gain:g}, read noise {true.read_noise:g}, blur {true.blur_px:g}: {told}",
        flush=True,
    )


def _says_little(matched: Matched) -> bool:
    sharp = next(meter for meter in matched.meters if meter.name == "sharpness")
    return matched.strengths.blur_px == 0 and bool(sharp.reason)


def _sd(strengths: Strengths, at: float) -> float:
    return float(np.sqrt(strengths.gain * max(at - strengths.offset, 0) + strengths.read_noise**2))


def _noise(folder: Path) -> list[Row]:
    """Compare the noise fitted to a bad image alone with its noise where the good image is flat."""
    rows = []
    for name in PAIRS:
        high, low = (
            next(planes(folder / "gigadb_pairs" / f"{name}_{kind}.tif", 1)) for kind in ("high", "low")
        )
        matched = fit([middle(high, SIDE)], [middle(low, SIDE)], scale=1, is_judged=False)
        levels, sds = guided_noise(high, low)
        noise = matched.meters[0]
        off = [sd / np.interp(at, levels, sds) - 1 for at, sd in zip(noise.at, noise.measured, strict=True)]
        said = "/".join(f"{one:+.3f}" for one in off)
        slope = np.polyfit(levels, sds**2, 1, w=1 / sds**2)[0]
        rows += [
            Row(f"{name}, noise sd off by {said}", float(np.abs(off).max()), "", 0.05),
            Row(f"{name}, variance per gray level, where flat {slope:.2f}", matched.strengths.gain, ""),
        ]
    return rows


def guided_noise(high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return gray levels of the bad plane and its noise there, in places that only the good plane chooses."""
    guide = ndimage.gaussian_filter(high, 2.0)
    slope = np.hypot(*np.gradient(guide))[:-1, :-1]
    fine = 0.5 * (low[:-1, :-1] - low[:-1, 1:] - low[1:, :-1] + low[1:, 1:])
    guide, level = guide[:-1, :-1], low[:-1, :-1]
    edges = np.unique(np.percentile(guide, (1, 20, 40, 60, 70, 80, 88, 93, 96)))
    found = []
    for bottom, top in pairwise(edges):
        here = (guide >= bottom) & (guide < top)
        here &= slope <= np.percentile(slope[here], FLAT)
        found.append((level[here].mean(), np.sqrt(np.mean(fine[here] ** 2))))
    levels, sds = np.array(found).T
    return levels, sds


def _real(folder: Path) -> list[Row]:
    cases = {f"gigadb_pairs/{name}_low": (f"gigadb_pairs/{name}_high",) for name in PAIRS} | UNPAIRED
    rows = []
    for bad_name, good_names in cases.items():
        bad = _some(folder / f"{bad_name}.tif", 4)
        good = [plane for name in good_names for plane in _some(folder / f"{name}.tif", 1)]
        found = fit(good, bad, scale=1, is_judged=False).strengths
        noisier = replace(found, gain=2.25 * found.gain, read_noise=1.5 * found.read_noise)
        for what, strengths, limit, sense in (
            ("as fitted", found, 0.65, "at most"),
            ("noise raised by half", noisier, 0.9, "at least"),
        ):
            made = [make_bad(plane, strengths, 1 + i) for i, plane in enumerate(good)]
            share, count = accuracy(bad, made)
            rows.append(Row(f"{Path(bad_name).name}, {what}, {count}", share, "", limit, sense))
            print(f"{bad_name}, {what}: {share:.3f} of {count} patches", flush=True)
    return rows


def _some(path: Path, count: int) -> list[np.ndarray]:
    """Return the middles of planes of the first channel, spread over time and depth."""
    source = open_image(path)
    n_t, _, n_z, *_ = source.info.shape
    places = list(product(range(n_t), range(n_z)))
    chosen = np.unique(np.linspace(0, len(places) - 1, count + 2)[1:-1].round().astype(int))
    found = [source.read(source.info.plane(places[i][0], 0, places[i][1]))[0, 0, 0] for i in chosen]
    source.close()
    return [middle(plane.astype(np.float32), SIDE) for plane in found]
