"""The table of unseen images: what model and best simple filter reach on each."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from app.text import _
from app.ui.training.verdict_words import HEADINGS, rows
from models.training.verdict import Verdict

MOST_ROWS = 8  # in sight at once; the others are scrolled to
NAME_LETTERS = 9  # of a column at least


class CaseTable(QTableWidget):
    """One row for each unseen image, the worst first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(HEADINGS), parent)
        self.setAccessibleName(_("Unseen images"))
        self.setHorizontalHeaderLabels([_(heading) for heading in HEADINGS])
        self.verticalHeader().hide()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def show_verdict(self, verdict: Verdict) -> None:
        """Show the cases of a verdict."""
        self.setRowCount(len(verdict.cases))
        for row, cells in enumerate(rows(verdict)):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.setItem(row, column, item)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        """Take the height of the rows in sight, and keep names readable."""
        self.horizontalHeader().setMinimumSectionSize(self.fontMetrics().averageCharWidth() * NAME_LETTERS)
        self.resizeColumnsToContents()
        self.resizeRowsToContents()
        shown = min(self.rowCount(), MOST_ROWS)
        heights = sum(self.rowHeight(row) for row in range(shown))
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + heights + bar + 4)
