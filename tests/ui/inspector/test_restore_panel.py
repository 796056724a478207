import numpy as np
import pytest
import tifffile

from app.engine.events import (
    Committed,
    Failed,
    Finished,
    ItemDone,
    Measured,
    Opened,
    Preview,
    Progress,
    Stage,
    Started,
    Stopped,
)
from app.engine.specs import RestoreSpec
from app.ui.inspector.restore import RestorePanel
from app.ui.viewer.state import Box, ChannelView, ViewState
from tests.makers import cells, write_ome

BOX = Box(0, 0, 32, 32, 0, 1)


@pytest.fixture
def stack(tmp_path):
    """Three planes of two channels."""
    names = ("DAPI", "Actin")
    return write_ome(tmp_path / "stack.ome.tif", cells((1, 2, 3, 64, 48)), names=names)


@pytest.fixture
def panel(services, show, qtbot, stack):
    """The panel with the stack open and its models found."""
    made = show(RestorePanel(services), width=340)
    services.session.open_paths([stack])
    qtbot.waitUntil(
        lambda: made.page.bar.run.isEnabled() and made.page.bar.output.text() != "", timeout=15000
    )
    return made


def wait_for_preview(services, qtbot, count=1):
    qtbot.waitUntil(lambda: len(services.engine.previews) >= count)
    return services.engine.previews[-1]


def submitted(services, qtbot):
    qtbot.waitUntil(lambda: any(name == "submit" for name, _spec in services.engine.asked))
    return next(spec for name, spec in services.engine.asked if name == "submit")


def start(panel, services, qtbot):
    """Press the button and let the job begin; return its number."""
    panel.page.bar.run.click()
    submitted(services, qtbot)
    number = services.engine.put(id=services.engine.rows[-1].id, state="running")
    qtbot.waitUntil(lambda: any(job.state == "running" for job in panel.watch.jobs))
    return number


def test_without_an_image_the_page_says_what_belongs_there(services, show):
    panel = show(RestorePanel(services))
    assert panel.page._pages.currentIndex() == 0


def test_the_picture_is_described_and_a_model_is_picked_already(panel, qtbot):
    assert panel.page.picture.text().startswith("16-bit")
    qtbot.waitUntil(lambda: "noise" in panel.page.picture.text() or "noisy" in panel.page.picture.text())
    assert panel.page.choices.choices[0].radio.isChecked()
    assert panel.page.bar.run.accessibleName() == "Restore 3 planes, 2 channels"
    assert panel.page.bar.output.text() == "Becomes stack_restored.ome.tif"


def test_a_promise_from_history_stands_on_the_button(panel, services, qtbot):
    services.engine.promised["simple-smoothing"] = 1000.0
    services.engine.say(Measured(1, "simple-smoothing", "cpu", 1.0, 1000.0))
    qtbot.waitUntil(lambda: "about" in panel.page.bar.run.accessibleName())
    assert panel.page.bar.run.accessibleName() == "Restore 3 planes, 2 channels – about 18 s"
    assert "about 18 s here" in panel.page.choices.choices[0].cost.text()


def test_the_box_is_restored_once_it_rests(panel, services, qtbot, tmp_path):
    panel.move_preview_box(BOX)
    number, spec = wait_for_preview(services, qtbot)
    assert (spec.t, spec.z, spec.y, spec.x, spec.channels) == (0, 1, (0, 32), (0, 32), (0, 1))
    services.engine.say(Stage(number, "Loading the model"), Started(number, "CPU, 2 cores"))
    pixels = np.ones((2, 32, 32), np.float32)
    np.save(tmp_path / "preview.npy", pixels)
    with qtbot.waitSignal(panel.preview_made) as caught:
        services.engine.say(Preview(number, str(tmp_path / "preview.npy")), Finished(number))
    box, shown = caught.args
    assert (box.y0, box.channels) == (0, (0, 1))
    np.testing.assert_array_equal(shown, pixels)
    assert panel.page.preview_words.text() == "The box is restored. Drag it to look elsewhere."


def test_only_the_channels_that_are_seen_are_previewed(panel, services, qtbot):
    views = (ChannelView("DAPI", "Cyan", is_visible=False), ChannelView("Actin", "Magenta"))
    panel.show_view_state(ViewState(channels=views))
    panel.move_preview_box(BOX)
    _number, spec = wait_for_preview(services, qtbot)
    assert spec.channels == (1,)


def test_a_preview_that_fails_says_why(panel, services, qtbot):
    panel.move_preview_box(BOX)
    number, _spec = wait_for_preview(services, qtbot)
    with qtbot.waitSignal(services.bridge.failed):
        services.engine.say(Failed(number, "x", "The weights are damaged.", "Pick another model."))
    assert panel.page.preview_words.text() == "The weights are damaged. Pick another model."


def test_the_answer_to_an_older_wish_is_not_shown(panel, services, qtbot, tmp_path):
    panel.move_preview_box(BOX)
    number, _spec = wait_for_preview(services, qtbot)
    panel.move_preview_box(Box(8, 8, 32, 32, 0, 1))
    wait_for_preview(services, qtbot, 2)
    np.save(tmp_path / "preview.npy", np.ones((2, 32, 32), np.float32))
    with qtbot.assertNotEmitted(panel.preview_made), qtbot.waitSignal(services.bridge.previewed):
        services.engine.say(Preview(number, str(tmp_path / "preview.npy")))


def test_without_the_preview_nothing_is_asked(panel, services, qtbot):
    with qtbot.waitSignal(panel.preview_box_wanted) as caught:
        panel.page.preview.click()
    assert caught.args == [False]
    panel.move_preview_box(BOX)
    assert not panel.previewer._timer.isActive()


def test_the_job_carries_what_was_chosen(panel, services, qtbot, stack):
    form = panel.page.settings.form
    form.set_value("channels", (1,))
    form.set_value("tile", 128)
    form.set_value("dtype", "input")
    form.set_value("strength", 2.0)
    qtbot.waitUntil(lambda: panel.page.bar.run.accessibleName() == "Restore 3 planes, 1 channel")
    panel.page.bar.run.click()
    spec = submitted(services, qtbot)
    assert [one.path for one in spec.inputs] == [str(stack)]
    assert (spec.model, spec.channels, spec.tile, spec.dtype) == ("simple-smoothing", (1,), 128, "input")
    assert spec.values == (("strength", 2.0),)


def test_all_open_images_become_one_job(panel, services, qtbot, tmp_path):
    other = write_ome(tmp_path / "other.ome.tif", cells((1, 1, 1, 32, 32)))
    assert panel.page.bar.all.isHidden()
    services.session.open_paths([other])
    qtbot.waitUntil(lambda: services.session.current.path == other and panel.page.bar.all.isEnabled())
    assert panel.page.bar.all.text() == "Restore all 2 open images"
    panel.page.bar.all.click()
    assert len(submitted(services, qtbot).inputs) == 2


def test_progress_takes_the_place_of_the_button(panel, services, qtbot):
    number = start(panel, services, qtbot)
    services.engine.say(Progress(number, 2, 6, "plane", 0))
    qtbot.waitUntil(lambda: panel.page.bar.progress.text() == "plane 3 of 6")
    assert panel.page.bar.run.isHidden()
    panel.page.bar.cancel.click()
    assert ("cancel", number) in services.engine.asked
    services.engine.put(id=number, state="cancelled")
    qtbot.waitUntil(lambda: not panel.page.bar.run.isHidden())


def test_planes_come_in_while_the_job_runs(panel, services, qtbot, tmp_path):
    number = start(panel, services, qtbot)
    part = write_ome(tmp_path / "part.ome.tif", cells((1, 2, 3, 64, 48)))
    arrived, missing = [], []
    panel.plane_arrived.connect(lambda *plane: arrived.append(plane))
    panel.unfinished_changed.connect(missing.append)
    services.engine.say(Opened(number, 0, str(part)), Committed(number, "0/t0 c0 z0", 0, 0, 0, 0))
    qtbot.waitUntil(lambda: services.session.result_for(services.session.current.key) is not None)
    services.engine.say(Committed(number, "0/t0 c1 z2", 0, 0, 1, 2))
    qtbot.waitUntil(lambda: (0, 1, 2) in arrived)
    assert len(missing[-1]) == 4
    assert (0, 0, 0) not in missing[-1]
    services.engine.say(ItemDone(number, 0, str(part)), Finished(number, (str(part),)))
    qtbot.waitUntil(lambda: missing[-1] == frozenset())


def test_planes_of_one_channel_are_named_as_the_original_names_them(panel, services, qtbot, tmp_path):
    panel.page.settings.form.set_value("channels", (1,))
    number = start(panel, services, qtbot)
    missing = []
    panel.unfinished_changed.connect(missing.append)
    part = write_ome(tmp_path / "part.ome.tif", cells((1, 1, 3, 64, 48)))
    services.engine.say(Opened(number, 0, str(part)), Committed(number, "0/t0 c0 z0", 0, 0, 0, 0))
    qtbot.waitUntil(lambda: bool(missing) and missing[-1] == {(0, 1, 1), (0, 1, 2)})


def test_a_result_sends_the_box_away(panel, services, qtbot, tmp_path):
    result = write_ome(tmp_path / "result.ome.tif", cells((1, 2, 3, 64, 48)))
    number = start(panel, services, qtbot)
    with qtbot.waitSignal(panel.preview_box_wanted) as caught:
        services.engine.say(ItemDone(number, 0, str(result)), Finished(number, (str(result),)))
    assert caught.args == [False]
    assert not panel.page.preview.isChecked()


def test_what_a_cancelled_job_kept_is_shown(panel, services, qtbot, tmp_path):
    kept = write_ome(tmp_path / "kept.ome.tif", cells((1, 2, 3, 64, 48)))
    number = start(panel, services, qtbot)
    services.engine.say(Opened(number, 0, str(kept)), Stopped(number, (str(kept),)))
    qtbot.waitUntil(lambda: services.session.result_for(services.session.current.key) is not None)


def test_the_results_folder_of_the_preferences_is_used(panel, services, qtbot, tmp_path):
    services.settings.change(results_dir=str(tmp_path / "results"))
    panel.page.bar.run.click()
    assert submitted(services, qtbot).output_dir == str(tmp_path / "results")


def test_the_name_on_the_page_is_the_name_of_the_job(panel):
    assert RestoreSpec((), "").name_pattern.format(name="stack") in panel.page.bar.output.text()


def test_planes_of_one_scene_do_not_come_in_over_another(panel, services, qtbot, tmp_path):
    scenes = tmp_path / "scenes.ome.tif"
    with tifffile.TiffWriter(scenes, ome=True) as writer:
        for number in range(2):
            writer.write(np.full((2 + number, 20, 30), number, np.uint8), metadata={"axes": "ZYX"})
    session = services.session
    session.open_paths([scenes])
    qtbot.waitUntil(lambda: session.current.path == scenes and panel.page.bar.run.isEnabled())
    number, key = start(panel, services, qtbot), session.current.key
    with qtbot.waitSignal(session.current_changed):
        session.reopen(key, scene=1)
    part = write_ome(tmp_path / "part.ome.tif", cells((1, 1, 2, 20, 30)))
    services.engine.say(Opened(number, 0, str(part)), Committed(number, "0/t0 c0 z0", 0, 0, 0, 0))
    services.engine.say(Stopped(number, (str(part),)))
    qtbot.waitUntil(lambda: any(image.path == part for image in session.images()))
    assert session.result_for(key) is None
    assert panel.follower.unfinished(session.current) == frozenset()
    with qtbot.waitSignal(session.current_changed):
        session.reopen(key, scene=0)
    assert session.result_for(key).path == part
