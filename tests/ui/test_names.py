"""Names of files on the screen, however long and strange."""

import os

import pytest
import tifffile

from app.ui.names import LONGEST, breakable, in_sentence, shortened, shown_name, tip
from tests.makers import cells
from tests.ui.test_every_widget import clipped

STRANGE = [
    "name with  spaces.tif",
    "µ-slide äöü ß.tif",
    "cells 🔬🧫.tif",
    "two\nlines\ttab.tif",
    "a&b <b>c.tif",
]


def test_long_names_keep_their_beginning_and_their_end():
    name = shown_name("control_" + "x" * 300 + "_042.ome.tif")
    assert len(name) == LONGEST
    assert name.startswith("control_xx")
    assert name.endswith("_042.ome.tif")
    assert shown_name("cells.tif") == "cells.tif"


def test_a_name_stands_on_one_line():
    assert shown_name("two\nlines.tif") == "two␣lines.tif"
    assert in_sentence("two\rlines.tif is empty.") == "two␣lines.tif is empty."


def test_only_endless_words_of_a_sentence_are_shortened():
    sentence = "cells.tif is damaged: " + "word " * 30
    assert in_sentence(sentence) == sentence
    assert len(in_sentence("x" * 250 + ".tif is empty.")) == LONGEST + len(" is empty.")


def test_a_label_can_break_any_name_and_loses_no_letter():
    name = "a" * 100 + "_b-c.tif"
    assert breakable(name).replace("\u200b", "") == name
    assert max(map(len, breakable(name).split("\u200b"))) <= 9


def test_nothing_in_a_tooltip_is_taken_for_a_mark():
    assert tip("a<b>c") == "<qt>a&lt;b&gt;c</qt>"
    assert tip("a & b") == "a & b"


def test_shortening_to_little_keeps_the_end():
    assert shortened("abcdefgh", 4) == "a…gh"


def open_file(make_house, qtbot, path):
    house = make_house([path])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    qtbot.waitUntil(lambda: house.window.places["viewer"].content is not None)
    viewer = house.window.places["viewer"].content
    qtbot.waitUntil(lambda: viewer._sides["raw"].drawn is not None and viewer._is_idle())
    return house


@pytest.mark.parametrize("name", STRANGE)
def test_strange_names_are_opened_shown_and_told(make_house, qtbot, tmp_path, name):
    path = tmp_path / name
    tifffile.imwrite(path, cells((40, 50)))
    house = open_file(make_house, qtbot, path)
    assert house.services.session.current.path == path
    assert "\n" not in house.window.stage.tabs.tabText(0)
    house.desk.inspect("info")
    panel = house.window.places["info"].content
    qtbot.waitUntil(lambda: panel._is_told)
    away = path.rename(tmp_path / "away.tif")
    house.desk.files.watch.look()
    qtbot.waitUntil(lambda: house.desk.files.strip.state == "gone")
    assert shown_name(name) in house.desk.files.strip.words.text()
    assert away.exists()


def test_a_path_of_more_than_300_letters_clips_nothing(make_house, qtbot, tmp_path):
    folder = tmp_path
    while len(str(folder)) < 300:
        folder = folder / ("größe_µ_" + "n" * 60)
    folder.mkdir(parents=True)
    path = folder / ("W" * 230 + "_042.tif")
    tifffile.imwrite(path, cells((40, 50)), resolution=(1e5, 1e5), resolutionunit="CENTIMETER")
    house = open_file(make_house, qtbot, path)
    for page in ("display", "restore", "info"):
        house.desk.inspect(page)
        qtbot.waitUntil(lambda: clipped(house.window) == [])
        assert house.window.width() <= 1366, page
    panel = house.window.places["info"].content
    qtbot.waitUntil(lambda: panel._is_told)
    assert str(path) in panel.name.toolTip() or panel.name.toolTip().startswith("~")
    house.desk.ask_reading()
    qtbot.waitUntil(lambda: clipped(house.window) == [])
    path.rename(folder / "away.tif")
    house.desk.files.watch.look()
    qtbot.waitUntil(lambda: house.desk.files.strip.state == "gone")
    qtbot.waitUntil(lambda: clipped(house.window) == [])
    house.desk.open([path])
    house.services.session.open_scene(path.with_name("X" * 240 + ".tif"), 0)
    qtbot.waitUntil(house.notices.sheet.isVisible)
    qtbot.waitUntil(lambda: clipped(house.window) == [])
    assert house.window.width() <= 1366


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_can_be_opened(make_house, qtbot, tmp_path):
    path = tmp_path / os.fsdecode(b"broken \xff.tif")
    tifffile.imwrite(path, cells((40, 50)))
    house = open_file(make_house, qtbot, path)
    assert house.window.stage.tabs.tabText(0) == "broken ␣.tif"
