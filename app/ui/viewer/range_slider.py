"""A slider with two ends: which planes of a stack become one picture."""

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.text import _
from app.ui.theme import colour
from models.source import Range

Grip = Literal["first", "last", "both"]

STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


class RangeSlider(QWidget):
    """Wishes for a range of positions.

    An end is dragged, or the part between both. Arrows move the end that was moved last, with Ctrl the
    first one, with Shift both.
    """

    range_wished = Signal(object)  # Range, half-open

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(_("First and last plane"))
        self.setToolTip(
            _("Drag an end or what lies between. Arrows move the last plane, Ctrl the first, Shift both.")
        )
        self._count = 1
        self._first, self._last = 0, 0
        self._held: Grip | None = None
        self._held_at = (0.0, 0, 0)

    @property
    def range(self) -> Range:
        """The range shown, half-open."""
        return self._first, self._last + 1

    def show_range(self, planes: Range, count: int) -> None:
        """Show a half-open range of `count` positions without wishing for it."""
        first, last = planes[0], planes[1] - 1
        if (first, last, count) != (self._first, self._last, self._count):
            self._first, self._last, self._count = first, last, count
            self.setAccessibleDescription(
                _("planes {first} to {last}").format(first=first + 1, last=last + 1)
            )
            self.update()

    def sizeHint(self) -> QSize:
        """Return room for the handles."""
        return QSize(120, self._radius() * 2 + 8)

    def minimumSizeHint(self) -> QSize:
        """Return room for both handles, and to drag them."""
        return QSize(self._radius() * 8, self._radius() * 2 + 8)

    def place_of(self, position: int) -> float:
        """Return where a position lies along the widget, in pixels."""
        return self._radius() + self._step() * position

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the groove, the part taken and both ends."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle, left, right = self.height() / 2, self.place_of(self._first), self.place_of(self._last)
        painter.setBrush(colour("line", self.palette()))
        painter.drawRoundedRect(QRectF(0, middle - 2, self.width(), 4), 2, 2)
        painter.setBrush(colour("accent", self.palette()))
        painter.drawRect(QRectF(left, middle - 2, right - left, 4))
        accent = self.hasFocus() or self._held is not None
        painter.setPen(QPen(colour("accent" if accent else "edge", self.palette()), 1))
        painter.setBrush(colour("accent" if self.hasFocus() else "surface", self.palette()))
        radius = self._radius() - 1
        for at in (left, right):
            painter.drawEllipse(QPointF(at, middle), radius, radius)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of an end, or of what lies between."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        x = event.position().x()
        self._held = self._grip_under(x)
        self._held_at = (x, self._first, self._last)
        if self._held != "both":
            self._move_to(self._position_at(x))
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move what is held."""
        if self._held == "both":
            x, first, last = self._held_at
            self._wish_both(first, last, round((event.position().x() - x) / self._step()))
        elif self._held is not None:
            self._move_to(self._position_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._held = None
        self.update()
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move both ends."""
        self._wish_both(self._first, self._last, 1 if event.angleDelta().y() > 0 else -1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move an end or both; Home and End take all from the beginning, or up to the end."""
        by = STEPS.get(Qt.Key(event.key()))
        if by is not None and event.modifiers() & SHIFT:
            self._wish_both(self._first, self._last, by)
        elif by is not None and event.modifiers() & CTRL:
            self._wish(self._first + by, self._last)
        elif by is not None:
            self._wish(self._first, self._last + by)
        elif event.key() == Qt.Key.Key_Home:
            self._wish(0, self._last)
        elif event.key() == Qt.Key.Key_End:
            self._wish(self._first, self._count - 1)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the focus is gone."""
        super().focusOutEvent(event)
        self.update()

    def _radius(self) -> int:
        return max(7, self.fontMetrics().height() // 2 - 1)

    def _position_at(self, x: float) -> int:
        return round((x - self._radius()) / self._step())

    def _step(self) -> float:
        """Return the pixels between two positions."""
        return max(1, self.width() - 2 * self._radius()) / max(1, self._count - 1)

    def _grip_under(self, x: float) -> Grip:
        to_first, to_last = x - self.place_of(self._first), x - self.place_of(self._last)
        reach = self._radius() + 2
        is_wide = self._last - self._first < self._count - 1
        if to_first > reach and to_last < -reach and is_wide:
            return "both"
        if self._first == self._last:
            return "last" if to_last > 0 or self._last == 0 else "first"
        return "first" if abs(to_first) < abs(to_last) else "last"

    def _move_to(self, position: int) -> None:
        if self._held == "first":
            self._wish(min(position, self._last), self._last)
        else:
            self._wish(self._first, max(position, self._first))

    def _wish_both(self, first: int, last: int, by: int) -> None:
        by = min(max(by, -first), self._count - 1 - last)
        self._wish(first + by, last + by)

    def _wish(self, first: int, last: int) -> None:
        first = min(max(first, 0), self._count - 1)
        last = min(max(last, first), self._count - 1)
        if (first, last) != (self._first, self._last):
            self.show_range((first, last + 1), self._count)
            self.range_wished.emit((first, last + 1))
