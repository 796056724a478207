"""What a person may change about the images of a training, and what follows from it; no Qt.

Every function returns another plan. Images are set aside anew after each change, but those that the person
placed by hand stay where they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from app.ui.training.plan import LEAST, Chosen, Plan, Role, Seen, Way

PARTS: tuple[Role, ...] = ("test", "learn")  # which must never be empty


def add_good(plan: Plan, paths: Iterable[Path]) -> Plan:
    """Return the plan with more good images, grouped by sample and with some set aside."""
    known = {one.path for one in plan.good}
    new = tuple(Chosen(path, "") for path in dict.fromkeys(paths) if path not in known)
    if not new:
        return plan
    return set_aside(_unfitted(replace(plan, good=plan.good + _with_samples(plan.good, new))))


def remove_good(plan: Plan, paths: Iterable[Path]) -> Plan:
    """Return the plan without these good images."""
    gone = set(paths)
    return set_aside(_unfitted(replace(plan, good=tuple(one for one in plan.good if one.path not in gone))))


def leave_out(plan: Plan, paths: Iterable[Path]) -> Plan:
    """Return the plan with these images left out; others take their place where they were set aside."""
    return give_role(plan, paths, "left out")


def give_role(plan: Plan, paths: Iterable[Path], role: Role) -> Plan:
    """Return the plan with the role of these images changed by hand; what the others are for follows."""
    wanted = set(paths)
    good = tuple(replace(one, role=role, is_by_hand=True) if one.path in wanted else one for one in plan.good)
    return set_aside(_unfitted(replace(plan, good=good)))


def give_back(plan: Plan) -> Plan:
    """Return the plan with every role chosen by the program again, but for what is left out."""
    good = tuple(
        one if one.role == "left out" else replace(one, role="learn", is_by_hand=False) for one in plan.good
    )
    return set_aside(replace(plan, good=good))


def give_sample(plan: Plan, paths: Iterable[Path], sample: str) -> Plan:
    """Return the plan with these images counted to another sample."""
    wanted, name = set(paths), sample.strip()
    if not name:
        return plan
    good = tuple(replace(one, sample=name) if one.path in wanted else one for one in plan.good)
    return set_aside(replace(plan, good=good))


def rename_sample(plan: Plan, before: str, after: str) -> Plan:
    """Return the plan with a sample renamed; under the name of another one both become one."""
    return give_sample(plan, [one.path for one in plan.good if one.sample == before], after)


def keep_warning(plan: Plan, path: Path | None, warning: str) -> Plan:
    """Return the plan with a warning answered: the image, or all of them, is used all the same."""
    if path is None:
        return replace(plan, kept=plan.kept | {warning})
    good = tuple(replace(one, kept=one.kept | {warning}) if one.path == path else one for one in plan.good)
    return replace(plan, good=good)


def set_bad(plan: Plan, paths: Iterable[Path]) -> Plan:
    """Return the plan with these bad images; a fit to others holds no longer."""
    return _unfitted(replace(plan, bad=tuple(dict.fromkeys(paths))))


def take_way(plan: Plan, way: Way) -> Plan:
    """Return the plan with another way of making bad."""
    return plan if way == plan.way else _unfitted(replace(plan, way=way))


def learn_of(plan: Plan, seen: Iterable[Seen]) -> Plan:
    """Return the plan with what looking at images found; what cannot be used at all is left out.

    How far a pair lies apart stays known when its good image is looked at by itself.
    """
    found = {one.path: one for one in plan.seen}
    for one in seen:
        known = found.get(one.path, one)
        is_new = one.shift_px is not None or not one.is_pair
        compared = one if is_new else known
        found[one.path] = replace(one, shift_px=compared.shift_px, is_pair=compared.is_pair)
    used = {one.path for one in plan.good} | set(plan.bad) | set(plan.paired)
    unusable = {path for path, one in found.items() if one.error}
    good = tuple(
        replace(one, role="left out", is_by_hand=True) if one.path in unusable else one for one in plan.good
    )
    plan = replace(plan, seen=tuple(one for path, one in found.items() if path in used), good=good)
    return set_aside(plan)


def why_not(plan: Plan, paths: Iterable[Path], role: Role) -> str:
    """Return which part would stay empty if these images got that role: a key of `words.WHY_NOT`, or ""."""
    after = give_role(plan, paths, role)
    if after.can_learn or not plan.can_learn:
        return ""
    return next((part for part in PARTS if not after.of(part)), "")


def set_aside(plan: Plan) -> Plan:
    """Return the plan with the images that the person did not place put where they belong.

    Whole samples are set aside where there are enough of them; at least one image is kept for the verdict.
    """
    from models.training.samples import split

    used = plan.used
    if len(used) < LEAST:
        return plan
    parts = split([one.path for one in used], {one.path: one.sample for one in used})
    roles: dict[Path, Role] = dict.fromkeys(parts.tune, "tune")
    roles |= dict.fromkeys(parts.test, "test")
    roles |= dict.fromkeys(parts.learn, "learn")
    good = tuple(
        one if one.is_by_hand or one.path not in roles else replace(one, role=roles[one.path])
        for one in plan.good
    )
    return _filled(replace(plan, good=good))


def _filled(plan: Plan) -> Plan:
    """Give every part an image where the choices by hand left one empty, from the part that has most."""
    for part in PARTS:
        counts = Counter(one.role for one in plan.used)
        if counts[part] or not counts:
            continue
        largest, most = counts.most_common(1)[0]
        spare = [one for one in plan.of(largest) if not one.is_by_hand]
        if most < LEAST or not spare:
            continue
        chosen = replace(spare[-1], role=part)
        good = tuple(chosen if one.path == chosen.path else one for one in plan.good)
        plan = replace(plan, good=good)
    return plan


def _with_samples(known: tuple[Chosen, ...], new: tuple[Chosen, ...]) -> tuple[Chosen, ...]:
    """Return new images with the sample guessed from their names, seen among all names."""
    from models.training.samples import sample_of

    names = [one.path for one in (*known, *new)]
    return tuple(replace(one, sample=sample_of(one.path, names)) for one in new)


def _unfitted(plan: Plan) -> Plan:
    return replace(plan, is_matched=False, matched=None)
