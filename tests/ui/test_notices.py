import logging

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget

import app.ui.crash as crash
from app.images.errors import Truncated
from app.paths import find_paths
from app.ui.messages import message_for, without_home
from app.ui.notices import Notices, Toast

LEFT = Qt.MouseButton.LeftButton


def window_with_notices(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 600)
    window.show()
    return window, Notices(window, lambda name: (f"do {name}", lambda: None))


def buttons_of(widget):
    return {button.text(): button for button in widget.findChildren(QPushButton) if button.isVisible()}


def test_an_error_says_what_happened_what_is_safe_and_what_to_do(qtbot):
    _window, notices = window_with_notices(qtbot)
    notices.show_error(Truncated("a.tif ends too early.", hint="Copy it again.", plane=31, planes=40))
    sheet = notices.sheet
    assert sheet.sentence.text() == "a.tif ends too early."
    assert sheet.hint.text() == "Copy it again."
    assert "not changed" in sheet.safe.text()
    assert "do file.open" in buttons_of(sheet)
    assert not sheet.details.isVisible()


def test_details_are_folded_and_can_be_copied(qtbot):
    _window, notices = window_with_notices(qtbot)
    notices.show_error(Truncated("a.tif ends too early.", plane=31))
    qtbot.mouseClick(notices.sheet.fold, LEFT)
    assert "plane: 31" in notices.sheet.details.toPlainText()
    qtbot.mouseClick(notices.sheet.copy, LEFT)
    assert "ends too early" in QGuiApplication.clipboard().text()


def test_the_home_folder_is_never_told(monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: type("P", (), {"__str__": lambda s: "/home/anna"})())
    assert without_home("read /home/anna/cells.tif, /home/annabel/x") == "read ~/cells.tif, /home/annabel/x"


def test_errors_that_come_together_queue_up(qtbot):
    _window, notices = window_with_notices(qtbot)
    for name in ("a", "b"):
        notices.show_error(Truncated(f"{name} ends too early."))
    assert "Next (1 more)" in buttons_of(notices.sheet)
    qtbot.mouseClick(buttons_of(notices.sheet)["Next (1 more)"], LEFT)
    assert notices.sheet.sentence.text() == "b ends too early."
    qtbot.keyClick(notices.sheet, Qt.Key.Key_Escape)
    assert not notices.sheet.isVisible()


def test_a_toast_goes_when_its_button_was_clicked(qtbot):
    window, notices = window_with_notices(qtbot)
    done = []
    notices.tell("Restored.", [("Show", lambda: done.append(True))])
    toast = window.findChild(Toast)
    qtbot.mouseClick(buttons_of(toast)["Show"], LEFT)
    assert done == [True]
    qtbot.waitUntil(lambda: not toast.isVisible())


def test_a_fault_of_the_program_becomes_a_report_that_is_kept(qtbot, home, caplog):
    _window, notices = window_with_notices(qtbot)
    watch = crash.CrashWatch(find_paths(), notices, lambda: None)
    try:
        raise RuntimeError("a screw came loose")
    except RuntimeError as error:
        watch._of_window(type(error), error, error.__traceback__)
    qtbot.waitUntil(notices.sheet.isVisible)
    reports = list(home.log.glob("crash-*.txt"))
    assert len(reports) == 1
    assert "a screw came loose" in reports[0].read_text("utf-8")
    assert "Go on" in buttons_of(notices.sheet)
    assert caplog.records[0].levelno == logging.ERROR


def test_a_message_is_made_of_whole_sentences():
    message = message_for(Truncated("a.tif ends too early.", plane=3))
    assert message.safe == "Your file was not changed."
    assert message.details.splitlines() == ["images.truncated", "plane: 3"]
