"""Two small windows made from the table of actions: the sheet of keys, and "find a command"."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.text import _
from app.ui.actions import ACTIONS, MENUS, VIEWER_KEYS

MOST_HEIGHT = 360  # of the list of commands
ACTION = Qt.ItemDataRole.UserRole


def keys_in_words(keys: tuple[str, ...]) -> str:
    """Return keys as this system writes them."""
    native = (QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)
    return "  ".join(native)


class KeySheet(QDialog):
    """All keys, by menu."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Keys and help"))
        page = QWidget()
        page.setProperty("role", "room")
        columns = QHBoxLayout(page)
        columns.setContentsMargins(22, 18, 22, 18)
        columns.setSpacing(40)
        groups = [(_(menu).replace("&", ""), _of_menu(menu)) for menu in MENUS]
        groups.append((_("In the picture"), [(keys, _(text)) for keys, text in VIEWER_KEYS]))
        groups = [group for group in groups if group[1]]
        half = (len(groups) + 1) // 2
        for part in (groups[:half], groups[half:]):
            grid = QGridLayout()
            grid.setHorizontalSpacing(18)
            for title, rows in part:
                _add_group(grid, title, rows)
            grid.setRowStretch(grid.rowCount(), 1)
            columns.addLayout(grid, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(page)
        area.setAccessibleName(_("Keys"))
        words = QLabel(_("Single letters act while the picture has the focus."), wordWrap=True)
        words.setProperty("role", "quiet")
        words.setMargin(12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area, 1)
        layout.addWidget(words)
        room = parent.size()
        want = page.sizeHint()
        self.resize(min(want.width() + 30, room.width() - 40), min(want.height() + 70, room.height() - 40))


class CommandFinder(QFrame):
    """A line to type in and the commands that fit; Enter runs the marked one."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "sheet")
        self._actions = actions
        self._window = parent
        self.line = QLineEdit(placeholderText=_("Find a command"))
        self.line.setAccessibleName(_("Find a command"))
        self.list = QListWidget()
        self.list.setAccessibleName(_("Commands"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.addWidget(self.line)
        layout.addWidget(self.list)
        self.line.textChanged.connect(self._filter)
        self.line.returnPressed.connect(self._run_marked)
        self.list.itemActivated.connect(self._run)
        self.list.itemClicked.connect(self._run)
        self.hide()

    def ask(self) -> None:
        """Show the line, empty, in the upper middle of the window."""
        parent = self._window
        width = min(self.fontMetrics().horizontalAdvance("0") * 62, parent.width() - 40)
        self.setGeometry((parent.width() - width) // 2, 60, width, self.height())
        self.line.clear()
        self._filter("")
        self.show()
        self.raise_()
        self.line.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk with the arrow keys, leave with Escape."""
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.hide()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if key == Qt.Key.Key_Down else -1
            self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
        else:
            super().keyPressEvent(event)

    def _filter(self, text: str) -> None:
        self.list.clear()
        words = text.lower().split()
        for row in ACTIONS:
            action = self._actions[row.id]
            if row.id == "edit.find" or not all(word in action.text().lower() for word in words):
                continue
            keys = keys_in_words(row.keys)
            item = QListWidgetItem(action.icon(), f"{action.text()}   {keys}" if keys else action.text())
            item.setData(ACTION, row.id)
            if not action.isEnabled():
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        rows = self.list.sizeHintForRow(0) * self.list.count() + 8 if self.list.count() else 0
        self.list.setFixedHeight(min(rows, MOST_HEIGHT))
        self.setFixedHeight(self.minimumSizeHint().height())

    def _run_marked(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._run(item)

    def _run(self, item: QListWidgetItem) -> None:
        self.hide()
        self._actions[item.data(ACTION)].trigger()


def _of_menu(menu: str) -> list[tuple[str, str]]:
    return [(keys_in_words(row.keys), _(row.text)) for row in ACTIONS if row.menu == menu and row.keys]


def _add_group(grid: QGridLayout, title: str, rows: list[tuple[str, str]]) -> None:
    heading = QLabel(title)
    heading.setProperty("role", "heading")
    grid.addWidget(heading, grid.rowCount(), 0, 1, 2)
    for keys, text in rows:
        line = grid.rowCount()
        key, words = QLabel(keys), QLabel(text)
        key.setProperty("role", "quiet")
        grid.addWidget(key, line, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(words, line, 1)
    grid.setRowMinimumHeight(grid.rowCount(), 12)
