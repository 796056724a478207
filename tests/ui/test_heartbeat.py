"""The window never holds its breath: a timer beats through whole journeys without a gap of 100 ms."""

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QPoint

from app.ui.browser.places import Place
from tests.ui.heartbeat import assert_no_gap


@pytest.fixture
def large(tmp_path):
    """An image that takes long to read as a whole."""
    file = tmp_path / "large.tif"
    pixels = np.random.default_rng(0).integers(0, 4000, (6, 2048, 2048), dtype=np.uint16)
    tifffile.imwrite(file, pixels, compression="zlib")
    return file


def test_opening_a_large_image_never_holds_the_window(house, qtbot, large):
    session = house.services.session

    def open_and_close():
        house.desk.open([large])
        qtbot.waitUntil(lambda: session.current is not None, timeout=20000)
        qtbot.waitUntil(lambda: house.window.zoom_label.text() != "", timeout=20000)
        house.desk.close_current()
        qtbot.waitUntil(lambda: session.current is None)

    assert_no_gap(open_and_close)


def test_a_folder_of_many_files_never_holds_the_window(house, qtbot, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        tifffile.imwrite(folder / f"field {number}.tif", np.full((64, 64), number, np.uint8))
    session = house.services.session

    def open_and_close():
        house.desk.open([folder])
        qtbot.waitUntil(lambda: len(session.images()) == 40, timeout=20000)
        for image in reversed(session.images()):  # one by one, as a person would
            session.close(image.key)
            qtbot.waitUntil(lambda: house.window.stage.tabs.count() == len(session.images()))

    assert_no_gap(open_and_close)


def test_going_through_all_rooms_and_pages_never_holds_the_window(house, qtbot, stack):
    house.desk.open([stack])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=20000)

    def go_about():
        for page in ("display", "info", "measure", "restore"):
            house.desk.inspect(page)
            qtbot.waitUntil(lambda page=page: house.window.places[page].isVisible())
        for room in ("models", "jobs", "images"):
            house.desk.go(room)
            qtbot.waitUntil(lambda room=room: room == "images" or house.window.places[room].isVisible())

    assert_no_gap(go_about)


def has_picture(panel):
    top = panel.model.entry(panel.list.indexAt(QPoint(20, 5)))
    return top is not None and panel.thumbnails.get(top.path) is not None


@pytest.mark.parametrize("looks", ["list", "tiles"])
def test_ten_thousand_images_are_listed_without_holding_the_window(house, qtbot, tmp_path, looks):
    folder = tmp_path / "ten thousand"
    folder.mkdir()
    first = folder / "field 0.tif"
    tifffile.imwrite(first, np.random.default_rng(0).integers(0, 900, (64, 64), dtype=np.uint16))
    for number in range(1, 10_000):
        (folder / f"field {number}.tif").hardlink_to(first)
    panel = house.window.places["browser"].content
    panel.list.show_looks(looks)
    bar = panel.list.verticalScrollBar()

    def look_through():
        panel.show_place(Place("samples"))
        qtbot.waitUntil(lambda: 0 < panel.model.rowCount() < 100, timeout=20000)
        panel.show_place(Place("folder", folder))
        qtbot.waitUntil(lambda: panel.model.rowCount() == 10_000, timeout=20000)
        qtbot.waitUntil(lambda: panel.list.visualRect(panel.model.index(9999)).isValid(), timeout=20000)
        for step in range(10):
            bar.setValue(bar.maximum() * step // 10)
            qtbot.waitUntil(lambda: has_picture(panel))
        qtbot.keyClicks(panel.filter, "77")
        qtbot.waitUntil(lambda: panel.model.rowCount() == 280, timeout=20000)
        assert panel.filters.count.text().startswith("280 of 10")

    assert_no_gap(look_through)
