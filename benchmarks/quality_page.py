"""docs/quality.md and the tables of the model cards, from what `benchmarks.bench_quality` has measured.

An entry is the dict of one pair as `app.engine.runners.evaluate.score_pair` makes it, with ``on``,
``specimen``, ``is_real`` and ``in_scope``; ``bm3d`` and ``single`` where they were measured.
"""

from collections.abc import Sequence

import numpy as np

from app.engine.runners.evaluate import means
from app.library.card import Measured, ModelCard
from models.training.verdict import FEWEST_UNITS, interval_of_median

NEARLY_CLEAN = "membrane"  # of the real pairs
SINGLE = "pssr-fluorescence"  # what a model of movies is compared with


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
        merged.append(
            {**table, "specimen": name, "planes": len(own)}
            | {key: own[0].get(key) for key in ("is_real", "in_scope", "bm3d")}
            | {"single": averages([e["single"] for e in own]) if "single" in own[0] else None}
        )
    return merged


def averages(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean of every value."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


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
    lines = []
    if specimens[0]["single"]:
        mean = averages([s["single"] for s in specimens])
        gain = np.mean([s["psnr_fit"] - s["single"]["psnr_fit"] for s in specimens])
        own, other = (100 * mean[name] for name in ("own_flicker", "flicker"))
        calm = f"flicker {own:.2f} % of the range, of single frames {other:.2f} %"
        lines = [f"Over single frames by `{SINGLE}`: {gain:+.2f} dB; {calm}.\n"]
    if len(specimens) < FEWEST_UNITS:
        return lines
    gains = [s["psnr_fit"] - best(s, "blind")[1] for s in specimens]
    low, high = interval_of_median(gains, seed=0)
    median = f"{np.median(gains):+.2f} dB, 95 % interval {low:+.2f} to {high:+.2f}"
    return [*lines, f"Median gain over the best blind method {median}.\n"]


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
