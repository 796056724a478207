import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt

from app.ui.doubts import axes_in_words, orders

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def doubtful(tmp_path):
    file = tmp_path / "plain.tif"
    tifffile.imwrite(file, np.random.default_rng(1).integers(0, 255, (6, 40, 50), dtype=np.uint8))
    return file


@pytest.fixture
def opened(make_house, qtbot, doubtful):
    house = make_house([doubtful])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    return house


def test_the_strip_appears_only_when_something_is_doubtful(make_house, qtbot, stack):
    house = make_house([stack])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    assert house.services.session.current.info.doubts == ()
    assert not house.desk.doubts.isVisible()


def test_a_typed_pixel_size_reads_the_image_again(opened, qtbot):
    strip = opened.desk.doubts
    assert strip.isVisible()
    qtbot.keyClicks(strip.size_line, "0.1")
    with qtbot.waitSignal(opened.services.session.current_changed):
        qtbot.keyClick(strip.size_line, Qt.Key.Key_Return)
    assert opened.services.session.current.info.pixel_size_um.x == 0.1
    assert not strip.isVisible()


def test_carrying_on_is_remembered(opened, qtbot):
    strip = opened.desk.doubts
    assert strip.carry_on.text() == "Carry on uncalibrated"
    qtbot.mouseClick(strip.carry_on, LEFT)
    assert not strip.isVisible()
    opened.desk.show_doubts(opened.services.session.current)
    assert not strip.isVisible()


def test_the_size_of_the_last_file_is_offered(make_house, qtbot, stack, doubtful):
    house = make_house([stack])
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    house.desk.open([doubtful])
    qtbot.waitUntil(house.desk.doubts.isVisible, timeout=5000)
    assert house.desk.doubts.as_last.text() == "As in the last file: 0.1 µm"
    with qtbot.waitSignal(session.current_changed):
        qtbot.mouseClick(house.desk.doubts.as_last, LEFT)
    assert session.current.info.pixel_size_um.x == 0.1


def test_the_order_of_axes_can_be_changed(opened, qtbot):
    info = opened.services.session.current.info
    assert axes_in_words(info) in ("Z 6", "T 6")
    opened.desk.ask_reading()
    strip = opened.desk.doubts
    strip.axes.setCurrentIndex(strip.axes.findData("CYX"))
    with qtbot.waitSignal(opened.services.session.current_changed):
        qtbot.mouseClick(strip.apply, LEFT)
    assert opened.services.session.current.info.shape == (1, 6, 1, 40, 50)


def test_every_order_of_axes_is_offered_once(opened):
    names = orders(opened.services.session.current.info)
    assert len(names) == len(set(names)) == 3
