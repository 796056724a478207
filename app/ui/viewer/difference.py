"""What lies between two images, second minus first: an image source like any other, read piece by piece.

It stands on the finer grid of the two, as far as both images reach. Of each image no more is read than the
wished region covers, from the coarsest level that is still fine enough.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from app.text import _
from app.ui.viewer.contrast import Plane, sampled
from app.ui.viewer.pair import Link, Pair
from app.ui.viewer.state import Rect, ViewState, extent
from models.source import Channel, ImageInfo, ImageSource, Pixels, Range, Region, Shape5

LARGE = 1 << 22  # planes with more pixels get coarse levels
SMALLEST = 512  # pixels along the longer side of the coarsest level, at least
ALIKE = 1e-6  # of a pixel: places this near are the same
NEARLY_ALL = 99.9  # per cent of the pixels
SAMPLE = 1 << 16  # pixels that are enough to find a range
COLOURS = 3  # channels of a colour picture that make its brightness


@dataclass(frozen=True, slots=True)
class Term:
    """One channel of the difference: the mean of some channels minus the mean of others.

    `index` is the channel of the first image that it is shown for.
    """

    index: int
    first: tuple[int, ...]
    second: tuple[int, ...]
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Sampling:
    """Where the pixels of one axis lie between those of another: `share` of the way from one to the next."""

    span: Range
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    share: NDArray[np.float64]

    def along(self, plane: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
        """Return a plane that begins at ``span[0]`` resampled along an axis, linearly."""
        first = np.take(plane, self.before - self.span[0], axis)
        if not self.share.any():
            return first
        share = self.share.astype(plane.dtype)
        first += (np.take(plane, self.after - self.span[0], axis) - first) * np.expand_dims(share, 1 - axis)
        return first


class DifferenceSource:
    """The difference of two images; `over` is its extent in units of the first."""

    def __init__(
        self, first: ImageSource, second: ImageSource, pair: Pair, *, is_swapped: bool = False
    ) -> None:
        self._sources = (first, second)
        self._pair = pair
        self._sign = -1 if is_swapped else 1
        self.terms = terms(pair)
        self.over, height, width = grid(pair)
        times, _channels, depth = first.info.shape[:3]
        shape = (times, len(self.terms), depth, height, width)
        channels = tuple(Channel(term.name) for term in self.terms)
        self.info: ImageInfo = replace(
            pair.first, shapes=with_levels(shape), dtype="float32", channels=channels, is_rgb=False
        )

    def term_of(self, state: ViewState) -> int | None:
        """Return the channel of the difference to be seen: that of the active channel, else of the first."""
        shown = [number for number, term in enumerate(self.terms) if self._is_shown(term, state)]
        active = (number for number in shown if self.terms[number].index == state.channel)
        return next(active, shown[0] if shown else None)

    def read(self, region: Region) -> Pixels:
        """Return the difference in `region`, shape ``region.shape``, float32; see `ImageSource.read`.

        Where either image has no number the difference is 0.
        """
        found = np.empty(region.shape, np.float32)
        every = (range(*span) for span in region.ranges[:3])
        for t, c, z in product(*every):
            first = self._plane(0, self.terms[c].first, t, z, region)
            second = self._plane(
                1, self.terms[c].second, self._pair.time_of(t), self._second_plane(z), region
            )
            with np.errstate(invalid="ignore"):  # infinity minus infinity is no number
                second -= first
            second *= self._sign
            second[np.isnan(second)] = 0
            found[t - region.t[0], c - region.c[0], z - region.z[0]] = second
        return found

    def close(self) -> None:
        """Do nothing: who opened the images closes them."""

    def _second_plane(self, z: int) -> int:
        return min(self._pair.plane_of(z), self._sources[1].info.shape[2] - 1)

    def _is_shown(self, term: Term, state: ViewState) -> bool:
        is_whole = self._pair.is_mixed or self._pair.first.is_rgb
        return bool(state.shown) if is_whole else term.index in state.shown

    def _plane(
        self, side: int, channels: Sequence[int], t: int, z: int, region: Region
    ) -> NDArray[np.floating]:
        """Return one image on the grid of `region`, as numbers that can be subtracted."""
        source = self._sources[side]
        over = (extent(self._pair.first), self._pair.over)[side]
        shapes = source.info.shapes
        *_, height, width = self.info.shapes[region.level]
        level = level_for(self.over.width / width, over.width, shapes)
        *_, tall, wide = shapes[level]
        rows = sampling(region.y, self.over.height / height, over.height / tall, tall)
        columns = sampling(region.x, self.over.width / width, over.width / wide, wide)
        kind = exact_kind(*(one.info.dtype for one in self._sources))
        total = np.zeros((rows.span[1] - rows.span[0], columns.span[1] - columns.span[0]), kind)
        for channel in channels:
            piece = Region((t, t + 1), (channel, channel + 1), (z, z + 1), rows.span, columns.span, level)
            total += source.read(piece)[0, 0, 0]
        total /= len(channels)
        return columns.along(rows.along(total, 0), 1)


def terms(pair: Pair) -> tuple[Term, ...]:
    """Return what is subtracted from what: linked channels, or the brightness where colours are involved."""
    if pair.first.is_rgb or pair.is_mixed:
        first, second = (
            tuple(range(min(COLOURS, info.shape[1]) if info.is_rgb else 1))
            for info in (pair.first, pair.second)
        )
        return (Term(0, first, second, _("brightness")),)
    several = pair.first.shape[1] > 1
    return tuple(
        Term(link.first, (link.first,), (link.second,), _names(pair, link) if several else "")
        for link in pair.links
    )


def grid(pair: Pair) -> tuple[Rect, int, int]:
    """Return the extent, height and width of the finer grid, as far as both images reach."""
    shared, first = pair.shared, extent(pair.first)
    unit_y = min(first.height / pair.first.shape[3], pair.over.height / pair.second.shape[3])
    unit_x = min(first.width / pair.first.shape[4], pair.over.width / pair.second.shape[4])
    height = max(1, math.floor(shared.height / unit_y + ALIKE))
    width = max(1, math.floor(shared.width / unit_x + ALIKE))
    return Rect(shared.x, shared.y, width * unit_x, height * unit_y), height, width


def with_levels(shape: Shape5) -> tuple[Shape5, ...]:
    """Return `shape`, followed by those of levels half, a quarter ... as large if it is large."""
    t, c, z, height, width = shape
    shapes, step = [shape], 2
    while height * width > LARGE and max(height, width) // step >= SMALLEST:
        shapes.append((t, c, z, -(-height // step), -(-width // step)))
        step *= 2
    return tuple(shapes)


def level_for(unit: float, span: float, shapes: Sequence[Shape5]) -> int:
    """Return the coarsest level whose pixels are no larger than `unit`, for an image that spans `span`."""
    enough = [level for level, shape in enumerate(shapes) if span / shape[-1] <= unit * (1 + ALIKE)]
    return max(enough, default=0)


def sampling(wished: Range, unit: float, other_unit: float, count: int) -> Sampling:
    """Return where the middles of pixels lie in a row of `count` pixels of another size; both begin at 0."""
    at = (np.arange(*wished) + 0.5) * (unit / other_unit) - 0.5
    near = np.rint(at)
    at = np.clip(np.where(np.abs(at - near) < ALIKE, near, at), 0, count - 1)
    before = np.floor(at).astype(np.intp)
    after = np.minimum(before + 1, count - 1)
    share = at - before
    last = after if share.any() else before
    return Sampling((int(before[0]), int(last[-1]) + 1), before, np.minimum(after, last), share)


def exact_kind(*dtypes: str) -> np.dtype[np.floating]:
    """Return the number format in which values of these types can be subtracted without loss."""
    kinds = [np.dtype(name) for name in dtypes]
    is_small = all(kind.itemsize <= 2 or kind == np.float32 for kind in kinds)
    return np.dtype(np.float32 if is_small else np.float64)


def reach_of(plane: Plane) -> float:
    """Return how far the values of a difference lie from zero, but for the few that lie furthest."""
    values = np.abs(sampled(plane, SAMPLE))
    reach = float(np.percentile(values, NEARLY_ALL)) if values.size else 0.0
    return rounded_up(reach or float(values.max(initial=0.0)))


def rounded_up(reach: float) -> float:
    """Return a number with two digits that is no smaller: the end of a scale that is easy to read."""
    if not 0 < reach < math.inf:
        return 1.0
    step = 10.0 ** (math.floor(math.log10(reach)) - 1)
    digits = max(0, 1 - math.floor(math.log10(reach)))
    return round(math.ceil(reach / step - ALIKE) * step, digits)


def _names(pair: Pair, link: Link) -> str:
    """Return the name of a channel, and that of the other one if it is not the same."""
    first, second = _name(pair.first, link.first), _name(pair.second, link.second)
    return first if first.casefold() == second.casefold() else f"{first} / {second}"


def _name(info: ImageInfo, index: int) -> str:
    return info.channels[index].name or _("channel {number}").format(number=index + 1)
