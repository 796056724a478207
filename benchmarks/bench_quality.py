"""Measure the shipped models on images that their training never saw, beside simple methods.

For each model: the real pairs (a short and a long exposure of the same field), where there are any, and good
images of held-out specimens made bad by the program at stated strengths. Writes ``docs/quality.md`` and the
tables of the model cards. A new model is shipped only if it passes the gate: on average over the sets
within its purpose 0.5 dB above each image's best blind simple method, and on no image 0.3 dB below it.

    python -m benchmarks quality --data DIR [--model ID] [--write]
    python -m benchmarks quality --data DIR --ship FOLDER     (FOLDER as left by micrographia train)
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from app.engine.runners.evaluate import SCORES, means, score_pair
from app.images.open import open_image
from app.library.card import Measured, ModelCard, read_card, write_card
from models.arrays import ArraySource
from models.pssr.network import Layout
from models.restoration.degrade import (
    EM_PUBLISHED,
    PSSR2_GAUSSIAN,
    PSSR2_POISSON,
    Degradation,
    degrade,
    sample,
)
from models.restoration.family import Precision
from models.restoration.metrics import psnr
from models.restoration.registry import family
from models.training.patches import normalised
from models.watch import Silent

ROOT = Path(__file__).parent.parent
CATALOGUE, WEIGHTS = ROOT / "resources" / "catalogue", ROOT / "resources" / "weights"
MEAN_GAIN_DB, WORST_GAIN_DB = 0.5, -0.3  # the gate
HALF_AGREES_DB = 50.0  # a precision is allowed whose results agree with float32 at least as well
SIDE = 512  # simulated pairs show the middle of the image, this many pixels a side at most
NETWORKS = ("pssr-fluorescence", "pssr-fluorescence-x2", "pssr-em-x4")

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
    """One bad plane with its truth; `specimen` is the unit that counts."""

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
                yield Pair(
                    f"simulated, {photons} photons per pixel", Path(name).name, False,
                    simulated(good, how, seed=100 * i + photons), good,
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


def measure(card: ModelCard, weights: bytes, data: Path) -> list[dict]:
    """Return one entry per pair as `score_pair` makes it, with ``on``, ``specimen`` and ``is_real``."""
    made = family(card.family)
    restorer = made.load(card.network.encode(), weights, made.params(), "cpu", "float32")
    entries = []
    for pair in pairs_for(card, data):
        low, high = (ArraySource(plane[None, None, None]) for plane in (pair.low, pair.high))
        entry = score_pair(restorer, low, high, Silent())
        about = {"on": pair.on, "specimen": pair.specimen, "is_real": pair.is_real, "in_scope": pair.in_scope}
        entries.append({**entry, **about})
        own, blind = entry["psnr_fit"], best(entry, "blind")[1]
        print(f"{card.id} {pair.on} {pair.specimen}: {own:.2f} dB, {own - blind:+.2f}", file=sys.stderr)
    return entries


def best(entry: dict, tuned: str) -> tuple[str, float]:
    """Return the best simple method of one pair and its PSNR after the fit; blind includes the untuned."""
    wanted = ("no", "blind") if tuned == "blind" else ("truth",)
    found = {name: row["psnr_fit"] for name, row in entry["baselines"].items() if row["tuned"] in wanted}
    name = max(found, key=found.__getitem__)
    return name, found[name]


def by_specimen(entries: Sequence[dict]) -> list[dict]:
    """Average the planes of every specimen, so that each counts once."""
    names = dict.fromkeys(entry["specimen"] for entry in entries)
    merged = []
    for name in names:
        own = [entry for entry in entries if entry["specimen"] == name]
        table = means(own)
        tuned = {key: row["tuned"] for key, row in own[0]["baselines"].items()}
        table["baselines"] = {key: {**row, "tuned": tuned[key]} for key, row in table["baselines"].items()}
        merged.append({**table, "specimen": name, "is_real": own[0]["is_real"], "planes": len(own)})
    return merged


def card_rows(entries: Sequence[dict]) -> tuple[Measured, ...]:
    """Return the card's table: per set, the model and every simple method, averaged over specimens."""
    rows = []
    for on in dict.fromkeys(entry["on"] for entry in entries):
        specimens = by_specimen([entry for entry in entries if entry["on"] == on])
        mean = means(specimens)
        methods = {"this model": (mean, "no")} | {
            key: (row, specimens[0]["baselines"][key]["tuned"]) for key, row in mean["baselines"].items()
        }
        for key, (row, tuned) in methods.items():
            rows.append(
                Measured(
                    on=f"{on}; {len(specimens)} specimen{'s' * (len(specimens) > 1)}",
                    images=sum(int(specimen["planes"]) for specimen in specimens),
                    is_real=bool(specimens[0]["is_real"]),
                    method=key.removesuffix("_with_truth"),
                    tuned=tuned,
                    **{name: round(float(row[name]), 4) for name in ("psnr", "psnr_fit", "ssim", "nrmse")},
                )
            )
    return tuple(rows)


def verdict(entries: Sequence[dict]) -> dict[str, dict[str, float]]:
    """Return per set: mean and worst gain in dB over each specimen's best blind method, and over truth."""
    found = {}
    for on in dict.fromkeys(entry["on"] for entry in entries):
        specimens = by_specimen([entry for entry in entries if entry["on"] == on])
        blind = [s["psnr_fit"] - best(s, "blind")[1] for s in specimens]
        truth = [s["psnr_fit"] - best(s, "truth")[1] for s in specimens]
        found[on] = {
            "in_scope": all(entry["in_scope"] for entry in entries if entry["on"] == on),
            "specimens": len(specimens),
            "mean_over_blind": float(np.mean(blind)),
            "worst_over_blind": float(np.min(blind)),
            "mean_over_truth": float(np.mean(truth)),
        }
    return found


def passes(entries: Sequence[dict]) -> bool:
    """Whether a model may be shipped; see the module's docstring."""
    means_db = [row["mean_over_blind"] for row in verdict(entries).values() if row["in_scope"]]
    gains = [entry["psnr_fit"] - best(entry, "blind")[1] for entry in entries]
    print(f"mean {np.mean(means_db):+.2f} dB, worst image {min(gains):+.2f} dB", file=sys.stderr)
    return bool(np.mean(means_db) >= MEAN_GAIN_DB and min(gains) >= WORST_GAIN_DB)


def agreeing_precisions(card: ModelCard, weights: bytes, data: Path) -> tuple[Precision, ...]:
    """Return the precisions whose results agree with float32 on the first pair of every set."""
    made = family(card.family)
    tiles = [tile(card, low) for low in {pair.on: pair.low for pair in pairs_for(card, data)}.values()]

    def results(precision: Precision) -> list[np.ndarray]:
        network = card.network.encode()
        restorer = made.load(network, weights, made.params(), "cpu", precision)
        return [restorer.run(one)[0] for one in tiles]

    exact = results("float32")
    allowed: list[Precision] = ["float32"]
    for half in ("bfloat16", "float16"):
        worst = min(psnr(truth, image, 1.0) for truth, image in zip(exact, results(half), strict=True))
        print(f"{card.id} in {half} agrees with float32 to {worst:.1f} dB", file=sys.stderr)
        if worst >= HALF_AGREES_DB:
            allowed.append(half)
    return tuple(allowed)


def tile(card: ModelCard, low: np.ndarray) -> np.ndarray:
    """Return the middle of a plane as a normalised tile, (1, h, w)."""
    return middle(normalised(low), 128, Layout.from_json(card.network.encode()).multiple)[None]


def ship(folder: Path, data: Path) -> bool:
    """Take a trained model into the resources if it passes the gate."""
    card = read_card((folder / "card.toml").read_text(encoding="utf-8"))
    assert card.weights is not None
    assert card.training is not None
    weights = (folder / card.weights).read_bytes()
    entries = measure(card, weights, data)
    report(card.id, entries)
    if not passes(entries):
        print(f"{card.id} does not pass the gate and is not shipped", file=sys.stderr)
        return False
    log = f"{card.id}.log.csv"
    shipped = replace(
        card,
        precisions=agreeing_precisions(card, weights, data),
        measured=card_rows(entries),
        training=replace(card.training, recipe=f"{card.id}.toml", log=log),
    )
    (CATALOGUE / f"{card.id}.toml").write_text(write_card(shipped), encoding="utf-8")
    (CATALOGUE / log).write_bytes((folder / "log.csv").read_bytes())
    WEIGHTS.mkdir(exist_ok=True)
    (WEIGHTS / card.weights).write_bytes(weights)
    return True


def report(model: str, entries: Sequence[dict]) -> None:
    """Print the gains of a model, one line per set."""
    for on, row in verdict(entries).items():
        gained = (row[key] for key in ("mean_over_blind", "worst_over_blind", "mean_over_truth"))
        print(f"{model:22} {on:45}", *(f"{gain:+6.2f}" for gain in gained), file=sys.stderr)


HEAD = """# Quality of the shipped models

Made by `python dev.py bench quality --data DIR --write`, with `DIR` a copy of the training and test images.
Every number is on specimens that the model's training never saw. PSNR is in dB after the best gain and offset
(the range is the truth's 0.1 to 99.9 percentile), SSIM and NRMSE after the same fit; the definitions are in
`models/restoration/metrics.py`. Each specimen counts once, whatever its number of planes. Simple filters
appear twice: *blind*, with the strength chosen from the bad image alone, as in real use, and *with truth*,
chosen with the good image in hand, which nobody has. "Gain" is against the best blind method of that very
image, so it asks more than any single method would.

With fewer than five specimens the values are shown without a verdict word. Simulated pairs measure how well
a model undoes the simulation; only the real pairs speak about a microscope.
"""


def page(measured: dict[str, list[dict]], cards: dict[str, ModelCard]) -> str:
    """Return docs/quality.md."""
    parts = [HEAD]
    for model, entries in measured.items():
        parts.append(f"\n## {cards[model].name} (`{model}`)\n")
        for on, gains in verdict(entries).items():
            specimens = by_specimen([entry for entry in entries if entry["on"] == on])
            parts.append(f"\n### {on[0].upper()}{on[1:]} ({len(specimens)} specimens)\n")
            parts.append(
                f"Gain over the best blind method: {gains['mean_over_blind']:+.2f} dB on average, "
                f"{gains['worst_over_blind']:+.2f} dB at worst; over the best method tuned with truth "
                f"{gains['mean_over_truth']:+.2f} dB on average.\n"
            )
            parts.append("| specimen | this model | best blind method | best with truth | gain over blind |")
            parts.append("| --- | --- | --- | --- | --- |")
            for s in specimens:
                (blind, blind_db), (truth, truth_db) = best(s, "blind"), best(s, "truth")
                truth = truth.removesuffix("_with_truth")
                parts.append(
                    f"| {s['specimen']} | {s['psnr_fit']:.2f} | {blind_db:.2f} ({blind}) "
                    f"| {truth_db:.2f} ({truth}) | {s['psnr_fit'] - blind_db:+.2f} |"
                )
            parts.append("\n| method | tuned | PSNR after fit | PSNR | SSIM | NRMSE |")
            parts.append("| --- | --- | --- | --- | --- | --- |")
            parts += [
                f"| {row.method} | {row.tuned} | {row.psnr_fit:.2f} | {row.psnr:.2f} "
                f"| {row.ssim:.3f} | {row.nrmse:.4f} |"
                for row in card_rows([entry for entry in entries if entry["on"] == on])
            ]
    return "\n".join(parts) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print JSON, and with ``--write`` renew docs/quality.md and the cards."""
    parser = argparse.ArgumentParser(prog="quality", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/, formats/ and samples/")
    parser.add_argument("--model", action="append", choices=NETWORKS, help="only this model")
    parser.add_argument("--ship", type=Path, help="take this trained model in if it passes the gate")
    parser.add_argument("--write", action="store_true", help="renew docs/quality.md and the model cards")
    options = parser.parse_args(argv)
    if options.ship:
        return 0 if ship(options.ship, options.data) else 1
    cards, measured = {}, {}
    for name in options.model or [n for n in NETWORKS if (CATALOGUE / f"{n}.toml").exists()]:
        path = CATALOGUE / f"{name}.toml"
        card = cards[name] = read_card(path.read_text(encoding="utf-8"), name=path.name)
        assert card.weights is not None
        entries = measured[name] = measure(card, (WEIGHTS / card.weights).read_bytes(), options.data)
        report(name, entries)
        if options.write:
            path.write_text(write_card(replace(card, measured=card_rows(entries))), encoding="utf-8")
    gains = {model: verdict(entries) for model, entries in measured.items()}
    print(json.dumps({"gains": gains, "scores": SCORES, "pairs": measured}))
    if options.write:
        (ROOT / "docs" / "quality.md").write_text(page(measured, cards), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
