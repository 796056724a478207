"""How a second image stands to the first one: which place, plane and channel belong together. Pure.

A result lies over the image it was made from, however many pixels it has. Any other two images lie over one
another in micrometres, upper left corners together, where both files say how large a pixel is.
"""

from dataclasses import dataclass
from pathlib import Path

from app.text import _
from app.ui.viewer.compare import match_channels
from app.ui.viewer.pointer import value_in_words
from app.ui.viewer.state import Contrast, Rect, ViewState, extent, is_calibrated
from models.source import Channel, ImageInfo

LONGEST = 22  # letters of a name within a sentence
# Of the wider of two ranges of gray values: with less in common they cannot be compared. Pixels of one type
# more often mean the same.
SHARED, SHARED_OF_ONE_TYPE = 0.5, 0.05


@dataclass(frozen=True, slots=True)
class Link:
    """A channel of the first image and the one of the second that belongs to it.

    `lut` is the table for the second where it cannot be that of the first: beside a colour picture.
    """

    first: int
    second: int
    lut: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images that are compared.

    Attributes
    ----------
    first, second : ImageInfo
        Of the image that is looked at and of the one beside it.
    names : (str, str)
        What they are called over the picture.
    is_result : bool
        The second was made from the first.
    over : Rect
        Extent of the second image in units of the first.
    links : tuple of Link
        One per pair of channels; channels without a partner are in none.
    note : str
        One line on how they were laid over one another, where that is open to doubt.
    """

    first: ImageInfo
    second: ImageInfo
    names: tuple[str, str]
    is_result: bool
    over: Rect
    links: tuple[Link, ...]
    note: str = ""

    @property
    def reach(self) -> Rect:
        """The least rectangle that holds both images, in units."""
        return united(extent(self.first), self.over)

    @property
    def shared(self) -> Rect:
        """The part where both images are, in units."""
        first = extent(self.first)
        return Rect(0.0, 0.0, min(first.width, self.over.width), min(first.height, self.over.height))

    @property
    def is_mixed(self) -> bool:
        """Whether one is a colour picture and the other is not."""
        return self.first.is_rgb != self.second.is_rgb

    @property
    def is_one_type(self) -> bool:
        """Whether both have pixels of the same type."""
        return self.first.dtype == self.second.dtype

    @property
    def is_locked_at_first(self) -> bool | None:
        """Whether their contrasts begin locked together; None: the gray values have to be seen first."""
        if self.is_mixed:
            return False
        is_counted = self.is_one_type and not self.first.dtype.startswith("float")
        return True if self.is_result or is_counted else None

    def links_of(self, state: ViewState) -> tuple[Link, ...]:
        """Return the links whose channels are drawn."""
        if self.is_mixed:
            return self.links if state.shown else ()
        return tuple(link for link in self.links if link.first in state.shown)

    def second_of(self, channel: int) -> int | None:
        """Return the channel of the second image that belongs to one of the first."""
        return next((link.second for link in self.links if link.first == channel), None)

    def seconds_of(self, channel: int) -> tuple[int, ...]:
        """Return the channels of the second image that share the contrast set for one of the first."""
        if self.is_mixed or self.second.is_rgb:
            return tuple(link.second for link in self.links)
        return tuple(link.second for link in self.links if link.first == channel)

    def first_of(self, channel: int) -> int | None:
        """Return the channel of the first image that belongs to one of the second."""
        return next((link.first for link in self.links if link.second == channel), None)

    def time_of(self, t: int) -> int:
        """Return the time of the second image that belongs to one of the first."""
        return min(t, self.second.shape[0] - 1)

    def plane_of(self, z: int) -> int:
        """Return the plane of the second image that belongs to one of the first.

        By its height where both files say how far planes lie apart and have not the same number of them,
        else by its number; the last one where there is none so high.
        """
        step, other = self.first.pixel_size_um.z, self.second.pixel_size_um.z
        depth, other_depth = self.first.shape[2], self.second.shape[2]
        if step and other and depth != other_depth and not self.is_result:
            z = round(z * step / other)
        return min(z, other_depth - 1)

    @property
    def short_names(self) -> tuple[str, str]:
        """The names as they stand within a sentence."""
        return (shortened(self.names[0]), shortened(self.names[1]))

    def tags(self, state: ViewState) -> tuple[str, str]:
        """Return both names; that of the second with its plane or time, where those differ."""
        second = self.names[1]
        planes, times = self.second.shape[2], self.second.shape[0]
        if planes != self.first.shape[2] and planes > 1:
            second = _("{name}, Z {number}").format(name=second, number=self.plane_of(state.z) + 1)
        if times != self.first.shape[0] and times > 1:
            second = _("{name}, T {number}").format(name=second, number=self.time_of(state.t) + 1)
        return (self.names[0], second)


def paired(first: ImageInfo, second: ImageInfo, paths: tuple[Path, Path], *, is_result: bool = False) -> Pair:
    """Return how two images stand to each other."""
    names = (_("raw"), _("restored")) if is_result else distinct_names(*paths)
    over, note = (extent(first), "") if is_result else laid_over(first, second, names)
    return Pair(first, second, names, is_result, over, link(first, second, is_result=is_result), note)


def laid_over(first: ImageInfo, second: ImageInfo, names: tuple[str, str]) -> tuple[Rect, str]:
    """Return where the second image lies, in units of the first, and a line on it where it is in doubt."""
    if is_calibrated(first) and is_calibrated(second):
        return extent(second), ""
    if first.shape[3:] == second.shape[3:]:
        return extent(first), ""
    if is_calibrated(first):
        note = _("{second} does not say how large a pixel is: it is stretched over {first}.")
    elif is_calibrated(second):
        note = _("{first} does not say how large a pixel is: {second} is stretched over it.")
    else:
        note = _("Neither file says how large a pixel is: {second} is stretched over {first}.")
    return extent(first), note.format(first=shortened(names[0]), second=shortened(names[1]))


def link(first: ImageInfo, second: ImageInfo, *, is_result: bool = False) -> tuple[Link, ...]:
    """Return which channels belong together.

    By name if any name is in both, else by order. A result has all channels of its original, in order, or
    some of them under their names. Beside a colour picture a gray one keeps its own colours.
    """
    if first.is_rgb != second.is_rgb:
        colours = ("Red", "Green", "Blue", *["Grays"] * len(second.channels))
        own = colours if second.is_rgb else ("Grays",) * len(second.channels)
        return tuple(
            Link(0, index, own[index]) for index in range(len(second.channels) if second.is_rgb else 1)
        )
    if is_result:
        matches = match_channels(first.channels, second.channels)
        return tuple(Link(index, other) for index, other in enumerate(matches) if other is not None)
    ours, theirs = _names(first.channels), _names(second.channels)
    named = tuple(Link(index, theirs.index(name)) for index, name in enumerate(ours) if name in theirs)
    is_telling = len(set(ours)) == len(ours) and len(set(theirs)) == len(theirs)
    if named and is_telling:
        return named
    return tuple(Link(index, index) for index in range(min(len(ours), len(theirs))))


def distinct_names(first: Path, second: Path) -> tuple[str, str]:
    """Return the names of two files, with as many of their folders as tell them apart."""
    ours, theirs = first.parts, second.parts
    for count in range(1, max(len(ours), len(theirs)) + 1):
        pair = (Path(*ours[-count:]).as_posix(), Path(*theirs[-count:]).as_posix())
        if pair[0] != pair[1]:
            return pair
    return (first.name, second.name)


def shortened(name: str, most: int = LONGEST) -> str:
    """Return a name with its middle left out if it is long."""
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-(most // 2 - 1) :]}"


def can_compare(first: Contrast, second: Contrast, *, is_one_type: bool = False) -> bool:
    """Whether two ranges of gray values have enough in common to be drawn with the same contrast."""
    shared = min(first.high, second.high) - max(first.low, second.low)
    least = SHARED_OF_ONE_TYPE if is_one_type else SHARED
    return shared > least * max(first.high - first.low, second.high - second.low)


def why_unlocked(pair: Pair, first: Contrast | None, second: Contrast | None) -> str:
    """Return the line that says why two images begin with contrasts of their own."""
    if pair.is_mixed:
        return _("Contrast is not locked: one is a colour picture, the other is not.")
    if first is None or second is None:
        return ""
    return _("Contrast is not locked: gray values go to {first} in {one} and to {second} in {other}.").format(
        first=value_in_words(_plain(first.high)),
        second=value_in_words(_plain(second.high)),
        one=pair.short_names[0],
        other=pair.short_names[1],
    )


def united(one: Rect, other: Rect) -> Rect:
    """Return the least rectangle that holds both."""
    left, top = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    bottom = max(one.y + one.height, other.y + other.height)
    return Rect(left, top, right - left, bottom - top)


def _names(channels: tuple[Channel, ...]) -> list[str]:
    """Return names to be compared; a channel without one has a name that no other has."""
    return [channel.name.strip().casefold() or f"\0{index}" for index, channel in enumerate(channels)]


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else value
