import time

import pytest
from PySide6.QtCore import Qt

from app.engine.events import Finished, Interrupted, ItemDone, ItemFailed, Progress, Stage, Started, Stopped
from app.engine.specs import ExportSpec, Input, RestoreSpec
from app.ui.jobs.panel import JobsPanel
from app.ui.jobs.strip import JobsStrip

BATCH = RestoreSpec(tuple(Input(f"/pictures/field_{place}.tif") for place in range(3)), "m")


@pytest.fixture
def panel(services, show):
    return show(JobsPanel(services))


@pytest.fixture
def strip(services, show):
    return show(JobsStrip(services), width=1200, height=40)


def texts(model, row):
    return [model.data(model.index(row, column)) for column in range(model.columnCount())]


def put_and_wait(services, qtbot, watch, **values):
    number = services.engine.put(**values)
    qtbot.waitUntil(lambda: watch.job(number) is not None)
    return number


def test_an_empty_list_says_what_belongs_there(panel, qtbot):
    assert panel._pages.currentIndex() == 0


def test_a_job_is_listed_with_word_shape_and_colour(panel, services, qtbot):
    put_and_wait(services, qtbot, panel._watch, state="failed", error="Disk full.")
    cell = panel.model.index(0, 0)
    assert texts(panel.model, 0)[:2] == ["Failed", "Restore stack.tif"]
    assert not panel.model.data(cell, Qt.ItemDataRole.DecorationRole).isNull()
    assert panel.model.data(cell, Qt.ItemDataRole.ForegroundRole).isValid()
    assert panel.details.remarks.text().startswith("Disk full.")


def test_the_newest_job_stands_on_top(panel, services, qtbot):
    put_and_wait(services, qtbot, panel._watch, state="finished")
    put_and_wait(services, qtbot, panel._watch, state="waiting")
    qtbot.waitUntil(lambda: panel.model.rowCount() == 2)
    assert texts(panel.model, 0)[0] == "Waiting"


def test_progress_is_told_in_the_list_and_in_full_beside_it(panel, services, qtbot):
    number = put_and_wait(services, qtbot, panel._watch, state="running")
    services.engine.say(Started(number, "CPU, 2 cores"))
    with qtbot.waitSignal(panel._watch.moved):
        services.engine.say(Progress(number, 11, 40, "plane", 0))
    assert texts(panel.model, 0)[2] == "plane 12 of 40"
    assert "CPU, 2 cores" in panel.details.state.text()
    assert panel.details.bar.value() == round(11 / 40 * 1000)


def test_a_bad_file_in_a_batch_is_a_line(panel, services, qtbot):
    failure = ItemFailed(1, 1, "/pictures/field_1.tif", "x", "It ends too early.", "Copy it again.")
    number = put_and_wait(services, qtbot, panel._watch, state="running", spec=BATCH, failures=(failure,))
    services.engine.say(ItemDone(number, 0, "/pictures/field_0_restored.ome.tif"))
    with qtbot.waitSignal(panel._watch.moved):
        services.engine.say(Progress(number, 1, 4, "plane", 2))
    rows = [texts(panel.details.images_model, row) for row in range(3)]
    assert [row[0] for row in rows] == ["Finished", "Failed", "Running"]
    assert rows[1][1:] == ["field_1.tif", "It ends too early. Copy it again."]


@pytest.mark.parametrize(
    ("state", "key", "asked"),
    [
        ("running", "cancel", "cancel"),
        ("running", "pause", "pause"),
        ("paused", "resume", "resume"),
        ("interrupted", "resume", "resume"),
        ("interrupted", "discard", "remove"),
        ("failed", "retry", "resume"),
        ("finished", "remove", "remove"),
        ("finished", "repeat", "repeat"),
    ],
)
def test_a_button_asks_the_engine(panel, services, qtbot, state, key, asked):
    number = put_and_wait(services, qtbot, panel._watch, state=state)
    panel.details.button(key).click()
    qtbot.waitUntil(lambda: (asked, number) in services.engine.asked)


def test_the_log_unfolds_and_folds(panel, services, qtbot):
    put_and_wait(services, qtbot, panel._watch, state="failed")
    panel.details.button("log").click()
    qtbot.waitUntil(lambda: panel.details.log.isVisible())
    assert panel.details.log.toPlainText() == "first line\nlast line"
    panel.details.button("log").click()
    assert not panel.details.log.isVisible()


def test_an_interrupted_job_says_what_is_safe(panel, strip, services, qtbot):
    number = put_and_wait(services, qtbot, strip._watch, state="interrupted", done=12, total=40)
    assert strip.sentence.accessibleName() == "Interrupted: Restore stack.tif, 12 of 40 are safe."
    strip.resume.click()
    assert ("resume", number) in services.engine.asked


def test_the_strip_says_what_runs_and_what_waits(strip, services, qtbot):
    number = put_and_wait(services, qtbot, strip._watch, state="running")
    put_and_wait(services, qtbot, strip._watch, state="waiting")
    with qtbot.waitSignal(strip._watch.moved):
        services.engine.say(Stage(number, "Loading the model"))
    qtbot.waitUntil(
        lambda: strip.sentence.accessibleName() == "Restore stack.tif: Loading the model  ·  1 more waits"
    )
    strip.cancel.click()
    assert ("cancel", number) in services.engine.asked


def test_nothing_to_do_is_said_too(strip):
    assert strip.sentence.accessibleName() == "No jobs are running."
    assert not strip.cancel.isVisible()


def test_a_finished_job_is_announced_with_its_limits(strip, services, qtbot):
    number = put_and_wait(services, qtbot, strip._watch, state="running")
    with qtbot.waitSignal(services.bridge.finished):
        services.engine.say(Finished(number, ("/pictures/stack_restored.ome.tif",)))
    told = "Restored. Counts and intensities in it are not tested: compare with raw."
    assert services.notices.told == [told]
    assert set(services.notices.buttons[0]) == {"Show", "Show in folder"}


def test_a_batch_with_a_bad_file_counts_both(strip, services, qtbot):
    number = put_and_wait(services, qtbot, strip._watch, state="running", spec=BATCH)
    with qtbot.waitSignal(services.bridge.finished):
        services.engine.say(Finished(number, ("/a", None, "/c")))
    assert services.notices.told == ["2 of 3 images are restored; 1 could not be."]


def test_a_cancelled_job_says_what_is_kept(strip, services, qtbot):
    number = put_and_wait(services, qtbot, strip._watch, state="running")
    with qtbot.waitSignal(services.bridge.stopped):
        services.engine.say(Stopped(number, ("/pictures/stack_restored.ome.tif",)))
    assert services.notices.told == ["Cancelled. Everything that was finished is kept."]


def test_an_interruption_offers_to_resume(strip, services, qtbot):
    number = put_and_wait(services, qtbot, strip._watch, state="running")
    with qtbot.waitSignal(services.bridge.interrupted):
        services.engine.say(
            Interrupted(number, 3, "The work ended without a word. 3 finished parts are safe.")
        )
    assert "3 finished parts are safe" in services.notices.told[0]
    services.notices.buttons[0]["Resume"]()
    assert ("resume", number) in services.engine.asked


def test_a_preview_is_no_job(strip, services, qtbot):
    with qtbot.waitSignal(services.bridge.finished):
        services.engine.say(Started(-1, "CPU, 2 cores"), Progress(-1, 1, 2, "plane"), Finished(-1))
    assert services.notices.told == []
    assert strip._watch._live == {}


def test_a_chosen_job_stays_chosen_while_the_list_changes(panel, services, qtbot):
    first = put_and_wait(services, qtbot, panel._watch, state="finished", started=time.time())
    put_and_wait(services, qtbot, panel._watch, state="waiting")
    panel.choose(first)
    put_and_wait(services, qtbot, panel._watch, state="waiting")
    assert panel.model.job_at(panel.table.currentIndex().row()).id == first


EXPORT = ExportSpec((Input("/pictures/field.czi"),), "ome-tiff")


def test_an_export_is_listed_and_announced_in_words(panel, strip, services, qtbot):
    number = put_and_wait(services, qtbot, strip._watch, state="running", spec=EXPORT)
    qtbot.waitUntil(lambda: panel.model.row_of(number) >= 0)
    assert texts(panel.model, 0)[1] == "Export field.czi as OME-TIFF"
    with qtbot.waitSignal(services.bridge.finished):
        services.engine.say(Finished(number, ("/pictures/field.ome.tif",)))
    assert services.notices.told == ["Exported as OME-TIFF: field.ome.tif"]
    assert set(services.notices.buttons[0]) == {"Show in folder"}


def test_an_export_that_could_not_be_done_says_why(strip, services, qtbot):
    number = put_and_wait(services, qtbot, strip._watch, state="running", spec=EXPORT)
    failed = ItemFailed(number, 0, "/pictures/field.czi", "x", "The disk is nearly full.", "Make room.")
    with qtbot.waitSignal(services.bridge.finished):
        services.engine.say(failed, Finished(number, (None,)))
    assert services.notices.told == ["The disk is nearly full. Make room."]
