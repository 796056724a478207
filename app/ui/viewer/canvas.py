"""The place for one picture: what is put up is set, what the mouse wants is said. Nothing is decided here."""

from collections.abc import Hashable
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPen,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsItem,
    QGraphicsLineItem,
    QGraphicsRectItem,
    QGraphicsScene,
    QGraphicsView,
    QWidget,
)

from app.text import _
from app.ui.theme import colour
from app.ui.viewer import scalebar
from app.ui.viewer.contrast import Packed
from app.ui.viewer.layer import Layer, Picture, qt_rect
from app.ui.viewer.overlay import Overlay
from app.ui.viewer.plan import Viewport, fitted, moved, zoomed
from app.ui.viewer.state import Rect, Side

Grip = Literal["pan", "curtain", "box"]

REACH = 7  # pixels beside the curtain where it can be taken
BAR_SHARE = 0.25  # of the width: the longest scale bar
NOTCH = 120.0  # of a wheel
PER_NOTCH = 1.25
LINE = QColor(255, 255, 255, 230)
SHADE = QColor(0, 0, 0, 150)


class Canvas(QGraphicsView):
    """Shows one or two sides, a curtain between them, a preview frame and a scale bar."""

    view_wished = Signal(object)  # Rect, in units
    curtain_wished = Signal(float)  # place in units along x
    box_wished = Signal(object)  # Rect, in units
    box_released = Signal()
    pointer_moved = Signal(object)  # (x, y) in units | None
    stepped = Signal(str, int)  # axis "Z" or "T", by how many
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self.setAccessibleName(_("Picture"))
        self.setMinimumSize(120, 120)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self._units = QGraphicsRectItem()  # what lies in it has places in units
        self._units.setPen(QPen(Qt.PenStyle.NoPen))
        self.scene().addItem(self._units)
        self._layers: dict[Side, Layer] = {
            "raw": Layer(),
            "restored": Layer(),
            "difference": Layer(),
        }
        for order, layer in enumerate(self._layers.values()):
            layer.setZValue(order)
            layer.setParentItem(self._units)
        self._curtain = (self._line(SHADE, 4.0), self._line(LINE, 1.5))
        self._frame = QGraphicsRectItem()
        self._frame.setPen(_cosmetic(SHADE, 4.0))
        self._frame.setZValue(30)
        self._frame.setParentItem(self._units)
        self._edge = QGraphicsRectItem(self._frame)
        self._edge.setPen(_cosmetic(LINE, 1.5))
        self._preview = Picture(self._frame)
        self._preview.setFlag(Picture.GraphicsItemFlag.ItemStacksBehindParent)
        self._frame.hide()
        self._preview.hide()
        self.overlay = Overlay(self)
        self._over = Rect(0, 0, 1, 1)
        self._view: Rect | None = None
        self._is_calibrated = False
        self._sides: tuple[Side, ...] = ("raw",)
        self._curtain_at = 0.0
        self._tags: tuple[str, ...] = ()
        self._grip: Grip | None = None
        self._grip_at = QPointF()
        self._grip_rect = Rect(0, 0, 1, 1)
        self.is_panning_held = False
        self._paint_ground()

    # What is put up

    @property
    def viewport_size(self) -> Viewport:
        """The size in pixels of the screen."""
        ratio = self.devicePixelRatioF()
        return Viewport(max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))

    @property
    def seen(self) -> Rect:
        """What is seen, in units."""
        return fitted(self._view, self._over, Viewport(max(1, self.width()), max(1, self.height())))

    def show_extent(self, over: Rect, *, is_calibrated: bool) -> None:
        """Say where the image lies and whether units are micrometres; shows nothing of it yet."""
        self._over, self._is_calibrated = over, is_calibrated
        for layer in self._layers.values():
            layer.clear()
        self._follow()

    def show_reach(self, over: Rect) -> None:
        """Say how far all that can be seen reaches."""
        if over != self._over:
            self._over = over
            self._follow()

    def show_view(self, view: Rect | None) -> None:
        """Show this part; None: all of it."""
        if view != self._view:
            self._view = view
            self._follow()

    def show_sides(self, sides: tuple[Side, ...], tags: tuple[str, ...]) -> None:
        """Show one side, or two with the curtain between them; `tags` are their names, if any."""
        self._sides, self._tags = sides, tags
        for side, layer in self._layers.items():
            layer.setVisible(side in sides)
        self._draw_curtain()

    def show_curtain(self, at: float) -> None:
        """Hang the curtain at this place along x, in units."""
        self._curtain_at = at
        self._draw_curtain()

    def show_pixels(
        self, side: Side, packed: Packed, place: Rect, *, plane: Hashable, is_whole: bool
    ) -> None:
        """Put up pixels of one side."""
        self._layers[side].show_pixels(packed, place, plane=plane, is_whole=is_whole)

    def lay_over(self, item: QGraphicsItem) -> None:
        """Lay something, whose coordinates are units, over the pictures and the curtain."""
        item.setZValue(40)
        item.setParentItem(self._units)

    def clear(self, side: Side) -> None:
        """Take down one side."""
        self._layers[side].clear()

    def show_frame(self, rect: Rect | None) -> None:
        """Show the preview's frame there; None: no frame."""
        self._frame.setVisible(rect is not None)
        if rect is not None and qt_rect(rect) != self._frame.rect():
            self._frame.setRect(qt_rect(rect))
            self._edge.setRect(qt_rect(rect))
            self._preview.hide()

    def show_in_frame(self, packed: Packed | None) -> None:
        """Fill the preview's frame; None: let the picture below be seen."""
        if packed is None:
            self._preview.hide()
        else:
            rect = self._frame.rect()
            self._preview.show_pixels(packed, Rect(rect.x(), rect.y(), rect.width(), rect.height()))
        self._mark_preview()

    # What follows from it

    def _follow(self) -> None:
        seen = self.seen
        self.setSceneRect(0, 0, self.width(), self.height())
        per_unit = self.width() / seen.width
        self._units.setTransform(QTransform.fromScale(per_unit, per_unit).translate(-seen.x, -seen.y))
        longest = seen.width * BAR_SHARE
        bar = scalebar.choose(longest, is_calibrated=self._is_calibrated)
        self.overlay.show_scale_bar(bar, bar.length * self.width() / seen.width if bar else 0.0)
        self._draw_curtain()
        self._mark_preview()

    def _draw_curtain(self) -> None:
        is_hung = len(self._sides) == 2
        left, right = self._sides[0], self._sides[-1]
        at, seen, over = self._curtain_at, self.seen, self._over
        self._layers[left].setZValue(0)
        self._layers[left].show_part(over)
        if is_hung:  # what is not covered by the right picture is not the left one
            self._layers[left].show_part(Rect(over.x, over.y, max(0.0, at - over.x), over.height))
            self._layers[right].setZValue(1)
            self._layers[right].show_part(Rect(at, over.y, over.x + over.width - at, over.height))
        for line in self._curtain:
            line.setVisible(is_hung)
            line.setLine(at, seen.y - seen.height, at, seen.y + 2 * seen.height)
        self.overlay.show_tags(self._tags, self._to_pixels(at) if is_hung else None)

    def _mark_preview(self) -> None:
        is_filled = self._frame.isVisible() and self._preview.isVisible()
        corner = self._frame.rect().topLeft()
        at = QPointF(
            self._to_pixels(corner.x()), (corner.y() - self.seen.y) / self.seen.height * self.height()
        )
        self.overlay.show_mark(_("restored") if is_filled else "", at)

    def _to_pixels(self, x: float) -> float:
        seen = self.seen
        return (x - seen.x) / seen.width * self.width()

    def _to_units(self, at: QPointF) -> tuple[float, float]:
        seen = self.seen
        return (
            seen.x + at.x() / max(1, self.width()) * seen.width,
            seen.y + at.y() / max(1, self.height()) * seen.height,
        )

    def _line(self, tint: QColor, width: float) -> QGraphicsLineItem:
        line = QGraphicsLineItem()
        line.setPen(_cosmetic(tint, width))
        line.setZValue(20)
        line.hide()
        line.setParentItem(self._units)
        return line

    def _paint_ground(self) -> None:
        self.setBackgroundBrush(colour("picture", self.palette()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what was seen in view."""
        super().resizeEvent(event)
        if hasattr(self, "overlay"):  # Qt resizes while it constructs
            self.overlay.resize(event.size())
            self._follow()
            self.resized.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_ground()

    # What the mouse wants

    def grip_at(self, at: QPointF) -> Grip:
        """What a press there would take hold of."""
        return self._grip_under(at)

    def _grip_under(self, at: QPointF) -> Grip:
        if self.is_panning_held:
            return "pan"
        if len(self._sides) == 2 and abs(at.x() - self._to_pixels(self._curtain_at)) <= REACH:
            return "curtain"
        return (
            "box" if self._frame.isVisible() and self._frame.rect().contains(*self._to_units(at)) else "pan"
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the curtain, of the frame or of the picture."""
        buttons = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)
        if event.button() not in buttons:
            event.ignore()
            return
        is_left = event.button() == Qt.MouseButton.LeftButton
        self._grip = self._grip_under(event.position()) if is_left else "pan"
        self._grip_at = event.position()
        frame = self._frame.rect()
        is_box = self._grip == "box"
        self._grip_rect = Rect(frame.x(), frame.y(), frame.width(), frame.height()) if is_box else self.seen
        if self._grip == "pan":
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move what is held; else say where the pointer is."""
        at = event.position()
        per_pixel = self.seen.width / max(1, self.width())
        by_x, by_y = (at.x() - self._grip_at.x()) * per_pixel, (at.y() - self._grip_at.y()) * per_pixel
        held = self._grip_rect
        if self._grip == "pan":
            self.view_wished.emit(moved(held, -by_x, -by_y, self._over))
        elif self._grip == "curtain":
            self.curtain_wished.emit(self._to_units(at)[0])
        elif self._grip == "box":
            self.box_wished.emit(Rect(held.x + by_x, held.y + by_y, held.width, held.height))
        else:
            self._show_cursor(at)
        self.pointer_moved.emit(self._to_units(at))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if self._grip == "box":
            self.box_released.emit()
        self._grip = None
        self._show_cursor(event.position())
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take a second press for what it is."""
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer; with Ctrl step through Z, with Alt through T."""
        delta = event.angleDelta().y() or event.angleDelta().x()  # Alt turns the wheel by a right angle
        by = 1 if delta > 0 else -1
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.stepped.emit("Z", by)
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.stepped.emit("T", by)
        elif delta:
            factor = PER_NOTCH ** (delta / NOTCH)
            self.view_wished.emit(zoomed(self.seen, factor, self._over, self._to_units(event.position())))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Say that the pointer is gone."""
        self.pointer_moved.emit(None)
        super().leaveEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show what can be taken where the pointer comes in."""
        self._show_cursor(event.position())
        super().enterEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave every key to the viewer."""
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Leave every key to the viewer."""
        event.ignore()

    def _show_cursor(self, at: QPointF) -> None:
        shapes = {
            "curtain": Qt.CursorShape.SplitHCursor,
            "box": Qt.CursorShape.SizeAllCursor,
            "pan": Qt.CursorShape.OpenHandCursor if self.is_panning_held else Qt.CursorShape.CrossCursor,
        }
        self.setCursor(shapes[self._grip_under(at)])


def _cosmetic(tint: QColor, width: float) -> QPen:
    pen = QPen(tint, width)
    pen.setCosmetic(True)
    return pen
