"""What a person does at the window, step by step."""

import os
import signal

import psutil
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from app.engine.events import FINAL
from tests.ui.viewer.conftest import on_screen

COPY = Qt.DropAction.CopyAction
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
PATIENCE_MS = 120_000  # a worker process takes seconds to start on a busy machine


class Walk:
    """A window with somebody who uses it and remembers what the engine said."""

    def __init__(self, house, qtbot):
        self.house = house
        self.qtbot = qtbot
        self.events = []

    def listen(self):
        self.session = self.house.services.session
        self.engine = self.house.services.engine
        self.strip = self.house.window.places["strip"].content
        self._unsubscribe = self.engine.subscribe(self.events.append)

    def until(self, fact):
        self.qtbot.waitUntil(fact, timeout=PATIENCE_MS)

    def drop(self, *paths, zone="open"):
        """Drop files on a zone of the window."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        zones = self.house.wiring.zones
        start = QPointF(10, 10).toPoint()
        QApplication.sendEvent(self.house.window, QDragEnterEvent(start, COPY, data, LEFT, NONE))
        place = next(rect for row, rect in zones._places() if row.key == zone)
        QApplication.sendEvent(zones, QDragMoveEvent(place.center(), COPY, data, LEFT, NONE))
        QApplication.sendEvent(zones, QDropEvent(QPointF(place.center()), COPY, data, LEFT, NONE))

    @property
    def viewer(self):
        return self.house.window.places["viewer"].content

    def is_drawn(self):
        """Whether everything wished for is seen."""
        viewer = self.viewer
        return viewer is not None and viewer.shot() is not None and viewer.is_idle and viewer.ortho.is_idle

    def look_at(self, *paths, zone="open"):
        """Drop files, and wait until the picture is there."""
        self.drop(*paths, zone=zone)
        self.until(lambda: self.session.current is not None and self.session.current.path == paths[0])
        self.until(lambda: self.is_drawn() and self.viewer.drawn is not None)
        return self.viewer

    def page(self, name):
        """Turn to a page of the inspector."""
        self.house.desk.inspect(name)
        place = self.house.window.places[name]
        self.until(lambda: place.content is not None and place.content.isVisible())
        return place.content

    def key(self, key, modifiers=NONE):
        """Press a key while the picture has the focus."""
        self.viewer.setFocus()
        QTest.keyClick(self.viewer, key, modifiers)

    def point_at(self, canvas, point, buttons=Qt.MouseButton.NoButton):
        """Move the mouse over a picture; a system with a pointer of its own would know of no held button."""
        place = QPointF(point)
        kind, globally = QEvent.Type.MouseMove, canvas.mapToGlobal(place)
        event = QMouseEvent(kind, place, globally, Qt.MouseButton.NoButton, buttons, NONE)
        QApplication.sendEvent(canvas.viewport(), event)

    def click(self, canvas, at):
        """Click on a picture, at a place in units."""
        self.point_at(canvas, on_screen(canvas, *at))
        QTest.mouseClick(canvas.viewport(), LEFT, NONE, on_screen(canvas, *at))

    def drag(self, canvas, start, end):
        """Drag on a picture, from one of its points to another."""
        half = QPoint((start.x() + end.x()) // 2, (start.y() + end.y()) // 2)
        QTest.mousePress(canvas.viewport(), LEFT, NONE, start)
        for point in (half, end):
            self.point_at(canvas, point, LEFT)
        QTest.mouseRelease(canvas.viewport(), LEFT, NONE, end)

    def turn_wheel(self, canvas, point, notches):
        """Turn the wheel over a point of a picture."""
        place, turned = QPointF(point), QPoint(0, 120 * notches)
        phase = Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(
            place, canvas.mapToGlobal(place), QPoint(), turned, Qt.MouseButton.NoButton, NONE, phase, False
        )
        QApplication.sendEvent(canvas.viewport(), event)

    def open_restore_page(self, *paths):
        """Drop files on *Open and restore*, and wait until a model is picked."""
        self.drop(*paths, zone="restore")
        self.until(lambda: self.house.window.places["restore"].content is not None)
        self.panel = self.house.window.places["restore"].content
        self.until(lambda: len(self.session.images()) == len(paths))
        self.until(lambda: self.panel.page.bar.run.isEnabled())
        return self.panel.page

    def pick(self, model):
        """Pick a model by its id."""
        choices = self.panel.page.choices.choices
        next(choice for choice in choices if choice.card.id == model).radio.click()

    def choose(self, **values):
        """Change settings of the picked model."""
        for name, value in values.items():
            self.panel.page.settings.form.set_value(name, value)

    def heard(self, kind, job=None):
        """The events of a kind, of jobs only unless one is named."""
        return [
            e for e in self.events if isinstance(e, kind) and (e.job > 0 if job is None else e.job == job)
        ]

    def wait_for_end(self, count=1):
        """Wait until so many jobs are over, and the window knows it; return how the last one ended."""
        self.until(lambda: len(self.heard(FINAL)) >= count)
        self.until(lambda: not self.strip._watch.running())
        return self.heard(FINAL)[-1]

    def kill_worker(self):
        """End the worker as the system does when memory is short."""
        for child in psutil.Process().children(recursive=True):
            if child.status() != psutil.STATUS_ZOMBIE and "--worker" in child.cmdline():
                os.kill(child.pid, signal.SIGKILL)

    def result(self):
        """The result of the image that is looked at."""
        current = self.session.current
        return None if current is None else self.session.result_for(current.key)

    def leave(self):
        """Close the window and all behind it; leaving twice does no harm."""
        if not isValid(self.house.window):
            return
        if self.house.desk is not None:
            self.house.window.may_close = lambda: True
        self.house.window.close()
        self.house.close()
        self.house.window.deleteLater()
