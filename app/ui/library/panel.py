"""The room of models: a list with states on the left, the card of one model on the right."""

from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.text import _
from app.ui.column import Column
from app.ui.forms import Fold
from app.ui.icons import icon
from app.ui.jobs.sign import SignLabel
from app.ui.library.words import (
    MEASURED_HEADINGS,
    STATES,
    Shelf,
    facts,
    licence_sentence,
    measured_rows,
    shelves,
    verdict,
)
from app.ui.panels import Services
from app.ui.theme import set_role

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
SIGN = 18
PICTURE_WIDTH = 560


class ModelsModel(QAbstractListModel):
    """All models of the library: name, and the shape of their state."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shelves: tuple[Shelf, ...] = ()

    def show_shelves(self, found: tuple[Shelf, ...]) -> None:
        """Show these models."""
        self.beginResetModel()
        self.shelves = found
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """One row for each model."""
        return 0 if parent.isValid() else len(self.shelves)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # Any: as Qt has it
        """What to show in a row."""
        shelf = self.shelves[index.row()]
        sign = STATES[shelf.state]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{_(shelf.card.name)}\n{_(sign.word)}"
        if role == Qt.ItemDataRole.DecorationRole:
            return icon(sign.shape, sign.token)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return f"{_(sign.word)}. {_(shelf.card.purpose)}"
        return None


class ModelPage(QWidget):
    """One model: purpose, picture, what it was made for, how well it did, what may be done with it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "room")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = _text("title")
        self.purpose = _text()
        self.doubts = _text("warning")
        self.sign = SignLabel(SIGN)
        self.state = _text()
        self.picture = QLabel()
        self.picture.setAccessibleName(_("Before and after"))
        self.facts = QFormLayout()
        self.facts.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.facts.setHorizontalSpacing(18)
        self.facts.setVerticalSpacing(7)
        self.verdict = _text()
        inner = QWidget()
        self.table = QGridLayout(inner)
        self.table.setContentsMargins(0, 0, 0, 0)
        self.table.setHorizontalSpacing(22)
        self.table.setVerticalSpacing(5)
        self.licence = _text()
        self.citation = _text()
        self.copy = QPushButton(icon("copy"), _("Copy"))
        self.copy.setAccessibleName(_("Copy the citation"))
        self.copy.clicked.connect(self._copy)
        self.fold = Fold(_("All measurements"), inner)
        self._measured: list[QWidget] = [_heading(_("How well it did")), self.verdict, self.fold]
        self._cited: list[QWidget] = [_heading(_("How to cite it")), self.citation, self.copy]
        self._arrange()

    def show_model(self, shelf: Shelf) -> None:
        """Show one model."""
        card, sign = shelf.card, STATES[shelf.state]
        self.title.setText(_(card.name))
        self.purpose.setText(_(card.purpose))
        self.sign.show_sign(sign)
        self.state.setText(_(sign.word))
        set_role(self.state, sign.token)
        self._show_picture(shelf.picture)
        self._show_facts(shelf)
        self.licence.setText(licence_sentence(card))
        self.citation.setText(card.citation)
        for widget in self._cited:
            widget.setVisible(bool(card.citation))
        self.verdict.setText(verdict(card) or _("It was not measured."))
        for widget in self._measured:
            widget.setVisible(bool(card.measured))
        self._fill_table(shelf)

    def _show_picture(self, png: bytes) -> None:
        pixmap = QPixmap()
        if png:
            pixmap.loadFromData(png)
            pixmap = pixmap.scaledToWidth(PICTURE_WIDTH, Qt.TransformationMode.SmoothTransformation)
        self.picture.setPixmap(pixmap)
        self.picture.setVisible(not pixmap.isNull())

    def _show_facts(self, shelf: Shelf) -> None:
        while self.facts.rowCount():
            self.facts.removeRow(0)
        for name, value in facts(shelf.card):
            label = QLabel(name, alignment=Qt.AlignmentFlag.AlignTop)
            label.setProperty("role", "quiet")
            self.facts.addRow(label, _text(text=value))
        self.doubts.setText("\n".join(_(doubt) for doubt in shelf.card.doubts))
        self.doubts.setVisible(bool(shelf.card.doubts))

    def _fill_table(self, shelf: Shelf) -> None:
        while self.table.count():
            item = self.table.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for column, heading in enumerate(MEASURED_HEADINGS):
            self.table.addWidget(_text("heading", _(heading)), 0, column)
        line = 1
        for on in dict.fromkeys(row.on for row in shelf.card.measured):
            rows = tuple(row for row in shelf.card.measured if row.on == on)
            self.table.addWidget(_text("quiet", on), line, 0, 1, len(MEASURED_HEADINGS))
            for offset, cells in enumerate(measured_rows(rows)):
                for column, cell in enumerate(cells):
                    self.table.addWidget(_text(text=cell), line + 1 + offset, column)
            line += 1 + len(rows)

    def _arrange(self) -> None:
        state = QHBoxLayout()
        state.setSpacing(6)
        state.addWidget(self.sign)
        state.addWidget(self.state, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(26, 20, 26, 22)
        layout.setSpacing(10)
        for widget in (self.title, self.purpose, self.doubts):
            layout.addWidget(widget)
        layout.addLayout(state)
        layout.addWidget(self.picture)
        layout.addLayout(self.facts)
        for part in self._measured:
            layout.addWidget(part)
        layout.addWidget(_heading(_("What you may do with it")))
        layout.addWidget(self.licence)
        for part in self._cited:
            layout.addWidget(
                part, 0, Qt.AlignmentFlag.AlignLeft if part is self.copy else Qt.AlignmentFlag(0)
            )
        layout.addStretch(1)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.citation.text())


class LibraryPanel(QWidget):
    """All models; what stands on the disk is checked in the background when the room is first seen."""

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "room")
        self._services = services
        self.model = ModelsModel(self)
        self.list = QListView()
        self.list.setAccessibleName(_("Models"))
        self.list.setModel(self.model)
        self.list.setIconSize(QSize(SIGN, SIGN))
        self.list.setSpacing(3)
        self.list.setWordWrap(True)
        self.list.setMinimumWidth(self.fontMetrics().averageCharWidth() * 28)
        self.page = ModelPage()
        self.page.hide()
        self._arrange()
        self.list.selectionModel().currentChanged.connect(self._show)

    def refresh(self) -> None:
        """Look through the library again."""
        background, notices = self._services.background, self._services.notices
        background.run(partial(shelves, self._services.library), self._take, notices.show_error)

    def showEvent(self, event: QShowEvent) -> None:
        """Look again: a model may have been saved since."""
        super().showEvent(event)
        self.refresh()

    def choose(self, model: str) -> None:
        """Show the card of a model."""
        for row, shelf in enumerate(self.model.shelves):
            if shelf.card.id == model:
                self.list.setCurrentIndex(self.model.index(row, 0))

    def _arrange(self) -> None:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.list)
        split.addWidget(Column(self.page))
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)

    def _take(self, found: tuple[Shelf, ...]) -> None:
        chosen = self.list.currentIndex()
        before = self.model.shelves[chosen.row()].card.id if chosen.isValid() else ""
        self.model.show_shelves(found)
        if found:
            self.choose(before if any(shelf.card.id == before for shelf in found) else found[0].card.id)

    def _show(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid():
            self.page.show_model(self.model.shelves[index.row()])
            self.page.show()


def _text(role: str = "", text: str = "") -> QLabel:
    label = QLabel(text, wordWrap=True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        label.setProperty("role", role)
    return label


def _heading(text: str) -> QLabel:
    label = _text("heading", text)
    label.setContentsMargins(0, 8, 0, 0)
    return label
