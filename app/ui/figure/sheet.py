"""A figure before it is painted: pictures, bars, lines and words at their places, in pixels. Free of Qt."""

from dataclasses import dataclass
from typing import Literal

from app.images.picture import Box, Picture

Anchor = Literal["start", "middle", "end"]
ANCHORS: tuple[Anchor, Anchor, Anchor] = ("start", "middle", "end")

WIDE = 0.62  # of its height a letter is about so wide
PAPER = "#ffffff"
WHITE = "#ffffff"
DARK = "#000000"


@dataclass(frozen=True, slots=True)
class Image:
    """Pixels whose part `box` fills a rectangle of the sheet; only what lies in `clip` is seen."""

    picture: Picture
    box: Box
    at: Box
    clip: Box


@dataclass(frozen=True, slots=True)
class Block:
    """A filled rectangle."""

    at: Box
    colour: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text with its foot at `y`; it wears a dark rim so that it can be read on any ground."""

    text: str
    x: float
    y: float
    size: float
    colour: str = WHITE
    anchor: Anchor = "start"

    @property
    def width(self) -> float:
        """About how wide the text is."""
        return len(self.text) * self.size * WIDE


@dataclass(frozen=True, slots=True)
class Sheet:
    """A figure; what comes later lies over what comes before."""

    width: int
    height: int
    images: tuple[Image, ...]
    blocks: tuple[Block, ...] = ()
    words: tuple[Words, ...] = ()
