"""Walks all widgets of the real window: names, Tab, and text that fits at every size."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QToolButton,
    QWidget,
)

from app.ui.training.panel import TrainPanel
from app.ui.training.plan import Chosen, Plan

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
)
# Qt's own parts of a larger control; the control speaks for them.
PARTS = (
    "qt_",
    "QDockWidgetTitleButton",
    "QComboBoxPrivate",
    "CloseButton",
    "ScrollLeftButton",
    "ScrollRightButton",
)
SLACK = 2


def is_part(widget):
    names = (widget.objectName(), type(widget).__name__, widget.metaObject().className())
    if any(name.startswith(PARTS) for name in names):
        return True
    above = widget.parentWidget()
    return isinstance(above, QAbstractSpinBox | QComboBox | QTabBar | QLineEdit | QAbstractItemView) or (
        above is not None and above.metaObject().className().startswith("QComboBox")
    )


def shown(root, kinds):
    return [
        w for w in root.findChildren(QWidget) if isinstance(w, kinds) and w.isVisible() and not is_part(w)
    ]


def controls(root):
    return [w for w in shown(root, CONTROLS) if not isinstance(w, QScrollBar)]


def told(widget):
    text = getattr(widget, "text", str)() or widget.accessibleName()
    parent = type(widget.parentWidget()).__name__
    return f"{type(widget).__name__} {text[:40]!r} {widget.width()}x{widget.height()} in {parent}"


def name_of(widget):
    if isinstance(widget, QAbstractButton):
        return widget.accessibleName() or widget.text()
    return widget.accessibleName()


def is_clipped(widget):
    if isinstance(widget, QLabel):
        if not widget.text() or widget.pixmap().width() or widget.property("elides"):
            return False
        if widget.wordWrap():
            return widget.heightForWidth(widget.width()) > widget.height() + SLACK
        need = widget.minimumSizeHint()
        return need.width() > widget.width() + SLACK or need.height() > widget.height() + SLACK
    if isinstance(widget, QAbstractButton) and (widget.text() or isinstance(widget, QToolButton)):
        need = widget.minimumSizeHint() if not isinstance(widget, QToolButton) else widget.sizeHint()
        return need.width() > widget.width() + SLACK or need.height() > widget.height() + SLACK
    if isinstance(widget, QAbstractSpinBox | QComboBox | QLineEdit):
        return widget.fontMetrics().height() > widget.height() + SLACK or (
            widget.minimumSizeHint().width() > widget.width() + SLACK
        )
    return False


def reached_by_tab(window):
    seen, widget = set(), window.nextInFocusChain()
    while widget is not window and widget not in seen:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            seen.add(widget)
        widget = widget.nextInFocusChain()
    return seen


STEPS = ["train good", "train bad", "train match", "train learn", "train verdict"]
WAYS = ["train bad sliders", "train bad pairs", "train bad noisy"]
PAGES = [
    "welcome", "display", "restore", "measure", "export", "info", "models", "jobs", *STEPS, *WAYS
]  # fmt: skip


A_PLAN = Plan(
    good=tuple(
        Chosen(Path(f"/images/slide{place}_a field with a rather long name.tif"), f"slide{place}", role)
        for place, role in enumerate(("learn", "learn", "learn", "tune", "test"))
    ),
    bad=(Path("/images/poor.tif"),),
    paired=tuple(Path(f"/poor/{place}.tif") for place in range(5)),
)


@pytest.fixture(params=PAGES)
def page(request, make_house, qtbot, stack):
    """The window on each of its pages, with an image open but for the first."""
    files = [] if request.param == "welcome" else [stack]
    house = make_house(files)
    if files:
        qtbot.waitUntil(lambda: house.services.session.current is not None, timeout=5000)
    room, *place = request.param.split()
    if room in ("train", "models", "jobs"):
        house.desk.go(room)
        if place:
            show_step(house, qtbot, *place)
    elif files:
        house.desk.inspect(request.param)
    return house


def show_step(house, qtbot, step, way="bad image"):
    """Go to a step of the Train room, made and filled."""
    panel = house.window.findChild(TrainPanel)
    panel.go(step)
    qtbot.waitUntil(lambda: panel.pages[step].content is not None, timeout=20000)
    panel.set_plan(replace(A_PLAN, way=way))


def test_every_control_has_a_name_and_tab_reaches_it(page):
    reached = reached_by_tab(page.window)
    nameless = [told(widget) for widget in controls(page.window) if not name_of(widget)]
    assert nameless == []
    unreachable = [
        told(widget)
        for widget in controls(page.window)
        if widget.isEnabled() and widget not in reached and widget.focusProxy() is None
    ]
    assert unreachable == []


def test_no_text_is_clipped_at_any_size_in_any_theme(page, qtbot):
    window = page.window
    for theme, scale in (("light", 1.0), ("dark", 1.0), ("dark", 1.5), ("light", 1.5)):
        page.settings.change(theme=theme, text_scale=scale)
        window.setProperty("turns", 0)
        qtbot.waitUntil(lambda: not clipped(window) or _settled(window))
        assert clipped(window) == [], (theme, scale)
        assert window.width() <= 1366, (theme, scale)
        assert window.height() <= 768, (theme, scale)


def clipped(window):
    return [told(widget) for widget in shown(window, QWidget) if is_clipped(widget)]


def _settled(window):
    """Whether all posted layout requests were carried out; called by an event loop that runs meanwhile."""
    turns = window.property("turns") or 0
    window.setProperty("turns", turns + 1)
    return turns > 20
