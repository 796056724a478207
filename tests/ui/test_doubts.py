import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QPoint, Qt

from app.ui.doubts import axes_in_words
from models.source import PixelSize, Reading

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def doubtful(tmp_path):
    file = tmp_path / "plain.tif"
    tifffile.imwrite(file, np.random.default_rng(1).integers(0, 255, (6, 40, 50), dtype=np.uint8))
    return file


@pytest.fixture
def opened(make_house, qtbot, doubtful):
    house = make_house([doubtful])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    return house


@pytest.fixture
def asked(make_house, qtbot, stack):
    """A stack of three planes and two channels, about which everything is asked."""
    house = make_house([stack])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    house.desk.ask_reading()
    qtbot.waitExposed(house.window)
    return house


def drag(qtbot, chip, onto):
    """Drag a letter with the mouse onto the middle of another one."""
    start = chip.rect().center()
    qtbot.mousePress(chip, LEFT, pos=start)
    for share in (0.3, 0.6, 1.0):
        middle = onto.geometry().center()
        at = chip.mapFromParent(QPoint(round(chip.x() + (middle.x() - chip.x()) * share), middle.y()))
        qtbot.mouseMove(chip, at)
    qtbot.mouseRelease(chip, LEFT, pos=chip.mapFromParent(onto.geometry().center()))


def test_the_strip_appears_only_when_something_is_doubtful(make_house, qtbot, stack):
    house = make_house([stack])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    assert house.services.session.current.info.doubts == ()
    assert not house.desk.doubts.isVisible()


def test_a_typed_pixel_size_reads_the_image_again(opened, qtbot):
    strip = opened.desk.doubts
    assert strip.isVisible()
    qtbot.keyClicks(strip.pixel.line, "0.1")
    with qtbot.waitSignal(opened.services.session.current_changed):
        qtbot.keyClick(strip.pixel.line, Qt.Key.Key_Return)
    assert opened.services.session.current.info.pixel_size_um.x == 0.1
    assert not strip.isVisible()


def test_a_pixel_size_in_nanometres_may_have_two_sides(opened, qtbot):
    strip = opened.desk.doubts
    qtbot.keyClicks(strip.pixel.line, "200 x 100")
    strip.pixel.unit.setCurrentText("nm")
    with qtbot.waitSignal(opened.services.session.current_changed):
        qtbot.mouseClick(strip.apply, LEFT)
    assert opened.services.session.current.info.pixel_size_um == PixelSize(None, 0.1, 0.2)


@pytest.mark.parametrize("text", ["0", "0,0", "e", ".", "many"])
def test_what_is_no_size_changes_nothing(opened, qtbot, text):
    qtbot.keyClicks(opened.desk.doubts.pixel.line, text)
    assert opened.desk.doubts.pixel.values() == ()


def test_carrying_on_is_remembered(opened, qtbot):
    strip = opened.desk.doubts
    assert strip.carry_on.text() == "Carry on uncalibrated"
    qtbot.mouseClick(strip.carry_on, LEFT)
    assert not strip.isVisible()
    opened.desk.show_doubts(opened.services.session.current)
    assert not strip.isVisible()


def test_the_size_of_the_last_file_is_offered(make_house, qtbot, stack, doubtful):
    house = make_house([stack])
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    house.desk.open([doubtful])
    qtbot.waitUntil(house.desk.doubts.isVisible, timeout=5000)
    assert house.desk.doubts.as_last.text() == "As in the last file: 0.1 µm"
    with qtbot.waitSignal(session.current_changed):
        qtbot.mouseClick(house.desk.doubts.as_last, LEFT)
    assert session.current.info.pixel_size_um.x == 0.1


def test_a_letter_dragged_onto_another_changes_places_with_it(asked, qtbot):
    session, strip = asked.services.session, asked.desk.doubts
    assert strip.words.text() == "Read as C 2, Z 3."
    drag(qtbot, strip.chips.chips[1], onto=strip.chips.chips[0])
    assert strip.words.text() == "Read as Z 2, C 3."
    with qtbot.waitSignal(session.current_changed):
        qtbot.mouseClick(strip.apply, LEFT)
    assert session.current.info.shape == (1, 3, 2, 64, 96)


def test_while_a_letter_is_dragged_the_sentence_says_what_dropping_it_would_mean(asked, qtbot):
    strip = asked.desk.doubts
    first, second = strip.chips.chips
    qtbot.mousePress(first, LEFT)
    qtbot.mouseMove(first, first.mapFromParent(second.geometry().center()))
    assert second.property("role") == "target"
    assert strip.words.text() == "Read as Z 2, C 3."
    qtbot.mouseMove(first, first.mapFromParent(QPoint(-300, 10)))
    assert strip.words.text() == "Read as C 2, Z 3."
    qtbot.mouseRelease(first, LEFT)


def test_a_letter_dropped_beside_the_others_goes_back(asked, qtbot):
    chip = asked.desk.doubts.chips.chips[0]
    place = chip.pos()
    qtbot.mousePress(chip, LEFT)
    qtbot.mouseMove(chip, chip.rect().center() + QPoint(400, 0))
    qtbot.mouseRelease(chip, LEFT, pos=chip.rect().center())
    assert asked.desk.doubts.chips.letters == "CZ"
    assert chip.pos() == place
    assert not chip.menu_of_letters.isVisible()


def test_arrow_keys_move_a_letter_and_the_focus_goes_along(asked, qtbot):
    chips = asked.desk.doubts.chips
    chips.chips[0].setFocus()
    qtbot.keyClick(chips.chips[0], Qt.Key.Key_Right)
    assert chips.letters == "ZC"
    assert chips.chips[1].hasFocus()
    qtbot.keyClick(chips.chips[1], Qt.Key.Key_Right)
    assert chips.letters == "ZC"


def test_a_typed_letter_renames_an_axis(asked, qtbot):
    strip = asked.desk.doubts
    qtbot.keyClick(strip.chips.chips[1], Qt.Key.Key_T)
    assert strip.words.text() == "Read as C 2, T 3."
    assert strip.interval.isVisible()
    assert strip.step.isHidden()
    qtbot.keyClick(strip.chips.chips[0], Qt.Key.Key_T)
    assert strip.chips.letters == "TC"


def test_the_only_axis_is_renamed_by_a_click(opened, qtbot):
    session, strip = opened.services.session, opened.desk.doubts
    before = axes_in_words(session.current)
    chip = strip.chips.chips[0]
    qtbot.mouseClick(chip, LEFT)
    menu = chip.menu_of_letters
    qtbot.waitUntil(menu.isVisible)
    assert [action.isChecked() for action in menu.actions()].count(True) == 1
    time = menu.actions()[0]
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(time).center())
    assert (before, strip.words.text()) == ("Z 6", "Read as T 6.")
    qtbot.keyClicks(strip.interval.line, "500")
    strip.interval.unit.setCurrentText("ms")
    with qtbot.waitSignal(session.current_changed):
        qtbot.keyClick(strip.interval.line, Qt.Key.Key_Return)
    assert session.current.info.shape == (6, 1, 1, 40, 50)
    assert session.current.info.time_interval_s == 0.5


def test_a_second_correction_adds_to_the_first(opened, qtbot):
    session, strip = opened.services.session, opened.desk.doubts
    with qtbot.waitSignal(session.current_changed):
        session.reopen(session.current.key, reading=Reading("CYX", PixelSize(y=0.2, x=0.2)))
    opened.desk.ask_reading()
    assert strip.words.text() == "Read as C 6."
    qtbot.keyClick(strip.chips.chips[0], Qt.Key.Key_T)
    with qtbot.waitSignal(session.current_changed):
        qtbot.mouseClick(strip.apply, LEFT)
    assert session.current.info.shape == (6, 1, 1, 40, 50)
    assert session.current.info.pixel_size_um.x == 0.2


def test_colours_are_never_taken_for_an_axis(make_house, qtbot, tmp_path):
    file = tmp_path / "colour.tif"
    tifffile.imwrite(file, np.zeros((4, 30, 40, 3), np.uint8), photometric="rgb")
    house = make_house([file])
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    house.desk.ask_reading()
    chip = house.desk.doubts.chips.chips[0]
    assert [action.data() for action in chip.menu_of_letters.actions()] == ["T", "Z"]
    qtbot.keyClick(chip, Qt.Key.Key_C)
    assert "C" not in house.desk.doubts.chips.letters


def test_the_strip_says_that_a_correction_is_remembered_and_takes_it_back(
    make_house, qtbot, opened, doubtful
):
    session, note = opened.services.session, opened.desk.files.strip
    strip = opened.desk.doubts
    qtbot.keyClick(strip.chips.chips[0], Qt.Key.Key_T)
    with qtbot.waitSignal(session.current_changed):
        qtbot.mouseClick(strip.apply, LEFT)
    assert note.state == "corrected"
    assert note.words.text() == "Read as you said: T 6. This is remembered for the file."
    qtbot.waitUntil(lambda: session._readings.find(doubtful) is not None)
    tomorrow = make_house([doubtful])
    note = tomorrow.desk.files.strip
    qtbot.waitUntil(lambda: note.state == "corrected", timeout=5000)
    with qtbot.waitSignal(tomorrow.services.session.current_changed):
        qtbot.mouseClick(note.buttons["as_file"], LEFT)
    assert tomorrow.services.session.current.info.shape == (1, 1, 6, 40, 50)
    assert note.isHidden()
    qtbot.waitUntil(lambda: session._readings.find(doubtful) is None)
