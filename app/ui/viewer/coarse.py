"""Coarse levels for files without any: rows and columns are left out, so that a look costs little."""

from dataclasses import replace

import numpy as np

from app.images.cache import CachedSource
from models.source import ImageInfo, ImageSource, Pixels, Region, Shape5

LARGE = 1 << 23  # planes with more pixels get coarse levels
SMALLEST = 512  # pixels along the longer side of the coarsest level, at least
APART = 8  # rows this far apart are read one by one
ROWS = 512  # rows that are read at a time where they are close together
REMEMBERED_BYTES = 64 << 20


class SteppedSource:
    """An image source with coarse levels that hold every second, fourth, eighth ... pixel."""

    def __init__(self, source: ImageSource) -> None:
        self._source = source
        self._own = len(source.info.shapes)
        self.info: ImageInfo = replace(source.info, shapes=with_levels(source.info.shapes))

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`; see `ImageSource.read`."""
        if region.level < self._own:
            return self._source.read(region)
        step = 1 << (region.level - self._own + 1)
        found = np.empty(region.shape, self.info.dtype)
        base = replace(region, level=self._own - 1, x=(region.x[0] * step, self._end(region, step)))
        rows = range(*region.y)
        taken = 1 if step >= APART else max(1, ROWS // step)
        for first in range(0, len(rows), taken):
            some = rows[first : first + taken]
            strip = replace(base, y=(some[0] * step, some[-1] * step + 1))
            found[..., first : first + len(some), :] = self._source.read(strip)[..., ::step, ::step]
        return found

    def close(self) -> None:
        """Do nothing: who opened the file closes it."""

    def _end(self, region: Region, step: int) -> int:
        return min((region.x[1] - 1) * step + 1, self.info.shapes[self._own - 1][-1])


def with_coarse_levels(source: ImageSource) -> ImageSource:
    """Return `source`, behind coarse levels if it has none and its planes are large."""
    shapes = source.info.shapes
    if len(shapes) > 1 or shapes[0][-1] * shapes[0][-2] <= LARGE:
        return source
    return CachedSource(SteppedSource(source), REMEMBERED_BYTES)


def with_levels(shapes: tuple[Shape5, ...]) -> tuple[Shape5, ...]:
    """Return `shapes` followed by those of levels half, a quarter ... as large as the last one."""
    t, c, z, height, width = shapes[-1]
    added: list[Shape5] = []
    step = 2
    while max(height, width) // step >= SMALLEST:
        added.append((t, c, z, -(-height // step), -(-width // step)))
        step *= 2
    return (*shapes, *added)
