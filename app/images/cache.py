"""Keeps what was read last, so that looking again costs nothing."""

import threading
from collections import OrderedDict

from app.images.partial import Plane, missing_planes
from models.source import ImageSource, Pixels, Region


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
    for; a part of it is another region.
    """

    def __init__(self, source: ImageSource, bytes_limit: int) -> None:
        self.info = source.info
        self._source = source
        self._limit = bytes_limit
        self._lock = threading.Lock()
        self._regions: OrderedDict[Region, Pixels] = OrderedDict()
        self._nbytes = 0

    @property
    def nbytes(self) -> int:
        """Bytes remembered now."""
        return self._nbytes

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`, read-only; see `ImageSource.read`."""
        found = self.remembered(region)
        if found is not None:
            return found
        pixels = self._source.read(region)
        pixels.setflags(write=False)
        self._remember(region, pixels)
        return pixels

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

    def close(self) -> None:
        """Forget everything and close the source."""
        self.forget()
        self._source.close()

    def _remember(self, region: Region, pixels: Pixels) -> None:
        with self._lock:
            if pixels.nbytes > self._limit or region in self._regions:
                return
            self._regions[region] = pixels
            self._nbytes += pixels.nbytes
            while self._nbytes > self._limit:
                _, dropped = self._regions.popitem(last=False)
                self._nbytes -= dropped.nbytes
