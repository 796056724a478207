"""One row above the list: back, forward, up, the path to type in, and the pin."""

import os
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from app.text import _
from app.ui.browser.places import Place
from app.ui.icons import icon


class PathLine(QLineEdit):
    """Shows the last part of a path while nobody types."""

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show the end again."""
        super().focusOutEvent(event)
        self.end(False)


class PathBar(QWidget):
    """Says where to go."""

    back_clicked = Signal()
    forward_clicked = Signal()
    up_clicked = Signal()
    path_typed = Signal(object)  # Path
    pin_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.back = _button("left", _("Back (Alt+Left)"))
        self.forward = _button("right", _("Forward (Alt+Right)"))
        self.up = _button("up", _("To the folder above (Backspace)"))
        self.line = PathLine()
        self.line.setAccessibleName(_("Folder"))
        self.line.setPlaceholderText(_("Type a folder"))
        self.line.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * 7)
        self.pin = _button("pin", _("Pin this folder"))
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        row.setSpacing(1)
        for widget in (self.back, self.forward, self.up):
            row.addWidget(widget)
        row.addWidget(self.line, 1)
        row.addWidget(self.pin)
        self.back.clicked.connect(self.back_clicked)
        self.forward.clicked.connect(self.forward_clicked)
        self.up.clicked.connect(self.up_clicked)
        self.pin.clicked.connect(self.pin_clicked)
        self.line.returnPressed.connect(self._go)

    def show_place(self, place: Place, title: str, *, is_pinned: bool) -> None:
        """Show where we are."""
        folder = place.folder
        self._text = str(folder) if folder is not None else ""
        self.line.setText(self._text)
        self.line.setPlaceholderText(title if folder is None else _("Type a folder"))
        self.line.setToolTip(self._text)
        self.up.setEnabled(folder is not None and folder.parent != folder)
        self.pin.setEnabled(folder is not None)
        words = _("Unpin this folder") if is_pinned else _("Pin this folder")
        self.pin.setIcon(icon("pinned" if is_pinned else "pin"))
        self.pin.setToolTip(words)
        self.pin.setAccessibleName(words)

    def show_ways(self, *, can_back: bool, can_forward: bool) -> None:
        """Say which ways are open."""
        self.back.setEnabled(can_back)
        self.forward.setEnabled(can_forward)

    def _go(self) -> None:
        text = self.line.text().strip().strip('"')
        if text:
            self.path_typed.emit(Path(os.path.expandvars(text)).expanduser())


def _button(picture: str, words: str) -> QToolButton:
    button = QToolButton()
    button.setProperty("role", "compact")
    button.setIcon(icon(picture))
    button.setToolTip(words)
    button.setAccessibleName(words)
    return button
