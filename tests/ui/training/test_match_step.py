from dataclasses import asdict, replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.engine.events import Failed, Finished, Stage, Stopped
from app.engine.specs import Input, MatchSpec
from app.ui.training.match_step import MatchStep
from app.ui.training.plan import Chosen, Plan, Seen
from models.training.strengths import Strengths
from tests.ui.heartbeat import assert_no_gap
from tests.ui.training.reports import LINES, METERS, STRENGTHS, matched, write_report

PLAN = Plan(
    good=(Chosen(Path("/a/good.tif"), "A"), Chosen(Path("/a/kept.tif"), "B", "test")),
    bad=(Path("/a/bad.tif"),),
    seen=(
        Seen(Path("/a/good.tif"), pixel_size_um=0.06),
        Seen(Path("/a/bad.tif"), pixel_size_um=0.12),
    ),
)
SLIDERS = replace(PLAN, bad=(), way="sliders")


class Room:
    """Holds the plan as the Train room does."""

    def __init__(self, step, services):
        self.step, self.engine, self.plans = step, services.engine, []
        step.plan_wished.connect(self.take)

    def take(self, plan):
        self.plans.append(plan)
        self.step.show_plan(plan)

    @property
    def asked(self):
        return [spec for _number, spec in self.engine.previews]

    def answer(self, qtbot, report):
        number, _spec = self.engine.previews[-1]
        before = self.step._answer
        self.engine.say(Finished(number, (), report))
        qtbot.waitUntil(lambda: self.step._answer is not before, timeout=20000)


@pytest.fixture
def room(services, show):
    return Room(show(MatchStep(services), 1100, 650), services)


@pytest.fixture
def fitted(room, qtbot, tmp_path):
    """A step whose fit was answered."""
    room.step.show_plan(PLAN)
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    room.answer(qtbot, write_report(tmp_path / "fit"))
    return room


def said(widget):
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_it_asks_for_a_fit_of_the_images_to_learn_from(room, qtbot):
    room.step.show_plan(PLAN)
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    assert room.asked[0] == MatchSpec((Input("/a/good.tif"),), (Input("/a/bad.tif"),))


def test_a_step_that_is_not_seen_asks_for_nothing(room, qtbot):
    room.step.hide()
    room.step.show_plan(PLAN)
    assert room.step.matcher.wish is None
    room.step.show()
    qtbot.waitUntil(lambda: len(room.asked) == 1)


def test_it_says_what_is_going_on(room, qtbot):
    room.step.show_plan(PLAN)
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    room.engine.say(Stage(room.engine.previews[-1][0], "Fitting the noise"))
    qtbot.waitUntil(lambda: room.step.made.picture.sentence == "Fitting the noise…")
    assert room.step.busy.isVisible()


def test_three_pictures_lie_at_the_same_physical_zoom_and_contrast(fitted):
    step = fitted.step
    pictures = [exhibit.picture for exhibit in (step.bad, step.made, step.good)]
    assert [picture.slide.width for picture in pictures] == [128.0, 128.0, 128.0]
    assert [picture.slide.pixel for picture in pictures] == [2.0, 2.0, 1.0]
    assert len({picture.gaze for picture in pictures}) == 1
    assert all(picture.isVisible() and picture.bar() is not None for picture in pictures)


def test_a_bad_image_of_another_pixel_size_is_shown_at_its_true_size(room, qtbot, tmp_path):
    seen = (PLAN.seen[0], replace(PLAN.seen[1], pixel_size_um=0.15))
    room.step.show_plan(replace(PLAN, seen=seen))
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    room.answer(qtbot, write_report(tmp_path / "fit"))
    assert room.step.bad.picture.slide.pixel == pytest.approx(2.5)


def test_the_plan_is_told_what_was_fitted(fitted):
    plan = fitted.plans[-1]
    assert plan.is_matched
    assert plan.strengths == STRENGTHS
    assert plan.matched == matched()
    assert len(fitted.asked) == 1  # the plan that comes back asks for nothing


def test_the_programs_own_verdict_and_remarks_are_told(fitted):
    words = said(fitted.step)
    assert "right for 56 of 100 patches: it can hardly tell them apart." in words
    assert "The bad image has few dark parts." in words


def test_meters_show_measured_and_produced_or_why_they_are_assumed(fitted):
    views = fitted.step.meters.views
    assert [view.meter.name for view in views] == ["noise", "grain", "sharpness", "specks"]
    assert [len(view.bars) for view in views] == [3, 1, 1, 1]
    assert all(bar.is_measured for bar in views[0].bars)
    assert views[0].bars[0].accessibleName() == "real 12, made 12.4"
    assert views[0].bars[0].track.measured < views[0].bars[1].track.measured < 1
    assert not views[3].bars[0].is_measured
    assert views[3].reason.text() == "There are too few pixels to find specks."
    assert "real 1.7\u202fpx (102\u202fnm), made 1.8\u202fpx (108\u202fnm)" in said(views[2])
    fitted.step.grab()


def test_a_fifth_meter_tells_of_stripes_where_some_were_found(room, qtbot, tmp_path):
    room.step.show_plan(PLAN)
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    room.answer(qtbot, write_report(tmp_path / "fit", matched(meters=(*METERS, LINES))))
    qtbot.waitUntil(lambda: "Stripes" in said(room.step.meters.views[-1]))


def test_what_was_fitted_is_auto_until_it_is_changed(fitted, qtbot):
    left, right = fitted.step.form.forms["left"], fitted.step.form.forms["right"]
    assert left._marks["gain"].text() == "auto"
    assert right._marks["salt"].text() == "assumed"
    assert left._marks["gain"].isVisible()
    left.set_value("gain", 12.0)
    assert not left._marks["gain"].isVisible()
    assert left._marks["read_noise"].isVisible()
    assert fitted.plans[-1].strengths == replace(STRENGTHS, gain=12.0)
    assert fitted.plans[-1].matched == matched()


def test_changes_are_sent_once_they_rest_and_pictures_and_meters_follow(fitted, qtbot, tmp_path):
    form = fitted.step.form.forms["left"]
    for gain in (6.0, 8.0, 12.0):
        form.set_value("gain", gain)
    qtbot.waitUntil(lambda: len(fitted.asked) == 2)
    assert fitted.asked[1].strengths == tuple(asdict(replace(STRENGTHS, gain=12.0)).items())
    changed = matched(strengths=replace(STRENGTHS, gain=12.0), accuracy=0.93)
    fitted.answer(qtbot, write_report(tmp_path / "changed", changed))
    assert "93 of 100 patches" in said(fitted.step)
    assert "You can go on" in said(fitted.step)
    assert form.value("gain") == 12.0
    assert not form.is_auto("gain")
    assert fitted.plans[-1].matched == changed


def test_back_to_fit_restores_all_at_once(fitted, qtbot, tmp_path):
    form = fitted.step.form
    assert not form.back.isEnabled()
    form.forms["left"].set_value("gain", 12.0)
    form.forms["right"].set_value("blur_px", 4.0)
    qtbot.waitUntil(lambda: len(fitted.asked) == 2)
    fitted.answer(qtbot, write_report(tmp_path / "changed", matched(accuracy=0.93)))
    qtbot.mouseClick(form.back, Qt.MouseButton.LeftButton)
    assert "56 of 100" in said(fitted.step)
    assert fitted.plans[-1].strengths == STRENGTHS
    assert fitted.plans[-1].matched == matched()
    assert not form.back.isEnabled()
    assert fitted.step.matcher.wish is None


def test_moving_a_slider_changes_the_number_and_the_number_moves_the_slider(fitted, qtbot):
    editor = fitted.step.form.forms["left"]._editors["read_noise"].widget
    assert editor.number.suffix() == "\u202fgray levels"
    before = editor.slider.value()
    editor.slider.setFocus()
    qtbot.keyClick(editor.slider, Qt.Key.Key_PageUp)
    assert editor.slider.value() > before
    assert editor.number.value() > 9.5
    editor.number.setValue(0.0)
    assert editor.slider.value() == 0


def test_specks_are_set_in_percent(fitted):
    form = fitted.step.form.forms["right"]
    editor = form._editors["salt"].widget
    assert editor.number.text() == "0.040\u202f%"
    editor.number.setValue(1.0)
    assert fitted.step.form.strengths().salt == pytest.approx(0.01)


def test_without_a_bad_image_two_pictures_and_assumed_meters_are_shown(room, qtbot, tmp_path):
    room.step.show_plan(SLIDERS)
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    assert room.asked[0].bad == ()
    meters = tuple(
        replace(meter, measured=(), is_measured=False, reason="There is no bad image.") for meter in METERS
    )
    found = matched(accuracy=None, patches=0, meters=meters, remarks=())
    room.answer(qtbot, write_report(tmp_path / "fit", found, has_bad=False))
    step = room.step
    assert [exhibit.isVisible() for exhibit in (step.bad, step.made, step.good)] == [False, True, True]
    assert not step.test.isVisible()
    assert not step.verdict.isVisible()
    assert not any(view.bars[0].is_measured for view in step.meters.views)
    assert step.form.forms["left"]._marks["gain"].text() == "assumed"
    assert step.made.picture.bar() is not None
    step.grab()


@pytest.mark.parametrize(
    ("plan", "part"),
    [
        (Plan(), "Add good images in the first step"),
        (replace(PLAN, bad=()), "Add a bad image in the step before"),
        (replace(PLAN, way="pairs"), "your pairs show it"),
        (replace(PLAN, way="noisy"), "learns from the noise itself"),
    ],
)
def test_where_nothing_can_or_need_be_matched_it_says_so(room, plan, part):
    room.step.show_plan(plan)
    assert part in said(room.step)
    assert not room.step.stage.isVisible()
    assert room.step.matcher.wish is None


def test_other_images_are_matched_anew(fitted, qtbot):
    fitted.step.show_plan(replace(PLAN, bad=(Path("/a/other.tif"),)))
    assert not fitted.step.details.isVisible()
    qtbot.waitUntil(lambda: len(fitted.asked) == 2)
    assert fitted.asked[1].bad == (Input("/a/other.tif"),)


def test_an_answer_about_images_that_are_gone_is_not_shown(room, qtbot, tmp_path):
    room.step.show_plan(PLAN)
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    number = room.engine.previews[-1][0]
    room.step.show_plan(replace(PLAN, bad=(Path("/a/other.tif"),)))
    room.engine.say(Finished(number, (), write_report(tmp_path / "fit")))
    qtbot.waitUntil(lambda: len(room.asked) == 2)
    assert room.step._answer is None
    assert room.plans == []


def test_a_plan_that_was_matched_before_is_shown_as_it_was_left(room, qtbot, tmp_path):
    strengths = replace(STRENGTHS, gain=12.0)
    room.step.show_plan(replace(PLAN, strengths=strengths, is_matched=True))
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    assert dict(room.asked[0].strengths)["gain"] == 12.0


def test_strengths_set_by_hand_in_the_step_before_are_shown_and_followed(room, qtbot, tmp_path):
    by_hand = Strengths(high=50.0, gain=1.0, read_noise=1.5)
    room.step.show_plan(replace(SLIDERS, strengths=by_hand))
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    assert dict(room.asked[0].strengths)["high"] == 50.0
    found = matched(strengths=by_hand, accuracy=None, patches=0)
    room.answer(qtbot, write_report(tmp_path / "fit", found, has_bad=False))
    assert room.plans[-1].strengths == by_hand
    blurrier = replace(by_hand, blur_px=2.0)
    room.take(replace(room.plans[-1], strengths=blurrier, matched=None))
    qtbot.waitUntil(lambda: len(room.asked) == 2)
    assert dict(room.asked[1].strengths)["blur_px"] == 2.0


def test_a_failure_is_told_and_can_be_tried_again(room, qtbot):
    room.step.show_plan(PLAN)
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    number = room.engine.previews[-1][0]
    room.engine.say(Failed(number, "match", "The bad image is constant.", "Choose another one."))
    qtbot.waitUntil(lambda: room.step.again.isVisible())
    assert "The bad image is constant. Choose another one." in said(room.step)
    assert not room.step.busy.isVisible()
    qtbot.mouseClick(room.step.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(room.asked) == 2)
    assert not room.step.fault.isVisible()


def test_a_report_whose_files_are_gone_is_told(room, qtbot, tmp_path):
    room.step.show_plan(PLAN)
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    report = write_report(tmp_path / "fit")
    (tmp_path / "fit" / "made.npy").unlink()
    room.engine.say(Finished(room.engine.previews[-1][0], (), report))
    qtbot.waitUntil(lambda: room.step.again.isVisible())
    assert "could not be read back" in said(room.step)


def test_a_wish_that_was_overtaken_says_nothing(room, qtbot):
    room.step.show_plan(PLAN)
    qtbot.waitUntil(lambda: len(room.asked) == 1)
    room.engine.say(Stopped(room.engine.previews[-1][0]))
    qtbot.waitUntil(lambda: room.step.matcher.wish is None)
    assert not room.step.fault.isVisible()


def test_the_blind_test_is_made_of_the_reports_crops_and_ends_where_it_began(fitted, qtbot):
    step = fitted.step
    qtbot.mouseClick(step.test, Qt.MouseButton.LeftButton)
    assert step.blind.isVisible()
    assert len(step.blind.asked) == 20
    step.blind.left.emit()
    assert step.made.isVisible()


def test_leaving_the_step_leaves_the_blind_test(fitted, qtbot):
    step = fitted.step
    qtbot.mouseClick(step.test, Qt.MouseButton.LeftButton)
    step.hide()
    step.show()
    assert step.made.isVisible()


def test_large_pictures_never_hold_up_the_window(room, qtbot, tmp_path):
    report = write_report(tmp_path / "fit", side=700)
    numbers = iter(range(100))

    def match():
        room.step.show_plan(replace(PLAN, bad=(Path(f"/a/{next(numbers)}.tif"),)))
        count = len(room.asked)
        qtbot.waitUntil(lambda: len(room.asked) > count)
        room.answer(qtbot, report)

    assert_no_gap(match)
