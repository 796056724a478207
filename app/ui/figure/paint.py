"""From a sheet to pixels: pictures are copied, words are drawn by Qt. Safe in any thread."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from app.images.picture import Box, Picture, resized
from app.ui.figure.sheet import PAPER, Image, Sheet, Words

RIM = 0.2  # of the height of text: the dark rim around it


def painted(sheet: Sheet) -> Picture:
    """Return the sheet as red, green and blue, (h, w, 3) uint8."""
    paper = QColor(PAPER)
    canvas = np.empty((sheet.height, sheet.width, 3), np.uint8)
    canvas[:] = (paper.red(), paper.green(), paper.blue())
    for image in sheet.images:
        _put(canvas, image)
    if sheet.blocks or sheet.words:
        _write(canvas, sheet)
    return canvas


def as_image(picture: Picture) -> QImage:
    """Return a picture as Qt holds it, with pixels of its own."""
    height, width, _parts = picture.shape
    solid = np.ascontiguousarray(picture)
    return QImage(solid.data, width, height, solid.strides[0], QImage.Format.Format_RGB888).copy()


def _put(canvas: Picture, image: Image) -> None:
    left, top, right, bottom = _whole(image.at, canvas)
    if right <= left or bottom <= top:
        return
    pixels = resized(image.picture, image.box, (right - left, bottom - top))
    x0, y0, x1, y1 = _whole(image.clip, canvas)
    x0, y0, x1, y1 = max(left, x0), max(top, y0), min(right, x1), min(bottom, y1)
    if x0 < x1 and y0 < y1:
        canvas[y0:y1, x0:x1] = pixels[y0 - top : y1 - top, x0 - left : x1 - left]


def _whole(box: Box, canvas: Picture) -> tuple[int, int, int, int]:
    """Return `box` in whole pixels of the canvas."""
    height, width, _parts = canvas.shape
    left, top, right, bottom = (round(edge) for edge in box)
    return max(0, left), max(0, top), min(width, right), min(height, bottom)


def _write(canvas: Picture, sheet: Sheet) -> None:
    surface = QImage(canvas.data, sheet.width, sheet.height, canvas.strides[0], QImage.Format.Format_RGB888)
    painter = QPainter(surface)
    for block in sheet.blocks:
        tint = QColor(block.colour)
        tint.setAlphaF(block.opacity)
        left, top, right, bottom = (round(edge) for edge in block.at)
        painter.fillRect(QRectF(left, top, max(1, right - left), max(1, bottom - top)), tint)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for words in sheet.words:
        _write_words(painter, words)
    painter.end()


def _write_words(painter: QPainter, words: Words) -> None:
    font = QFont()
    font.setPixelSize(max(1, round(words.size)))
    width = QFontMetricsF(font).horizontalAdvance(words.text)
    left = words.x - {"start": 0.0, "middle": width / 2, "end": width}[words.anchor]
    path = QPainterPath()
    path.addText(QPointF(left, words.y), font, words.text)
    rim = QColor(0, 0, 0, 190)
    painter.strokePath(path, QPen(QBrush(rim), RIM * words.size, j=Qt.PenJoinStyle.RoundJoin))
    painter.fillPath(path, QColor(words.colour))
