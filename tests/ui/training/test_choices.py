"""What follows from a choice of images: samples, what is set aside, what is doubtful."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.ui.training import choices, words
from app.ui.training.doubts import doubts_about
from app.ui.training.plan import Plan, Seen
from models.training.strengths import Matched, Strengths

TEN = [Path(f"/pictures/slide_{slide}_field{field}.tif") for slide in "abc" for field in range(1, 5)][:10]


@pytest.fixture
def plan():
    return choices.add_good(Plan(), TEN)


def seen(path, **values):
    blank = Seen(path, shape=(1, 1, 1, 512, 512), dtype="uint16", pixel_size_um=0.1, sharpness=0.3)
    return replace(blank, **values)


def test_some_images_are_set_aside_at_once(plan):
    assert plan.can_learn
    assert len(plan.used) == 10
    assert {one.sample for one in plan.of("test")}.isdisjoint({one.sample for one in plan.of("learn")})


def test_the_summary_names_the_sample_that_tests(plan):
    sample = plan.of("test")[0].sample
    assert f"{len(plan.of('learn'))} to learn" in words.summary(plan)
    assert f"from {sample} to test" in words.summary(plan)


def test_adding_an_image_twice_changes_nothing(plan):
    assert choices.add_good(plan, TEN[:3]) == plan


def test_setting_none_aside_is_not_possible_and_says_why(plan):
    some = [one.path for one in plan.of("test", "tune")]
    assert choices.give_role(plan, some, "learn").can_learn  # others take their place
    assert choices.why_not(plan, [one.path for one in plan.good], "learn") == "test"
    assert "set aside" in words.WHY_NOT["test"]


def test_something_must_be_left_to_learn_from(plan):
    assert choices.why_not(plan, [one.path for one in plan.good], "test") == "learn"


def test_a_role_given_by_hand_stays_when_images_are_added(plan):
    chosen = plan.of("learn")[0].path
    plan = choices.give_role(plan, [chosen], "test")
    plan = choices.add_good(plan, [Path("/pictures/slide_d_field1.tif")])
    assert next(one for one in plan.good if one.path == chosen).role == "test"
    again = choices.give_back(plan)
    assert not any(one.is_by_hand for one in again.good)


def test_leaving_the_test_images_out_sets_others_aside(plan):
    plan = choices.leave_out(plan, [one.path for one in plan.of("test")])
    assert plan.can_learn
    assert len(plan.of("left out")) >= 1


def test_two_samples_become_one_by_the_same_name(plan):
    first, second, *_others = plan.samples
    plan = choices.rename_sample(plan, second, first)
    assert second not in plan.samples
    assert plan.can_learn


def test_a_file_that_cannot_be_used_is_left_out(plan):
    plan = choices.learn_of(plan, [seen(TEN[0], error="This file is empty.")])
    assert plan.good[0].role == "left out"
    assert plan.can_learn


def test_a_fit_holds_no_longer_once_images_change(plan):
    fitted = replace(plan, is_matched=True, matched=Matched(Strengths(), ()))
    assert not choices.set_bad(fitted, [Path("/bad.tif")]).is_matched
    assert not choices.leave_out(fitted, TEN[:1]).is_matched
    assert choices.keep_warning(fitted, None, "few").is_matched


@pytest.mark.parametrize(
    ("found", "words_of_it"),
    [
        ({"saturated": 0.03}, "3 % of its pixels are saturated"),
        ({"is_out_of_focus": True}, "less sharp"),
        ({"same_as": TEN[1]}, "same field"),
        ({"pixel_size_um": 0.2}, "200\u202fnm"),
        ({"nan": 0.02}, "no numbers"),
        ({"is_constant": True}, "same everywhere"),
        ({"is_rgb": True}, "colour"),
        ({"shape": (1, 1, 1, 90, 96)}, "96 × 90"),
    ],
)
def test_what_is_doubtful_about_an_image_is_told_until_it_is_kept(plan, found, words_of_it):
    plan = choices.learn_of(plan, [seen(path) for path in TEN[1:]] + [seen(TEN[0], **found)])
    (doubt,) = doubts_about(plan)
    assert words_of_it in doubt.sentence
    assert doubt.path == TEN[0]
    assert doubts_about(choices.keep_warning(plan, doubt.path, doubt.key)) == ()
    assert doubts_about(choices.leave_out(plan, [TEN[0]])) == ()


def test_four_images_of_one_sample_in_two_bit_depths_are_told():
    few = choices.add_good(Plan(), [Path(f"/p/a_{n}.tif") for n in range(4)])
    depths = ("uint8", "uint16", "uint8", "uint16")
    found = [seen(one.path, dtype=depth) for one, depth in zip(few.good, depths, strict=True)]
    few = choices.learn_of(few, found)
    assert [doubt.key for doubt in doubts_about(few)] == ["few", "depth"]
    many = choices.add_good(Plan(), [Path(f"/p/a_{n}.tif") for n in range(6)])
    assert [doubt.key for doubt in doubts_about(many)] == ["one sample"]


def test_a_sample_on_both_sides_is_told(plan):
    assert doubts_about(plan) == ()
    both = choices.give_role(plan, [plan.of("learn")[0].path], "test")
    assert [doubt.key for doubt in doubts_about(both)] == ["shared sample"]


def test_pairs_go_by_name_and_else_by_order(plan):
    named = replace(plan, way="pairs", paired=tuple(Path("/low") / path.name for path in reversed(TEN)))
    assert all(one.path.name == bad.name for one, bad in named.partners)
    other = tuple(Path(f"/low/{n}.tif") for n in range(10))
    assert [bad for _one, bad in replace(plan, paired=other).partners] == list(other)
    assert replace(plan, paired=other[:3]).partners == ()


def test_how_far_a_pair_lies_apart_stays_known_when_its_good_image_is_looked_at_by_itself():
    image = Path("/a/slide.tif")
    plan = choices.learn_of(choices.add_good(Plan(), [image]), [Seen(image, shift_px=(0.2, 0.1))])
    seen = choices.learn_of(plan, [Seen(image, sharpness=0.5)]).about(image)
    assert (seen.shift_px, seen.sharpness) == ((0.2, 0.1), 0.5)
    assert choices.learn_of(plan, [Seen(image, shift_px=(2.0, 0.0))]).about(image).shift_px == (2.0, 0.0)
