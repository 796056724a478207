"""A few ways to choose from, each a card with a sentence; one is always chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QLabel, QRadioButton, QVBoxLayout, QWidget

from app.text import _
from app.ui.theme import set_role


@dataclass(frozen=True, slots=True)
class Choice:
    """One way: its key, its name, and what it means."""

    key: str
    title: str
    about: str


class ChoiceCard(QFrame):
    """One way, chosen by a click anywhere on it."""

    def __init__(self, choice: Choice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = choice
        self.setProperty("role", "card")
        self.radio = QRadioButton(_(choice.title))
        self.radio.setAccessibleDescription(_(choice.about))
        font = self.radio.font()
        font.setBold(True)
        self.radio.setFont(font)
        self.about = QLabel(_(choice.about), wordWrap=True)
        self.about.setProperty("role", "quiet")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 9)
        layout.setSpacing(3)
        layout.addWidget(self.radio)
        layout.addWidget(self.about, 1, Qt.AlignmentFlag.AlignTop)
        self.radio.toggled.connect(self._show_chosen)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose it."""
        self.radio.setFocus()
        self.radio.click()
        event.accept()

    def _show_chosen(self, is_chosen: bool) -> None:  # noqa: FBT001 - a slot of `toggled`
        self.setProperty("chosen", is_chosen)
        set_role(self, "card")


class ChoiceCards(QWidget):
    """Cards in rows of `across`."""

    picked = Signal(str)  # key; by a person only

    def __init__(self, choices: Sequence[Choice], *, across: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = {choice.key: ChoiceCard(choice) for choice in choices}
        self._group = QButtonGroup(self)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for place, card in enumerate(self.cards.values()):
            self._group.addButton(card.radio)
            layout.addWidget(card, place // across, place % across)
            card.radio.clicked.connect(lambda _checked, key=card.choice.key: self.picked.emit(key))
        for column in range(across):
            layout.setColumnStretch(column, 1)

    def show_choice(self, key: str) -> None:
        """Show which one is chosen."""
        self.cards[key].radio.setChecked(True)
