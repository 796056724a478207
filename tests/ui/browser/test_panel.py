import os
import threading
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu

from app.images.listing import Listing
from app.ui.browser.lister import Lister
from app.ui.browser.places import Place
from app.ui.browser.thumbnails import thumbnail
from tests.images.zarr_maker import write_image
from tests.makers import cells
from tests.ui.browser.conftest import go_to, names

CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def open_menu(panel, qtbot, row):
    """Ask for the menu of a row with the right button; return its actions by text."""
    point = panel.list.visualRect(panel.model.index(row)).center()
    panel.list.customContextMenuRequested.emit(point)
    menu = panel.findChildren(QMenu)[-1]
    qtbot.waitUntil(menu.isVisible)
    actions = {action.text(): action for action in menu.actions()}
    menu.hide()
    return actions


def test_a_folder_lists_folders_first_and_images_in_natural_order(browser):
    assert names(browser) == ["inner", "cell 1.tif", "cell 2.tif", "cell 10.tif"]
    assert browser.filters.count.text() == "3 images"


def test_an_image_folder_is_listed_as_an_image_only(browser, house, qtbot, folder):
    write_image(folder / "cell 3.ome.zarr", cells((40, 60)))
    browser.refresh()
    qtbot.waitUntil(lambda: browser.model.rowCount() == 5)
    assert names(browser) == ["inner", "cell 1.tif", "cell 2.tif", "cell 3.ome.zarr", "cell 10.tif"]
    assert browser.model.entries()[3].format == "OME-Zarr"
    browser.list.select_row(3)
    qtbot.keyClick(browser.list, Qt.Key.Key_Return)
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    assert session.current.path == folder / "cell 3.ome.zarr"
    picture = thumbnail(folder / "cell 3.ome.zarr", 30)
    assert (picture.width(), picture.height()) == (30, 20)


def test_the_filter_keeps_what_matches_and_says_how_much(browser, qtbot):
    qtbot.keyClicks(browser.filter, "CELL 10")
    assert names(browser) == ["cell 10.tif"]
    assert browser.filters.count.text() == "1 of 3 shown"
    browser.filter.setText("nothing like it")
    assert "nothing like it" in browser.empty.text()
    qtbot.mouseClick(browser.filters.clear, LEFT)
    assert len(names(browser)) == 4
    assert not browser.filters.clear.isVisible()


def test_the_arrow_down_leads_from_the_filter_to_the_list(browser, house, qtbot, folder):
    qtbot.keyClicks(browser.filter, "10")
    qtbot.keyClick(browser.filter, Qt.Key.Key_Down)
    qtbot.keyClick(browser.list, Qt.Key.Key_Return)
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    assert session.current.path == folder / "cell 10.tif"


def test_formats_and_sizes_are_chosen_from_menus(browser, qtbot, folder):
    tifffile.imwrite(folder / "large.tif", np.zeros((2400, 2400), np.uint16))
    (folder / "figure.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    browser.refresh()
    qtbot.waitUntil(lambda: browser._listing.is_measured and len(names(browser)) == 6)
    menu = browser.filters.filter.menu()
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()[:3]] == ["Any format", "PNG", "TIFF"]
    menu.actions()[1].trigger()
    assert names(browser) == ["figure.png"]
    browser.filters.clear_filter()
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text().startswith("Medium")).trigger()
    assert names(browser) == ["large.tif"]


def test_the_order_is_chosen_and_remembered(browser, house, folder, qtbot):
    for age, number in enumerate((2, 10, 1)):
        os.utime(folder / f"cell {number}.tif", (1e9 - age, 1e9 - age))
    browser.refresh()
    qtbot.waitUntil(lambda: browser._listing.is_measured and browser.model.entries()[1].modified_ns < 1.1e18)
    menu = browser.filters.sort.menu()
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text().startswith("Date")).trigger()
    assert names(browser) == ["inner", "cell 2.tif", "cell 10.tif", "cell 1.tif"]
    menu.aboutToShow.emit()
    menu.actions()[-1].trigger()
    assert names(browser) == ["inner", "cell 1.tif", "cell 10.tif", "cell 2.tif"]
    assert house.settings.current.browser_sort == "date"
    assert house.settings.current.browser_reversed


def test_enter_opens_the_selected_image(browser, house, qtbot, folder):
    browser.list.setCurrentIndex(browser.model.index(1))
    qtbot.keyClick(browser.list, Qt.Key.Key_Return)
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    assert session.current.path == folder / "cell 1.tif"


def test_ctrl_enter_opens_and_restores(browser, qtbot, folder):
    browser.list.setCurrentIndex(browser.model.index(1))
    with qtbot.waitSignal(browser.restore_wanted) as wanted:
        qtbot.keyClick(browser.list, Qt.Key.Key_Return, CTRL)
    assert wanted.args[0] == [folder / "cell 1.tif"]


def test_a_double_click_on_a_folder_goes_into_it(browser, qtbot, folder):
    point = browser.list.visualRect(browser.model.index(0)).center()
    qtbot.mouseClick(browser.list.viewport(), LEFT, NONE, point)
    qtbot.mouseDClick(browser.list.viewport(), LEFT, NONE, point)
    qtbot.waitUntil(lambda: browser.empty.text() == "No image in this folder.")
    assert browser.path_bar.line.text() == str(folder / "inner")


def test_keys_lead_up_back_and_forward(browser, qtbot, folder):
    browser.list.setFocus()
    qtbot.keyClick(browser.list, Qt.Key.Key_Backspace)
    qtbot.waitUntil(lambda: browser.place.folder == folder.parent)
    qtbot.waitUntil(lambda: [entry.name for entry in browser.selected()] == ["day 1"])
    qtbot.keyClick(browser.list, Qt.Key.Key_Left, ALT)
    qtbot.waitUntil(lambda: browser.place.folder == folder)
    qtbot.waitUntil(lambda: "cell 1.tif" in names(browser))
    qtbot.keyClick(browser.list, Qt.Key.Key_Right, ALT)
    qtbot.waitUntil(lambda: browser.place.folder == folder.parent)
    assert not browser.path_bar.forward.isEnabled()


def test_typing_goes_to_a_name(browser, qtbot):
    browser.list.setFocus()
    qtbot.keyClicks(browser.list, "cell 10")
    assert [entry.name for entry in browser.selected()] == ["cell 10.tif"]


def test_the_same_letter_again_goes_to_the_next_name(browser, qtbot):
    browser.list.setFocus()
    browser.list.select_row(0)
    seen = []
    for _number in range(4):
        qtbot.keyClicks(browser.list, "c")
        seen += [entry.name for entry in browser.selected()]
    assert seen == ["cell 1.tif", "cell 2.tif", "cell 10.tif", "cell 1.tif"]


def test_pages_lead_as_far_as_is_in_sight(house, qtbot, tmp_path):
    panel = house.window.places["browser"].content
    many = tmp_path / "many"
    many.mkdir()
    for number in range(200):
        (many / f"{number}.tif").touch()
    go_to(panel, many, qtbot)
    panel.list.setFocus()
    panel.list.select_row(0)
    qtbot.keyClick(panel.list, Qt.Key.Key_PageDown)
    row = panel.list.currentIndex().row()
    assert 1 < row < 40
    qtbot.keyClick(panel.list, Qt.Key.Key_PageUp)
    assert panel.list.currentIndex().row() == 0
    qtbot.keyClick(panel.list, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    assert len(panel.selected()) == 200


def test_arrows_go_through_tiles_line_by_line(browser, house, qtbot):
    qtbot.mouseClick(browser.filters.looks, LEFT)
    assert house.settings.current.browser_looks == "tiles"
    qtbot.waitUntil(lambda: browser.list.visualRect(browser.model.index(1)).top() < 10)
    browser.list.setFocus()
    browser.list.select_row(0)
    qtbot.keyClick(browser.list, Qt.Key.Key_Right)
    assert browser.list.currentIndex().row() == 1
    across = browser.list._grid()[0]
    qtbot.keyClick(browser.list, Qt.Key.Key_Left)
    qtbot.keyClick(browser.list, Qt.Key.Key_Down)
    assert browser.list.currentIndex().row() == across


def test_opened_images_and_their_folders_are_recent(browser, house, qtbot, folder):
    house.desk.open([folder / "cell 2.tif"])
    qtbot.waitUntil(lambda: bool(house.settings.current.recent), timeout=5000)
    assert house.settings.current.recent_folders == (str(folder),)
    browser.show_place(Place("recent"))
    qtbot.waitUntil(lambda: names(browser) == ["cell 2.tif"])
    (folder / "cell 2.tif").unlink()
    browser.refresh()
    qtbot.waitUntil(lambda: browser.empty.text() == "Images that you open are listed here.")


def test_a_typed_folder_is_listed_and_a_typed_file_is_opened(browser, house, qtbot, folder):
    line = browser.path_bar.line
    line.setText(str(folder / "inner"))
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: browser.place.folder == folder / "inner")
    line.setText(str(folder / "cell 2.tif"))
    qtbot.keyClick(line, Qt.Key.Key_Return)
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    assert session.current.path == folder / "cell 2.tif"


def test_a_typed_folder_that_is_not_there_is_told_in_a_sentence(browser, qtbot, folder):
    browser.path_bar.line.setText(str(folder / "nowhere"))
    qtbot.keyClick(browser.path_bar.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: browser.empty.text().startswith("nowhere is not there any more."))
    assert browser.again.isVisible()
    (folder / "nowhere").mkdir()
    qtbot.mouseClick(browser.again, LEFT)
    qtbot.waitUntil(lambda: browser.empty.text() == "No image in this folder.")


def test_new_files_appear_by_themselves_and_the_selection_stays(browser, qtbot, folder):
    browser.list.select_row(2)
    tifffile.imwrite(folder / "a new one.tif", np.zeros((8, 8), np.uint8))
    qtbot.waitUntil(lambda: "a new one.tif" in names(browser), timeout=8000)
    assert [entry.name for entry in browser.selected()] == ["cell 2.tif"]


def test_a_folder_that_vanishes_while_it_is_shown_is_told(browser, qtbot, folder):
    for path in folder.iterdir():
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
    qtbot.waitUntil(lambda: browser.empty.text().startswith("day 1 is not there"), timeout=8000)


def test_the_menu_of_two_images_offers_to_compare_them(browser, qtbot, folder):
    browser.list.select_row(1)
    qtbot.keyClick(browser.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    actions = open_menu(browser, qtbot, 1)
    assert list(actions)[:4] == ["Open", "Open and restore", "Compare the two", "Add to queue"]
    both = [folder / "cell 1.tif", folder / "cell 2.tif"]
    browser.queue_wanted.disconnect()  # only the wishes are looked at here
    browser.restore_wanted.disconnect()
    browser.compare_wanted.disconnect()
    for text, signal in (
        ("Compare the two", browser.compare_wanted),
        ("Add to queue", browser.queue_wanted),
        ("Open and restore", browser.restore_wanted),
    ):
        with qtbot.waitSignal(signal) as wanted:
            actions[text].trigger()
        assert wanted.args[0] == both
    actions["Copy paths"].trigger()
    assert QGuiApplication.clipboard().text() == "\n".join(map(str, both))


def test_a_folder_is_pinned_and_unpinned(browser, house, qtbot, folder):
    browser.list.select_row(0)
    open_menu(browser, qtbot, 0)["Pin this folder"].trigger()
    assert house.settings.current.pinned == (str(folder / "inner"),)
    qtbot.mouseClick(browser.path_bar.pin, LEFT)
    assert house.settings.current.pinned == (str(folder / "inner"), str(folder))
    assert browser.path_bar.pin.accessibleName() == "Unpin this folder"
    qtbot.mouseClick(browser.path_bar.pin, LEFT)
    assert house.settings.current.pinned == (str(folder / "inner"),)
    browser.tree.menu_wanted.emit(folder / "inner", QPoint(10, 10))
    menu = browser.findChildren(QMenu)[-1]
    qtbot.waitUntil(menu.isVisible)
    next(action for action in menu.actions() if action.text() == "Unpin this folder").trigger()
    menu.hide()
    assert house.settings.current.pinned == ()


def test_what_is_dragged_out_is_taken_by_the_zones(browser, house, qtbot, folder):
    data = browser.model.mimeData([browser.model.index(2), browser.model.index(1)])
    assert data.hasUrls()
    zones = house.wiring.zones
    enter = QDragEnterEvent(QPoint(10, 10), Qt.DropAction.CopyAction, data, LEFT, NONE)
    QApplication.sendEvent(house.window, enter)
    assert enter.isAccepted()
    where = QPointF(next(rect for row, rect in zones._places() if row.key == "open").center())
    QApplication.sendEvent(zones, QDropEvent(where, Qt.DropAction.CopyAction, data, LEFT, NONE))
    session = house.services.session
    qtbot.waitUntil(lambda: len(session.images()) == 2, timeout=5000)
    assert session.current.path == folder / "cell 1.tif"


@pytest.fixture
def slow(browser):
    """Let the browser list through a drive that answers when `gate` is opened, bit by bit."""
    gate, gone = threading.Event(), []
    known = browser.lister._list_folder

    def list_slowly(folder, told, is_left):
        if folder.name != "slow":
            known(folder, told, is_left)
            return
        gate.wait(30)
        told(Listing(is_complete=False, is_measured=False))
        gone.append(is_left())

    browser.lister._list_folder = list_slowly
    yield gate, gone
    gate.set()


def test_a_drive_that_does_not_answer_can_be_left(browser, qtbot, folder, slow):
    gate, gone = slow
    browser.show_place(Place("folder", Path("/far/slow")))
    qtbot.waitUntil(lambda: browser.empty.text().startswith("Still listing “slow”"))
    go_to(browser, folder, qtbot)
    assert "cell 1.tif" in names(browser)
    gate.set()
    qtbot.waitUntil(lambda: gone == [True])
    assert "cell 1.tif" in names(browser)


def test_ten_dead_drives_keep_nobody_from_opening(browser, house, qtbot, folder, slow):
    for _number in range(10):
        browser.show_place(Place("folder", Path("/far/slow")))
    house.desk.open([folder / "cell 1.tif"])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)


def test_names_that_are_known_so_far_are_shown(qtbot, house, browser, folder):
    gate = threading.Event()

    def list_slowly(place, told, is_left):
        entries = tuple(entry for entry in browser._listing.entries)
        told(Listing(entries[:2], is_complete=False, is_measured=False))
        gate.wait(30)
        told(Listing(entries))

    go_to(browser, folder, qtbot)
    whole = browser._listing
    browser.lister._list_folder = lambda place, told, is_left: (
        told(Listing(whole.entries[:2], is_complete=False, is_measured=False)),
        gate.wait(30),
        told(whole),
    )
    browser.refresh()
    qtbot.waitUntil(lambda: browser.filters.count.text() == "Still listing… 1 so far")
    gate.set()
    qtbot.waitUntil(lambda: browser.filters.count.text() == "3 images")


def test_a_folder_on_the_network_is_looked_at_again_when_it_changed(qtbot, house, folder):
    lister = Lister(house.background)
    found = []
    lister.listed.connect(found.append)
    lister.list_place(Place("folder", folder), ())
    qtbot.waitUntil(lambda: bool(found) and lister._task is None)
    lister._ask_whether_changed()
    qtbot.waitUntil(lambda: lister._modified is not None)
    found.clear()
    os.utime(folder, (1e9, 1e9))
    lister._ask_whether_changed()
    qtbot.waitUntil(lambda: bool(found))
