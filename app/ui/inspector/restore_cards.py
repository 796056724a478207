"""The models that can restore an image, as cards to choose from: the best-fitting one is picked already."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.text import _, ngettext
from app.ui.inspector.restore_offers import Offer, at_most_three
from app.ui.inspector.restore_words import FIT_SIGNS, cost_sentence, fit_sentence
from app.ui.jobs.sign import SignLabel
from app.ui.theme import set_role

ICON = 16


class ModelChoice(QFrame):
    """One model: its purpose, how well it fits and why, its time here, its licence in two words."""

    picked = Signal()

    def __init__(self, offer: Offer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card, self.fit = offer
        self._seconds: float | None = None
        self.setProperty("role", "card")
        self.radio = QRadioButton(self.card.name)
        self.radio.setAccessibleDescription(f"{_(self.card.purpose)} {fit_sentence(self.fit)}")
        self.radio.toggled.connect(self._show_chosen)
        self.sign = SignLabel(ICON)
        self.sign.show_sign(FIT_SIGNS[self.fit.level])
        self.reason = QLabel(fit_sentence(self.fit), wordWrap=True)
        self.purpose = QLabel(_(self.card.purpose), wordWrap=True)
        self.cost = QLabel(wordWrap=True)
        self.cost.setProperty("role", "quiet")
        self._arrange()
        self.show_seconds(None)

    def show_seconds(self, seconds: float | None) -> None:
        """Say how long the whole image takes on this computer."""
        self.cost.setText(cost_sentence(self.card, seconds))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pick the model wherever the card is clicked."""
        self.radio.setFocus()
        self.radio.click()
        event.accept()

    def _arrange(self) -> None:
        font = self.radio.font()
        font.setBold(True)
        self.radio.setFont(font)
        fit = QHBoxLayout()
        fit.setSpacing(6)
        fit.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        fit.addWidget(self.reason, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 9)
        layout.setSpacing(4)
        layout.addWidget(self.radio)
        layout.addWidget(self.purpose)
        layout.addLayout(fit)
        layout.addWidget(self.cost)

    def _show_chosen(self, is_chosen: bool) -> None:  # noqa: FBT001 - a slot of `toggled`
        self.setProperty("chosen", is_chosen)
        set_role(self, "card")
        if is_chosen:
            self.picked.emit()


class ModelChoices(QWidget):
    """At most three cards, ordered by fit, and a way to see all others."""

    picked = Signal(object)  # ModelCard

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choices: list[ModelChoice] = []
        self._group = QButtonGroup(self)
        self.more = QPushButton()
        self.more.setProperty("role", "link")
        self.more.clicked.connect(self._show_all)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._cards)
        layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)

    def show_offers(self, offers: Sequence[Offer], chosen: str = "") -> None:
        """Show cards for these models, the best first; pick `chosen`, or the best."""
        self._clear()
        shown = {card.id for card, _fit in at_most_three(offers)} | {chosen}
        for offer in offers:
            choice = ModelChoice(offer, self)
            choice.picked.connect(partial(self.picked.emit, choice.card))
            self._group.addButton(choice.radio)
            self._cards.addWidget(choice)
            self.choices.append(choice)
            choice.setVisible(offer[0].id in shown)
        hidden = sum(offer[0].id not in shown for offer in offers)
        self.more.setText(ngettext("{n} more model", "{n} more models", hidden).format(n=hidden))
        self.more.setVisible(hidden > 0)
        wanted = [choice for choice in self.choices if choice.card.id == chosen] or self.choices[:1]
        if wanted:
            wanted[0].radio.setChecked(True)

    def show_seconds(self, seconds: dict[str, float]) -> None:
        """Say how long each model takes, by its id."""
        for choice in self.choices:
            choice.show_seconds(seconds.get(choice.card.id))

    def _show_all(self) -> None:
        for choice in self.choices:
            choice.show()
        self.more.hide()

    def _clear(self) -> None:
        for choice in self.choices:
            self._group.removeButton(choice.radio)
            self._cards.removeWidget(choice)
            choice.setParent(None)
            choice.deleteLater()
        self.choices.clear()
