"""Measure the shipped models on images that their training never saw, beside simple methods.

For each model: the real pairs (a short and a long exposure of the same field), where there are any, and good
images of held-out specimens made bad by the program at stated strengths. Writes ``docs/quality.md`` and the
tables of the model cards. A new model is shipped only if it passes the gate: on average over the sets
within its purpose 0.5 dB above each image's best blind simple method, and on no image 0.3 dB below it.

    python -m benchmarks quality --data DIR [--model ID] [--write] [--peers PYTHON]
    python -m benchmarks quality --data DIR --ship FOLDER...     (as left by micrographia train)

PYTHON is that of an environment with the package ``bm3d``, which is then measured on the real pairs too.
"""

import argparse
import io
import json
import multiprocessing
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from app.engine.runners.evaluate import SCORES, means, score_pair
from app.library.card import Measured, ModelCard, read_card, write_card
from benchmarks.held_out import Pair, middle, pairs_for, shown_low
from models.arrays import ArraySink, ArraySource
from models.pssr.network import Layout
from models.restoration.family import Precision, Restorer
from models.restoration.inference import restore, result_info
from models.restoration.metrics import psnr, scores
from models.restoration.registry import family
from models.smoothing.baselines import TUNING_SIDE
from models.training.measuring import measure as measure_noise
from models.training.patches import normalised
from models.training.verdict import FEWEST_UNITS, interval_of_median
from models.watch import Silent

ROOT = Path(__file__).parent.parent
CATALOGUE, WEIGHTS = ROOT / "resources" / "catalogue", ROOT / "resources" / "weights"
MEAN_GAIN_DB, WORST_GAIN_DB = 0.5, -0.3  # the gate
HALF_AGREES_DB = 50.0  # a precision is allowed whose results agree with float32 at least as well
NEARLY_CLEAN = "membrane"  # of the real pairs
NETWORKS = ("pssr-fluorescence", "pssr-fluorescence-x2", "pssr-em-x4")


def measure(card: ModelCard, weights: bytes, data: Path) -> list[dict]:
    """Return one entry per pair as `score_pair` makes it, with what it was measured on.

    Pairs are shared among processes of one thread each.
    """
    start = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=start, initializer=_load, initargs=(card, weights)) as processes:
        entries = []
        for entry in processes.map(_measured, pairs_for(card, data)):
            own, blind = entry["psnr_fit"], best(entry, "blind")[1]
            print(
                f"{card.id} {entry['on']} {entry['specimen']}: {own:.2f} dB, {own - blind:+.2f}",
                file=sys.stderr,
            )
            entries.append(entry)
    return entries


_loaded: dict[str, Restorer] = {}  # of a measuring process


def _load(card: ModelCard, weights: bytes) -> None:
    torch.set_num_threads(1)
    made = family(card.family)
    _loaded["model"] = made.load(card.network.encode(), weights, made.params(), "cpu", "float32")


def _measured(pair: Pair) -> dict:
    low, high = (ArraySource(plane[None, None, None]) for plane in (pair.low, pair.high))
    truth_side = max(pair.low.shape) if pair.is_real else TUNING_SIDE
    entry = score_pair(_loaded["model"], low, high, Silent(), truth_side=truth_side)
    about = {"on": pair.on, "specimen": pair.specimen, "is_real": pair.is_real, "in_scope": pair.in_scope}
    return {**entry, **about}


def best(entry: dict, tuned: str) -> tuple[str, float]:
    """Return the best simple method of one pair and its PSNR after the fit; blind includes the untuned."""
    wanted = ("no", "blind") if tuned == "blind" else ("truth",)
    found = {name: row["psnr_fit"] for name, row in entry["baselines"].items() if row["tuned"] in wanted}
    name = max(found, key=found.__getitem__)
    return name, found[name]


def add_bm3d(entries: Sequence[dict], pairs: Iterator[Pair], peers: str) -> None:
    """Add what BM3D reaches on the real pairs; the noise it is told is measured in the bad image alone."""
    real = {pair.specimen: pair for pair in pairs if pair.is_real and pair.low.shape == pair.high.shape}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        noise = {name: asdict(measure_noise([pair.low]).curve) for name, pair in real.items()}
        (folder / "noise.json").write_text(json.dumps(noise))
        np.savez(folder / "low.npz", **{name: pair.low for name, pair in real.items()})
        subprocess.run([peers, str(ROOT / "benchmarks" / "bm3d_peer.py"), temporary], check=True)
        with np.load(folder / "restored.npz") as restored:
            images = {name: restored[name] for name in restored.files}
    for entry in entries:
        if entry["is_real"] and entry["specimen"] in images:
            found = scores(real[entry["specimen"]].high, images[entry["specimen"]].astype(np.float32))
            entry["bm3d"] = {"psnr_fit": found.psnr_fit, "ssim": found.ssim}


def by_specimen(entries: Sequence[dict]) -> list[dict]:
    """Average the planes of every specimen, so that each counts once."""
    names = dict.fromkeys(entry["specimen"] for entry in entries)
    merged = []
    for name in names:
        own = [entry for entry in entries if entry["specimen"] == name]
        table = means(own)
        tuned = {key: row["tuned"] for key, row in own[0]["baselines"].items()}
        table["baselines"] = {key: {**row, "tuned": tuned[key]} for key, row in table["baselines"].items()}
        merged.append(
            {**table, "specimen": name, "planes": len(own)}
            | {key: own[0].get(key) for key in ("is_real", "in_scope", "bm3d")}
        )
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
                    in_purpose=bool(specimens[0]["in_scope"]),
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
            "worst_plane": min(e["psnr_fit"] - best(e, "blind")[1] for e in entries if e["on"] == on),
        }
    return found


def passes(entries: Sequence[dict]) -> bool:
    """Whether a model may be shipped; see the module's docstring.

    An image is scored as `micrographia evaluate` does, averaged over its channels or slices.
    """
    found = verdict(entries).values()
    mean = float(np.mean([row["mean_over_blind"] for row in found if row["in_scope"]]))
    worst = min(row["worst_over_blind"] for row in found)
    print(f"mean {mean:+.2f} dB, worst image {worst:+.2f} dB", file=sys.stderr)
    return mean >= MEAN_GAIN_DB and worst >= WORST_GAIN_DB


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


def ship(folder: Path, card: ModelCard, entries: Sequence[dict], data: Path) -> None:
    """Take a trained model that passed the gate into the resources."""
    assert card.weights is not None
    assert card.training is not None
    weights = (folder / card.weights).read_bytes()
    log = f"{card.id}.log.csv"
    shipped = replace(
        card,
        precisions=agreeing_precisions(card, weights, data),
        measured=card_rows(entries),
        training=replace(card.training, recipe=f"{card.id}.toml", log=log),
    )
    (CATALOGUE / f"{card.id}.toml").write_text(write_card(shipped), encoding="utf-8")
    (CATALOGUE / log).write_bytes((folder / "log.csv").read_bytes())
    (CATALOGUE / f"{card.id}.png").write_bytes(before_after(card, weights, data))
    WEIGHTS.mkdir(exist_ok=True)
    (WEIGHTS / card.weights).write_bytes(weights)


def before_after(card: ModelCard, weights: bytes, data: Path) -> bytes:
    """Return a PNG: a held-out bad image, enlarged by repeating pixels, beside what the model makes of it."""
    low = shown_low(card, data)
    made = family(card.family)
    restorer = made.load(card.network.encode(), weights, made.params(), "cpu", "float32")
    source = ArraySource(low[None, None, None])
    sink = ArraySink(result_info(source.info, card.scale))
    restore(source, sink, restorer)
    restored = sink.pixels[0, 0, 0]
    enlarged = low.repeat(card.scale, axis=0).repeat(card.scale, axis=1)
    dark, bright = np.percentile(restored, (0.2, 99.8))
    gap = np.full((len(restored), 4), bright)
    row = np.concatenate([enlarged, gap, restored], axis=1)
    levels = np.clip((row - dark) / (bright - dark), 0, 1) * 255
    file = io.BytesIO()
    Image.fromarray(levels.astype(np.uint8)).save(file, "PNG", optimize=True)
    return file.getvalue()


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

A good image whose own noise is more than half of what was added to it is not used at that amount of light: it
is no truth there, since the bad image shares its noise and the restored one does not.

With fewer than five specimens the values are shown without a verdict word. Simulated pairs measure how well
a model undoes the simulation; only the real pairs speak about a microscope.
"""


def said(specimens: Sequence[dict]) -> list[str]:
    """Return the verdict with its interval, or, for the real pairs, the means that stand for them."""
    if specimens[0]["is_real"]:
        thin = [s for s in specimens if s["specimen"] != NEARLY_CLEAN]
        blind = np.mean([s["psnr_fit"] - best(s, "blind")[1] for s in thin])
        truth = np.mean([s["psnr_fit"] - best(s, "truth")[1] for s in thin])
        words = f"Without {NEARLY_CLEAN}, which is nearly free of noise: {blind:+.2f} dB over the best blind"
        words += f" method, {truth:+.2f} dB over the best tuned with truth"
        if all(s["bm3d"] for s in thin):
            words += f", {np.mean([s['psnr_fit'] - s['bm3d']['psnr_fit'] for s in thin]):+.2f} dB over BM3D"
        return [words + ".\n"]
    if len(specimens) < FEWEST_UNITS:
        return []
    gains = [s["psnr_fit"] - best(s, "blind")[1] for s in specimens]
    low, high = interval_of_median(gains, seed=0)
    median = f"{np.median(gains):+.2f} dB, 95 % interval {low:+.2f} to {high:+.2f}"
    return [f"Median gain over the best blind method {median}.\n"]


def specimen_table(specimens: Sequence[dict]) -> list[str]:
    """Return one line per specimen: PSNR after the fit and, for real pairs, SSIM."""
    is_real = specimens[0]["is_real"]
    with_bm3d = is_real and all(s["bm3d"] for s in specimens)
    heads = ["specimen", "this model", "best blind method", "best with truth", "gain over blind"]
    heads[4:4] = ["BM3D"] if with_bm3d else []
    lines = [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]

    def cell(row: dict, name: str = "") -> str:
        ssim = f", SSIM {row['ssim']:.3f}" if is_real else ""
        return f"{row['psnr_fit']:.2f}{ssim}" + (f" ({name.removesuffix('_with_truth')})" if name else "")

    for s in specimens:
        (blind, blind_db), (truth, _) = best(s, "blind"), best(s, "truth")
        cells = [
            s["specimen"],
            cell(s),
            cell(s["baselines"][blind], blind),
            cell(s["baselines"][truth], truth),
        ]
        cells += [cell(s["bm3d"])] if with_bm3d else []
        lines.append(f"| {' | '.join(cells)} | {s['psnr_fit'] - blind_db:+.2f} |")
    return lines


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
                f"{gains['mean_over_truth']:+.2f} dB on average. The worst single channel or slice: "
                f"{gains['worst_plane']:+.2f} dB.\n"
            )
            parts += said(specimens) + specimen_table(specimens)
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
    parser.add_argument("--model", action="append", choices=NETWORKS, help="only this shipped model")
    parser.add_argument("--ship", type=Path, nargs="*", default=[], help="trained models to take in")
    parser.add_argument("--peers", default="", help="python of an environment with bm3d")
    parser.add_argument("--write", action="store_true", help="renew docs/quality.md and the model cards")
    options = parser.parse_args(argv)
    trained = {folder: _card(folder / "card.toml") for folder in options.ship}
    fresh = {card.id for card in trained.values()}
    shipped = [n for n in options.model or NETWORKS if (CATALOGUE / f"{n}.toml").exists() and n not in fresh]
    if options.ship and not options.write:
        shipped = []
    found = list(trained.items()) + [(None, _card(CATALOGUE / f"{name}.toml")) for name in shipped]
    measured: dict[str, list[dict]] = {}
    refused = []
    for folder, card in found:
        assert card.weights is not None
        entries = measure(card, ((folder or WEIGHTS) / card.weights).read_bytes(), options.data)
        report(card.id, entries)
        if options.peers:
            add_bm3d(entries, pairs_for(card, options.data), options.peers)
        if not passes(entries):
            print(f"{card.id} does not pass the gate", file=sys.stderr)
            refused.append(card.id)
            continue
        measured[card.id] = entries
        if folder is not None:
            ship(folder, card, entries, options.data)
        elif options.write:
            text = write_card(replace(card, measured=card_rows(entries)))
            (CATALOGUE / f"{card.id}.toml").write_text(text, encoding="utf-8")
    gains = {model: verdict(entries) for model, entries in measured.items()}
    print(json.dumps({"gains": gains, "refused": refused, "scores": SCORES, "pairs": measured}))
    if options.write:
        cards = {card.id: card for _, card in found}
        ordered = {name: measured[name] for name in NETWORKS if name in measured}
        (ROOT / "docs" / "quality.md").write_text(page(ordered, cards), encoding="utf-8")
    return 1 if refused else 0


def _card(path: Path) -> ModelCard:
    return read_card(path.read_text(encoding="utf-8"), name=path.name)


if __name__ == "__main__":
    sys.exit(main())
