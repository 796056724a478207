"""A line for a length or a time with its unit beside it."""

import math
import re
from dataclasses import dataclass

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from app.text import _
from models.knobs import N_

NUMBER = r"\d*[.,]?\d*(?:[eE]-?\d+)?"
BY = r"\s*[x×*]\s*"


@dataclass(frozen=True, slots=True)
class Units:
    """Units to choose from with their sizes; the first is what the program counts in."""

    names: tuple[tuple[str, float], ...]


LENGTHS = Units((("µm", 1.0), ("nm", 1e-3)))
TIMES = Units(((N_("s"), 1.0), (N_("ms"), 1e-3), (N_("min"), 60.0)))


class SizeField(QWidget):
    """Takes a positive number in a unit, or two as in ``0.2 × 0.1`` where `is_pair`."""

    entered = Signal()

    def __init__(self, name: str, units: Units, *, is_pair: bool = False) -> None:
        super().__init__()
        self._units = units
        self.words = QLabel(name)
        self.line = QLineEdit()
        self.line.setAccessibleName(name)
        pattern = f"{NUMBER}(?:{BY}{NUMBER})?" if is_pair else NUMBER
        self.line.setValidator(QRegularExpressionValidator(QRegularExpression(pattern), self))
        self.line.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.line.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * (14 if is_pair else 10))
        if is_pair:
            self.line.setToolTip(_("One number, or two for pixels that are not square: width × height"))
        self.unit = QComboBox()
        self.unit.setAccessibleName(_("Unit of {what}").format(what=name))
        for unit, factor in units.names:
            self.unit.addItem(_(unit), factor)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for widget in (self.words, self.line, self.unit):
            row.addWidget(widget)
        self.line.returnPressed.connect(self.entered)

    def show_value(self, *values: float | None) -> None:
        """Show what is known in gray, with nothing typed yet."""
        self.line.clear()
        known = [f"{value:.6g}" for value in values if value is not None]
        self.line.setPlaceholderText(" × ".join(dict.fromkeys(known)))
        self.unit.setCurrentIndex(0)

    def values(self) -> tuple[float, ...]:
        """Return what was typed, in the first unit: no number, one or two."""
        factor = float(self.unit.currentData())
        texts = [text.replace(",", ".") for text in re.split(BY, self.line.text().strip())]
        found = []
        for text in texts:
            try:
                number = float(text) * factor
            except ValueError:
                continue
            if number > 0 and math.isfinite(number):
                found.append(number)
        return tuple(found)
