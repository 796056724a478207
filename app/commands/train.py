"""``micrographia train``: a model from a folder of good images."""

import argparse
import tomllib
from pathlib import Path

from app.commands.recipes import NoSuchRecipe, read_recipe
from app.commands.run import absolute, run_job
from app.commands.voice import DONE, STOPPED, Voice
from app.engine import events
from app.engine.specs import TrainSpec
from app.images.folders import images_in
from app.paths import Paths
from app.settings import load_settings
from app.text import _


def train_model(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Train by a recipe; the result is a model folder."""
    files, failures = images_in([Path(asked.good_dir)])
    if not files:
        raise failures[0]
    for failure in failures:  # a folder somewhere in it
        voice.warn(failure)
    spec = TrainSpec(
        good_dir=absolute(asked.good_dir),
        recipe=_recipe(asked.recipe, asked.family),
        output_dir=absolute(asked.output),
        device=asked.device or load_settings(paths).device,
        seed=asked.seed,
    )
    last = run_job(spec, paths, voice.hear)
    is_stopped = isinstance(last, events.Stopped)
    if is_stopped:
        text = _("Stopped. The same command goes on from the last checkpoint in {folder}.")
    else:
        text = _("The model is in {folder}. To restore with it: micrographia models add {folder}")
    voice.result({"output": spec.output_dir, "stopped": is_stopped}, text.format(folder=spec.output_dir))
    return STOPPED if is_stopped else DONE


def _recipe(name: str, family: str) -> str:
    """Return the text of the recipe `name`, which must be one for `family`."""
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
