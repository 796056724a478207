import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.images.cache import CachedSource, blocks
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


class Grid:
    """A large plane whose pixels say where they are, that notes what is asked of it."""

    def __init__(self, height: int = 2500, width: int = 3100) -> None:
        self.info = info_for((1, 1, 2, height, width), "uint32")
        self.regions: list[Region] = []

    def read(self, region: Region) -> np.ndarray:
        self.regions.append(region)
        return self.expected(region)

    def expected(self, region: Region) -> np.ndarray:
        z, y, x = np.ogrid[slice(*region.z), slice(*region.y), slice(*region.x)]
        return (z * 10**8 + y * 10000 + x).astype(np.uint32)[None, None]

    def close(self) -> None:
        pass


def part(y: tuple[int, int], x: tuple[int, int], z: int = 0) -> Region:
    return Region((0, 1), (0, 1), (z, z + 1), y, x)


@given(
    y=st.tuples(st.integers(0, 2499), st.integers(1, 900)),
    x=st.tuples(st.integers(0, 3099), st.integers(1, 900)),
)
def test_a_part_of_a_large_plane_is_what_the_file_holds(y, x):
    source = Grid()
    cached = CachedSource(source, 1 << 26)
    for shift in (0, 300):
        region = part((y[0], min(2500, y[0] + y[1] + shift)), (max(0, x[0] - shift), min(3100, x[0] + x[1])))
        np.testing.assert_array_equal(cached.read(region), source.expected(region))


def test_a_move_over_a_large_plane_reads_only_what_is_new():
    source = Grid()
    cached = CachedSource(source, 1 << 26)
    cached.read(part((0, 1024), (0, 1024)))
    cached.read(part((0, 1024), (512, 1536)))
    cached.read(part((0, 1024), (0, 1536)))
    assert source.regions == [part((0, 1024), (0, 1024)), part((0, 1024), (1024, 1536))]


def test_tiles_keep_the_limit():
    source = Grid()
    cached = CachedSource(source, 3 * 512 * 512 * 4)
    for x in range(0, 3072, 512):
        cached.read(part((0, 512), (x, x + 512)))
    assert cached.nbytes == 3 * 512 * 512 * 4


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6))))
def test_blocks_hold_every_missing_tile_once(places):
    held = [
        (row, column)
        for rows, columns in blocks(places)
        for row in range(*rows)
        for column in range(*columns)
    ]
    assert sorted(held) == sorted(places)


def test_a_rectangle_of_tiles_is_one_block():
    assert blocks((row, column) for row in range(2, 5) for column in range(7)) == [((2, 5), (0, 7))]


def test_what_another_thread_reads_at_the_moment_is_not_read_twice(source):
    begun, gate = threading.Event(), threading.Event()
    read = source.read

    def slowly(region):
        begun.set()
        assert gate.wait(10)
        return read(region)

    source.read = slowly
    cached = CachedSource(source, 1 << 20)
    plane = source.info.plane(z=2)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cached.read, plane)
        assert begun.wait(10)
        second = pool.submit(cached.read, plane)
        gate.set()
        np.testing.assert_array_equal(first.result(), second.result())
    assert source.reads == 1


def test_reading_once_remembers_nothing_but_uses_what_is_there(source):
    cached = CachedSource(source, 1 << 20)
    planes = [source.info.plane(z=z) for z in range(2)]
    cached.read(planes[0])
    for plane in planes:
        np.testing.assert_array_equal(cached.read_once(plane), source.pixels[plane.slices])
    assert source.reads == 2
    assert cached.remembered(planes[1]) is None


def test_what_was_being_read_when_all_was_forgotten_is_not_remembered(source):
    begun, gate = threading.Event(), threading.Event()
    read = source.read

    def slowly(region):
        pixels = read(region).copy()
        begun.set()
        assert gate.wait(10)
        return pixels

    source.read = slowly
    cached = CachedSource(source, 1 << 20)
    plane = source.info.plane(z=2)
    with ThreadPoolExecutor(1) as pool:
        old = pool.submit(cached.read, plane)
        assert begun.wait(10)
        source.pixels = source.pixels + 1
        cached.forget()
        gate.set()
        old.result()
    np.testing.assert_array_equal(cached.read(plane), source.pixels[plane.slices])
