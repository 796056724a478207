"""Shapes over a picture, crisp at every zoom: lines and handles keep their width on the screen."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.images.measuring.shapes import Line, Place, Point, Shape

HANDLE = 4.0  # half the side of a handle, in pixels of the screen
CROSS = 7.0  # half the height of a point's cross
DARK = QColor(0, 0, 0, 170)
AT_HAND = QColor(255, 255, 255)
KEPT = QColor(255, 214, 90)
BAND = QColor(255, 255, 255, 60)
PLATE = QColor(0, 0, 0, 150)


@dataclass(frozen=True, slots=True)
class Sketch:
    """One shape with what stands beside it; the one at hand shows its handles while a tool is in hand."""

    shape: Shape
    label: str = ""
    is_at_hand: bool = False
    has_handles: bool = False


class Drawing(QGraphicsItem):
    """All shapes of a picture in one item; it lets the mouse through."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__()
        self._canvas = canvas  # whose pixels are the places of the scene
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._sketches: tuple[Sketch, ...] = ()
        self._trail: tuple[Place, ...] = ()
        self._spot: Place | None = None

    @property
    def sketches(self) -> tuple[Sketch, ...]:
        """What is drawn."""
        return self._sketches

    def show_sketches(self, sketches: tuple[Sketch, ...]) -> None:
        """Draw these shapes."""
        if sketches != self._sketches:
            self._sketches = sketches
            self.update()

    def show_trail(self, trail: tuple[Place, ...]) -> None:
        """Draw a path that is not finished, up to the pointer."""
        if trail != self._trail:
            self._trail = trail
            self.update()

    def show_spot(self, spot: Place | None) -> None:
        """Mark a place on a line."""
        if spot != self._spot:
            self._spot = spot
            self.update()

    def boundingRect(self) -> QRectF:
        """All that is seen: labels and handles stand beside the shapes.

        No more than that, since Qt counts the pixels of the screen in short numbers.
        """
        return self.mapRectFromScene(QRectF(self._canvas.rect()))

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw in pixels of the screen."""
        room = QRectF(painter.viewport() if widget is None else widget.rect())
        to_screen = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for sketch in self._sketches:
            self._paint_sketch(painter, sketch, to_screen, room)
        if len(self._trail) > 1:
            path = QPainterPath()
            path.addPolygon(_mapped(self._trail, to_screen))
            _stroke(painter, path, AT_HAND)
            _paint_handles(painter, self._trail[:-1], to_screen)
        if self._spot is not None:
            painter.setPen(QPen(DARK, 1))
            painter.setBrush(AT_HAND)
            painter.drawEllipse(to_screen.map(QPointF(*self._spot)), HANDLE, HANDLE)
        painter.restore()

    def _paint_sketch(self, painter: QPainter, sketch: Sketch, to_screen: QTransform, room: QRectF) -> None:
        shape = sketch.shape
        tint = AT_HAND if sketch.is_at_hand else KEPT
        outline = _mapped(shape.outline, to_screen)
        box = outline.boundingRect()
        if not box.adjusted(-CROSS, -CROSS, CROSS, CROSS).intersects(room):
            return
        path = QPainterPath()
        if isinstance(shape, Point):
            at = to_screen.map(QPointF(shape.x, shape.y))
            path.addPolygon(QPolygonF([at - QPointF(CROSS, 0), at + QPointF(CROSS, 0)]))
            path.addPolygon(QPolygonF([at - QPointF(0, CROSS), at + QPointF(0, CROSS)]))
        else:
            path.addPolygon(outline)
        if isinstance(shape, Line):
            wide = shape.width * abs(to_screen.m11())
            if wide > 2:
                painter.strokePath(path, QPen(BAND, wide, c=Qt.PenCapStyle.FlatCap))
        elif not isinstance(shape, Point):
            path.closeSubpath()
        _stroke(painter, path, tint)
        if sketch.has_handles and not isinstance(shape, Point):
            _paint_handles(painter, shape.handles, to_screen)
        corners = [QPointF(box.right(), box.top())]
        if isinstance(shape, Line):
            ends = [to_screen.map(QPointF(*end)) for end in shape.points]
            corners = sorted((end for end in ends if room.contains(end)), key=QPointF.x)
        if sketch.label and corners:
            _paint_label(painter, sketch.label, corners[-1] + QPointF(8, -4), tint, room)


def _mapped(points: tuple[Place, ...], to_screen: QTransform) -> QPolygonF:
    return to_screen.map(QPolygonF([QPointF(x, y) for x, y in points]))


def _stroke(painter: QPainter, path: QPainterPath, tint: QColor) -> None:
    painter.strokePath(path, QPen(DARK, 3.5, j=Qt.PenJoinStyle.RoundJoin))
    painter.strokePath(path, QPen(tint, 1.5, j=Qt.PenJoinStyle.RoundJoin))


def _paint_handles(painter: QPainter, places: tuple[Place, ...], to_screen: QTransform) -> None:
    painter.setPen(QPen(DARK, 1))
    painter.setBrush(AT_HAND)
    for place in places:
        at = to_screen.map(QPointF(*place))
        painter.drawRect(QRectF(at.x() - HANDLE, at.y() - HANDLE, 2 * HANDLE, 2 * HANDLE))


def _paint_label(painter: QPainter, text: str, at: QPointF, tint: QColor, room: QRectF) -> None:
    """Write beside a shape, moved into the picture where it would stand outside."""
    metrics = QFontMetricsF(painter.font())
    width, height = metrics.horizontalAdvance(text) + 10, metrics.height() + 2
    left = min(max(at.x(), room.left() + 2), room.right() - width - 2)
    top = min(max(at.y() - height / 2, room.top() + 2), room.bottom() - height - 2)
    plate = QRectF(left, top, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 3, 3)
    painter.setPen(tint)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
