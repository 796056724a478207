from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.images.measuring.shapes import Ellipse, Line, Point, Rectangle
from app.ui.measure.book import Notes
from models.source import PixelSize, Reading
from tests.ui.measure.conftest import measured
from tests.ui.viewer.conftest import ArraySource, ramp

SWAPPED = str.maketrans("TZ", "ZT")
BOX, ROUND = Rectangle(2, 2, 5, 4), Ellipse(10, 10, 6, 6)


def two():
    notes = Notes().with_shape(BOX).keeping("one", 0, 0, 1)
    return notes.with_shape(None).with_shape(ROUND).keeping("two", 0, 0, 2)


def test_keeping_gives_a_number_that_is_never_given_again():
    notes = two().deleting()
    notes = notes.with_shape(Point(1, 1)).keeping("three", 0, 0, 0)
    assert [region.number for region in notes.kept] == [1, 3]


def test_what_was_deleted_comes_back_where_it_was():
    notes = two()
    assert notes.choosing(1).deleting().undoing() == replace(notes, chosen=1)
    assert notes.choosing(1).deleting().choosing(2).deleting().undoing().undoing().kept == notes.kept
    assert Notes().undoing() == Notes()


def test_a_loose_shape_that_was_deleted_comes_back_too():
    notes = Notes().with_shape(BOX)
    assert notes.deleting().shape is None
    assert notes.deleting().undoing().shape == BOX


def test_changing_the_shape_at_hand_changes_the_region_that_is_chosen():
    notes = two().choosing(1).with_shape(BOX.moved(1, 1))
    assert notes.kept[0].shape == BOX.moved(1, 1)
    assert notes.kept[1].shape == ROUND
    assert notes.loose is None


def test_t_keeps_the_shape_with_its_numbers(qtbot, draw_on, measuring, page):
    draw_on(ArraySource(ramp(planes=3)))
    measuring.set_shape(BOX)
    measured(qtbot, measuring)
    measuring.keep()
    assert page.list.topLevelItemCount() == 1
    item = page.list.topLevelItem(0)
    assert [item.text(column) for column in range(4)] == ["Rectangle 1", "Z 2, T 1", "20\u202fpx", "107.5"]
    assert item.isSelected()


def test_there_is_nothing_to_keep_twice(draw_on, measuring):
    draw_on(ArraySource(ramp()))
    told = []
    measuring.said.connect(told.append)
    measuring.keep()
    measuring.set_shape(BOX)
    measuring.keep()
    measuring.keep()
    assert told == ["Draw on the picture first.", "This region is in the list."]
    assert len(measuring.notes.kept) == 1


def test_a_click_in_the_list_goes_to_the_plane_of_the_region(qtbot, draw_on, measuring, viewer, page):
    draw_on(ArraySource(ramp(planes=5, times=3)))
    for plane, time in ((0, 0), (4, 2)):
        viewer.set_state(replace(viewer.view_state, z=plane, t=time))
        measuring.choose(None)
        measuring.set_shape(BOX)
        measuring.keep()
    rect = page.list.visualItemRect(page.list.topLevelItem(0))
    QTest.mouseClick(
        page.list.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rect.center()
    )
    assert measuring.notes.chosen == 1
    assert (viewer.view_state.z, viewer.view_state.t) == (0, 0)
    assert measured(qtbot, measuring).z == 0


def test_regions_are_drawn_with_their_numbers_on_their_own_plane_only(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp(planes=2)))
    viewer.go_to("Z", 0)
    measuring.set_shape(BOX)
    measuring.keep()
    measuring.choose(None)
    assert [sketch.label for sketch in measuring._drawings[0].sketches] == ["1"]
    viewer.go_to("Z", 1)
    assert measuring._drawings[0].sketches == ()


def test_a_region_is_renamed_in_the_list(draw_on, measuring, page):
    draw_on(ArraySource(ramp()))
    measuring.set_shape(BOX)
    measuring.keep()
    page.list.topLevelItem(0).setText(0, "nucleus")
    assert measuring.notes.kept[0].name == "nucleus"
    page.list.topLevelItem(0).setText(0, "  ")
    assert measuring.notes.kept[0].name == "nucleus"


def test_delete_and_undo_work_with_keys_in_the_list(draw_on, measuring, page):
    draw_on(ArraySource(ramp()))
    measuring.set_shape(BOX)
    measuring.keep()
    page.list.setFocus()
    QTest.keyClick(page.list, Qt.Key.Key_Delete)
    assert measuring.notes.kept == ()
    QTest.keyClick(page.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [region.name for region in measuring.notes.kept] == ["Rectangle 1"]


def test_regions_stay_with_their_image_until_it_is_closed(draw_on, measuring, viewer):
    first = draw_on(ArraySource(ramp()))
    measuring.set_shape(BOX)
    measuring.keep()
    second = draw_on(ArraySource(ramp()))
    assert measuring.notes.kept == ()
    viewer.show_image(first)
    measuring.show_image(first)
    assert [region.shape for region in measuring.notes.kept] == [BOX]
    measuring.show_image(second)
    measuring.forget(first.key)
    measuring.show_image(first)
    assert measuring.notes.kept == ()


def test_regions_keep_their_pixels_when_the_pixel_size_is_corrected(draw_on, measuring, viewer):
    image = draw_on(ArraySource(ramp()))
    measuring.set_shape(BOX)
    measuring.keep()
    info = replace(image.info, pixel_size_um=PixelSize(1.0, 0.5, 0.25))
    measuring.show_image(replace(image, info=info))
    assert measuring.notes.kept[0].shape == Rectangle(0.5, 1.0, 1.25, 2.0)


def test_regions_stay_on_their_plane_of_the_file_when_its_axes_are_corrected(
    qtbot, draw_on, measuring, viewer
):
    image = draw_on(ArraySource(ramp(planes=5, times=3)))
    viewer.set_state(replace(viewer.view_state, t=2, z=4))
    measuring.set_shape(BOX)
    measured(qtbot, measuring)
    measuring.keep()
    info = ArraySource(ramp(planes=3, times=5)).info
    measuring.show_image(replace(image, info=info, reading=Reading(axes=image.info.axes.translate(SWAPPED))))
    assert measuring.notes.kept[0].is_on(4, 2)
    assert measuring.notes.kept[0].measurement is None
    measuring.show_image(image)
    assert measuring.notes.kept[0].is_on(2, 4)


def test_regions_lie_on_planes_that_are_there_when_the_file_has_become_shorter(draw_on, measuring, viewer):
    image = draw_on(ArraySource(ramp(planes=5)))
    viewer.set_state(replace(viewer.view_state, z=4))
    measuring.set_shape(BOX)
    measuring.keep()
    measuring.show_image(replace(image, info=ArraySource(ramp(planes=2)).info))
    assert measuring.notes.kept[0].is_on(0, 1)


def test_an_image_that_is_gone_takes_the_tool_along(draw_on, measuring, viewer):
    draw_on(ArraySource(ramp()))
    measuring.take_tool("line")
    viewer.show_image(None)
    measuring.show_image(None)
    assert measuring.tool is None
    measuring.take_tool("line")
    assert measuring.tool is None


def test_a_profile_needs_a_line(draw_on, measuring):
    draw_on(ArraySource(ramp()))
    measuring.take_line()
    assert measuring.tool == "line"
    measuring.put_down()
    measuring.set_shape(Line(((1, 1), (5, 5))))
    measuring.take_line()
    assert measuring.tool is None


@pytest.mark.parametrize("width", [1, 4])
def test_the_box_shows_the_width_of_the_line_at_hand(draw_on, measuring, page, width):
    draw_on(ArraySource(ramp(), size_um=0.5))
    measuring.set_shape(Line(((1, 1), (5, 5)), width * 0.5 if width > 1 else 0.0))
    assert page.width_box.value() == width


def test_regions_kept_in_haste_get_their_numbers_all_the_same(qtbot, draw_on, measuring, page):
    draw_on(ArraySource(ramp(planes=3)))
    for shape in (BOX, ROUND, BOX.moved(20, 20)):
        measuring.choose(None)
        measuring.set_shape(shape)
        measuring.keep()
    qtbot.waitUntil(lambda: all(one.measurement is not None for one in measuring.notes.kept), timeout=5000)
    assert page.list.topLevelItem(0).text(3) == "107.5"


def test_regions_from_elsewhere_are_measured_without_being_chosen(qtbot, draw_on, measuring):
    draw_on(ArraySource(ramp(planes=3)))
    measuring.add([("one", BOX, 0, 0, 0), ("two", ROUND, 0, 0, 2)])
    qtbot.waitUntil(lambda: all(one.measurement is not None for one in measuring.notes.kept), timeout=5000)
    assert [one.measurement.z for one in measuring.notes.kept] == [0, 2]
