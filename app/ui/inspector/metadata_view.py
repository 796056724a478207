"""All that a file says, as a tree with a field to search in it; lines are made only where somebody looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHeaderView, QLabel, QLineEdit, QPushButton, QTreeView, QVBoxLayout, QWidget

from app.images.metadata import Entry, as_text, count, in_bundles, matching
from app.text import _, ngettext
from app.ui.background import Background, Task
from app.ui.flow import FlowLayout
from app.ui.names import tip

Index = QModelIndex | QPersistentModelIndex

PAUSE_MS = 150  # typing rests so long before it is searched
UNFOLDED = 300  # lines that are unfolded by themselves
TIP = 2000  # characters of a value in a tooltip


@dataclass(frozen=True, slots=True)
class Found:
    """Lines to show, long lists in bundles; how many match, and to which depth few enough are unfolded."""

    entries: tuple[Entry, ...]
    lines: int
    depth: int


class Node:
    """A line of the tree, with the nodes below it once they are asked for."""

    __slots__ = ("_below", "above", "entry", "row")

    def __init__(self, entry: Entry, above: Node | None = None, row: int = 0) -> None:
        self.entry = entry
        self.above = above
        self.row = row
        self._below: list[Node] | None = None

    def below(self, row: int) -> Node:
        """Return the node in that row below this one."""
        if self._below is None:
            self._below = [Node(entry, self, at) for at, entry in enumerate(self.entry.entries)]
        return self._below[row]


class MetadataModel(QAbstractItemModel):
    """Names and values; a node is made when it is first seen."""

    def __init__(self) -> None:
        super().__init__()
        self._root = Node(Entry(""))

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """Show another tree."""
        self.beginResetModel()
        self._root = Node(Entry("", "", entries))
        self.endResetModel()

    def entry_at(self, index: Index) -> Entry:
        """Return the line at an index."""
        return self._node(index).entry

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 - as Qt
        """The index of a line."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, self._node(parent).below(row))

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override] # noqa: B008 - as Qt
        """The index of the line above."""
        above = self._node(index).above if index.isValid() else None
        return (
            QModelIndex() if above is None or above is self._root else self.createIndex(above.row, 0, above)
        )

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        """How many lines are below a line."""
        return len(self._node(parent).entry.entries) if parent.column() <= 0 else 0

    def columnCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        """Name and value."""
        return 2

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """Name or value; on one line, the whole of it when pointed at."""
        entry = self._node(index).entry
        text = entry.value if index.column() else entry.name
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(text[:500].split())
        if role == Qt.ItemDataRole.ToolTipRole and text:
            return tip(text[:TIP])
        return None

    def headerData(
        self, section: int, _orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        """The names of the columns."""
        return (_("Name"), _("Value"))[section] if role == Qt.ItemDataRole.DisplayRole else None

    def _node(self, index: Index) -> Node:
        node = index.internalPointer() if index.isValid() else None
        return node if isinstance(node, Node) else self._root


class MetadataTree(QTreeView):
    """The tree; copying copies a line."""

    copy_wished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(_("All that the file says"))
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setIndentation(14)
        self.setMinimumHeight(12 * self.fontMetrics().height())
        self.setTextElideMode(Qt.TextElideMode.ElideRight)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy with the usual key."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wished.emit()
        else:
            super().keyPressEvent(event)


class MetadataView(QWidget):
    """A field to search in, the tree, and what can be taken from it."""

    save_clicked = Signal(object)  # tuple of Entry: the whole tree

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._entries: tuple[Entry, ...] = ()
        self._task: Task[Found] | None = None
        self.model = MetadataModel()
        self.tree = MetadataTree()
        self.tree.setModel(self.model)
        header = self.tree.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search in names and values"))
        self.search.setAccessibleName(_("Search in all that the file says"))
        self.search.setClearButtonEnabled(True)
        self.words = QLabel(wordWrap=True)
        self.words.setProperty("role", "quiet")
        self.copy_value = QPushButton(_("Copy value"))
        self.copy_all = QPushButton(_("Copy all"))
        self.save = QPushButton(_("Save as text…"))
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._arrange()
        self.search.textChanged.connect(lambda _text: self._timer.start())
        self._timer.timeout.connect(self._find)
        self.tree.copy_wished.connect(self._copy_line)
        self.tree.selectionModel().currentChanged.connect(self._show_buttons)
        self.copy_value.clicked.connect(self._copy_value)
        self.copy_all.clicked.connect(self._copy_all)
        self.save.clicked.connect(lambda: self.save_clicked.emit(self._entries))
        self._show_buttons()

    def show_entries(self, entries: tuple[Entry, ...], trouble: str = "") -> None:
        """Show another tree, or say why there is none."""
        self._entries = entries
        for widget in (self.search, self.tree, self.copy_value, self.copy_all, self.save):
            widget.setVisible(bool(entries))
        self.words.setText("" if entries else trouble or _("The file says nothing more."))
        self.words.setVisible(not entries)
        self._find()

    def show_waiting(self) -> None:
        """Say that the file is being read."""
        self.show_entries((), _("Reading…"))

    def _arrange(self) -> None:
        buttons = QWidget()
        flow = FlowLayout(buttons)
        for button in (self.copy_value, self.copy_all, self.save):
            flow.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self.search, self.words):
            layout.addWidget(widget)
        layout.addWidget(self.tree, 1)
        layout.addWidget(buttons)

    def _find(self) -> None:
        """Search in the background; a newer search takes the place of an older one."""
        self._timer.stop()
        if self._task is not None:
            self._task.cancel()
        call = partial(find_lines, self._entries, self.search.text())
        self._task = self._background.run(call, self._show_found)

    def _show_found(self, found: Found) -> None:
        self._task = None
        self.model.show_entries(found.entries)
        self.tree.setColumnWidth(0, max(120, self.tree.viewport().width() * 45 // 100))
        is_searched = bool(self.search.text().split())
        depth = found.depth if is_searched else min(found.depth, 0)
        if depth >= 0:
            self.tree.expandToDepth(depth)
        if self._entries:
            told = ngettext("{count} line", "{count} lines", found.lines).format(count=found.lines)
            self.words.setText(told if found.lines else _("Nothing in it matches."))
            self.words.setVisible(is_searched)
        self._show_buttons()

    def _show_buttons(self, _change: object = None) -> None:
        index = self.tree.currentIndex()
        self.copy_value.setEnabled(index.isValid() and bool(self.model.entry_at(index).value))

    def _copy_value(self) -> None:
        index = self.tree.currentIndex()
        if index.isValid():
            QGuiApplication.clipboard().setText(self.model.entry_at(index).value)

    def _copy_line(self) -> None:
        index = self.tree.currentIndex()
        if index.isValid():
            QGuiApplication.clipboard().setText(as_text([self.model.entry_at(index)]))

    def _copy_all(self) -> None:
        self._background.run(partial(as_text, self._entries), QGuiApplication.clipboard().setText)


def find_lines(entries: tuple[Entry, ...], text: str) -> Found:
    """Return the lines that match; for a thread."""
    found = matching(entries, text)
    lines, bundled = count(found), in_bundles(found)
    level, shown, depth = bundled, len(bundled), -1
    while level:
        level = tuple(below for entry in level for below in entry.entries)
        shown += len(level)
        if shown > UNFOLDED:
            break
        depth += 1
    return Found(bundled, lines, depth)
