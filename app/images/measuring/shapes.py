"""Shapes drawn on a picture: frozen values, and all the geometry that tools need of them.

Coordinates are x and y in any unit of length, the same for both; the upper left corner of the image is the
origin, so that in pixels the centre of the first pixel is (0.5, 0.5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

Place = tuple[float, float]  # x, y
Kind = Literal["line", "segmented", "rectangle", "ellipse", "polygon", "freehand", "point"]

# The handles of a box, clockwise from its upper left corner: shares of its width and height.
BOX: tuple[Place, ...] = (
    (0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0), (0.0, 1.0), (0.0, 0.5),
)  # fmt: skip
ROUND = 96  # corners of the outline of an ellipse
EIGHTH = math.pi / 4


@dataclass(frozen=True, slots=True)
class Bounds:
    """A box, at least as large as a point."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def handles(self) -> tuple[Place, ...]:
        """The places where the box can be taken, in the order of `BOX`."""
        width, height = self.right - self.left, self.bottom - self.top
        return tuple((self.left + x * width, self.top + y * height) for x, y in BOX)

    def dragged(self, handle: int, to: Place, *, square: bool = False) -> Bounds:
        """Return the box with one handle elsewhere; the opposite side stays, even if it is passed over."""
        share_x, share_y = BOX[handle]
        x, y = to
        fixed_x = self.right if share_x == 0 else self.left
        fixed_y = self.bottom if share_y == 0 else self.top
        if square and share_x != 0.5 and share_y != 0.5:
            side = max(abs(x - fixed_x), abs(y - fixed_y))
            x = fixed_x + math.copysign(side, x - fixed_x)
            y = fixed_y + math.copysign(side, y - fixed_y)
        across = (self.left, self.right) if share_x == 0.5 else (min(x, fixed_x), max(x, fixed_x))
        down = (self.top, self.bottom) if share_y == 0.5 else (min(y, fixed_y), max(y, fixed_y))
        return Bounds(across[0], down[0], across[1], down[1])


class _Boxed:
    """What rectangles and ellipses have in common: they are their bounds."""

    __slots__ = ()
    x: float
    y: float
    width: float
    height: float

    @property
    def bounds(self) -> Bounds:
        """The box around the shape."""
        return Bounds(self.x, self.y, self.x + self.width, self.y + self.height)

    @property
    def handles(self) -> tuple[Place, ...]:
        """The corners and the middles of the sides of the box."""
        return self.bounds.handles


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line, or one of several segments; `width` is that of the band whose mean is taken."""

    points: tuple[Place, ...]
    width: float = 0.0

    @property
    def kind(self) -> Kind:
        """Straight or segmented."""
        return "line" if len(self.points) == 2 else "segmented"

    @property
    def bounds(self) -> Bounds:
        """The box around the shape."""
        return bounds_of(self.points)

    @property
    def handles(self) -> tuple[Place, ...]:
        """The ends and the bends."""
        return self.points

    @property
    def outline(self) -> tuple[Place, ...]:
        """What is drawn."""
        return self.points

    @property
    def length(self) -> float:
        """The length from end to end."""
        return path_length(self.points)

    @property
    def area(self) -> float:
        """A line has none."""
        return 0.0

    def moved(self, by_x: float, by_y: float) -> Line:
        """Return the shape elsewhere."""
        return replace(self, points=_moved(self.points, by_x, by_y))

    def dragged(self, handle: int, to: Place, *, constrained: bool = False) -> Line:
        """Return the shape with one point elsewhere; constrained: at a multiple of 45° to its neighbour."""
        neighbour = self.points[handle - 1 if handle else 1]
        return replace(self, points=_with_point(self.points, handle, to, neighbour if constrained else None))

    def at(self, distance: float) -> Place:
        """Return the place so far along the line; beyond its ends, the end."""
        for start, end in pairwise(self.points):
            length = math.dist(start, end)
            if distance <= length and length > 0:
                share = max(0.0, distance / length)
                return (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            distance -= length
        return self.points[-1]

    def scaled(self, by_x: float, by_y: float) -> Line:
        """Return the shape in another unit; the width goes by x."""
        return Line(_scaled(self.points, by_x, by_y), self.width * by_x)

    def is_at(self, at: Place, reach: float) -> bool:
        """Whether a place is no farther than `reach` from the line."""
        return distance_to_path(self.points, at) <= reach


@dataclass(frozen=True, slots=True)
class Rectangle(_Boxed):
    """A rectangle along the axes."""

    x: float
    y: float
    width: float
    height: float

    @property
    def kind(self) -> Kind:
        """The kind of shape."""
        return "rectangle"

    @property
    def outline(self) -> tuple[Place, ...]:
        """The corners."""
        return self.bounds.handles[::2]

    @property
    def length(self) -> float:
        """The length of the outline."""
        return 2 * (self.width + self.height)

    @property
    def area(self) -> float:
        """The area within."""
        return self.width * self.height

    def moved(self, by_x: float, by_y: float) -> Rectangle:
        """Return the shape elsewhere."""
        return replace(self, x=self.x + by_x, y=self.y + by_y)

    def dragged(self, handle: int, to: Place, *, constrained: bool = False) -> Rectangle:
        """Return the shape with one handle elsewhere; constrained: as a square."""
        return _rectangle(self.bounds.dragged(handle, to, square=constrained))

    def scaled(self, by_x: float, by_y: float) -> Rectangle:
        """Return the shape in another unit."""
        return Rectangle(self.x * by_x, self.y * by_y, self.width * by_x, self.height * by_y)

    def is_at(self, at: Place, reach: float) -> bool:
        """Whether a place is no farther than `reach` from the outline."""
        return distance_to_path(closed(self.outline), at) <= reach

    def holds(self, at: Place) -> bool:
        """Whether a place lies within."""
        return 0 < at[0] - self.x <= self.width and 0 < at[1] - self.y <= self.height


@dataclass(frozen=True, slots=True)
class Ellipse(_Boxed):
    """An ellipse along the axes, in its box."""

    x: float
    y: float
    width: float
    height: float

    @property
    def kind(self) -> Kind:
        """The kind of shape."""
        return "ellipse"

    @property
    def outline(self) -> tuple[Place, ...]:
        """A polygon that the eye takes for the ellipse."""
        return self.corners(ROUND)

    @property
    def length(self) -> float:
        """The length of the outline, after Ramanujan; off by less than one part in ten thousand."""
        a, b = self.width / 2, self.height / 2
        if a + b == 0:
            return 0.0
        h = ((a - b) / (a + b)) ** 2
        return math.pi * (a + b) * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))

    @property
    def area(self) -> float:
        """The area within."""
        return math.pi * self.width * self.height / 4

    def corners(self, count: int) -> tuple[Place, ...]:
        """Return so many places on the outline."""
        a, b = self.width / 2, self.height / 2
        turns = [2 * math.pi * number / count for number in range(count)]
        return tuple((self.x + a + a * math.cos(turn), self.y + b + b * math.sin(turn)) for turn in turns)

    def moved(self, by_x: float, by_y: float) -> Ellipse:
        """Return the shape elsewhere."""
        return replace(self, x=self.x + by_x, y=self.y + by_y)

    def dragged(self, handle: int, to: Place, *, constrained: bool = False) -> Ellipse:
        """Return the shape with one handle elsewhere; constrained: as a circle."""
        box = _rectangle(self.bounds.dragged(handle, to, square=constrained))
        return Ellipse(box.x, box.y, box.width, box.height)

    def scaled(self, by_x: float, by_y: float) -> Ellipse:
        """Return the shape in another unit."""
        return Ellipse(self.x * by_x, self.y * by_y, self.width * by_x, self.height * by_y)

    def is_at(self, at: Place, reach: float) -> bool:
        """Whether a place is no farther than `reach` from the outline."""
        return distance_to_path(closed(self.outline), at) <= reach

    def holds(self, at: Place) -> bool:
        """Whether a place lies within."""
        a, b = self.width / 2, self.height / 2
        if not a or not b:
            return False
        return ((at[0] - self.x - a) / a) ** 2 + ((at[1] - self.y - b) / b) ** 2 <= 1


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline; one drawn freehand is resized as a whole, others corner by corner."""

    points: tuple[Place, ...]
    is_freehand: bool = False

    @property
    def kind(self) -> Kind:
        """The kind of shape."""
        return "freehand" if self.is_freehand else "polygon"

    @property
    def bounds(self) -> Bounds:
        """The box around the shape."""
        return bounds_of(self.points)

    @property
    def handles(self) -> tuple[Place, ...]:
        """The corners, or those of the box around what was drawn freehand."""
        return self.bounds.handles if self.is_freehand else self.points

    @property
    def outline(self) -> tuple[Place, ...]:
        """The corners."""
        return self.points

    @property
    def length(self) -> float:
        """The length of the outline."""
        return path_length(closed(self.points))

    @property
    def area(self) -> float:
        """The area within, where the outline does not cross itself."""
        x0, y0 = self.points[0]  # measured from a corner, so that no digits are lost far from the origin
        path = [(x - x0, y - y0) for x, y in closed(self.points)]
        return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(path))) / 2

    def moved(self, by_x: float, by_y: float) -> Polygon:
        """Return the shape elsewhere."""
        return replace(self, points=_moved(self.points, by_x, by_y))

    def dragged(self, handle: int, to: Place, *, constrained: bool = False) -> Polygon:
        """Return the shape with one handle elsewhere; constrained: at 45° to the corner before."""
        if not self.is_freehand:
            anchor = self.points[handle - 1] if constrained else None
            return replace(self, points=_with_point(self.points, handle, to, anchor))
        old = self.bounds
        new = old.dragged(handle, to, square=constrained)
        grow_x = _ratio(new.right - new.left, old.right - old.left)
        grow_y = _ratio(new.bottom - new.top, old.bottom - old.top)
        points = [
            (new.left + (x - old.left) * grow_x, new.top + (y - old.top) * grow_y) for x, y in self.points
        ]
        return replace(self, points=tuple(points))

    def scaled(self, by_x: float, by_y: float) -> Polygon:
        """Return the shape in another unit."""
        return replace(self, points=_scaled(self.points, by_x, by_y))

    def is_at(self, at: Place, reach: float) -> bool:
        """Whether a place is no farther than `reach` from the outline."""
        return distance_to_path(closed(self.points), at) <= reach

    def holds(self, at: Place) -> bool:
        """Whether a place lies within, by the even-odd rule."""
        x, y = at
        is_within = False
        for (x1, y1), (x2, y2) in pairwise(closed(self.points)):
            if (y1 < y) != (y2 < y) and x > x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                is_within = not is_within
        return is_within


@dataclass(frozen=True, slots=True)
class Point:
    """One place; it stands for the pixel it lies in."""

    x: float
    y: float

    @property
    def kind(self) -> Kind:
        """The kind of shape."""
        return "point"

    @property
    def bounds(self) -> Bounds:
        """The place as a box without extent."""
        return Bounds(self.x, self.y, self.x, self.y)

    @property
    def handles(self) -> tuple[Place, ...]:
        """The place itself."""
        return ((self.x, self.y),)

    @property
    def outline(self) -> tuple[Place, ...]:
        """The place itself."""
        return ((self.x, self.y),)

    @property
    def length(self) -> float:
        """A point has none."""
        return 0.0

    @property
    def area(self) -> float:
        """A point has none."""
        return 0.0

    def moved(self, by_x: float, by_y: float) -> Point:
        """Return the shape elsewhere."""
        return Point(self.x + by_x, self.y + by_y)

    def dragged(self, _handle: int, to: Place, *, constrained: bool = False) -> Point:  # noqa: ARG002
        """Return the point there."""
        return Point(*to)

    def scaled(self, by_x: float, by_y: float) -> Point:
        """Return the shape in another unit."""
        return Point(self.x * by_x, self.y * by_y)

    def is_at(self, at: Place, reach: float) -> bool:
        """Whether a place is no farther than `reach`."""
        return math.dist((self.x, self.y), at) <= reach


Area = Rectangle | Ellipse | Polygon
Shape = Line | Area | Point


def on_grid(shape: Shape, unit_x: float, unit_y: float) -> Shape:
    """Return `shape` fitted to whole pixels of that size; only boxes are, and keep at least one pixel."""
    if not isinstance(shape, Rectangle | Ellipse):
        return shape
    left, top = round(shape.x / unit_x), round(shape.y / unit_y)
    right = max(left + 1, round((shape.x + shape.width) / unit_x))
    bottom = max(top + 1, round((shape.y + shape.height) / unit_y))
    return replace(
        shape, x=left * unit_x, y=top * unit_y, width=(right - left) * unit_x, height=(bottom - top) * unit_y
    )


def is_within(shape: Shape, at: Place) -> bool:
    """Whether a place lies inside a region; lines and points have no inside."""
    return isinstance(shape, Rectangle | Ellipse | Polygon) and shape.holds(at)


def bounds_of(points: Sequence[Place]) -> Bounds:
    """Return the box around points."""
    across, down = [x for x, _y in points], [y for _x, y in points]
    return Bounds(min(across), min(down), max(across), max(down))


def closed(points: tuple[Place, ...]) -> tuple[Place, ...]:
    """Return the path that ends where it began."""
    return (*points, points[0])


def path_length(points: Sequence[Place]) -> float:
    """Return the length of a path."""
    return math.fsum(math.dist(start, end) for start, end in pairwise(points))


def distance_to_path(points: Sequence[Place], at: Place) -> float:
    """Return how far a place is from the nearest segment."""
    return min((_distance(start, end, at) for start, end in pairwise(points)), default=math.inf)


def at_45_degrees(anchor: Place, to: Place) -> Place:
    """Return the place nearest to `to` whose direction from `anchor` is a multiple of 45°."""
    by_x, by_y = to[0] - anchor[0], to[1] - anchor[1]
    turn = round(math.atan2(by_y, by_x) / EIGHTH) * EIGHTH
    along = by_x * math.cos(turn) + by_y * math.sin(turn)
    return (anchor[0] + along * math.cos(turn), anchor[1] + along * math.sin(turn))


def _distance(start: Place, end: Place, at: Place) -> float:
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    squared = along_x**2 + along_y**2
    if squared == 0:
        return math.dist(start, at)
    share = ((at[0] - start[0]) * along_x + (at[1] - start[1]) * along_y) / squared
    share = min(1.0, max(0.0, share))
    return math.dist((start[0] + share * along_x, start[1] + share * along_y), at)


def _rectangle(box: Bounds) -> Rectangle:
    return Rectangle(box.left, box.top, box.right - box.left, box.bottom - box.top)


def _moved(points: tuple[Place, ...], by_x: float, by_y: float) -> tuple[Place, ...]:
    return tuple((x + by_x, y + by_y) for x, y in points)


def _scaled(points: tuple[Place, ...], by_x: float, by_y: float) -> tuple[Place, ...]:
    return tuple((x * by_x, y * by_y) for x, y in points)


def _with_point(points: tuple[Place, ...], index: int, to: Place, anchor: Place | None) -> tuple[Place, ...]:
    placed = to if anchor is None else at_45_degrees(anchor, to)
    return (*points[:index], placed, *points[index + 1 :])


def _ratio(new: float, old: float) -> float:
    return new / old if old else 1.0
