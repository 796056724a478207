import threading

from PySide6.QtCore import QByteArray, QRect, Qt
from PySide6.QtGui import QGuiApplication

from app.engine.job import Job
from app.ui import session
from app.ui.start import House, build_engine
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


def test_a_file_named_at_the_start_is_open_once_everything_is_there(make_house, qtbot, stack):
    house = make_house([stack])
    opened = house.services.session
    assert [image.path for image in opened.images()] == [stack]
    assert opened.current is not None
    assert house.window.stage.tabs.count() == 1
    assert house.window.windowTitle().startswith("cells.tif")
    assert str(stack) in house.services.settings.current.recent
    viewer = house.window.places["viewer"].content
    qtbot.waitUntil(lambda: viewer.drawn is not None and house.window.zoom_label.text() != "")


def test_its_picture_comes_before_the_engine(make_house, qtbot, stack, monkeypatch):
    order = []
    put_up = House._put_up
    monkeypatch.setattr(
        House, "_put_up", lambda house, image: (order.append("picture"), put_up(house, image))
    )

    def build(*arguments):
        order.append("engine")
        return build_engine(*arguments)

    monkeypatch.setattr("app.ui.start.build_engine", build)
    make_house([stack])
    assert order == ["picture", "engine"]


def test_several_files_named_at_the_start_are_opened(make_house, qtbot, stack, tmp_path):
    other = tmp_path / "other.tif"
    other.write_bytes(stack.read_bytes())
    house = make_house([stack, other])
    qtbot.waitUntil(lambda: len(house.services.session.images()) == 2, timeout=5000)
    assert house.services.session.current.path == stack


def test_a_bad_file_named_at_the_start_is_told_once(make_house, qtbot, bad_file):
    house = make_house([bad_file])
    qtbot.waitUntil(house.notices.sheet.isVisible, timeout=5000)
    assert house.notices.sheet.sentence.text().startswith("letter.tif")
    assert house.services.session.images() == ()


def test_a_file_that_takes_long_does_not_hold_up_the_window(make_house, qtbot, stack, monkeypatch):
    gate = threading.Event()
    opened = session.open_source

    def slow(*args, **keys):
        assert gate.wait(20)
        return opened(*args, **keys)

    monkeypatch.setattr(session, "open_source", slow)
    house = make_house([stack])
    assert house.services.session.current is None
    gate.set()
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    assert len(house.services.session.images()) == 1
    assert house.window.stage.tabs.count() == 1
