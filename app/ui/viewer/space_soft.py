"""Stacks in space, drawn by the processor in the background: works on every computer."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.ui.background import Background
from app.ui.viewer.contrast import Packed
from app.ui.viewer.turning import Blending, Camera, Vector, render
from models.source import Pixels

PRIORITY = 2
MOVING, STILL = 128, 384  # pixels of the longer side


class ProcessorView(QWidget):
    """Draws coarsely while the stacks move, finely when they stand still; never in the window's thread."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._stacks: tuple[Pixels, ...] = ()
        self._luts: tuple[str, ...] = ()
        self._extent: Vector = (1.0, 1.0, 1.0)
        self._camera = Camera()
        self._blending: Blending = "maximum"
        self._is_moving = False
        self._wish = 0  # number of the picture wished last
        self._is_busy = False
        self._left: list[int] = []  # sizes still to be drawn
        self._image = QImage()

    @property
    def is_idle(self) -> bool:
        """Whether the picture is as fine as it gets."""
        return not self._is_busy and not self._left

    @property
    def image(self) -> QImage:
        """What is seen."""
        return self._image

    def show_stacks(self, stacks: Sequence[Pixels], luts: Sequence[str], extent: Vector) -> None:
        """Draw these stacks of brightness from now on."""
        self._stacks, self._luts, self._extent = tuple(stacks), tuple(luts), extent
        self._begin()

    def show_camera(self, camera: Camera, blending: Blending, *, is_moving: bool) -> None:
        """Look at them like this; while they move, speed comes before beauty."""
        self._camera, self._blending, self._is_moving = camera, blending, is_moving
        self._begin()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Show the picture drawn last, as large as the place."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not self._image.isNull():
            painter.drawImage(QRect(0, 0, self.width(), self.height()), self._image)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw anew in another size."""
        super().resizeEvent(event)
        self._begin()

    def _begin(self) -> None:
        self._wish += 1
        self._left = [MOVING] if self._is_moving else [MOVING, STILL]
        self._go_on()

    def _go_on(self) -> None:
        if self._is_busy or not self._left or not self._stacks:
            return
        side, longest = self._left.pop(0), max(self.width(), self.height(), 1)
        size = (max(1, self.width() * side // longest), max(1, self.height() * side // longest))
        wish = self._wish
        call = partial(
            render,
            self._stacks,
            self._luts,
            self._extent,
            self._camera,
            size,
            blending=self._blending,
            is_wanted=lambda: side == MOVING or wish == self._wish,
        )
        self._is_busy = True
        self._background.run(call, self._take, priority=PRIORITY)

    def _take(self, packed: Packed | None) -> None:
        self._is_busy = False
        if packed is not None:
            height, width = packed.shape
            self._image = QImage(
                packed.tobytes(), width, height, width * 4, QImage.Format.Format_RGB32
            ).copy()
            self.update()
        self._go_on()
