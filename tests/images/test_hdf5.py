"""HDF5 and Imaris files, and the process of its own in which they are read."""

import json
import os
import signal
import sys
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta

import h5py
import numpy as np
import pytest

from app.images import errors, isolated
from app.images.open import open_image, read_metadata
from models.source import Channel, PixelSize, Region
from tests.makers import cells

MODULE = "app.images.readers.hdf5"


@pytest.fixture
def many(tmp_path):
    """A file with images in several groups, and much else."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        packed = file.create_dataset("exp/raw", data=cells((4, 20, 30)), chunks=(1, 8, 8), compression="gzip")
        packed.attrs["element_size_um"] = [0.5, 0.2, 0.1]
        file.create_dataset("exp/table", data=np.zeros(3, [("a", "i4"), ("b", "f8")]))
        file.create_dataset("labels", data=cells((20, 30), "uint8"))
        file.create_dataset("list", data=np.arange(5))
        file.create_dataset("big", data=cells((2, 20, 30)).astype(">u4"))
        file["again"] = file["labels"]
        file["exp/loop"] = file["exp"]
        file["soft"] = h5py.SoftLink("/labels")
        file["outside"] = h5py.ExternalLink("/etc/passwd", "/x")
        file.attrs["title"] = "a test"
    return path


def test_every_data_set_with_two_axes_is_a_scene(opened, many):
    scenes = opened(many).info.scenes
    assert scenes == ("again", "big", "exp/raw")  # not twice, not through links by name
    with h5py.File(many) as file:
        for index, name in enumerate(scenes):
            source = opened(many, index)
            pixels = file[name][()]
            np.testing.assert_array_equal(source.read(source.info.whole()), pixels.reshape(source.info.shape))
            assert source.info.dtype == pixels.dtype.newbyteorder("=").name


def test_chunks_unpacked_by_hand_are_alike(opened, many):
    source = opened(many, 2)
    with h5py.File(many) as file:
        data = file["exp/raw"]
        _, chunk = data.id.read_direct_chunk((2, 8, 16))
        box = np.frombuffer(zlib.decompress(chunk), data.dtype).reshape(8, 8)
    region = Region((0, 1), (0, 1), (2, 3), (8, 16), (16, 24))
    np.testing.assert_array_equal(source.read(region)[0, 0, 0], box)
    assert source.info.pixel_size_um == PixelSize(0.5, 0.2, 0.1)
    assert source.info.doubts == ("axes",)


def test_pixels_of_a_real_file_lie_where_its_head_says(opened, data_dir):
    path = data_dir / "formats" / "written_fibsem_crop.h5"
    source = opened(path)
    assert (source.info.axes, source.info.scenes) == ("ZYX", ("volumes/raw",))
    assert source.info.pixel_size_um == PixelSize(*[pytest.approx(0.01)] * 3)
    assert set(source.info.doubts) == {"axes", "unit"}
    with h5py.File(path) as file:
        data = file["volumes/raw"]
        whole = np.empty(data.shape, data.dtype)
        for number in range(data.id.get_num_chunks()):
            chunk = data.id.get_chunk_info(number)
            _, packed = data.id.read_direct_chunk(chunk.chunk_offset)
            box = np.frombuffer(zlib.decompress(packed), data.dtype).reshape(data.chunks)
            at = tuple(
                slice(start, min(start + size, most))
                for start, size, most in zip(chunk.chunk_offset, data.chunks, data.shape, strict=True)
            )
            whole[at] = box[tuple(slice(0, one.stop - one.start) for one in at)]
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0], whole)


def test_axes_that_ilastik_names_are_believed(opened, tmp_path):
    pixels = cells((2, 3, 20, 30, 4), "uint8")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("exported_data", data=pixels)
        data.attrs["axistags"] = json.dumps({"axes": [{"key": key} for key in "tzyxc"]})
    source = opened(tmp_path / "a.h5")
    assert (source.info.axes, source.info.doubts) == ("TCZYX", ("pixel_size",))
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels.transpose(0, 4, 1, 2, 3))


def test_axes_with_labels_are_believed(opened, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("a", data=cells((3, 20, 30)))
        for dimension, label in zip(data.dims, "cxy", strict=True):
            dimension.label = label
    source = opened(tmp_path / "a.h5")
    assert source.info.shape == (1, 3, 1, 30, 20)
    np.testing.assert_array_equal(source.read(source.info.plane(c=1))[0, 0, 0], cells((3, 20, 30))[1].T)


def test_attributes_are_told_as_a_tree(many):
    found = {entry.name: entry for entry in read_metadata(many)}
    assert found["title"].value == "a test"
    inner = {entry.name: entry for entry in found["exp"].entries}
    assert inner["raw"].value == "(4, 20, 30) uint16"
    assert inner["raw"].entries[0].value == "0.5, 0.2, 0.1"
    assert "outside" not in found


def test_a_file_without_an_image_says_so(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("list", data=np.arange(5))
    with pytest.raises(errors.NoPixels, match="no images"):
        open_image(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w"):
        pass
    with pytest.raises(errors.NoPixels, match="without any data set"):
        open_image(tmp_path / "b.h5")


def test_complex_numbers_are_no_image(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("a", data=np.ones((4, 5), complex))
    with pytest.raises(errors.NoPixels):
        open_image(tmp_path / "a.h5")


def test_pixels_in_other_files_are_not_followed(tmp_path):
    (tmp_path / "secret.raw").write_bytes(bytes(600))
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_dataset("a", data=cells((20, 30)))
    layout = h5py.VirtualLayout((20, 30), "u2")
    layout[...] = h5py.VirtualSource(tmp_path / "b.h5", "a", (20, 30))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("raw", (20, 30), "u1", external=[(str(tmp_path / "secret.raw"), 0, 600)])
        file.create_virtual_dataset("virtual", layout)
    for scene in (0, 1):
        with pytest.raises(errors.NotSupported, match="other files"):
            open_image(tmp_path / "a.h5", scene)


def test_a_cut_file_says_so(many):
    os.truncate(many, many.stat().st_size - 1)
    with pytest.raises(errors.Truncated, match="nothing of it can be shown"):
        open_image(many)


def test_text_with_the_name_of_hdf5(tmp_path):
    (tmp_path / "a.h5").write_text("Dear diary")
    with pytest.raises(errors.Damaged, match="no head of an HDF5 file"):
        open_image(tmp_path / "a.h5")


# Imaris


def letters(text: str) -> np.ndarray:
    return np.array([letter.encode() for letter in text], "S1")


def test_an_imaris_file_is_one_image_with_levels(opened, tmp_path):
    pixels = cells((2, 2, 4, 20, 30))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with h5py.File(tmp_path / "a.ims", "w") as file:
        for level, step in enumerate((1, 2)):
            for t in range(2):
                for c in range(2):
                    group = file.create_group(f"DataSet/ResolutionLevel {level}/TimePoint {t}/Channel {c}")
                    box = pixels[t, c, ::step, ::step, ::step]
                    stored = np.zeros((8, 32, 32), "u2")  # padded to whole chunks
                    stored[tuple(slice(0, size) for size in box.shape)] = box
                    group.create_dataset("Data", data=stored, chunks=(4, 16, 16), compression="gzip")
                    for axis, size in zip("ZYX", box.shape, strict=True):
                        group.attrs[f"ImageSize{axis}"] = letters(str(size))
        notes = file.create_group("DataSetInfo/Image")
        notes.attrs["Unit"] = letters("um")
        for axis, extent in enumerate((3.0, 4.0, 2.0)):
            notes.attrs[f"ExtMin{axis}"] = letters("1.0")
            notes.attrs[f"ExtMax{axis}"] = letters(str(1 + extent))
        times = file.create_group("DataSetInfo/TimeInfo")
        for t in range(2):
            moment = start + timedelta(seconds=2.5 * t)
            times.attrs[f"TimePoint{t + 1}"] = letters(moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3])
        for c, name in enumerate(("DAPI", "GFP")):
            channel = file.create_group(f"DataSetInfo/Channel {c}")
            channel.attrs["Name"] = letters(name)
            channel.attrs["Color"] = letters("0.0 1.0 0.5")
            channel.attrs["ColorRange"] = letters("10.0 400.0")
    source = opened(tmp_path / "a.ims")
    assert source.info.shapes == ((2, 2, 4, 20, 30), (2, 2, 4, 10, 15))
    assert source.info.pixel_size_um == PixelSize(0.5, 0.2, 0.1)
    assert source.info.time_interval_s == 2.5
    assert source.info.channels[1] == Channel("GFP", "#00ff80", (10.0, 400.0))
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels)
    coarse = source.read(source.info.whole(1))
    np.testing.assert_array_equal(coarse[:, :, 3], pixels[:, :, 2, ::2, ::2])  # the nearest of two planes


# the other process


def process() -> int:
    return isolated._hosts[MODULE]._process.pid


def test_the_library_stays_out_of_this_process(many):
    code = (
        "import sys\nfrom pathlib import Path\nfrom app.images.open import open_image\n"
        f"source = open_image(Path({str(many)!r}))\nsource.read(source.info.whole())\nsource.close()\n"
        "print('h5py' in sys.modules)\n"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False", done.stderr


def test_what_is_open_is_opened_again_when_the_process_is_gone(opened, many):
    source, other = opened(many), opened(many, 1)
    before = source.read(source.info.whole())
    os.kill(process(), signal.SIGKILL)
    isolated._hosts[MODULE]._process.wait()
    np.testing.assert_array_equal(source.read(source.info.whole()), before)
    assert other.read(other.info.plane()).any()


def test_a_file_that_ends_the_process_is_damaged_and_the_others_live(opened, many, monkeypatch):
    source = opened(many)
    isolated._hosts[MODULE].end()
    with monkeypatch.context() as patch:
        patch.setattr("app.program.command", lambda: [sys.executable, "-c", "import sys; sys.stdin.read(9)"])
        with pytest.raises(errors.Damaged, match="Nothing else is affected"):
            open_image(many)
    assert source.read(source.info.plane()).any()


def test_a_process_that_cannot_start_is_said_in_a_sentence(many, monkeypatch):
    isolated._hosts.setdefault(MODULE, isolated.Host(MODULE)).end()
    monkeypatch.setattr("app.program.command", lambda: ["/no/such/program"])
    with pytest.raises(errors.ReadingFailed, match="no process can be started"):
        open_image(many)


def test_a_process_that_does_not_answer_is_ended(many, monkeypatch):
    isolated._hosts.setdefault(MODULE, isolated.Host(MODULE)).end()
    monkeypatch.setattr("app.program.command", lambda: [sys.executable, "-c", "import time; time.sleep(60)"])
    monkeypatch.setattr("app.images.isolated.SECONDS", 0.2)
    with pytest.raises(errors.ReadingFailed, match="within a minute"):
        open_image(many)


def test_many_threads_read_at_once(opened, many):
    source = opened(many, 2)
    expected = source.read(source.info.whole())
    found = {}

    def read(z: int) -> None:
        found[z] = source.read(source.info.plane(z=z % 4))

    threads = [threading.Thread(target=read, args=(z,)) for z in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((found[z][0, 0, 0] == expected[0, 0, z % 4]).all() for z in range(12))


@pytest.mark.skipif(sys.platform != "linux", reason="looks at what a process has open")
def test_nothing_stays_open_after_close(many):
    source = open_image(many)
    folder = f"/proc/{process()}/fd"

    def is_open() -> bool:
        return str(many) in [os.readlink(f"{folder}/{name}") for name in os.listdir(folder)]  # noqa: PTH115, PTH208

    assert is_open()
    source.close()
    source.close()
    patience = time.monotonic() + 10
    while is_open() and time.monotonic() < patience:  # the other process closes it when it has time
        time.sleep(0.01)
    assert not is_open()
    with pytest.raises(ValueError, match="closed"):
        source.read(source.info.plane())
