"""Reads the planes that will be looked at next, so that they are at hand when their turn comes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject

from app.images.cache import CachedSource
from app.ui.background import Background
from app.ui.viewer.pace import advance
from app.ui.viewer.play import Player
from app.ui.viewer.state import Axis, ViewState
from models.errors import UserError
from models.source import ImageInfo, ImageSource, Range, Region

PRIORITY = 1  # after what is looked at now, before what can wait
FURTHEST = 8  # planes ahead, at most
SHARE = 0.25  # of the memory for pictures that planes ahead may take

Where = Callable[[int], int]  # steps ahead -> position


class Ahead(QObject):
    """Reads one plane after the other into the cache of an image; whoever looks elsewhere ends it."""

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._generation = 0
        self._is_busy = False
        self._waiting: Iterator[Region] = iter(())
        self._source: CachedSource | None = None

    def read(self, source: ImageSource | None, regions: tuple[Region, ...], axis: Axis, where: Where) -> None:
        """Read what follows `regions` along an axis; what was to be read before is dropped."""
        if not isinstance(source, CachedSource) or not regions:
            self.stop()
            return
        self._source = source
        self._waiting = iter(following(regions, source, axis, where))
        self._go_on()

    def stop(self) -> None:
        """Read nothing more."""
        self._generation += 1
        self._is_busy = False
        self._waiting = iter(())
        self._source = None

    def _go_on(self) -> None:
        source = self._source
        if self._is_busy or source is None:
            return
        region = next((region for region in self._waiting if source.remembered(region) is None), None)
        if region is None:
            return
        self._is_busy = True
        call = partial(_read, source, region)
        self._background.run(call, partial(self._take, self._generation), priority=PRIORITY)

    def _take(self, generation: int, is_read: bool) -> None:  # noqa: FBT001 - an answer
        if generation == self._generation:
            self._is_busy = False
            if is_read:
                self._go_on()


def way_ahead(
    old: ViewState, new: ViewState, player: Player, info: ImageInfo | None
) -> tuple[Axis, Where] | None:
    """Return the axis we go along and what comes next on it; None if nobody can tell."""
    by_z, by_t = new.z - old.z, new.t - old.t
    axis: Axis = "Z" if by_z else "T"
    by = by_z or by_t
    if info is None or not by or (by_z and by_t):
        return None
    position, length = new.position(axis), info.shape[2 if axis == "Z" else 0]
    if player.axis == axis:
        direction, turn = player.direction, player.pace.turn
        return axis, lambda step: advance(position, step, length, direction, turn)[0]
    return (axis, lambda step: position + step * by) if abs(by) == 1 else None


def following(
    regions: tuple[Region, ...], source: CachedSource, axis: Axis, where: Where
) -> tuple[Region, ...]:
    """Return the regions that come after `regions`, the nearest first, as many as there is memory for."""
    fine = tuple(region for region in regions if region.level == regions[-1].level)
    nbytes = sum(source.nbytes_of(region) for region in fine)
    steps = min(FURTHEST, int(source.limit * SHARE // max(1, nbytes)))
    length = source.info.shapes[fine[0].level][2 if axis == "Z" else 0]
    found: dict[Region, None] = {}
    for step in range(1, steps + 1):
        position = where(step)
        if 0 <= position < length:
            at: Range = (position, position + 1)
            found |= dict.fromkeys(
                replace(region, z=at) if axis == "Z" else replace(region, t=at) for region in fine
            )
    return tuple(region for region in found if region not in fine)


def _read(source: CachedSource, region: Region) -> bool:
    """Read a region into the cache; whether that went well. What is wrong is told when it is looked at."""
    try:
        source.read(region)
    except UserError:
        return False
    return True
