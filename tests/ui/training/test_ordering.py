"""From the plan to a job, and back."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.paths import find_paths
from app.ui.training import choices
from app.ui.training.ordering import order, shared_folder
from app.ui.training.plan import Plan
from app.ui.training.recalling import plan_of


@pytest.fixture
def pairs(images):
    return replace(choices.take_way(choices.add_good(Plan(), images[:3]), "pairs"), paired=tuple(images[3:]))


def bad_of(spec):
    """The bad image of each good one, as a job names them."""
    good = (*spec.learn, *spec.tune, *spec.test)
    return {Path(one.path): Path(bad.path) for one, bad in zip(good, spec.paired, strict=True)}


def test_pairs_by_order_are_named_one_by_one(pairs, images):
    spec = order(pairs, find_paths(), "Pairs", "auto")
    assert bad_of(spec) == dict(zip(images[:3], images[3:], strict=True))
    assert "[[degrade]]" not in spec.recipe


def test_pairs_of_the_same_name_in_several_folders_are_kept_apart(images, tmp_path):
    good, bad = ([tmp_path / side / day / "field.tif" for day in "abc"] for side in ("good", "bad"))
    for path in (*good, *bad):
        path.parent.mkdir(parents=True)
        path.write_bytes(images[0].read_bytes())
    plan = replace(choices.take_way(choices.add_good(Plan(), good), "pairs"), paired=tuple(bad))
    assert plan.is_ready
    assert bad_of(order(plan, find_paths(), "Pairs", "auto")) == dict(zip(good, bad, strict=True))


def test_a_job_gives_its_plan_back(pairs, images):
    plan = choices.rename_sample(pairs, pairs.good[0].sample, "mine")
    plan = replace(plan, length="quick", name="Pairs")
    again = plan_of(order(plan, find_paths(), "Pairs", "auto"))
    assert set(again.good) == set(plan.good)
    assert dict(again.partners) == dict(plan.partners)
    assert replace(again, good=plan.good, paired=plan.paired) == plan


def test_a_choice_by_hand_is_given_back_too(images):
    plan = choices.give_role(choices.add_good(Plan(), images), images[:1], "test")
    plan = replace(choices.set_bad(plan, images[:1]), name="Dim")
    again = plan_of(order(plan, find_paths(), "Dim", "auto"))
    assert {one.path: one.role for one in again.good} == {one.path: one.role for one in plan.good}
    assert (again.bad, again.way, again.name) == (plan.bad, "bad image", "Dim")


def test_movies_ask_for_frames(pairs, images):
    plan = replace(choices.take_way(pairs, "sliders"), frames=5, length="quick")
    spec = order(plan, find_paths(), "Movie", "cpu")
    assert "frames = 5" in spec.recipe
    assert (spec.minutes, spec.device, spec.bad) == (2.0, "cpu", ())


def test_the_shared_folder_is_the_deepest(tmp_path):
    assert shared_folder([tmp_path / "a" / "1.tif", tmp_path / "b" / "c" / "2.tif"]) == tmp_path
