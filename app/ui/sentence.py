"""A strip with a sentence and buttons beside it, or below it where both have no room side by side."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

ENOUGH = 34  # letters of the sentence on a line, at least, beside the buttons


class SentenceStrip(QFrame):
    """Says one thing above the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "strip")
        self.words = QLabel(wordWrap=True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self._choices = QWidget()
        self._buttons = QHBoxLayout(self._choices)
        self._buttons.setContentsMargins(0, 0, 0, 0)
        self._choices.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(10, 6, 10, 6)
        self._row.addWidget(self.words, 1)
        self._row.addWidget(self._choices)

    def say(self, sentence: str) -> None:
        """Say another sentence."""
        self.words.setText(sentence)
        self.setAccessibleName(sentence)
        self._turn()

    def add_button(self, text: str) -> QPushButton:
        """Add a button behind the others."""
        button = QPushButton(text)
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._buttons.addWidget(button)
        self._choices.show()
        self._turn()
        return button

    def remove_buttons(self) -> None:
        """Take all buttons away."""
        while self._buttons.count():
            item = self._buttons.takeAt(0)
            button = item.widget() if item is not None else None
            if button is not None:
                button.hide()
                button.deleteLater()
        self._choices.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find the better arrangement for the new width."""
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        metrics = self.words.fontMetrics()
        wanted = min(metrics.horizontalAdvance(self.words.text()), metrics.horizontalAdvance("n") * ENOUGH)
        room = self.width() - self._buttons.sizeHint().width() - 3 * self._row.contentsMargins().left()
        beside, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        direction = beside if room >= wanted else below
        if direction != self._row.direction():
            self._row.setDirection(direction)
            self._row.setAlignment(self._choices, Qt.AlignmentFlag.AlignLeft)
