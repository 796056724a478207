"""The foot of the Export page: one button, and how far it is while something is made."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.text import _
from app.ui.inspector.restore_page import PromiseButton


class ExportBar(QWidget):
    """Offers to begin, or shows progress."""

    export_clicked = Signal()
    copy_clicked = Signal()
    cancel_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.export = PromiseButton()
        self.export.setProperty("role", "primary")
        self.copy = QPushButton(_("Copy the view"))
        self.copy.setProperty("role", "link")
        self.copy.setToolTip(_("Puts what is seen on the clipboard, with its scale bar (Ctrl+C)"))
        self.reason = QLabel(wordWrap=True)
        self.reason.setProperty("role", "warning")
        self.progress = QLabel(wordWrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("How far the export is"))
        self.cancel = QPushButton(_("Cancel"))
        self.cancel.setToolTip(_("Ends it; no unfinished file is left behind."))
        self._arrange()
        self.export.clicked.connect(self.export_clicked)
        self.copy.clicked.connect(self.copy_clicked)
        self.cancel.clicked.connect(self.cancel_clicked)
        self.show_idle()

    def show_offer(self, words: str, reason: str, *, may_copy: bool) -> None:
        """Say what the button does, or why it does nothing."""
        self.export.show_words(words, "")
        self.export.setEnabled(not reason)
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason) and self.export.isVisibleTo(self))
        self.copy.setVisible(may_copy)

    def show_idle(self) -> None:
        """Offer the button."""
        self._show(is_busy=False)

    def show_busy(self, sentence: str, done: int = 0, total: int = 0, *, may_cancel: bool = True) -> None:
        """Show progress in place of the button; a total of 0 is not known."""
        self.progress.setText(sentence)
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self._show(is_busy=True)
        self.cancel.setVisible(may_cancel)

    def _show(self, *, is_busy: bool) -> None:
        for widget in (self.progress, self.bar, self.cancel):
            widget.setVisible(is_busy)
        self.export.setVisible(not is_busy)
        self.reason.setVisible(not is_busy and bool(self.reason.text()))

    def _arrange(self) -> None:
        running = QHBoxLayout()
        running.setSpacing(8)
        running.addWidget(self.bar, 1)
        running.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(6)
        layout.addWidget(self.export)
        layout.addWidget(self.progress)
        layout.addLayout(running)
        layout.addWidget(self.reason)
        layout.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignLeft)
