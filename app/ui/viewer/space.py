"""The view in space: a window in which the visible channels are turned by hand."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QButtonGroup, QDialog, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.text import _, ngettext
from app.ui.background import Background
from app.ui.icons import icon
from app.ui.viewer.filling import Bright, Filling, SpaceWish
from app.ui.viewer.space_gl import CardView
from app.ui.viewer.space_soft import ProcessorView
from app.ui.viewer.turning import EDGES, Blending, Camera, Vector, corners, hidden_corner
from models.errors import UserError
from models.knobs import N_

PER_PIXEL = 0.008  # radians that a drag turns
PER_KEY = math.radians(10)
PER_NOTCH = 1.2
SETTLE_MS = 250  # after the last notch of the wheel
FRONT, BEHIND, WORDS = QColor(255, 255, 255, 200), QColor(255, 255, 255, 70), QColor(255, 255, 255, 230)
BLENDINGS: tuple[tuple[Blending, str, str], ...] = (
    ("maximum", N_("Maximum"), N_("The brightest value along each line of sight")),
    ("translucent", N_("Translucent"), N_("What is in front covers what is behind it")),
)
TURNS = {
    Qt.Key.Key_Left: (-PER_KEY, 0.0),
    Qt.Key.Key_Right: (PER_KEY, 0.0),
    Qt.Key.Key_Up: (0.0, -PER_KEY),
    Qt.Key.Key_Down: (0.0, PER_KEY),
}
ZOOMS = {Qt.Key.Key_Plus: PER_NOTCH, Qt.Key.Key_Equal: PER_NOTCH, Qt.Key.Key_Minus: 1 / PER_NOTCH}


Picture = CardView | ProcessorView
Places = NDArray[np.float64]  # (..., x and y)


class BoxOverlay(QWidget):
    """Draws the box around the stacks and how long its edges are."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._camera = Camera()
        self._extent: Vector = (1.0, 1.0, 1.0)
        self.words: tuple[str, str, str] = ("", "", "")

    def show_box(self, extent: Vector, words: tuple[str, str, str]) -> None:
        """Draw a box of this size; `words` say how long it is along x, y and z."""
        self._extent, self.words = extent, words
        self.setAccessibleDescription(" × ".join(words))
        self.update()

    def show_camera(self, camera: Camera) -> None:
        """Look at it like this."""
        self._camera = camera
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw edges and lengths."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = corners(self._camera, self._extent, self.width(), self.height())
        behind = hidden_corner(self._camera, self._extent)
        for one, other in EDGES:
            is_behind = behind in (one, other)
            painter.setPen(QPen(BEHIND if is_behind else FRONT, 1.0))
            painter.drawLine(QPointF(*places[one, :2]), QPointF(*places[other, :2]))
        middle = places[:, :2].mean(axis=0)
        painter.setPen(WORDS)
        for axis, text in enumerate(self.words):
            self._write(painter, text, self._outermost(places, axis, middle), middle)
        painter.end()

    def _outermost(self, places: Places, axis: int, middle: Places) -> QPointF:
        """Return the middle of the edge along an axis that lies furthest out, at the bottom if several do."""
        edges = [(one, other) for one, other in EDGES if one ^ other == 1 << axis]
        centres = [(places[one, :2] + places[other, :2]) / 2 for one, other in edges]
        x, y = max(centres, key=lambda at: math.hypot(*(at - middle)) + 0.2 * at[1])
        return QPointF(x, y)

    def _write(self, painter: QPainter, text: str, at: QPointF, middle: Places) -> None:
        metrics = QFontMetricsF(self.font())
        away = at - QPointF(*middle)
        length = math.hypot(away.x(), away.y()) or 1.0
        wide, tall = metrics.horizontalAdvance(text) + 4, metrics.height()
        centre = at + away / length * (
            10 + wide / 2 * abs(away.x()) / length + tall / 2 * abs(away.y()) / length
        )
        place = QRectF(centre.x() - wide / 2, centre.y() - tall / 2, wide, tall)
        place.moveLeft(min(max(place.left(), 4.0), self.width() - wide - 4))
        place.moveTop(min(max(place.top(), 4.0), self.height() - tall - 4))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


class SpaceView(QWidget):
    """Stacks and their box; a drag turns them, the wheel zooms, a double click goes back."""

    camera_changed = Signal(object)  # Camera

    def __init__(self, picture: Picture, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(_("Stack in space"))
        self.setAccessibleDescription(_("Arrows turn it, + and - zoom, F goes back to the first view"))
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setMinimumSize(240, 200)
        self.camera = Camera()
        self.blending: Blending = "maximum"
        self._take(picture)
        self.box = BoxOverlay(self)
        self._held: QPointF | None = None
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._show)

    def show_bright(self, bright: Bright, words: tuple[str, str, str]) -> None:
        """Show stacks."""
        wish = bright.wish
        self.picture.show_stacks(bright.stacks, wish.luts, wish.extent)
        self.box.show_box(wish.extent, words)
        self._show()

    def use(self, picture: Picture) -> None:
        """Let something else draw from now on."""
        self.picture.setParent(None)
        self.picture.deleteLater()
        self._take(picture)
        picture.setGeometry(self.rect())
        picture.show()
        picture.lower()

    def show_blending(self, blending: Blending) -> None:
        """Blend like this from now on."""
        self.blending = blending
        self._show()

    def go_back(self) -> None:
        """Look as at first."""
        self._look(Camera())

    def _take(self, picture: Picture) -> None:
        self.picture = picture
        picture.setParent(self)
        picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def _look(self, camera: Camera) -> None:
        self.camera = camera
        self._show()
        self.camera_changed.emit(camera)

    def _show(self) -> None:
        is_moving = self._held is not None or self._settle.isActive()
        self.picture.show_camera(self.camera, self.blending, is_moving=is_moving)
        self.box.show_camera(self.camera)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the place."""
        super().resizeEvent(event)
        for part in (self.picture, self.box):
            part.setGeometry(self.rect())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the stack."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn the stack."""
        if self._held is not None:
            by, self._held = event.position() - self._held, event.position()
            self._look(self.camera.dragged(by.x() * PER_PIXEL, by.y() * PER_PIXEL))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go, and look closely."""
        self._held = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self._show()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Go back to the first view."""
        self.go_back()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Come nearer or go away."""
        self._settle.start()
        self._look(self.camera.zoomed(PER_NOTCH ** (event.angleDelta().y() / 120)))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn, zoom or go back."""
        key = Qt.Key(event.key())
        if key in TURNS:
            self._look(self.camera.dragged(*TURNS[key]))
        elif key in ZOOMS:
            self._look(self.camera.zoomed(ZOOMS[key]))
        elif key == Qt.Key.Key_F:
            self.go_back()
        else:
            super().keyPressEvent(event)


class SpaceWindow(QDialog):
    """The view, how it is blended, and what is seen, in words."""

    failed = Signal(object)  # UserError

    def __init__(self, background: Background, parent: QWidget, *, has_card: bool) -> None:
        super().__init__(parent)
        self.setWindowFlag(Qt.WindowType.WindowMinMaxButtonsHint)
        self.setWindowTitle(_("View in space"))
        self.resize(760, 640)
        self._filling = Filling(background, self)
        self._background = background
        self.has_card = has_card
        self.view = SpaceView(CardView() if has_card else ProcessorView(background))
        if isinstance(self.view.picture, CardView):
            self.view.picture.failed.connect(self._do_without_card, Qt.ConnectionType.QueuedConnection)
        self.words = QLabel(wordWrap=True)
        self.words.setProperty("role", "quiet")
        self.back = self._button(_("First view"), "home", _("Look at it as at first (F)"))
        self.blendings: dict[Blending, QToolButton] = {}
        self._lengths = ("", "", "")
        self._left_out = 0
        self._lay_out()
        self._filling.filled.connect(self._show_bright)
        self._filling.failed.connect(self._refuse)
        self.back.clicked.connect(self.view.go_back)

    @property
    def is_idle(self) -> bool:
        """Whether everything wished is shown."""
        return self._filling.is_idle

    def show_wish(self, wish: SpaceWish, lengths: tuple[str, str, str], left_out: int = 0) -> None:
        """Show these stacks; `lengths` say how long they are along x, y and z."""
        self._lengths, self._left_out = lengths, left_out
        self._filling.show(wish)

    def forget(self) -> None:
        """Let go of what is held in memory."""
        self._filling.forget()

    def _do_without_card(self) -> None:
        """Draw with the processor: the card has refused."""
        if self.has_card:
            self.has_card = False
            self.view.use(ProcessorView(self._background))
            self._filling.tell_again()

    def _show_bright(self, bright: Bright) -> None:
        self.view.show_bright(bright, self._lengths)
        self.words.setText(self._in_words(bright))

    def _in_words(self, bright: Bright) -> str:
        if bright.done < bright.total:
            return _("{done} of {total} planes").format(done=bright.done, total=bright.total)
        depth, height, width = bright.stacks[0].shape
        said = [_("Drawn from {x} × {y} × {z} voxels.").format(x=width, y=height, z=depth)]
        if not self.has_card:
            said.append(_("No graphics card was found that can draw it (OpenGL 3.2): the processor does."))
        if self._left_out:
            said.append(
                ngettext(
                    "{count} channel is left out.", "{count} channels are left out.", self._left_out
                ).format(count=self._left_out)
            )
        return " ".join(said)

    def _refuse(self, error: UserError) -> None:
        self.words.setText(f"{error.sentence} {error.hint}".strip())
        self.failed.emit(error)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(10, 4, 10, 8)
        group = QButtonGroup(self)
        for key, title, tip in BLENDINGS:
            button = self._button(_(title), "", _(tip))
            button.setCheckable(True)
            button.setChecked(key == "maximum")
            button.clicked.connect(lambda _checked, name=key: self.view.show_blending(name))
            group.addButton(button)
            row.addWidget(button)
            self.blendings[key] = button
        row.addWidget(self.back)
        row.addWidget(self.words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.view, 1)
        column.addLayout(row)

    def _button(self, title: str, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(title)
        button.setAccessibleName(title)
        button.setToolTip(tip)
        if name:
            button.setIcon(icon(name))
            button.setIconSize(QSize(16, 16))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button
