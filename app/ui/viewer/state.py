"""What is seen and how: one frozen value. Whoever wants something else makes another one.

Places and lengths are in *units*: micrometres where the file says how large a pixel is, else pixels of
the raw image at full resolution. A restored image covers the very extent of its raw image, however many
pixels it has.
"""

from dataclasses import dataclass, replace
from typing import Literal, Self

from app.images.projection import Projection
from app.text import _
from app.ui.viewer.luts import default_luts, lut_for_colour
from models.source import Channel, ImageInfo

Colouring = Literal["composite", "single", "gray"]
Comparison = Literal["single", "side", "curtain", "flicker", "difference"]
Side = Literal["raw", "restored", "difference"]  # the first image, the second one, and what is between them
Kind = Literal["fluorescence", "brightfield"]
Axis = Literal["C", "Z", "T"]

MERGED_AT_FIRST = 6  # images with more channels begin with one channel at a time


@dataclass(frozen=True, slots=True)
class Contrast:
    """The gray values that become dark and bright; `gamma` below 1 lifts what is faint."""

    low: float
    high: float
    gamma: float = 1.0


@dataclass(frozen=True, slots=True)
class ChannelView:
    """How one channel looks.

    `lut` is a name of `luts.NAMES` or a colour such as ``"#ff8800"``; `contrast` is None until the first
    plane was seen; `restored` is used for the second image while the contrast is not locked; `difference`
    is the gray value where the colours of a difference end, on both sides of zero. `found` is what the first
    plane that was seen looks like; all others are taken for the same.
    """

    name: str
    lut: str
    is_visible: bool = True
    contrast: Contrast | None = None
    restored: Contrast | None = None
    difference: float | None = None
    found: Kind | None = None


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in units."""

    x: float
    y: float
    width: float
    height: float

    def grown(self, factor: float) -> "Rect":
        """Return the rectangle `factor` times as large around the same middle."""
        width, height = self.width * factor, self.height * factor
        return Rect(self.x + (self.width - width) / 2, self.y + (self.height - height) / 2, width, height)


@dataclass(frozen=True, slots=True)
class Box:
    """A part of one plane in whole pixels of the raw image; no `channels` means all of them."""

    y0: int
    x0: int
    height: int
    width: int
    t: int = 0
    z: int = 0
    channels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewState:
    """Everything that decides what the viewer draws.

    Attributes
    ----------
    t, z : int
        The plane looked at.
    channel : int
        The channel that keys and the histogram are about.
    channels : tuple of ChannelView
        One per channel of the raw image; empty while nothing is open.
    colouring : Colouring
        All visible channels merged, one in its colour, or one in gray.
    view : Rect or None
        The visible part in units; None: all of it.
    compare : Comparison
        How the two images stand together.
    curtain : float
        Where the curtain hangs, 0 at the left edge of the image, 1 at the right one.
    is_swapped : bool
        The two images have changed places.
    is_contrast_locked : bool
        The second image is drawn with the contrast of the first one.
    flicker : float
        How often in a second flickering changes the picture.
    kind : Kind or None
        What automatic contrast takes the image for; None: what was found for each channel.
    is_joint : bool
        The channels are the colours of one picture and share one contrast.
    projection : Projection or None
        Many planes in one picture; None: one plane at a time.
    """

    t: int = 0
    z: int = 0
    channel: int = 0
    channels: tuple[ChannelView, ...] = ()
    colouring: Colouring = "composite"
    view: Rect | None = None
    compare: Comparison = "single"
    curtain: float = 0.5
    is_swapped: bool = False
    is_contrast_locked: bool = True
    flicker: float = 2.0
    kind: Kind | None = None
    is_joint: bool = False
    projection: Projection | None = None

    def planes(self, count: int) -> range:
        """Return the planes looked at in a stack of `count`."""
        if self.projection is None:
            return range(self.z, self.z + 1)
        return range(*self.projection.over(count))

    @property
    def shown(self) -> tuple[int, ...]:
        """The channels that are drawn, in order."""
        if self.colouring != "composite":
            return (self.channel,) if self.channels else ()
        return tuple(index for index, channel in enumerate(self.channels) if channel.is_visible)

    def position(self, axis: Axis) -> int:
        """Return where we are along an axis."""
        return {"C": self.channel, "Z": self.z, "T": self.t}[axis]

    def at(self, axis: Axis, position: int) -> Self:
        """Return the state at another position along an axis."""
        if axis == "C":
            return replace(self, channel=position)
        return replace(self, z=position) if axis == "Z" else replace(self, t=position)

    def contrast(self, index: int, side: Side = "raw") -> Contrast | None:
        """Return the contrast that channel `index` is drawn with; None: not known yet."""
        channel = self.channels[index]
        if side == "difference":
            reach = channel.difference
            return None if reach is None else Contrast(-reach, reach)
        return channel.contrast if side == "raw" or self.is_contrast_locked else channel.restored

    def lut(self, index: int) -> str:
        """Return the colours that channel `index` is drawn in."""
        return "Grays" if self.colouring == "gray" else self.channels[index].lut

    def with_channel(self, index: int, channel: ChannelView) -> Self:
        """Return the state with one channel replaced."""
        return replace(self, channels=(*self.channels[:index], channel, *self.channels[index + 1 :]))

    def with_contrast(self, index: int, contrast: Contrast | None, side: Side = "raw") -> Self:
        """Return the state with another contrast; while locked, the two images share it.

        The channels of a colour picture get it all together.
        """
        is_shared = side == "raw" or self.is_contrast_locked
        some = range(len(self.channels)) if self.is_joint else (index,)
        state = self
        for one in some:
            channel = self.channels[one]
            changed = (
                replace(channel, contrast=contrast) if is_shared else replace(channel, restored=contrast)
            )
            state = state.with_channel(one, changed)
        return state

    def with_found(self, index: int, kind: Kind | None) -> Self:
        """Return the state that knows what a channel looks like."""
        return self.with_channel(index, replace(self.channels[index], found=kind))

    def with_difference(self, index: int, reach: float | None) -> Self:
        """Return the state with another reach of the colours of a difference."""
        return self.with_channel(index, replace(self.channels[index], difference=reach))

    def with_kind(self, kind: Kind | None) -> Self:
        """Return the state in which every contrast is found anew, for images of this kind."""
        channels = tuple(replace(channel, contrast=None, restored=None) for channel in self.channels)
        return replace(self, kind=kind, channels=channels)

    def with_lock(self, *, locked: bool) -> Self:
        """Return the state with the lock closed or open; opening it starts from the shared contrast."""
        channels = tuple(replace(channel, restored=channel.contrast) for channel in self.channels)
        return replace(self, is_contrast_locked=locked, channels=channels)


def initial_state(info: ImageInfo) -> ViewState:
    """Return the first look at an image: middle plane, the file's colours and range, or safe ones."""
    planes = info.shape[2]
    luts = _luts(info)
    channels = tuple(
        ChannelView(channel.name or _numbered(index), luts[index], contrast=_stored(channel, info))
        for index, channel in enumerate(info.channels)
    )
    is_merged = 1 < len(channels) <= MERGED_AT_FIRST
    return ViewState(
        z=planes // 2,
        channels=channels,
        colouring="composite" if is_merged else "single",
        is_joint=info.is_rgb,
    )


def unit_size(info: ImageInfo) -> tuple[float, float]:
    """Return height and width of a raw pixel in units."""
    size = info.pixel_size_um
    return (1.0, 1.0) if size.y is None or size.x is None else (size.y, size.x)


def is_calibrated(info: ImageInfo) -> bool:
    """Whether a unit is a micrometre."""
    return info.pixel_size_um.y is not None and info.pixel_size_um.x is not None


def extent(info: ImageInfo) -> Rect:
    """Return the extent of a raw image in units; its upper left corner is the origin."""
    *_, height, width = info.shape
    unit_y, unit_x = unit_size(info)
    return Rect(0.0, 0.0, width * unit_x, height * unit_y)


def _numbered(index: int) -> str:
    return _("channel {number}").format(number=index + 1)


def _stored(channel: Channel, info: ImageInfo) -> Contrast | None:
    if channel.display is not None and channel.display[0] < channel.display[1]:
        return Contrast(*channel.display)
    return Contrast(0, 255) if info.is_rgb and info.dtype == "uint8" else None


def _luts(info: ImageInfo) -> tuple[str, ...]:
    if info.is_rgb:
        return ("Red", "Green", "Blue", "Grays")[: len(info.channels)]
    colours = [channel.colour for channel in info.channels]
    is_telling = len(colours) == 1 or len(set(colours)) > 1  # all white is what writers put who do not know
    defaults = default_luts(len(colours))
    return tuple(
        lut_for_colour(colour) if colour and is_telling else default
        for colour, default in zip(colours, defaults, strict=True)
    )
