"""OME-Zarr, compared with a reader that shares nothing with ours, and with folders written byte by byte."""

import json
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

from app.images.open import can_open, open_image
from app.images.readers.zarr import metadata
from models.source import Channel, PixelSize, Region
from tests.images.zarr_maker import AXES, write_array, write_group, write_image, write_json
from tests.makers import cells

REAL = {
    "written_ome_zarr_5d_v04.ome.zarr": ("TCZYX", (2, 2, 17, 96, 96), "uint16"),
    "written_ome_zarr_v04.ome.zarr": ("CYX", (1, 3, 1, 512, 512), "uint8"),
    "written_ome_zarr_v05.ome.zarr": ("CYX", (1, 3, 1, 512, 512), "uint8"),
}


def by_another_reader(path: Path) -> np.ndarray:
    """Return an array without any of our code for reading."""
    import numcodecs

    file = path / "zarr.json"
    if not file.exists():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import zarr
        return zarr.open(str(path), mode="r")[:]
    facts = json.loads(file.read_text())
    assert [codec["name"] for codec in facts["codecs"]] == ["bytes", "zstd"]
    chunk = facts["chunk_grid"]["configuration"]["chunk_shape"]
    found = np.full(facts["shape"], facts["fill_value"], facts["data_type"])
    for packed in (path / "c").rglob("*"):
        if packed.is_file():
            place = [int(part) for part in packed.relative_to(path / "c").parts]
            box = tuple(slice(i * n, (i + 1) * n) for i, n in zip(place, chunk, strict=True))
            data = np.frombuffer(numcodecs.Zstd().decode(packed.read_bytes()), found.dtype).reshape(chunk)
            target = found[box]
            target[...] = data[tuple(slice(n) for n in target.shape)]
    return found


@pytest.mark.parametrize("name", REAL)
def test_a_real_folder_is_read_as_it_is(opened, data_dir, name):
    path = data_dir / "formats" / name
    axes, shape, dtype = REAL[name]
    source = opened(path)
    info = source.info
    assert (info.axes, info.shape, info.dtype, info.scenes) == (axes, shape, dtype, ("image",))
    assert info.doubts == ("pixel_size",)
    assert len(info.shapes) == 5
    for level in range(5):
        expected = by_another_reader(path / f"s{level}")
        pixels = source.read(info.whole(level))
        assert pixels.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(pixels.reshape(expected.shape), expected)


@pytest.mark.parametrize("version", [2, 3])
def test_every_region_of_every_level_is_read(opened, tmp_path, version):
    pixels = cells((2, 2, 3, 50, 70))
    path = write_image(tmp_path / "a", pixels, levels=3, version=version, chunks=(1, 1, 2, 16, 32))
    source = opened(path)
    assert source.info.shapes == ((2, 2, 3, 50, 70), (2, 2, 3, 25, 35), (2, 2, 3, 13, 18))
    for level in range(3):
        expected = pixels[..., :: 1 << level, :: 1 << level]
        np.testing.assert_array_equal(source.read(source.info.whole(level)), expected)
    region = Region((1, 2), (0, 2), (1, 3), (10, 20), (30, 66))
    np.testing.assert_array_equal(source.read(region), pixels[region.slices])
    assert source.read(Region((0, 0), (0, 1), (0, 1), (0, 5), (0, 5))).shape == (0, 1, 1, 5, 5)
    with pytest.raises(ValueError, match="does not lie"):
        source.read(Region((0, 3), (0, 1), (0, 1), (0, 5), (0, 5)))


@pytest.mark.parametrize("letters", ["yx", "zyx", "cyx", "tyx", "xyz", "yxc", "zcyx", "ctzyx", "xyzct", "YX"])
def test_axes_in_any_order_are_put_into_ours(opened, tmp_path, letters):
    sizes = {"t": 2, "c": 3, "z": 4, "y": 20, "x": 30}
    names = letters.lower()
    pixels = cells(tuple(sizes[name] for name in names[::-1]))[...].transpose()
    assert pixels.shape == tuple(sizes[name] for name in names)
    path = write_image(tmp_path / "a", pixels, axes=[{"name": name} for name in letters])
    source = opened(path)
    assert source.info.shape == tuple(sizes[name] if name in names else 1 for name in "tczyx")
    expected = pixels.transpose([names.index(name) for name in "tczyx" if name in names])
    np.testing.assert_array_equal(source.read(source.info.whole()), expected.reshape(source.info.shape))
    assert "axes" not in source.info.doubts


def named(**types: str) -> list[dict]:
    return [{"name": name, "type": kind} for name, kind in types.items()]


@pytest.mark.parametrize(
    ("axes", "shape", "expected", "doubts"),
    [
        (["t", "c", "y", "x"], (2, 3, 20, 30), (2, 3, 1, 20, 30), False),  # 0.3
        (None, (2, 3, 4, 20, 30), (2, 3, 4, 20, 30), True),  # 0.1 and 0.2
        (None, (4, 20, 30), (1, 1, 4, 20, 30), True),
        (None, (20, 30, 3), (1, 3, 1, 20, 30), True),
        (["y", "x"], (4, 20, 30), (1, 1, 4, 20, 30), True),  # not as many as there are
        (named(time="time", row="space", column="space"), (2, 20, 30), (2, 1, 1, 20, 30), False),
        (named(angle="other", y="space", x="space"), (1, 20, 30), (1, 1, 1, 20, 30), False),
        (named(angle="other", y="space", x="space"), (2, 20, 30), (2, 1, 1, 20, 30), True),
        (["angle", "t", "c", "z", "y", "x"], (1, 2, 3, 4, 20, 30), (2, 3, 4, 20, 30), False),
    ],
)  # fmt: skip
def test_axes_that_are_not_named_are_guessed_and_doubted(opened, tmp_path, axes, shape, expected, doubts):
    pixels = cells(shape[::-1]).transpose() if shape[-1] == 3 else cells(shape)
    path = write_image(tmp_path / "a", pixels, axes=[])
    said = json.loads((path / ".zattrs").read_text())
    said["multiscales"][0] |= {"axes": axes}
    if axes is None:
        del said["multiscales"][0]["axes"]
    write_json(path / ".zattrs", said)
    source = opened(path)
    assert source.info.shape == expected
    assert ("axes" in source.info.doubts) == doubts
    assert source.read(source.info.whole()).sum() == pixels.sum()


@pytest.mark.parametrize(
    ("unit", "micrometres"),
    [("micrometer", 1.0), ("nanometer", 1e-3), ("µm", 1.0), ("centimeter", 1e4)],
)
def test_sizes_of_both_levels_of_transformations_multiply(opened, tmp_path, unit, micrometres):
    axes = [axis | ({"unit": unit} if axis["type"] == "space" else {}) for axis in AXES]
    scale = (2.5, 1, *(length / micrometres for length in (0.5, 0.1, 0.2)))
    path = write_image(tmp_path / "a", cells((2, 1, 3, 20, 30)), axes=axes, scale=scale)
    said = json.loads((path / ".zattrs").read_text())
    said["multiscales"][0]["coordinateTransformations"] = [{"type": "scale", "scale": [2, 1, 1, 3, 3]}]
    write_json(path / ".zattrs", said)
    info = opened(path).info
    expected = PixelSize(*(pytest.approx(length) for length in (0.5, 0.3, 0.6)))
    assert info.pixel_size_um == expected
    assert info.time_interval_s == 5.0
    assert info.doubts == ()


@pytest.mark.parametrize(
    ("unit", "scale", "doubt"),
    [
        ("furlong", 0.5, "unit"), (None, 0.5, "unit"),
        (None, 1.0, "pixel_size"), ("pixel", 1.0, "pixel_size"),
        ("micrometer", -1.0, "pixel_size_range"), ("micrometer", float("nan"), "pixel_size_range"),
        ("micrometer", 1e9, "pixel_size_range"), ("micrometer", True, "pixel_size"),
    ],
)  # fmt: skip
def test_a_size_that_cannot_be_believed_is_doubted(opened, tmp_path, unit, scale, doubt):
    axes = [{"name": n, "type": "space"} | ({"unit": unit} if unit else {}) for n in "yx"]
    info = opened(write_image(tmp_path / "a", cells((20, 30)), axes=axes, scale=(scale, scale))).info
    assert info.pixel_size_um == PixelSize()
    assert info.doubts == (doubt,)


def test_names_colours_and_windows_of_channels_are_read(opened, tmp_path):
    omero = {
        "channels": [
            {"label": "DAPI", "color": "0000FF", "window": {"min": 0, "max": 65535, "start": 10, "end": 500}},
            {"label": 3, "color": "blue", "window": {"start": 9, "end": 1}},
            "nonsense",
            {"label": "left over"},
        ],
        "rdefs": {"model": "color"},
    }
    info = opened(write_image(tmp_path / "a", cells((4, 20, 30)), axes=list("cyx"), omero=omero)).info
    assert info.channels == (
        Channel("DAPI", "#0000ff", (10.0, 500.0)), Channel(""), Channel(""), Channel("left over"),
    )  # fmt: skip
    assert not info.is_rgb


def test_three_channels_in_red_green_and_blue_stay_channels(opened, tmp_path):
    channels = [{"color": colour} for colour in ("FF0000", "00FF00", "0000FF")]
    omero = {"channels": channels, "rdefs": {"model": "color"}}
    info = opened(
        write_image(tmp_path / "a", cells((3, 20, 30), "uint8"), axes=list("cyx"), omero=omero)
    ).info
    assert not info.is_rgb
    assert [channel.colour for channel in info.channels] == ["#ff0000", "#00ff00", "#0000ff"]


def test_chunks_that_are_missing_are_the_fill_value(opened, tmp_path):
    pixels = cells((20, 30))
    path = write_image(tmp_path / "a", pixels, chunks=(10, 10))
    facts = json.loads((path / "0" / ".zarray").read_text())
    write_json(path / "0" / ".zarray", facts | {"fill_value": 7})
    (path / "0" / "1" / "2").unlink()
    pixels[10:, 20:] = 7
    source = opened(path)
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0, 0], pixels)


def test_levels_that_are_missing_or_do_not_fit_are_left_out(opened, tmp_path):
    pixels = cells((2, 40, 60))
    path = write_image(tmp_path / "a", pixels, axes=list("cyx"), levels=6)
    (path / "1" / ".zarray").write_text("damaged")
    write_array(path / "2", pixels[:1, ::4, ::4])  # fewer channels
    write_array(path / "3", pixels[:, ::8, ::8].astype("uint8"))
    (path / "4" / ".zarray").unlink()
    source = opened(path)
    assert source.info.shapes == ((1, 2, 1, 40, 60), (1, 2, 1, 2, 2))
    np.testing.assert_array_equal(source.read(source.info.whole(1))[0, :, 0], pixels[:, ::32, ::32])


def test_levels_with_fewer_planes_show_the_nearest(opened, tmp_path):
    pixels = cells((8, 40, 60))
    path = write_image(tmp_path / "a", pixels, levels=2)
    write_array(path / "1", pixels[::2, ::2, ::2])
    source = opened(path)
    assert source.info.shapes == ((1, 1, 8, 40, 60), (1, 1, 8, 20, 30))
    planes = source.read(Region((0, 1), (0, 1), (3, 7), (0, 20), (0, 30), 1))[0, 0]
    np.testing.assert_array_equal(planes, pixels[[2, 4, 4, 6], ::2, ::2])


@pytest.mark.parametrize("dtype", [">u2", "<i2", "|u1", "|i1", "<u4", "<f4", ">f8", "<f2", "<i8", "|b1"])
def test_every_pixel_type_comes_in_native_order(opened, tmp_path, dtype):
    pixels = (cells((20, 30)) % 100).astype(dtype)
    source = opened(write_image(tmp_path / "a", pixels))
    expected = "uint8" if dtype == "|b1" else np.dtype(dtype).newbyteorder("=").name
    read = source.read(source.info.whole())
    assert source.info.dtype == read.dtype.name == expected
    assert read.dtype.isnative
    np.testing.assert_array_equal(read[0, 0, 0], pixels.astype(expected))


BLOSC = {"cname": "lz4", "clevel": 5, "shuffle": "shuffle"}
CODECS2 = [
    None,
    *({"id": name, "level": 1} for name in ("zlib", "gzip", "zstd", "bz2")),
    *({"id": "blosc", "cname": name, "clevel": 5, "shuffle": 1} for name in ("lz4", "zstd", "zlib")),
]
SHARDS = {"name": "sharding_indexed", "configuration": {
    "chunk_shape": [1, 8, 8], "codecs": [{"name": "bytes"}, {"name": "gzip", "configuration": {"level": 1}}],
    "index_codecs": [{"name": "bytes"}, {"name": "crc32c"}]}}  # fmt: skip
CODECS3 = [
    [{"name": "bytes"}],
    [{"name": "bytes"}, {"name": "zstd", "configuration": {"level": 1}}, {"name": "crc32c"}],
    [{"name": "transpose", "configuration": {"order": [2, 1, 0]}}, {"name": "bytes"}],
    [{"name": "bytes"}, {"name": "blosc", "configuration": BLOSC}],
    [SHARDS],
]


@pytest.mark.parametrize("number", range(len(CODECS2) + len(CODECS3)))
def test_every_packing_is_unpacked(opened, tmp_path, number):
    import tensorstore

    pixels = cells((2, 20, 30))
    path = write_image(tmp_path / "a", pixels, version=2 if number < len(CODECS2) else 3)
    where = {"driver": "file", "path": str(path / "0") + "/"}
    chunks = [1, 16, 16]
    if number < len(CODECS2):
        facts = {"shape": [2, 20, 30], "chunks": chunks, "dtype": "<u2", "compressor": CODECS2[number]}
        spec = {"driver": "zarr", "kvstore": where, "metadata": facts | {"dimension_separator": "/"}}
    else:
        grid = {"name": "regular", "configuration": {"chunk_shape": chunks}}
        codecs = CODECS3[number - len(CODECS2)]
        facts = {"shape": [2, 20, 30], "chunk_grid": grid, "data_type": "uint16", "codecs": codecs}
        spec = {"driver": "zarr3", "kvstore": where, "metadata": facts}
    tensorstore.open(spec, create=True, delete_existing=True).result().write(pixels).result()
    source = opened(path)
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0], pixels)
    np.testing.assert_array_equal(source.read(source.info.plane(z=1))[0, 0, 0], pixels[1])


def test_plain_arrays_and_groups_of_arrays_open(opened, tmp_path):
    pixels = cells((3, 20, 30))
    write_array(tmp_path / "array", pixels)
    info = opened(tmp_path / "array").info
    assert (info.axes, info.shape) == ("ZYX", (1, 1, 3, 20, 30))
    assert set(info.doubts) == {"axes", "pixel_size"}
    write_array(tmp_path / "named", pixels, version=3, dimension_names=["t", "y", "x"])
    assert opened(tmp_path / "named").info.shape == (3, 1, 1, 20, 30)
    write_group(tmp_path / "group")
    for name in ("b10", "b9"):
        write_array(tmp_path / "group" / name, pixels[0])
    write_array(tmp_path / "group" / "line", pixels[0, 0])
    source = opened(tmp_path / "group", 1)
    assert source.info.scenes == ("b9", "b10")
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0, 0], pixels[0])


def test_a_file_of_metadata_stands_for_its_folder(opened, tmp_path):
    path = write_image(tmp_path / "a", cells((20, 30)))
    assert opened(path / ".zattrs").info.uri == str(path)
    assert can_open(path)


def test_reads_from_many_threads_agree(opened, tmp_path):
    pixels = cells((16, 64, 64))
    source = opened(write_image(tmp_path / "a", pixels, chunks=(4, 16, 16)))
    wrong = []

    def read(z: int) -> None:
        read = [source.read(source.info.plane(z=z))[0, 0, 0] for _ in range(5)]
        wrong.extend(z for plane in read if not np.array_equal(plane, pixels[z]))

    threads = [threading.Thread(target=read, args=(z,)) for z in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_closed_source_reads_nothing_more(tmp_path):
    source = open_image(write_image(tmp_path / "a", cells((20, 30))))
    source.close()
    source.close()
    with pytest.raises(ValueError, match="closed"):
        source.read(source.info.whole())


def test_metadata_tell_attributes_and_facts_of_each_level(tmp_path):
    pixels = cells((2, 20, 30))
    path = write_image(tmp_path / "a", pixels, levels=2, Objective={"NA": 1.4, "oil": True})
    folder, levels = metadata(path)
    said = {entry.name: entry for entry in folder.entries}
    assert [(entry.name, entry.value) for entry in said["Objective"].entries] == [
        ("NA", "1.4"),
        ("oil", "yes"),
    ]
    assert [entry.name for entry in levels.entries] == ["0", "1"]
    facts = {entry.name: entry.value for entry in levels.entries[1].entries}
    assert facts["shape"] == "2 x 10 x 15"
    assert facts["pixel type"] == "uint16"
    assert facts["packed by"] == "zlib 1"


def test_tensorstore_is_imported_only_for_zarr(tmp_path):
    import subprocess

    code = "import sys, app.images.open, app.images.folders; print('tensorstore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
