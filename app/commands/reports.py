"""``micrographia evaluate`` and ``micrographia check``: jobs whose result is a report."""

import argparse
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from app.commands.info import lines
from app.commands.run import absolute, run_job
from app.commands.voice import DONE, FAILED, STOPPED, Voice
from app.engine import events
from app.engine.specs import CheckSpec, EvaluateSpec, Spec
from app.library.store import Library
from app.paths import Paths
from app.settings import load_settings
from app.text import _


def evaluate_model(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Measure a model and the simple filters on pairs of images."""
    spec = EvaluateSpec(
        model=Library(paths).card(asked.model).id,
        low_dir=absolute(asked.low),
        high_dir=absolute(asked.high),
        device=asked.device or load_settings(paths).device,
    )
    return _report(spec, paths, voice, _scores)


def check_computer(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Check that reading, restoring and writing work here, and how fast."""
    return _report(CheckSpec(device=asked.device or load_settings(paths).device), paths, voice, _findings)


def _report(spec: Spec, paths: Paths, voice: Voice, lines: Callable[[Any], Iterator[str]]) -> int:
    """Run a job whose result is a report; `lines` tells it to a person."""
    last = run_job(spec, paths, voice.hear)
    if not isinstance(last, events.Finished):
        voice.result({"stopped": True}, _("Stopped."))
        return STOPPED
    report = json.loads(last.report)
    voice.result(report, "\n".join(lines(report)))
    return FAILED if report.get("failed") else DONE


def _findings(report: Any) -> Iterator[str]:  # Any: JSON
    """Yield what was found on this computer, then one line per check."""
    yield from lines({name: value for name, value in report.items() if name not in ("checks", "failed")})
    for check in report["checks"]:
        yield f"{_('passed') if check['passed'] else _('FAILED'):<17} {check['name']}: {check['detail']}"


def _scores(report: Any) -> Iterator[str]:  # Any: JSON
    """Yield the table of an evaluation: the model, then the simple filters, image by image."""
    yield f"{'image':<32} {'method':<20} {'PSNR dB':>8} {'after fit':>9} {'SSIM':>6} {'NRMSE':>6}"
    for pair in [*report["pairs"], {"name": "mean", **report["mean"]}]:
        for method, score in {"this model": pair, **pair["baselines"]}.items():
            numbers = [score[name] for name in ("psnr", "psnr_fit", "ssim", "nrmse")]
            shown = ["-" if math.isnan(number) else f"{number:.3g}" for number in numbers]
            name = pair["name"] if score is pair else ""
            yield f"{name:<32} {method:<20} {shown[0]:>8} {shown[1]:>9} {shown[2]:>6} {shown[3]:>6}"
