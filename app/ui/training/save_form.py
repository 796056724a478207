"""The card of a new model, filled in, with what only a person can say: name, purpose, licence."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)

from app.library.card import ModelCard
from app.text import _
from app.ui.icons import icon
from app.ui.library.words import facts
from app.ui.theme import set_role
from app.ui.training.trained import LICENCES, Wishes


class SaveForm(QFrame):
    """Name, purpose and licence above the facts of the card, and the button that saves."""

    save_clicked = Signal(object)  # Wishes

    def __init__(self, parent: QFrame | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.name = QLineEdit()
        self.purpose = QLineEdit()
        self.licence = QComboBox()
        for licence in LICENCES:
            self.licence.addItem(_(licence.title), licence)
        self.facts = QFormLayout()
        self.save = QPushButton(icon("save", "on_accent"), _("Save to my models"))
        self.save.setProperty("role", "primary")
        self.said = QLabel(wordWrap=True)
        self._arrange()
        self.name.textChanged.connect(self._judge)
        self.name.returnPressed.connect(self.save.click)
        self.save.clicked.connect(lambda: self.save_clicked.emit(self.wishes()))

    def wishes(self) -> Wishes:
        """What is written now."""
        return Wishes(self.name.text(), self.purpose.text(), LICENCES[self.licence.currentIndex()])

    def show_card(self, card: ModelCard) -> None:
        """Fill the form with a card."""
        self.name.setText(card.name)
        self.purpose.setText(card.purpose)
        names = [licence.name for licence in LICENCES]
        self.licence.setCurrentIndex(names.index(card.licence) if card.licence in names else 0)
        while self.facts.rowCount():
            self.facts.removeRow(0)
        for name, value in facts(card):
            label, text = QLabel(name, alignment=Qt.AlignmentFlag.AlignTop), QLabel(value, wordWrap=True)
            label.setProperty("role", "quiet")
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.facts.addRow(label, text)
        self._judge()

    def say(self, sentence: str, role: str = "good") -> None:
        """Say how saving went."""
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))
        set_role(self.said, role)

    def _judge(self, _text: str = "") -> None:
        """A model needs a name."""
        self.save.setEnabled(bool(self.name.text().strip()))

    def _arrange(self) -> None:
        heading = QLabel(_("Its card"))
        heading.setProperty("role", "heading")
        fields = QFormLayout()
        fields.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        fields.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field in (
            (_("Name"), self.name),
            (_("What it is for"), self.purpose),
            (_("Licence"), self.licence),
        ):
            field.setAccessibleName(text)
            label = QLabel(text)
            label.setBuddy(field)
            fields.addRow(label, field)
        self.facts.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.facts.setHorizontalSpacing(18)
        below = QHBoxLayout()
        below.addWidget(self.save, 0, Qt.AlignmentFlag.AlignLeft)
        below.addWidget(self.said, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 12)
        layout.setSpacing(8)
        layout.addWidget(heading)
        layout.addLayout(fields)
        layout.addLayout(self.facts)
        layout.addLayout(below)
        self.said.hide()
