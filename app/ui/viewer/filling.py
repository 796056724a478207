"""Fills the stacks that are turned in space, in the background, as bright as they are drawn."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.ui.background import Background
from app.ui.viewer.contrast import ramp
from app.ui.viewer.state import Contrast
from app.ui.viewer.turning import Vector
from app.ui.viewer.volume import Stack, Volume, scale_to_side
from models.errors import UserError
from models.source import ImageSource, Pixels

PRIORITY = 1  # after everything that is looked at
WHILE_S = 0.3  # between two pictures of a stack that fills up
SIDE = 256  # voxels along each axis, at most
MOST_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class SpaceWish:
    """Which stacks to show, how large they are in units, and their colours and contrasts."""

    source: ImageSource
    stack: Stack
    extent: Vector
    luts: tuple[str, ...]
    contrasts: tuple[Contrast, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Bright:
    """Stacks as bright as they are drawn: (depth, height, width) uint8 each; `done` of `total` planes."""

    wish: SpaceWish
    volume: Volume
    stacks: tuple[Pixels, ...]
    done: int
    total: int


class Filling(QObject):
    """Reads what is wished and tells how far it is."""

    filled = Signal(object)  # Bright
    failed = Signal(object)  # UserError

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._wanted: SpaceWish | None = None
        self._last: Bright | None = None
        self._is_busy = False

    @property
    def is_idle(self) -> bool:
        """Whether everything wished is there."""
        return not self._is_busy

    def show(self, wish: SpaceWish) -> None:
        """Read and brighten this from now on; what is in memory is not read again."""
        if wish != self._wanted:
            self._wanted = wish
            self._go_on()

    def tell_again(self) -> None:
        """Tell the stacks once more, to whoever draws them now."""
        if self._last is not None:
            self.filled.emit(self._last)

    def forget(self) -> None:
        """Read nothing, and let go of what is held in memory."""
        self._wanted = self._last = None

    def _go_on(self) -> None:
        wish, last = self._wanted, self._last
        if self._is_busy or wish is None:
            return
        if last is not None and last.wish == wish and last.done == last.total:
            return
        is_same = last is not None and (last.wish.source, last.wish.stack) == (wish.source, wish.stack)
        volume = last.volume if last is not None and is_same else None
        self._is_busy = True
        self._background.run(partial(fill_on, wish, volume), self._take, self._refuse, priority=PRIORITY)

    def _take(self, found: Bright) -> None:
        self._is_busy = False
        wanted = self._wanted
        if wanted is None:
            return
        if (wanted.source, wanted.stack) == (found.wish.source, found.wish.stack):
            self._last = found
            self.filled.emit(found)
        self._go_on()

    def _refuse(self, error: Exception) -> None:
        self._is_busy = False
        self._wanted = None
        if not isinstance(error, UserError):
            raise error
        self.failed.emit(error)


def fill_on(wish: SpaceWish, volume: Volume | None) -> Bright:
    """Read for a while and brighten what there is; for a thread."""
    if volume is None:
        volume = Volume(wish.source, wish.stack, scale_to_side(wish.source.info, wish.stack, SIDE))
    if not volume.is_complete:
        volume.go_on(WHILE_S)
    near = volume.nearest()
    is_complete = volume.is_complete
    stacks = tuple(
        brightness(pixels if is_complete else pixels[near], contrast)
        for pixels, contrast in zip(volume.pixels, wish.contrasts, strict=True)
    )
    return Bright(wish, volume, stacks, volume.done, volume.depth)


def brightness(pixels: Pixels, contrast: Contrast) -> Pixels:
    """Return how bright gray values are drawn, 0 to 255; what is no number is dark."""
    bright = np.empty(pixels.shape, np.uint8)
    for number, plane in enumerate(pixels):
        values = np.nan_to_num(ramp(plane.astype(np.float64), contrast), copy=False)
        bright[number] = np.rint(values * 255)
    return bright
