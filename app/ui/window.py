"""The main window: rail, rooms, docks, strip, status bar and where they stand. No behaviour of its own."""

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QRect, QSettings, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QGuiApplication
from PySide6.QtWidgets import (
    QDockWidget,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QTabWidget,
    QToolBar,
    QToolButton,
)

from app.text import _
from app.ui.actions import add_menus
from app.ui.icons import icon
from app.ui.lazy import Lazy
from app.ui.one_line import OneLine
from app.ui.panels import PANELS, Panel
from app.ui.stage import Stage

LAYOUT = 1  # raise it when docks change: an older layout is then forgotten
FIRST_SIZE = QSize(1480, 900)
SMALLEST = QSize(760, 480)


class MainWindow(QMainWindow):
    """Places for everything; what fills them comes from `PANELS`."""

    room_chosen = Signal(str)
    closing = Signal()

    def __init__(self, store: QSettings) -> None:
        super().__init__()
        self._store = store
        self.may_close: Callable[[], bool] = lambda: True
        self.places: dict[str, Lazy] = {}
        self.stage = Stage()
        self.places["viewer"] = self.stage.viewer
        self.rooms = QStackedWidget()
        self.rooms.addWidget(self.stage)
        self.setCentralWidget(self.rooms)
        self.setWindowTitle("Micrographia")
        self.setWindowIcon(icon("image", "accent"))
        self.setMinimumSize(SMALLEST)
        self.setAcceptDrops(True)
        self.setDockOptions(QMainWindow.DockOption.AnimatedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        add_menus(self.menuBar())
        self._add_rail()
        self.browser = self._add_dock("browser", _("Browser"), Qt.DockWidgetArea.LeftDockWidgetArea)
        self.inspector = self._add_dock("inspector", _("Inspector"), Qt.DockWidgetArea.RightDockWidgetArea)
        self._fill_docks()
        self._add_strip()
        self._add_status()
        self.restore_layout()

    def restore_layout(self) -> None:
        """Stand where the window stood last, if that place still exists."""
        geometry = self._store.value(f"layout{LAYOUT}/geometry")
        state = self._store.value(f"layout{LAYOUT}/state")
        if (
            not isinstance(geometry, QByteArray)
            or not self.restoreGeometry(geometry)
            or not _is_reachable(self.frameGeometry())
        ):
            self._stand_first()
        if not isinstance(state, QByteArray) or not self.restoreState(state, LAYOUT):
            self._arrange_docks()

    def reset_layout(self) -> None:
        """Put everything back to where it stood at the very first start."""
        self._store.remove(f"layout{LAYOUT}")
        self.showNormal()
        self._stand_first()
        self.show_room("images")
        self._arrange_docks()

    def show_room(self, key: str) -> None:
        """Go to another room; the docks belong to the images."""
        action = self.room_actions[key]
        action.setChecked(True)
        self.rooms.setCurrentWidget(self.stage if key == "images" else self.places[key])
        for dock in (self.browser, self.inspector):
            if key == "images" and dock.property("put_away"):
                dock.show()
                dock.setProperty("put_away", False)
            elif key != "images" and dock.isVisible() and not dock.isFloating():
                dock.hide()
                dock.setProperty("put_away", True)

    def show_page(self, key: str) -> None:
        """Open the inspector on one of its pages."""
        self.show_room("images")
        self.inspector.show()
        self.inspector_tabs.setCurrentWidget(self.places[key])

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the layout and go, unless something holds the window."""
        if not self.may_close():
            event.ignore()
            return
        if self.room_actions["images"].isChecked():
            self._store.setValue(f"layout{LAYOUT}/state", self.saveState(LAYOUT))
        self._store.setValue(f"layout{LAYOUT}/geometry", self.saveGeometry())
        event.accept()
        self.closing.emit()

    def _add_rail(self) -> None:
        rail = QToolBar(_("Rooms"))
        rail.setObjectName("rail")
        rail.setMovable(False)
        rail.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        rail.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        rail.setIconSize(QSize(24, 24))
        self._group = QActionGroup(self)
        self.room_actions: dict[str, QAction] = {}
        rows = [("images", _("Images"), "image")]
        rows += [(row.key, _(row.title), row.icon) for row in PANELS if row.place == "room"]
        for key, title, picture in rows:
            action = QAction(icon(picture), title, self._group, checkable=True)
            action.triggered.connect(lambda _checked, key=key: self.room_chosen.emit(key))
            rail.addAction(action)
            self.room_actions[key] = action
            button = rail.widgetForAction(action)
            if isinstance(button, QToolButton):
                button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                button.setAccessibleName(title)
            if key != "images":
                self.places[key] = Lazy()
                self.rooms.addWidget(self.places[key])
        self.room_actions["images"].setChecked(True)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, rail)
        self.rail = rail

    def _add_dock(self, name: str, title: str, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setAccessibleName(title)
        self.addDockWidget(area, dock)
        return dock

    def _fill_docks(self) -> None:
        self.places["browser"] = Lazy()
        self.browser.setWidget(self.places["browser"])
        self.inspector_tabs = QTabWidget()
        self.inspector_tabs.setDocumentMode(True)
        self.inspector_tabs.setUsesScrollButtons(False)  # every page can be seen to be there
        self.inspector_tabs.tabBar().setAccessibleName(_("Pages of the inspector"))
        for row in _rows("inspector"):
            self.places[row.key] = Lazy()
            self.inspector_tabs.addTab(self.places[row.key], _(row.title))
        self.inspector_tabs.setCurrentWidget(self.places["restore"])
        self.inspector.setWidget(self.inspector_tabs)

    def _add_strip(self) -> None:
        bar = QToolBar(_("Jobs"))
        bar.setObjectName("strip")
        bar.setMovable(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        line = self.fontMetrics().height()
        for row in _rows("strip"):
            self.places[row.key] = Lazy()
            self.places[row.key].setMinimumHeight(line + 18)
            bar.addWidget(self.places[row.key])
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, bar)

    def _add_status(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self.pointer_label, self.zoom_label, self.memory_label = OneLine(), QLabel(), QLabel()
        self.pointer_label.setAccessibleName(_("Value under the pointer"))
        self.zoom_label.setAccessibleName(_("Zoom"))
        self.memory_label.setAccessibleName(_("Memory"))
        bar.addWidget(self.pointer_label, 1)
        for widget in (self.zoom_label, self.memory_label):
            bar.addPermanentWidget(widget)
        for row in _rows("status"):
            self.places[row.key] = Lazy()
            self.places[row.key].setMinimumHeight(self.fontMetrics().height() + 10)
            bar.addPermanentWidget(self.places[row.key])

    def _arrange_docks(self) -> None:
        for dock, area in (
            (self.browser, Qt.DockWidgetArea.LeftDockWidgetArea),
            (self.inspector, Qt.DockWidgetArea.RightDockWidgetArea),
        ):
            dock.setFloating(False)
            self.addDockWidget(area, dock)
            dock.show()
        letter = self.fontMetrics().horizontalAdvance("0")
        self.resizeDocks(
            [self.browser, self.inspector], [letter * 28, letter * 42], Qt.Orientation.Horizontal
        )

    def _stand_first(self) -> None:
        screen = self.screen() or QGuiApplication.primaryScreen()
        available = screen.availableGeometry()
        size = FIRST_SIZE.boundedTo(available.size() - QSize(16, 48))
        corner = available.topLeft()
        spare = available.size() - size
        self.setGeometry(
            corner.x() + spare.width() // 2,
            corner.y() + spare.height() // 2 + 12,
            size.width(),
            size.height(),
        )


def _rows(place: str) -> tuple[Panel, ...]:
    return tuple(row for row in PANELS if row.place == place)


def _is_reachable(frame: QRect) -> bool:
    """Whether the title bar lies on a screen that exists, so that the window can be moved."""
    title = QRect(frame.left(), frame.top(), frame.width(), 30)
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    return any(shared.width() >= 120 for screen in screens if (shared := screen.intersected(title)).isValid())
