"""Whatever region is read, it is a slice of the whole."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.images.open import open_image
from models.source import Region
from tests.makers import cells, write_imagej, write_ome

STORED = {
    "one strip": {},
    "several strips": {"rowsperstrip": 7},
    "big-endian strips": {"rowsperstrip": 7, "byteorder": ">"},
    "packed strips": {"rowsperstrip": 9, "compression": "zlib", "predictor": True},
    "tiles": {"tile": (16, 32)},
    "packed tiles": {"tile": (16, 32), "compression": "zlib"},
}


def ranges(size: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, size), st.integers(0, size)).map(sorted).map(tuple)


def regions(shape: tuple[int, ...]) -> st.SearchStrategy[Region]:
    return st.tuples(*(ranges(size) for size in shape)).map(lambda found: Region(*found))


@pytest.fixture(scope="module", params=[*STORED, "imagej", "ome"])
def pair(request, tmp_path_factory):
    """A source and all of its pixels."""
    pixels = cells((2, 2, 3, 45, 70))
    path = tmp_path_factory.mktemp("regions") / "a.tif"
    if request.param == "imagej":
        write_imagej(path, pixels)
    elif request.param == "ome":
        write_ome(path, pixels)
    else:
        tifffile.imwrite(
            path, pixels, photometric="minisblack", metadata={"axes": "TCZYX"}, **STORED[request.param]
        )
    source = open_image(path)
    yield source, pixels
    source.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(region=regions((2, 2, 3, 45, 70)))
def test_a_region_is_a_slice_of_the_whole(pair, region):
    source, pixels = pair
    read = source.read(region)
    assert read.dtype == pixels.dtype
    np.testing.assert_array_equal(read, pixels[region.slices])


@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(region=regions((1, 3, 2, 40, 50)))
def test_a_region_of_a_colour_image_is_a_slice_of_the_whole(tmp_path_factory, planarconfig, tile, region):
    pixels = cells((2, 3, 40, 50), "uint8")
    path = tmp_path_factory.getbasetemp() / f"colour_{planarconfig}_{tile is None}.tif"
    if not path.exists():
        stored = pixels if planarconfig == "separate" else np.moveaxis(pixels, 1, -1)
        tifffile.imwrite(path, stored, photometric="rgb", planarconfig=planarconfig, tile=tile)
    source = open_image(path)
    whole = pixels.transpose(1, 0, 2, 3)[None]
    np.testing.assert_array_equal(source.read(region), whole[region.slices])
    source.close()


@pytest.mark.parametrize(
    "region",
    [
        Region((0, 1), (0, 1), (0, 1), (0, 46), (0, 70)),
        Region((0, 3), (0, 1), (0, 1), (0, 45), (0, 70)),
        Region((0, 1), (-1, 1), (0, 1), (0, 45), (0, 70)),
    ],
)
def test_a_region_outside_the_image_is_a_mistake_of_the_program(opened, tmp_path, region):
    source = opened(write_ome(tmp_path / "a.ome.tif", cells((2, 2, 3, 45, 70))))
    with pytest.raises(ValueError, match="does not lie"):
        source.read(region)


@pytest.mark.parametrize("options", STORED.values(), ids=STORED)
def test_many_threads_read_the_same_source_at_once(opened, tmp_path, options):
    pixels = cells((1, 2, 8, 90, 120))
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, photometric="minisblack", metadata={"axes": "TCZYX"}, **options
    )
    source = opened(tmp_path / "a.tif")
    rows = list(pairwise(range(0, 91, 15)))
    wanted = [
        Region((0, 1), (c, c + 1), (z, z + 1), y, (5, 99)) for c in range(2) for z in range(8) for y in rows
    ]
    with ThreadPoolExecutor(8) as pool:
        for region, read in zip(wanted, pool.map(source.read, wanted), strict=True):
            np.testing.assert_array_equal(read, pixels[region.slices])


def test_a_small_crop_of_a_large_file_reads_little(opened, tmp_path, monkeypatch):
    pixels = cells((1, 1, 1, 512, 4096), "uint8")
    source = opened(write_imagej(tmp_path / "a.tif", pixels))
    handle = source._handle
    read: list[int] = []
    plain = handle.bytes_at

    def counted(offset: int, count: int) -> bytes:
        read.append(count)
        return plain(offset, count)

    monkeypatch.setattr(handle, "bytes_at", counted)
    region = Region((0, 1), (0, 1), (0, 1), (200, 264), (1000, 1064))
    np.testing.assert_array_equal(source.read(region), pixels[region.slices])
    assert sum(read) == 64 * 64


def test_only_the_tiles_that_a_crop_meets_are_unpacked(opened, tmp_path, monkeypatch):
    pixels = cells((1, 1, 1, 512, 512), "uint8")
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, tile=(64, 64), compression="zlib", metadata={"axes": "TCZYX"}
    )
    source = opened(tmp_path / "a.tif")
    handle = source._handle
    calls: list[int] = []
    plain = handle.bytes_at
    monkeypatch.setattr(handle, "bytes_at", lambda offset, count: calls.append(count) or plain(offset, count))
    region = Region((0, 1), (0, 1), (0, 1), (100, 130), (100, 130))
    np.testing.assert_array_equal(source.read(region), pixels[region.slices])
    assert len(calls) == 4
    source.read(region)
    assert len(calls) == 4
