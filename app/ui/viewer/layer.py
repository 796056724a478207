"""The picture of one side on a canvas: a coarse ground, and the fine part of it that is looked at."""

from collections.abc import Hashable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from app.ui.viewer.contrast import Packed
from app.ui.viewer.state import Rect


class Picture(QGraphicsItem):
    """Shows packed colours: every pixel a square, unless several fall on one."""

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._packed: Packed | None = None  # what the image looks into
        self._image = QImage()
        self._place = QRectF()

    def show_pixels(self, packed: Packed, place: Rect) -> None:
        """Put `packed` up at `place`."""
        height, width = packed.shape
        if qt_rect(place) != self._place:
            self.prepareGeometryChange()
            self._place = qt_rect(place)
        self._image = QImage(packed.data, width, height, packed.strides[0], QImage.Format.Format_RGB32)
        self._packed = packed
        self.show()
        self.update()

    def boundingRect(self) -> QRectF:
        """Return where the pixels lie."""
        return self._place

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Draw with a soft edge only where the screen has fewer pixels than the image."""
        scale = abs(painter.worldTransform().m11()) * self._place.width() / max(1, self._image.width())
        is_reduced = scale * painter.device().devicePixelRatio() < 1
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_reduced)
        painter.drawImage(self._place, self._image)


class Layer(QGraphicsRectItem):
    """One side. Its rectangle is the part that may be seen: the curtain covers the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemClipsChildrenToShape)
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.ground = Picture(self)
        self.detail = Picture(self)
        self.detail.setZValue(1)
        self._plane: Hashable = None
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self.ground.hide()
        self.detail.hide()
        self._plane = None

    def show_pixels(self, packed: Packed, place: Rect, *, plane: Hashable, is_whole: bool) -> None:
        """Put pixels up; a whole plane replaces all, a part lies on what is there of the same `plane`."""
        if is_whole:
            self.ground.show_pixels(packed, place)
            self.detail.hide()
        else:
            self.detail.show_pixels(packed, place)
            if plane != self._plane:
                self.ground.hide()
        self._plane = plane

    def show_part(self, part: Rect) -> None:
        """Let only this part be seen."""
        self.setRect(qt_rect(part))


def qt_rect(rect: Rect) -> QRectF:
    """Return `rect` for Qt."""
    return QRectF(rect.x, rect.y, rect.width, rect.height)
