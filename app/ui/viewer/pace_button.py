"""The button that says how fast an axis is played, and the small form behind it."""

from dataclasses import replace

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QLabel,
    QToolButton,
    QWidget,
)

from app.text import _
from app.ui.viewer.pace import FASTEST, SLOWEST, Pace, Turn
from app.ui.viewer.scalebar import NARROW_SPACE
from models.knobs import N_

TURNS: tuple[tuple[Turn, str], ...] = (("loop", N_("Begin anew")), ("bounce", N_("Go back and forth")))


class PaceButton(QToolButton):
    """Says "20 / s", or "12 of 20 / s" where the pictures do not come in time; opens the form."""

    pace_wished = Signal(object)  # Pace

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pace = Pace()
        self._rate: float | None = None
        self.form = PaceForm(self)
        self.setAutoRaise(True)
        self.setProperty("role", "quiet")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(_("How fast to play"))
        self.clicked.connect(self._open)
        self.form.pace_wished.connect(self.pace_wished)
        self._say()

    def show_pace(self, pace: Pace) -> None:
        """Show the pace in force."""
        self._pace = pace
        self.form.show_pace(pace)
        self._say()

    def show_rate(self, rate: float | None) -> None:
        """Show how many pictures come per second, where they are too few."""
        self._rate = rate
        self._say()

    def _say(self) -> None:
        text = pace_in_words(self._pace, self._rate)
        self.setText(text)
        self.setAccessibleName(_("Pictures per second: {pace}").format(pace=text))

    def _open(self) -> None:
        self.form.adjustSize()
        above = self.mapToGlobal(QPoint(0, -self.form.height() - 4))
        screen = self.screen().availableGeometry()
        self.form.move(max(screen.left(), min(above.x(), screen.right() - self.form.width())), above.y())
        self.form.show()
        self.form.speed.setFocus()
        self.form.speed.selectAll()


class PaceForm(QFrame):
    """Speed, every frame or not, and what comes after the end."""

    pace_wished = Signal(object)  # Pace

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "sheet")
        self.setAccessibleName(_("How to play"))
        self._pace = Pace()
        self.speed = QDoubleSpinBox(minimum=SLOWEST, maximum=FASTEST, decimals=1)
        self.speed.setKeyboardTracking(False)
        self.speed.setAccessibleName(_("Pictures per second"))
        self.speed.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.every = QCheckBox(_("Every frame"))
        self.every.setToolTip(
            _("Show each picture even if that takes longer; else some are left out to keep the time")
        )
        self.turn = QComboBox()
        self.turn.setAccessibleName(_("At the end"))
        for key, title in TURNS:
            self.turn.addItem(_(title), key)
        form = QFormLayout(self)
        form.setContentsMargins(14, 12, 14, 12)
        for text, field in ((_("Pictures per second"), self.speed), (_("At the end"), self.turn)):
            label = QLabel(text)
            label.setBuddy(field)
            form.addRow(label, field)
        form.insertRow(1, "", self.every)
        self.speed.valueChanged.connect(lambda value: self._wish(replace(self._pace, per_second=value)))
        self.every.toggled.connect(lambda on: self._wish(replace(self._pace, is_every_frame=on)))
        self.turn.activated.connect(lambda index: self._wish(replace(self._pace, turn=TURNS[index][0])))
        self.show_pace(self._pace)

    def show_pace(self, pace: Pace) -> None:
        """Show the pace in force."""
        self._pace = pace
        with QSignalBlocker(self.speed), QSignalBlocker(self.every):
            self.speed.setValue(pace.per_second)
            self.every.setChecked(pace.is_every_frame)
        self.turn.setCurrentIndex([key for key, _title in TURNS].index(pace.turn))

    def _wish(self, pace: Pace) -> None:
        if pace != self._pace:
            self.pace_wished.emit(pace)


def pace_in_words(pace: Pace, rate: float | None) -> str:
    """Return "20 / s", or "12 of 20 / s"."""
    wished = f"{pace.per_second:g}"
    if rate is None:
        return _("{wished} / s").format(wished=wished).replace(" ", NARROW_SPACE)
    shown = f"{rate:.0f}" if rate >= 1 else f"{rate:.1f}"
    return _("{shown} of {wished} / s").format(shown=shown, wished=wished)
