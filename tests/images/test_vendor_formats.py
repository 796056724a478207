"""Real files of microscope makers, compared with readers that share nothing with ours."""

import struct
from pathlib import Path

import numpy as np
import pytest

from app.images.open import read_metadata
from models.source import PixelSize

NO = PixelSize()


def size(z: float, yx: float) -> PixelSize:
    return PixelSize(pytest.approx(z), pytest.approx(yx), pytest.approx(yx))


def by_library_mrc(path: Path) -> np.ndarray:
    import mrc

    return np.array(mrc.imread(str(path)))[None]  # (c, z, y, x)


def by_library_mrcfile(path: Path) -> np.ndarray:
    import mrcfile

    with mrcfile.open(path) as file:
        return np.array(file.data)[None, None]


def by_hand_npy(path: Path) -> np.ndarray:
    data = path.read_bytes()
    length = struct.unpack("<H", data[8:10])[0]
    return np.frombuffer(data, "u1", offset=10 + length).reshape(1, 1, 8, 128, 128)


def by_numpy_npz(path: Path) -> np.ndarray:
    return np.load(path)["low"][None, None, None]


# name: axes, shape TCZYX, dtype, pixel size, names of channels, doubts, scenes, another reader
FILES = {
    "deltavision_toxo.dv": (
        "CZYX", (1, 2, 17, 128, 128), "uint16", size(0.3, 0.13262), ("525\u202fnm", "632\u202fnm"), set(),
        ("Image 1",), by_library_mrc,
    ),
    "written_fibsem_crop.mrc": (
        "ZYX", (1, 1, 24, 128, 128), "float32", size(0.01, 0.01), ("",), set(), ("Image 1",),
        by_library_mrcfile,
    ),
    "written_fibsem_crop.npy": (
        "ZYX", (1, 1, 8, 128, 128), "uint8", NO, ("",), {"axes", "pixel_size"}, ("Image 1",), by_hand_npy,
    ),
    "written_pair.npz": (
        "YX", (1, 1, 1, 256, 256), "uint8", NO, ("",), {"pixel_size"}, ("low", "high"), by_numpy_npz,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_read_as_it_is(opened, data_dir, name):
    axes, shape, dtype, pixel_size, names, doubts, scenes, other = FILES[name]
    path = data_dir / "formats" / name
    source = opened(path)
    info = source.info
    assert (info.axes, info.shape, info.dtype) == (axes, shape, dtype)
    assert info.pixel_size_um == pixel_size
    assert tuple(channel.name for channel in info.channels) == names
    assert set(info.doubts) == doubts
    assert info.scenes == scenes
    pixels = source.read(info.whole())
    assert pixels.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(pixels, other(path).reshape(shape))


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_tells_all_about_itself(data_dir, name):
    entries = read_metadata(data_dir / "formats" / name)
    assert entries
    assert any(entry.value or entry.entries for entry in entries)


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_known_whatever_its_name(opened, data_dir, tmp_path, name):
    if name.endswith(".npz"):
        pytest.skip("nothing but its name tells an NPZ from any other zip file")
    path = tmp_path / "no suffix"
    path.write_bytes((data_dir / "formats" / name).read_bytes())
    assert opened(path).info.shape == FILES[name][1]


def test_the_second_array_of_an_archive_is_read(opened, data_dir):
    path = data_dir / "formats" / "written_pair.npz"
    source = opened(path, 1)
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0, 0], np.load(path)["high"])
