"""The axes of an image as letters that can be dragged onto one another, clicked or typed over."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QToolButton, QWidget

from app.text import _
from app.ui.theme import set_role
from models.knobs import N_

MEANINGS = {"T": N_("time"), "Z": N_("depth"), "C": N_("channels")}
HELP = N_("Drag it onto another letter to swap the two, or click to say what it is.")


class AxisChip(QToolButton):
    """One axis: its letter and how long it is."""

    dragged = Signal(QPoint)  # where the pointer is, in the parent
    dropped = Signal(QPoint)
    moved = Signal(int)  # so many places to the right
    renamed = Signal(str)

    def __init__(self, letters: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "chip")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.letter = ""
        self._letters = letters
        self._pressed_at: QPoint | None = None
        self._is_dragged = False
        self._menu = QMenu(self)
        for letter in letters:
            action = self._menu.addAction(f"{letter}   {_(MEANINGS[letter])}")
            action.setCheckable(True)
            action.setData(letter)
            action.triggered.connect(partial(self.renamed.emit, letter))
        self.clicked.connect(self._show_menu)

    @property
    def menu_of_letters(self) -> QMenu:
        """The menu that a click opens."""
        return self._menu

    def show_axis(self, letter: str, length: int) -> None:
        """Show a letter and a length."""
        self.letter = letter
        self.setText(f"{letter} {length}")
        self.setToolTip(f"{_(MEANINGS[letter]).capitalize()}: {length}. {_(HELP)}")
        self.setAccessibleName(
            _("Axis {letter}, {meaning}, {length} long").format(
                letter=letter, meaning=_(MEANINGS[letter]), length=length
            )
        )
        self.setAccessibleDescription(_("The arrow keys move it, a letter renames it."))
        for action in self._menu.actions():
            action.setChecked(action.data() == letter)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the letter."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Carry it along, once it is clear that this is no click."""
        start = self._pressed_at
        if start is None:
            super().mouseMoveEvent(event)
            return
        here = event.position().toPoint()
        if (here - start).manhattanLength() >= QApplication.startDragDistance() and not self._is_dragged:
            self._is_dragged = True
            self.setDown(False)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.raise_()
        if self._is_dragged:
            self.move(self.mapToParent(here - start).x(), self.y())
            self.dragged.emit(self.mapToParent(start))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of it; a press without a way is a click."""
        start, self._pressed_at = self._pressed_at, None
        if not self._is_dragged or start is None:
            super().mouseReleaseEvent(event)
            return
        self._is_dragged = False
        self.setDown(False)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.dropped.emit(self.mapToParent(start))

    def event(self, event: QEvent) -> bool:
        """Keep its letters from the shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
            if plain and event.text() and event.text().upper() in self._letters:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with the arrows, rename with a letter, open the menu with Enter."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        key, letter = Qt.Key(event.key()), event.text().upper()
        if key in steps:
            self.moved.emit(steps[key])
        elif letter and letter in self._letters:
            self.renamed.emit(letter)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self._show_menu()
        else:
            super().keyPressEvent(event)

    def _show_menu(self) -> None:
        self._menu.popup(self.mapToGlobal(self.rect().bottomLeft()))


class AxisChips(QWidget):
    """A row of axes in the order of the file; lengths stay in their places, letters change them."""

    changed = Signal(str)  # the letters, in the order of the file
    previewed = Signal(str)  # the letters as they would be if the one that is dragged were dropped

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: list[AxisChip] = []
        self._lengths: tuple[int, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)

    @property
    def letters(self) -> str:
        """What each axis is taken for, in the order of the file."""
        return "".join(chip.letter for chip in self.chips)

    def show_axes(self, letters: str, lengths: Sequence[int], *, allowed: str) -> None:
        """Show these axes; each can become any letter of `allowed`."""
        for chip in self.chips:
            self._row.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._lengths = tuple(lengths)
        self.chips = [AxisChip(allowed, self) for _letter in letters]
        for place, chip in enumerate(self.chips):
            self._row.addWidget(chip)
            chip.dragged.connect(partial(self._mark_target, chip))
            chip.dropped.connect(partial(self._drop, chip))
            chip.moved.connect(partial(self._move, place))
            chip.renamed.connect(partial(self._rename, place))
        self._show_letters(letters)

    def words(self, letters: str = "") -> str:
        """Return such as ``"T 3, Z 40"``, for the letters shown or for others."""
        pairs = zip(letters or self.letters, self._lengths, strict=True)
        return ", ".join(f"{letter} {length}" for letter, length in pairs)

    def _show_letters(self, letters: str) -> None:
        for chip, letter, length in zip(self.chips, letters, self._lengths, strict=True):
            chip.show_axis(letter, length)
        self._row.invalidate()
        self._row.activate()

    def _swap(self, one: int, other: int) -> None:
        self._show_letters(self._swapped(one, other))
        self.changed.emit(self.letters)

    def _swapped(self, one: int, other: int) -> str:
        letters = list(self.letters)
        letters[one], letters[other] = letters[other], letters[one]
        return "".join(letters)

    def _rename(self, place: int, letter: str) -> None:
        """Give an axis another letter; the axis that had it gets the old one in exchange."""
        if letter in self.letters:
            self._swap(place, self.letters.index(letter))
            return
        self._show_letters(self.letters[:place] + letter + self.letters[place + 1 :])
        self.changed.emit(self.letters)

    def _move(self, place: int, by: int) -> None:
        if 0 <= place + by < len(self.chips):
            self.chips[place + by].setFocus()
            self._swap(place, place + by)

    def _under(self, dragged: AxisChip, at: QPoint) -> AxisChip | None:
        others = (chip for chip in self.chips if chip is not dragged)
        return next((chip for chip in others if chip.x() <= at.x() <= chip.geometry().right()), None)

    def _mark_target(self, dragged: AxisChip, at: QPoint) -> None:
        """Show which letter it would be swapped with, and what that would mean."""
        target = self._under(dragged, at)
        places = None if target is None else (self.chips.index(dragged), self.chips.index(target))
        self.previewed.emit(self.letters if places is None else self._swapped(*places))
        for chip in self.chips:
            role = "target" if chip is target else "chip"
            if chip.property("role") != role:
                set_role(chip, role)

    def _drop(self, dragged: AxisChip, at: QPoint) -> None:
        target = self._under(dragged, at)
        for chip in self.chips:
            set_role(chip, "chip")
        if target is None:
            self._show_letters(self.letters)
            self.previewed.emit(self.letters)
        else:
            self._swap(self.chips.index(dragged), self.chips.index(target))
