"""A light picture: paints gray values, with wheel, drag and keys, jointly with those beside it."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.text import _
from app.ui.theme import colour
from app.ui.training.develop import Slide
from app.ui.training.gaze import Gaze
from app.ui.viewer import scalebar
from app.ui.viewer.overlay import DARK, HALO, WHITE, outlined

STEP = 1.25  # by which a key, or a notch of the wheel, zooms
NOTCH = 120.0
NUDGE = 60.0  # pixels of the screen by which an arrow key moves
MARGIN = 10.0
BAR_SHARE = 0.35  # of the width, for the scale bar
LEAST = QSize(120, 130)


class LightPicture(QWidget):
    """Paints one slide where its gaze looks; without a slide it says why."""

    def __init__(self, gaze: Gaze, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gaze = gaze
        self.slide: Slide | None = None
        self.sentence = ""
        self.unit_um: float | None = None
        self.is_scrolled_past = False  # where it is, the wheel acts only on the picture in focus
        self._held: QPointF | None = None
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip(_("Wheel: closer or farther. Drag: look elsewhere. F: show everything."))
        gaze.changed.connect(self.update)

    def show_slide(self, slide: Slide | None, sentence: str = "") -> None:
        """Show a slide, or a sentence where there is none."""
        self.slide, self.sentence = slide, sentence
        self.setAccessibleDescription(sentence)
        self.update()

    def show_unit(self, unit_um: float | None) -> None:
        """Say how long the unit is in micrometres; None: unknown, and no scale bar is drawn."""
        self.unit_um = unit_um
        self.update()

    def minimumSizeHint(self) -> QSize:
        """Large enough to see something."""
        return LEAST

    def sizeHint(self) -> QSize:
        """As large as a picture likes to be."""
        return QSize(240, 180)

    def bar(self) -> tuple[scalebar.ScaleBar, float] | None:
        """Return the scale bar and its length in pixels of the screen."""
        if self.unit_um is None or self.slide is None:
            return None
        zoom = self.gaze.zoom(QSizeF(self.size()))
        found = scalebar.choose(self.width() * BAR_SHARE / zoom * self.unit_um, is_calibrated=True)
        return None if found is None else (found, found.length / self.unit_um * zoom)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint what the gaze looks at."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("picture", self.palette()))
        if self.slide is not None:
            self._paint_slide(painter, self.slide)
            self._paint_bar(painter)
        if self.sentence:
            self._paint_sentence(painter)
        if self.hasFocus():
            painter.setPen(QPen(colour("accent", self.palette()), 4))
            painter.drawRect(self.rect())
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Look closer or from farther away."""
        if self.is_scrolled_past and not self.hasFocus():
            event.ignore()
            return
        away = event.position() - self._middle()
        self.gaze.zoom_by(STEP ** (event.angleDelta().y() / NOTCH), away, QSizeF(self.size()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the picture."""
        self._held = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the picture."""
        if self._held is not None:
            moved = (self._held - event.position()) / self.gaze.zoom(QSizeF(self.size()))
            self._held = event.position()
            self.gaze.move_by(moved.x(), moved.y())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._held = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Show everything."""
        self.gaze.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom with + and -, show everything with F, move with the arrows."""
        room, key = QSizeF(self.size()), event.key()
        if key in ZOOMS:
            self.gaze.zoom_by(ZOOMS[Qt.Key(key)], QPointF(), room)
        elif key in MOVES:
            x, y = MOVES[Qt.Key(key)]
            zoom = self.gaze.zoom(room)
            self.gaze.move_by(x * NUDGE / zoom, y * NUDGE / zoom)
        elif key == Qt.Key.Key_F:
            self.gaze.fit()
        else:
            super().keyPressEvent(event)

    def _middle(self) -> QPointF:
        return QPointF(self.width() / 2, self.height() / 2)

    def _corner(self) -> QPointF:
        """Return the lower right corner of the slide in sight, never so near that no bar fits."""
        zoom, centre, middle = self.gaze.zoom(QSizeF(self.size())), self.gaze.centre, self._middle()
        wide, high = (0.0, 0.0) if self.slide is None else (self.slide.width, self.slide.height)
        right = middle.x() + (wide - centre.x()) * zoom
        bottom = middle.y() + (high - centre.y()) * zoom
        return QPointF(
            min(max(right, self.width() / 2), self.width()),
            min(max(bottom, self.height() / 2), self.height()),
        )

    def _paint_slide(self, painter: QPainter, slide: Slide) -> None:
        """Paint the part in sight of the level that is just fine enough for the screen."""
        zoom = self.gaze.zoom(QSizeF(self.size()))
        sharpest = zoom * slide.pixel * self.devicePixelRatioF()
        wanted = math.floor(math.log2(1 / sharpest)) if sharpest < 1 else 0
        depth = min(wanted, len(slide.levels) - 1)
        level, pixel = slide.levels[depth], slide.pixel * 2**depth
        middle, centre = self._middle(), self.gaze.centre
        left, top = centre.x() - middle.x() / zoom, centre.y() - middle.y() / zoom
        x0, x1 = _part(left / pixel, (left + self.width() / zoom) / pixel, level.shape[1])
        y0, y1 = _part(top / pixel, (top + self.height() / zoom) / pixel, level.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        target = QRectF(
            (x0 * pixel - left) * zoom,
            (y0 * pixel - top) * zoom,
            (x1 - x0) * pixel * zoom,
            (y1 - y0) * pixel * zoom,
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, sharpest < 1)
        painter.drawImage(target, image_of(level[y0:y1, x0:x1]))

    def _paint_bar(self, painter: QPainter) -> None:
        found = self.bar()
        if found is None:
            return
        bar, pixels = found
        metrics = QFontMetricsF(self.font())
        thick = max(4.0, round(metrics.height() / 4))
        corner = self._corner()
        line = QRectF(corner.x() - MARGIN - pixels, corner.y() - MARGIN - thick, pixels, thick)
        painter.fillRect(line.toRect().adjusted(-1, -1, 1, 1), DARK)
        painter.fillRect(line.toRect(), WHITE)
        wide = metrics.horizontalAdvance(bar.text)
        left = min(line.center().x() - wide / 2, line.right() - wide)
        text = outlined(bar.text, self.font(), self.devicePixelRatioF())
        painter.drawPixmap(QPointF(left - HALO, line.top() - 2 - metrics.height() - HALO), text)

    def _paint_sentence(self, painter: QPainter) -> None:
        limits = QRectF(self.rect()).adjusted(18, 12, -18, -12)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        needed = painter.boundingRect(limits, flags, self.sentence)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(DARK)
        painter.drawRoundedRect(needed.adjusted(-10, -7, 10, 7), 6, 6)
        painter.setPen(WHITE)
        painter.drawText(limits, flags, self.sentence)


class Exhibit(QWidget):
    """A light picture with its name above."""

    def __init__(self, gaze: Gaze, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = LightPicture(gaze, name)
        self.title = QLabel(name, wordWrap=True)
        self.title.setProperty("role", "heading")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.picture, 1)

    def rename(self, name: str) -> None:
        """Call it something else."""
        self.title.setText(name)
        self.picture.setAccessibleName(name)


def image_of(gray: NDArray[np.uint8]) -> QImage:
    """Return an image of its own of gray values from 0 to 255."""
    part = np.ascontiguousarray(gray)
    high, wide = part.shape
    return QImage(part.data, wide, high, wide, QImage.Format.Format_Grayscale8).copy()


def _part(low: float, high: float, size: int) -> tuple[int, int]:
    """Return the whole pixels of `size` that a range touches."""
    return max(0, math.floor(low)), min(size, math.ceil(high))


ZOOMS = {
    Qt.Key.Key_Plus: STEP,
    Qt.Key.Key_Equal: STEP,
    Qt.Key.Key_Minus: 1 / STEP,
}
MOVES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
