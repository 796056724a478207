"""Measures a shape on one or several images that cover each other, at full resolution.

Pixels come from the source in pieces, so that neither a plane larger than memory nor a region as large as
that needs more memory than `MOST_PIXELS` of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.images.measuring.masks import covered, mask
from app.images.measuring.profile import Numbers, places, sample
from app.images.measuring.shapes import Area, Line, Point, Shape
from app.images.measuring.statistics import Statistics, describe
from models.source import ImageSource, Pixels, Range, Region

WHOLE_PIXELS = 1 << 22  # a plane up to this size is read whole, as for drawing: mostly it is at hand
TILE = 1024  # larger ones are read in squares of this side
MOST_PIXELS = 16_000_000  # of a region that are looked at

Check = Callable[[], None]


class Partner(Protocol):
    """Knows which planes of two images belong together."""

    def time_of(self, t: int) -> int:
        """Return the time of this image that belongs to one of the first."""
        ...

    def plane_of(self, z: int) -> int:
        """Return the plane of this image that belongs to one of the first."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """One of the images that lie over each other.

    Attributes
    ----------
    name : str
        What it is called beside the numbers: "raw", "restored".
    source : ImageSource
    place : (x, y, width, height)
        What it covers, in units.
    channels : tuple of int or None
        For each channel of the first image the one of this image.
    missing : frozenset of (t, c, z)
        Planes that are still to come; the channel is that of the first image.
    partner : Partner or None
        Which of its planes belong to those of the first image; None: those of the same number.
    of : str
        What is measured where it is not a plane, such as "Maximum of all 40 planes".
    """

    name: str
    source: ImageSource
    place: tuple[float, float, float, float]
    channels: tuple[int | None, ...]
    missing: frozenset[tuple[int, int, int]] = frozenset()
    partner: Partner | None = None
    of: str = ""

    @property
    def unit(self) -> tuple[float, float]:
        """Width and height of a pixel in units."""
        *_, height, width = self.source.info.shape
        return self.place[2] / width, self.place[3] / height


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Gray values along a line: of which channel (of the first image) and of which subject."""

    channel: int
    subject: int
    distance: Numbers  # (n,) units
    values: Numbers  # (n,) gray values; not a number outside the image


@dataclass(frozen=True, slots=True)
class Row:
    """The numbers of one channel, for each subject; None where that has no such channel."""

    channel: int
    of: tuple[Statistics | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """What was measured.

    `step` above 1 means that only every so-manieth pixel each way was looked at; `of` says what was measured
    where it is not the plane.
    """

    shape: Shape
    t: int
    z: int
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    curves: tuple[Curve, ...] = ()
    step: int = 1
    of: str = ""


def measure(
    shape: Shape,
    subjects: tuple[Subject, ...],
    t: int,
    z: int,
    channels: tuple[int, ...],
    check: Check = lambda: None,
) -> Measurement:
    """Return the numbers of `shape` on one plane, and for a line the curves; for a thread.

    Parameters
    ----------
    shape : Shape
        In units.
    subjects : tuple of Subject
    t, z : int
        The plane; one that an image does not have is replaced by its last.
    channels : tuple of int
        Of the first image.
    check : callable
        Called between pieces; may raise to stop.

    Raises
    ------
    ImageError
        If pixels cannot be read.
    """
    rows, curves, step = [], [], 1
    for channel in channels:
        found: list[Statistics | None] = []
        for number, subject in enumerate(subjects):
            own = subject.channels[channel]
            if own is None or (t, channel, z) in subject.missing:
                found.append(None)
                continue
            there_t, there_z = (t, z) if subject.partner is None else _beside(subject.partner, t, z)
            plane = Plane(subject.source, there_t, own, there_z, check)
            there = _moved_into(shape, subject)
            if isinstance(there, Line):
                curve = _curve(there, subject, plane, channel, number)
                curves.append(curve)
                found.append(describe([curve.values], pixel_area=0.0))
            else:
                statistics, taken = _statistics(there, subject, plane)
                found.append(statistics)
                step = max(step, taken)
        rows.append(Row(channel, tuple(found)))
    names = tuple(subject.name for subject in subjects)
    return Measurement(shape, t, z, names, tuple(rows), tuple(curves), step, subjects[0].of)


class Plane:
    """One plane of an image at full resolution, read piece by piece."""

    def __init__(self, source: ImageSource, t: int, c: int, z: int, check: Check) -> None:
        times, _channels, depth, height, width = source.info.shape
        self._t, self._c, self._z = min(t, times - 1), c, min(z, depth - 1)
        self._source = source
        self._check = check
        self.size = (height, width)

    def tiles(self, rows: Range, columns: Range) -> Iterator[tuple[Range, Range]]:
        """Yield the pieces, in whole tiles, that cover some rows and columns."""
        height, width = self.size
        if rows[0] >= rows[1] or columns[0] >= columns[1]:
            return
        if height * width <= WHOLE_PIXELS:
            yield (0, height), (0, width)
            return
        for top in range(rows[0] // TILE * TILE, rows[1], TILE):
            for left in range(columns[0] // TILE * TILE, columns[1], TILE):
                yield (top, min(height, top + TILE)), (left, min(width, left + TILE))

    def read(self, rows: Range, columns: Range) -> Pixels:
        """Return the pixels of one piece, (h, w)."""
        self._check()
        one = ((self._t, self._t + 1), (self._c, self._c + 1), (self._z, self._z + 1))
        pixels: Pixels = self._source.read(Region(*one, rows, columns))[0, 0, 0]
        return pixels

    def crop(self, rows: Range, columns: Range) -> Pixels:
        """Return the pixels of any rows and columns, (h, w), put together from pieces."""
        found = np.empty((rows[1] - rows[0], columns[1] - columns[0]), self._source.info.dtype)
        for (top, bottom), (left, right) in self.tiles(rows, columns):
            shared_y, shared_x = _shared(rows, (top, bottom)), _shared(columns, (left, right))
            piece = self.read((top, bottom), (left, right))
            found[_within(shared_y, rows[0]), _within(shared_x, columns[0])] = piece[
                _within(shared_y, top), _within(shared_x, left)
            ]
        return found


def step_for(pixels: int) -> int:
    """Return how far apart the pixels are that are looked at in a region of so many."""
    return max(1, math.ceil(math.sqrt(pixels / MOST_PIXELS)))


def _beside(partner: Partner, t: int, z: int) -> tuple[int, int]:
    return partner.time_of(t), partner.plane_of(z)


def _moved_into(shape: Shape, subject: Subject) -> Shape:
    """Return `shape` in units from the corner of the subject."""
    return shape.moved(-subject.place[0], -subject.place[1])


def _curve(line: Line, subject: Subject, plane: Plane, channel: int, number: int) -> Curve:
    found = places(line, *subject.unit)
    return Curve(channel, number, found.distance, sample(found, plane.size, plane.crop))


def _statistics(shape: Area | Point, subject: Subject, plane: Plane) -> tuple[Statistics, int]:
    unit_x, unit_y = subject.unit
    inside = shape.scaled(1 / unit_x, 1 / unit_y)
    rows, columns = covered(inside, plane.size)
    step = step_for(max(0, rows[1] - rows[0]) * max(0, columns[1] - columns[0]))
    parts: list[NDArray[Any]] = []
    for y, x in plane.tiles(rows, columns):
        down, across = _stepped(_shared(rows, y), step), _stepped(_shared(columns, x), step)
        chosen = mask(inside, down, across)
        if not chosen.any():
            continue
        piece = plane.read(y, x)
        seen = piece[_slice(down, y[0]), _slice(across, x[0])]
        parts.append(seen.ravel() if chosen.all() else seen[chosen])
    return describe(parts, pixel_area=unit_x * unit_y, share=step * step), step


def _shared(some: Range, others: Range) -> Range:
    return max(some[0], others[0]), min(some[1], others[1])


def _stepped(some: Range, step: int) -> range:
    """Every so-manieth pixel, counted from the edge of the plane."""
    return range(-(-some[0] // step) * step, some[1], step)


def _within(some: Range, start: int) -> slice:
    return slice(some[0] - start, some[1] - start)


def _slice(some: range, start: int) -> slice:
    return slice(some.start - start, max(some.start, some.stop) - start, some.step)
