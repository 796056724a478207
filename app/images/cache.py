"""Keeps what was read last, so that looking again costs nothing."""

import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from app.images.partial import Plane, missing_planes
from models.source import ImageSource, Pixels, Range, Region

LARGE = 1 << 22  # planes with more pixels are remembered in tiles, so that a move reads only what is new
TILE = 512  # pixels of a side of a tile

Place = tuple[int, int]  # row and column of a tile


class CachedSource:
    """An image source that remembers the regions read last, up to a number of bytes.

    Parameters
    ----------
    source : ImageSource
        Where pixels come from; closed along with this one.
    bytes_limit : int
        The remembered pixels together take no more than this.

    Notes
    -----
    The arrays handed out are shared and therefore read-only. A region is remembered as it was asked
    for; a part of it is another region. Parts of large planes are remembered in tiles instead.
    """

    def __init__(self, source: ImageSource, bytes_limit: int) -> None:
        self.info = source.info
        self._source = source
        self._limit = bytes_limit
        self._lock = threading.Lock()
        self._regions: OrderedDict[Region, Pixels] = OrderedDict()
        self._under_way: dict[Region, threading.Event] = {}
        self._nbytes = 0
        self._forgotten = 0  # times that everything was; what was being read then is not remembered

    @property
    def nbytes(self) -> int:
        """Bytes remembered now."""
        return self._nbytes

    @property
    def limit(self) -> int:
        """Bytes that may be remembered."""
        return self._limit

    def nbytes_of(self, region: Region) -> int:
        """Return how many bytes the pixels of `region` take."""
        return math.prod(region.shape) * np.dtype(self.info.dtype).itemsize

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`, read-only; see `ImageSource.read`.

        What another thread reads at the moment is waited for, not read twice.
        """
        found = self.remembered(region)
        if found is not None:
            return found
        *_, height, width = self.info.shapes[region.level]
        if height * width > LARGE and region.shape[:3] == (1, 1, 1):
            return self._assembled(region)
        with self._lock:
            other = self._under_way.get(region)
            mine = None if other is not None else self._under_way.setdefault(region, threading.Event())
        if other is not None:
            other.wait()
            found = self.remembered(region)
            if found is not None:
                return found
        began = self._forgotten
        try:
            pixels = self._source.read(region)
            pixels.setflags(write=False)
            self._remember(region, pixels, began)
        finally:
            if mine is not None:
                with self._lock:
                    del self._under_way[region]
                mine.set()
        return pixels

    def read_once(self, region: Region) -> Pixels:
        """Return the pixels of `region`, read-only, without remembering them."""
        found = self.remembered(region)
        if found is None:
            found = self._source.read(region)
            found.setflags(write=False)
        return found

    def remembered(self, region: Region) -> Pixels | None:
        """Return the pixels of `region` if they are at hand, without reading."""
        with self._lock:
            found = self._regions.get(region)
            if found is not None:
                self._regions.move_to_end(region)
            return found

    def missing_planes(self) -> frozenset[Plane]:
        """Return the planes that the file has not; see `app.images.partial`."""
        return missing_planes(self._source)

    def forget(self) -> None:
        """Drop everything remembered, for a file that has changed."""
        with self._lock:
            self._regions.clear()
            self._nbytes = 0
            self._forgotten += 1

    def close(self) -> None:
        """Forget everything and close the source."""
        self.forget()
        self._source.close()

    def _assembled(self, region: Region) -> Pixels:
        """Return a part of a large plane, put together from tiles; missing ones are read in few blocks."""
        rows, columns = _covering(region.y), _covering(region.x)
        found = {place: self.remembered(self._tile(region, place)) for place in _places(rows, columns)}
        tiles = {place: pixels for place, pixels in found.items() if pixels is not None}
        for box in blocks(place for place, pixels in found.items() if pixels is None):
            tiles |= self._read_tiles(region, *box)
        pixels = np.empty(region.shape, self.info.dtype)
        for place, tile in tiles.items():
            where = self._tile(region, place)
            (top, bottom), (left, right) = _shared(where.y, region.y), _shared(where.x, region.x)
            from_y, from_x = (
                slice(top - where.y[0], bottom - where.y[0]),
                slice(left - where.x[0], right - where.x[0]),
            )
            to_y, to_x = (
                slice(top - region.y[0], bottom - region.y[0]),
                slice(left - region.x[0], right - region.x[0]),
            )
            pixels[..., to_y, to_x] = tile[..., from_y, from_x]
        pixels.setflags(write=False)
        return pixels

    def _read_tiles(self, region: Region, rows: Range, columns: Range) -> dict[Place, Pixels]:
        """Read a block of tiles in one go and remember each."""
        corner = self._tile(region, (rows[0], columns[0]))
        far = self._tile(region, (rows[1] - 1, columns[1] - 1))
        block = replace(corner, y=(corner.y[0], far.y[1]), x=(corner.x[0], far.x[1]))
        began = self._forgotten
        pixels = self._source.read(block)
        tiles: dict[Place, Pixels] = {}
        for place in _places(rows, columns):
            where = self._tile(region, place)
            y = slice(where.y[0] - block.y[0], where.y[1] - block.y[0])
            x = slice(where.x[0] - block.x[0], where.x[1] - block.x[0])
            tile = pixels[..., y, x].copy()  # so that a tile does not hold on to its neighbours
            tile.setflags(write=False)
            self._remember(where, tile, began)
            tiles[place] = tile
        return tiles

    def _tile(self, region: Region, place: Place) -> Region:
        *_, height, width = self.info.shapes[region.level]
        row, column = place
        y = (row * TILE, min(height, (row + 1) * TILE))
        return replace(region, y=y, x=(column * TILE, min(width, (column + 1) * TILE)))

    def _remember(self, region: Region, pixels: Pixels, began: int) -> None:
        with self._lock:
            if began != self._forgotten or pixels.nbytes > self._limit or region in self._regions:
                return
            self._regions[region] = pixels
            self._nbytes += pixels.nbytes
            while self._nbytes > self._limit:
                _, dropped = self._regions.popitem(last=False)
                self._nbytes -= dropped.nbytes


def blocks(places: Iterable[Place]) -> list[tuple[Range, Range]]:
    """Return few rectangles (rows, columns) that hold each of `places` once and nothing else."""
    runs: dict[int, list[Range]] = {}
    for row, column in sorted(places):
        line = runs.setdefault(row, [])
        if line and line[-1][1] == column:
            line[-1] = (line[-1][0], column + 1)
        else:
            line.append((column, column + 1))
    found: list[tuple[Range, Range]] = []
    for row, line in runs.items():
        for columns in line:
            above = next((n for n, box in enumerate(found) if box[1] == columns and box[0][1] == row), None)
            if above is None:
                found.append(((row, row + 1), columns))
            else:
                found[above] = ((found[above][0][0], row + 1), columns)
    return found


def _covering(pixels: Range) -> Range:
    return (pixels[0] // TILE, -(-pixels[1] // TILE))


def _places(rows: Range, columns: Range) -> Iterator[Place]:
    return ((row, column) for row in range(*rows) for column in range(*columns))


def _shared(one: Range, other: Range) -> Range:
    return (max(one[0], other[0]), min(one[1], other[1]))
