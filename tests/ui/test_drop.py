import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from app.ui.desk import folder_of, name_filter
from app.ui.stage import QuestionStrip
from tests.images.zarr_maker import write_image
from tests.makers import cells

COPY = Qt.DropAction.CopyAction
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def mime_of(*paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drag_over(house, data, zone="open"):
    """Enter the window and move to a zone; return the point."""
    zones = house.wiring.zones
    start = QPointF(10, 10).toPoint()
    QApplication.sendEvent(house.window, QDragEnterEvent(start, COPY, data, LEFT, NONE))
    place = next(rect for row, rect in zones._places() if row.key == zone)
    QApplication.sendEvent(zones, QDragMoveEvent(place.center(), COPY, data, LEFT, NONE))
    return QPointF(place.center())


def drop(house, *paths, zone="open"):
    data = mime_of(*paths)
    point = drag_over(house, data, zone)
    QApplication.sendEvent(house.wiring.zones, QDropEvent(point, COPY, data, LEFT, NONE))


def test_a_dropped_file_is_shown(house, qtbot, stack):
    drop(house, stack)
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    assert session.current.path == stack
    assert session.current.info.shape == (1, 2, 3, 64, 96)
    assert house.window.stage.pages.currentWidget() is house.window.stage.viewer
    assert house.window.stage.tabs.tabText(0) == "cells.tif"


def test_the_zone_says_what_would_be_read(house, qtbot, stack):
    drag_over(house, mime_of(stack))
    zones = house.wiring.zones
    qtbot.waitUntil(lambda: zones._found is not None, timeout=5000)
    assert zones._found.words == "1 stack, 96 × 64 × 3, 2 channels"


def test_comparing_is_offered_only_over_an_open_image(house, qtbot, stack):
    zones = house.wiring.zones
    assert [zone.key for zone in zones.zones] == ["open", "restore", "queue"]
    drop(house, stack)
    qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    assert [zone.key for zone in zones.zones] == ["open", "restore", "queue", "compare"]


def test_a_refused_drop_says_why_and_changes_nothing(house, qtbot, stack, bad_file):
    drop(house, stack)
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    before = session.images()
    data = mime_of(bad_file)
    point = drag_over(house, data)
    zones = house.wiring.zones
    qtbot.waitUntil(lambda: zones._found is not None, timeout=5000)
    assert "letter.tif" in zones._found.refusal
    with qtbot.waitSignal(zones.refused):
        QApplication.sendEvent(zones, QDropEvent(point, COPY, data, LEFT, NONE))
    assert session.images() == before
    assert not zones.isVisible()


def test_a_bad_file_gets_one_sentence(house, qtbot, bad_file):
    house.desk.open([bad_file])
    sheet = house.notices.sheet
    qtbot.waitUntil(sheet.isVisible, timeout=5000)
    assert sheet.sentence.text().startswith("letter.tif")
    assert sheet.sentence.text().count(".") <= 3
    assert "Traceback" not in sheet.details.toPlainText()
    assert house.services.session.images() == ()


@pytest.mark.parametrize("answer", ["Open all", "Only this folder"])
def test_folders_in_a_folder_are_asked_about_once(house, qtbot, stack, tmp_path, answer):
    outer = tmp_path / "day 1"
    (outer / "night").mkdir(parents=True)
    (outer / "a.tif").write_bytes(stack.read_bytes())
    (outer / "night" / "b.tif").write_bytes(stack.read_bytes())
    drop(house, outer)
    stage = house.window.stage
    qtbot.waitUntil(lambda: bool(stage.findChildren(QuestionStrip)), timeout=5000)
    (strip,) = stage.findChildren(QuestionStrip)
    button = next(
        b for b in strip.findChildren(type(stage.welcome.drop_area.open_button)) if b.text() == answer
    )
    qtbot.mouseClick(button, LEFT)
    expected = 2 if answer == "Open all" else 1
    qtbot.waitUntil(lambda: len(house.services.session.images()) == expected, timeout=5000)


@pytest.fixture
def zarr(tmp_path):
    """A folder with an image that is a folder, and nothing else."""
    return write_image(tmp_path / "day 2" / "cells.ome.zarr", cells((3, 64, 96)), levels=2)


def test_a_dropped_image_folder_is_one_image(house, qtbot, zarr):
    drag_over(house, mime_of(zarr))
    zones = house.wiring.zones
    qtbot.waitUntil(lambda: zones._found is not None, timeout=5000)
    assert zones._found.words == "1 stack, 96 × 64 × 3"
    drop(house, zarr)
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    assert session.current.path == zarr
    assert session.current.info.shapes == ((1, 1, 3, 64, 96), (1, 1, 3, 32, 48))
    assert len(session.images()) == 1


def test_a_folder_of_image_folders_opens_without_asking(house, qtbot, zarr):
    house.desk.open([zarr.parent])
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    assert session.current.path == zarr
    assert len(session.images()) == 1


def test_a_file_of_metadata_opens_the_folder_that_it_lies_in(house, qtbot, zarr):
    house.desk.open([zarr / ".zattrs"])
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    assert session.current.path == zarr


def test_the_place_of_an_image_folder_is_the_folder_around_it(zarr, stack):
    assert folder_of(zarr) == zarr.parent
    assert folder_of(zarr.parent) == zarr.parent
    assert folder_of(stack) == stack.parent
    assert "*.tif" in name_filter()
    assert "zarr.json" in name_filter()
    assert "*.zarr " not in name_filter()


def test_several_files_open_and_the_first_is_looked_at(house, qtbot, stack, tmp_path):
    files = []
    for number in range(3):
        files.append(tmp_path / f"field {number}.tif")
        files[-1].write_bytes(stack.read_bytes())
    drop(house, *files)
    session = house.services.session
    qtbot.waitUntil(lambda: len(session.images()) == 3, timeout=5000)
    assert session.current.path == files[0]


def test_the_queue_takes_files_without_opening_them(house, qtbot, stack, monkeypatch):
    specs = []
    monkeypatch.setattr(house.services.engine, "submit", specs.append)
    drop(house, stack, zone="queue")
    qtbot.waitUntil(lambda: bool(house.notices._toasts), timeout=5000)
    assert [one.path for one in specs[0].inputs] == [str(stack)]
    assert house.services.library.card(specs[0].model)
    assert house.services.session.images() == ()
    assert house.notices._toasts[0].label.text() == "1 image waits in Jobs."


def test_one_bad_file_among_good_ones_costs_only_itself(house, qtbot, stack, bad_file):
    drop(house, bad_file, stack)
    session = house.services.session
    qtbot.waitUntil(lambda: session.current is not None, timeout=5000)
    assert session.current.path == stack
    qtbot.waitUntil(house.notices.sheet.isVisible, timeout=5000)
