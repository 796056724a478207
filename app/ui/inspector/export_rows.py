"""Small parts that the pages of the export share."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QSpinBox, QWidget

from app.text import _

LETTERS = 10  # that a list of choices shows at least


def choices(name: str, rows: Sequence[tuple[object, str]]) -> QComboBox:
    """Return a list of choices; the rows are a value and its words."""
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(LETTERS)
    for value, words in rows:
        box.addItem(words, value)
        box.setItemData(box.count() - 1, words, Qt.ItemDataRole.ToolTipRole)
    return box


def chosen(box: QComboBox) -> Any:  # Any: whatever stands in the row
    """Return the value of the row that is chosen."""
    return box.currentData()


def form() -> QFormLayout:
    """Return an empty form whose fields are as wide as they can be."""
    made = QFormLayout()
    made.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    made.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return made


class Span(QWidget):
    """From one position to another, counted from 1."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.first, self.last = QSpinBox(), QSpinBox()
        self.first.setAccessibleName(_("First {what}").format(what=name))
        self.last.setAccessibleName(_("Last {what}").format(what=name))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.first, 1)
        row.addWidget(QLabel(_("to")))
        row.addWidget(self.last, 1)
        self.first.valueChanged.connect(self.last.setMinimum)
        self.show_length(1)

    @property
    def positions(self) -> range:
        """The positions, counted from 0."""
        return range(self.first.value() - 1, self.last.value())

    def show_length(self, length: int) -> None:
        """Offer that many positions, all of them chosen."""
        for box in (self.first, self.last):
            box.blockSignals(True)
            box.setRange(1, length)
            box.blockSignals(False)
        self.first.setValue(1)
        self.last.setValue(length)
