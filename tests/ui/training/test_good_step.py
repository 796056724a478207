"""The first step: images come in, are looked at, grouped, doubted, and set aside."""

import pytest
from PySide6.QtCore import Qt

from app.ui.training.good_step import GoodStep
from app.ui.training.panel import TrainPanel
from app.ui.training.plan import Plan
from app.ui.training.tiles import MIME


@pytest.fixture
def room(services, show, qtbot):
    panel = show(TrainPanel(services))
    qtbot.waitUntil(lambda: panel.pages["good"].content is not None)
    return panel


@pytest.fixture
def step(room):
    return room.pages["good"].content


@pytest.fixture
def fill(room, step, services, images, answer, qtbot):
    """Add six images of three samples and look at them; `found` says what is special."""

    def add(**found):
        step.take(images)
        qtbot.waitUntil(lambda: len(services.engine.previews) == 1)
        answer(**found)
        qtbot.waitUntil(lambda: len(room.plan.seen) == 6)
        return step

    return add


def test_at_first_there_is_a_place_to_drop_images_on(room, step):
    assert step.zone.isVisible()
    assert "none yet" in room.buttons["good"].text()
    assert [zone.key for zone in room.zones()] == ["good"]


def test_a_folder_becomes_groups_of_small_pictures(room, fill):
    step = fill()
    assert list(step.groups) == ["slidea", "slideb", "slidec"]
    assert all(group.model.rowCount() == 2 for group in step.groups.values())
    assert set(step.surveyor.pictures) == {one.path for one in room.plan.good}
    assert step.summary.text().startswith("2 to learn")
    assert "6 images" in room.buttons["good"].text()


def test_a_doubt_is_answered_by_leaving_out(room, fill):
    step = fill(slidea_field0={"is_out_of_focus": True})
    step.doubts.rows[0].left_out.emit(step.doubts.rows[0].doubt)
    assert [one.path.stem for one in room.plan.of("left out")] == ["slidea_field0"]
    assert step.doubts.isHidden()
    assert "1 of 6 left out" in room.buttons["good"].text()


def test_a_doubt_is_answered_by_keeping(room, fill):
    step = fill(slidea_field0={"saturated": 0.1})
    step.doubts.rows[0].kept.emit(step.doubts.rows[0].doubt)
    assert len(room.plan.used) == 6
    assert step.doubts.isHidden()


def test_a_key_says_what_an_image_is_for(room, fill, qtbot):
    step = fill()
    learnt = room.plan.of("learn")[0]
    view = step.groups[learnt.sample].view
    view.setCurrentIndex(view.model().index(0, 0))
    qtbot.keyClick(view, Qt.Key.Key_T)
    assert learnt.path in {one.path for one in room.plan.of("test") if one.is_by_hand}


def test_nothing_set_aside_is_refused_with_the_reason(room, fill):
    step = fill()
    before = room.plan
    step.wish_role([one.path for one in room.plan.good], "learn")
    assert room.plan == before
    assert "must be set aside" in step.told.text()


def test_the_menu_offers_every_role(fill):
    view = fill().groups["slidea"].view
    view.selectAll()
    texts = [action.text() for action in view.menu().actions() if action.text()]
    assert len(texts) == 5
    assert "Leave out" in texts


def test_a_sample_is_merged_by_the_name_of_another(room, fill):
    group = fill().groups["slideb"]
    group.name.setText("slidea")
    group.name.editingFinished.emit()
    assert room.plan.samples == ("slidea", "slidec")


def test_images_are_dragged_to_another_sample(room, fill):
    step = fill()
    source, target = step.groups["slidea"], step.groups["slideb"]
    assert source.model.mimeData([source.model.index(0, 0)]).hasFormat(MIME)
    target.view.moved_here.emit([source.model.rows[0].path])
    assert sum(one.sample == "slideb" for one in room.plan.good) == 3


def test_a_file_that_is_gone_is_said(step, tmp_path, qtbot):
    step.take([tmp_path / "gone.tif"])
    qtbot.waitUntil(lambda: "gone.tif" in step.told.text())


def test_what_cannot_be_read_is_left_out_and_said(room, fill):
    step = fill(slidea_field0={"error": "This file is empty."})
    assert len(room.plan.of("left out")) == 1
    assert "This file is empty." in " ".join(row.doubt.sentence for row in step.doubts.rows)


def test_the_samples_of_the_program_are_there_to_try(room, step, qtbot):
    step.use_samples()
    qtbot.waitUntil(lambda: len(room.plan.good) >= 5)
    assert room.plan.can_learn


def test_all_can_be_removed(room, fill):
    step = fill()
    step.clear.click()
    assert room.plan.good == ()
    assert step.zone.isVisible()


def test_noisy_images_have_another_title(services, show):
    step = show(GoodStep(services))
    step.show_plan(Plan(way="noisy"))
    assert "Noisy" in step.title.text()
