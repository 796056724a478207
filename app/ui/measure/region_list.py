"""The list of regions that were kept: names that can be changed, where they were drawn, and a number."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from app.images.measuring.shapes import Line, Point
from app.text import _
from app.ui.icons import icon
from app.ui.measure import words
from app.ui.measure.book import Kept, Notes
from app.ui.measure.tools import tool

NAME, WHERE, SIZE, MEAN = range(4)
NUMBER = Qt.ItemDataRole.UserRole
MOST_ROWS = 8  # seen without scrolling


class RegionList(QTreeWidget):
    """One line per region."""

    chosen = Signal(int)  # number
    renamed = Signal(int, str)
    delete_pressed = Signal()
    undo_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Regions"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setColumnCount(4)
        self.setHeaderLabels([_("Name"), _("Plane"), _("Size"), _("Mean")])
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setTabKeyNavigation(False)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(
            NAME, QHeaderView.ResizeMode.Stretch
        )  # a long name leaves room for numbers
        for column in (WHERE, SIZE, MEAN):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._has_planes = True
        self.itemSelectionChanged.connect(self._tell_chosen)
        self.itemChanged.connect(self._tell_renamed)
        self._fit()

    def show_notes(self, notes: Notes, *, is_calibrated: bool, has_planes: bool) -> None:
        """Show the regions that were kept."""
        with QSignalBlocker(self):
            self.setColumnHidden(WHERE, not has_planes)
            numbers = [region.number for region in notes.kept]
            if numbers != [self.number(row) for row in range(self.topLevelItemCount())]:
                self.clear()
                for region in notes.kept:
                    self.addTopLevelItem(_item(region))
            for row, region in enumerate(notes.kept):
                item = self.topLevelItem(row)
                if item is not None:
                    _fill(item, region, is_calibrated=is_calibrated)
                    if item.isSelected() != (region.number == notes.chosen):
                        item.setSelected(region.number == notes.chosen)
                    if region.number == notes.chosen and self.currentItem() is not item:
                        self.setCurrentItem(item)
        self._fit()

    def number(self, row: int) -> int:
        """The number of the region in a row."""
        item = self.topLevelItem(row)
        return 0 if item is None else int(item.data(NAME, NUMBER))

    def changeEvent(self, event: QEvent) -> None:
        """Fit the height to the size of the text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        """Fit the height: only now is known how high a line is."""
        super().showEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete and bring back."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_pressed.emit()
        elif event.matches(QKeySequence.StandardKey.Undo):
            self.undo_pressed.emit()
        else:
            super().keyPressEvent(event)

    def edit(self, index: object, trigger: object = None, event: object = None) -> bool:  # type: ignore[override]
        """Only names can be changed."""
        if trigger is None:
            super().edit(index)  # type: ignore[call-overload]
            return True
        if index.column() != NAME:  # type: ignore[attr-defined]
            return False
        return bool(super().edit(index, trigger, event))  # type: ignore[call-overload]

    def _tell_chosen(self) -> None:
        items = self.selectedItems()
        if items:
            self.chosen.emit(int(items[0].data(NAME, NUMBER)))

    def _tell_renamed(self, item: QTreeWidgetItem, column: int) -> None:
        if column == NAME:
            self.renamed.emit(int(item.data(NAME, NUMBER)), item.text(NAME))

    def _fit(self) -> None:
        rows = min(MOST_ROWS, max(1, self.topLevelItemCount()))
        row = max(self.sizeHintForRow(0), self.fontMetrics().height() + 6)
        bar = self.horizontalScrollBar().sizeHint().height()
        height = self.header().sizeHint().height() + rows * row + bar + 4
        if height != self.height():
            self.setFixedHeight(height)


def _item(region: Kept) -> QTreeWidgetItem:
    item = QTreeWidgetItem()
    item.setData(NAME, NUMBER, region.number)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    item.setIcon(NAME, icon(tool(region.shape.kind).icon))
    for column in (SIZE, MEAN):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item


def _fill(item: QTreeWidgetItem, region: Kept, *, is_calibrated: bool) -> None:
    texts = (region.name, where(region), size(region, is_calibrated=is_calibrated), mean(region))
    item.setToolTip(NAME, f"{region.number}: {region.name} ({words.kind(region.shape)})")
    for column, text in enumerate(texts):
        if item.text(column) != text:
            item.setText(column, text)


def where(region: Kept) -> str:
    """Return the plane of a region, counted from 1."""
    return f"Z {region.z + 1}, T {region.t + 1}"


def size(region: Kept, *, is_calibrated: bool) -> str:
    """Return the length of a line, or the area of a region."""
    shape = region.shape
    if isinstance(shape, Point):
        return ""
    if isinstance(shape, Line):
        return words.length(shape.length, is_calibrated=is_calibrated)
    return words.area(shape.area, is_calibrated=is_calibrated)


def mean(region: Kept) -> str:
    """Return the mean of the first image in the channel the region was drawn on, if it was measured."""
    rows = region.measurement.rows if region.measurement is not None else ()
    row = next((one for one in rows if one.channel == region.c), rows[0] if rows else None)
    found = row.of[0] if row is not None else None
    return "" if found is None else words.number_in_words(found.mean)
