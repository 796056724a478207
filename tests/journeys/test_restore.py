"""A dropped image comes back restored: the whole way, with a real worker on the processor."""

import itertools

import numpy as np
import pytest
import tifffile

from app.engine.events import Committed, Finished, Interrupted, Preview, Stopped
from app.images.record import read_record
from app.ui.viewer.state import ViewState
from tests.makers import cells, write_ome
from tests.ui.heartbeat import assert_no_gap

PLANES = 64


@pytest.fixture
def stack(tmp_path):
    """Four planes of two channels, noisy."""
    return write_ome(tmp_path / "stack.ome.tif", cells((1, 2, 4, 96, 80)), names=("DAPI", "Actin"))


@pytest.fixture
def long_stack(tmp_path):
    """Enough planes to be interrupted."""
    return write_ome(tmp_path / "long.ome.tif", cells((1, 1, PLANES, 256, 256)))


def test_a_dropped_stack_comes_back_restored(walk, stack):
    before = stack.read_bytes()
    page = walk.open_restore_page(stack)
    walk.pick("simple-smoothing")
    walk.until(lambda: bool([event for event in walk.events if isinstance(event, Preview)]))
    walk.until(lambda: page.preview_words.text().startswith("The box is restored"))
    page.bar.run.click()
    assert isinstance(walk.wait_for_end(), Finished)
    output = stack.with_name("stack_restored.ome.tif")
    walk.until(lambda: walk.result() is not None and walk.result().path == output)

    restored = tifffile.imread(output)
    assert restored.shape == (4, 2, 96, 80) or restored.shape == (2, 4, 96, 80)
    assert restored.dtype == np.float32
    assert restored.std() < tifffile.imread(stack).std()
    record = read_record(output)
    assert (record.model_id, record.complete, record.input_path) == ("simple-smoothing", True, str(stack))
    assert stack.read_bytes() == before
    assert walk.result().result_of == walk.session.current.key
    viewer = walk.house.window.places["viewer"].content
    walk.until(lambda: viewer.view_state.compare == "curtain")
    assert not list(stack.parent.glob("*.part"))


def test_the_box_follows_the_viewer_to_another_plane(walk, stack):
    walk.open_restore_page(stack)
    walk.pick("simple-smoothing")
    walk.choose(method="gaussian")
    made = []
    walk.panel.preview_made.connect(lambda box, pixels: made.append((box, pixels)))
    walk.until(lambda: bool(made))
    viewer = walk.house.window.places["viewer"].content
    assert isinstance(viewer.view_state, ViewState)
    viewer.go_to("Z", 0)
    walk.until(lambda: made[-1][0].z == 0)
    assert made[-1][1].shape == (2, 96, 80)


def test_a_second_run_never_takes_a_name_that_exists(walk, stack):
    page = walk.open_restore_page(stack)
    walk.pick("simple-smoothing")
    walk.choose(method="gaussian")
    page.bar.run.click()
    walk.wait_for_end()
    walk.until(lambda: page.bar.output.text() == "Becomes stack_restored_2.ome.tif")
    page.bar.run.click()
    walk.wait_for_end(2)
    assert stack.with_name("stack_restored_2.ome.tif").exists()


def test_cancel_keeps_the_planes_that_are_finished(walk, long_stack):
    page = walk.open_restore_page(long_stack)
    walk.pick("simple-smoothing")
    walk.choose(method="nlm")
    page.bar.run.click()
    walk.until(lambda: len(walk.heard(Committed)) >= 2)
    page.bar.cancel.click()
    end = walk.wait_for_end()
    assert isinstance(end, Stopped)
    output = long_stack.with_name("long_restored.ome.tif")
    restored = tifffile.imread(output)
    finished = {event.z for event in walk.heard(Committed)}
    assert 2 <= len(finished) < PLANES
    assert {z for z in range(PLANES) if restored[z].any()} == finished
    assert not read_record(output).complete
    walk.until(lambda: walk.result() is not None and walk.result().path == output)


def test_a_bad_file_in_a_batch_is_a_line_and_not_a_stop(walk, stack, tmp_path):
    other = write_ome(tmp_path / "other.ome.tif", cells((1, 1, 1, 64, 64), seed=2))
    page = walk.open_restore_page(stack, other)
    walk.pick("simple-smoothing")
    walk.choose(method="gaussian")
    walk.until(lambda: page.bar.all.isEnabled())
    for image in walk.session.images():
        if image.path == other:
            image.source.close()
    other.write_bytes(b"no image any more")
    page.bar.all.click()
    end = walk.wait_for_end()
    assert isinstance(end, Finished)
    assert [output is not None for output in end.outputs] == [True, False]
    walk.house.desk.go("jobs")
    jobs = walk.house.window.places["jobs"].content
    model = jobs.details.images_model
    walk.until(lambda: model.rowCount() == 2)
    rows = [[model.data(model.index(row, column)) for column in range(3)] for row in range(2)]
    assert [row[:2] for row in rows] == [["Finished", "stack.ome.tif"], ["Failed", "other.ome.tif"]]
    assert "other.ome.tif" in rows[1][2]


def test_a_killed_worker_is_told_with_what_is_safe_and_can_be_resumed(walk, long_stack):
    page = walk.open_restore_page(long_stack)
    walk.pick("simple-smoothing")
    walk.choose(method="nlm")
    page.bar.run.click()
    walk.until(lambda: len(walk.heard(Committed)) >= 2)
    walk.kill_worker()
    end = walk.wait_for_end()
    assert isinstance(end, Interrupted)
    assert 2 <= end.safe < PLANES
    walk.until(lambda: walk.strip.sentence.accessibleName().startswith("Interrupted: Restore long.ome.tif"))
    walk.strip.resume.click()
    walk.until(lambda: bool(walk.heard(Finished)))
    done = [event.z for event in walk.heard(Committed)]
    assert len(done) == len(set(done))  # nothing is done twice; the last one may have been safe unheard
    restored = tifffile.imread(long_stack.with_name("long_restored.ome.tif"))
    assert all(plane.any() for plane in restored)


def test_a_window_that_is_closed_while_a_job_runs_resumes_at_the_next_start(make_walk, long_stack):
    first = make_walk()
    page = first.open_restore_page(long_stack)
    first.pick("simple-smoothing")
    first.choose(method="nlm")
    page.bar.run.click()
    first.until(lambda: len(first.heard(Committed)) >= 2)
    assert not first.house.window.close()
    sheet = first.house.notices.sheet
    first.until(sheet.isVisible)
    first.leave()
    second = make_walk()
    second.until(lambda: second.strip.sentence.accessibleName().startswith("Interrupted"))
    second.strip.resume.click()
    assert isinstance(second.wait_for_end(), Finished)
    assert long_stack.with_name("long_restored.ome.tif").exists()


def test_the_window_never_holds_its_breath_while_a_job_runs(walk, stack):
    page = walk.open_restore_page(stack)
    walk.pick("simple-smoothing")
    walk.choose(method="gaussian")
    walk.until(lambda: page.preview_words.text().startswith("The box is restored"))
    runs = itertools.count(1)

    def restore_once():
        walk.until(lambda: page.bar.run.isVisible() and page.bar.run.isEnabled())
        page.bar.run.click()
        walk.wait_for_end(next(runs))

    assert_no_gap(restore_once)
