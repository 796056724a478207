"""``micrographia match``: how good images become as bad as a real bad one."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.commands.run import absolute, run_job
from app.commands.voice import DONE, STOPPED, Voice
from app.engine import events
from app.engine.specs import Input, MatchSpec
from app.images.folders import images_in
from app.paths import Paths
from app.text import _
from models.errors import UserError
from models.knobs import knobs_of
from models.training.recipe_text import Wanted, recipe_text
from models.training.strengths import Strengths

TITLES = {
    "noise": _("Noise at brightness {at}"),
    "grain": _("Grain (correlation of neighbours)"),
    "sharpness": _("Blur in pixels of the good image"),
    "specks": _("Specks, percent of the pixels"),
    "lines": _("Stripes"),
}


class NameTaken(UserError):
    """There is a file where the recipe should go, or it cannot be written there."""

    code = "match.recipe"


def match_images(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Fit good images to bad ones and tell what was found; write a recipe if one is wanted."""
    target = Path(asked.recipe_out) if asked.recipe_out else None
    if target and target.exists():
        raise NameTaken(
            _("There is a file {name} already; it was left as it is.").format(name=target.name),
            hint=_("Choose another name for the recipe."),
        )
    spec = MatchSpec(
        good=_inputs(asked.good, voice),
        bad=_inputs(asked.bad, voice),
        scale=asked.scale,
        seed=asked.seed,
    )
    last = run_job(spec, paths, voice.hear)
    if not isinstance(last, events.Finished):
        voice.result({"stopped": True}, _("Stopped."))
        return STOPPED
    report = json.loads(last.report)
    report.pop("files")  # they go with the worker
    if target:
        _write(target, report)
        report["recipe"] = absolute(asked.recipe_out)
    voice.result(report, "\n".join(told(report)))
    return DONE


def _inputs(path: str, voice: Voice) -> tuple[Input, ...]:
    files, failures = images_in([Path(path)])
    if not files:
        raise failures[0]
    for failure in failures:  # a folder somewhere in it
        voice.warn(failure)
    return tuple(Input(absolute(str(file))) for file in files)


def _write(target: Path, report: dict[str, Any]) -> None:  # Any: JSON
    wanted = Wanted("my-restorer", _("My restorer"), strengths=Strengths(**report["strengths"]))
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(recipe_text(wanted))
    except OSError as error:
        raise NameTaken(
            _("The recipe could not be written to {name}.").format(name=target),
            hint=_("Choose another folder."),
        ) from error


def told(report: dict[str, Any]) -> Iterator[str]:  # Any: JSON
    """Yield what was found, line by line: meters, strengths, remarks."""
    yield f"{'':<36} {_('in your image'):>14} {_('when made bad'):>14}"
    for meter in report["meters"]:
        factor = 100 if meter["name"] == "specks" else 1
        measured = meter["measured"] or [None] * len(meter["produced"])
        places = meter["at"] or [0.0]
        for at, real, made in zip(places, measured, meter["produced"], strict=True):
            title = TITLES[meter["name"]].format(at=f"{at:.4g}")
            shown = _("not told") if real is None else f"{factor * real:.3g}"
            yield f"{title:<36} {shown:>14} {factor * made:>14.3g}"
        if meter["reason"]:
            yield f"  {meter['reason']}"
    yield ""
    knobs = knobs_of(Strengths)
    for name, value in report["strengths"].items():
        written = value if isinstance(value, str) else f"{value:.4g}"
        yield f"{_(knobs[name].label):<36} {written:>14} {knobs[name].unit}".rstrip()
    if report["accuracy"] is not None:
        yield ""
        yield _(
            "A small network told real from made in {percent:.0f} % of {n} patches; 50 % is chance."
        ).format(percent=100 * report["accuracy"], n=report["patches"])
    yield from report["remarks"]
    if "recipe" in report:
        yield _("The recipe is in {file}.").format(file=report["recipe"])
