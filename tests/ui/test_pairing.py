"""Comparing files in the real window: dropped, chosen from a menu, and no more."""

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app.images.record import Provenance
from app.images.writers.tiff import OmeTiffSink
from app.ui.pairing import PartnerMenu, is_made_from
from tests.makers import info_for
from tests.ui.test_drop import drag_over, drop, mime_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def files(tmp_path):
    """Three images of one size."""
    made = []
    for number in range(3):
        made.append(tmp_path / f"field {number}.tif")
        pixels = np.random.default_rng(number).integers(0, 900, (64, 96), dtype=np.uint16)
        tifffile.imwrite(made[-1], pixels)
    return made


@pytest.fixture
def result(tmp_path, files):
    """A file that says that it was restored from the first image."""
    info = info_for((1, 1, 1, 64, 96), "float32")
    sink = OmeTiffSink.create(tmp_path / "restored.ome.tif", info)
    sink.write(sink.info.whole(), np.ones((1, 1, 1, 64, 96), np.float32))
    return sink.close(Provenance(input_path=str(files[0])))


def viewer_of(house):
    return house.window.places["viewer"].content


def compared(house):
    """The names of both files that are compared, as the picture says them."""
    current = house.services.session.current
    partner = house.desk.pairing.partner_of(current)
    viewer = viewer_of(house)
    if current is None or partner is None or viewer is None or viewer.comparing.pair is None:
        return None
    return (current.path.name, partner.path.name)


def wait_for(house, qtbot, *names):
    qtbot.waitUntil(lambda: compared(house) == (names or None), timeout=8000)


def open_all(house, qtbot, files):
    house.desk.open(files)
    qtbot.waitUntil(lambda: len(house.services.session.images()) == len(files), timeout=8000)


def menu(house):
    """Open the menu of partners and return it."""
    house.desk.ask_compare()
    found = house.window.findChildren(PartnerMenu)[-1]
    assert found.isVisible()
    return found


def choose(house, text):
    found = menu(house)
    next(action for action in found.actions() if action.text() == text).trigger()
    found.close()


def test_one_dropped_file_goes_beside_the_current_image(house, qtbot, files):
    open_all(house, qtbot, files[:1])
    drop(house, files[1], zone="compare")
    wait_for(house, qtbot, "field 0.tif", "field 1.tif")
    viewer = viewer_of(house)
    assert viewer.view_state.compare == "curtain"
    assert viewer.canvases[0].overlay.tags == ("field 0.tif", "field 1.tif")
    assert viewer.compare_bar.isVisible()


def test_two_dropped_files_are_compared_with_each_other(house, qtbot, files):
    open_all(house, qtbot, files[2:])
    drop(house, *files[:2], zone="compare")
    wait_for(house, qtbot, "field 0.tif", "field 1.tif")
    assert len(house.services.session.images()) == 3


def test_two_files_can_be_compared_before_anything_is_open(house, qtbot, files):
    zones = house.wiring.zones
    drag_over(house, mime_of(files[0]))
    assert "compare" not in [zone.key for zone in zones.zones]
    drop(house, *files[:2], zone="compare")
    wait_for(house, qtbot, "field 0.tif", "field 1.tif")


def test_the_zone_says_what_will_be_compared(house, files):
    zones = house.wiring.zones
    for count, title in ((2, "Compare the two"), (3, "Compare the first two")):
        drag_over(house, mime_of(*files[:count]))
        zone = next(zone for zone in zones.zones if zone.key == "compare")
        assert zone.title_for(len(zones._paths)) == title
        zones._end()


def test_of_many_files_the_first_two_are_compared_and_that_is_said(house, qtbot, files):
    drop(house, *files, zone="compare")
    wait_for(house, qtbot, "field 0.tif", "field 1.tif")
    assert "first two" in house.notices._toasts[0].label.text()


def test_the_browser_can_ask_for_two_files(house, qtbot, files):
    house.desk.compare(files[1:])
    wait_for(house, qtbot, "field 1.tif", "field 2.tif")


def test_a_file_that_was_restored_from_the_current_image_is_its_result(house, qtbot, files, result):
    open_all(house, qtbot, files[:1])
    drop(house, result, zone="compare")
    session = house.services.session
    qtbot.waitUntil(lambda: session.result_for(session.current.key) is not None, timeout=8000)
    assert viewer_of(house).canvases[0].overlay.tags == ("raw", "restored")


def test_a_bad_file_changes_nothing_that_is_seen(house, qtbot, files, bad_file):
    open_all(house, qtbot, files[:1])
    house.desk.compare([bad_file])
    qtbot.waitUntil(house.notices.sheet.isVisible, timeout=8000)
    assert compared(house) is None
    assert len(house.services.session.images()) == 1


def test_an_image_is_not_compared_with_itself(house, qtbot, files):
    open_all(house, qtbot, files[:1])
    house.desk.compare(files[:1])
    qtbot.waitUntil(lambda: bool(house.notices._toasts), timeout=8000)
    assert "another one" in house.notices._toasts[0].label.text()
    assert compared(house) is None


def test_the_menu_lists_what_is_open_and_a_way_to_take_a_file(house, qtbot, files):
    open_all(house, qtbot, files)
    found = menu(house)
    texts = [action.text() for action in found.actions() if action.text()]
    assert texts == ["field 1.tif", "field 2.tif", "A file…"]
    found.close()


def test_an_image_is_chosen_by_key_from_the_menu(house, qtbot, files):
    open_all(house, qtbot, files)
    viewer = viewer_of(house)
    viewer.setFocus()
    QTest.keyClick(viewer, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    found = QApplication.activePopupWidget()
    assert isinstance(found, QMenu)
    QTest.keyClick(found, Qt.Key.Key_Down)
    QTest.keyClick(found, Qt.Key.Key_Down)
    QTest.keyClick(found, Qt.Key.Key_Return)
    wait_for(house, qtbot, "field 0.tif", "field 2.tif")


def test_comparing_stops_with_one_click(house, qtbot, files):
    open_all(house, qtbot, files)
    choose(house, "field 1.tif")
    wait_for(house, qtbot, "field 0.tif", "field 1.tif")
    viewer = viewer_of(house)
    QTest.mouseClick(viewer.compare_bar.stop, LEFT)
    assert compared(house) is None
    assert viewer.compare_bar.isHidden()
    assert len(house.services.session.images()) == 3


def test_actions_follow_what_is_compared(house, qtbot, files):
    open_all(house, qtbot, files)
    actions = house.desk.actions
    qtbot.waitUntil(lambda: actions["view.compare_with"].isEnabled())
    assert not actions["view.stop_comparing"].isEnabled()
    choose(house, "field 1.tif")
    assert actions["view.stop_comparing"].isEnabled()
    actions["view.stop_comparing"].trigger()
    assert not actions["view.compare"].isEnabled()


@pytest.mark.parametrize("closed", ["field 0.tif", "field 1.tif"])
def test_either_image_can_be_closed(house, qtbot, files, closed):
    open_all(house, qtbot, files)
    choose(house, "field 1.tif")
    wait_for(house, qtbot, "field 0.tif", "field 1.tif")
    session = house.services.session
    session.close(next(image.key for image in session.images() if image.path.name == closed))
    assert compared(house) is None
    assert viewer_of(house).compare_bar.isHidden()
    qtbot.waitUntil(viewer_of(house)._is_idle, timeout=5000)


def test_each_image_keeps_its_partner_while_another_tab_is_looked_at(house, qtbot, files):
    open_all(house, qtbot, files)
    choose(house, "field 1.tif")
    session = house.services.session
    first, _second, third = session.images()
    session.make_current(third.key)
    assert compared(house) is None
    session.make_current(first.key)
    assert compared(house) == ("field 0.tif", "field 1.tif")


def test_a_result_appears_over_its_original_by_itself(house, qtbot, files, result):
    open_all(house, qtbot, files)
    choose(house, "field 1.tif")
    session = house.services.session
    session.open_result(result, session.current.key)
    wait_for(house, qtbot, "field 0.tif", "restored.ome.tif")
    choose(house, "field 2.tif")
    wait_for(house, qtbot, "field 0.tif", "field 2.tif")
    choose(house, "restored: restored.ome.tif")
    wait_for(house, qtbot, "field 0.tif", "restored.ome.tif")


def test_looking_at_the_original_alone_hides_the_result_but_keeps_it(house, qtbot, files, result):
    open_all(house, qtbot, files[:1])
    session = house.services.session
    session.open_result(result, session.current.key)
    wait_for(house, qtbot, "field 0.tif", "restored.ome.tif")
    house.desk.stop_comparing()
    assert compared(house) is None
    assert session.result_for(session.current.key) is not None
    session.open_result(result, session.current.key)
    wait_for(house, qtbot, "field 0.tif", "restored.ome.tif")


def test_a_result_was_made_from_one_scene_only(files, result):
    assert is_made_from(result, files[0], 0)
    assert not is_made_from(result, files[0], 1)
    assert not is_made_from(result, files[1], 0)
