from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel

from app.engine.specs import PackSpec, TrainSpec
from app.ui.training.earlier import EarlierTrainings, find_earlier
from app.ui.training.plan import Chosen, Plan, Run
from app.ui.training.verdict_step import VerdictStep
from tests.ui.training.reports import CARD, MANY, matched, write_training


def said(widget):
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


@pytest.fixture
def folder(tmp_path):
    return write_training(tmp_path / "trainings" / "actin")


@pytest.fixture
def step(services, show):
    return show(VerdictStep(services), 1100, 900)


@pytest.fixture
def shown(step, folder, qtbot):
    step.show_result(folder)
    qtbot.waitUntil(lambda: step.trained is not None)
    return step


def test_before_the_first_training_it_says_what_will_be_here(step):
    assert "once a training is over" in said(step)
    assert not step.content.isVisible()


def test_the_sentence_stands_on_top_with_table_and_pictures(shown, qtbot):
    qtbot.waitUntil(lambda: "1.4 and 1.1 dB above smoothing on 2 images from 1 sample" in said(shown))
    assert "too few for a verdict; add more before you publish" in said(shown)
    assert shown.sign.accessibleName() == "Too few images for a verdict"
    assert shown.table.rowCount() == 2
    assert shown.table.item(0, 0).text() == "cells_02.tif"
    (row,) = shown.gallery.rows
    names = [exhibit.title.text() for exhibit in row.exhibits]
    assert names == ["Before", "Best simple filter", "After", "Good"]
    shown.grab()


def test_many_units_get_a_verdict_word(step, folder, qtbot):
    write_training(folder, verdict=MANY)
    step.show_result(folder)
    qtbot.waitUntil(lambda: "Better than smoothing by" in said(step))
    assert "95 % interval" in said(step)
    assert step.sign.accessibleName() == "Better than the best simple filter"


def test_without_a_verdict_it_says_so_and_the_model_can_be_saved_all_the_same(step, folder, qtbot):
    (folder / "verdict.json").unlink()
    step.show_result(folder)
    qtbot.waitUntil(lambda: "not yet compared with simple filters" in said(step))
    assert step.form.isVisible()
    assert not step.table.isVisible()


def test_without_a_model_nothing_can_be_saved_but_the_training_goes_on(step, folder, qtbot):
    (folder / "card.toml").unlink()
    step.show_result(folder)
    qtbot.waitUntil(lambda: "There is no model in this folder yet" in said(step))
    assert not step.form.isVisible()
    assert not step.use.isEnabled()
    assert step.longer.isVisible()


def test_a_training_of_the_plan_that_is_over_is_shown_with_its_remarks(step, folder, qtbot):
    plan = Plan(
        good=(Chosen(Path("/a/good.tif"), "A"),),
        matched=matched(accuracy=0.9),
        run=Run(1, folder, "finished"),
    )
    step.show_plan(plan)
    qtbot.waitUntil(lambda: "look different from your bad image" in said(step))
    assert "It learned from 1 image only" in said(step)


def test_the_card_is_filled_in_and_saved_with_what_the_person_wrote(shown, services, qtbot):
    form = shown.form
    assert (form.name.text(), form.purpose.text()) == (CARD.name, CARD.purpose)
    assert "8 images of 3 samples" in said(form)
    form.name.setText("Actin of Monday")
    form.licence.setCurrentIndex(1)
    with qtbot.waitSignal(shown.saved) as heard:
        qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    assert heard.args == ["actin-of-monday"]
    assert services.library.card("actin-of-monday").licence == "CC-BY-4.0"
    assert form.said.text() == "Saved in your models as Actin of Monday."


def test_a_model_needs_a_name(shown):
    shown.form.name.setText("  ")
    assert not shown.form.save.isEnabled()


def test_a_name_that_is_taken_gets_a_number_and_that_is_told(shown, services, qtbot, tmp_path):
    services.library.add(write_training(tmp_path / "other", card=replace(CARD, purpose="Another.")))
    qtbot.mouseClick(shown.form.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "another model called My actin" in shown.form.said.text())
    assert shown.form.said.text().endswith("so this one is saved as My actin 2.")
    assert shown.form.name.text() == "My actin 2"
    assert shown.form.save.isEnabled()


def test_using_a_model_saves_it_first(shown, services, qtbot):
    with qtbot.waitSignal(shown.use_wished) as heard:
        qtbot.mouseClick(shown.use, Qt.MouseButton.LeftButton)
    assert heard.args == ["my-actin"]
    assert services.library.card("my-actin").name == "My actin"
    with qtbot.waitSignal(shown.use_wished):  # now it is there, and nothing is saved again
        qtbot.mouseClick(shown.use, Qt.MouseButton.LeftButton)


def test_a_package_is_written_by_a_job_where_the_person_says(shown, services, folder, qtbot, tmp_path):
    step = shown
    qtbot.mouseClick(step.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(step.findChildren(QFileDialog)))
    (dialog,) = step.findChildren(QFileDialog)
    assert dialog.selectedFiles()[0].endswith("my-actin.zip")
    dialog.fileSelected.emit(str(tmp_path / "out.zip"))
    dialog.close()
    qtbot.waitUntil(lambda: bool(services.notices.told))
    assert services.engine.asked[-1] == (
        "submit",
        PackSpec("my-actin", str(tmp_path / "out.zip"), str(folder)),
    )


@pytest.mark.parametrize(("state", "minutes"), [("cancelled", 20), ("finished", 40)])
def test_training_longer_goes_on_in_the_same_folder(shown, services, folder, qtbot, state, minutes):
    spec = TrainSpec("/good", "recipe", str(folder), minutes=20.0)
    services.engine.put(spec=spec, kind="train", state=state)
    plans = []
    shown.plan_wished.connect(plans.append)
    with qtbot.waitSignal(shown.learn_wished):
        qtbot.mouseClick(shown.longer, Qt.MouseButton.LeftButton)
    assert services.engine.asked[-1] == ("submit", replace(spec, minutes=minutes))
    assert plans[0].run.folder == folder


def test_a_training_that_left_the_history_cannot_go_on(shown, services, qtbot):
    qtbot.mouseClick(shown.longer, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(services.notices.told))
    assert "not in the history any more" in services.notices.told[0]


def test_after_the_checkpoint_is_gone_training_cannot_go_on(step, folder, qtbot):
    (folder / "checkpoint.safetensors").unlink()
    step.show_result(folder)
    qtbot.waitUntil(lambda: step.trained is not None)
    assert not step.longer.isVisible()


# Earlier trainings


@pytest.fixture
def earlier(services, show, folder, qtbot):
    write_training(folder.parent / "nuclei", card=None, verdict=None)
    (folder.parent / "no training").mkdir()
    made = show(EarlierTrainings(services, folder.parent), 700, 300)
    qtbot.waitUntil(lambda: len(made.rows) == 2)
    return made


def row_of(earlier, name):
    return next(row for row in earlier.rows if row.training.name == name)


def test_every_training_stays_listed_with_how_it_went(earlier):
    assert row_of(earlier, "My actin").training.sign.word == "Too few images for a verdict"
    assert row_of(earlier, "nuclei").training.sign.word == "Not finished"


def test_an_earlier_training_can_be_opened(earlier, folder, qtbot):
    with qtbot.waitSignal(earlier.opened) as heard:
        qtbot.mouseClick(row_of(earlier, "My actin").open, Qt.MouseButton.LeftButton)
    assert heard.args == [folder]


def test_throwing_away_asks_first_and_moves_to_the_bin(earlier, folder, qtbot, services, monkeypatch):
    binned = []
    monkeypatch.setattr("app.ui.training.earlier.throw_away", lambda path: binned.append(path) or True)
    row = row_of(earlier, "My actin")
    qtbot.mouseClick(row.throw, Qt.MouseButton.LeftButton)
    assert binned == []
    qtbot.mouseClick(row.keep, Qt.MouseButton.LeftButton)
    assert row.open.isVisible()
    qtbot.mouseClick(row.throw, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(earlier.thrown_away):
        qtbot.mouseClick(row.sure, Qt.MouseButton.LeftButton)
    assert binned == [folder]
    assert "is in the bin" in services.notices.told[-1]


def test_where_there_is_no_bin_nothing_is_deleted(earlier, folder, qtbot, services, monkeypatch):
    monkeypatch.setattr("app.ui.training.earlier.throw_away", lambda _path: False)
    row = row_of(earlier, "My actin")
    qtbot.mouseClick(row.throw, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(row.sure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(services.notices.told))
    assert "could not be moved to the bin" in services.notices.told[-1]
    assert folder.is_dir()


def test_a_training_under_way_is_not_thrown_away(earlier, folder, services, qtbot):
    services.engine.put(spec=TrainSpec("/good", "recipe", str(folder)), kind="train", state="running")
    qtbot.waitUntil(lambda: row_of(earlier, "My actin").training.is_busy)
    assert not row_of(earlier, "My actin").throw.isEnabled()


def test_where_nothing_was_trained_the_list_is_empty(services, tmp_path):
    assert find_earlier(tmp_path / "nowhere", services) == ()
