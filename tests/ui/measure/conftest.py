"""A viewer with what measures on it and the page that shows the numbers."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.ui.measure.exchange import Exchange
from app.ui.measure.joining import join
from app.ui.measure.measuring import Measuring
from app.ui.measure.page import MeasurePage
from tests.ui.viewer.conftest import background, look, on_screen, opened, viewer  # noqa: F401 - fixtures

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def page(qtbot):
    shown = MeasurePage()
    qtbot.addWidget(shown)
    shown.resize(340, 800)
    shown.show()
    return shown


@pytest.fixture
def measuring(viewer, background, page):  # noqa: F811
    made = Measuring(viewer, background)
    join(page, made, Exchange(made, None, page))
    return made


@pytest.fixture
def draw_on(look, measuring):  # noqa: F811
    """Show a source, and a result of it, and be ready to measure."""

    def show(source, result=None):
        image = look(source, result)
        measuring.show_image(image)
        return image

    return show


def measured(qtbot, measuring):
    """Wait until everything wished is measured."""
    qtbot.waitUntil(lambda: measuring.gauge.is_idle and measuring.shown is not None, timeout=5000)
    return measuring.shown.measurement


def press(canvas, at, modifiers=NONE):
    QTest.mousePress(canvas.viewport(), LEFT, modifiers, on_screen(canvas, *at))


def move(canvas, at):
    QTest.mouseMove(canvas.viewport(), on_screen(canvas, *at))


def release(canvas, at, modifiers=NONE):
    QTest.mouseRelease(canvas.viewport(), LEFT, modifiers, on_screen(canvas, *at))


def drag(canvas, start, end, modifiers=NONE):
    """Drag with the mouse, in units."""
    press(canvas, start, modifiers)
    move(canvas, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    move(canvas, end)
    release(canvas, end, modifiers)


def click(canvas, at, modifiers=NONE):
    """Click with the mouse, in units."""
    move(canvas, at)
    press(canvas, at, modifiers)
    release(canvas, at, modifiers)
