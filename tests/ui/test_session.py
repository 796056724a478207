import threading
import time

import numpy as np
import pytest
import tifffile

from app.engine.specs import Input
from app.images import open as opening
from app.images.errors import FileGone
from app.images.remembered import RememberedReadings
from app.ui.background import Background
from app.ui.jobs.results import ResultOpener
from app.ui.session import Session
from models.source import PixelSize, Reading


@pytest.fixture
def make_session(qapp, tmp_path):
    """Make sessions that share what is remembered."""
    made = []

    def make():
        background = Background()
        readings = RememberedReadings(tmp_path / "data")
        session = Session(background, lambda: 10_000_000, readings=readings)
        made.append((session, background))
        return session

    yield make
    for session, background in made:
        session.close_all()
        background.close()


@pytest.fixture
def session(make_session):
    return make_session()


@pytest.fixture
def plain(tmp_path):
    file = tmp_path / "plain.tif"
    tifffile.imwrite(file, np.zeros((5, 32, 32), np.uint8))
    return file


@pytest.fixture
def scenes(tmp_path):
    """Three images of different sizes in one file."""
    file = tmp_path / "scenes.ome.tif"
    with tifffile.TiffWriter(file, ome=True) as writer:
        for number in range(3):
            writer.write(np.full((2 + number, 20, 30), number, np.uint8), metadata={"axes": "ZYX"})
    return file


def result_with(folder, planes):
    file = folder / f"{planes} planes.ome.tif"
    tifffile.imwrite(file, np.zeros((planes, 20, 30), np.uint8), metadata={"axes": "ZYX"})
    return file


def test_a_file_opens_in_the_background_and_becomes_current(session, qtbot, stack):
    with qtbot.waitSignals([session.image_opened, session.current_changed]):
        session.open_paths([stack])
        assert session.current is None
    assert session.current.info.shape == (1, 2, 3, 64, 96)


def test_opening_a_file_twice_shows_it_again(session, qtbot, stack, tmp_path):
    other = tmp_path / "other.tif"
    other.write_bytes(stack.read_bytes())
    session.open_paths([stack, other])
    qtbot.waitUntil(lambda: len(session.images()) == 2)
    session.make_current(session.images()[1].key)
    with qtbot.waitSignal(session.current_changed):
        session.open_paths([stack])
    assert len(session.images()) == 2
    assert session.current.path == stack


def test_a_result_is_a_layer_of_its_raw_image(session, qtbot, stack):
    session.open_paths([stack])
    qtbot.waitUntil(lambda: session.current is not None)
    raw = session.current
    with qtbot.waitSignal(session.image_opened):
        session.open_result(stack, raw.key)
    assert session.current is raw
    assert session.result_for(raw.key).result_of == raw.key
    session.close(raw.key)
    assert session.images() == ()
    assert session.current is None


def test_a_newer_result_takes_the_place_of_an_older_one(session, qtbot, stack):
    session.open_paths([stack])
    qtbot.waitUntil(lambda: session.current is not None)
    for _turn in range(2):
        with qtbot.waitSignal(session.image_opened):
            session.open_result(stack, session.current.key)
    assert len(session.images()) == 2


def test_a_correction_reopens_the_image_in_its_place(session, qtbot, tmp_path):
    file = tmp_path / "plain.tif"
    tifffile.imwrite(file, np.zeros((5, 32, 32), np.uint8))
    session.open_paths([file])
    qtbot.waitUntil(lambda: session.current is not None)
    key = session.current.key
    with qtbot.waitSignal(session.current_changed):
        session.reopen(key, reading=Reading("TYX", PixelSize(y=0.2, x=0.2)))
    assert session.current.key == key
    assert session.current.info.shape == (5, 1, 1, 32, 32)
    assert session.current.info.pixel_size_um.x == 0.2


def test_a_file_that_is_gone_is_told(session, qtbot, tmp_path):
    with qtbot.waitSignal(session.failed) as told:
        session.open_paths([tmp_path / "gone.tif"])
    assert "gone.tif" in told.args[0].sentence


def test_an_empty_folder_is_told(session, qtbot, tmp_path):
    (tmp_path / "empty").mkdir()
    with qtbot.waitSignal(session.failed) as told:
        session.open_paths([tmp_path / "empty"])
    assert "empty" in told.args[0].sentence


def test_closing_the_current_image_shows_its_neighbour(session, qtbot, stack, tmp_path):
    other = tmp_path / "other.tif"
    other.write_bytes(stack.read_bytes())
    session.open_paths([stack, other])
    qtbot.waitUntil(lambda: len(session.images()) == 2)
    session.close(session.current.key)
    assert session.current.path == other


def test_a_correction_is_remembered_for_that_file(make_session, qtbot, plain):
    first, said = make_session(), Reading("TYX", PixelSize(y=0.2, x=0.2), 1.5)
    first.open_paths([plain])
    qtbot.waitUntil(lambda: first.current is not None)
    first.reopen(first.current.key, reading=said)
    qtbot.waitUntil(lambda: first._readings.find(plain) == said)
    tomorrow = make_session()
    tomorrow.open_paths([plain])
    qtbot.waitUntil(lambda: tomorrow.current is not None)
    assert tomorrow.current.reading == said
    assert tomorrow.current.info.shape == (5, 1, 1, 32, 32)
    assert tomorrow.current.info.time_interval_s == 1.5


def test_a_correction_can_be_taken_back(session, qtbot, plain):
    session.open_paths([plain])
    qtbot.waitUntil(lambda: session.current is not None)
    key = session.current.key
    for reading in (Reading("TYX"), Reading()):
        with qtbot.waitSignal(session.current_changed):
            session.reopen(key, reading=reading)
    assert session.current.info.shape == (1, 1, 5, 32, 32)
    qtbot.waitUntil(lambda: session._readings.find(plain) is None)


def test_a_remembered_correction_that_does_not_fit_is_left_out(session, qtbot, plain):
    session._readings.remember(plain, 0, Reading("TZCYX"))
    session.open_paths([plain])
    qtbot.waitUntil(lambda: session.current is not None)
    assert session.current.reading is None


def test_a_correction_that_does_not_fit_is_told_and_nothing_changes(session, qtbot, plain):
    session.open_paths([plain])
    qtbot.waitUntil(lambda: session.current is not None)
    before = session.current
    with qtbot.waitSignals([session.failed, session.reopen_failed]):
        session.reopen(before.key, reading=Reading("TZCYX"))
    assert session.current is before


def test_another_scene_is_read_as_was_said_about_that_scene(session, qtbot, scenes):
    session.open_paths([scenes])
    qtbot.waitUntil(lambda: session.current is not None)
    key = session.current.key
    session._readings.remember(scenes, 2, Reading("CYX"))
    for scene in (1, 2):
        with qtbot.waitSignal(session.current_changed):
            session.reopen(key, scene=scene)
    assert session.current.info.shape == (1, 4, 1, 20, 30)


def test_of_many_wishes_for_a_scene_the_last_one_counts(session, qtbot, scenes):
    session.open_paths([scenes])
    qtbot.waitUntil(lambda: session.current is not None)
    key, shown = session.current.key, []
    session.current_changed.connect(lambda image: shown.append(image.info.scene))
    for scene in (1, 0, 1, 0, 2):
        session.reopen(key, scene=scene)
    qtbot.waitUntil(lambda: bool(shown) and not session._leaving)
    assert shown == [2]


def test_a_result_belongs_to_the_scene_it_was_made_from(session, qtbot, scenes, tmp_path):
    result = result_with(tmp_path, planes=2)
    session.open_paths([scenes])
    qtbot.waitUntil(lambda: session.current is not None)
    key = session.current.key
    with qtbot.waitSignal(session.image_opened):
        session.open_result(result, key)
    with qtbot.waitSignal(session.current_changed):
        session.reopen(key, scene=1)
    assert session.result_for(key) is None
    with qtbot.waitSignal(session.current_changed):
        session.reopen(key, scene=0)
    assert session.result_for(key).path == result


def test_what_a_file_lacks_is_known_after_it_was_opened_in_part(session, qtbot, tmp_path):
    whole, cut = tmp_path / "whole.tif", tmp_path / "cut.tif"
    tifffile.imwrite(whole, np.zeros((10, 40, 40), np.uint16), metadata={"axes": "ZYX"})
    cut.write_bytes(whole.read_bytes()[: 3200 * 6])
    session.open_partial(cut)
    qtbot.waitUntil(lambda: session.current is not None)
    assert {z for _t, _c, z in session.current.missing} == set(range(5, 10))
    with qtbot.waitSignal(session.current_changed):
        session.reopen(session.current.key, reading=Reading("TYX"))
    assert {t for t, _c, _z in session.current.missing} == set(range(5, 10))


def test_a_result_that_comes_late_does_not_lie_over_another_scene(session, qtbot, scenes, tmp_path):
    early, late = result_with(tmp_path, planes=3), result_with(tmp_path, planes=2)
    session.open_paths([scenes])
    qtbot.waitUntil(lambda: session.current is not None)
    key = session.current.key
    with qtbot.waitSignal(session.current_changed):
        session.reopen(key, scene=1)
    with qtbot.waitSignal(session.image_opened):
        session.open_result(early, key)
    with qtbot.waitSignal(session.image_opened):
        session.open_result(late, key, 0)
    assert session.result_for(key).path == early
    with qtbot.waitSignal(session.current_changed):
        session.reopen(key, scene=0)
    assert session.result_for(key).path == late


@pytest.mark.parametrize("is_open", [False, True])
def test_a_result_is_shown_over_the_scene_it_was_made_from(session, qtbot, scenes, tmp_path, is_open):
    opener = ResultOpener(session)
    if is_open:
        session.open_paths([scenes])
        qtbot.waitUntil(lambda: session.current is not None)
    opener.show(Input(str(scenes), 2), result_with(tmp_path, planes=4))
    qtbot.waitUntil(lambda: session.current is not None and session.current.info.scene == 2)
    qtbot.waitUntil(lambda: session.result_for(session.current.key) is not None)
    assert session.result_for(session.current.key).of_scene == 2


def test_a_result_does_not_lie_over_planes_that_are_others_since_the_axes_were_corrected(
    session, qtbot, plain, tmp_path
):
    session.open_paths([plain])
    qtbot.waitUntil(lambda: session.current is not None)
    key, planes = session.current.key, session.current.info.shape[2]
    with qtbot.waitSignal(session.image_opened):
        session.open_result(result_with(tmp_path, planes=planes), key)
    assert session.result_for(key) is not None
    other = "ZYX" if session.current.info.axes == "TYX" else "TYX"
    with qtbot.waitSignal(session.current_changed):
        session.reopen(key, reading=Reading(axes=other))
    assert session.result_for(key) is None


# Drives that do not answer


@pytest.fixture
def dead(monkeypatch, tmp_path):
    """Files on a drive that never answers; until the test is over."""
    folder, gate, asked = tmp_path / "dead", threading.Event(), []
    open_file = opening.open_image

    def open_or_wait(path, *arguments, **options):
        if path.parent == folder:
            asked.append(path.name)
            gate.wait()
            raise FileGone("The drive is gone.")
        return open_file(path, *arguments, **options)

    monkeypatch.setattr(opening, "open_image", open_or_wait)
    folder.mkdir()
    yield folder, asked
    gate.set()


def test_files_that_never_answer_hold_up_nothing_else(session, qtbot, dead, stack):
    folder, asked = dead
    names = [f"{number}.tif" for number in range(10)]
    for name in names:
        (folder / name).write_bytes(stack.read_bytes())
        session.open_paths([folder / name])
    qtbot.waitUntil(lambda: sorted(asked) == names)
    answers = []
    session._background.run(lambda: "done", answers.append)
    qtbot.waitUntil(lambda: answers == ["done"])
    with qtbot.waitSignal(session.current_changed):
        session.open_paths([stack])
    assert session.current.path == stack


def test_the_program_ends_while_a_file_does_not_answer(make_session, qtbot, dead, stack):
    folder, asked = dead
    session = make_session()
    (folder / "a.tif").write_bytes(stack.read_bytes())
    session.open_paths([folder / "a.tif"])
    qtbot.waitUntil(lambda: asked == ["a.tif"])
    began = time.monotonic()
    session.close_all()
    session._background.close()
    assert time.monotonic() - began < 2
