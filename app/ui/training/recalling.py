"""From a job back to its plan, so that a training of an earlier session shows what it is; no Qt."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.engine.specs import Input, TrainSpec
from app.ui.training import choices
from app.ui.training.match_report import matched_of
from app.ui.training.plan import MINUTES, Chosen, Plan, Role, Way
from models.training.samples import samples_of
from models.training.strengths import Matched, Strengths


def plan_of(spec: TrainSpec) -> Plan:
    """Return the plan that `spec` was made from, but for warnings that were answered."""
    about, network, family = _parts(spec.recipe)
    matched = _matched(spec.match)
    plan = Plan(
        good=_good(spec),
        bad=_paths(spec.bad),
        paired=tuple(dict.fromkeys(_paths(spec.paired))),
        way=_way(spec, family),
        strengths=Strengths() if matched is None else matched.strengths,
        is_matched=matched is not None,
        matched=matched,
        frames=int(network.get("frames", 1)),
        length=min(MINUTES, key=lambda length: abs(MINUTES[length] - spec.minutes)),
        name=str(about.get("name", "")),
    )
    by_program = choices.give_back(plan)
    return by_program if _roles(by_program) == _roles(plan) else plan


def _roles(plan: Plan) -> tuple[Role, ...]:
    return tuple(one.role for one in plan.good)


def _good(spec: TrainSpec) -> tuple[Chosen, ...]:
    inputs = (*spec.learn, *spec.tune, *spec.test)
    names = spec.samples or tuple(samples_of([one.path for one in inputs]).values())
    samples = dict(zip((one.path for one in inputs), names, strict=False))
    by_path: dict[str, Role] = {}
    parts: tuple[tuple[Role, tuple[Input, ...]], ...] = (
        ("learn", spec.learn), ("tune", spec.tune), ("test", spec.test)
    )  # fmt: skip
    for role, some in parts:
        by_path |= dict.fromkeys((one.path for one in some), role)  # a single one set aside is to test
    return tuple(Chosen(Path(path), samples[path], role, is_by_hand=True) for path, role in by_path.items())


def _way(spec: TrainSpec, family: str) -> Way:
    if family == "n2v":
        return "noisy"
    if spec.paired or spec.paired_dir:
        return "pairs"
    return "bad image" if spec.bad else "sliders"


def _matched(text: str) -> Matched | None:
    try:
        return matched_of(json.loads(text)) if text else None
    except ValueError:  # of another version of the program
        return None


def _parts(recipe: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    try:
        table = tomllib.loads(recipe)
    except tomllib.TOMLDecodeError:
        return {}, {}, ""
    return table.get("about", {}), table.get("network", {}), str(table.get("family", ""))


def _paths(inputs: Sequence[Input]) -> tuple[Path, ...]:
    return tuple(Path(one.path) for one in inputs)
