"""The rows above the picture while two images are compared: how, which ones, and the lock."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QDoubleSpinBox, QLabel, QToolButton, QVBoxLayout, QWidget

from app.text import _
from app.ui.flow import FlowLayout
from app.ui.icons import icon
from app.ui.viewer.compare import MODES
from app.ui.viewer.pair import Pair
from app.ui.viewer.state import ViewState

LOCKED = (
    "Both images are drawn with the contrast of the first one, so that what looks brighter is brighter. "
    "Click to set each for itself."
)
UNLOCKED = (
    "The images are drawn with contrasts of their own: brightness cannot be compared by eye. "
    "Click to lock them together."
)
SLOWEST, FASTEST = 1.0, 3.0  # changes per second; faster flicker can harm people who bear it badly
MOST = 99999.0  # gray values, unless there are greater ones
DIGITS = 3  # of the end of the colours


class CompareBar(QWidget):
    """Buttons made from the table of modes, and what belongs to the mode that is on."""

    mode_clicked = Signal(str)  # Comparison
    swap_clicked = Signal()
    lock_clicked = Signal()
    rate_wished = Signal(float)  # changes per second
    reach_wished = Signal(object)  # float: gray value where the colours end | None: find it
    other_clicked = Signal()
    stop_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._modes: dict[str, QToolButton] = {}
        self.swap = self._button(_("Swap"), "swap", _("Let the two images change places (X)"))
        self.lock = self._button(_("Contrast locked"), "lock", _(LOCKED))
        self.rate = QDoubleSpinBox(minimum=SLOWEST, maximum=FASTEST, decimals=0)
        self.reach = QDoubleSpinBox(minimum=0.0, maximum=MOST, prefix="±\u202f", decimals=0)
        self.auto = self._button(_("Auto"), "auto", _("Find the range of the colours for what is seen"))
        self.other = self._button(
            _("Compare with…"), "pair", _("Choose another image to compare with (Shift+V)")
        )
        self.stop = self._button(_("Stop comparing"), "close", _("Look at this image alone"))
        self.note = QLabel(wordWrap=True)
        self._lay_out()
        self._connect()
        self.show_state(ViewState(), None)
        self.show_note("")

    def button(self, key: str) -> QToolButton:
        """The button of a mode."""
        return self._modes[key]

    def show_state(self, state: ViewState, pair: Pair | None) -> None:
        """Show the mode, the sides and the lock."""
        self._modes[state.compare].setChecked(True)
        self.swap.setChecked(state.is_swapped)
        self.rate.setVisible(state.compare == "flicker")
        for part in (self.reach, self.auto):
            part.setVisible(state.compare == "difference")
        with QSignalBlocker(self.rate):
            self.rate.setValue(state.flicker)
        is_locked = state.is_contrast_locked
        self.lock.setVisible(state.compare != "difference")
        self.lock.setEnabled(pair is None or not pair.is_mixed)
        self.lock.setChecked(is_locked)
        self.lock.setIcon(icon("lock" if is_locked else "unlock"))
        self.lock.setText(_("Contrast locked") if is_locked else _("Contrast not locked"))
        self.lock.setToolTip(_(LOCKED) if is_locked else _(UNLOCKED))
        self.lock.setAccessibleName(self.lock.text())

    def show_reach(self, reach: float | None) -> None:
        """Show the gray value where the colours of the difference end; None: not known yet."""
        self.reach.setEnabled(reach is not None)
        if reach is not None:
            with QSignalBlocker(self.reach):
                self.reach.setMaximum(max(MOST, 10 * reach))
                self.reach.setDecimals(max(0, DIGITS - len(str(int(reach))) + (reach < 1) * 2))
                self.reach.setValue(reach)

    def show_note(self, note: str) -> None:
        """Say how the two images were laid over one another, where that is open to doubt."""
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def _lay_out(self) -> None:
        flow = FlowLayout(spacing=2)
        group = QButtonGroup(self)
        for row in MODES:
            button = self._button(_(row.title), row.icon, f"{_(row.help)} (V)")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked, key=row.key: self.mode_clicked.emit(key))
            group.addButton(button)
            flow.addWidget(button)
            self._modes[row.key] = button
        for button in (self.swap, self.other, self.stop):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        for button in (self.swap, self.lock):
            button.setCheckable(True)
        self.rate.setSuffix("\u202f/\u202fs")
        self.rate.setAccessibleName(_("Changes per second"))
        self.rate.setToolTip(_("How often in a second the picture changes"))
        self.reach.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.reach.setAccessibleName(_("Range of the colours"))
        self.reach.setToolTip(_("The difference in gray values where the colours end, on both sides of zero"))
        for box in (self.rate, self.reach):
            box.setKeyboardTracking(False)
        for part in (self.rate, self.reach, self.auto, self.lock, self.swap, self.other, self.stop):
            flow.addWidget(part)
        self.note.setProperty("role", "quiet")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(5, 3, 5, 3)
        layout.setSpacing(2)
        layout.addLayout(flow)
        layout.addWidget(self.note)

    def _connect(self) -> None:
        self.swap.clicked.connect(self.swap_clicked)
        self.lock.clicked.connect(self.lock_clicked)
        self.other.clicked.connect(self.other_clicked)
        self.stop.clicked.connect(self.stop_clicked)
        self.auto.clicked.connect(lambda: self.reach_wished.emit(None))
        self.rate.valueChanged.connect(self.rate_wished)
        self.reach.valueChanged.connect(lambda reach: self.reach_wished.emit(reach or None))

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
