import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.events import ItemFailed, Progress, Remark
from app.engine.job import Job
from app.engine.specs import CheckSpec, CrappifySpec, Input, RestoreSpec
from app.ui.jobs.actions import actions_for
from app.ui.jobs.pace import Live, Pace
from app.ui.jobs.words import clock, duration, remarks_of, sign_of, title_of

NOON = time.mktime((2026, 11, 21, 12, 0, 0, 0, 0, -1))


def planes(done, total=40, item=-1):
    return Progress(1, done, total, "plane", item)


def pace_of(*steps, total=40):
    first, *rest = steps
    pace = Pace.begin(planes(first[1], total), first[0])
    for now, done in rest:
        pace = pace.on(planes(done, total), now)
    return pace


def test_the_time_left_is_told_from_the_third_unit_on():
    early = pace_of((NOON, 0), (NOON + 4, 1))
    assert early.sentence(NOON + 4) == "plane 2 of 40"
    later = early.on(planes(2), NOON + 8)
    assert later.sentence(NOON + 8) == "plane 3 of 40, 4 s each, done about 12:02"


def test_what_was_done_before_a_resume_does_not_make_the_promise_rosier():
    pace = pace_of((NOON, 30), (NOON + 20, 32))
    assert pace.seconds_each == 10
    assert pace.done_at == NOON + 100


def test_an_end_that_is_near_is_told_in_seconds():
    assert pace_of((NOON, 0), (NOON + 8, 2), total=4).sentence(NOON + 8) == (
        "plane 3 of 4, 4 s each, done in about 8 s"
    )


def test_units_faster_than_a_second_are_not_timed_one_by_one():
    assert "each" not in pace_of((NOON, 0), (NOON + 1, 20)).sentence(NOON + 1)


@given(st.lists(st.floats(0, 40), min_size=1, max_size=20), st.floats(0.1, 100))
def test_the_share_stays_between_nothing_and_all(steps, seconds):
    pace = pace_of(*((NOON + place * seconds, done) for place, done in enumerate(sorted(steps))))
    assert 0 <= pace.share <= 1


def test_a_batch_names_the_image_it_is_at():
    live = Live()
    live.finished.add(0)
    for step in range(3):
        live.note(planes(step, 4, item=1), NOON + step)
    assert live.sentence(5, NOON + 2).startswith("image 2 of 5, plane 3 of 4")
    assert live.share(5) == pytest.approx((1 + 2 / 4) / 5)


def test_a_job_that_has_not_counted_yet_says_its_stage():
    assert Live(stage="Loading the model").sentence(1, NOON) == "Loading the model"
    assert Live().sentence(1, NOON) == "Preparing"
    assert Live().share(1) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "less than 1 s"),
        (4, "4 s"),
        (180, "3 min"),
        (4800, "1 h 20 min"),
        (7200, "2 h"),
        (40000, "11 h"),
    ],
)
def test_durations_are_told_as_people_tell_them(seconds, words):
    assert duration(seconds) == words


def test_a_time_of_another_day_names_the_day():
    assert clock(NOON, now=NOON) == "12:00"
    assert clock(NOON + 86400, now=NOON).endswith(" 12:00")
    assert clock(NOON + 86400, now=NOON) != "12:00"


def job(state, **values):
    spec = values.pop("spec", RestoreSpec((Input("/a/one.tif"),), "m"))
    return Job(1, "restore", state, spec, created=NOON, **values)


def test_a_job_is_named_after_its_image_or_their_number():
    assert title_of(job("waiting")) == "Restore one.tif"
    two = RestoreSpec((Input("/a/one.tif"), Input("/a/two.tif")), "m")
    assert title_of(job("waiting", spec=two)) == "Restore 2 images"
    assert title_of(job("waiting", spec=CheckSpec())) == "Check this computer"
    bad = CrappifySpec((Input("/data/one.tif"),), "")
    assert title_of(job("waiting", spec=bad)) == "Make one.tif bad"
    assert title_of(job("waiting", spec=replace(bad, inputs=bad.inputs * 3))) == "Make 3 images bad"


def test_a_finished_job_with_remarks_looks_different():
    remark = Remark(1, "x", "Half precision was used.")
    assert sign_of(job("finished")).word == "Finished"
    assert sign_of(job("finished", remarks=(remark,))).word == "Finished with remarks"


def test_errors_come_before_failures_and_remarks():
    failure = ItemFailed(1, 0, "/a", "x", "It ends too early.", "Copy it again.")
    told = list(
        remarks_of(job("failed", error="Disk full.", failures=(failure,), remarks=(Remark(1, "x", "Slow."),)))
    )
    assert told == ["Disk full.", "It ends too early. Copy it again.", "Slow."]


@pytest.mark.parametrize(
    ("state", "keys"),
    [
        ("waiting", {"cancel", "log"}),
        ("running", {"pause", "cancel", "log"}),
        ("interrupted", {"resume", "cancel", "repeat", "log", "discard"}),
        ("failed", {"retry", "repeat", "log", "remove"}),
        ("finished", {"repeat", "log", "remove"}),
    ],
)
def test_each_state_offers_what_makes_sense(state, keys):
    assert {action.key for action in actions_for(job(state))} == keys


def test_a_result_can_be_shown():
    keys = {action.key for action in actions_for(job("finished", outputs=("/a/one_restored.ome.tif",)))}
    assert {"open", "folder"} <= keys
