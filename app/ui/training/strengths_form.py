"""The strengths of making bad as sliders in the words of the microscope, made from their knobs."""

import math
from collections.abc import Iterable
from dataclasses import fields, replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.engine.specs import Values
from app.text import _
from app.ui.beside import BesideLayout
from app.ui.forms import AutoForm, Editor, Fold, choice, number, whole_number
from app.ui.icons import icon
from app.ui.training.slider_number import Span, slider
from models.knobs import N_, Knob, knobs_of
from models.training.strengths import Meter, MeterName, Strengths

MEASURED_BY: dict[str, MeterName] = {
    "gain": "noise",
    "read_noise": "noise",
    "grain_px": "grain",
    "blur_px": "sharpness",
    "salt": "specks",
    "pepper": "specks",
    "line_noise": "lines",
}
SAMPLINGS = {
    "area": N_("areas are binned (camera)"),
    "line": N_("along lines (laser scanning)"),
    "point": N_("points (electron beam)"),
    "smooth": N_("smoothly"),
}
LEVELS = N_("gray levels")
REACH = {  # of gray-level strengths: a share of the range from darkest to brightest, and their unit
    "gain": (0.25, N_("per photon")),
    "read_noise": (0.3, LEVELS),
    "line_noise": (0.2, LEVELS),
}
BEND = 2.0
FOLLOWING = 3.0  # times the fitted value that a slider reaches at least
FULL = 100.0  # percent
LEFT, RIGHT = ("gain", "read_noise", "grain_px", "line_noise"), ("scale", "blur_px", "salt", "pepper")


class StrengthsForm(QWidget):
    """All strengths; each that was fitted carries *auto* until it is changed, and all can go back."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fitted = Strengths()
        self.light = QLabel(wordWrap=True)
        self.light.setProperty("role", "quiet")
        self.forms = {key: AutoForm() for key in ("left", "right", "more")}
        self.back = QPushButton(icon("auto"), _("Back to fit"))
        self.back.setProperty("role", "link")
        self.back.setToolTip(_("Takes back every change made here."))
        self.back.clicked.connect(self.back_to_fit)
        for form in self.forms.values():
            form.back.hide()
            form.changed.connect(self._tell)
        self.fold = Fold(_("More strengths"), self.forms["more"])
        self._arrange()
        self._mark()

    def show_strengths(
        self, fitted: Strengths, meters: Iterable[Meter], now: Strengths | None = None
    ) -> None:
        """Begin with what was fitted, or assumed where its meter could not be measured; then show `now`."""
        measured = {meter.name for meter in meters if meter.is_measured}
        has_fit = bool(measured)
        self.fitted = fitted
        self.back.setText(_("Back to fit") if has_fit else _("Back to the first values"))
        for key, names in self._columns().items():
            form = self.forms[key]
            form.blockSignals(True)
            form.clear()
            for name in names:
                is_fitted = has_fit and MEASURED_BY.get(name, "") in measured | {""}
                self._add(form, name, _("auto") if is_fitted else _("assumed"))
            form.blockSignals(False)
        if now is not None:
            self.write(now)
        self._mark()

    def strengths(self) -> Strengths:
        """What is set now; what was not changed is exactly what was fitted."""
        changes = {name: value for form in self.forms.values() for name, value in form.changes()}
        return replace(self.fitted, **changes)  # type: ignore[arg-type]

    def is_changed(self) -> bool:
        """Whether anything differs from the fit."""
        return any(form.changes() for form in self.forms.values())

    def write(self, strengths: Strengths) -> None:
        """Show other strengths without telling of it."""
        for form in self.forms.values():
            form.blockSignals(True)
            for name in form.names():
                value = getattr(strengths, name)
                if value != getattr(self.fitted, name):
                    form.set_value(name, value)
            form.blockSignals(False)
        self._mark()

    def back_to_fit(self) -> None:
        """Set everything as it was fitted."""
        for form in self.forms.values():
            form.blockSignals(True)
            form.back_to_auto()
            form.blockSignals(False)
        self._tell()

    def _columns(self) -> dict[str, tuple[str, ...]]:
        rest = tuple(name for name in knobs_of(Strengths) if name not in LEFT + RIGHT)
        return {"left": LEFT, "right": RIGHT, "more": rest}

    def _add(self, form: AutoForm, name: str, mark: str) -> None:
        knob, value = knobs_of(Strengths)[name], getattr(self.fitted, name)
        label = _(knob.label)
        editor = self._editor(name, knob, label)
        editor.write(value)
        help_text = _(knob.help) if knob.help else ""
        form.add_row(name, label, editor, help_text=help_text, mark_text=mark)

    def _editor(self, name: str, knob: Knob, label: str) -> Editor:
        value = getattr(self.fitted, name)
        if name == "sampling":
            return choice(value, [(option, _(SAMPLINGS.get(option, option))) for option in knob.choices])
        if name == "scale":
            low, high = int(knob.low or 1), int(max(knob.high or 1, value))
            return whole_number(value, low=low, high=high, unit=_("times"), zero=_("as many"))
        if name in REACH:
            share, unit = REACH[name]
            reach = _tidy(max(share * self._range(), FOLLOWING * value))
            return slider(value, Span(reach, _(unit), bend=BEND, decimals=self._decimals()), label)
        if name in ("salt", "pepper"):
            high = max(knob.high or 1.0, value)
            return slider(value, Span(high * FULL, "%", FULL, BEND, 3), label)
        if knob.high is not None:
            return slider(value, Span(max(knob.high, value), _(knob.unit), bend=1.5), label)
        return number(value, unit=_(LEVELS))

    def _range(self) -> float:
        """Gray levels from the darkest to the brightest part."""
        return max(abs(self.fitted.high - self.fitted.low), 1e-6)

    def _decimals(self) -> int:
        """Decimals that tell a two-thousandth of the range."""
        return min(max(0, 4 - math.floor(math.log10(self._range()))), 9)

    def _tell(self) -> None:
        self._mark()
        self.changed.emit()

    def _mark(self) -> None:
        self.back.setEnabled(self.is_changed())
        self.light.setText(light_words(self.strengths()))

    def _arrange(self) -> None:
        columns = BesideLayout((1, 1), gap=22, below=4)
        columns.addWidget(self.forms["left"])
        columns.addWidget(self.forms["right"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.light)
        layout.addLayout(columns)
        layout.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.fold)
        layout.addStretch(1)


def values_of(strengths: Strengths) -> Values:
    """Return all strengths as a spec carries them."""
    return tuple((field.name, getattr(strengths, field.name)) for field in fields(strengths))


def light_words(strengths: Strengths) -> str:
    """Say how much light the brightest parts get."""
    if strengths.gain <= 0:
        return _("The noise does not follow the brightness.")
    photons = (strengths.high - strengths.offset) / strengths.gain
    if photons < 1:
        return _("The brightest parts get less than one photon per pixel.")
    return _("The brightest parts get about {count} photons per pixel.").format(
        count=f"{_tidy(photons):.12g}"
    )


def _tidy(value: float) -> float:
    return float(f"{value:.2g}")
