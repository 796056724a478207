"""A dashed place for files with the buttons that open them; dropping itself is the window's, all over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.images.errors import ImageError
from app.text import _, ngettext
from app.ui.flow import FlowLayout
from app.ui.names import shown_name
from app.ui.panels import Services
from app.ui.theme import colour


class FilesRow(QWidget):
    """Buttons that let files or a folder be chosen."""

    chosen = Signal(object)  # list of Path

    def __init__(self, services: Services, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._what = what
        self.files = QPushButton(_("Open files…"))
        self.files.setAccessibleName(_("Open files: {what}").format(what=what))
        self.files.clicked.connect(lambda: self._ask(QFileDialog.FileMode.ExistingFiles))
        self.folder = QPushButton(_("Open a folder…"))
        self.folder.setAccessibleName(_("Open a folder: {what}").format(what=what))
        self.folder.clicked.connect(lambda: self._ask(QFileDialog.FileMode.Directory))
        self.flow = FlowLayout(self, spacing=8)
        for button in (self.files, self.folder):
            self.flow.addWidget(button)

    def add_button(self, text: str, act: Callable[[], None]) -> QPushButton:
        """Add another button."""
        button = QPushButton(text)
        button.clicked.connect(act)
        self.flow.addWidget(button)
        return button

    def sizeHint(self) -> QSize:
        """Wide enough for all buttons on one line."""
        items = [self.flow.itemAt(place) for place in range(self.flow.count())]
        width = sum(item.sizeHint().width() + self.flow.spacing() for item in items if item is not None)
        return QSize(width, super().sizeHint().height())

    def _ask(self, mode: QFileDialog.FileMode) -> None:
        recent = self._services.settings.current.recent
        folder = str(Path(recent[0]).parent) if recent else str(Path.home())
        dialog = QFileDialog(self.window(), self._what, folder)
        dialog.setFileMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.chosen.emit([Path(name) for name in names]))
        dialog.open()


class DropZone(QWidget):
    """The dashed area: what belongs here, a hint, and the buttons."""

    def __init__(self, title: str, hint: str, row: FilesRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = row
        head = QLabel(title, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        head.setProperty("role", "title")
        below = QLabel(hint, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        below.setProperty("role", "quiet")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 22, 24, 22)
        layout.setSpacing(12)
        layout.addStretch(1)
        for part in (head, below):
            layout.addWidget(part)
        layout.addWidget(row, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the dashed frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("edge", self.palette()), 1.6, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 10, 10)
        painter.end()


def images_of(paths: Sequence[Path]) -> tuple[list[Path], list[ImageError]]:
    """Return all images among files and folders, and what is wrong with the others; for a thread."""
    from app.images.folders import images_in

    return images_in(paths, recursive=True)


def failure_words(failures: Sequence[ImageError]) -> str:
    """Say what could not be taken; empty if everything could."""
    if not failures:
        return ""
    first = shown_name(failures[0].sentence, 160)
    more = len(failures) - 1
    if not more:
        return first
    return first + " " + ngettext("({n} more)", "({n} more)", more).format(n=more)
