"""The table of numbers: for each channel what was measured, raw beside restored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QBrush, QGuiApplication, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from app.images.measuring.measure import Row
from app.images.measuring.shapes import Line, Point, Shape
from app.images.measuring.statistics import Statistics
from app.text import _
from app.ui.measure import words
from app.ui.measure.measuring import Shown
from app.ui.theme import colour
from models.knobs import N_


@dataclass(frozen=True, slots=True)
class Quantity:
    """One line of the table; `suits` says for which shapes it means anything."""

    title: str
    text: Callable[[Statistics, bool], str]  # the numbers, and whether they are calibrated
    suits: Callable[[Shape], bool] = lambda _shape: True
    help: str = ""


def _is_region(shape: Shape) -> bool:
    return not isinstance(shape, Line | Point)


def _is_no_point(shape: Shape) -> bool:
    return not isinstance(shape, Point)


QUANTITIES: tuple[Quantity, ...] = (
    Quantity(N_("Gray value"), lambda found, _is: words.number_in_words(found.mean),
             lambda shape: isinstance(shape, Point)),
    Quantity(N_("Mean"), lambda found, _is: words.number_in_words(found.mean), _is_no_point),
    Quantity(N_("Deviation"), lambda found, _is: words.number_in_words(found.deviation), _is_no_point,
             N_("Standard deviation of a sample (n - 1)")),
    Quantity(N_("Lowest"), lambda found, _is: words.number_in_words(found.low), _is_no_point),
    Quantity(N_("Highest"), lambda found, _is: words.number_in_words(found.high), _is_no_point),
    Quantity(N_("Median"), lambda found, _is: words.number_in_words(found.median), _is_no_point),
    Quantity(N_("Area"), lambda found, is_calibrated: words.area(found.area, is_calibrated=is_calibrated),
             _is_region),
    Quantity(N_("Pixels"), lambda found, _is: words.number_in_words(found.pixels), _is_region),
    Quantity(N_("Mean × area"), lambda found, _is: words.number_in_words(found.density), _is_region,
             N_("Integrated density; IntDen in ImageJ")),
    Quantity(N_("Sum"), lambda found, _is: words.number_in_words(found.total), _is_region,
             N_("The sum of the gray values; RawIntDen in ImageJ")),
)  # fmt: skip


class NumberTable(QTreeWidget):
    """Shows a measurement; as high as its rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Numbers"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setToolTip(_("Ctrl+C copies the numbers."))
        self._form: tuple[object, ...] = ()
        self.show_shown(None)

    def show_shown(self, shown: Shown | None) -> None:
        """Show a measurement; None: there is none."""
        if shown is None:
            self._form = ()
            self.clear()
            self.hide()
            return
        found = shown.measurement
        quantities = [row for row in QUANTITIES if row.suits(found.shape)]
        channels = tuple(row.channel for row in found.rows)
        form = (found.names, tuple(row.title for row in quantities), channels, shown.looks)
        if form != self._form:
            self._form = form
            self._build(shown, quantities)
        number = 0
        for row in found.rows:
            number += self._is_headed
            for quantity in quantities:
                self._fill(number, row, quantity, is_calibrated=shown.is_calibrated)
                number += 1
        self._widen()
        self.show()

    def text(self) -> str:
        """The table as text, with tabs between its columns."""
        columns = range(self.columnCount())
        heads = [self.headerItem().text(column) for column in columns]
        items = [self.topLevelItem(number) for number in range(self.topLevelItemCount())]
        lines = [heads] + [[item.text(column) for column in columns] for item in items if item is not None]
        return "\n".join("\t".join(line) for line in lines)

    def changeEvent(self, event: QEvent) -> None:
        """Fit the height to the size of the text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()
            self._widen()

    def showEvent(self, event: QShowEvent) -> None:
        """Fit the height: only now is known how high a line is."""
        super().showEvent(event)
        self._fit()
        self._widen()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy the whole table."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.text())
        else:
            super().keyPressEvent(event)

    @property
    def _is_headed(self) -> bool:
        """Whether there is a line with the name of each channel."""
        return bool(self._form) and len(self._form[3]) > 1  # type: ignore[arg-type]  # the looks

    def _build(self, shown: Shown, quantities: list[Quantity]) -> None:
        """Make the lines; their numbers come after."""
        found = shown.measurement
        self.clear()
        several = len(found.names) > 1
        heads = list(found.names) if several else [_("value")]
        self.setColumnCount(1 + len(heads))
        self.setHeaderLabels(["", *heads])
        for row in found.rows:
            if self._is_headed:
                head = QTreeWidgetItem([shown.looks[row.channel].name])
                font = self.font()
                font.setBold(True)
                head.setFont(0, font)
                self.addTopLevelItem(head)
                head.setFirstColumnSpanned(True)
            for quantity in quantities:
                item = QTreeWidgetItem([_(quantity.title)])
                item.setToolTip(0, _(quantity.help) if quantity.help else "")
                for column in range(1, 1 + len(heads)):
                    item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setForeground(0, QBrush(colour("quiet", self.palette())))
                self.addTopLevelItem(item)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, 1 + len(heads)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
        self._fit()

    def _fill(self, number: int, row: Row, quantity: Quantity, *, is_calibrated: bool) -> None:
        item = self.topLevelItem(number)
        for column, found in enumerate(row.of, start=1):
            if item is not None:
                item.setText(column, "–" if found is None else quantity.text(found, is_calibrated))

    def _widen(self) -> None:
        """Give every column the width of its longest text; Qt's own way costs more than the measurement."""
        metrics = self.fontMetrics()
        items = [self.topLevelItem(number) for number in range(self.topLevelItemCount())]
        for column in range(1, self.columnCount()):
            texts = [item.text(column) for item in items if item is not None]
            longest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
            width = max(longest + metrics.height(), self.header().sectionSizeHint(column))
            if width != self.columnWidth(column):
                self.setColumnWidth(column, width)

    def _fit(self) -> None:
        rows = self.topLevelItemCount()
        height = self.sizeHintForRow(0) * rows if rows else 0
        self.setFixedHeight(self.header().sizeHint().height() + height + 2 * self.frameWidth() + 2)
