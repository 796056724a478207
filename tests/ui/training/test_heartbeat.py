"""The Train room never holds the window's breath, and does not hold on to pictures of images taken away."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSizeF

from app.engine.specs import RestoreSpec, TrainSpec
from app.ui.training.gaze import Gaze
from app.ui.training.held_up import what_holds_up
from app.ui.training.learning_view import LearningView
from app.ui.training.light_picture import Exhibit
from app.ui.training.match_report import read_answer
from app.ui.training.panel import TrainPanel
from app.ui.training.surveyor import Surveyor
from tests.ui.heartbeat import assert_no_gap
from tests.ui.training.reports import scene, write_report

MANY = 48


@pytest.fixture
def good(services, show, qtbot):
    panel = show(TrainPanel(services))
    qtbot.waitUntil(lambda: panel.pages["good"].content is not None, timeout=20000)
    return panel


@pytest.mark.parametrize("samples", [6, MANY])
def test_many_images_never_hold_the_window(good, services, answer, images, qtbot, samples):
    paths = [images[0].parent / f"slide{number % samples}x_field{number}.tif" for number in range(MANY)]
    for path in paths:
        path.write_bytes(images[0].read_bytes())
    step = good.pages["good"].content

    def add_and_remove():
        asked = len(services.engine.previews)
        good.take("good", paths)
        qtbot.waitUntil(lambda: len(services.engine.previews) > asked, timeout=20000)
        answer()
        qtbot.waitUntil(lambda: len(step.surveyor.pictures) == MANY, timeout=20000)
        qtbot.waitUntil(lambda: len(step.groups) == len(good.plan.samples), timeout=20000)
        step.clear.click()
        assert good.plan.good == ()

    assert_no_gap(add_and_remove)


def test_pictures_of_images_that_were_taken_away_are_let_go(services, answer, images, qtbot):
    surveyor = Surveyor(services)
    for wanted in (images, images[:2]):
        surveyor.want(wanted)
        asked = len(services.engine.previews)
        qtbot.waitUntil(lambda asked=asked: len(services.engine.previews) > asked)
        with qtbot.waitSignal(surveyor.found):
            answer()
        assert set(surveyor.pictures) == set(wanted)
    surveyor.want(())
    assert surveyor.pictures == {}


def test_large_pictures_of_a_match_never_hold_the_window(services, show, tmp_path, qtbot):
    report = write_report(tmp_path / "match", side=1024)
    shown = read_answer(report)
    exhibit = show(Exhibit(Gaze(), "Good"))
    exhibit.picture.gaze.show_extent(shown.good.width, shown.good.height)

    def look_closer():
        exhibit.picture.show_slide(shown.good)
        for _number in range(6):
            exhibit.picture.gaze.zoom_by(1.5, QPointF(), QSizeF(exhibit.picture.size()))
            exhibit.picture.grab()
        exhibit.picture.gaze.fit()

    assert_no_gap(look_closer)


def test_turning_through_many_states_never_holds_the_window(services, show, tmp_path, qtbot):
    history = tmp_path / "training" / "history"
    history.mkdir(parents=True)
    for name in ("bad", "good", *(f"{200 * number:06d}" for number in range(1, 201))):
        np.save(history / f"{name}.npy", scene(64, 64).astype(np.float32))
    lines = [f"{200 * number},0.1,{27 + number / 100},27.0" for number in range(1, 201)]
    (history.parent / "log.csv").write_text("step,loss,psnr_unseen_db,psnr_simple_db\n" + "\n".join(lines))
    view = show(LearningView(services.background))
    view.show_run(history.parent, "running", "", None)
    qtbot.waitUntil(lambda: view.slider.maximum() == 199, timeout=20000)

    def turn_back():
        for place in range(view.slider.maximum(), -1, -4):
            view.slider.setValue(place)
            qtbot.waitUntil(lambda place=place: view.at.text().startswith(f"step {200 * (place + 1)}"))
        view.slider.setValue(view.slider.maximum())

    assert_no_gap(turn_back)
    assert view.now.title.text() == "Now"
    view.slider.setValue(3)
    assert view.now.title.text() == "Earlier"


@pytest.mark.parametrize(
    ("spec", "first"),
    [(TrainSpec("/g", "", "/out"), "A training runs"), (RestoreSpec((), "any"), "Another job runs")],
)
def test_images_that_wait_for_a_job_are_said_to(services, images, spec, first, qtbot):
    assert what_holds_up(services.engine) == ""
    services.engine.put(spec=spec, state="running")
    assert what_holds_up(services.engine).startswith(first)
    surveyor = Surveyor(services)
    told = []
    surveyor.said.connect(lambda sentence, _role: told.append(sentence))
    surveyor.want(images)
    qtbot.waitUntil(lambda: bool(told) and told[-1].startswith(first))
