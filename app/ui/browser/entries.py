"""The list of entries: arrows and Enter, typing a name, and which of them are in sight."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QElapsedTimer,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QListView

from app.images.listing import Entry
from app.settings import Looks
from app.text import _
from app.ui.browser.model import EntryModel, Index
from app.ui.browser.row import EntryRow

BATCH = 2000  # entries laid out between two turns of the window
SETTLE_MS = 60  # after scrolling, before pictures are wished for
KEPT_SELECTED = 1000  # entries that stay selected when the folder is listed again

MOVE = QListView.CursorAction
# How far keys lead: entries to the right, lines down, pages down.
CURSOR_STEPS = {
    MOVE.MoveLeft: (-1, 0, 0),
    MOVE.MoveRight: (1, 0, 0),
    MOVE.MoveUp: (0, -1, 0),
    MOVE.MoveDown: (0, 1, 0),
    MOVE.MovePageUp: (0, 0, -1),
    MOVE.MovePageDown: (0, 0, 1),
}


class EntryList(QListView):
    """Shows an `EntryModel`; Enter opens what is selected."""

    opened = Signal()
    restore_clicked = Signal()
    up_clicked = Signal()
    in_sight = Signal(object)  # list of Entry, those seen first, then those a little beyond

    def __init__(self, model: EntryModel) -> None:
        super().__init__()
        self.entries = model
        self.row = EntryRow(self)
        self._typed = ""
        self._since_typed = QElapsedTimer()
        self._top: int | None = None  # where to scroll to as soon as so much is laid out
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self.setModel(model)
        self.setItemDelegate(self.row)
        self.setAccessibleName(_("Images"))
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(BATCH)
        self.setMouseTracking(True)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Always there: one that comes and goes with each batch would begin the layout anew each time.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setDragEnabled(True)
        self.setDragDropMode(QListView.DragDropMode.DragOnly)
        self.doubleClicked.connect(lambda _index: self.opened.emit())
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._settle.start())
        self.verticalScrollBar().rangeChanged.connect(self._go_on)
        model.modelReset.connect(self._settle.start)
        model.dataChanged.connect(lambda *_where: self._settle.start())
        self._settle.timeout.connect(self._tell_in_sight)

    def show_looks(self, looks: Looks) -> None:
        """Show lines or tiles."""
        is_tiled = looks == "tiles"
        self.row.is_tiled = is_tiled
        self.setFlow(QListView.Flow.LeftToRight if is_tiled else QListView.Flow.TopToBottom)
        self.setWrapping(is_tiled)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self._fill_lines()
        self.scheduleDelayedItemsLayout()
        self._settle.start()

    def show_entries(self, entries: Sequence[Entry], *, keep_place: bool) -> None:
        """Show these; with `keep_place` what is selected and in sight stays so, if it is still there."""
        selected = [entry.path for entry in self.selected()] if keep_place else []
        current = self.entries.entry(self.currentIndex()) if keep_place else None
        top = self.verticalScrollBar().value() if keep_place else 0
        before = self.entries.entries()
        self.entries.show_entries(entries)
        if keep_place and len(before) == len(entries) and self.currentIndex().isValid():
            return
        chosen = QItemSelection()
        for path in selected[:KEPT_SELECTED]:
            row = self.entries.row_of(path)
            if row is not None:
                index = self.entries.index(row)
                chosen.select(index, index)
        row = self.entries.row_of(current.path) if current is not None else None
        if row is not None:
            self.selectionModel().setCurrentIndex(
                self.entries.index(row), QItemSelectionModel.SelectionFlag.NoUpdate
            )
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._top = top
        self._go_on(0, self.verticalScrollBar().maximum())

    def selected(self) -> list[Entry]:
        """What is selected, in order."""
        selection = self.selectionModel().selection()
        rows = sorted(row for top, bottom in _spans(selection) for row in range(top, bottom + 1))
        shown = self.entries.entries()
        return [shown[row] for row in rows if row < len(shown)]

    def select_row(self, row: int) -> None:
        """Go to one row."""
        index = self.entries.index(row)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def keyboardSearch(self, search: str) -> None:
        """Go to the next name that begins with what is typed."""
        is_new = not self._since_typed.isValid() or (
            self._since_typed.elapsed() > QApplication.keyboardInputInterval()
        )
        self._since_typed.start()
        self._typed = search if is_new else self._typed + search
        current = self.currentIndex().row()
        repeats = len(set(self._typed)) == 1  # the same letter again: the next name with it
        wanted = self._typed[:1] if repeats else self._typed
        row = self.entries.row_beginning_with(wanted, current + 1 if is_new or repeats else max(0, current))
        if row is not None:
            self.select_row(row)

    def moveCursor(self, action: QListView.CursorAction, _modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Return where a key leads to; Qt's own way of finding the next page takes minutes in large ones."""
        count = self.entries.rowCount()
        if not count:
            return QModelIndex()
        across, lines = self._grid()
        step = CURSOR_STEPS.get(action)
        if action == QListView.CursorAction.MoveHome:
            return self.entries.index(0)
        if action == QListView.CursorAction.MoveEnd:
            return self.entries.index(count - 1)
        current = self.currentIndex().row()
        if current < 0 or step is None:
            return self.entries.index(max(0, current))
        sideways, down, pages = step
        if sideways and not self.row.is_tiled:
            return self.currentIndex()
        row = current + sideways + across * (down + pages * max(1, lines - 1))
        is_beyond = not 0 <= row < count
        if is_beyond and down:  # there is nothing right below
            return self.currentIndex()
        return self.entries.index(min(max(row, 0), count - 1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter, restore with Ctrl+Enter, go up with Backspace."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            is_restore = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            (self.restore_clicked if is_restore else self.opened).emit()
        elif event.key() == Qt.Key.Key_Backspace:
            self.up_clicked.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer are in sight."""
        self._fill_lines()
        super().resizeEvent(event)
        self._settle.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Wish for pictures, which nobody did while it was hidden."""
        super().showEvent(event)
        self._settle.start()

    def dataChanged(self, first: Index, last: Index, _roles: Sequence[int] = ()) -> None:
        """Draw again. Qt would lay out all entries anew, though none changes its size."""
        if first == last:
            self.viewport().update(self.visualRect(first))
        else:
            self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        """Lay out anew with other letters."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fill_lines()
            self.scheduleDelayedItemsLayout()

    def _fill_lines(self) -> None:
        width = self.viewport().width() - 2
        if self.row.fill(width, self.fontMetrics()) and self.row.is_tiled:
            self.scheduleDelayedItemsLayout()

    def _go_on(self, _low: int, high: int) -> None:
        """More is laid out."""
        self._settle.start()
        if self._top is not None and high >= self._top:
            top, self._top = self._top, None
            self.verticalScrollBar().setValue(top)

    def _tell_in_sight(self) -> None:
        count = self.entries.rowCount()
        if not self.isVisible() or not count:
            self.in_sight.emit([])
            return
        first, last = self._rows_in_sight(count)
        page = last - first + 1
        beyond = (*range(last + 1, min(count, last + 1 + page)), *range(max(0, first - page), first)[::-1])
        shown = self.entries.entries()
        self.in_sight.emit([shown[row] for row in (*range(first, last + 1), *beyond)])

    def _rows_in_sight(self, count: int) -> tuple[int, int]:
        """The first and the last row that are seen; entries are all of one size."""
        cell = self.row.cell(self.fontMetrics())
        inset = QPoint(cell.width() // 2, 2)
        first = max(0, self.indexAt(inset).row())
        across, lines = self._grid()
        return first, min(count, first + (lines + 2) * across) - 1

    def _grid(self) -> tuple[int, int]:
        """How many entries stand beside one another, and how many whole lines are in sight."""
        cell = self.row.cell(self.fontMetrics())
        across = max(1, self.viewport().width() // cell.width()) if self.row.is_tiled else 1
        return across, max(1, self.viewport().height() // cell.height())


def _spans(selection: QItemSelection) -> list[tuple[int, int]]:
    """Return first and last row of each part; the parts themselves die with the selection."""
    parts = (selection.at(number) for number in range(selection.count()))
    return [(part.top(), part.bottom()) for part in parts]
