import numpy as np
import pytest
import tifffile

from app.ui.background import Background
from app.ui.session import Session
from models.source import PixelSize, Reading


@pytest.fixture
def session(qapp, qtbot):
    background = Background()
    session = Session(background, lambda: 10_000_000)
    yield session
    session.close_all()
    background.close()


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
