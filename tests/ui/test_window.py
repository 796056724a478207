from PySide6.QtCore import QByteArray, QRect, Qt
from PySide6.QtGui import QGuiApplication

from app.engine.job import Job
from app.ui.window import LAYOUT, _is_reachable

LEFT = Qt.MouseButton.LeftButton


def test_the_layout_is_remembered(make_house, qtbot):
    first = make_house()
    first.window.browser.hide()
    first.window.close()
    second = make_house()
    assert not second.window.browser.isVisible()
    assert second.window.inspector.isVisible()


def test_resetting_brings_everything_back(house):
    house.window.browser.hide()
    house.window.inspector.setFloating(True)
    house.desk.reset_layout()
    assert house.window.browser.isVisible()
    assert not house.window.inspector.isFloating()


def test_a_remembered_layout_that_is_damaged_does_no_harm(make_house, home):
    home.config.mkdir(parents=True)
    first = make_house()
    first.window._store.setValue(f"layout{LAYOUT}/state", QByteArray(b"nonsense"))
    first.window._store.setValue(f"layout{LAYOUT}/geometry", QByteArray(b"nonsense"))
    first.window._store.sync()
    second = make_house()
    assert second.window.browser.isVisible()


def test_a_place_on_a_screen_that_is_gone_is_not_used(qapp):
    screen = QGuiApplication.primaryScreen().availableGeometry()
    assert _is_reachable(QRect(screen.left() + 20, screen.top() + 20, 800, 600))
    assert not _is_reachable(QRect(screen.right() + 500, 100, 800, 600))
    assert not _is_reachable(QRect(100, -2000, 800, 600))


def test_the_docks_belong_to_the_images(house):
    house.desk.go("jobs")
    assert not house.window.browser.isVisible()
    house.desk.go("images")
    assert house.window.browser.isVisible()
    house.desk.toggle("browser")
    house.desk.go("models")
    house.desk.go("images")
    assert not house.window.browser.isVisible()


def test_a_running_job_holds_the_window_once(house, qtbot, monkeypatch):
    job = Job(1, "restore", "running", spec=None, created=0.0)
    monkeypatch.setattr(house.services.engine, "jobs", lambda: (job,))
    house.services.bridge.jobs_changed.emit()
    qtbot.waitUntil(lambda: bool(house.desk._jobs.running()))
    house.window.close()
    assert house.window.isVisible()
    assert house.notices.sheet.sentence.text() == "A job is not finished yet."
    house.desk._close_anyway()
    assert not house.window.isVisible()


def test_a_command_is_found_by_a_part_of_its_name(house, qtbot):
    house.desk.find_command()
    finder = house.desk.finder
    qtbot.keyClicks(finder.line, "prefer")
    assert finder.list.count() == 1
    qtbot.keyClick(finder.line, Qt.Key.Key_Return)
    assert house.desk._preferences.isVisible()
    assert not finder.isVisible()
    house.desk._preferences.close()


def test_the_sheet_of_keys_lists_every_action_with_a_key(house):
    from PySide6.QtWidgets import QLabel

    from app.ui.actions import ACTIONS

    house.desk.show_keys()
    shown = {label.text() for label in house.desk._keys.findChildren(QLabel)}
    assert {row.text for row in ACTIONS if row.keys} <= shown
    house.desk._keys.close()
