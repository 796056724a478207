"""What is written over a picture: scale bar, names of the sides, a sentence where nothing can be seen."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.ui.viewer.scalebar import ScaleBar

WHITE = QColor(255, 255, 255)
DARK = QColor(0, 0, 0, 190)
PLATE = QColor(0, 0, 0, 140)
MARGIN = 14.0


class Overlay(QWidget):
    """Lies over a picture and lets every click through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._bar: ScaleBar | None = None
        self._pixels = 0.0
        self._tags: tuple[str, ...] = ()
        self._middle: float | None = None
        self._sentence = ""
        self._mark = ""
        self._mark_at = QPointF()

    @property
    def scale_bar(self) -> tuple[ScaleBar | None, float]:
        """The bar and its length in pixels of the widget."""
        return self._bar, self._pixels

    @property
    def tags(self) -> tuple[str, ...]:
        """The names of the sides, from left to right."""
        return self._tags

    def show_scale_bar(self, bar: ScaleBar | None, pixels: float) -> None:
        """Draw a bar that is `pixels` long."""
        if (bar, pixels) != (self._bar, self._pixels):
            self._bar, self._pixels = bar, pixels
            self.update()

    def show_tags(self, tags: Sequence[str], middle: float | None = None) -> None:
        """Name what is seen; two names stand left and right of `middle`."""
        if (tuple(tags), middle) != (self._tags, self._middle):
            self._tags, self._middle = tuple(tags), middle
            self.update()

    def show_mark(self, text: str, at: QPointF) -> None:
        """Name a part of the picture whose upper left corner is there; empty: no name."""
        if (text, at) != (self._mark, self._mark_at):
            self._mark, self._mark_at = text, at
            self.update()

    def show_sentence(self, sentence: str) -> None:
        """Say in the middle why nothing is seen; empty: nothing to say."""
        if sentence != self._sentence:
            self._sentence = sentence
            self.setAccessibleDescription(sentence)
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw what there is to say."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_tags(painter)
        self._paint_bar(painter)
        if self._sentence:
            self._paint_sentence(painter)
        painter.end()

    def _paint_bar(self, painter: QPainter) -> None:
        if self._bar is None:
            return
        metrics = QFontMetricsF(self.font())
        thick = max(4.0, round(metrics.height() / 4))
        right, bottom = self.width() - MARGIN, self.height() - MARGIN
        bar = QRectF(right - self._pixels, bottom - thick, self._pixels, thick)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(bar.toRect().adjusted(-1, -1, 1, 1), DARK)
        painter.fillRect(bar.toRect(), WHITE)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = metrics.horizontalAdvance(self._bar.text)
        left = min(bar.center().x() - width / 2, right - width)
        self._outlined(painter, QPointF(left, bar.top() - metrics.descent() - 3), self._bar.text)

    def _outlined(self, painter: QPainter, at: QPointF, text: str) -> None:
        path = QPainterPath()
        path.addText(at, self.font(), text)
        painter.strokePath(path, QPen(QBrush(DARK), 3, j=Qt.PenJoinStyle.RoundJoin))
        painter.fillPath(path, WHITE)

    def _paint_tags(self, painter: QPainter) -> None:
        for index, tag in enumerate(self._tags):
            left = MARGIN
            if self._middle is not None and len(self._tags) == 2:
                left = self._middle + 8 if index else self._middle - 8 - self._plate_width(tag)
            self._paint_plate(painter, QPointF(left, MARGIN), tag)
        if self._mark:
            self._paint_plate(painter, self._mark_at + QPointF(5, 5), self._mark)

    def _plate_width(self, text: str) -> float:
        return QFontMetricsF(self.font()).horizontalAdvance(text) + 14

    def _paint_plate(self, painter: QPainter, at: QPointF, text: str) -> None:
        height = QFontMetricsF(self.font()).height() + 6
        plate = QRectF(at.x(), at.y(), self._plate_width(text), height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(PLATE)
        painter.drawRoundedRect(plate, 4, 4)
        painter.setPen(WHITE)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_sentence(self, painter: QPainter) -> None:
        wide = min(self.width() - 4 * MARGIN, 460.0)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        limits = QRectF((self.width() - wide) / 2, 0, wide, self.height())
        needed = painter.boundingRect(limits, flags, self._sentence)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(PLATE)
        painter.drawRoundedRect(needed.adjusted(-14, -10, 14, 10), 6, 6)
        painter.setPen(WHITE)
        painter.drawText(limits, flags, self._sentence)
