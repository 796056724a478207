import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.ui.inspector.display import DisplayPanel, clipped_in_words, share_in_words
from app.ui.viewer.contrast import histogram
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


def test_an_open_lock_lets_each_side_be_set_alone(qtbot, panel):
    assert panel.sides["restored"].isHidden()
    panel.lock.setChecked(False)
    QTest.mouseClick(panel.sides["restored"], LEFT)
    panel.high.setValue(50)
    assert panel._state.contrast(0, "restored") == Contrast(10, 50)
    assert panel._state.contrast(0, "raw") == Contrast(10, 100)
    panel.lock.setChecked(True)
    assert panel._state.contrast(0, "restored") == Contrast(10, 100)


@pytest.mark.parametrize("share", [0.0, 0.0004, 0.031, 0.42])
def test_what_is_cut_off_is_never_rounded_to_nothing(share):
    words = {0.0: "nothing", 0.0004: "less than 0.1\u202f%", 0.031: "3.1\u202f%", 0.42: "42\u202f%"}
    assert share_in_words(share) == words[share]


def test_what_is_cut_off_is_said_in_words():
    found = histogram(np.arange(100, dtype=np.uint8).reshape(10, 10))
    assert clipped_in_words(found, Contrast(0, 99)) == "Nothing is cut off."
    assert "5.0\u202f% in the dark" in clipped_in_words(found, Contrast(5, 99))


def test_a_single_channel_needs_no_choice_of_channels(qtbot, panel):
    panel.show_state(initial_state(ArraySource(ramp()).info))
    assert panel.auto_all.isHidden()
    assert all(button.isHidden() for button in panel.colourings.values())
    assert panel._title.text() == "Contrast"
