"""The preview box: a part of the picture, already restored, that can be dragged about."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.ui.viewer.composite import Look, composite
from app.ui.viewer.contrast import Packed
from app.ui.viewer.spot import richest_spot
from app.ui.viewer.state import Box, Rect, ViewState, unit_size
from models.source import ImageInfo, Pixels

SIDE = 256  # pixels of the raw image
PAUSE_MS = 80  # between two wishes for a preview while the box is dragged
REST_MS = 250  # for which a plane is looked at before its preview is wished for

Spot = Callable[[int, int], tuple[int, int]]  # height, width -> row, column


class PreviewBox(QObject):
    """Where the box is and what is in it."""

    moved = Signal(object)  # Box; at most every `PAUSE_MS`, the last one always

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.box: Box | None = None
        self._pixels: Pixels | None = None
        self._channels: tuple[int, ...] = ()
        self._told: Box | None = None
        self._pause = QTimer(self, singleShot=True)
        self._pause.timeout.connect(self._tell)

    def put(self, info: ImageInfo, state: ViewState, plane: Pixels | None) -> None:
        """Put the box where there is most to see in `plane`, or in the middle if that is not known."""
        *_, tall, wide = info.shape
        height, width = min(SIDE, tall), min(SIDE, wide)
        is_known = plane is not None and plane.shape == (tall, wide)
        spot = richest_spot(plane, height, width) if plane is not None and is_known else None
        y0, x0 = spot or ((tall - height) // 2, (wide - width) // 2)
        self._set(Box(y0, x0, height, width, state.t, state.z))
        self.tell_now()

    def take_away(self) -> None:
        """Have no box."""
        self.box = self._pixels = self._told = None
        self._pause.stop()

    def drag(self, wished: Rect, info: ImageInfo) -> None:
        """Move the box to where it is wished, in whole pixels and within the image."""
        if self.box is None:
            return
        unit_y, unit_x = unit_size(info)
        *_, tall, wide = info.shape
        y0 = min(max(round(wished.y / unit_y), 0), tall - self.box.height)
        x0 = min(max(round(wished.x / unit_x), 0), wide - self.box.width)
        self._set(replace(self.box, y0=y0, x0=x0))

    def follow(self, state: ViewState) -> None:
        """Go to the plane looked at."""
        if self.box is not None:
            self._set(replace(self.box, t=state.t, z=state.z))
            self._pause.start(REST_MS)  # anew with every plane: who goes through a stack wants to see it pass

    def tell_now(self) -> None:
        """Say at once where the box is, if it was not said yet."""
        self._pause.stop()
        self._tell()

    def fill(self, box: Box, pixels: Pixels | None) -> bool:
        """Take restored pixels (c, h, w) for `box`; whether it is still there."""
        if self.box is None or replace(box, channels=()) != self.box:
            return False
        self._pixels = pixels
        self._channels = box.channels
        return True

    def rect(self, info: ImageInfo) -> Rect | None:
        """Return where the box lies, in units."""
        if self.box is None:
            return None
        unit_y, unit_x = unit_size(info)
        box = self.box
        return Rect(box.x0 * unit_x, box.y0 * unit_y, box.width * unit_x, box.height * unit_y)

    def drawn(self, state: ViewState) -> Packed | None:
        """Return the restored pixels drawn like the picture; None if there are none to be seen."""
        if self._pixels is None:
            return None
        channels = self._channels or self._guessed(state, len(self._pixels))
        planes, looks = [], []
        for plane, index in zip(self._pixels, channels, strict=False):
            contrast = state.contrast(index, "restored")
            if index in state.shown and contrast is not None:
                planes.append(plane)
                looks.append(Look(state.lut(index), contrast))
        return composite(planes, looks) if planes else None

    def _guessed(self, state: ViewState, count: int) -> tuple[int, ...]:
        return tuple(range(count)) if count == len(state.channels) else (state.channel,)

    def _set(self, box: Box) -> None:
        if box != self.box:
            self.box = box
            self._pixels = None
            if not self._pause.isActive():
                self._pause.start(PAUSE_MS)

    def _tell(self) -> None:
        if self.box is not None and self.box != self._told:
            self._told = self.box
            self.moved.emit(self.box)
