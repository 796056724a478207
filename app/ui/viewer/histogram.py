"""The histogram of a channel, with the range and the gamma of its contrast to be dragged."""

import math
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.text import _
from app.ui.theme import colour
from app.ui.viewer import luts
from app.ui.viewer.contrast import Histogram, ramp
from app.ui.viewer.state import Contrast

REACH = 8.0  # pixels beside an end of the range or the gamma handle where it can be taken
HANDLE = 4.5  # pixels: radius of the gamma handle
GAMMAS = (0.1, 5.0)
FOOT = 8.0  # pixels of the strip of colours under the histogram

Part = Literal["low", "high", "gamma"]


class HistogramView(QWidget):
    """Bars, the range that is drawn from dark to bright with its curve, and the colours below."""

    contrast_wished = Signal(object)  # Contrast

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Histogram"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._histogram: Histogram | None = None
        self._contrast: Contrast | None = None
        self._lut = "Grays"
        self._is_log = False
        self._held: Part | None = None
        self._limits_held = (0.0, 1.0)

    def sizeHint(self) -> QSize:
        """Return a height that grows with the text."""
        line = self.fontMetrics().height()
        return QSize(10 * line, 7 * line)

    def show_histogram(self, found: Histogram | None) -> None:
        """Show how often gray values occur."""
        self._histogram = found
        self.update()

    def show_contrast(self, contrast: Contrast | None, lut: str) -> None:
        """Show the range and its colours."""
        self._contrast, self._lut = contrast, lut
        self.update()

    def show_log(self, is_log: bool) -> None:  # noqa: FBT001 - a slot
        """Make rare values visible by drawing logarithms."""
        self._is_log = is_log
        self.update()

    @property
    def limits(self) -> tuple[float, float]:
        """The gray values at the left and the right edge."""
        if self._held is not None:
            return self._limits_held
        lows, highs = [], []
        if self._histogram is not None:
            lows.append(self._histogram.low)
            highs.append(self._histogram.high)
        if self._contrast is not None:
            lows.append(self._contrast.low)
            highs.append(self._contrast.high)
        low, high = min(lows, default=0.0), max(highs, default=1.0)
        return (low, high) if high > low else (low, low + 1.0)

    def to_pixels(self, value: float) -> float:
        """Return where a gray value lies along the widget."""
        low, high = self.limits
        return 1 + (value - low) / (high - low) * max(1, self.width() - 2)

    def to_value(self, x: float) -> float:
        """Return the gray value at a place along the widget."""
        low, high = self.limits
        return low + (x - 1) / max(1, self.width() - 2) * (high - low)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw bars, range and colours."""
        painter = QPainter(self)
        palette = self.palette()
        ground = QRectF(0, 0, self.width(), self.height() - FOOT)
        painter.fillRect(ground, colour("surface", palette))
        if self._histogram is not None:
            self._paint_bars(painter, ground, colour("quiet", palette))
        if self._contrast is not None:
            self._paint_range(painter, ground, colour("accent", palette), self._contrast)
        painter.end()

    def _paint_bars(self, painter: QPainter, ground: QRectF, tint: QColor) -> None:
        heights = columns(self._histogram, self.limits, self.width()) if self._histogram else np.zeros(1)
        heights = np.log1p(heights) if self._is_log else heights
        tallest = heights.max(initial=0) or 1.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint)
        for x, height in enumerate(heights / tallest * (ground.height() - 2)):
            if height > 0:
                painter.drawRect(QRectF(x, ground.bottom() - max(1.0, height), 1, max(1.0, height)))

    def _paint_range(self, painter: QPainter, ground: QRectF, tint: QColor, contrast: Contrast) -> None:
        low, high = self.to_pixels(contrast.low), self.to_pixels(contrast.high)
        shade = colour("surface", self.palette())
        shade.setAlpha(150)
        painter.fillRect(QRectF(0, 0, low, ground.height()), shade)
        painter.fillRect(QRectF(high, 0, self.width() - high, ground.height()), shade)
        at = np.linspace(contrast.low, contrast.high, 48)
        bright = ramp(at, contrast)
        curve = QPolygonF(
            [
                QPointF(self.to_pixels(value), ground.bottom() - 1 - y * (ground.height() - 2))
                for value, y in zip(at, bright, strict=True)
            ]
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tint, 1.5))
        painter.drawPolyline(curve)
        painter.setPen(QPen(tint, 2))
        for x in (low, high):
            painter.drawLine(QPointF(x, 0), QPointF(x, ground.bottom()))
        painter.setBrush(colour("surface", self.palette()))
        painter.drawEllipse(self.handle, HANDLE, HANDLE)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        values = self.to_value(0) + np.arange(self.width()) / max(1, self.width()) * (
            self.to_value(self.width()) - self.to_value(0)
        )
        shown = luts.table(self._lut)[(ramp(values, contrast) * (luts.SIZE - 1)).astype(int)]
        for x, (red, green, blue) in enumerate(shown.tolist()):
            painter.fillRect(QRectF(x, ground.bottom() + 2, 1, FOOT - 2), QColor(red, green, blue))

    @property
    def handle(self) -> QPointF:
        """Where gamma is taken: the middle of the curve."""
        contrast = self._contrast or Contrast(*self.limits)
        tall = self.height() - FOOT
        bright = 0.5**contrast.gamma
        return QPointF(self.to_pixels((contrast.low + contrast.high) / 2), tall - 1 - bright * (tall - 2))

    def gamma_at(self, y: float) -> float:
        """Return the gamma with which the middle of the curve is at this height."""
        tall = self.height() - FOOT
        bright = min(max((tall - 1 - y) / max(1.0, tall - 2), 0.01), 0.99)
        return round(min(max(math.log(bright) / math.log(0.5), GAMMAS[0]), GAMMAS[1]), 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the gamma handle or the nearer end of the range."""
        if self._contrast is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._limits_held = self.limits
        self._held = self._part_at(event.position())
        if self._held != "gamma":
            self.mouseMoveEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Make the curve straight again where its handle is clicked twice."""
        if self._contrast is not None and self._part_at(event.position()) == "gamma":
            self.contrast_wished.emit(replace(self._contrast, gamma=1.0))
        else:
            self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag what is held."""
        contrast, x = self._contrast, event.position().x()
        if contrast is None:
            return
        if self._held is None:
            self.setCursor(self._cursor_at(event.position()))
            return
        if self._held == "gamma":
            self.contrast_wished.emit(replace(contrast, gamma=self.gamma_at(event.position().y())))
            return
        value, least = self.to_value(x), self._least
        value = float(round(value)) if least == 1.0 else value
        if self._held == "low":
            self.contrast_wished.emit(replace(contrast, low=min(value, contrast.high - least)))
        else:
            self.contrast_wished.emit(replace(contrast, high=max(value, contrast.low + least)))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._held = None
        self.update()

    def _part_at(self, at: QPointF) -> Part:
        """Return what is taken there: gamma only where it is nearer than both ends."""
        if self._contrast is None:
            return "low"
        low, high = self.to_pixels(self._contrast.low), self.to_pixels(self._contrast.high)
        to_end = min(abs(at.x() - low), abs(at.x() - high))
        to_handle = math.hypot(at.x() - self.handle.x(), at.y() - self.handle.y())
        if to_handle <= REACH and to_handle < to_end:
            return "gamma"
        return "low" if abs(at.x() - low) < abs(at.x() - high) or at.x() < low else "high"

    def _cursor_at(self, at: QPointF) -> Qt.CursorShape:
        if self._contrast is None:
            return Qt.CursorShape.ArrowCursor
        if self._part_at(at) == "gamma":
            return Qt.CursorShape.SizeVerCursor
        ends = (self.to_pixels(self._contrast.low), self.to_pixels(self._contrast.high))
        is_near = min(abs(at.x() - end) for end in ends) <= REACH
        return Qt.CursorShape.SplitHCursor if is_near else Qt.CursorShape.ArrowCursor

    @property
    def _least(self) -> float:
        """The least width of the range: one gray value, or one bin."""
        return self._histogram.width if self._histogram is not None else 1.0


def columns(found: Histogram, limits: tuple[float, float], width: int) -> NDArray[np.float64]:
    """Return the counts per column of pixels between two gray values: the tallest of those on one column.

    Where one bin is wider than a column, it fills all the columns it spans.
    """
    low, high = limits
    edges = np.linspace(low, high, width + 1)
    first = np.floor((edges[:-1] - found.low) / found.width + 0.5).astype(int)
    last = np.maximum(np.floor((edges[1:] - found.low) / found.width + 0.5).astype(int), first + 1)
    heights = np.zeros(width)
    for x, (start, stop) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        some = found.counts[max(0, start) : max(0, stop)]
        heights[x] = some.max(initial=0)
    return heights
