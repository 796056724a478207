"""Labels that end in … where they have no room, and then tell the rest when pointed at."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

LEAST_LETTERS = 4
SLACK = 3  # pixels by which a text may be wider than its letters say


class OneLine(QLabel):
    """A label that ends in … where it has no room, and then tells the rest when pointed at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setProperty("elides", True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str) -> None:
        """Say `text` in as much of a line as there is."""
        self._whole = text
        self.setAccessibleName(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the text to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self._whole)
        around = QLabel.sizeHint(self).width() - self.fontMetrics().horizontalAdvance(self._whole)
        room = self.width() - max(0, around)
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room)
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


class YieldingLine(OneLine):
    """A line that takes no more room than its text, and gives it up to what stands beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str) -> None:
        """Say `text`, and ask for as much room as it takes."""
        super().show_text(text)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As wide as the whole text."""
        around = super().sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text())
        whole = self.fontMetrics().horizontalAdvance(self._whole)
        return QSize(whole + max(0, around) + SLACK, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Wide enough for some letters."""
        least = self.fontMetrics().horizontalAdvance("0") * LEAST_LETTERS
        return QSize(min(least, self.sizeHint().width()), super().minimumSizeHint().height())
