"""The row above the picture while there is a result: how to compare, and the lock."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from app.text import _
from app.ui.icons import icon
from app.ui.viewer.compare import MODES
from app.ui.viewer.state import ViewState

LOCKED = (
    "The restored image is drawn with the contrast of the raw one, so that what looks brighter is brighter. "
    "Click to set each for itself."
)
UNLOCKED = (
    "Raw and restored are drawn with contrasts of their own: brightness cannot be compared by eye. "
    "Click to lock them together."
)


class CompareBar(QWidget):
    """Buttons made from the table of modes."""

    mode_clicked = Signal(str)  # Comparison
    swap_clicked = Signal()
    lock_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._modes: dict[str, QToolButton] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 3, 8, 3)
        layout.setSpacing(2)
        group = QButtonGroup(self)
        for row in MODES:
            button = self._button(_(row.title), row.icon, f"{_(row.help)} (V)")
            button.setCheckable(True)
            button.clicked.connect(lambda _checked, key=row.key: self.mode_clicked.emit(key))
            group.addButton(button)
            layout.addWidget(button)
            self._modes[row.key] = button
        self.swap = self._button(_("Swap"), "again", _("Let raw and restored change places (X)"))
        self.swap.setCheckable(True)
        self.swap.clicked.connect(self.swap_clicked)
        layout.addSpacing(8)
        layout.addWidget(self.swap)
        layout.addStretch(1)
        self.lock = self._button(_("Contrast locked"), "lock", _(LOCKED))
        self.lock.setCheckable(True)
        self.lock.clicked.connect(self.lock_clicked)
        layout.addWidget(self.lock)

    def button(self, key: str) -> QToolButton:
        """The button of a mode."""
        return self._modes[key]

    def show_state(self, state: ViewState) -> None:
        """Show the mode, the sides and the lock."""
        self._modes[state.compare].setChecked(True)
        self.swap.setChecked(state.is_swapped)
        is_locked = state.is_contrast_locked
        self.lock.setChecked(is_locked)
        self.lock.setText(_("Contrast locked") if is_locked else _("Contrast not locked"))
        self.lock.setToolTip(_(LOCKED) if is_locked else _(UNLOCKED))
        self.lock.setAccessibleName(self.lock.text())

    def _button(self, text: str, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setAccessibleName(text)
        button.setIcon(icon(name))
        button.setToolTip(tip)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button
