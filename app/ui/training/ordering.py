"""From the plan to a job: the recipe, the folder, the images; for a thread, no Qt."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from app.engine.specs import Input, TrainSpec
from app.images.remembered import RememberedReadings
from app.paths import Paths
from app.ui.training.plan import MINUTES, Chosen, Plan, Way
from models.source import Reading
from models.training import recipe_text

LONGEST_ID = 48
WAYS: dict[Way, recipe_text.Way] = {
    "bad image": "made bad",
    "sliders": "made bad",
    "pairs": "pairs",
    "noisy": "noisy",
}


def slug(name: str) -> str:
    """Return an id for a model called `name`: small letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_ID].strip("-") or "my-model"


def free_folder(paths: Paths, name: str) -> Path:
    """Return a folder for the training that does not exist yet."""
    parent = paths.data / "trainings"
    first = parent / slug(name)
    number = 2
    folder = first
    while folder.exists():
        folder = parent / f"{first.name}-{number}"
        number += 1
    return folder


def order(plan: Plan, paths: Paths, name: str, device: str) -> TrainSpec:
    """Return the job that trains by a plan; makes its folder.

    Raises
    ------
    OSError
        If the folder cannot be made there.
    """
    folder = free_folder(paths, name)
    folder.mkdir(parents=True)
    readings = RememberedReadings(paths.data)

    def inputs(some: Sequence[Path]) -> tuple[Input, ...]:
        return tuple(Input(str(path), reading=readings.find(path) or Reading()) for path in some)

    def of(some: tuple[Chosen, ...]) -> tuple[Input, ...]:
        return inputs([one.path for one in some])

    parts = (*plan.of("learn"), *plan.choosing, *plan.of("test"))
    partners = {one.path: bad for one, bad in plan.partners}
    return TrainSpec(
        good_dir=str(shared_folder([one.path for one in plan.used])),
        recipe=recipe_text.recipe_text(_wanted(plan, folder.name, name)),
        output_dir=str(folder),
        device=device,
        learn=of(plan.of("learn")),
        tune=of(plan.choosing),
        test=of(plan.of("test")),
        bad=inputs(plan.bad) if plan.way == "bad image" else (),
        paired=inputs([partners[one.path] for one in parts]) if plan.way == "pairs" else (),
        samples=tuple(one.sample for one in parts),
        minutes=MINUTES[plan.length],
        match=json.dumps(asdict(plan.matched)) if plan.matched is not None else "",
    )


def shared_folder(paths: Sequence[Path]) -> Path:
    """Return the deepest folder in which all images lie."""
    try:
        return Path(os.path.commonpath([path.parent for path in paths]))
    except ValueError:  # they lie on several drives
        return paths[0].parent


def _wanted(plan: Plan, model: str, name: str) -> recipe_text.Wanted:
    sizes = [seen.pixel_size_um for path in _bad_side(plan) if (seen := plan.about(path)) is not None]
    known = [size for size in sizes if size]
    return recipe_text.Wanted(
        id=model,
        name=name,
        way=WAYS[plan.way],
        strengths=plan.strengths,
        frames=plan.frames,
        pixel_size_um=known[0] if known else None,
        is_quick=plan.length == "quick",
    )


def _bad_side(plan: Plan) -> tuple[Path, ...]:
    """The images that say what pixels the model will be given."""
    good = tuple(one.path for one in plan.used)
    by_way = {"bad image": plan.bad, "pairs": (), "sliders": good if plan.strengths.scale == 1 else ()}
    return by_way.get(plan.way, good)
