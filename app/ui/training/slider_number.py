"""A slider with a number beside it: one value, set roughly by hand or exactly by typing."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSlider, QWidget

from app.ui.forms import Chosen, Editor
from app.ui.viewer.scalebar import NARROW_SPACE

STEPS = 1000
LEAST_LETTERS, NUMBER_LETTERS = 10, 20  # as wide as that are slider and number at least


@dataclass(frozen=True, slots=True)
class Span:
    """What a slider reaches, in the unit that is shown.

    `factor` is how many of that unit one of the value is; `bend` above 1 gives small values more room.
    """

    high: float
    unit: str = ""
    factor: float = 1.0
    bend: float = 1.0
    decimals: int = 2


class SliderNumber(QWidget):
    """A slider that begins at nothing, and the number that it stands at."""

    edited = Signal(float)

    def __init__(self, value: float, span: Span, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._span = span
        self._is_sliding = False
        self.slider = _StillSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setSingleStep(STEPS // 100)
        self.slider.setPageStep(STEPS // 10)
        self.slider.setMinimumWidth(self.fontMetrics().averageCharWidth() * LEAST_LETTERS)
        self.slider.setAccessibleName(label)
        self.number = _StillNumber()
        self.number.setDecimals(span.decimals)
        self.number.setRange(0.0, span.high)
        self.number.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.number.setSuffix(f"{NARROW_SPACE}{span.unit}" if span.unit else "")
        self.number.setMinimumWidth(self.fontMetrics().averageCharWidth() * NUMBER_LETTERS)
        self.number.setAccessibleName(label)
        self.number.setKeyboardTracking(False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.number)
        self.setFocusProxy(self.slider)
        self.write(value)
        self.slider.valueChanged.connect(self._slide)
        self.number.valueChanged.connect(self._type)

    def read(self) -> float:
        """The value."""
        return self.number.value() / self._span.factor

    def write(self, value: Chosen) -> None:
        """Set the value."""
        self.number.setValue(0.0 if isinstance(value, tuple) else float(value) * self._span.factor)
        self._follow()

    def _slide(self, place: int) -> None:
        self._is_sliding = True
        self.number.setValue(self._span.high * (place / STEPS) ** self._span.bend)
        self._is_sliding = False

    def _type(self, _value: float) -> None:
        self._follow()
        self.edited.emit(self.read())

    def _follow(self) -> None:
        """Put the slider where the number is, unless the number came from it."""
        share = self.number.value() / self._span.high if self._span.high else 0.0
        if not self._is_sliding:
            self.slider.blockSignals(True)
            self.slider.setValue(round(STEPS * share ** (1 / self._span.bend)))
            self.slider.blockSignals(False)


def slider(value: float, span: Span, label: str) -> Editor:
    """A number from nothing up to the end of a slider."""
    made = SliderNumber(value, span, label)
    return Editor(made, made.read, made.write, made.edited)


class _StillSlider(QSlider):
    """A slider that the wheel leaves alone where it only scrolls past."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _StillNumber(QDoubleSpinBox):
    """A number that the wheel leaves alone where it only scrolls past."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
