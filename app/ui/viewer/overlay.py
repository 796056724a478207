"""What is written over a picture: scale bar, names of the sides, a sentence where nothing can be seen."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QWidget

from app.ui.viewer.legend import Legend
from app.ui.viewer.legend import paint as paint_legend
from app.ui.viewer.scalebar import ScaleBar

WHITE = QColor(255, 255, 255)
DARK = QColor(0, 0, 0, 190)
PLATE = QColor(0, 0, 0, 140)
MARGIN = 14.0
HALO = 3  # pixels around a text for its dark edge


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
        self._legend: Legend | None = None
        self._mark = ""
        self._mark_at = QPointF()
        self._written_key: tuple[str, str, float] | None = None
        self._picture = QPixmap()

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

    @property
    def legend(self) -> Legend | None:
        """What the colours of a difference mean."""
        return self._legend

    def show_legend(self, legend: Legend | None) -> None:
        """Say what the colours of a difference mean; None: nothing to say."""
        if legend != self._legend:
            self._legend = legend
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
        if self._legend is not None:
            paint_legend(painter, self._legend, QPointF(MARGIN, self.height() - MARGIN), self.width())
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
        picture = self._written(self._bar.text)
        painter.drawPixmap(QPointF(left - HALO, bar.top() - 3 - metrics.height() - HALO), picture)

    def _written(self, text: str) -> QPixmap:
        """Return `text` in white with a dark edge; drawn once, since every plane is painted below it."""
        key = (text, self.font().key(), self.devicePixelRatioF())
        if key != self._written_key:
            self._written_key, self._picture = key, outlined(text, self.font(), self.devicePixelRatioF())
        return self._picture

    def _paint_tags(self, painter: QPainter) -> None:
        for index, tag in enumerate(self._tags):
            left, room = MARGIN, self.width() - 2 * MARGIN
            if self._middle is not None and len(self._tags) == 2:
                beside = self.width() - self._middle if index else self._middle
                tag = self._fitting(tag, max(beside - 8 - MARGIN, room / 4))
                left = self._middle + 8 if index else self._middle - 8 - self._plate_width(tag)
            self._paint_plate(painter, QPointF(left, MARGIN), self._fitting(tag, room))
        if self._mark:
            self._paint_plate(painter, self._mark_at + QPointF(5, 5), self._mark)

    def _fitting(self, text: str, room: float) -> str:
        """Return a text with its middle left out where there is no room for all of it on a plate."""
        return QFontMetricsF(self.font()).elidedText(text, Qt.TextElideMode.ElideMiddle, room - 14)

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


def outlined(text: str, font: QFont, ratio: float) -> QPixmap:
    """Return `text` in white with a dark edge of `HALO` pixels, for a screen of that pixel ratio."""
    metrics = QFontMetricsF(font)
    wide, high = metrics.horizontalAdvance(text) + 2 * HALO, metrics.height() + 2 * HALO
    picture = QPixmap(math.ceil(wide * ratio), math.ceil(high * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    path = QPainterPath()
    path.addText(QPointF(HALO, HALO + metrics.ascent()), font, text)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.strokePath(path, QPen(QBrush(DARK), 3, j=Qt.PenJoinStyle.RoundJoin))
    painter.fillPath(path, WHITE)
    painter.end()
    return picture
