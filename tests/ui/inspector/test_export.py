"""The Export page in the real window, used with real clicks and keys."""

import io
import itertools
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from app.engine.specs import ExportSpec
from app.engine.supervisor import Engine
from app.ui.inspector.export_place import is_file_name
from tests.makers import cells, write_ome
from tests.ui.heartbeat import assert_no_gap

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def image(tmp_path):
    (tmp_path / "images").mkdir()
    return write_ome(
        tmp_path / "images" / "cells.ome.tif", cells((3, 2, 4, 120, 160)), names=("DAPI", "Actin")
    )


@pytest.fixture
def submitted(monkeypatch):
    specs = []
    monkeypatch.setattr(Engine, "submit", lambda _engine, spec: specs.append(spec) or len(specs))
    return specs


@pytest.fixture
def page(make_house, qtbot, image):
    """The Export page, opened with its key."""
    house = make_house([image])
    viewer = house.window.places["viewer"]
    qtbot.waitUntil(lambda: viewer.content is not None and viewer.content.shot() is not None, timeout=20000)
    qtbot.waitUntil(lambda: viewer.content.is_idle)
    QTest.keyClick(house.window, Qt.Key.Key_S, CTRL)
    qtbot.waitUntil(lambda: house.window.places["export"].content is not None)
    panel = house.window.places["export"].content
    panel.house = house
    qtbot.waitUntil(lambda: panel.isVisible() and panel.bar.export.isEnabled())
    return panel


def click(widget):
    QTest.mouseClick(widget, LEFT)


def pick(box, value):
    """Choose a row of a list as a person does, with the keys."""
    box.setFocus()
    keys = {box.itemData(row): row for row in range(box.count())}
    row = next(
        row for data, row in keys.items() if data == value or (isinstance(data, tuple) and value in data)
    )
    while box.currentIndex() != row:
        QTest.keyClick(box, Qt.Key.Key_Down if row > box.currentIndex() else Qt.Key.Key_Up)


def export_and_wait(page, qtbot, path):
    click(page.bar.export)
    qtbot.waitUntil(path.exists, timeout=20000)
    qtbot.waitUntil(page.bar.export.isVisible)


def told(page):
    return [toast.label.text() for toast in page.house.notices._toasts]


def test_a_figure_lies_beside_the_image_after_one_click(page, qtbot, image):
    path = image.with_name("cells.png")
    assert "pixels" in page.figure.amount.text()
    export_and_wait(page, qtbot, path)
    with Image.open(path) as figure:
        assert figure.text["Title"] == "cells.ome.tif"
    assert told(page) == ["Saved as cells.png"]
    qtbot.waitUntil(lambda: "cells_2.png" in page.place.becomes.text())
    export_and_wait(page, qtbot, image.with_name("cells_2.png"))


def test_the_name_follows_the_kind_and_can_be_changed(page, qtbot, image):
    pick(page.figure.kind, "svg")
    assert page.place.name.text() == "cells.svg"
    page.place.name.selectAll()
    QTest.keyClicks(page.place.name, "figure 1")
    export_and_wait(page, qtbot, image.with_name("figure 1.svg"))


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\\b", "a:b", "what?"])
def test_what_is_no_name_for_a_file_is_not_tried(page, name):
    page.place.name.selectAll()
    QTest.keyClick(page.place.name, Qt.Key.Key_Delete)
    QTest.keyClicks(page.place.name, name)
    assert not page.bar.export.isEnabled()
    assert "name" in page.bar.reason.text()
    assert not is_file_name(name)


def test_the_fineness_decides_the_size_that_is_told(page):
    pick(page.figure.area, "plane")
    pick(page.figure.density, "pixels")
    assert page.figure.amount.text().startswith("160 × 120 pixels, 1.4 × 1.0 cm")
    click(page.figure.panels)
    assert page.figure.amount.text().startswith("48")


def test_a_movie_is_made_frame_by_frame(page, qtbot, image):
    click(page.switches["movie"])
    pick(page.movie.kind, "gif")
    assert "3 frames" in page.movie.amount.text()
    export_and_wait(page, qtbot, image.with_name("cells.gif"))
    with Image.open(image.with_name("cells.gif")) as movie:
        assert movie.n_frames == 3


def test_a_film_needs_ffmpeg_and_says_so(page):
    click(page.switches["movie"])
    page.movie.show_ffmpeg(None)
    assert page.movie.no_film.isVisible()
    assert page.movie.kind.currentData() == "gif"
    page.movie.show_ffmpeg("/usr/bin/ffmpeg")
    assert not page.movie.no_film.isVisible()


def test_a_movie_can_be_cancelled_and_leaves_no_file(page, qtbot, image):
    click(page.switches["movie"])
    pick(page.movie.kind, "apng")
    pick(page.movie.density, "double")
    click(page.bar.export)
    click(page.bar.cancel)
    qtbot.waitUntil(lambda: page.maker.order is None, timeout=20000)
    assert told(page) == ["Cancelled. No file was left behind."]
    assert [path.name for path in image.parent.iterdir()] == ["cells.ome.tif"]
    assert page.bar.export.isVisible()


def test_closing_the_image_ends_its_movie(page, qtbot, image):
    click(page.switches["movie"])
    pick(page.movie.kind, "apng")
    click(page.bar.export)
    page.house.desk.close_current()
    qtbot.waitUntil(lambda: page.maker.order is None, timeout=20000)
    assert not list(image.parent.glob("*.part"))


def test_data_become_a_job_with_what_was_chosen(page, qtbot, image, submitted):
    click(page.switches["data"])
    pick(page.data.format, "imagej")
    assert page.place.name.text() == "cells.tif"
    page.data.planes.first.setValue(2)
    page.data.times.last.setValue(2)
    assert page.data.amount.text().startswith("X 160, Y 120, Z 3, C 2, T 2")
    click(page.bar.export)
    qtbot.waitUntil(lambda: bool(submitted))
    spec = submitted[0]
    assert isinstance(spec, ExportSpec)
    assert spec.inputs[0].path == str(image)
    assert (spec.format, spec.output_dir, spec.name_pattern) == ("imagej", str(image.parent), "cells")
    assert (spec.z, spec.t, spec.y, spec.x) == ((1, 4), (0, 2), None, None)
    assert [look.name for look in spec.appearances] == ["DAPI", "Actin"]
    assert [look.colour for look in spec.appearances] == ["#00ffff", "#ff00ff"]
    assert all(look.display is not None and not look.table for look in spec.appearances)


def test_only_what_is_seen_and_shown_can_be_exported(page, qtbot, submitted):
    viewer = page.house.window.places["viewer"].content
    viewer.toggle_channel(0)
    for _step in range(3):
        viewer.zoom_in()
    qtbot.waitUntil(lambda: viewer.is_idle)
    click(page.switches["data"])
    pick(page.data.area, "view")
    click(page.data.shown_only)
    click(page.bar.export)
    qtbot.waitUntil(lambda: bool(submitted))
    spec = submitted[0]
    assert spec.channels == (1,)
    assert 0 < spec.y[0] < spec.y[1] < 120
    assert 0 < spec.x[0] < spec.x[1] < 160


def test_a_table_and_gamma_go_along_to_fiji(page, qtbot, submitted):
    viewer = page.house.window.places["viewer"].content
    state = viewer.view_state
    fire = replace(state.channels[0], lut="Fire")
    bent = replace(state.channels[1].contrast, gamma=0.5)
    viewer.set_state(state.with_channel(0, fire).with_contrast(1, bent))
    click(page.switches["data"])
    click(page.bar.export)
    qtbot.waitUntil(lambda: bool(submitted))
    first, second = (np.frombuffer(bytes.fromhex(look.table), np.uint8) for look in submitted[0].appearances)
    assert tuple(first.reshape(3, 256)[:, 255]) == (255, 255, 255)
    assert second.reshape(3, 256)[0, 64] == pytest.approx(255 * 0.5, abs=2)


def test_the_view_is_copied_with_its_key(page, qtbot):
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("before")
    viewer = page.house.window.places["viewer"].content
    viewer.setFocus()
    QTest.keyClick(viewer, Qt.Key.Key_C, CTRL)
    qtbot.waitUntil(
        lambda: clipboard.mimeData() is not None and clipboard.mimeData().hasImage(), timeout=20000
    )
    data = bytes(clipboard.mimeData().data("image/png"))
    with Image.open(io.BytesIO(data)) as copied:
        assert copied.text["Title"] == "cells.ome.tif"
        assert "clipboard" in told(page)[0]


def test_a_folder_that_takes_nothing_is_told_and_nothing_is_left(page, qtbot, image, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    page.place.show_chosen(str(gone))
    shutil.rmtree(gone)
    click(page.bar.export)
    sheet = page.house.notices.sheet
    qtbot.waitUntil(sheet.isVisible)
    assert "gone" in sheet.sentence.text()
    assert page.bar.export.isVisible()


def test_with_every_channel_off_there_is_nothing_to_take(page, qtbot):
    viewer = page.house.window.places["viewer"].content
    viewer.toggle_channel(0)
    viewer.toggle_channel(1)
    qtbot.waitUntil(lambda: not page.bar.export.isEnabled())
    assert page.bar.reason.text() == "No channel is shown."


def test_the_window_breathes_while_a_large_figure_is_made(make_house, qtbot, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 999, (1, 2, 1, 2048, 2048), np.uint16)
    large = write_ome(tmp_path / "large.ome.tif", pixels)
    house = make_house([large])
    viewer = house.window.places["viewer"]
    qtbot.waitUntil(lambda: viewer.content is not None and viewer.content.shot() is not None, timeout=20000)
    qtbot.waitUntil(lambda: viewer.content.is_idle, timeout=20000)
    house.desk.inspect("export")
    panel = house.window.places["export"].content
    qtbot.waitUntil(panel.isVisible)
    pick(panel.figure.area, "plane")
    pick(panel.figure.density, "pixels")
    numbers = itertools.count()

    def make():
        path = large.with_name(f"figure{next(numbers)}.png")
        panel.place.name.setText(path.name)
        click(panel.bar.export)
        qtbot.waitUntil(path.exists, timeout=60000)
        qtbot.waitUntil(panel.bar.export.isVisible)

    assert_no_gap(make)
