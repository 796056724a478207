import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from app.images.cache import CachedSource
from models.source import Region
from tests.makers import cells, info_for


class CountedSource:
    """Pixels in memory that count how often they are asked for."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.info = info_for(pixels.shape, pixels.dtype.name)
        self.pixels = pixels
        self.reads = 0
        self.is_closed = False
        self._lock = threading.Lock()

    def read(self, region: Region) -> np.ndarray:
        with self._lock:
            self.reads += 1
        return self.pixels[region.slices].copy()

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def source() -> CountedSource:
    return CountedSource(cells((1, 1, 6, 30, 40)))


def test_what_was_read_is_not_read_again(source):
    cached = CachedSource(source, 1 << 20)
    plane = source.info.plane(z=2)
    for _ in range(3):
        np.testing.assert_array_equal(cached.read(plane), source.pixels[plane.slices])
    assert source.reads == 1


def test_the_longest_unused_is_forgotten_first(source):
    cached = CachedSource(source, 3 * 2400)
    planes = [source.info.plane(z=z) for z in range(4)]
    for plane in (*planes[:3], planes[0], planes[3]):
        cached.read(plane)
    assert cached.remembered(planes[1]) is None
    assert cached.remembered(planes[0]) is not None
    assert cached.nbytes == 3 * 2400


def test_a_region_larger_than_the_limit_is_read_but_not_kept(source):
    cached = CachedSource(source, 1000)
    assert cached.read(source.info.whole()).shape == source.info.shape
    assert cached.nbytes == 0


def test_shared_pixels_cannot_be_changed_by_accident(source):
    pixels = CachedSource(source, 1 << 20).read(source.info.plane())
    with pytest.raises(ValueError, match="read-only"):
        pixels[...] = 0


def test_forgetting_reads_anew(source):
    cached = CachedSource(source, 1 << 20)
    cached.read(source.info.plane())
    cached.forget()
    cached.read(source.info.plane())
    assert (source.reads, cached.nbytes) == (2, 2400)


def test_closing_closes_the_source(source):
    CachedSource(source, 1 << 20).close()
    assert source.is_closed


def test_many_threads_keep_the_limit(source):
    cached = CachedSource(source, 3 * 2400)
    planes = [source.info.plane(z=number % 6) for number in range(300)]
    with ThreadPoolExecutor(8) as pool:
        for plane, pixels in zip(planes, pool.map(cached.read, planes), strict=True):
            np.testing.assert_array_equal(pixels, source.pixels[plane.slices])
    assert cached.nbytes == 3 * 2400
