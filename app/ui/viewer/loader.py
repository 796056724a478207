"""Reads and draws planes in threads, coarse ones first; the window only puts the pictures up.

At most one plane per loader is under way. What is wished meanwhile waits, and only the newest wish does:
so a slider that is dragged shows as many planes as the disk can give and never lags behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby

from PySide6.QtCore import QObject, Signal

from app.ui.background import Background
from app.ui.viewer.composite import Look, composite
from app.ui.viewer.contrast import Packed, Plane, auto_contrast, kind_of
from app.ui.viewer.plan import Extract
from app.ui.viewer.reduced import reduced
from app.ui.viewer.state import Contrast, Kind
from models.errors import UserError
from models.source import ImageSource, Region

PRIORITY = 3  # before all else that runs in the background


@dataclass(frozen=True, slots=True)
class Wish:
    """What to draw: regions as `plan` gives them, colours and contrast per channel.

    A contrast of None is found by looking; with `is_joint`, one is found for all channels. `kind` is what the
    image is taken for then, as the person said. Else `kinds` are what was found for each channel; None: it
    is to be found now. Without `kinds` an image is taken for what it looks like. `extracts` say what to draw
    of each region; without them, all of it.
    """

    regions: tuple[Region, ...]
    luts: tuple[str, ...]
    contrasts: tuple[Contrast | None, ...]
    is_joint: bool = False
    kind: Kind | None = None
    kinds: tuple[Kind | None, ...] = field(default=(), compare=False)
    extracts: tuple[Extract, ...] = ()

    def extract(self, region: Region) -> Extract:
        """Return what to draw of one of the regions."""
        if not self.extracts:
            return Extract(region.y, region.x)
        return self.extracts[self.regions.index(region)]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture of one level of a wish and what it was drawn from.

    Contrasts and kinds of the wish are known now; `planes` are the pixels that were read, `extracted` what
    was taken of them to be drawn.
    """

    wish: Wish
    planes: Mapping[Region, Plane]
    extracted: Mapping[tuple[Region, Extract], Plane]
    packed: Packed
    is_last: bool

    @property
    def region(self) -> Region:
        """The region of the first channel: time, plane, level and crop are those of all."""
        return next(iter(self.planes))

    @property
    def place(self) -> Region:
        """The part of the level that the picture covers."""
        return self.wish.extract(self.region).place_of(self.region)


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
        self._last: Drawn | None = None

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
        self._last = None

    def show(self, wish: Wish) -> None:
        """Draw `wish` unless it is drawn already."""
        if wish == self._wanted or self._source is None or not wish.regions:
            return
        self._wanted = wish
        levels = [tuple(group) for _level, group in groupby(wish.regions, lambda region: region.level)]
        at_hand = self._last.planes if self._last is not None else {}
        is_in_memory = all(region in at_hand for region in levels[-1])
        self._left = levels[-1:] if is_in_memory else levels
        self._go_on()

    def reread(self, wish: Wish | None = None) -> None:
        """Read the last wish again, or `wish`, whatever is at hand: the pixels have changed."""
        wish, self._wanted, self._last = wish or self._wanted, None, None
        if wish is not None:
            self.show(wish)

    def rest(self) -> None:
        """Draw nothing until something is wished anew."""
        self._wanted = None
        self._left = []

    def _go_on(self) -> None:
        if self._is_busy or not self._left or self._wanted is None or self._source is None:
            return
        regions = self._left.pop(0)
        self._is_busy = True
        call = partial(draw, self._source, self._wanted, regions, self._last, is_last=not self._left)
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
        self._last = drawn
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
    source: ImageSource, wish: Wish, regions: tuple[Region, ...], last: Drawn | None, *, is_last: bool
) -> Drawn:
    """Read what is not at hand in the `last` picture and draw it; for a thread."""
    at_hand = last.planes if last is not None else {}
    planes = {
        region: at_hand[region] if region in at_hand else source.read(region)[0, 0, 0] for region in regions
    }
    contrasts, kinds = _settled(wish, tuple(planes.values()))
    looks = [Look(lut, contrast) for lut, contrast in zip(wish.luts, contrasts, strict=True)]
    extracted = {}
    for region, plane in planes.items():
        extract = wish.extract(region)
        is_known = last is not None and last.planes.get(region) is plane
        known = last.extracted.get((region, extract)) if last is not None and is_known else None
        extracted[region, extract] = taken(plane, region, extract) if known is None else known
    packed = composite(tuple(extracted.values()), looks)
    return Drawn(replace(wish, contrasts=contrasts, kinds=kinds), planes, extracted, packed, is_last)


def taken(plane: Plane, region: Region, extract: Extract) -> Plane:
    """Return what is drawn of a plane that holds `region`."""
    (top, bottom), (left, right) = extract.y, extract.x
    y0, x0 = region.y[0], region.x[0]
    return reduced(plane[top - y0 : bottom - y0, left - x0 : right - x0], extract.step)


def _settled(wish: Wish, planes: tuple[Plane, ...]) -> tuple[tuple[Contrast, ...], tuple[Kind, ...]]:
    """Return contrasts and kinds, found by looking at the planes where the wish has none."""
    kinds = tuple(kind or kind_of(plane) for plane, kind in zip(planes, wish.kinds, strict=False))
    if wish.is_joint and None in wish.contrasts:
        contrast = auto_contrast(*planes, kind=wish.kind or "brightfield")
        return (contrast,) * len(planes), kinds
    taken_for = (wish.kind,) * len(planes) if wish.kind or not kinds else kinds
    contrasts = tuple(
        known or auto_contrast(plane, kind=kind)
        for plane, known, kind in zip(planes, wish.contrasts, taken_for, strict=True)
    )
    return contrasts, kinds
