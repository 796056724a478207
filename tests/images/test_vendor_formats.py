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


def by_hand_lif(path: Path) -> np.ndarray:
    """Return the first image; its sizes were looked up in the description: T, C, Z, X."""
    data = path.read_bytes()
    at = data.index("MemBlock_76".encode("utf-16-le"), 90_000) + 2 * len("MemBlock_76")
    pixels = np.frombuffer(data, "u1", 20 * 2 * 128 * 128, at).reshape(20, 2, 128, 128)
    return pixels[:, :, None]


def by_hand_nd2(path: Path) -> np.ndarray:
    """Return all frames, found by the map at the end of the file."""
    data = path.read_bytes()
    (at,) = struct.unpack("<Q", data[-8:])
    _, name, length = struct.unpack_from("<IIQ", data, at)
    body = data[at + 16 + name : at + 16 + name + length]
    frames = []
    for number in range(30):
        key = b"ImageDataSeq|%d!" % number
        (start,) = struct.unpack_from("<Q", body, body.index(key) + len(key))
        _, name, _ = struct.unpack_from("<IIQ", data, start)
        frames.append(np.frombuffer(data, "<u2", 31 * 38 * 2, start + 16 + name + 8).reshape(31, 38, 2))
    return np.moveaxis(np.array(frames).reshape(3, 10, 31, 38, 2), -1, 1)


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
    "nikon_cluster.nd2": (
        "TCZYX", (3, 2, 10, 31, 38), "uint16", size(0.5, 0.167808983), ("5-FAM/pH 9.0", "FM 4-64/2% CHAPS"),
        set(), ("Image 1",), by_hand_nd2,
    ),
    "leica_xz_example.lif": (
        "TCYX", (20, 2, 1, 128, 128), "uint8",
        PixelSize(None, pytest.approx(0.1402787), pytest.approx(0.1402798)), ("", ""), {"axes"},
        ("xzt", "xzy", "xz"), by_hand_lif,
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


def test_every_image_of_a_leica_file_is_read_as_the_library_reads_it(opened, data_dir):
    import liffile

    path = data_dir / "formats" / "leica_xz_example.lif"
    with liffile.LifFile(path) as file:
        theirs = [image.asarray() for image in file.images]  # (t, c, z, x), (y, c, z, x), (c, z, x)
    ours = [(source := opened(path, scene)).read(source.info.whole()) for scene in range(3)]
    np.testing.assert_array_equal(ours[0][:, :, 0], theirs[0])
    np.testing.assert_array_equal(ours[1][0], theirs[1].transpose(1, 2, 0, 3))
    np.testing.assert_array_equal(ours[2][0, :, 0], theirs[2])


def test_colours_ranges_and_times_of_a_leica_file_are_read(opened, data_dir):
    info = opened(data_dir / "formats" / "leica_xz_example.lif").info
    assert [channel.colour for channel in info.channels] == ["#00ff00", "#ff0000"]
    assert info.channels[1].display == (0.0, 255.0)
    assert info.time_interval_s == pytest.approx(0.53)


def test_colours_of_an_nd2_file_are_read(opened, data_dir):
    info = opened(data_dir / "formats" / "nikon_cluster.nd2").info
    assert [channel.colour for channel in info.channels] == ["#78e90f", "#fe0100"]


def test_an_nd2_file_that_lacks_its_map_shows_all_planes(opened, data_dir, tmp_path):
    whole = (data_dir / "formats" / "nikon_cluster.nd2").read_bytes()
    (tmp_path / "a.nd2").write_bytes(whole[:-40])
    source = opened(tmp_path / "a.nd2")
    pixels = source.read(source.info.whole())
    np.testing.assert_array_equal(pixels, by_hand_nd2(data_dir / "formats" / "nikon_cluster.nd2"))


def test_a_frame_that_is_not_in_an_nd2_file_is_not_made_up(opened, data_dir, tmp_path):
    from app.images import errors
    from app.images.partial import missing_planes

    whole = bytearray((data_dir / "formats" / "nikon_cluster.nd2").read_bytes())
    at = whole.rindex(b"ImageDataSeq|27!")
    struct.pack_into("<Q", whole, at + len(b"ImageDataSeq|27!"), len(whole) + 4096)
    (tmp_path / "a.nd2").write_bytes(whole)
    with pytest.raises(errors.Truncated, match="in plane 28 of 30") as caught:
        opened(tmp_path / "a.nd2")
    assert (caught.value.fields["plane"], caught.value.fields["planes"]) == (27, 30)
    source = opened(tmp_path / "a.nd2", partial=True)
    assert missing_planes(source) == {(2, 0, 7), (2, 1, 7)}
    assert source.read(source.info.plane(t=2, z=6)).shape == (1, 1, 1, 31, 38)
    with pytest.raises(errors.Truncated):
        source.read(source.info.plane(t=2, z=7))


def test_an_nd2_file_cut_amid_its_planes_says_so(data_dir, tmp_path):
    from app.images import errors
    from app.images.open import open_image

    whole = (data_dir / "formats" / "nikon_cluster.nd2").read_bytes()
    (tmp_path / "a.nd2").write_bytes(whole[:250_000])
    with pytest.raises(errors.Truncated, match="size of its planes"):
        open_image(tmp_path / "a.nd2", partial=True)
