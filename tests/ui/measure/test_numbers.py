from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.images.measuring.shapes import Ellipse, Line, Point, Rectangle
from app.ui.measure import words
from app.ui.measure.plot import LEAST_CONTRAST, contrast, readable
from app.ui.theme import colour, palette_of
from tests.ui.heartbeat import assert_no_gap
from tests.ui.measure.conftest import drag, measured, move, press, release
from tests.ui.viewer.conftest import ArraySource, PlaneGone, ramp


def cells_of(page):
    return [line.split("\t") for line in page.numbers.text().splitlines()]


def test_numbers_change_while_the_end_of_a_line_is_dragged(qtbot, draw_on, measuring, page, viewer):
    draw_on(ArraySource(ramp()))
    canvas = viewer.canvases[0]
    measuring.take_tool("line")
    drag(canvas, (10, 10), (40, 10))
    first = measured(qtbot, measuring)
    before = cells_of(page)
    press(canvas, (40, 10))
    move(canvas, (45, 20))
    move(canvas, (45, 40))
    qtbot.waitUntil(lambda: measuring.shown.measurement.shape == measuring.shape)
    assert measuring.shown.measurement is not first
    assert cells_of(page) != before  # the button is still down
    release(canvas, (45, 40))


def test_raw_and_restored_stand_in_one_plot_and_side_by_side_in_the_table(qtbot, draw_on, measuring, page):
    raw = ramp(channels=2)
    draw_on(
        ArraySource(raw, names=("DAPI", "Actin")),
        ArraySource(raw.astype(np.float32) * 2, names=("DAPI", "Actin")),
    )
    measuring.set_shape(Line(((2.5, 3.5), (30.5, 3.5))))
    found = measured(qtbot, measuring)
    assert len(found.curves) == 4
    curves = page.plot._curves
    styles = [curve.opts["pen"].style() for curve in curves]
    assert styles == [Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine] * 2
    assert curves[1].yData == pytest.approx(2 * curves[0].yData)
    legend, _readout = page.plot.texts()
    for word in ("DAPI", "Actin", "raw", "restored"):
        assert word in legend
    head, dapi, mean, *_rest = cells_of(page)
    assert head == ["", "raw", "restored"]
    assert dapi[0] == "DAPI"
    assert mean == ["Mean", "19", "38"]


def test_without_a_result_there_is_one_column(qtbot, draw_on, measuring, page):
    draw_on(ArraySource(ramp()))
    measuring.set_shape(Point(3.5, 4.5))
    measured(qtbot, measuring)
    assert cells_of(page) == [["", "value"], ["Gray value", "7"]]


def test_an_area_is_told_in_square_micrometres(qtbot, draw_on, measuring, page):
    draw_on(ArraySource(ramp(), size_um=0.5))
    measuring.set_shape(Rectangle(2, 2, 5, 4))
    measured(qtbot, measuring)
    lines = dict(cells_of(page))
    assert lines["Area"] == "20\u202fµm²"
    assert lines["Pixels"] == "80"
    assert "5 × 4\u202fµm" in page.title.text()


def test_only_visible_channels_are_measured(qtbot, draw_on, measuring, viewer):
    draw_on(ArraySource(ramp(channels=3)))
    measuring.set_shape(Rectangle(2, 2, 5, 4))
    assert [row.channel for row in measured(qtbot, measuring).rows] == [0, 1, 2]
    viewer.toggle_channel(1)
    qtbot.waitUntil(lambda: [row.channel for row in measuring.shown.measurement.rows] == [0, 2])


def test_another_plane_has_other_numbers(qtbot, draw_on, measuring, viewer):
    draw_on(ArraySource(ramp(planes=3)))
    viewer.go_to("Z", 0)
    measuring.set_shape(Rectangle(2, 2, 5, 4))
    first = measured(qtbot, measuring).rows[0].of[0].mean
    viewer.go_to("Z", 2)
    qtbot.waitUntil(lambda: measuring.shown.measurement.z == 2)
    assert measuring.shown.measurement.rows[0].of[0].mean == pytest.approx(first + 200)


def test_a_result_that_comes_later_stands_beside_at_once(qtbot, draw_on, measuring, viewer, opened):
    image = draw_on(ArraySource(ramp()))
    measuring.set_shape(Rectangle(2, 2, 5, 4))
    assert measured(qtbot, measuring).names == ("raw",)
    viewer.show_result(opened(ArraySource(ramp().astype(np.float32)), image.key))
    measuring.refresh()
    qtbot.waitUntil(lambda: measuring.shown.measurement.names == ("raw", "restored"))


def test_planes_that_are_not_restored_yet_have_no_restored_number(qtbot, draw_on, measuring, viewer, page):
    draw_on(ArraySource(ramp()), ArraySource(ramp().astype(np.float32)))
    viewer.show_unfinished(frozenset({(0, 0, 0)}))
    measuring.set_shape(Rectangle(2, 2, 5, 4))
    measured(qtbot, measuring)
    assert cells_of(page)[1][2] == "–"


def test_values_are_read_from_the_plot_and_shown_on_the_picture(qtbot, draw_on, measuring, page):
    draw_on(ArraySource(ramp(), size_um=0.5))
    measuring.set_shape(Line(((1.25, 1.25), (21.25, 1.25))))
    measured(qtbot, measuring)
    page.plot._set_spot(10.0)
    assert page.plot.texts()[1] == "10\u202fµm:  24"
    assert measuring._drawings[0]._spot == (11.25, 1.25)
    page.plot._set_spot(None)
    assert measuring._drawings[0]._spot is None


def test_the_mouse_over_the_plot_reads_values(qtbot, draw_on, measuring, page):
    draw_on(ArraySource(ramp()))
    measuring.set_shape(Line(((2.5, 2.5), (42.5, 2.5))))
    measured(qtbot, measuring)
    qtbot.waitUntil(lambda: page.plot.plot.isVisible())
    target = page.plot.plot.viewport()
    middle = QPointF(target.rect().center())
    none = Qt.MouseButton.NoButton
    moved = QMouseEvent(
        QEvent.Type.MouseMove, middle, target.mapToGlobal(middle), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(target, moved)
    qtbot.waitUntil(lambda: "px:" in page.plot.texts()[1])


def test_a_wider_line_is_the_mean_of_several(qtbot, draw_on, measuring, page):
    pixels = np.zeros((1, 1, 1, 64, 64), np.uint8)
    pixels[..., 20, :] = 90
    draw_on(ArraySource(pixels))
    measuring.set_shape(Line(((5.5, 20.5), (40.5, 20.5))))
    assert measured(qtbot, measuring).rows[0].of[0].mean == 90
    page.width_box.setValue(3)
    qtbot.waitUntil(lambda: measuring.shown.measurement.rows[0].of[0].mean == 30)


def test_the_numbers_can_be_copied(qtbot, draw_on, measuring, page):
    draw_on(ArraySource(ramp()))
    measuring.set_shape(Ellipse(2, 2, 5, 4))
    measured(qtbot, measuring)
    page.numbers.setFocus()
    QTest.keyClick(page.numbers, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "Median\t" in QGuiApplication.clipboard().text()


def test_a_plane_that_cannot_be_read_is_told_on_the_page(qtbot, draw_on, measuring, page):
    source = ArraySource(ramp())
    draw_on(source)
    source.error = PlaneGone("Plane 2 is missing.", hint="Copy the file again.")
    measuring.set_shape(Rectangle(2, 2, 5, 4))
    qtbot.waitUntil(lambda: "Plane 2 is missing." in page.remark.text())
    assert page.remark.isVisible()


def test_only_the_newest_wish_waits_while_one_is_under_way(qtbot, draw_on, measuring):
    source = ArraySource(ramp())
    draw_on(source)
    source.gate.clear()
    source.regions.clear()
    for x in range(30):
        measuring.set_shape(Rectangle(x, 2, 5, 4))
    qtbot.waitUntil(lambda: len(source.regions) == 1)
    source.gate.set()
    qtbot.waitUntil(lambda: measuring.shown is not None and measuring.shown.measurement.shape.x == 29)
    assert len(source.regions) == 2


def test_an_answer_about_an_image_that_is_gone_is_not_shown(qtbot, draw_on, measuring, page):
    slow = ArraySource(ramp(channels=4))
    draw_on(slow)
    slow.gate.clear()
    measuring.set_shape(Rectangle(2, 2, 5, 4))
    qtbot.waitUntil(lambda: not measuring.gauge.is_idle)
    draw_on(ArraySource(ramp()))
    measuring.set_shape(Rectangle(4, 2, 5, 4))
    slow.gate.set()
    found = measured(qtbot, measuring)
    assert found.shape.x == 4


def test_dragging_never_holds_the_window(qtbot, draw_on, measuring, viewer, page):
    raw = np.random.default_rng(0).integers(0, 4000, (1, 2, 1, 2048, 2048), dtype=np.uint16)
    draw_on(ArraySource(raw), ArraySource(raw.astype(np.float32)))
    canvas = viewer.canvases[0]
    viewer.set_state(replace(viewer.view_state, compare="single"))
    measuring.take_tool("ellipse")

    def drag_about():
        press(canvas, (100, 100))
        for step in range(30):
            move(canvas, (300 + 40 * step, 300 + 40 * step))
            qtbot.waitUntil(lambda: True)
        release(canvas, (1500, 1500))
        qtbot.waitUntil(lambda: measuring.gauge.is_idle, timeout=10000)
        measuring.set_shape(None)

    assert_no_gap(drag_about)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_curves_can_be_told_from_the_ground_in_every_theme(theme):
    palette = palette_of(theme)
    for tint in ("#ffffff", "#ffff00", "#00ffff", "#0000ff", "#ff00ff", "#00ff00", "#808080", "#000000"):
        shown = readable(QColor(tint), palette)
        assert contrast(shown, colour("surface", palette)) >= LEAST_CONTRAST


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (7.0, "7"), (3.14159, "3.142"), (123.45, "123.5"), (1234.0, "1\u202f234"),
     (1e6, "1\u202f000\u202f000"), (13_945_269.0, "1.395e7"), (float("nan"), "–"), (-250.0, "-250")],
)  # fmt: skip
def test_numbers_have_as_many_digits_as_help(value, text):
    assert words.number_in_words(value) == text


def test_lengths_and_areas_have_the_unit_that_suits_them():
    assert words.length(12.3456, is_calibrated=True) == "12.35\u202fµm"
    assert words.length(0.5, is_calibrated=True) == "500\u202fnm"
    assert words.length(12.5, is_calibrated=False) == "12.5\u202fpx"
    assert words.area(20.25, is_calibrated=True) == "20.25\u202fµm²"
    assert words.area(0.0025, is_calibrated=True) == "2\u202f500\u202fnm²"
    assert words.area(2.5e6, is_calibrated=True) == "2.5\u202fmm²"


def test_a_projection_is_measured_as_it_is_seen(qtbot, draw_on, measuring, viewer, page):
    draw_on(ArraySource(ramp(planes=3)))
    viewer.toggle_projection()
    measuring.set_shape(Rectangle(2, 2, 5, 4))
    found = measured(qtbot, measuring)
    assert found.rows[0].of[0].mean == 200 + 4 + 3.5
    assert found.of == "Maximum of all 3 planes"
    assert "Maximum of all 3 planes" in page.remark.text()
    viewer.toggle_projection()
    qtbot.waitUntil(lambda: measuring.shown.measurement.of == "")


def test_any_second_image_stands_beside_under_its_name(qtbot, look, measuring, viewer, opened):
    first, second = opened(ArraySource(ramp(), size_um=0.1)), opened(ArraySource(ramp(), size_um=0.2))
    first, second = replace(first, path=Path("before.tif")), replace(second, path=Path("after.tif"))
    viewer.show_image(first)
    measuring.show_image(first)
    viewer.show_result(second)
    measuring.set_shape(Rectangle(1, 1, 2, 1))
    found = measured(qtbot, measuring)
    assert found.names == ("before.tif", "after.tif")
    one, other = found.rows[0].of
    assert (one.pixels, other.pixels) == (200, 50)
    assert one.area == pytest.approx(other.area)
