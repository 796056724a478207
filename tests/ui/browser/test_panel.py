from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt

from app.ui.browser.panel import BrowserPanel
from app.ui.browser.thumbnails import Thumbnails, thumbnail
from app.ui.browser.tree import Place, folders_in
from tests.images.zarr_maker import write_image
from tests.makers import cells


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "day 1"
    (place / "inner").mkdir(parents=True)
    for number in (1, 2, 10):
        tifffile.imwrite(place / f"cell {number}.tif", np.full((40, 60), number, np.uint8))
    (place / "notes.txt").write_text("no image")
    return place


@pytest.fixture
def browser(house, qtbot, folder):
    panel = house.window.places["browser"].content
    assert isinstance(panel, BrowserPanel)
    panel.show_place(Place("folder", folder))
    qtbot.waitUntil(lambda: panel.model.rowCount() == 4)
    return panel


def names(panel):
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]


def test_a_folder_lists_folders_first_and_images_in_natural_order(browser):
    assert names(browser) == ["inner", "cell 1.tif", "cell 2.tif", "cell 10.tif"]


def test_an_image_folder_is_listed_as_an_image_only(browser, house, qtbot, folder):
    write_image(folder / "cell 3.ome.zarr", cells((40, 60)))
    browser.show_place(Place("folder", folder))
    qtbot.waitUntil(lambda: browser.model.rowCount() == 5)
    assert names(browser) == ["inner", "cell 1.tif", "cell 2.tif", "cell 3.ome.zarr", "cell 10.tif"]
    browser.list.setCurrentIndex(browser.model.index(3))
    qtbot.keyClick(browser.list, Qt.Key.Key_Return)
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    assert session.current.path == folder / "cell 3.ome.zarr"
    picture = thumbnail(folder / "cell 3.ome.zarr", 30)
    assert (picture.width(), picture.height()) == (30, 20)


def test_the_filter_keeps_what_matches(browser, qtbot):
    qtbot.keyClicks(browser.filter, "10")
    assert names(browser) == ["cell 10.tif"]
    browser.filter.setText("nothing like it")
    assert "nothing like it" in browser.empty.text()


def test_enter_opens_the_selected_image(browser, house, qtbot, folder):
    browser.list.setCurrentIndex(browser.model.index(1))
    qtbot.keyClick(browser.list, Qt.Key.Key_Return)
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    assert session.current.path == folder / "cell 1.tif"


def test_a_double_click_on_a_folder_goes_into_it(browser, qtbot):
    browser.list.setCurrentIndex(browser.model.index(0))
    browser.list.opened.emit()
    qtbot.waitUntil(lambda: browser.model.rowCount() == 0)
    assert browser.empty.text() == "No image in this folder."


def test_opened_images_are_listed_as_recent(browser, house, qtbot, folder):
    house.desk.open([folder / "cell 2.tif"])
    qtbot.waitUntil(lambda: bool(house.settings.current.recent), timeout=5000)
    browser.show_place(Place("recent"))
    qtbot.waitUntil(lambda: names(browser) == ["cell 2.tif"])


def test_a_thumbnail_is_small_and_keeps_the_proportions(tmp_path):
    file = tmp_path / "wide.tif"
    tifffile.imwrite(file, np.random.default_rng(0).integers(0, 4000, (200, 400), dtype=np.uint16))
    picture = thumbnail(file, 80)
    assert (picture.width(), picture.height()) == (80, 40)
    assert picture.isGrayscale()


def test_a_thumbnail_of_nothing_but_nan_is_black(tmp_path):
    file = tmp_path / "nan.tif"
    tifffile.imwrite(file, np.full((64, 64), np.nan, np.float32))
    assert thumbnail(file, 32).pixelColor(5, 5).value() == 0


def test_what_is_scrolled_away_is_no_longer_made(qapp, qtbot, house, folder):
    thumbnails = Thumbnails(house.background, 32)
    path = folder / "cell 1.tif"
    assert thumbnails.get(path) is None
    thumbnails.keep_only([])
    with qtbot.waitSignal(thumbnails.made) as made:
        thumbnails.get(folder / "cell 2.tif")
    assert made.args[0] == folder / "cell 2.tif"
    assert path not in thumbnails._made


def test_a_file_that_cannot_be_read_gets_no_picture(qtbot, house, tmp_path):
    file = tmp_path / "bad.tif"
    file.write_text("no image")
    thumbnails = Thumbnails(house.background, 32)
    with qtbot.waitSignal(thumbnails.made):
        thumbnails.get(file)
    assert thumbnails.get(file) is None


def test_folders_are_listed_by_name_without_the_hidden_ones(tmp_path):
    for name in ("b", "A", ".git"):
        (tmp_path / name).mkdir()
    assert [path.name for path in folders_in(tmp_path)] == ["A", "b"]
    assert folders_in(Path("no such folder")) == []
