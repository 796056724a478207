"""The step of learning: starting, following, pausing, continuing, and what it says on the way."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.engine.events import Metric, Preview
from app.engine.specs import Input, TrainSpec
from app.ui.training import choices
from app.ui.training.history import History, Look, how_it_goes, how_it_went, read_history
from app.ui.training.learn_step import LearnStep, promise
from app.ui.training.ordering import free_folder, slug
from app.ui.training.panel import TrainPanel
from models.training.recipe import parse


@pytest.fixture
def room(services, show, qtbot):
    panel = show(TrainPanel(services))
    panel.go("learn")
    qtbot.waitUntil(lambda: panel.pages["learn"].content is not None)
    return panel


@pytest.fixture
def step(room):
    return room.pages["learn"].content


@pytest.fixture
def ready(room, step, images):
    """The room with everything that a training needs."""
    plan = choices.set_bad(choices.add_good(room.plan, images), images[:1])
    room.set_plan(plan)
    return room


@pytest.fixture
def started(ready, step, services, qtbot):
    step.name.setText("Dim cells ä")
    step.name.textEdited.emit("Dim cells ä")
    step.start.click()
    qtbot.waitUntil(lambda: ready.plan.run is not None)
    return ready


def write_history(folder, looks):
    """Write what a training writes."""
    (folder / "history").mkdir(parents=True, exist_ok=True)
    lines = ["step,loss,psnr_unseen_db,psnr_simple_db"]
    lines += [f"{look.step},{look.loss},{look.unseen},{look.simple}" for look in looks]
    (folder / "log.csv").write_text("\r\n".join(lines) + "\r\n12,0.")
    pixels = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    np.save(folder / "history" / "bad.npy", pixels[::2, ::2])
    np.save(folder / "history" / "good.npy", pixels)
    np.save(folder / "history" / "simple.npy", pixels)
    for look in looks:
        np.save(folder / "history" / f"{look.step:06d}.npy", pixels)


def test_what_is_missing_is_said_before_anything_can_start(room, step, images):
    assert not step.start.isEnabled()
    assert "first step" in step.lacking.text()
    room.set_plan(choices.add_good(room.plan, images))
    assert "second step" in step.lacking.text()
    room.set_plan(choices.set_bad(room.plan, images[:1]))
    assert step.start.isEnabled()
    assert step.start.text() == "Start - about 20 min"


def test_times_are_those_that_trainings_took_here(services):
    assert promise("long", ()) == "about 2 h"
    spec = TrainSpec("/a", "", "/b", minutes=10.0)
    number = services.engine.put(spec=spec, state="finished", started=0.0, ended=720.0)
    assert promise("quick", tuple(job for job in services.engine.jobs() if job.id == number)) == "about 2 min"
    assert promise("long", services.engine.jobs()) == "about 2 h 24 min"


def test_starting_submits_a_training_of_the_plan(started, services, images):
    (_word, spec), *_others = [asked for asked in services.engine.asked if asked[0] == "submit"]
    plan = started.plan
    assert [Path(one.path) for one in spec.learn] == [one.path for one in plan.of("learn")]
    assert [Path(one.path) for one in spec.test] == [one.path for one in plan.of("test")]
    assert spec.tune
    assert spec.bad == (Input(str(images[0])),)
    assert spec.minutes == 20
    assert Path(spec.output_dir) == services.paths.data / "trainings" / "dim-cells-a"
    assert parse(spec.recipe).about.name == "Dim cells ä"


def test_a_running_training_is_followed_with_pictures_chart_and_a_sentence(started, step, services, qtbot):
    run = started.plan.run
    services.engine.put(id=run.job, state="running")
    qtbot.waitUntil(lambda: started.plan.run.state == "running")
    write_history(run.folder, [Look(n, 1 / n, 20 + n / 100, 22) for n in (100, 200, 300)])
    services.engine.say(Metric(run.job, "unseen", 300, 23.0), Preview(run.job, "x.npy"))
    qtbot.waitUntil(lambda: step.view.now.picture.slide is not None)
    assert step.view.slider.maximum() == 2
    assert step.view.at.text().startswith("step 300")
    assert step.view.sentence.text() == "Still improving."
    assert step.view.bad.picture.slide.width == step.view.good.picture.slide.width
    step.view.slider.setValue(0)
    qtbot.waitUntil(lambda: step.view.at.text().startswith("step 100"))
    visible = {key for key, button in step.view.buttons.items() if button.isVisible()}
    assert visible == {"pause", "stop"}


def test_pausing_continuing_and_stopping_ask_the_engine(started, step, services, qtbot):
    job = started.plan.run.job
    services.engine.put(id=job, state="running")
    qtbot.waitUntil(lambda: step.view.buttons["pause"].isVisible())
    step.view.buttons["pause"].click()
    services.engine.put(id=job, state="paused")
    qtbot.waitUntil(lambda: step.view.buttons["go on"].isVisible())
    step.view.buttons["go on"].click()
    step.view.buttons["stop"].click()
    assert services.engine.asked[-3:] == [("pause", job), ("resume", job), ("cancel", job)]


def test_the_keyboard_stays_with_the_training(ready, step, services, qtbot):
    step.start.setFocus()
    qtbot.keyClick(step.start, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: ready.plan.run is not None)
    assert ready.focusWidget() is step.view.title
    job = ready.plan.run.job
    services.engine.put(id=job, state="running")
    qtbot.waitUntil(lambda: step.view.buttons["pause"].isVisible())
    step.view.buttons["pause"].setFocus()
    services.engine.put(id=job, state="paused")
    qtbot.waitUntil(lambda: step.view.buttons["go on"].isVisible())
    assert ready.focusWidget() is step.view.buttons["go on"]
    step.view.buttons["anew"].setFocus()
    qtbot.keyClick(step.view.buttons["anew"], Qt.Key.Key_Space)
    assert ready.focusWidget() is step.name


@pytest.mark.parametrize("way", ["pairs", "noisy"])
def test_the_match_is_passed_over_where_nothing_is_made_bad(room, way):
    room.set_plan(choices.take_way(room.plan, way))
    room.go("bad")
    assert room.next.text() == "Next: Learning"
    room.next.click()
    assert room.step == "learn"
    room.back.click()
    assert room.step == "bad"
    room.set_plan(choices.take_way(room.plan, "sliders"))
    room.next.click()
    assert room.step == "match"


def test_a_training_that_an_earlier_session_left_is_found_again(services, show, tmp_path, qtbot):
    spec = TrainSpec("/good", "", str(tmp_path / "left"), learn=(Input("/good/a.tif"),))
    number = services.engine.put(spec=spec, state="interrupted")
    panel = show(TrainPanel(services))
    panel.go("learn")
    qtbot.waitUntil(lambda: panel.plan.run is not None)
    step = panel.pages["learn"].content
    assert step.view.title.text() == "Interrupted - continue?"
    assert "interrupted" in panel.buttons["learn"].text()
    step.view.buttons["go on"].click()
    assert services.engine.asked[-1] == ("resume", number)
    step.view.buttons["anew"].click()
    services.engine.put(id=number, state="paused")
    qtbot.waitUntil(lambda: step.watch.job(number).state == "paused")
    assert panel.plan.run is None


def test_a_finished_training_is_handed_on_once(started, step, services, qtbot):
    job, folder = started.plan.run.job, started.plan.run.folder
    services.engine.put(id=job, state="running")
    qtbot.waitUntil(lambda: started.plan.run.state == "running")
    with qtbot.waitSignal(step.finished) as told:
        services.engine.put(id=job, state="finished")
    assert told.args == [folder]
    with qtbot.assertNotEmitted(step.finished):
        services.engine.put(id=job, state="finished")
        qtbot.waitUntil(lambda: not step.watch._is_reading)


def test_a_failed_training_says_why_and_can_go_on(started, step, services, qtbot):
    services.engine.put(id=started.plan.run.job, state="failed", error="The disk is full.", hint="Make room.")
    qtbot.waitUntil(lambda: "The disk is full. Make room." in step.remarks.text())
    assert step.view.buttons["go on"].isVisible()


def test_a_name_that_is_taken_gets_a_number(services):
    first = free_folder(services.paths, "My restorer")
    first.mkdir(parents=True)
    assert free_folder(services.paths, "My restorer").name == "my-restorer-2"
    assert slug("µm / ... ") == "m"
    assert slug("日本") == "my-model"


def looks(*unseen, simple=22.0):
    return tuple(Look(100 * n, 1 / n, value, simple) for n, value in enumerate(unseen, 1))


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        ((), "Learning; soon it is tested on unseen images for the first time."),
        (looks(20, 21), "Below the simple filter so far, but still improving."),
        (looks(21, 20.99, 20.98, 20.99, 20.98), "Below the simple filter so far, and no longer improving."),
        (looks(20, 23, 24), "Still improving."),
        (looks(20, 24, 23.5, 23.2, 23.1, 23.0), "Learning by heart since 12 min; the best state is kept."),
        (looks(20, 24, 23.99, 23.98, 23.99, 23.98), "No longer improving; the best state is kept."),
        (looks(20, 21, 22, simple=math.nan), "Still improving."),
    ],
)
def test_one_sentence_says_how_it_goes(shown, sentence):
    assert how_it_goes(History(Path("/x"), shown, best_at=1000.0), 1720.0)[0] == sentence


def test_a_line_that_is_half_written_is_left_out(tmp_path):
    write_history(tmp_path, looks(20, 24))
    os.utime(tmp_path / "history" / "000200.npy", (50, 50))
    history = read_history(tmp_path)
    assert [look.step for look in history.looks] == [100, 200]
    assert history.states == (100, 200)
    assert history.best_at == 50


def test_nothing_written_yet_is_no_error(tmp_path):
    assert read_history(tmp_path / "nowhere") == History(tmp_path / "nowhere")


def test_the_step_is_named_for_those_who_cannot_see(services, show):
    step = show(LearnStep(services))
    assert step.name.accessibleName()
    assert step.view.slider.accessibleName()


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("running", "Still improving."),
        ("finished", "The best state was kept: 1.5 dB above the best simple filter."),
        ("cancelled", "The best state was kept: 1.5 dB above the best simple filter."),
        ("paused", "What it has learnt is safe; Continue goes on from there."),
        ("interrupted", "What it has learnt is safe; Continue goes on from there."),
    ],
)
def test_a_training_that_does_not_run_is_not_said_to_improve(state, sentence):
    looks = (Look(200, 0.2, 26.0, 27.0), Look(400, 0.1, 28.5, 27.0))
    assert how_it_went(History(Path("/x"), looks), state, 0.0)[0] == sentence


def test_a_result_below_the_simple_filter_is_said_to_be(qapp):
    told = how_it_went(History(Path("/x"), (Look(200, 0.2, 26.0, 27.0),)), "finished", 0.0)
    assert told == ("The best state was kept: 1.0 dB below the best simple filter.", "warning")
