"""The recipe of a training that is asked for on the command line, without torch."""

import argparse
import json
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from app.commands.recipes import NoSuchRecipe, read_recipe
from app.commands.run import run_job
from app.commands.voice import Voice
from app.engine import events
from app.engine.specs import Input, MatchSpec
from app.images.folders import images_in
from app.paths import Paths
from app.text import _
from models.errors import UserError
from models.knobs import with_values
from models.training.recipe_text import CROP, SHRINK, Wanted, Way, recipe_text
from models.training.strengths import Strengths

OWN_IMAGES = "pssr-own-images"  # the recipe for a folder of any good images


class TooMuchSaid(UserError):
    """Two wishes exclude each other."""

    code = "train.too_much_said"


@dataclass(frozen=True, slots=True)
class Model:
    """The id and the name of the model to come; both empty: as the recipe says."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A recipe's text, what fitting it found (JSON, or empty), and the bad images it was fitted to."""

    text: str
    match: str = ""
    bad: tuple[Input, ...] = ()


def recipe_of(
    asked: argparse.Namespace, model: Model, good: tuple[Input, ...], paths: Paths, voice: Voice
) -> Made:
    """Return the recipe that the words on the command line ask for, fitted to bad images if there are any.

    Raises
    ------
    NoSuchRecipe, TooMuchSaid
    """
    if asked.recipe and (asked.like or asked.scale or asked.frames):
        raise TooMuchSaid(
            _("A recipe says itself how images are made bad, how fine they become, of how many frames."),
            hint=_("Leave out either --recipe, or --like, --scale and --frames."),
        )
    wanted = Wanted(
        id=model.id or "my-denoiser", name=model.name or _("My denoiser"), frames=asked.frames or 1
    )
    match, bad = "", tuple[Input, ...]()
    if asked.recipe:
        text = shipped_recipe(asked.recipe, asked.family)
    elif asked.family == "n2v":
        text = recipe_text(_as(wanted, "noisy", Strengths()))
    elif asked.paired:
        text = recipe_text(_as(wanted, "pairs", Strengths(scale=asked.scale or 1)))
    elif asked.like:
        bad = inputs_of(asked.like, voice)
        match = fitted(MatchSpec(good=good, bad=bad, scale=asked.scale or 0, seed=asked.seed), paths, voice)
        found = with_values(Strengths, tuple(json.loads(match)["strengths"].items()))
        text = recipe_text(_as(wanted, "made bad", found))
    else:
        text = shipped_recipe(OWN_IMAGES, asked.family)
        for table, key, value in _network_lines(asked.scale or 1, asked.frames or 1):
            text = with_line(text, table, key, value)
    if model.id:
        text = with_line(with_line(text, "about", "id", model.id), "about", "name", model.name)
    if asked.steps:
        text = with_line(text, "schedule", "steps", asked.steps)
    return Made(text, match, bad)


def _as(wanted: Wanted, way: Way, strengths: Strengths) -> Wanted:
    return replace(wanted, way=way, strengths=strengths)


def _network_lines(scale: int, frames: int) -> list[tuple[str, str, object]]:
    lines: list[tuple[str, str, object]] = []
    if scale > 1:
        lines += [
            ("network", "scale", scale),
            ("network", "shrink", SHRINK[scale]),
            ("crops", "size", CROP[scale]),
        ]
    return [*lines, ("network", "frames", frames)] if frames > 1 else lines


def inputs_of(names: list[str], voice: Voice) -> tuple[Input, ...]:
    """Return the images that files and folders on the command line mean.

    Raises
    ------
    app.images.errors.ImageError
        If there are none.
    """
    files, failures = images_in([Path(name) for name in names])
    if not files:
        raise failures[0]
    for failure in failures:
        voice.warn(failure)
    return tuple(Input(str(file)) for file in files)


def fitted(spec: MatchSpec, paths: Paths, voice: Voice) -> str:
    """Return what fitting the making-bad to real bad images finds, as JSON.

    Raises
    ------
    NotDone
        If it failed.
    KeyboardInterrupt
        If it was stopped: nothing is there yet that could go on.
    """
    last = run_job(spec, paths, voice.hear)
    if not isinstance(last, events.Finished):
        raise KeyboardInterrupt
    report = json.loads(last.report)
    report.pop("files", None)  # they go with the worker
    for remark in report.get("remarks", ()):
        voice.tell(remark)
    return json.dumps(report)


def shipped_recipe(name: str, family: str) -> str:
    """Return the text of the recipe `name`, a file or one that comes with the program, for `family`.

    Raises
    ------
    NoSuchRecipe
    """
    text = read_recipe(name)
    made_for = tomllib.loads(text).get("family")
    if made_for != family:
        raise NoSuchRecipe(
            _("The recipe {name} trains {made_for}, not {family}.").format(
                name=name, made_for=made_for, family=family
            ),
            hint=_("Name the family that the recipe is for."),
            recipe=name,
        )
    return text


def with_line(text: str, table: str, key: str, value: object) -> str:
    """Return the TOML document `text` with ``key = value`` in its part `table`, made if it is not there."""
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    header = re.search(rf"(?m)^\[{table}\][^\n]*\n?", text)
    if header is None:
        return f"{text.rstrip()}\n\n[{table}]\n{line}\n"
    after = re.search(r"(?m)^\[", text[header.end() :])
    end = header.end() + after.start() if after else len(text)
    part, count = re.subn(rf"(?m)^{key}\s*=[^\n]*$", lambda _found: line, text[header.end() : end], count=1)
    if not count:
        part = f"{line}\n{part}"
    return text[: header.end()] + part + text[end:]
