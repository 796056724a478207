"""The profile: gray values along a line, one curve per channel, raw and restored in one plot."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.images.measuring.measure import Curve
from app.text import _
from app.ui.measure import words
from app.ui.measure.measuring import Look, Shown
from app.ui.theme import colour

LEAST_CONTRAST = 3.0  # of a curve against its ground
STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
SIGNS = ("———", "– – –", "· · · ·", "– · –")  # of the styles, in words
LINES_HIGH = 11
FAINT = 140  # opacity of the first of several images, of 255: the others are drawn over it


class ProfilePlot(QWidget):
    """The plot, what its lines stand for, and the values under the mouse."""

    spot_pointed = Signal(object)  # distance along the line in units | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = pg.PlotWidget(enableMenu=False)
        self.plot.setAccessibleName(_("Profile"))
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.hideButtons()
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.plot.setDefaultPadding(0.02)
        self.plot.viewport().installEventFilter(self)
        self.legend = QLabel(wordWrap=True)
        self.readout = QLabel(wordWrap=True)
        self.readout.setProperty("role", "quiet")
        self._mark = pg.InfiniteLine(movable=False)
        self._mark.hide()
        self.plot.addItem(self._mark, ignoreBounds=True)
        self._curves: list[pg.PlotDataItem] = []
        self._shown: Shown | None = None
        self._at: float | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self.plot, self.legend, self.readout):
            layout.addWidget(part)
        self._dress()

    def show_shown(self, shown: Shown | None) -> None:
        """Draw the curves of a measurement; without any there is no plot."""
        self._shown = shown
        curves = shown.measurement.curves if shown is not None else ()
        while len(self._curves) < len(curves):
            item = pg.PlotDataItem(
                connect="finite", autoDownsample=True, autoDownsampleFactor=1.0, downsampleMethod="peak"
            )
            self.plot.addItem(item)
            self._curves.append(item)
        for item in self._curves[len(curves) :]:
            item.clear()
        if shown is None or not curves:
            return
        for item, curve in zip(self._curves, curves, strict=False):
            tint = self._tint(shown.looks[curve.channel])
            tint.setAlpha(FAINT if curve.subject == 0 and len(shown.measurement.names) > 1 else 255)
            item.setPen(pg.mkPen(tint, width=1, style=_style(curve)))
            item.setZValue(curve.subject)
            item.setData(curve.distance, curve.values)
        end = max(float(curve.distance[-1]) for curve in curves)
        self.plot.setXRange(0, end or 1.0, padding=0.01)
        unit = "µm" if shown.is_calibrated else "px"
        self.plot.setLabel("bottom", _("Distance ({unit})").format(unit=unit))
        self._show_legend(shown)
        self._show_values()

    def texts(self) -> tuple[str, str]:
        """What the legend and the readout say."""
        return self.legend.text(), self.readout.text()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme and the size of the text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_curves"):
            self._dress()
            self.show_shown(self._shown)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow the mouse over the plot."""
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._point(self.plot.mapToScene(event.position().toPoint()))
        elif event.type() == QEvent.Type.Leave:
            self._set_spot(None)
        return False

    def minimumSizeHint(self) -> QSize:
        """As narrow as one likes."""
        return QSize(80, super().minimumSizeHint().height())

    def _dress(self) -> None:
        palette, font = self.palette(), self.font()
        self.plot.setBackground(colour("surface", palette))
        for side in ("bottom", "left"):
            axis = self.plot.getAxis(side)
            axis.setPen(colour("edge", palette))
            axis.setTextPen(colour("text", palette))
            axis.setStyle(tickFont=font)
            axis.enableAutoSIPrefix(False)
            axis.label.setFont(font)
        self._mark.setPen(pg.mkPen(colour("accent", palette)))
        self.plot.setFixedHeight(LINES_HIGH * self.fontMetrics().height())

    def _tint(self, look: Look) -> QColor:
        return readable(QColor(look.colour), self.palette())

    def _show_legend(self, shown: Shown) -> None:
        found = shown.measurement
        channels = {curve.channel: shown.looks[curve.channel] for curve in found.curves}
        parts = [
            f'<span style="color:{self._tint(look).name()}">■</span>&nbsp;{_escaped(look.name)}'
            for look in channels.values()
            if len(shown.looks) > 1
        ]
        if len(found.names) > 1:
            parts += [
                f"{SIGNS[number % len(SIGNS)].replace(' ', '&nbsp;')}&nbsp;{_escaped(name)}"
                for number, name in enumerate(found.names)
            ]
        self.legend.setText("&emsp; ".join(parts))
        self.legend.setVisible(bool(parts))

    def _point(self, at: QPointF) -> None:
        box = self.plot.getViewBox()
        is_inside = box.sceneBoundingRect().contains(at)
        self._set_spot(float(box.mapSceneToView(at).x()) if is_inside else None)

    def _set_spot(self, at: float | None) -> None:
        curves = self._shown.measurement.curves if self._shown is not None else ()
        if at is not None and (not curves or not 0 <= at <= curves[0].distance[-1]):
            at = None
        if at != self._at:
            self._at = at
            self._mark.setVisible(at is not None)
            self._mark.setPos(at or 0.0)
            self._show_values()
            self.spot_pointed.emit(at)

    def _show_values(self) -> None:
        shown = self._shown
        if shown is None or self._at is None:
            self.readout.setText(_("Point at the curve to read its values."))
            return
        where = words.length(self._at, is_calibrated=shown.is_calibrated)
        self.readout.setText(f"{where}:  " + ";  ".join(values_at(shown, self._at)))


def values_at(shown: Shown, at: float) -> list[str]:
    """Return for each channel its name and its values at a distance, raw and restored."""
    found: dict[int, list[str]] = {}
    for curve in shown.measurement.curves:
        number = int(np.argmin(np.abs(curve.distance - at)))
        value = words.number_in_words(float(curve.values[number]))
        several = len(shown.measurement.names) > 1
        name = shown.measurement.names[curve.subject]
        found.setdefault(curve.channel, []).append(f"{name} {value}" if several else value)
    return [
        f"{shown.looks[channel].name} {', '.join(values)}" if len(shown.looks) > 1 else ", ".join(values)
        for channel, values in found.items()
    ]


def readable(tint: QColor, palette: QPalette) -> QColor:
    """Return a colour near `tint` that can be told from the ground of the theme."""
    ground = colour("surface", palette)
    towards = QColor("black") if ground.lightness() > 127 else QColor("white")
    for step in range(21):
        mixed = _mixed(tint, towards, step / 20)
        if contrast(mixed, ground) >= LEAST_CONTRAST:
            return mixed
    return towards


def contrast(one: QColor, other: QColor) -> float:
    """Return the ratio of two colours' luminances, 1 to 21."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _parts(tint: QColor) -> tuple[float, float, float]:
    return tint.redF(), tint.greenF(), tint.blueF()


def _mixed(one: QColor, other: QColor, share: float) -> QColor:
    pairs = zip(_parts(one), _parts(other), strict=True)
    red, green, blue = (first + (second - first) * share for first, second in pairs)
    return QColor.fromRgbF(red, green, blue)


def _luminance(tint: QColor) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(tint)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _style(curve: Curve) -> Qt.PenStyle:
    return STYLES[curve.subject % len(STYLES)]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
