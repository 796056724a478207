"""Measuring in the real window: keys, files and what is dropped."""

import csv
import io

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from app.images.measuring.rois import Roi, as_zip, read_rois
from app.images.measuring.shapes import Ellipse, Line, Polygon, Rectangle
from app.ui.drop import are_regions, look_at
from tests.ui.conftest import home, idle_engine, make_house, stack  # noqa: F401 - fixtures
from tests.ui.measure.conftest import drag


@pytest.fixture
def open_house(make_house, qtbot, stack):  # noqa: F811
    """The window with a stack open and the viewer ready."""
    house = make_house([stack])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    qtbot.waitUntil(lambda: house.desk.measuring is not None and house.desk.measuring.info is not None)
    qtbot.waitUntil(lambda: house.window.zoom_label.text() != "", timeout=5000)
    return house


def viewer_of(house):
    return house.window.places["viewer"].content


def key(house, letter, modifiers=Qt.KeyboardModifier.NoModifier):
    viewer_of(house).setFocus()
    QTest.keyClick(viewer_of(house), letter, modifiers)


def test_m_opens_the_page_and_takes_a_tool_and_puts_it_down(open_house, qtbot):
    key(open_house, Qt.Key.Key_M)
    page = open_house.window.places["measure"]
    qtbot.waitUntil(page.isVisible)
    assert page.content.tools["line"].isChecked()
    assert viewer_of(open_house).hasFocus()
    key(open_house, Qt.Key.Key_M)
    assert open_house.desk.measuring.tool is None


@pytest.mark.parametrize(
    ("letter", "tool"),
    [("L", "line"), ("S", "segmented"), ("R", "rectangle"), ("E", "ellipse"), ("P", "polygon"),
     ("F", "freehand"), ("O", "point")],
)  # fmt: skip
def test_every_tool_has_a_key(open_house, letter, tool):
    key(open_house, letter, Qt.KeyboardModifier.ShiftModifier)
    assert open_house.desk.measuring.tool == tool


def test_t_keeps_and_ctrl_z_brings_back(open_house, qtbot):
    measuring = open_house.desk.measuring
    key(open_house, "R", Qt.KeyboardModifier.ShiftModifier)
    drag(viewer_of(open_house).canvases[0], (2, 2), (5, 4))
    key(open_house, Qt.Key.Key_T)
    assert len(measuring.notes.kept) == 1
    key(open_house, Qt.Key.Key_Delete)
    assert measuring.notes.kept == ()
    key(open_house, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(measuring.notes.kept) == 1


def test_h_shows_the_histogram_and_ctrl_k_the_profile(open_house, qtbot):
    key(open_house, Qt.Key.Key_H)
    qtbot.waitUntil(open_house.window.places["display"].isVisible)
    key(open_house, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(open_house.window.places["measure"].isVisible)
    assert open_house.desk.measuring.tool == "line"


def kept(house, *shapes):
    measuring = house.desk.measuring
    for shape in shapes:
        measuring.choose(None)
        measuring.set_shape(shape)
        measuring.keep()


def test_the_table_holds_every_region_in_every_channel(open_house, qtbot, stack, tmp_path):  # noqa: F811
    kept(open_house, Rectangle(1, 1, 2, 1), Line(((0, 0), (3, 4))))
    before = stack.read_bytes()
    file = tmp_path / "numbers.csv"
    open_house.desk.exchange.save_table(file)
    qtbot.waitUntil(file.exists)
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert len(rows) == 4
    pixels = tifffile.imread(stack)
    assert float(rows[0]["Mean, raw"]) == pytest.approx(pixels[1, 0, 10:20, 10:30].mean())
    assert rows[0]["File"] == "cells.tif"
    assert stack.read_bytes() == before


def test_regions_go_to_imagej_and_come_back_dropped_on_the_window(open_house, qtbot, tmp_path):
    kept(open_house, Rectangle(1, 1, 2, 1), Ellipse(2, 2, 3, 2))
    file = tmp_path / "regions.zip"
    open_house.desk.exchange.save_rois(file)
    qtbot.waitUntil(file.exists)
    found, _left_out = read_rois(file)
    assert [roi.shape for roi in found] == [Rectangle(10, 10, 20, 10), Ellipse(20, 20, 30, 20)]
    assert [(roi.c, roi.z, roi.t) for roi in found] == [(0, 1, 0)] * 2
    assert are_regions([file])
    assert look_at([file]).refusal == ""
    open_house.desk.drop("open", [file], None)
    measuring = open_house.desk.measuring
    qtbot.waitUntil(lambda: len(measuring.notes.kept) == 4)
    for number, shape in ((2, Rectangle(1, 1, 2, 1)), (3, Ellipse(2, 2, 3, 2))):
        back = measuring.notes.kept[number].shape.bounds
        assert (back.left, back.top, back.right, back.bottom) == pytest.approx(
            (shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)
        )


def test_one_region_is_a_roi(open_house, qtbot, tmp_path):
    kept(open_house, Polygon(((1, 1), (3, 1), (2, 4))))
    open_house.desk.exchange.save_rois(tmp_path / "cell")
    qtbot.waitUntil((tmp_path / "cell.roi").exists)
    assert len(read_rois(tmp_path / "cell.roi")[0]) == 1


def test_a_region_on_a_plane_that_is_not_there_goes_to_the_last(open_house, qtbot, tmp_path):
    (tmp_path / "far.zip").write_bytes(as_zip([Roi("far", Rectangle(1, 1, 2, 2), c=9, z=99, t=9)]))
    open_house.desk.exchange.open([tmp_path / "far.zip"])
    measuring = open_house.desk.measuring
    qtbot.waitUntil(lambda: len(measuring.notes.kept) == 1)
    region = measuring.notes.kept[0]
    assert (region.t, region.c, region.z) == (0, 1, 2)


def test_the_original_is_never_replaced_by_a_table(open_house, qtbot, stack):  # noqa: F811
    kept(open_house, Rectangle(1, 1, 2, 1))
    before = stack.read_bytes()
    open_house.desk.exchange.save_table(stack)
    table = stack.with_name("cells.tif.csv")
    qtbot.waitUntil(table.exists)
    table.write_text("mine")
    open_house.desk.exchange.save_table(stack)  # a name that the dialog has not asked about
    qtbot.waitUntil(lambda: open_house.notices.sheet.isVisible())
    assert table.read_text() == "mine"
    assert stack.read_bytes() == before


def test_regions_without_an_image_are_refused(make_house, qtbot, tmp_path):  # noqa: F811
    house = make_house()
    file = tmp_path / "regions.zip"
    file.write_bytes(as_zip([Roi("cell", Rectangle(1, 1, 2, 2))]))
    house.desk.drop("open", [file], None)
    assert house.services.session.images() == ()


def test_the_dialog_proposes_a_name_and_asks_before_replacing(open_house, qtbot):
    kept(open_house, Rectangle(1, 1, 2, 1))
    open_house.desk.exchange.ask_for_table()
    dialog = open_house.window.findChild(QFileDialog)
    assert dialog.selectedFiles()[0].endswith("cells regions.csv")
    assert not dialog.testOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.close()


def test_another_image_has_regions_of_its_own(open_house, qtbot, tmp_path):
    kept(open_house, Rectangle(1, 1, 2, 1))
    other = tmp_path / "other.tif"
    tifffile.imwrite(other, np.zeros((20, 20), np.uint8))
    open_house.desk.open([other])
    measuring = open_house.desk.measuring
    qtbot.waitUntil(
        lambda: measuring.info is not None and measuring.info.uri.endswith("other.tif"), timeout=5000
    )
    assert measuring.notes.kept == ()
    open_house.services.session.make_current(open_house.services.session.images()[0].key)
    assert len(measuring.notes.kept) == 1
