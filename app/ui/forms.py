"""Forms made from data: a Params dataclass with knobs becomes labels, editors and *auto* marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.text import _
from app.ui.flow import FlowLayout
from app.ui.icons import icon
from models.knobs import Knob, Value, knobs_of, with_values

Chosen = Value | tuple[int, ...]
FAR = 10**6  # stands for no limit in a spin box


@dataclass(frozen=True, slots=True)
class Editor:
    """A widget that shows one value, with the ways to read, write and hear it."""

    widget: QWidget
    read: Callable[[], Chosen]
    write: Callable[[Chosen], None]
    edited: SignalInstance


def switch(value: bool, text: str = "") -> Editor:  # noqa: FBT001 - it is the value itself
    """Yes or no."""
    box = QCheckBox(text)
    box.setChecked(value)
    return Editor(box, box.isChecked, lambda new: box.setChecked(bool(new)), box.toggled)


def whole_number(
    value: int, *, low: int = -FAR, high: int = FAR, step: int = 1, unit: str = "", zero: str = ""
) -> Editor:
    """A whole number; `zero` is what the lowest value is called."""
    box = QSpinBox()
    box.setRange(low, high)
    box.setSingleStep(step)
    box.setSuffix(f" {unit}" if unit else "")
    box.setSpecialValueText(zero)
    box.setValue(value)
    return Editor(box, box.value, lambda new: box.setValue(_whole(new)), box.valueChanged)


def number(value: float, *, low: float = -FAR, high: float = FAR, unit: str = "") -> Editor:
    """A number with decimals, stepped in proportion to its size."""
    box = QDoubleSpinBox()
    box.setDecimals(3)
    box.setRange(low, high)
    box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    box.setSuffix(f" {unit}" if unit else "")
    box.setValue(value)
    return Editor(box, box.value, lambda new: box.setValue(_real(new)), box.valueChanged)


def choice(value: Value, options: Sequence[tuple[Value, str]]) -> Editor:
    """One of several, each a value and its words."""
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    for data, text in options:
        box.addItem(text, data)
    box.setCurrentIndex(max(0, box.findData(value)))
    return Editor(
        box,
        box.currentData,
        lambda new: box.setCurrentIndex(max(0, box.findData(new))),
        box.currentIndexChanged,
    )


def words(value: str) -> Editor:
    """A line of text."""
    line = QLineEdit(value)
    return Editor(line, line.text, lambda new: line.setText(str(new)), line.textChanged)


class Ticks(QWidget):
    """Several of several; the last one ticked cannot be taken away."""

    edited = Signal()

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = FlowLayout(self, spacing=8)
        self.boxes = [QCheckBox(name) for name in names]
        for box in self.boxes:
            box.setChecked(True)
            box.toggled.connect(partial(self._keep_one, box))
            layout.addWidget(box)

    def read(self) -> tuple[int, ...]:
        """The places of those ticked; empty stands for all of them."""
        ticked = tuple(place for place, box in enumerate(self.boxes) if box.isChecked())
        return () if len(ticked) == len(self.boxes) else ticked

    def write(self, value: Chosen) -> None:
        """Tick these places; empty stands for all of them."""
        places = value if isinstance(value, tuple) and value else range(len(self.boxes))
        for wanted in (True, False):  # tick before clearing, so that one is always left
            for place, box in enumerate(self.boxes):
                if (place in places) == wanted:
                    box.setChecked(wanted)

    def _keep_one(self, box: QCheckBox, is_ticked: bool) -> None:  # noqa: FBT001 - a slot of `toggled`
        if not is_ticked and not any(other.isChecked() for other in self.boxes):
            box.setChecked(True)
            return
        self.edited.emit()


def several(names: Sequence[str]) -> Editor:
    """Any number of several, but at least one; the value is a tuple of places, empty for all."""
    ticks = Ticks(names)
    return Editor(ticks, ticks.read, ticks.write, ticks.edited)


def editor_for(knob: Knob, value: Value) -> Editor:
    """Return the editor that suits a knob and the kind of its value."""
    if knob.choices:
        return choice(value, [(option, _(option)) for option in knob.choices])
    if isinstance(value, bool):
        return switch(value)
    if isinstance(value, int):
        low, high = _or(knob.low, -FAR), _or(knob.high, FAR)
        return whole_number(value, low=int(low), high=int(high), unit=_(knob.unit) if knob.unit else "")
    if isinstance(value, float):
        return number(
            value, low=_or(knob.low, -FAR), high=_or(knob.high, FAR), unit=_(knob.unit) if knob.unit else ""
        )
    return words(value)


class AutoForm(QWidget):
    """Labelled editors; a value that the program chose carries an *auto* mark until it is changed."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editors: dict[str, Editor] = {}
        self._autos: dict[str, Chosen] = {}
        self._marks: dict[str, QLabel] = {}
        self._still = _Still(self)
        self._rows = QFormLayout()
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._rows.setVerticalSpacing(4)
        self.back = QPushButton(icon("auto"), _("Back to auto"))
        self.back.setToolTip(_("Takes back every change made here."))
        self.back.setProperty("role", "link")
        self.back.clicked.connect(self.back_to_auto)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._rows)
        layout.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        self._mark()

    def add_row(
        self, name: str, label: str, editor: Editor, *, help_text: str = "", mark_text: str = ""
    ) -> None:
        """Add a value; what it is now is what the program chose, *auto* unless `mark_text` says how."""
        self._editors[name] = editor
        self._autos[name] = editor.read()
        mark = QLabel(mark_text or _("auto"))
        mark.setProperty("role", "quiet")
        keep_room = mark.sizePolicy()
        keep_room.setRetainSizeWhenHidden(True)
        mark.setSizePolicy(keep_room)
        self._marks[name] = mark
        editor.widget.setAccessibleName(label)
        editor.widget.setToolTip(help_text)
        editor.widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        editor.widget.installEventFilter(self._still)
        text = QLabel(label, wordWrap=True)
        text.setToolTip(help_text)
        text.setBuddy(editor.widget)
        field = QHBoxLayout()
        field.setSpacing(7)
        field.addWidget(editor.widget, 1)
        field.addWidget(mark)
        self._rows.addRow(text, field)
        editor.edited.connect(self._tell)
        self._mark()

    def clear(self) -> None:
        """Take all rows away."""
        while self._rows.rowCount():
            self._rows.removeRow(0)
        self._editors.clear()
        self._autos.clear()
        self._marks.clear()
        self._mark()

    def value(self, name: str) -> Chosen:
        """What a row says now."""
        return self._editors[name].read()

    def set_value(self, name: str, value: Chosen) -> None:
        """Change a row as a person would."""
        self._editors[name].write(value)

    def is_auto(self, name: str) -> bool:
        """Whether a row still says what the program chose."""
        return self._editors[name].read() == self._autos[name]

    def names(self) -> tuple[str, ...]:
        """The names of all rows."""
        return tuple(self._editors)

    def changes(self) -> tuple[tuple[str, Chosen], ...]:
        """The rows that were changed, with what they say now."""
        return tuple((name, self.value(name)) for name in self._editors if not self.is_auto(name))

    def back_to_auto(self) -> None:
        """Let every row say again what the program chose."""
        for name, editor in self._editors.items():
            editor.write(self._autos[name])

    def _tell(self, _value: object = None) -> None:
        self._mark()
        self.changed.emit()

    def _mark(self) -> None:
        for name, mark in self._marks.items():
            mark.setVisible(self.is_auto(name))
        self.back.setEnabled(any(not self.is_auto(name) for name in self._editors))


def add_knobs(form: AutoForm, params: type, defaults: Iterable[tuple[str, Value]] = ()) -> None:
    """Add a row for each knob of a Params dataclass, the simple ones first."""
    start: object = with_values(params, defaults)
    knobs = knobs_of(params)
    for name, knob in sorted(knobs.items(), key=lambda pair: pair[1].advanced):
        editor = editor_for(knob, getattr(start, name))
        form.add_row(name, _(knob.label), editor, help_text=_(knob.help) if knob.help else "")


class Fold(QWidget):
    """A heading that shows and hides what belongs to it."""

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content = content
        self.button = QPushButton(title)
        self.button.setProperty("role", "link")
        self.button.setCheckable(True)
        self.button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.button.toggled.connect(self._unfold)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.button)
        layout.addWidget(content)
        self._unfold(on=False)

    def _unfold(self, on: bool) -> None:  # noqa: FBT001 - a slot of `toggled`
        self.content.setVisible(on)
        self.button.setIcon(icon("down" if on else "right"))


class _Still(QObject):
    """Keeps the wheel from changing an editor that was only scrolled past."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_passing = isinstance(watched, QWidget) and not watched.hasFocus()
        if event.type() == QEvent.Type.Wheel and is_passing:
            event.ignore()
            return True
        return False


def _or(limit: float | None, otherwise: float) -> float:
    return otherwise if limit is None else limit


def _whole(value: Chosen) -> int:
    return 0 if isinstance(value, tuple) else int(value)


def _real(value: Chosen) -> float:
    return 0.0 if isinstance(value, tuple) else float(value)
