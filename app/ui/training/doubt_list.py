"""What may be wrong with the images, one line each, with the buttons that answer it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.text import _, ngettext
from app.ui.jobs.sign import SignLabel
from app.ui.jobs.words import Sign
from app.ui.training.doubts import Doubt
from models.knobs import N_

AT_FIRST = 3  # lines that are seen without asking for the others
SIDE = 18
LOOK = Sign(N_("Look"), "warning", "warning")


class DoubtRow(QFrame):
    """One doubt: the sentence, and *Leave out* and *Keep*."""

    left_out = Signal(object)  # Doubt
    kept = Signal(object)

    def __init__(self, doubt: Doubt, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.doubt = doubt
        self.setProperty("role", "strip")
        self.setAccessibleName(doubt.sentence)
        sign = SignLabel(SIDE)
        sign.show_sign(LOOK)
        words = QLabel(doubt.sentence, wordWrap=True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 10, 5)
        row.setSpacing(8)
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(words, 1)
        if doubt.can_leave_out:
            row.addWidget(self._button(_("Leave out"), self.left_out))
        agree = _("Keep") if doubt.can_leave_out else _("Go on all the same")
        row.addWidget(self._button(agree if doubt.is_open else _("Understood"), self.kept))

    def _button(self, text: str, signal: SignalInstance) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleDescription(self.doubt.sentence)
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        button.clicked.connect(partial(signal.emit, self.doubt))
        return button


class DoubtList(QWidget):
    """Shows a few doubts, and all of them when asked."""

    left_out = Signal(object)  # Doubt
    kept = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[DoubtRow] = []
        self._doubts: tuple[Doubt, ...] = ()
        self._shows_all = False
        self.more = QPushButton()
        self.more.setProperty("role", "link")
        self.more.clicked.connect(self._show_all)
        self._column = QVBoxLayout()
        self._column.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._column)
        layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def show_doubts(self, doubts: Sequence[Doubt]) -> None:
        """Show what is not answered yet; lines that stay are not made anew."""
        if tuple(doubts) != self._doubts:
            self._doubts = tuple(doubts)
            self._fill()

    def _fill(self) -> None:
        limit = len(self._doubts) if self._shows_all else AT_FIRST
        wanted = self._doubts[:limit]
        for row in [row for row in self.rows if row.doubt not in wanted]:
            self.rows.remove(row)
            row.hide()
            row.deleteLater()
        known = [row.doubt for row in self.rows]
        for place, doubt in enumerate(wanted):
            if doubt not in known:
                row = DoubtRow(doubt)
                row.left_out.connect(self.left_out)
                row.kept.connect(self.kept)
                self._column.insertWidget(place, row)
                self.rows.insert(place, row)
                known.insert(place, doubt)
        hidden = len(self._doubts) - len(wanted)
        self.more.setText(ngettext("{n} more to look at", "{n} more to look at", hidden).format(n=hidden))
        self.more.setVisible(hidden > 0)
        self.setVisible(bool(self._doubts))

    def _show_all(self) -> None:
        self._shows_all = True
        self._fill()
