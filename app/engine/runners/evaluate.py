"""Measuring a model on pairs of bad and good images, beside every simple method.

The report is one JSON object: ``pairs``, one entry per pair with ``name``, the scores of the model and those
of each baseline, and ``mean`` with the same scores averaged over pairs. A pair of stacks is scored plane by
plane and averaged. PSNR is in dB; its range is that of the truth's stack.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

import numpy as np

from app.engine.context import JobContext
from app.engine.events import Finished
from app.engine.events import Stopped as StoppedEvent
from app.engine.runners.loading import device_for, loaded
from app.engine.runners.restore import check_fits
from app.engine.specs import EvaluateSpec
from app.images.folders import pair_by_name
from app.images.open import open_image
from app.library.store import Library
from models.arrays import ArraySink
from models.errors import Stopped, UserError
from models.restoration.family import Restorer
from models.restoration.inference import restore, result_info
from models.restoration.metrics import Scores, scores
from models.smoothing.baselines import TUNING_SIDE, baselines
from models.source import ImageSource
from models.watch import Watch

SMALLEST = 11  # pixels a side, see `models.restoration.metrics.scores`
SCORES = ("psnr", "psnr_fit", "ssim", "nrmse", "gain", "shift")
Row = dict[str, float]
Entry = dict[str, object]


class PairDoesNotMatch(UserError):
    """The good image is not as large as the restored bad one, or both are too small."""

    code: ClassVar[str] = "evaluate.pair"


def averaged(rows: Sequence[Mapping[str, float]]) -> Row:
    """Return the mean of each score over `rows`, leaving out what is not a number."""
    return {
        name: float(np.nanmean([row[name] for row in rows]))
        if np.isfinite([row[name] for row in rows]).any()
        else float("nan")
        for name in SCORES
    }


def score_pair(
    restorer: Restorer,
    low: ImageSource,
    high: ImageSource,
    watch: Watch,
    *,
    truth_side: int = TUNING_SIDE,
) -> Entry:
    """Return the scores of one pair: the model's, and under ``baselines`` those of every simple method.

    `truth_side` says how large a part the methods tuned with the truth are tuned on.

    Raises
    ------
    PairDoesNotMatch
        If `high` does not have the shape of the restored `low`, or they are too small.
    """
    wanted = result_info(low.info, restorer.traits.scale)
    if min(wanted.shape[3:]) < SMALLEST:
        raise PairDoesNotMatch(
            f"{Path(low.info.uri).name} is too small to be measured: "
            f"its result would have less than {SMALLEST} pixels along a side.",
            hint="Use larger images.",
            smallest=SMALLEST,
        )
    if high.info.shape != wanted.shape:
        raise PairDoesNotMatch(
            f"{Path(high.info.uri).name} has other sides than the restored {Path(low.info.uri).name}.",
            hint="Both images must show the same field; the good one with as many pixels as the result.",
            wanted=str(wanted.shape),
            found=str(high.info.shape),
        )
    sink = ArraySink(wanted)
    restore(low, sink, restorer, watch=watch)
    mine: list[Row] = []
    others: dict[str, list[Row]] = {}
    details: dict[str, tuple[str, list[float]]] = {}
    for t, c, z in np.ndindex(*wanted.shape[:3]):
        watch.check()
        poor = low.read(low.info.plane(t, c, z))[0, 0, 0].astype(np.float32)
        truth = high.read(high.info.plane(t, c, z))[0, 0, 0].astype(np.float32)
        mine.append(_row(scores(truth, sink.pixels[t, c, z])))
        for baseline in baselines(poor, truth, restorer.traits.scale, truth_side=truth_side):
            others.setdefault(baseline.key, []).append(_row(scores(truth, baseline.image)))
            details.setdefault(baseline.key, (baseline.tuned, []))[1].append(baseline.parameter)
    table = {
        key: {**averaged(rows), "tuned": details[key][0], "parameter": float(np.mean(details[key][1]))}
        for key, rows in others.items()
    }
    return {"name": Path(low.info.uri).name, **averaged(mine), "baselines": table}


def _row(found: Scores) -> Row:
    return {name: float(value) for name, value in asdict(found).items()}


def means(entries: Sequence[Mapping[str, object]]) -> Entry:
    """Return the mean over pairs of the model's and of every baseline's scores."""
    tables = [entry["baselines"] for entry in entries]
    assert all(isinstance(table, dict) for table in tables)
    names = dict.fromkeys(name for table in tables for name in table)  # type: ignore[attr-defined]
    return {
        **averaged(entries),  # type: ignore[arg-type]  # the entries hold the scores beside the table
        "baselines": {name: averaged([table[name] for table in tables]) for name in names},  # type: ignore[index]
    }


def run(spec: EvaluateSpec, context: JobContext) -> Finished | StoppedEvent:
    """Evaluate as `spec` says; the report is in ``Finished.report``.

    Raises
    ------
    PairDoesNotMatch, and what listing the folders, opening images and loading models raises.
    """
    card = Library(context.paths).card(spec.model)
    device = device_for(card, spec.device, context.settings)
    context.hold_device(device.name)
    context.started(device.words)
    restorer = loaded(spec.model, (), device, context)
    pairs = pair_by_name(Path(spec.low_dir), Path(spec.high_dir))
    entries = []
    try:
        for index, (low_path, high_path) in enumerate(pairs):
            context.stage(f"Measuring {low_path.name}")
            with closing(open_image(low_path)) as low, closing(open_image(high_path)) as high:
                check_fits(card, low.info, ())
                entries.append(score_pair(restorer, low, high, context.item(index)))
            context.progress(index + 1, len(pairs), "pair")
    except Stopped:
        return StoppedEvent(context.job)
    return Finished(context.job, report=json.dumps({"pairs": entries, "mean": means(entries)}))
