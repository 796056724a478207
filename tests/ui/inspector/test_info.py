"""The Info page in the real window: facts, the tree of metadata, and how results were made."""

import dataclasses
import json

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QFormLayout

from app.images.metadata import Entry
from app.images.record import Provenance
from app.images.writers.tiff import OmeTiffSink
from app.ui.inspector.info import InfoPanel, write_text
from app.ui.inspector.metadata_view import MetadataView
from tests.ui.heartbeat import assert_no_gap

LEFT = Qt.MouseButton.LeftButton


def open_info(make_house, qtbot, path):
    house = make_house([path])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    house.desk.inspect("info")
    qtbot.waitUntil(lambda: house.window.places["info"].content is not None)
    panel = house.window.places["info"].content
    qtbot.waitUntil(lambda: panel._is_told, timeout=5000)
    return house, panel


def form(rows):
    """The rows of a form: name and value."""
    names = [rows.itemAt(n, QFormLayout.ItemRole.LabelRole) for n in range(rows.rowCount())]
    values = [rows.itemAt(n, QFormLayout.ItemRole.FieldRole) for n in range(rows.rowCount())]
    return {name.widget().text(): value.widget().text() for name, value in zip(names, values, strict=True)}


ROOT = QModelIndex()


def lines(view, parent=ROOT):
    """All names that the tree shows."""
    found = []
    for row in range(view.model.rowCount(parent)):
        index = view.model.index(row, 0, parent)
        found += [index.data(), *lines(view, index)]
    return found


def test_size_packing_and_dates_are_told_besides_the_dimensions(make_house, qtbot, tmp_path):
    path = tmp_path / "packed.tif"
    pixels = np.zeros((5, 64, 64), np.uint16)
    tifffile.imwrite(
        path, pixels, compression="zlib", datetime="2024:05:06 07:08:09", metadata={"axes": "ZYX"}
    )
    _house, panel = open_info(make_house, qtbot, path)
    rows = form(panel._rows)
    assert rows["Depth, channels, times"] == "Z 5, C 1, T 1"
    assert rows["Compression"] == "Adobe deflate"
    assert rows["Recorded"] == "2024:05:06 07:08:09"
    assert rows["Size of the file"].endswith("B")
    assert "Last changed" in rows


def test_nothing_is_read_while_nobody_looks(make_house, qtbot, stack, monkeypatch):
    asked = []
    monkeypatch.setattr("app.ui.inspector.info.tell", lambda *arguments: asked.append(arguments))
    house = make_house([stack])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    house.desk.inspect("display")
    house.desk.close_current()
    assert asked == []


def test_the_tree_is_searched_while_typing(make_house, qtbot, stack):
    _house, panel = open_info(make_house, qtbot, stack)
    view = panel.metadata
    qtbot.waitUntil(lambda: "TIFF tags" in lines(view))
    qtbot.keyClicks(view.search, "image width")
    qtbot.waitUntil(lambda: lines(view) == ["TIFF tags", "ImageWidth"])
    assert view.words.text() == "2 lines"
    qtbot.keyClicks(view.search, " nowhere")
    qtbot.waitUntil(lambda: view.words.text() == "Nothing in it matches.")


def test_values_lines_and_all_can_be_copied(make_house, qtbot, stack):
    _house, panel = open_info(make_house, qtbot, stack)
    view = panel.metadata
    qtbot.keyClicks(view.search, "imagewidth")
    qtbot.waitUntil(lambda: lines(view) == ["TIFF tags", "ImageWidth"])
    view.tree.setCurrentIndex(view.model.index(0, 0, view.model.index(0, 0)))
    qtbot.mouseClick(view.copy_value, LEFT)
    clipboard = QGuiApplication.clipboard()
    assert clipboard.text() == "96"
    qtbot.keySequence(view.tree, QKeySequence.StandardKey.Copy)
    assert clipboard.text() == "ImageWidth: 96"
    qtbot.mouseClick(view.copy_all, LEFT)
    qtbot.waitUntil(lambda: "ImageLength: 64" in clipboard.text())
    qtbot.mouseClick(panel.copy_path, LEFT)
    assert clipboard.text() == str(stack)


def test_the_tree_is_saved_as_text_and_never_over_another_file(make_house, qtbot, stack, tmp_path):
    house, panel = open_info(make_house, qtbot, stack)
    taken = tmp_path / "told.txt"
    taken.write_text("mine")
    panel.save_text((Entry("a", "µ"),), taken)
    qtbot.waitUntil(lambda: (tmp_path / "told_2.txt").exists())
    assert (tmp_path / "told_2.txt").read_text("utf-8") == "a: µ\n"
    assert taken.read_text() == "mine"
    qtbot.waitUntil(lambda: bool(house.notices._toasts))
    assert house.notices._toasts[-1].label.text() == "Saved as told_2.txt."


def test_what_cannot_be_saved_is_told(make_house, qtbot, stack, tmp_path):
    house, panel = open_info(make_house, qtbot, stack)
    panel.save_text((Entry("a"),), tmp_path / "nowhere" / "told.txt")
    qtbot.waitUntil(house.notices.sheet.isVisible)
    assert house.notices.sheet.sentence.text().startswith("told.txt could not be written")


def test_a_text_of_broken_letters_is_written_all_the_same(tmp_path):
    assert write_text((Entry("a", "\udcff"),), tmp_path / "a.txt").read_text("utf-8") == "a: ?\n"


def test_a_hundred_thousand_lines_do_not_hold_up_the_window(qtbot, qapp):
    from app.ui.background import Background

    background = Background()
    view = MetadataView(background)
    qtbot.addWidget(view)
    view.resize(400, 500)
    view.show()
    tree = tuple(
        Entry(f"plane {n}", "", tuple(Entry(f"key {m}", str(n * m)) for m in range(9))) for n in range(10_000)
    )

    def use():
        for text in ("", "plane 77", "key 8"):
            view.search.setText(text)
            view.show_entries(tree)
            qtbot.waitUntil(lambda: view._task is None, timeout=20000)
            view.tree.expand(view.model.index(0, 0))
            view.tree.scrollToBottom()

    assert_no_gap(use)
    assert view.model.rowCount() <= 400
    background.close()


# How results were made


RECORD = Provenance(
    version="0.2.0",
    created="2025-05-12T14:02:00+02:00",
    spec=json.dumps({"version": 1, "value": {"values": [["method", "nlm"]]}}),
    model_id="simple-smoothing",
    model_version="1.0",
    device="cpu",
    precision="float32",
    input_path="",
    remarks=("The brightest pixels are saturated.",),
    complete=False,
)


@pytest.fixture
def result(tmp_path, stack):
    """A result made from the stack, with its record inside."""
    return write_result(tmp_path / "cells_restored.ome.tif", stack)


def write_result(path, original):
    from app.images.open import open_image

    source = open_image(original)
    record = dataclasses.replace(RECORD, input_path=str(original))
    sink = OmeTiffSink.create(path, dataclasses.replace(source.info, dtype="float32"))
    sink.write(source.info.whole(), source.read(source.info.whole()).astype(np.float32))
    sink.close(record)
    source.close()
    return path


def test_a_result_tells_how_it_was_made_and_leads_to_its_original(make_house, qtbot, result, stack):
    house, panel = open_info(make_house, qtbot, result)
    section = panel.origin
    assert section.title.text() == "How this was made"
    rows = form(section._rows)
    assert rows["Model"] == "Simple smoothing (no AI) 1.0" or rows["Model"].endswith(" 1.0")
    assert rows["Settings"] == "method nlm"
    assert rows["Ran on"] == "the processor, float32"
    assert rows["Noted"] == "The brightest pixels are saturated."
    assert "ended early" in rows["Unfinished"]
    qtbot.mouseClick(section.copy, LEFT)
    assert "simple-smoothing" in QGuiApplication.clipboard().text()
    with qtbot.waitSignal(house.services.session.current_changed):
        qtbot.mouseClick(section.original, LEFT)
    assert house.services.session.current.path == stack
    qtbot.waitUntil(section.isHidden)


def test_an_original_that_is_gone_is_told(make_house, qtbot, result, stack):
    house, panel = open_info(make_house, qtbot, result)
    stack.unlink()
    qtbot.mouseClick(panel.origin.original, LEFT)
    qtbot.waitUntil(house.notices.sheet.isVisible)
    assert house.notices.sheet.sentence.text() == "cells.tif is not there any more."


def test_an_image_with_its_result_over_it_tells_how_that_was_made(make_house, qtbot, result, stack):
    house, panel = open_info(make_house, qtbot, stack)
    assert panel.origin.isHidden()
    house.services.session.open_result(result, house.services.session.current.key)
    qtbot.waitUntil(panel.result_origin.isVisible, timeout=5000)
    assert panel.result_origin.title.text() == "How the restored image was made"
    assert panel.result_origin.original.isHidden()


def test_a_file_whose_metadata_cannot_be_read_says_why(make_house, qtbot, stack, monkeypatch):
    from app.images.errors import Damaged

    def refuse(_path, _scene):
        raise Damaged("cells.tif is damaged.")

    monkeypatch.setattr("app.images.open.read_metadata", refuse)
    _house, panel = open_info(make_house, qtbot, stack)
    assert panel.metadata.words.text() == "cells.tif is damaged."
    assert panel.metadata.tree.isHidden()


def test_the_page_is_a_panel_of_the_window():
    from app.ui.panels import PANELS

    assert next(row.target for row in PANELS if row.key == "info") == f"{InfoPanel.__module__}:InfoPanel"
