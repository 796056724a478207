"""Times, states and kinds of jobs in words; no Qt."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import localtime, strftime

from app.engine.job import Job, State
from app.engine.specs import (
    CheckSpec,
    CrappifySpec,
    EvaluateSpec,
    ExportSpec,
    Format,
    Input,
    PackSpec,
    RestoreSpec,
    TrainSpec,
)
from app.text import _, ngettext
from app.ui.names import shown_name
from models.knobs import N_


@dataclass(frozen=True, slots=True)
class Sign:
    """How a state looks: a word, a shape (an icon's name) and a colour (a token of the theme)."""

    word: str
    shape: str
    token: str


SIGNS: dict[State, Sign] = {
    "waiting": Sign(N_("Waiting"), "ring", "quiet"),
    "running": Sign(N_("Running"), "play", "good"),
    "paused": Sign(N_("Paused"), "pause", "quiet"),
    "finished": Sign(N_("Finished"), "tick", "good"),
    "failed": Sign(N_("Failed"), "cross", "bad"),
    "cancelled": Sign(N_("Cancelled"), "ring", "quiet"),
    "interrupted": Sign(N_("Interrupted"), "warning", "warning"),
}
FORMATS: dict[Format, str] = {
    "ome-tiff": N_("OME-TIFF"),
    "imagej": N_("TIFF for Fiji"),
    "ome-zarr": N_("OME-Zarr"),
}
BATCHES = (RestoreSpec, ExportSpec)  # whose inputs are images, each with a result
WITH_REMARKS = Sign(N_("Finished with remarks"), "warning", "warning")


def sign_of(job: Job) -> Sign:
    """Return word, shape and colour of a job's state."""
    if job.state == "finished" and (job.remarks or job.failures):
        return WITH_REMARKS
    return SIGNS[job.state]


def _name(one: Input) -> str:
    return shown_name(Path(one.path).name)


def title_of(job: Job) -> str:
    """Say what a job is about in a few words, without its folder names."""
    spec = job.spec
    if isinstance(spec, RestoreSpec):
        if len(spec.inputs) == 1:
            return _("Restore {name}").format(name=_name(spec.inputs[0]))
        return ngettext("Restore {count} image", "Restore {count} images", len(spec.inputs)).format(
            count=len(spec.inputs)
        )
    if isinstance(spec, ExportSpec):
        kind = _(FORMATS[spec.format])
        if len(spec.inputs) == 1:
            return _("Export {name} as {format}").format(name=_name(spec.inputs[0]), format=kind)
        return ngettext(
            "Export {count} image as {format}", "Export {count} images as {format}", len(spec.inputs)
        ).format(count=len(spec.inputs), format=kind)
    if isinstance(spec, TrainSpec):
        name = _model_name(spec.recipe)
        if name:
            return _("Train {name}").format(name=shown_name(name))
        return _("Train on {folder}").format(folder=Path(spec.good_dir).name)
    if isinstance(spec, CrappifySpec):
        if len(spec.inputs) == 1:
            return _("Make {name} bad").format(name=_name(spec.inputs[0]))
        return ngettext("Make {count} image bad", "Make {count} images bad", len(spec.inputs)).format(
            count=len(spec.inputs)
        )
    if isinstance(spec, EvaluateSpec):
        return _("Measure {model}").format(model=spec.model)
    if isinstance(spec, PackSpec):
        return _("Pack {model} for other programs").format(model=spec.model or Path(spec.folder).name)
    if isinstance(spec, CheckSpec):
        return _("Check this computer")
    return _("A job of another version of this program")


def _model_name(recipe: str) -> str:
    """Return how a recipe names its model; empty if it does not say."""
    try:
        about = tomllib.loads(recipe).get("about", {})
    except tomllib.TOMLDecodeError:
        return ""
    return str(about.get("name", "")) if isinstance(about, dict) else ""


def remarks_of(job: Job) -> Iterator[str]:
    """Yield what there is to know about a job, one sentence each, its error first."""
    if job.error:
        yield f"{_(job.error)} {_(job.hint)}".strip()
    for failure in job.failures:
        yield f"{_(failure.sentence)} {_(failure.hint)}".strip()
    for remark in job.remarks:
        yield _(remark.sentence)


def duration(seconds: float) -> str:
    """Return a length of time as a person says it: ``"4 s"``, ``"3 min"``, ``"1 h 20 min"``."""
    if seconds < 1:
        return _("less than 1 s")
    if seconds < 90:
        return _("{n} s").format(n=round(seconds))
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("{n} min").format(n=minutes)
    hours, rest = divmod(minutes, 60)
    if hours >= 10 or rest == 0:
        return _("{n} h").format(n=hours + (rest >= 30))
    return _("{hours} h {minutes} min").format(hours=hours, minutes=rest)


def clock(seconds: float, *, now: float) -> str:
    """Return a time of day, with the day of the week unless it is today."""
    then = localtime(seconds)
    is_today = then[:3] == localtime(now)[:3]
    return strftime("%H:%M" if is_today else "%a %H:%M", then)


def counted(count: float, unit: str) -> str:
    """Return how many units, such as ``"3 planes"``; an unknown unit stays as the engine names it."""
    whole = int(count)
    forms = UNITS.get(unit)
    if forms is None:
        return f"{whole} {unit}".strip()
    return ngettext(*forms, whole).format(n=whole)


UNITS: dict[str, tuple[str, str]] = {
    "plane": ("{n} plane", "{n} planes"),
    "planes": ("{n} plane", "{n} planes"),
    "step": ("{n} step", "{n} steps"),
    "steps": ("{n} step", "{n} steps"),
    "pair": ("{n} pair", "{n} pairs"),
    "pairs": ("{n} pair", "{n} pairs"),
    "image": ("{n} image", "{n} images"),
    "images": ("{n} image", "{n} images"),
}
