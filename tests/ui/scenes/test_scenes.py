"""The strip of the images within one file, used with mouse and keys in the real window."""

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt

from app.ui.background import Background
from app.ui.scenes.strip import SceneStrip
from app.ui.session import OpenImage
from models.source import Channel, ImageInfo, PixelSize
from tests.ui.heartbeat import assert_no_gap

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def file(tmp_path):
    """Three images in one file, each with planes enough to scroll."""
    path = tmp_path / "wells.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for number in range(3):
            pixels = np.random.default_rng(number).integers(0, 500, (5, 40, 60), dtype=np.uint16)
            writer.write(pixels, metadata={"axes": "ZYX", "Name": f"well A{number + 1}"})
    return path


@pytest.fixture
def house(make_house, qtbot, file):
    house = make_house([file])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    qtbot.waitUntil(lambda: house.window.places["viewer"].content is not None)
    return house


def scene(house):
    return house.services.session.current.info.scene


def click(qtbot, strip, row):
    rect = strip.list.visualRect(strip.model.index(row))
    qtbot.mouseClick(strip.list.viewport(), LEFT, pos=rect.center())


def test_a_file_with_one_image_has_no_strip(make_house, qtbot, stack):
    house = make_house([stack])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    assert house.desk.scenes.isHidden()


def test_the_images_of_a_file_stand_in_a_strip_with_small_pictures(house, qtbot):
    strip = house.desk.scenes
    qtbot.waitUntil(strip.isVisible)
    assert [strip.model.index(row).data() for row in range(3)] == ["well A1", "well A2", "well A3"]
    assert strip.place.text() == "1 / 3"
    assert strip.search.isHidden()
    qtbot.waitUntil(lambda: all(strip.pictures.get(number) is not None for number in range(3)))


def test_a_click_chooses_an_image(house, qtbot):
    strip = house.desk.scenes
    with qtbot.waitSignal(house.services.session.current_changed):
        click(qtbot, strip, 2)
    assert scene(house) == 2
    assert strip.list.currentIndex().row() == 2
    assert not strip.forth.isEnabled()


def test_keys_go_to_the_image_after_and_before(house, qtbot):
    viewer = house.window.places["viewer"].content
    viewer.setFocus()
    for key, expected in ((Qt.Key.Key_PageDown, 1), (Qt.Key.Key_PageDown, 2), (Qt.Key.Key_PageUp, 1)):
        with qtbot.waitSignal(house.services.session.current_changed):
            qtbot.keyClick(house.window, key, Qt.KeyboardModifier.ControlModifier)
        assert scene(house) == expected
    assert house.desk.scenes.place.text() == "2 / 3"


def test_arrow_keys_in_the_strip_choose_once_they_rest(house, qtbot):
    strip = house.desk.scenes
    strip.list.setFocus()
    with qtbot.waitSignal(house.services.session.current_changed):
        qtbot.keyClick(strip.list, Qt.Key.Key_Right)
        qtbot.keyClick(strip.list, Qt.Key.Key_Right)
    assert scene(house) == 2


def test_each_image_is_found_again_as_it_was_left(house, qtbot):
    strip, viewer = house.desk.scenes, house.window.places["viewer"].content
    viewer.go_to("Z", 4)
    viewer.zoom_in()
    left = viewer.view_state
    with qtbot.waitSignal(house.services.session.current_changed):
        click(qtbot, strip, 1)
    assert viewer.view_state.z == 2
    with qtbot.waitSignal(house.services.session.current_changed):
        click(qtbot, strip, 0)
    assert (viewer.view_state.z, viewer.view_state.view) == (left.z, left.view)


def test_an_image_that_cannot_be_read_is_told_and_the_mark_goes_back(house, qtbot, file):
    strip = house.desk.scenes
    file.rename(file.with_name("away.tif"))
    with qtbot.waitSignal(house.services.session.reopen_failed):
        click(qtbot, strip, 1)
    assert strip.list.currentIndex().row() == 0
    assert house.notices.sheet.isVisible()
    assert scene(house) == 0


# A plate of thousands


FIELDS = 3456


@pytest.fixture
def plate(qtbot, qapp):
    """A strip over a plate whose pictures cannot be made, since there is no file."""
    background = Background()
    strip = SceneStrip(background)
    qtbot.addWidget(strip)
    strip.resize(800, 140)
    names = tuple(f"{'ABCDEFGHIJKLMNOP'[n // 216]}{n // 9 % 24 + 1} field {n % 9 + 1}" for n in range(FIELDS))
    shape, pixel = (1, 1, 1, 8, 8), PixelSize()
    infos = [ImageInfo("none", n, names, (shape,), "uint8", "YX", pixel, (Channel(""),)) for n in range(2)]
    strip.images = [OpenImage(1, "none.tif", None, info) for info in infos]
    yield strip
    background.close()


def test_a_plate_is_searched_by_name(plate, qtbot):
    plate.show_image(plate.images[0])
    assert plate.search.isVisible()
    qtbot.keyClicks(plate.search, "b12 field")
    assert plate.model.rowCount() == 9
    assert plate.model.index(0).data() == "B12 field 1"
    with qtbot.waitSignal(plate.scene_wished) as wished:
        plate.step(1)
    assert wished.args == [1, 216 + 11 * 9]
    qtbot.keyClicks(plate.search, "nowhere")
    assert plate.model.rowCount() == 0
    assert not plate.forth.isEnabled()


def test_only_pictures_in_sight_are_made(plate, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr("app.ui.scenes.pictures.thumbnail", lambda _path, _side, scene: asked.append(scene))
    plate.show_image(plate.images[0])
    qtbot.waitUntil(lambda: len(asked) >= 6)
    plate.list.horizontalScrollBar().setValue(plate.list.horizontalScrollBar().maximum())
    qtbot.waitUntil(lambda: FIELDS - 1 in asked)
    assert len(asked) < 60


def test_a_plate_never_holds_up_the_window(plate, qtbot):
    plate.show_image(plate.images[0])
    qtbot.waitExposed(plate)

    def use():
        for text in ("p", "field 9", ""):
            plate.search.setText(text)
            qtbot.waitUntil(lambda: True)
        plate.show_image(plate.images[1])
        plate.list.scrollToBottom()

    assert_no_gap(use)
