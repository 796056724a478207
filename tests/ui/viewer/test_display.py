from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.ui.inspector.display import DisplayPanel, clipped_in_words, share_in_words
from app.ui.viewer.contrast import histogram
from app.ui.viewer.pair import paired
from app.ui.viewer.state import Contrast, initial_state
from tests.ui.viewer.conftest import ArraySource, ramp

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def panel(qtbot):
    shown = DisplayPanel()
    qtbot.addWidget(shown)
    shown.resize(320, 700)
    shown.show()
    qtbot.waitExposed(shown)
    shown.state_wished.connect(shown.show_state)  # as the viewer does, through its own state
    pixels = ramp(channels=3)
    state = initial_state(ArraySource(pixels, names=("DAPI", "GFP", "actin")).info)
    for index in range(3):
        state = state.with_contrast(index, Contrast(10, 100))
    shown.show_state(state)
    shown.show_histogram(histogram(pixels[0, 0, 0]))
    return shown


def test_switching_a_channel_off_wishes_for_a_picture_without_it(qtbot, panel):
    with qtbot.waitSignal(panel.state_wished) as wished:
        QTest.mouseClick(panel.layers.row(1).seen, LEFT)
    assert wished.args[0].shown == (0, 2)


def test_choosing_a_channel_turns_the_controls_to_it(qtbot, panel):
    with qtbot.waitSignal(panel.state_wished):
        QTest.mouseClick(panel.layers.row(2).active, LEFT, NONE, QPoint(8, 8))
    assert panel._state.channel == 2
    assert panel._title.text() == "Contrast of actin"


def test_colours_are_chosen_by_the_names_of_fiji(qtbot, panel):
    menu = panel.layers.row(0).colours.menu()
    fire = next(action for action in menu.actions() if action.text() == "Fire")
    with qtbot.waitSignal(panel.state_wished) as wished:
        fire.trigger()
    assert wished.args[0].channels[0].lut == "Fire"


def test_typed_numbers_become_the_contrast(qtbot, panel):
    panel.low.selectAll()
    QTest.keyClicks(panel.low, "25")
    with qtbot.waitSignal(panel.state_wished):
        QTest.keyClick(panel.low, Qt.Key.Key_Return)
    assert panel._state.contrast(0) == Contrast(25, 100)


def test_an_empty_range_is_not_taken(panel):
    panel.low.setValue(500)
    assert panel._state.contrast(0) == Contrast(10, 100)
    assert panel.low.value() == 10


def test_dragging_an_end_of_the_range_changes_it(qtbot, panel):
    view = panel.histogram
    start = QPoint(round(view.to_pixels(100)), 20)
    QTest.mousePress(view, LEFT, NONE, start)
    QTest.mouseMove(view, QPoint(round(view.to_pixels(60)), 20))
    QTest.mouseRelease(view, LEFT, NONE, QPoint(round(view.to_pixels(60)), 20))
    found = panel._state.contrast(0)
    assert found.low == 10
    assert found.high == pytest.approx(60, abs=1)


def test_an_end_cannot_be_dragged_past_the_other(panel):
    view = panel.histogram
    QTest.mousePress(view, LEFT, NONE, QPoint(round(view.to_pixels(100)), 20))
    QTest.mouseMove(view, QPoint(0, 20))
    QTest.mouseRelease(view, LEFT, NONE, QPoint(0, 20))
    assert panel._state.contrast(0) == Contrast(10, 11)


def test_the_page_says_that_data_are_not_changed(panel):
    assert any("your data are not changed" in label.text() for label in panel.findChildren(QLabel))


def pair_of(second="b.tif", *, is_result=False, **kept):
    info = ArraySource(ramp(channels=3), names=("DAPI", "GFP", "actin")).info
    other = replace(info, **kept)
    return paired(info, other, (Path("a.tif"), Path(second)), is_result=is_result)


def test_without_a_second_image_there_is_nothing_to_lock(panel):
    assert panel.lock.isHidden()
    panel.lock.setChecked(False)
    assert panel.sides["restored"].isHidden()


def test_an_open_lock_lets_each_side_be_set_alone(qtbot, panel):
    panel.show_pair(pair_of(is_result=True))
    assert panel.lock.text() == "Lock raw and restored"
    assert panel.sides["restored"].isHidden()
    panel.lock.setChecked(False)
    QTest.mouseClick(panel.sides["restored"], LEFT)
    panel.high.setValue(50)
    assert panel._state.contrast(0, "restored") == Contrast(10, 50)
    assert panel._state.contrast(0, "raw") == Contrast(10, 100)
    panel.lock.setChecked(True)
    assert panel._state.contrast(0, "restored") == Contrast(10, 100)


def test_two_files_are_named_where_each_is_set_alone(panel):
    panel.show_pair(pair_of("a file with a very long name.tif"))
    assert panel.lock.text() == "Lock both images"
    panel.lock.setChecked(False)
    assert panel.sides["raw"].text() == "a.tif"
    assert panel.sides["restored"].text() == "a file wi…name.tif"
    assert panel.sides["restored"].accessibleName() == "a file with a very long name.tif"


def test_the_second_image_has_a_histogram_and_numbers_of_its_own(qtbot, panel):
    panel.show_pair(pair_of(dtype="float32"))
    panel.lock.setChecked(False)
    panel.show_histogram_beside(histogram(np.linspace(0, 1, 4096, dtype=np.float32).reshape(64, 64)))
    panel.show_state(panel._state.with_contrast(0, Contrast(0.25, 0.75), "restored"))
    QTest.mouseClick(panel.sides["restored"], LEFT)
    assert (panel.low.value(), panel.high.value()) == (0.25, 0.75)
    assert panel.clipped.text() == "25\u202f% too bright, 25\u202f% too dark for this range."


def test_a_colour_picture_cannot_be_locked_with_a_gray_one(panel):
    panel.show_pair(pair_of(is_rgb=True))
    assert not panel.lock.isEnabled()


@pytest.mark.parametrize("share", [0.0004, 0.031, 0.42])
def test_what_is_cut_off_is_never_rounded_to_nothing(share):
    words = {0.0004: "less than 0.1\u202f%", 0.031: "3.1\u202f%", 0.42: "42\u202f%"}
    assert share_in_words(share) == words[share]


@pytest.mark.parametrize(
    ("contrast", "words"),
    [
        (Contrast(0, 99), "Nothing is too bright or too dark for this range."),
        (Contrast(5, 99), "5.0\u202f% too dark for this range."),
        (Contrast(0, 89), "10\u202f% too bright for this range."),
        (Contrast(2, 98), "1.0\u202f% too bright, 2.0\u202f% too dark for this range."),
    ],
)
def test_what_is_cut_off_is_said_in_words(contrast, words):
    found = histogram(np.arange(100, dtype=np.uint8).reshape(10, 10))
    assert clipped_in_words(found, contrast) == words


def test_a_single_channel_needs_no_choice_of_channels(qtbot, panel):
    panel.show_state(initial_state(ArraySource(ramp()).info))
    assert panel.auto_all.isHidden()
    assert all(button.isHidden() for button in panel.colourings.values())
    assert panel._title.text() == "Contrast"


# Gamma


def test_the_gamma_handle_lies_on_the_middle_of_the_curve(panel):
    view = panel.histogram
    panel.show_state(panel._state.with_contrast(0, Contrast(10, 100, 0.5)))
    assert view.handle.x() == pytest.approx(view.to_pixels(55), abs=0.5)
    assert view.gamma_at(view.handle.y()) == 0.5


def test_dragging_the_gamma_handle_lifts_what_is_faint(panel):
    view = panel.histogram
    start = view.handle.toPoint()
    QTest.mousePress(view, LEFT, NONE, start)
    QTest.mouseMove(view, start - QPoint(0, 15))
    QTest.mouseRelease(view, LEFT, NONE, start - QPoint(0, 15))
    found = panel._state.contrast(0)
    assert (found.low, found.high) == (10, 100)
    assert 0.4 < found.gamma < 0.95
    assert panel.gamma.value() == found.gamma
    QTest.mouseDClick(view, LEFT, NONE, view.handle.toPoint())
    assert panel._state.contrast(0).gamma == 1


def test_beside_the_handle_the_nearer_end_is_taken(panel):
    view = panel.histogram
    at = view.handle.toPoint() + QPoint(3, 25)
    QTest.mousePress(view, LEFT, NONE, at)
    QTest.mouseRelease(view, LEFT, NONE, at)
    assert panel._state.contrast(0).gamma == 1
    assert panel._state.contrast(0).high < 100


@pytest.mark.parametrize("y", [-500, 0, 40, 5000])
def test_gamma_stays_within_reason(panel, y):
    assert 0.1 <= panel.histogram.gamma_at(y) <= 5


# What automatic contrast takes the image for


def test_what_was_found_carries_an_auto_mark(panel):
    panel.show_state(panel._state.with_found(0, "brightfield"))
    assert panel.kind.kinds["brightfield"].isChecked()
    assert panel.kind.mark.isVisible()
    assert panel.kind.back.isHidden()
    panel.show_state(panel._state.with_found(0, "fluorescence"))
    assert panel.kind.kinds["fluorescence"].isChecked()


def test_the_person_can_say_what_it_is_and_take_it_back(qtbot, panel):
    with qtbot.waitSignal(panel.state_wished) as wished:
        QTest.mouseClick(panel.kind.kinds["fluorescence"], LEFT)
    state = wished.args[0]
    assert state.kind == "fluorescence"
    assert [channel.contrast for channel in state.channels] == [None, None, None]
    assert panel.kind.mark.isHidden()
    with qtbot.waitSignal(panel.state_wished) as wished:
        QTest.mouseClick(panel.kind.back, LEFT)
    assert wished.args[0].kind is None


def test_a_colour_picture_has_one_contrast(panel):
    state = initial_state(ArraySource(ramp(channels=3, dtype=np.uint8), is_rgb=True).info)
    panel.show_state(state)
    panel.show_histogram(histogram(ramp(dtype=np.uint8)[0, 0, 0]))
    assert panel._title.text() == "Contrast"
    panel.high.setValue(200)
    assert {channel.contrast for channel in panel._state.channels} == {Contrast(0, 200)}
