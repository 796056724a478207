import json
import shutil
import subprocess

import numcodecs
import numpy as np
import pytest
import zarr

from app.images.errors import CannotWrite, DiskFull, NotSupported
from app.images.record import Provenance, read_record
from app.images.writers.zarr import OmeZarrSink, halved, shapes_of
from models.source import Channel, PixelSize
from tests.makers import cells, info_for

CHANNELS = (Channel("DAPI", "#00ffff", (1.0, 200.0)), Channel("µ-Actin", "#ff8800"))


def described(pixels, **changes):
    known = {
        "channels": CHANNELS,
        "pixel_size_um": PixelSize(0.3, 0.1, 0.11),
        "time_interval_s": 2.5,
    } | changes
    return info_for(pixels.shape, pixels.dtype.name, **known)


def written(path, pixels, version, record=None, **changes):
    info = described(pixels, **changes)
    sink = OmeZarrSink.create(path, info, version)
    sink.write(info.whole(), pixels)
    for t in range(pixels.shape[0]):
        for c in range(pixels.shape[1]):
            for z in range(pixels.shape[2]):
                sink.coarsen(t, c, z)
    return sink.close(record)


def attributes_of(folder, version):
    if version == "0.4":
        return json.loads((folder / ".zattrs").read_text("utf-8"))
    return json.loads((folder / "zarr.json").read_text("utf-8"))["attributes"]["ome"]


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int8", "uint16", "int16", "uint32", "uint64", "float32", "float64"]
)
def test_another_library_reads_every_pixel_type_of_version_04(tmp_path, dtype):
    pixels = np.random.default_rng(0).integers(0, 2, (1, 1, 2, 20, 30)).astype(dtype)
    folder = written(tmp_path / "a.ome.zarr", pixels, "0.4", channels=CHANNELS[:1])
    array = zarr.open(str(folder), mode="r")["0"]
    assert array.dtype == pixels.dtype
    np.testing.assert_array_equal(array[:], pixels)


def test_levels_halve_until_a_plane_is_one_chunk_and_hold_means(tmp_path):
    pixels = cells((1, 2, 1, 1100, 2300))
    group = zarr.open(str(written(tmp_path / "a.ome.zarr", pixels, "0.4")), mode="r")
    assert [group[name].shape[-2:] for name in ("0", "1", "2")] == [(1100, 2300), (550, 1150), (275, 575)]
    assert group["0"].chunks == (1, 1, 1, 1024, 1024)
    blocks = pixels.astype(float).reshape(1, 2, 1, 550, 2, 1150, 2).mean(axis=(4, 6))
    np.testing.assert_array_equal(group["1"][:], np.rint(blocks).astype(np.uint16))


def test_chunks_of_version_05_can_be_unpacked_by_hand(tmp_path):
    pixels = cells((2, 2, 3, 40, 1100))
    folder = written(tmp_path / "a.ome.zarr", pixels, "0.5")
    found = json.loads((folder / "0" / "zarr.json").read_text())
    assert found["zarr_format"] == 3
    assert found["shape"] == list(pixels.shape)
    assert found["data_type"] == "uint16"
    high, wide = found["chunk_grid"]["configuration"]["chunk_shape"][-2:]
    for t, c, z in ((0, 0, 0), (1, 1, 2)):
        for column in (0, 1):
            packed = (folder / "0" / "c" / str(t) / str(c) / str(z) / "0" / str(column)).read_bytes()
            chunk = np.frombuffer(numcodecs.Blosc().decode(packed), "<u2").reshape(high, wide)
            expected = pixels[t, c, z, :, column * wide : (column + 1) * wide]
            np.testing.assert_array_equal(chunk[:40, : expected.shape[1]], expected)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_axes_sizes_names_colours_and_ranges_are_told(tmp_path, version):
    pixels = cells((2, 2, 3, 1030, 40))
    ome = attributes_of(written(tmp_path / "cells.ome.zarr", pixels, version), version)
    image = ome["multiscales"][0]
    assert (ome if version == "0.5" else image)["version"] == version
    assert image["name"] == "cells"
    assert [(axis["name"], axis["type"], axis.get("unit")) for axis in image["axes"]] == [
        ("t", "time", "second"),
        ("c", "channel", None),
        ("z", "space", "micrometer"),
        ("y", "space", "micrometer"),
        ("x", "space", "micrometer"),
    ]
    scales = [one["coordinateTransformations"][0]["scale"] for one in image["datasets"]]
    assert scales == [[2.5, 1.0, 0.3, 0.1, 0.11], pytest.approx([2.5, 1.0, 0.3, 0.2, 0.22])]
    first, second = ome["omero"]["channels"]
    assert (first["label"], first["color"]) == ("DAPI", "00FFFF")
    assert (first["window"]["start"], first["window"]["end"]) == (1.0, 200.0)
    assert (second["label"], second["color"]) == ("µ-Actin", "FF8800")
    values = pixels[:, 1]
    assert values.min() <= second["window"]["start"] < second["window"]["end"] <= values.max()


def test_what_is_not_known_has_no_unit(tmp_path):
    pixels = cells((1, 1, 1, 10, 10))
    bare = {"channels": (), "pixel_size_um": PixelSize(), "time_interval_s": None}
    ome = attributes_of(written(tmp_path / "a.ome.zarr", pixels, "0.4", **bare), "0.4")
    assert all("unit" not in axis for axis in ome["multiscales"][0]["axes"])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_the_record_comes_out_again(tmp_path, version):
    pixels = cells((1, 2, 1, 10, 10))
    folder = written(tmp_path / "a.ome.zarr", pixels, version, Provenance(model_id="m", remarks=("µ",)))
    found = read_record(folder)
    assert found == Provenance(model_id="m", remarks=("µ",))
    (folder / (".zattrs" if version == "0.4" else "zarr.json")).write_text("[1")
    assert read_record(folder) is None


def test_a_name_that_is_taken_gets_a_number_also_while_another_grows(tmp_path):
    pixels = cells((1, 1, 1, 10, 10))
    (tmp_path / "a.ome.zarr").mkdir()
    growing = OmeZarrSink.create(tmp_path / "a.ome.zarr", described(pixels, channels=()))
    assert growing.path.name == "a_2.ome.zarr.part"
    assert written(tmp_path / "a.ome.zarr", pixels, "0.4", channels=()).name == "a_3.ome.zarr"
    (tmp_path / "a_2.ome.zarr").mkdir()
    (tmp_path / "a_2.ome.zarr" / "mine.txt").touch()
    assert growing.close(None).name == "a_2_2.ome.zarr"
    assert (tmp_path / "a_2.ome.zarr" / "mine.txt").exists()


def test_an_unfinished_folder_is_gone_on_with_or_removed(tmp_path):
    pixels = cells((2, 1, 1, 10, 10))
    info = described(pixels, channels=())
    part = OmeZarrSink.create(tmp_path / "a.ome.zarr", info).path
    sink = OmeZarrSink.resume(part, info)
    sink.write(info.whole(), pixels)
    np.testing.assert_array_equal(zarr.open(str(part), mode="r")["0"][:], pixels)
    sink.abandon()
    assert list(tmp_path.iterdir()) == [] or [path.name for path in tmp_path.iterdir()] == ["home"]
    with pytest.raises(CannotWrite):
        OmeZarrSink.resume(part, info)


def test_wrong_regions_and_types_are_refused(tmp_path):
    pixels = cells((1, 1, 1, 10, 10))
    info = described(pixels, channels=())
    sink = OmeZarrSink.create(tmp_path / "a.ome.zarr", info)
    with pytest.raises(ValueError, match="shape"):
        sink.write(info.whole(), pixels[..., :5])
    sink.abandon()
    with pytest.raises(NotSupported):
        OmeZarrSink.create(tmp_path / "b.ome.zarr", info_for((1, 1, 1, 1, 1), "datetime64[s]"))


def test_a_drive_without_room_is_told_before_and_during(tmp_path, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 65535, (1, 1, 4, 256, 256)).astype(np.uint16)
    info = described(pixels, channels=())
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda path: usage._replace(free=1000))
        with pytest.raises(DiskFull):
            OmeZarrSink.create(tmp_path / "a.ome.zarr", info)
    drive = tmp_path / "drive"
    drive.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(drive)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small drive")
    try:
        monkeypatch.setattr("app.images.writers.zarr.check_room", lambda path, size: None)
        sink = OmeZarrSink.create(drive / "a.ome.zarr", info)
        with pytest.raises(DiskFull):
            sink.write(info.whole(), pixels)
        sink.abandon()
        assert list(drive.iterdir()) == []
    finally:
        subprocess.run(["umount", str(drive)], check=True)


def test_halving_keeps_types_and_ends():
    odd = np.array([[1, 3, 9], [1, 3, 9], [5, 5, 200]], np.uint8)
    np.testing.assert_array_equal(halved(odd), [[2, 9], [5, 200]])
    assert halved(odd).dtype == np.uint8
    np.testing.assert_array_equal(halved(np.array([[True, True], [False, False]])), [[True]])
    assert halved(np.full((2, 2), 2**63, np.uint64)).dtype == np.uint64
    assert shapes_of((1, 1, 1, 1024, 1024)) == ((1, 1, 1, 1024, 1024),)
    assert shapes_of((1, 1, 1, 3, 1025))[1] == (1, 1, 1, 2, 513)
