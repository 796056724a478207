"""What lies under the pointer, as one line for the status bar."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.text import _
from app.ui.viewer.contrast import Plane
from app.ui.viewer.state import Rect
from models.source import Region

Value = int | float


@dataclass(frozen=True, slots=True)
class Reading:
    """The gray values of one channel at one place; None where they are not known yet or not there."""

    channel: str
    raw: Value | None
    restored: Value | None = None


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in raw pixels, counted from 0, and in micrometres where the image is calibrated."""

    x: int
    y: int
    x_um: float | None
    y_um: float | None
    readings: tuple[Reading, ...]
    other: str = ""  # the name of the second image; empty: there is none
    of: str = ""  # what the values are of, unless of one plane

    def __str__(self) -> str:
        several = len(self.readings) > 1
        values = "   ".join(self._words(reading, named=several) for reading in self.readings)
        if self.of:
            values = f"{self.of}: {values}"
        where = _("x {x}, y {y} px").format(x=self.x, y=self.y)
        if self.x_um is not None and self.y_um is not None:
            where += f"  ({self.x_um:.2f}, {self.y_um:.2f}\u202fµm)"
        return f"{values}  @  {where}" if values else where

    def _words(self, reading: Reading, *, named: bool) -> str:
        name = f"{reading.channel}: " if named else ""
        text = name + value_in_words(reading.raw)
        if self.other:
            value = value_in_words(reading.restored)
            text += " " + _("({name} {value})").format(name=self.other, value=value)
        return text


def value_in_words(value: Value | None) -> str:
    """Return a gray value with as many digits as help."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return str(value)
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.4g}"


def value_at(
    planes: Mapping[Region, Plane], channel: int, at: tuple[float, float], over: Rect, size: tuple[int, int]
) -> Value | None:
    """Return the pixel at a place in units; `size` is height and width of the whole plane that fills `over`.

    None if the place is outside, or if only a coarse or another part of the plane is at hand.
    """
    height, width = size
    row, column = int((at[1] - over.y) / over.height * height), int((at[0] - over.x) / over.width * width)
    for region, plane in planes.items():
        (y0, y1), (x0, x1) = region.y, region.x
        is_there = y0 <= row < y1 and x0 <= column < x1
        if region.level == 0 and region.c[0] == channel and is_there:
            return as_value(plane[row - y0, column - x0])
    return None


def as_value(number: np.generic) -> Value:
    """Return a pixel as a plain number."""
    plain = number.item()
    return int(plain) if isinstance(plain, bool | int) else float(plain)
