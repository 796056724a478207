"""What mouse and keys do on the pictures while a tool is in hand. Without a tool nothing is touched here.

It hears the events of the canvases before they do, and passes on what it does not want: panning with Space
held, the middle button, the wheel, and the curtain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from app.images.measuring.shapes import (
    Line,
    Place,
    Point,
    Polygon,
    Shape,
    at_45_degrees,
    on_grid,
)
from app.ui.measure import tools
from app.ui.viewer.canvas import Canvas

if TYPE_CHECKING:
    from app.ui.measure.measuring import Measuring

REACH = 7.0  # pixels of the screen around a handle or an outline where it can be taken
STILL = 3.0  # pixels of the screen that the mouse may tremble in a click
GRAIN = 2.0  # pixels of the screen between two corners drawn freehand
FEW = 1.5  # pixels of the screen; a shape no larger was a mere click
STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
FAR = 10  # pixels that an arrow key moves a shape with Shift


@dataclass(frozen=True, slots=True)
class Grip:
    """What is held: a shape as it was when it was taken; without a handle it is moved as a whole."""

    shape: Shape
    start: Place
    handle: int | None = None
    is_new: bool = False


class Hand(QObject):
    """Turns events on the canvases into shapes."""

    def __init__(self, measuring: Measuring, canvases: tuple[Canvas, ...], viewer: QObject) -> None:
        super().__init__(measuring)
        self._measuring = measuring
        self._canvases = {canvas.viewport(): canvas for canvas in canvases}
        self._viewer = viewer
        self._grip: Grip | None = None
        self._pressed_at = QPointF()
        self._has_moved = False
        self._trail: tuple[Place, ...] = ()  # corners set so far with a tool that works by clicks
        for viewport in self._canvases:
            viewport.installEventFilter(self)
        viewer.installEventFilter(self)

    @property
    def trail(self) -> tuple[Place, ...]:
        """The corners of a shape that is not finished."""
        return self._trail

    def let_go(self) -> bool:
        """Give up what is being drawn; False: nothing was."""
        was_busy = bool(self._trail) or self._grip is not None
        if self._grip is not None and not self._grip.is_new:
            self._measuring.set_shape(self._grip.shape)
        elif self._grip is not None:
            self._measuring.set_shape(None)
        self._grip = None
        self._set_trail(())
        return was_busy

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the events that a tool wants."""
        if self._measuring.tool is None:
            return False
        if watched is self._viewer:
            is_press = event.type() == QEvent.Type.KeyPress
            return is_press and isinstance(event, QKeyEvent) and self._press_key(event)
        canvas = next((one for viewport, one in self._canvases.items() if viewport is watched), None)
        if canvas is None or not isinstance(event, QMouseEvent):
            return False
        kind = event.type()
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            return self._press(canvas, event, is_double=kind == QEvent.Type.MouseButtonDblClick)
        if kind == QEvent.Type.MouseMove:
            return self._move(canvas, event)
        return kind == QEvent.Type.MouseButtonRelease and self._release(canvas, event)

    # The mouse

    def _press(self, canvas: Canvas, event: QMouseEvent, *, is_double: bool) -> bool:
        if event.button() == Qt.MouseButton.RightButton and self._trail:
            self._finish_trail()
            return True
        key = self._measuring.tool
        if key is None or event.button() != Qt.MouseButton.LeftButton or canvas.is_panning_held:
            return False
        at, reach = place_on(canvas, event.position()), REACH * per_pixel(canvas)
        if self._trail:
            self._go_on_trail(at, reach, is_double=is_double, constrained=_is_shifted(event))
            return True
        found = self._measuring.grip_at(at, reach)
        kept = self._measuring.kept_at(at, reach) if found is None else None
        if found is None and canvas.grip_at(event.position()) == "curtain":
            return False
        if kept is not None:
            self._measuring.choose(kept.number)
            found = Grip(kept.shape, at)
        canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        self._pressed_at, self._has_moved = event.position(), False
        if found is not None:
            self._grip = found
        elif tools.tool(key).by_clicks:
            self._measuring.set_shape(None)
            self._set_trail((at,))
        else:
            shape = tools.begin(key, at, self._measuring.line_width)
            self._measuring.choose(None)
            self._grip = Grip(shape, at, tools.end_handle(key), is_new=True)
            if isinstance(shape, Point):
                self._measuring.set_shape(shape)
        event.accept()
        return True

    def _move(self, canvas: Canvas, event: QMouseEvent) -> bool:
        at = place_on(canvas, event.position())
        if self._trail:
            end = at_45_degrees(self._trail[-1], at) if _is_shifted(event) else at
            self._measuring.show_trail((*self._trail, end))
            canvas.pointer_moved.emit(at)
            return not canvas.is_panning_held
        if self._grip is not None:
            self._drag(canvas, event, at)
            canvas.pointer_moved.emit(at)
            return True
        if event.buttons() != Qt.MouseButton.NoButton or canvas.is_panning_held:
            return False
        return self._show_cursor(canvas, event.position(), at)

    def _drag(self, canvas: Canvas, event: QMouseEvent, at: Place) -> None:
        grip = self._grip
        apart = event.position() - self._pressed_at
        self._has_moved = self._has_moved or max(abs(apart.x()), abs(apart.y())) >= STILL
        if grip is None or not (self._has_moved or grip.is_new):
            return
        shape = grip.shape
        if grip.handle is None:
            by_x, by_y = at[0] - grip.start[0], at[1] - grip.start[1]
            shape = shape.moved(by_x, by_y)
        elif grip.is_new and isinstance(shape, Polygon):
            shape = _with_corner(shape, at, GRAIN * per_pixel(canvas))
            self._grip = Grip(shape, grip.start, grip.handle, is_new=True)
        else:
            shape = shape.dragged(grip.handle, at, constrained=_is_shifted(event))
        self._measuring.set_shape(on_grid(shape, *self._measuring.unit))

    def _release(self, canvas: Canvas, event: QMouseEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton or self._grip is None:
            return bool(self._trail) and event.button() != Qt.MouseButton.MiddleButton
        grip, self._grip = self._grip, None
        shape = self._measuring.shape
        if grip.is_new and not isinstance(grip.shape, Point):
            apart = event.position() - self._pressed_at
            is_click = not self._has_moved and max(abs(apart.x()), abs(apart.y())) <= FEW
            is_closed = not isinstance(shape, Polygon) or len(shape.points) > 2
            if is_click or not is_closed:
                self._measuring.set_shape(None)
        self._show_cursor(canvas, event.position(), place_on(canvas, event.position()))
        return True

    def _show_cursor(self, canvas: Canvas, position: QPointF, at: Place) -> bool:
        """Show what can be taken; False: it is not for a tool."""
        found = self._measuring.grip_at(at, REACH * per_pixel(canvas))
        if found is None and canvas.grip_at(position) == "curtain":
            return False
        kept = self._measuring.kept_at(at, REACH * per_pixel(canvas)) if found is None else None
        shape = Qt.CursorShape.CrossCursor
        if found is not None or kept is not None:
            is_moved = found is None or found.handle is None
            shape = Qt.CursorShape.SizeAllCursor if is_moved else Qt.CursorShape.PointingHandCursor
        canvas.setCursor(shape)
        canvas.pointer_moved.emit(at)
        return True

    # Shapes that are set corner by corner

    def _go_on_trail(self, at: Place, reach: float, *, is_double: bool, constrained: bool) -> None:
        first, last = self._trail[0], self._trail[-1]
        at = at_45_degrees(last, at) if constrained else at
        is_back = self._measuring.tool == "polygon" and len(self._trail) > 2 and _is_near(first, at, reach)
        if is_double or is_back:
            self._finish_trail()
        else:
            self._set_trail((*self._trail, at))

    def _finish_trail(self) -> None:
        corners, is_polygon = self._trail, self._measuring.tool == "polygon"
        self._set_trail(())
        if len(corners) > (2 if is_polygon else 1):
            shape = Polygon(corners) if is_polygon else Line(corners, self._measuring.line_width)
            self._measuring.set_shape(shape)

    def _set_trail(self, trail: tuple[Place, ...]) -> None:
        self._trail = trail
        self._measuring.show_trail(trail)

    # Keys

    def _press_key(self, event: QKeyEvent) -> bool:
        key, measuring = event.key(), self._measuring
        is_plain = not event.modifiers() & ~(
            Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
        )
        if not is_plain:
            return False
        if key == Qt.Key.Key_Escape:
            if not self.let_go() and measuring.shape is not None:
                measuring.set_shape(None)
            elif not self._trail and measuring.shape is None:
                measuring.put_down()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._trail:
            self._finish_trail()
        elif key == Qt.Key.Key_Backspace and self._trail:
            self._set_trail(self._trail[:-1])
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and measuring.shape is not None:
            measuring.delete()
        elif key in STEPS and measuring.shape is not None:
            by = FAR if _is_shifted(event) else 1
            (across, down), (unit_x, unit_y) = STEPS[Qt.Key(key)], measuring.unit
            measuring.set_shape(measuring.shape.moved(across * by * unit_x, down * by * unit_y))
        else:
            return False
        return True


def place_on(canvas: Canvas, at: QPointF) -> Place:
    """Return a place on a canvas in units."""
    seen = canvas.seen
    return (
        seen.x + at.x() / max(1, canvas.width()) * seen.width,
        seen.y + at.y() / max(1, canvas.height()) * seen.height,
    )


def per_pixel(canvas: Canvas) -> float:
    """Return the units that a pixel of the screen spans."""
    width: int = max(1, canvas.width())
    return canvas.seen.width / width


def _with_corner(shape: Polygon, at: Place, grain: float) -> Polygon:
    return shape if _is_near(shape.points[-1], at, grain) else Polygon((*shape.points, at), is_freehand=True)


def _is_near(one: Place, other: Place, reach: float) -> bool:
    return Point(*one).is_at(other, reach)


def _is_shifted(event: QMouseEvent | QKeyEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
