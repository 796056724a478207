"""The cross hair over a picture: shows where the other cuts lie, and is dragged, clicked and stepped."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.ui.viewer.canvas import Canvas

REACH = 6.0  # pixels beside a line where it can be taken
STILL = 3.0  # pixels that a click may move
LINE = QColor(255, 225, 90, 210)
SHADE = QColor(0, 0, 0, 110)
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


@dataclass(frozen=True, slots=True)
class Held:
    """Which lines are held, and where that began."""

    x: bool
    y: bool
    at: QPointF


class Cross(QWidget):
    """Lies over a canvas and hears its mouse first; what it has no use for goes on to the canvas.

    On a side view every press takes the cross hair, the wheel steps through the cuts and arrows move it.
    On the picture itself a press on a line takes that line, and a click moves both.
    """

    wished = Signal(object, object)  # x | None, y | None: places in units of the canvas
    nudged = Signal(int, int)  # pixels along x and y
    stepped = Signal(int)

    def __init__(self, canvas: Canvas, *, is_side: bool) -> None:
        super().__init__(canvas)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas = canvas
        self._is_side = is_side
        self._at: tuple[float, float] | None = None
        self._held: Held | None = None
        self._pressed: QPointF | None = None
        canvas.viewport().installEventFilter(self)
        if is_side:
            canvas.installEventFilter(self)
        self.hide()

    def show_at(self, at: tuple[float, float] | None) -> None:
        """Show the cross hair at a place in units; None: nowhere."""
        self._at = at
        self.setVisible(at is not None)
        self.setGeometry(self._canvas.rect())
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw both lines."""
        if self._at is None:
            return
        at = self._pixels(self._at)
        painter = QPainter(self)
        for pen in (QPen(SHADE, 3), QPen(LINE, 1)):
            painter.setPen(pen)
            painter.drawLine(QPointF(at.x(), 0), QPointF(at.x(), self.height()))
            painter.drawLine(QPointF(0, at.y()), QPointF(self.width(), at.y()))
        painter.end()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what concerns the cross hair."""
        if self._at is None or self._canvas.is_panning_held:
            return False
        if isinstance(event, QMouseEvent):
            return self._hear_mouse(event)
        if self._is_side and isinstance(event, QWheelEvent):
            return self._hear_wheel(event)
        if self._is_side and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return watched is self._canvas and self._hear_key(event)
        return False

    def _hear_mouse(self, event: QMouseEvent) -> bool:
        kind, at = event.type(), event.position()
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            return event.button() == Qt.MouseButton.LeftButton and self._press(at)
        if kind == QEvent.Type.MouseMove:
            return self._move(at)
        if kind == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
            return self._release(at)
        return False

    def _press(self, at: QPointF) -> bool:
        on_x, on_y = self._lines_under(at)
        if not (on_x or on_y or self._is_side):
            self._pressed = at
            return False
        both = self._is_side and not (on_x or on_y)
        self._held = Held(on_x or both, on_y or both, at)
        if self._is_side:
            self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
            self._wish(at)
        return True

    def _move(self, at: QPointF) -> bool:
        if self._held is not None:
            self._wish(at)
            return True
        shapes = {
            (True, True): Qt.CursorShape.SizeAllCursor,
            (True, False): Qt.CursorShape.SplitHCursor,
            (False, True): Qt.CursorShape.SplitVCursor,
        }
        shape = shapes.get(self._lines_under(at))
        if shape is not None:
            self._canvas.viewport().setCursor(shape)
        else:
            self._canvas.viewport().unsetCursor()
        return False

    def _release(self, at: QPointF) -> bool:
        if self._held is not None:
            self._held = None
            return True
        pressed, self._pressed = self._pressed, None
        if pressed is not None and (at - pressed).manhattanLength() <= STILL:
            self.wished.emit(*self._units(at))
        return False

    def _wish(self, at: QPointF) -> None:
        held = self._held
        if held is not None:
            x, y = self._units(at)
            self.wished.emit(x if held.x else None, y if held.y else None)

    def _hear_wheel(self, event: QWheelEvent) -> bool:
        if event.modifiers() != Qt.KeyboardModifier.NoModifier or not event.angleDelta().y():
            return False
        self.stepped.emit(1 if event.angleDelta().y() > 0 else -1)
        event.accept()
        return True

    def _hear_key(self, event: QKeyEvent) -> bool:
        by = ARROWS.get(Qt.Key(event.key()))
        if by is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        self.nudged.emit(*by)
        return True

    def _lines_under(self, at: QPointF) -> tuple[bool, bool]:
        if self._at is None:
            return False, False
        cross = self._pixels(self._at)
        return abs(at.x() - cross.x()) <= REACH, abs(at.y() - cross.y()) <= REACH

    def _pixels(self, at: tuple[float, float]) -> QPointF:
        seen = self._canvas.seen
        return QPointF(
            (at[0] - seen.x) / seen.width * self._canvas.width(),
            (at[1] - seen.y) / seen.height * self._canvas.height(),
        )

    def _units(self, at: QPointF) -> tuple[float, float]:
        seen = self._canvas.seen
        return (
            seen.x + at.x() / max(1, self._canvas.width()) * seen.width,
            seen.y + at.y() / max(1, self._canvas.height()) * seen.height,
        )
