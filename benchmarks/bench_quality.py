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

from app.engine.runners.evaluate import SCORES, score_pair
from app.library.card import ModelCard, read_card, write_card
from benchmarks.bench_frames import by, rolling_mean
from benchmarks.held_out import Pair, middle, pairs_for, shown_low
from benchmarks.quality_page import SINGLE, best, card_rows, page, verdict
from benchmarks.series import WAYS, all_series
from models.arrays import ArraySource
from models.pssr.network import Layout
from models.restoration.family import Precision, Restorer
from models.restoration.metrics import flicker, intensity_range, psnr, scores, still_regions
from models.restoration.registry import family
from models.smoothing.baselines import TUNING_SIDE, baselines
from models.training.measuring import measure as measure_noise
from models.training.patches import normalised
from models.watch import Silent

ROOT = Path(__file__).parent.parent
CATALOGUE, WEIGHTS = ROOT / "resources" / "catalogue", ROOT / "resources" / "weights"
MEAN_GAIN_DB, WORST_GAIN_DB = 0.5, -0.3  # the gate
HALF_AGREES_DB = 50.0  # a precision is allowed whose results agree with float32 at least as well
NETWORKS = ("pssr-fluorescence", "pssr-fluorescence-x2", "pssr-em-x4", "pssr-mf")


def measure(card: ModelCard, weights: bytes, data: Path) -> list[dict]:
    """Return one entry per pair as `score_pair` makes it, with what it was measured on.

    Pairs are shared among processes of one thread each.
    """
    start = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=start, initializer=_load, initargs=(card, weights)) as processes:
        entries = []
        for entry in processes.map(_measured, sets_for(card, data)):
            own, blind = entry["psnr_fit"], best(entry, "blind")[1]
            print(
                f"{card.id} {entry['on']} {entry['specimen']}: {own:.2f} dB, {own - blind:+.2f}",
                file=sys.stderr,
            )
            entries.append(entry)
    return entries


def frames_of(card: ModelCard) -> int:
    """Return how many neighbouring frames the model sees."""
    return Layout.from_json(card.network.encode()).frames


def sets_for(card: ModelCard, data: Path) -> Iterator[Pair]:
    """Yield what a model is measured on."""
    return movie_pairs(data) if frames_of(card) > 1 else pairs_for(card, data)


def movie_pairs(data: Path) -> Iterator[Pair]:
    """Yield what a model of movies is measured on: movies, and their first frames as stills."""
    for series in all_series(data):
        yield Pair(f"movies, {series.on}", series.specimen, False, series.low, series.high)
        if series.on == WAYS[0][0]:
            yield Pair("single pictures", series.specimen, False, series.low[0], series.high[0])


_loaded: dict[str, Restorer] = {}  # of a measuring process


def _load(card: ModelCard, weights: bytes) -> None:
    torch.set_num_threads(1)
    made = family(card.family)
    _loaded["model"] = made.load(card.network.encode(), weights, made.params(), "cpu", "float32")
    if frames_of(card) > 1:
        single = _card(CATALOGUE / f"{SINGLE}.toml")
        made, sound = family(single.family), (WEIGHTS / str(single.weights)).read_bytes()
        _loaded["single"] = made.load(single.network.encode(), sound, made.params(), "cpu", "float32")


def _measured(pair: Pair) -> dict:
    if pair.low.ndim == 3:
        return _measured_movie(pair)
    low, high = (ArraySource(plane[None, None, None]) for plane in (pair.low, pair.high))
    truth_side = max(pair.low.shape) if pair.is_real else TUNING_SIDE
    entry = score_pair(_loaded["model"], low, high, Silent(), truth_side=truth_side)
    about = {"on": pair.on, "specimen": pair.specimen, "is_real": pair.is_real, "in_scope": pair.in_scope}
    return {**entry, **about}


def _measured_movie(pair: Pair) -> dict:
    """Score the middle frame, and flicker over all; beside the filters stands the rolling average."""
    middle_frame = len(pair.low) // 2
    still, full = still_regions(pair.high), intensity_range(pair.high)
    truth = pair.high[middle_frame]
    own, single = (by(_loaded[name])(pair.low) for name in ("model", "single"))
    rows = {b.key: (b.image, b.tuned) for b in baselines(pair.low[middle_frame], truth, 1)}
    rows["rolling average"] = (rolling_mean(pair.low)[middle_frame], "no")
    table = {key: {**asdict(scores(truth, image)), "tuned": how} for key, (image, how) in rows.items()}
    return {
        **asdict(scores(truth, own[middle_frame])),
        "single": {
            "psnr_fit": scores(truth, single[middle_frame]).psnr_fit,
            "flicker": flicker(single, still, full),
            "own_flicker": flicker(own, still, full),
        },
        "baselines": table,
        "on": pair.on,
        "specimen": pair.specimen,
        "is_real": False,
        "in_scope": True,
    }


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
    tiles = [tile(card, low) for low in {pair.on: pair.low for pair in sets_for(card, data)}.values()]

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
    """Return the middle of a plane as a normalised tile, (1, h, w), or (1, frames, h, w) of a movie."""
    frames, multiple = frames_of(card), Layout.from_json(card.network.encode()).multiple
    if frames == 1:
        return middle(normalised(low), 128, multiple)[None]
    movie = low[:frames] if low.ndim == 3 else np.repeat(low[None], frames, axis=0)
    return np.stack([middle(frame, 128, multiple) for frame in normalised(movie)])[None]


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
    """Return a PNG: a held-out bad image, enlarged by repeating pixels, beside what the model makes of it.

    Of a movie the middle frame is shown.
    """
    made = family(card.family)
    restorer = made.load(card.network.encode(), weights, made.params(), "cpu", "float32")
    if frames_of(card) > 1:
        movie = next(pair.low for pair in movie_pairs(data) if pair.low.ndim == 3)
    else:
        movie = shown_low(card, data)[None]
    restored, low = by(restorer)(movie)[len(movie) // 2], movie[len(movie) // 2]
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


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print JSON, and with ``--write`` renew docs/quality.md and the cards."""
    parser = argparse.ArgumentParser(prog="quality", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/, formats/ and samples/")
    parser.add_argument("--model", action="append", choices=NETWORKS, help="only this shipped model")
    parser.add_argument("--ship", type=Path, nargs="*", default=[], help="trained models to take in")
    parser.add_argument("--peers", default="", help="python of an environment with bm3d")
    parser.add_argument("--write", action="store_true", help="renew docs/quality.md and the model cards")
    parser.add_argument(
        "--known", type=Path, nargs="*", default=[], help="what earlier runs printed: not again"
    )
    options = parser.parse_args(argv)
    trained = {folder: _card(folder / "card.toml") for folder in options.ship}
    fresh = {card.id for card in trained.values()}
    shipped = [n for n in options.model or NETWORKS if (CATALOGUE / f"{n}.toml").exists() and n not in fresh]
    if options.ship and not options.write:
        shipped = []
    found = list(trained.items()) + [(None, _card(CATALOGUE / f"{name}.toml")) for name in shipped]
    known = known_from(options.known)
    measured: dict[str, list[dict]] = {}
    refused = []
    for folder, card in found:
        assert card.weights is not None
        entries = known.get(card.sha256) or measure(
            card, ((folder or WEIGHTS) / card.weights).read_bytes(), options.data
        )
        report(card.id, entries)
        if options.peers and card.scale == 1 and any(entry["is_real"] for entry in entries):
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
    weights = {card.id: card.sha256 for _, card in found}
    print(
        json.dumps(
            {"gains": gains, "refused": refused, "scores": SCORES, "weights": weights, "pairs": measured}
        )
    )
    if options.write:
        cards = {card.id: card for _, card in found}
        ordered = {name: measured[name] for name in NETWORKS if name in measured}
        (ROOT / "docs" / "quality.md").write_text(page(ordered, cards), encoding="utf-8")
    return 1 if refused else 0


def known_from(files: Sequence[Path]) -> dict[str, list[dict]]:
    """Return what earlier runs measured, by the checksum of the weights that they measured."""
    found = {}
    for file in files:
        run = json.loads(file.read_text(encoding="utf-8"))
        found |= {run["weights"][model]: entries for model, entries in run["pairs"].items()}
    return found


def _card(path: Path) -> ModelCard:
    return read_card(path.read_text(encoding="utf-8"), name=path.name)


if __name__ == "__main__":
    sys.exit(main())
