"""Looking, comparing, measuring, exporting and finding: the whole way, with mouse and keys on real files."""

import csv
import itertools

import numpy as np
import pytest
import tifffile
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from app.engine.events import Finished
from app.images.samples import samples_folder
from tests.images.test_zarr_scenes import write_plate
from tests.makers import cells, write_ome
from tests.ui.heartbeat import longest_gap_ms
from tests.ui.viewer.conftest import on_screen, seen

Key = Qt.Key
LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier
LONGEST_MS = 100
MODES = {"single", "side", "curtain", "flicker", "difference"}


@pytest.fixture
def pixels():
    return cells((1, 2, 12, 96, 80))


@pytest.fixture
def stack(tmp_path, pixels):
    return write_ome(tmp_path / "stack.ome.tif", pixels, names=("DAPI", "Actin"))


def go_to_mode(walk, mode):
    for _turn in MODES:
        if walk.viewer.view_state.compare != mode:
            walk.key(Key.Key_V)
    assert walk.viewer.view_state.compare == mode
    wide = 0.5 if mode == "side" else 1.0
    walk.until(lambda: walk.viewer.canvases[0].width() >= walk.viewer.panes.width() * wide - 2)
    walk.until(walk.is_drawn)


def middle(picture):
    """The part of a picture where no words lie."""
    height, width, _bytes = picture.shape
    return picture[height // 4 : -height // 4, width // 4 : -width // 4]


def test_two_dropped_files_are_compared_in_every_way(walk):
    noisy, clean = (samples_folder() / f"actin_{name}.ome.tif" for name in ("noisy", "clean"))
    viewer = walk.look_at(noisy, clean, zone="compare")
    walk.until(lambda: viewer.comparing.pair is not None and walk.is_drawn())
    modes = []
    for _turn in MODES:
        walk.until(walk.is_drawn)
        modes.append(viewer.view_state.compare)
        assert [canvas.isVisible() for canvas in viewer.canvases] == [True, modes[-1] == "side"]
        assert viewer.compare_bar.isVisible()
        walk.key(Key.Key_V)
    assert set(modes) == MODES
    assert viewer.view_state.compare == modes[0]

    go_to_mode(walk, "flicker")
    walk.until(lambda: viewer.flicker.is_turned)
    walk.until(lambda: not viewer.flicker.is_turned)
    go_to_mode(walk, "difference")
    assert viewer.shot().legend is not None

    go_to_mode(walk, "single")
    second = middle(seen(viewer))
    QTest.keyPress(viewer, Key.Key_B)
    first = middle(seen(viewer))
    QTest.keyRelease(viewer, Key.Key_B)
    assert (first != second).any()
    np.testing.assert_array_equal(middle(seen(viewer)), second)
    walk.key(Key.Key_X)
    np.testing.assert_array_equal(middle(seen(viewer)), first)
    walk.key(Key.Key_X)

    go_to_mode(walk, "curtain")
    canvas, over = viewer.canvases[0], viewer.comparing.reach()
    taken, left = (
        on_screen(canvas, over.x + share * over.width, over.y + over.height / 2) for share in (0.5, 0.2)
    )
    walk.drag(canvas, taken, left)
    assert viewer.view_state.curtain == pytest.approx(0.2, abs=0.01)
    right = np.s_[:, 40:]  # of the curtain
    np.testing.assert_allclose(middle(seen(viewer)).astype(float)[right], second[right], atol=1)


def test_a_stack_is_played_zoomed_moved_projected_and_cut(walk, stack, pixels):
    viewer = walk.look_at(stack)
    planes = []
    viewer.state_changed.connect(lambda state: planes.append(state.z))
    walk.key(Key.Key_Backslash)
    walk.until(lambda: len(set(planes)) >= 4)
    assert viewer.dims.play_button("Z").isChecked()
    walk.key(Key.Key_Backslash)
    assert viewer.player.axis is None
    assert not viewer.dims.play_button("Z").isChecked()

    canvas = viewer.canvases[0]
    point, before = on_screen(canvas, 2, 3), canvas.seen
    under = canvas._to_units(point)
    walk.turn_wheel(canvas, point, 3)
    assert canvas.seen.width == pytest.approx(before.width / 1.25**3)
    assert canvas._to_units(point) == pytest.approx(under, rel=1e-6)
    start = canvas.seen
    QTest.keyPress(viewer, Key.Key_Space)
    walk.drag(canvas, point, point + QPoint(30, 20))
    QTest.keyRelease(viewer, Key.Key_Space)
    unit = start.width / canvas.width()
    assert (start.x - canvas.seen.x, start.y - canvas.seen.y) == pytest.approx((30 * unit, 20 * unit))
    walk.key(Key.Key_F)
    assert viewer.view_state.view is None

    walk.key(Key.Key_P)
    walk.until(walk.is_drawn)
    walk.point_at(canvas, on_screen(canvas, 4.05, 3.05))
    highest = pixels[0, 0, :, 30, 40].max()
    walk.until(lambda: str(highest) in walk.house.window.pointer_label.text())
    walk.key(Key.Key_P)
    assert viewer.view_state.projection is None

    walk.key(Key.Key_O)
    walk.until(lambda: viewer.ortho.is_on and walk.is_drawn())
    walk.click(canvas, (6.05, 3.05))
    assert viewer.ortho.spot == (60, 30)
    other = (viewer.view_state.z + 6) % 12
    walk.click(viewer.ortho.xz, (2.05, (other + 0.5) * viewer.ortho.deep.step))
    assert (viewer.ortho.spot, viewer.view_state.z) == ((20, 30), other)
    walk.until(walk.is_drawn)
    walk.key(Key.Key_O)
    assert not viewer.ortho.xz.isVisible()


def test_what_is_drawn_is_measured_kept_and_saved(walk, stack, pixels, tmp_path):
    viewer = walk.look_at(stack)
    canvas, z = viewer.canvases[0], viewer.view_state.z
    for letter, start, end in ((Key.Key_L, (1, 2), (5, 5)), (Key.Key_R, (2, 6), (5, 8))):
        walk.key(letter, SHIFT)
        walk.drag(canvas, on_screen(canvas, *start), on_screen(canvas, *end))
        walk.until(lambda: walk.house.desk.measuring.gauge.is_idle)
        walk.key(Key.Key_T)
    page = walk.page("measure")
    assert page.list.topLevelItemCount() == 2
    walk.until(lambda: all(page.list.topLevelItem(row).text(3) for row in range(2)))
    rectangle = walk.house.desk.measuring.notes.kept[1].shape
    left, top = round(rectangle.x * 10), round(rectangle.y * 10)
    right, bottom = left + round(rectangle.width * 10), top + round(rectangle.height * 10)
    assert (left, top, right, bottom) == pytest.approx((20, 60, 50, 80), abs=1)
    expected = pixels[0, 0, z, top:bottom, left:right].mean()
    file = tmp_path / "numbers.csv"
    QTest.mouseClick(page.table, LEFT)
    walk.until(lambda: bool(walk.house.window.findChildren(QFileDialog)))
    dialog = walk.house.window.findChildren(QFileDialog)[-1]
    line = dialog.findChild(QLineEdit)
    line.selectAll()
    line.setText(str(file))
    QTest.keyClick(line, Key.Key_Return)
    walk.until(file.exists)
    with file.open(encoding="utf-8-sig") as lines:
        rows = [row for row in csv.DictReader(lines) if row["Name"].startswith("Rectangle")]
    assert float(rows[0]["Mean, raw"]) == pytest.approx(expected)
    assert float(page.list.topLevelItem(1).text(3)) == pytest.approx(expected, rel=1e-3)


def test_the_view_becomes_a_png_and_the_data_an_ome_tiff(walk, stack, pixels):
    before = stack.read_bytes()
    viewer = walk.look_at(stack)
    panel = walk.page("export")
    walk.until(panel.bar.export.isEnabled)
    QTest.mouseClick(panel.bar.export, LEFT)
    picture = stack.with_name("stack.png")
    walk.until(picture.exists)
    canvas = viewer.canvases[0]
    with Image.open(picture) as image:
        assert image.size[0] <= 2 * canvas.width() + 2
        assert image.info["dpi"][0] == pytest.approx(300, abs=1)
        assert np.asarray(image.convert("RGB")).std() > 10
    walk.until(lambda: panel.bar.export.isVisible() and panel.bar.export.isEnabled())
    QTest.mouseClick(panel.switches["data"], LEFT)
    assert panel.data.format.currentText() == "OME-TIFF"
    walk.until(lambda: panel.place.becomes.text() == "This name is taken. It becomes stack_2.ome.tif")
    QTest.mouseClick(panel.bar.export, LEFT)
    final = walk.wait_for_end()
    assert isinstance(final, Finished)
    assert final.outputs == (str(stack.with_name("stack_2.ome.tif")),)
    with tifffile.TiffFile(final.outputs[0]) as file:
        assert file.is_ome
        read = file.series[0].asarray().reshape(-1, 96, 80)
        axes = file.series[0].axes
    wanted = pixels[0] if axes.startswith("CZ") else pixels[0].swapaxes(0, 1)
    np.testing.assert_array_equal(read, wanted.reshape(-1, 96, 80))
    assert stack.read_bytes() == before


def test_a_folder_is_walked_filtered_and_opened_with_keys(walk, tmp_path):
    day = tmp_path / "day 1"
    (day / "inner").mkdir(parents=True)
    for number in (1, 2, 10):
        write_ome(day / "inner" / f"cell {number}.ome.tif", cells((1, 1, 1, 40, 60), seed=number))
    browser = walk.house.window.places["browser"].content
    line = browser.path_bar.line
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, str(day))
    QTest.keyClick(line, Key.Key_Return)

    def listed():
        return [browser.model.index(row).data() for row in range(browser.model.rowCount())]

    walk.until(lambda: listed() == ["inner"])
    walk.until(browser.list.hasFocus)
    QTest.keyClick(browser.list, Key.Key_Down)
    walk.until(lambda: bool(browser.selected()))
    QTest.keyClick(browser.list, Key.Key_Return)
    walk.until(lambda: listed() == [f"cell {number}.ome.tif" for number in (1, 2, 10)])
    browser.filter.setFocus()
    QTest.keyClicks(browser.filter, "10")
    walk.until(lambda: listed() == ["cell 10.ome.tif"])
    assert browser.filters.count.text() == "1 of 3 shown"
    QTest.keyClick(browser.filter, Key.Key_Down)
    QTest.keyClick(browser.list, Key.Key_Return)
    walk.until(lambda: walk.session.current is not None)
    assert walk.session.current.path == day / "inner" / "cell 10.ome.tif"
    walk.until(walk.is_drawn)
    QTest.keyClick(browser.filter, Key.Key_Escape)
    walk.until(lambda: len(listed()) == 3)


def test_a_field_of_a_plate_is_chosen_by_click_and_the_window_breathes(walk, tmp_path):
    plate = write_plate(tmp_path / "plate.ome.zarr", ["A/1", "B/3"], 2)
    viewer = walk.look_at(plate)
    strip = walk.house.desk.scenes
    walk.until(strip.isVisible)
    assert walk.session.current.info.scenes == (
        "A/1, field 1", "A/1, field 2", "B/3, field 1", "B/3, field 2",
    )  # fmt: skip
    rows = itertools.cycle((3, 0, 2, 1))

    def choose():
        row = next(rows)
        where = strip.list.visualRect(strip.model.index(row)).center()
        QTest.mouseClick(strip.list.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, where)
        walk.until(lambda: walk.session.current.info.scene == row)
        walk.until(lambda: walk.is_drawn() and viewer.shot().info.scene == row)

    assert longest_gap_ms(choose) < LONGEST_MS
