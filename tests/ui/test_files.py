"""What happens when the file that is shown goes away, changes, grows, or ends too early."""

import os
import threading

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt

from app.ui import file_watch

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(file_watch, "EVERY_MS", 60)


@pytest.fixture
def shown(make_house, qtbot, stack):
    """A window with a stack that is drawn."""
    return show(make_house, qtbot, stack)


def show(make_house, qtbot, path):
    house = make_house([path])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    qtbot.waitUntil(lambda: house.window.places["viewer"].content is not None)
    house.viewer = house.window.places["viewer"].content
    drawn(qtbot, house)
    return house


def drawn(qtbot, house):
    qtbot.waitUntil(lambda: house.viewer._sides["raw"].drawn is not None and house.viewer._is_idle())


def sentence(house):
    return house.viewer.canvases[0].overlay.accessibleDescription()


def test_a_file_that_vanishes_and_returns_is_read_again_as_it_was_left(shown, qtbot, stack):
    session, strip = shown.services.session, shown.desk.files.strip
    shown.viewer.go_to("Z", 2)
    drawn(qtbot, shown)
    shown.viewer.zoom_in()
    before, state = session.current, shown.viewer.view_state
    away = stack.rename(stack.with_name("away.tif"))
    qtbot.waitUntil(lambda: strip.state == "gone")
    assert strip.isVisible()
    assert strip.words.text() == ("cells.tif is not there any more. What was read can still be looked at.")
    assert session.current is before
    away.rename(stack)
    with qtbot.waitSignal(session.current_changed):
        pass
    assert session.current.key == before.key
    assert session.current.source is not before.source
    assert strip.isHidden()
    assert shown.viewer.view_state == state
    drawn(qtbot, shown)
    assert not shown.notices.sheet.isVisible()


def test_planes_at_hand_are_shown_while_the_file_is_gone(shown, qtbot, stack):
    shown.viewer.go_to("Z", 0)
    drawn(qtbot, shown)
    shown.viewer.go_to("Z", 1)
    drawn(qtbot, shown)
    source = shown.services.session.current.source

    def unplugged(region):
        raise OSError(5, "Input/output error")

    source._source._reader.read = lambda page, *_rest: unplugged(page)
    away = stack.rename(stack.with_name("away.tif"))
    qtbot.waitUntil(lambda: shown.desk.files.strip.state == "gone")
    shown.viewer.go_to("Z", 0)
    drawn(qtbot, shown)
    assert sentence(shown) == ""
    assert away.exists()


def test_a_plane_that_cannot_be_read_is_told_on_the_picture_and_nowhere_else(shown, qtbot):
    from app.images.errors import ReadingFailed

    source = shown.services.session.current.source

    def unplugged(_region):
        raise ReadingFailed("cells.tif could not be read: Input/output error.", hint="Check the drive.")

    source._source.read = unplugged
    for plane in (2, 0):
        with qtbot.waitSignal(shown.viewer.image_failed):
            shown.viewer.go_to("Z", plane)
        assert sentence(shown).startswith("cells.tif could not be read")
        assert not shown.notices.sheet.isVisible()
    shown.viewer.go_to("Z", 1)  # which was read before
    qtbot.waitUntil(lambda: sentence(shown) == "")


def test_a_file_that_is_not_whole_yet_is_waited_for(shown, qtbot, stack):
    session, strip = shown.services.session, shown.desk.files.strip
    whole = stack.read_bytes()
    stack.unlink()
    qtbot.waitUntil(lambda: strip.state == "gone")
    stack.write_bytes(whole[: len(whole) // 2])
    with qtbot.waitSignal(session.reopen_failed):
        pass
    assert strip.state == "gone"
    with qtbot.waitSignal(session.current_changed):
        stack.write_bytes(whole)
    assert not shown.notices.sheet.isVisible()


def test_a_changed_file_is_offered_to_be_read_again(shown, qtbot, stack):
    session, strip = shown.services.session, shown.desk.files.strip
    tifffile.imwrite(stack, np.zeros((2, 8, 8), np.uint8))
    qtbot.waitUntil(lambda: strip.state == "changed")
    assert strip.words.text() == "cells.tif was changed by another program."
    assert session.current.info.shape == (1, 2, 3, 64, 96)
    with qtbot.waitSignal(session.current_changed):
        qtbot.mouseClick(strip.buttons["reread"], LEFT)
    assert session.current.info.shape[3:] == (8, 8)
    assert strip.isHidden()


def test_not_now_holds_until_the_next_change(shown, qtbot, stack):
    strip = shown.desk.files.strip
    os.utime(stack, ns=(1, 1))
    qtbot.waitUntil(lambda: strip.state == "changed")
    qtbot.mouseClick(strip.buttons["dismiss"], LEFT)
    assert strip.isHidden()
    os.utime(stack, ns=(2, 2))
    qtbot.waitUntil(lambda: strip.state == "changed")


def test_a_growing_file_is_told_quietly_and_once(shown, qtbot, stack):
    strip, seen = shown.desk.files.strip, []
    shown.desk.files.watch.changed.connect(lambda _key, grows: seen.append(grows))
    with stack.open("ab") as file:
        file.write(b"more")
    qtbot.waitUntil(lambda: strip.state == "growing")
    assert strip.property("quiet")
    qtbot.mouseClick(strip.buttons["dismiss"], LEFT)
    with stack.open("ab") as file:
        file.write(b"and more")
    qtbot.waitUntil(lambda: seen == [True, True])
    assert strip.isHidden()


@pytest.fixture
def cut(tmp_path):
    """Ten planes, of which the file has five."""
    whole, file = tmp_path / "whole.tif", tmp_path / "cut.tif"
    tifffile.imwrite(
        whole, np.zeros((10, 40, 40), np.uint16), metadata={"axes": "ZYX"}, resolution=(1e4, 1e4)
    )
    file.write_bytes(whole.read_bytes()[: 3200 * 6])
    return file


def test_a_cut_file_shows_what_is_there_and_hatches_the_rest(make_house, qtbot, cut):
    house = make_house([cut])
    sheet = house.notices.sheet
    qtbot.waitUntil(sheet.isVisible, timeout=5000)
    show_them = next(button for button in sheet._choices if button.text() == "Show what is there")
    qtbot.mouseClick(show_them, LEFT)
    qtbot.waitUntil(lambda: house.services.session.current is not None)
    qtbot.waitUntil(lambda: house.window.places["viewer"].content is not None)
    house.viewer = house.window.places["viewer"].content
    drawn(qtbot, house)
    assert house.viewer.view_state.z == 4
    strip = house.desk.files.strip
    assert strip.words.text() == "The file ends too early. The first 5 of 10 planes are there."
    slider = house.viewer.dims.slider("Z")
    assert slider.unfinished == frozenset(range(5, 10))
    for plane in range(5, 10):
        house.viewer.go_to("Z", plane)
        assert sentence(house) == "This plane is missing: the file ends before it."
        assert house.viewer._sides["raw"].drawn is None
    assert not sheet.isVisible()
    house.viewer.go_to("Z", 4)
    qtbot.waitUntil(lambda: sentence(house) == "")
    drawn(qtbot, house)
    assert house.viewer.canvases[0]._layers["raw"].ground.isVisible()
    qtbot.mouseClick(strip.buttons["dismiss"], LEFT)
    assert strip.state != "cut"


def test_nobody_looks_after_a_file_that_is_closed(shown, qtbot, stack):
    watch = shown.desk.files.watch
    shown.desk.close_current()
    assert not watch._timer.isActive()
    stack.unlink()
    watch.look()
    assert shown.desk.files.strip.isHidden()


def test_a_drive_that_does_not_answer_holds_up_neither_the_program_nor_other_files(
    shown, qtbot, stack, monkeypatch, tmp_path
):
    gate, asked, stamp_if_there = threading.Event(), [], file_watch.stamp_if_there

    def ask(path):
        asked.append(path)
        if path == stack:
            gate.wait()
        return stamp_if_there(path)

    monkeypatch.setattr(file_watch, "stamp_if_there", ask)
    try:
        qtbot.waitUntil(lambda: stack in asked)
        answers = []
        for number in range(4):
            shown.services.background.run(lambda number=number: number, answers.append)
        qtbot.waitUntil(lambda: len(answers) == 4)
        other = tmp_path / "other.tif"
        other.write_bytes(stack.read_bytes())
        shown.services.session.open_paths([other])
        qtbot.waitUntil(lambda: asked.count(other) >= 2, timeout=5000)
        assert asked.count(stack) == 1
    finally:
        gate.set()
