"""Sliders for channel, plane and time: position, count and what it means."""

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QWidget,
)

from app.images.projection import Projection, row_of
from app.text import _
from app.ui.icons import icon
from app.ui.one_line import YieldingLine
from app.ui.theme import colour
from app.ui.viewer.pace import Pace
from app.ui.viewer.pace_button import PaceButton
from app.ui.viewer.range_slider import RangeSlider
from app.ui.viewer.scalebar import NARROW_SPACE, length_in_words
from app.ui.viewer.stack_tools import StackTools
from app.ui.viewer.state import Axis, ViewState
from models.source import ImageInfo

AXES: dict[Axis, int] = {"C": 1, "Z": 2, "T": 0}  # letter: place in TCZYX
LEAST_LETTERS = 8  # a slider is no shorter


class PlaneSlider(QSlider):
    """A slider that hatches the positions that are not finished yet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._unfinished: frozenset[int] = frozenset()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Wide enough to be dragged along."""
        least = self.fontMetrics().horizontalAdvance("0") * LEAST_LETTERS
        return QSize(least, super().minimumSizeHint().height())

    @property
    def unfinished(self) -> frozenset[int]:
        """The positions that are hatched."""
        return self._unfinished

    def show_unfinished(self, positions: Iterable[int]) -> None:
        """Hatch these positions and no others."""
        positions = frozenset(positions)
        if positions != self._unfinished:
            self._unfinished = positions
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the slider, then hatch along its foot."""
        super().paintEvent(event)
        if not self._unfinished:
            return
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style, control = self.style(), QStyle.ComplexControl.CC_Slider
        groove = style.subControlRect(control, option, QStyle.SubControl.SC_SliderGroove, self)
        handle = style.subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
        start = groove.left() + handle.width() / 2
        step = (groove.width() - handle.width()) / max(1, self.maximum())
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("warning", self.palette()))
        pattern = painter.brush()
        pattern.setStyle(Qt.BrushStyle.BDiagPattern)
        painter.setBrush(pattern)
        for first, last in runs(self._unfinished):
            left = start + (first - 0.5) * step
            wide = (last - first + 1) * step
            painter.drawRect(QRectF(left, self.height() - 5.0, wide, 5.0))
        painter.end()


class DimBar(QWidget):
    """One row for each axis that is longer than one."""

    position_wished = Signal(str, int)  # axis, position
    play_clicked = Signal(str)  # axis
    pace_wished = Signal(object)  # Pace
    planes_wished = Signal(object)  # Range of planes to project

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[Axis, DimRow] = {axis: DimRow(axis, self) for axis in AXES}
        self.planes = RangeSlider(self)
        self.tools = StackTools(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 4, 10, 6)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(3, 1)
        for line, row in enumerate(self._rows.values()):
            for column, part in enumerate(row.parts):
                grid.addWidget(part, line, column)
            row.pace.pace_wished.connect(self.pace_wished)
            if row.axis == "Z":
                grid.addWidget(self.planes, line, 3)
                grid.addWidget(self.tools, line, 6)
                QWidget.setTabOrder(row.slider, self.planes)
                QWidget.setTabOrder(self.planes, self.tools.project)
            row.slider.valueChanged.connect(lambda at, axis=row.axis: self.position_wished.emit(axis, at))
            row.play.clicked.connect(lambda _checked, axis=row.axis: self.play_clicked.emit(axis))
        self.planes.range_wished.connect(self.planes_wished)

    def slider(self, axis: Axis) -> PlaneSlider:
        """The slider of an axis."""
        return self._rows[axis].slider

    def play_button(self, axis: Axis) -> QToolButton:
        """The play button of an axis."""
        return self._rows[axis].play

    def show_image(self, info: ImageInfo | None) -> None:
        """Show the axes of an image."""
        for axis, row in self._rows.items():
            length = info.shape[AXES[axis]] if info is not None else 1
            row.show_length(1 if info is not None and info.is_rgb and axis == "C" else length)
            if axis == "Z":
                self.tools.setVisible(length > 1)
                self.planes.hide()
        self.setVisible(any(not row.slider.isHidden() for row in self._rows.values()))

    def show_state(self, state: ViewState, info: ImageInfo) -> None:
        """Show where we are."""
        for axis, row in self._rows.items():
            at = state.position(axis)
            row.show_position(at, _meaning(axis, at, state, info))
        self._show_projection(state.projection, info.shape[AXES["Z"]])

    def show_playing(self, axis: Axis | None) -> None:
        """Show which axis runs."""
        for row in self._rows.values():
            row.show_playing(is_playing=row.axis == axis)

    def show_pace(self, pace: Pace) -> None:
        """Show how the axes are played."""
        for row in self._rows.values():
            row.pace.show_pace(pace)

    def show_rate(self, axis: Axis | None, rate: float | None) -> None:
        """Show how many pictures per second come of the axis that runs, where they are too few."""
        for row in self._rows.values():
            row.pace.show_rate(rate if row.axis == axis else None)

    def _show_projection(self, projection: Projection | None, count: int) -> None:
        row, is_stack = self._rows["Z"], count > 1
        self.tools.show_kind(projection.kind if projection is not None else None)
        is_one = projection is None
        row.slider.setVisible(is_stack and is_one)
        row.play.setEnabled(is_one)
        self.planes.setVisible(is_stack and not is_one)
        if projection is not None and is_stack:
            first, stop = projection.over(count)
            self.planes.show_range((first, stop), count)
            row.show_count(f"{first + 1}–{stop} / {count}", f"{count}–{count} / {count}")
            row.meaning.show_text(_(row_of(projection.kind).title))

    def show_unfinished(self, planes: frozenset[tuple[int, int, int]], state: ViewState) -> None:
        """Hatch the positions whose planes (t, c, z) are not finished."""
        self._rows["Z"].slider.show_unfinished({z for t, _c, z in planes if t == state.t})
        self._rows["T"].slider.show_unfinished({t for t, _c, _z in planes})


class DimRow:
    """The parts of one axis' row."""

    def __init__(self, axis: Axis, parent: QWidget) -> None:
        names = {"C": _("Channel"), "Z": _("Plane"), "T": _("Time")}
        self.axis = axis
        self.letter = QLabel(axis, parent)
        self.letter.setToolTip(names[axis])
        self.play = QToolButton(parent)
        self.play.setCheckable(True)
        self.play.setAutoRaise(True)
        self.play.setIconSize(QSize(12, 12))
        self.play.setAccessibleName(_("Play {axis}").format(axis=names[axis]))
        self.play.setToolTip(_("Play, stop (\\)"))
        self.pace = PaceButton(parent)
        self.slider = PlaneSlider(parent)
        self.slider.setAccessibleName(names[axis])
        self.slider.setPageStep(1)
        self.count = QLabel(parent)
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.meaning = YieldingLine(parent)
        self.meaning.setProperty("role", "quiet")
        self.letter.setBuddy(self.slider)
        self.parts = (self.letter, self.play, self.pace, self.slider, self.count, self.meaning)
        self.show_playing(is_playing=False)

    def show_length(self, length: int) -> None:
        """Take that many positions; one position needs no row."""
        self.slider.blockSignals(True)
        self.slider.setRange(0, length - 1)
        self.slider.blockSignals(False)
        for part in self.parts:
            part.setVisible(length > 1)
        for part in (self.play, self.pace):
            part.setVisible(length > 1 and self.axis != "C")

    def show_position(self, at: int, meaning: str) -> None:
        """Stand at a position without wishing for it."""
        self.slider.blockSignals(True)
        self.slider.setValue(at)
        self.slider.blockSignals(False)
        length = self.slider.maximum() + 1
        self.show_count(f"{at + 1} / {length}", f"{length} / {length}")
        self.meaning.show_text(meaning)

    def show_count(self, text: str, widest: str) -> None:
        """Say which position it is, with room for the widest of them."""
        self.count.setText(text)
        self.count.setMinimumWidth(self.count.fontMetrics().horizontalAdvance(widest))

    def show_playing(self, *, is_playing: bool) -> None:
        """Offer to play, or to stop."""
        self.play.setChecked(is_playing)
        self.play.setIcon(icon("pause" if is_playing else "play"))


def runs(positions: Iterable[int]) -> list[tuple[int, int]]:
    """Return first and last of every run of neighbours."""
    found: list[tuple[int, int]] = []
    for position in sorted(positions):
        if found and position == found[-1][1] + 1:
            found[-1] = (found[-1][0], position)
        else:
            found.append((position, position))
    return found


def duration_in_words(seconds: float) -> str:
    """Return a time since the beginning."""
    if seconds < 60:
        return f"{seconds:.3g}{NARROW_SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}{NARROW_SPACE}h"
    return f"{minutes}:{rest:02}{NARROW_SPACE}min"


def _meaning(axis: Axis, at: int, state: ViewState, info: ImageInfo) -> str:
    if axis == "C":
        return state.channels[at].name if at < len(state.channels) else ""
    if axis == "Z":
        depth = info.pixel_size_um.z
        if depth is None or not at:
            return "" if depth is None else f"0{NARROW_SPACE}µm"
        return length_in_words(round(at * depth, 3))
    return "" if info.time_interval_s is None else duration_in_words(at * info.time_interval_s)
