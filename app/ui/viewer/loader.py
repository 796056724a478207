"""Reads and draws planes in threads, coarse ones first; the window only puts the pictures up.

At most one plane per loader is under way. What is wished meanwhile waits, and only the newest wish does:
so a slider that is dragged shows as many planes as the disk can give and never lags behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from PySide6.QtCore import QObject, Signal

from app.ui.background import Background
from app.ui.viewer.composite import Look, composite
from app.ui.viewer.contrast import Packed, Plane, auto_contrast
from app.ui.viewer.state import Contrast, Kind
from models.errors import UserError
from models.source import ImageSource, Region

PRIORITY = 3  # before all else that runs in the background


@dataclass(frozen=True, slots=True)
class Wish:
    """What to draw: regions as `plan` gives them, colours and contrast per channel.

    A contrast of None is found by looking; with `is_joint`, one is found for all channels. `kind` is what the
    image is taken for then; None: what it looks like.
    """

    regions: tuple[Region, ...]
    luts: tuple[str, ...]
    contrasts: tuple[Contrast | None, ...]
    is_joint: bool = False
    kind: Kind | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture of one level of a wish, whose contrasts are now all known, and what it was drawn from."""

    wish: Wish
    planes: Mapping[Region, Plane]
    packed: Packed
    is_last: bool

    @property
    def region(self) -> Region:
        """The region of the first channel: time, plane, level and crop are those of all."""
        return next(iter(self.planes))


class Loader(QObject):
    """Draws what is wished of one image at a time."""

    drawn = Signal(object)  # Drawn
    failed = Signal(object)  # UserError

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._source: ImageSource | None = None
        self._generation = 0
        self._is_busy = False
        self._wanted: Wish | None = None
        self._left: list[tuple[Region, ...]] = []
        self._planes: Mapping[Region, Plane] = {}

    @property
    def is_idle(self) -> bool:
        """Whether everything wished has been drawn."""
        return not self._is_busy and not self._left

    def wants(self, drawn: Drawn) -> bool:
        """Whether a picture is what was wished last, not what was wished before it."""
        return drawn.wish == self._wanted

    def open(self, source: ImageSource | None) -> None:
        """Draw another image from now on; answers about the one before are dropped."""
        self._generation += 1
        self._source = source
        self._is_busy = False
        self._wanted = None
        self._left = []
        self._planes = {}

    def show(self, wish: Wish) -> None:
        """Draw `wish` unless it is drawn already."""
        if wish == self._wanted or self._source is None or not wish.regions:
            return
        self._wanted = wish
        levels = [tuple(group) for _level, group in groupby(wish.regions, lambda region: region.level)]
        is_in_memory = all(region in self._planes for region in levels[-1])
        self._left = levels[-1:] if is_in_memory else levels
        self._go_on()

    def reread(self) -> None:
        """Read the last wish again: the file has changed."""
        wish, self._wanted, self._planes = self._wanted, None, {}
        if wish is not None:
            self.show(wish)

    def _go_on(self) -> None:
        if self._is_busy or not self._left or self._wanted is None or self._source is None:
            return
        regions = self._left.pop(0)
        self._is_busy = True
        call = partial(draw, self._source, self._wanted, regions, self._planes, is_last=not self._left)
        self._background.run(
            call,
            partial(self._deliver, self._generation, self._wanted),
            partial(self._refuse, self._generation),
            priority=PRIORITY,
        )

    def _deliver(self, generation: int, wish: Wish, drawn: Drawn) -> None:
        if generation != self._generation:
            return
        self._is_busy = False
        self._planes = drawn.planes
        if self._wanted == wish:
            self._wanted = drawn.wish  # the contrasts found count as wished
        self.drawn.emit(drawn)
        self._go_on()

    def _refuse(self, generation: int, error: Exception) -> None:
        if generation != self._generation:
            return
        self._is_busy = False
        self._left = []
        if not isinstance(error, UserError):
            raise error
        self.failed.emit(error)


def draw(
    source: ImageSource,
    wish: Wish,
    regions: tuple[Region, ...],
    at_hand: Mapping[Region, Plane],
    *,
    is_last: bool,
) -> Drawn:
    """Read what is not at hand and draw it; for a thread."""
    planes = {
        region: at_hand[region] if region in at_hand else source.read(region)[0, 0, 0] for region in regions
    }
    contrasts = _settled(wish, tuple(planes.values()))
    looks = [Look(lut, contrast) for lut, contrast in zip(wish.luts, contrasts, strict=True)]
    packed = composite(tuple(planes.values()), looks)
    return Drawn(replace(wish, contrasts=contrasts), planes, packed, is_last)


def _settled(wish: Wish, planes: tuple[Plane, ...]) -> tuple[Contrast, ...]:
    if wish.is_joint and None in wish.contrasts:
        return (auto_contrast(*planes, kind=wish.kind or "brightfield"),) * len(planes)
    return tuple(
        auto_contrast(plane, kind=wish.kind) if contrast is None else contrast
        for plane, contrast in zip(planes, wish.contrasts, strict=True)
    )
