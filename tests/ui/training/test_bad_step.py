"""The second step: four ways to say how bad the images are."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.engine.events import Stopped
from app.ui.training import choices
from app.ui.training.panel import TrainPanel
from app.ui.training.plan import Plan, Seen
from app.ui.training.surveyor import Surveyor
from models.training.strengths import Matched, Strengths


@pytest.fixture
def room(services, show, qtbot):
    panel = show(TrainPanel(services))
    panel.go("bad")
    qtbot.waitUntil(lambda: panel.pages["bad"].content is not None)
    return panel


@pytest.fixture
def step(room):
    return room.pages["bad"].content


def test_bad_images_are_added_looked_at_and_removed(room, step, services, images, answer, qtbot):
    room.take("bad", images[:2])
    qtbot.waitUntil(lambda: len(room.plan.bad) == 2)
    qtbot.waitUntil(lambda: len(services.engine.previews) == 1)
    assert services.engine.previews[-1][1].role == "bad"
    answer()
    qtbot.waitUntil(lambda: len(step.surveyor.pictures) == 2)
    assert "2 images" in room.buttons["bad"].text()
    step.view.setCurrentIndex(step.model.index(0, 0))
    step.view.role_wished.emit([room.plan.bad[0]], "left out")
    assert len(room.plan.bad) == 1


def test_a_bad_image_that_cannot_be_read_is_left_out_and_said(room, step, services, images, answer, qtbot):
    room.take("bad", images[:2])
    qtbot.waitUntil(lambda: len(services.engine.previews) == 1)
    answer(slidea_field0={"error": "This file is empty."})
    qtbot.waitUntil(lambda: len(room.plan.bad) == 1)
    assert "This file is empty." in step.told.text()


def test_sliders_say_it_in_photons(room, step):
    step.ways.picked.emit("sliders")
    assert room.plan.way == "sliders"
    step.by_hand.light.number.setValue(20)
    assert room.plan.strengths.high / room.plan.strengths.gain == pytest.approx(20)
    step.by_hand.specks.number.setValue(2)
    assert room.plan.strengths.salt + room.plan.strengths.pepper == pytest.approx(0.02)
    step.by_hand.pixels.setCurrentIndex(2)
    step.by_hand.pixels.activated.emit(2)
    assert room.plan.strengths.scale == 4
    assert room.plan.is_matched
    assert "set by hand" in room.buttons["match"].text()


def test_a_fit_is_shown_by_the_sliders_and_stays_a_fit(room, step):
    fitted = Strengths(low=40, high=200, gain=2.5, offset=41, read_noise=6, blur_px=1.4, salt=0.002)
    plan = replace(room.plan, strengths=fitted, matched=Matched(fitted, ()), is_matched=True)
    room.set_plan(plan)
    assert room.plan == plan
    assert step.by_hand.light.read() == 64


def test_pairs_show_their_shift_and_warn_above_a_pixel(room, step, services, images, answer, qtbot):
    room.set_plan(choices.take_way(choices.add_good(room.plan, images[:3]), "pairs"))
    room.take("bad", images[3:])
    qtbot.waitUntil(lambda: len(services.engine.previews) == 1)
    spec = services.engine.previews[-1][1]
    assert [Path(one.path) for one in spec.partners] == images[3:]
    answer(slidea_field0={"shift_px": [0.2, 0.1]}, slidea_field1={"shift_px": [2.0, -1.0]})
    qtbot.waitUntil(lambda: step.table.rowCount() == 3 and step.table.item(1, 2).text() == "2.2 px")
    assert "1 pair lies more than 1 px apart" in step.registration.text()
    assert step.table.item(0, 2).text() == "0.2 px"
    assert "3 pairs" in room.buttons["bad"].text()


def test_a_pair_with_nothing_in_common_is_told_instead_of_a_shift(
    room, step, services, images, answer, qtbot
):
    room.set_plan(choices.take_way(choices.add_good(room.plan, images[:3]), "pairs"))
    room.take("bad", images[3:])
    qtbot.waitUntil(lambda: len(services.engine.previews) == 1)
    answer(slidea_field0={"is_pair": False}, slidea_field1={"shift_px": [0.2, 0.1]})
    qtbot.waitUntil(
        lambda: step.table.rowCount() == 3 and step.table.item(0, 2).text() == "nothing in common"
    )
    assert "The training leaves it out." in step.registration.text()


def test_images_that_do_not_pair_up_are_told(room, step, images, qtbot):
    room.set_plan(choices.take_way(choices.add_good(room.plan, images[:3]), "pairs"))
    room.take("bad", images[3:5])
    qtbot.waitUntil(lambda: "do not pair up" in step.registration.text())
    assert not room.plan.is_ready


def test_looking_at_images_that_was_pushed_aside_waits_until_the_other_is_over(
    step, services, images, answer, qtbot
):
    one, other = Surveyor(services, step), Surveyor(services, step)
    asked = services.engine.previews
    one.want(images)
    qtbot.waitUntil(lambda: len(asked) == 1)
    other.want(images[:2], role="bad")
    qtbot.waitUntil(lambda: len(asked) == 2)
    services.engine.say(Stopped(asked[0][0]))
    qtbot.waitUntil(lambda: one._is_aside)
    assert not one._timer.isActive()
    answer()
    qtbot.waitUntil(lambda: len(asked) == 3)
    assert len(asked[2][1].inputs) == len(images)
    with qtbot.waitSignal(one.found):
        answer()


def test_without_good_images_the_first_step_asks_for_noisy_ones(room, step, qtbot):
    step.ways.picked.emit("noisy")
    room.go("good")
    qtbot.waitUntil(lambda: room.pages["good"].content is not None)
    assert "Noisy" in room.pages["good"].content.title.text()
    assert [zone.title for zone in room.zones()] == ["Add to the noisy images"]


def test_neighbouring_frames_are_offered_for_movies_only(room, step, images):
    plan = choices.add_good(room.plan, images)
    assert not step.movies.isVisible()
    movie = tuple(Seen(path, shape=(20, 1, 1, 64, 64)) for path in images)
    room.set_plan(replace(plan, seen=movie))
    assert step.movies.isVisible()
    step.movies.click()
    assert room.plan.frames == 5


def test_another_way_keeps_the_images(room, step, images):
    room.set_plan(choices.set_bad(Plan(), images[:1]))
    step.ways.picked.emit("sliders")
    step.ways.picked.emit("bad image")
    assert len(room.plan.bad) == 1
