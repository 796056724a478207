"""The images that benchmarks are made with are what they claim; sparse ones are read as they are meant."""

import numpy as np
import pytest
import tifffile

from benchmarks import giant
from models.source import Region


@pytest.fixture
def _small(monkeypatch):
    """Let only the coarsest levels of a plane of 5000 pixels hold data all over."""
    monkeypatch.setattr(giant, "FULL", 1300)


def expected(level: int, side: int, y: tuple[int, int], x: tuple[int, int], dtype: str) -> np.ndarray:
    """Return what a part of the sparse plane holds, tile by tile."""
    length = giant.sides(side)[level]
    across = -(-length // giant.TILE)
    whole = np.zeros((across * giant.TILE,) * 2, dtype)
    for row in range(across):
        for column in range(across):
            if giant.has_data(level, row, column, side):
                box = (
                    slice(row * giant.TILE, (row + 1) * giant.TILE),
                    slice(column * giant.TILE, (column + 1) * giant.TILE),
                )
                whole[box] = giant.tile(giant.variant(level, row, column), dtype)
    return whole[:length, :length][slice(*y), slice(*x)]


@pytest.mark.parametrize("make", [giant.sparse_zarr, giant.sparse_tiff])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.usefixtures("_small")
def test_a_sparse_plane_is_nothing_where_nothing_was_stored(opened, tmp_path, make, dtype):
    path = make(tmp_path, side=5000, dtype=dtype)
    source = opened(path)
    assert [shape[-1] for shape in source.info.shapes] == [5000, 2500, 1250, 625]
    assert source.info.dtype == dtype
    assert source.info.doubts == ()
    assert source.info.pixel_size_um.x == pytest.approx(0.1)
    for level, side in enumerate(giant.sides(5000)):
        for y, x in [
            ((0, side), (0, side)),
            ((300, 620), (100, 600)),
            ((0, 500), (max(0, side - 400), side)),
        ]:
            got = source.read(Region((0, 1), (0, 1), (0, 1), y, x, level))[0, 0, 0]
            np.testing.assert_array_equal(got, expected(level, 5000, y, x, dtype))


@pytest.mark.usefixtures("_small")
def test_what_is_there_is_used_again(tmp_path):
    path = giant.sparse_tiff(tmp_path, side=2000)
    changed = path.stat().st_mtime_ns
    assert giant.sparse_tiff(tmp_path, side=2000).stat().st_mtime_ns == changed
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_plane_of_which_nearly_nothing_was_stored_opens(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(giant, "_tiles", lambda level, side: iter([(0, 0)] if level == 0 else []))
    path = giant.sparse_tiff(tmp_path, side=100_000, dtype="uint8")
    assert path.stat().st_size < 4 << 20
    source = opened(path)
    assert source.info.shape == (1, 1, 1, 100_000, 100_000)
    corner = source.read(Region((0, 1), (0, 1), (0, 1), (0, 600), (0, 600)))[0, 0, 0]
    np.testing.assert_array_equal(corner[:512, :512], giant.tile(giant.variant(0, 0, 0), "uint8"))
    assert not corner[512:].any()
    assert not source.read(source.info.whole(7)).any()


@pytest.mark.parametrize("kind", ["imagej", "plain"])
def test_a_stack_is_whole_for_us_and_for_another_reader(opened, tmp_path, kind):
    path = giant.stack_tiff(tmp_path, kind, planes=20, edge=64)
    source = opened(path)
    assert source.info.shape == (1, 1, 20, 64, 64)
    planes = np.stack([giant.plane(z, 64) for z in range(20)])
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0], planes)
    with tifffile.TiffFile(path) as file:
        np.testing.assert_array_equal(
            file.series[0].asarray() if kind == "imagej" else file.asarray(), planes
        )


def test_a_stack_as_zarr_is_whole(opened, tmp_path):
    source = opened(giant.stack_zarr(tmp_path, planes=20, edge=64))
    planes = np.stack([giant.plane(z, 64) for z in range(20)])
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0], planes)


def test_the_command_makes_what_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(giant.MAKERS, "plane-zarr", lambda folder: giant.sparse_zarr(folder, side=600))
    assert giant.main([str(tmp_path), "plane-zarr"]) == 0
    assert "plane_600_uint16.ome.zarr" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        giant.main([str(tmp_path), "moon"])
