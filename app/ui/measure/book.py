"""What was drawn on one image: one frozen value, so that nothing can change behind anybody's back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.images.measuring.measure import Measurement
from app.images.measuring.shapes import Shape
from models.source import AXES, Shape5


@dataclass(frozen=True, slots=True)
class Kept:
    """A region in the list: where it was drawn, and what was measured there last."""

    number: int
    name: str
    shape: Shape
    t: int
    c: int
    z: int
    measurement: Measurement | None = None

    def is_on(self, t: int, z: int) -> bool:
        """Whether it was drawn on this plane."""
        return (self.t, self.z) == (t, z)


@dataclass(frozen=True, slots=True)
class Notes:
    """All regions of an image.

    Attributes
    ----------
    kept : tuple of Kept
        The list, in its order.
    loose : Shape or None
        What was drawn last and not kept.
    chosen : int or None
        The number of the region that tools work on; None: they work on what is loose.
    deleted : tuple of (place, region)
        What can be brought back, newest last; a loose shape has no place.
    last : int
        The highest number given so far.
    """

    kept: tuple[Kept, ...] = ()
    loose: Shape | None = None
    chosen: int | None = None
    deleted: tuple[tuple[int, Kept | Shape], ...] = ()
    last: int = 0

    @property
    def region(self) -> Kept | None:
        """The region of the list that is chosen."""
        return next((region for region in self.kept if region.number == self.chosen), None)

    @property
    def shape(self) -> Shape | None:
        """The shape that tools work on."""
        region = self.region
        return self.loose if region is None else region.shape

    def with_shape(self, shape: Shape | None) -> Notes:
        """Return the notes with the shape at hand changed; without one nothing is chosen."""
        region = self.region
        if region is None or shape is None:
            return replace(self, loose=shape, chosen=None)
        return self.with_region(replace(region, shape=shape, measurement=None))

    def with_region(self, changed: Kept) -> Notes:
        """Return the notes with one region of the list replaced by its like of the same number."""
        kept = tuple(changed if region.number == changed.number else region for region in self.kept)
        return replace(self, kept=kept)

    def choosing(self, number: int | None) -> Notes:
        """Return the notes with another region chosen; a loose shape is let go."""
        return replace(self, chosen=number, loose=None)

    def keeping(self, name: str, t: int, c: int, z: int, measurement: Measurement | None = None) -> Notes:
        """Return the notes with the loose shape in the list and chosen."""
        if self.loose is None:
            return self
        return self.adding(name, self.loose, t, c, z, measurement).choosing(self.last + 1)

    def adding(
        self, name: str, shape: Shape, t: int, c: int, z: int, measurement: Measurement | None = None
    ) -> Notes:
        """Return the notes with one more region at the end of the list."""
        region = Kept(self.last + 1, name, shape, t, c, z, measurement)
        return replace(self, kept=(*self.kept, region), last=self.last + 1)

    def deleting(self) -> Notes:
        """Return the notes without what is at hand; it can be brought back."""
        region = self.region
        if region is not None:
            place = self.kept.index(region)
            kept = self.kept[:place] + self.kept[place + 1 :]
            return replace(self, kept=kept, chosen=None, deleted=(*self.deleted, (place, region)))
        if self.loose is not None:
            return replace(self, loose=None, deleted=(*self.deleted, (0, self.loose)))
        return self

    def undoing(self) -> Notes:
        """Return the notes with what was deleted last where it was, and chosen."""
        if not self.deleted:
            return self
        (place, thing), deleted = self.deleted[-1], self.deleted[:-1]
        if not isinstance(thing, Kept):
            return replace(self, loose=thing, chosen=None, deleted=deleted)
        kept = (*self.kept[:place], thing, *self.kept[place:])
        return replace(self, kept=kept, loose=None, chosen=thing.number, deleted=deleted)

    def scaled(self, by_x: float, by_y: float) -> Notes:
        """Return the notes in another unit, for an image whose pixel size was corrected."""
        kept = tuple(
            replace(region, shape=region.shape.scaled(by_x, by_y), measurement=None) for region in self.kept
        )
        loose = self.loose.scaled(by_x, by_y) if self.loose is not None else None
        return Notes(kept, loose, self.chosen, last=self.last)

    def read_anew(self, before: str, now: str, shape: Shape5) -> Notes:
        """Return the notes for an image that was read again, of another shape or with other names of axes.

        The axes in `before` are those in `now`, one by one: regions stay on their plane of the file, or on
        the last if that is not there any more. What was measured counts no longer.
        """
        came_from = dict(zip(now, before, strict=False))

        def there(region: Kept) -> Kept:
            was = {"T": region.t, "C": region.c, "Z": region.z}
            places = (was.get(came_from.get(axis, axis), 0) for axis in AXES[:3])
            t, c, z = (min(place, size - 1) for place, size in zip(places, shape[:3], strict=True))
            return replace(region, t=t, c=c, z=z, measurement=None)

        return Notes(tuple(map(there, self.kept)), self.loose, self.chosen, last=self.last)
