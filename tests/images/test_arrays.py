"""NumPy, MRC and DeltaVision files made by others or by hand, in every layout."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.images import errors
from app.images.open import open_image, read_metadata
from app.images.partial import missing_planes
from app.images.readers.strided import FileBytes, Layout, StridedPlanes
from models.source import PixelSize, Region
from tests.makers import cells

# any layout


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_box_of_any_layout_is_read(tmp_path, data):
    shape = tuple(data.draw(st.tuples(*[st.integers(1, 4)] * 3, *[st.integers(1, 9)] * 2)))
    order = data.draw(st.permutations(range(5)))
    stored = np.arange(np.prod(shape), dtype=">u2").reshape([shape[axis] for axis in order])
    (tmp_path / "a.raw").write_bytes(b"x" * 7 + stored.tobytes())
    pixels = stored.transpose(np.argsort(order))
    planes = StridedPlanes(
        tmp_path / "a.raw", FileBytes(tmp_path / "a.raw"), Layout(shape, stored.dtype, 7, pixels.strides)
    )
    ranges = [sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n)))) for n in shape]
    if any(low == high for low, high in ranges):
        ranges = [(0, n) for n in shape]
    region = Region(*(tuple(one) for one in ranges))
    out = np.empty(region.shape, "u2")
    planes.check_complete()
    planes.fill(region, out)
    planes.close()
    np.testing.assert_array_equal(out, pixels[region.slices])


def test_a_plane_across_a_large_file_is_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("app.images.readers.strided.SMALL", 64)
    pixels = np.arange(20 * 30 * 40, dtype="u2").reshape(20, 30, 40)
    np.save(tmp_path / "a.npy", np.asfortranarray(pixels))
    source = open_image(tmp_path / "a.npy")
    np.testing.assert_array_equal(source.read(source.info.plane(z=7))[0, 0, 0], pixels[7])
    source.close()


# NumPy


@pytest.mark.parametrize(
    ("shape", "dtype", "axes", "five"),
    [
        ((6, 7), "uint8", "YX", (1, 1, 1, 6, 7)),
        ((5, 6, 7), "int16", "ZYX", (1, 1, 5, 6, 7)),
        ((4, 5, 6, 7), "float64", "TZYX", (4, 1, 5, 6, 7)),
        ((2, 3, 5, 6, 7), "uint16", "TCZYX", (3, 2, 5, 6, 7)),
        ((6, 7, 3), "uint8", "YXS", (1, 3, 1, 6, 7)),
        ((5, 6, 7, 4), "uint8", "ZYXS", (1, 3, 5, 6, 7)),
        ((1, 1, 6, 7), "bool", "YX", (1, 1, 1, 6, 7)),
        ((1, 5, 1, 6, 7), ">f4", "ZYX", (1, 1, 5, 6, 7)),
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_all_shapes_are_read(opened, tmp_path, shape, dtype, axes, five, order):
    pixels = np.asarray(np.random.default_rng(0).integers(0, 2, shape).astype(dtype), order=order)
    np.save(tmp_path / "a.npy", pixels)
    source = opened(tmp_path / "a.npy")
    assert (source.info.axes, source.info.shape) == (axes, five)
    read = source.read(source.info.whole())
    if axes.endswith("S"):
        pixels = np.moveaxis(pixels[..., :3], -1, 0)
    elif axes == "TCZYX":
        pixels = pixels.transpose(1, 0, 2, 3, 4)
    np.testing.assert_array_equal(read, pixels.reshape(five))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_archives_are_read_in_any_order(opened, tmp_path, save):
    first, second = cells((5, 300, 400)), cells((20, 30))
    save(tmp_path / "a.npz", first=first, second=second, third=np.arange(5))
    source = opened(tmp_path / "a.npz")
    assert source.info.scenes == ("first", "second")
    for z in (4, 0, 2):
        np.testing.assert_array_equal(source.read(source.info.plane(z=z))[0, 0, 0], first[z])
    assert [entry.name for entry in read_metadata(tmp_path / "a.npz")] == ["first.npy", "second.npy"]


def test_an_archive_too_large_to_keep_is_unpacked_as_it_is_read(opened, tmp_path, monkeypatch):
    monkeypatch.setattr("app.images.readers.arrays.KEPT_BYTES", 1000)
    pixels = cells((5, 300, 400))
    np.savez_compressed(tmp_path / "a.npz", pixels)
    source = opened(tmp_path / "a.npz")
    for z in (3, 4, 0):
        np.testing.assert_array_equal(source.read(source.info.plane(z=z))[0, 0, 0], pixels[z])


def test_a_pickled_object_is_never_read(tmp_path):
    class Harm:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "harm",))

    np.save(tmp_path / "a.npy", np.array([[Harm()]], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", np.array([[Harm()]], dtype=object), allow_pickle=True)
    for name in ("a.npy", "a.npz"):
        with pytest.raises(errors.NotSupported, match="could do harm"):
            open_image(tmp_path / name)
    assert not (tmp_path / "harm").exists()


def test_complex_numbers_and_lists_are_refused_in_a_sentence(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((3, 4), complex))
    np.save(tmp_path / "b.npy", np.ones(3))
    with pytest.raises(errors.NotSupported, match="complex numbers"):
        open_image(tmp_path / "a.npy")
    with pytest.raises(errors.NotSupported, match="1 axes"):
        open_image(tmp_path / "b.npy")


def test_a_locked_archive_says_so(tmp_path):
    np.savez(tmp_path / "a.npz", np.ones((3, 4)))
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(errors.NotSupported, match="password"):
        open_image(tmp_path / "a.npz")


def test_a_zip_file_of_something_else_is_no_image(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("a.txt", "Dear diary")
    with pytest.raises(errors.Damaged, match="holds no array"):
        open_image(tmp_path / "a.npz")


def test_a_cut_array_shows_what_is_there(tmp_path):
    pixels = cells((10, 30, 40))
    np.save(tmp_path / "a.npy", pixels)
    with (tmp_path / "a.npy").open("r+b") as file:
        file.truncate(128 + 6 * 2400 + 5)
    with pytest.raises(errors.Truncated, match=r"in plane 7 of 10.*first 6 can be shown") as caught:
        open_image(tmp_path / "a.npy")
    assert (caught.value.fields["plane"], caught.value.fields["planes"]) == (6, 10)
    source = open_image(tmp_path / "a.npy", partial=True)
    np.testing.assert_array_equal(source.read(source.info.plane(z=5))[0, 0, 0], pixels[5])
    assert missing_planes(source) == {(0, 0, z) for z in range(6, 10)}
    with pytest.raises(errors.Truncated):
        source.read(source.info.plane(z=6))
    source.close()


def test_a_closed_array_is_not_read(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((3, 4)))
    source = open_image(tmp_path / "a.npy")
    source.close()
    source.close()
    with pytest.raises(ValueError, match="closed"):
        source.read(source.info.whole())
    with pytest.raises(ValueError, match="does not lie"):
        source.read(Region((0, 1), (0, 1), (0, 1), (0, 9), (0, 1)))


# MRC


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32", "uint16", "float16"])
def test_every_mode_of_mrc_is_read(opened, tmp_path, dtype):
    import mrcfile

    pixels = cells((3, 20, 30), "uint8").astype(dtype)
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(pixels)
        file.voxel_size = 2.5
    source = opened(tmp_path / "a.mrc")
    assert (source.info.dtype, source.info.shape) == (dtype, (1, 1, 3, 20, 30))
    assert source.info.pixel_size_um == PixelSize(*[pytest.approx(2.5e-4)] * 3)
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0], pixels)


def test_stacks_of_images_and_of_volumes_are_told_from_volumes(opened, tmp_path):
    import mrcfile

    with mrcfile.new(tmp_path / "a.mrcs") as file:
        file.set_data(cells((6, 20, 30)))
        file.set_image_stack()
    source = opened(tmp_path / "a.mrcs")
    assert (source.info.axes, source.info.shape) == ("TYX", (6, 1, 1, 20, 30))
    assert "z_or_t" in source.info.doubts
    with mrcfile.new(tmp_path / "b.mrc") as file:
        file.set_data(cells((2, 3, 20, 30)))
    assert opened(tmp_path / "b.mrc").info.shape == (2, 1, 3, 20, 30)


def mrc(pixels: np.ndarray, mode: int, order: str = "<", imod: int = 0) -> bytes:
    """Return an MRC file of `pixels` (z, y, x) by hand."""
    head = bytearray(1024)
    z, y, x = pixels.shape[:3]
    struct.pack_into(order + "4i", head, 0, x, y, z, mode)
    struct.pack_into(order + "3i3f", head, 28, x, y, z, 0, 0, 0)
    struct.pack_into(order + "3i", head, 64, 1, 2, 3)
    struct.pack_into(order + "2i", head, 88, 1, 0)
    struct.pack_into(order + "2i", head, 152, imod, 0)
    head[208:212] = b"MAP "
    return bytes(head) + pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()


def test_mrc_in_colour_is_read(opened, tmp_path):
    pixels = np.arange(2 * 5 * 7 * 3, dtype="u1").reshape(2, 5, 7, 3)
    (tmp_path / "a.mrc").write_bytes(mrc(pixels, 16))
    source = opened(tmp_path / "a.mrc")
    assert (source.info.axes, source.info.is_rgb) == ("ZYXS", True)
    np.testing.assert_array_equal(source.read(source.info.whole())[0], np.moveaxis(pixels, -1, 0))


def test_bytes_of_imod_have_no_sign(opened, tmp_path):
    pixels = np.arange(35, dtype="u1").reshape(1, 5, 7) + 120
    (tmp_path / "a.mrc").write_bytes(mrc(pixels, 0, imod=1146047817))
    (tmp_path / "b.mrc").write_bytes(mrc(pixels, 0))
    assert [opened(tmp_path / name).info.dtype for name in ("a.mrc", "b.mrc")] == ["uint8", "int8"]


def test_mrc_from_a_big_machine_without_a_stamp_is_read(opened, tmp_path):
    pixels = np.arange(35, dtype="i2").reshape(1, 5, 7)
    (tmp_path / "a.mrc").write_bytes(mrc(pixels, 1, order=">"))
    source = opened(tmp_path / "a.mrc")
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0], pixels)


@pytest.mark.parametrize(("mode", "words"), [(3, "complex"), (4, "complex"), (101, "mode 101")])
def test_modes_that_are_no_image_are_refused(tmp_path, mode, words):
    (tmp_path / "a.mrc").write_bytes(mrc(np.zeros((1, 5, 7), "f4"), mode))
    with pytest.raises(errors.NotSupported, match=words):
        open_image(tmp_path / "a.mrc")


def test_a_negative_size_is_refused(tmp_path):
    data = bytearray(mrc(np.zeros((1, 5, 7), "f4"), 2))
    data[0:4] = struct.pack("<i", -7)
    (tmp_path / "a.mrc").write_bytes(data)
    with pytest.raises(errors.Damaged, match="makes no sense"):
        open_image(tmp_path / "a.mrc")


# DeltaVision


def dv(pixels: np.ndarray, sequence: int, order: str = "<", extra: int = 0) -> bytes:
    """Return a DeltaVision file of `pixels` (t, c, z, y, x) by hand."""
    t, c, z, y, x = pixels.shape
    head = bytearray(1024)
    struct.pack_into(order + "4i", head, 0, x, y, t * c * z, 6)
    struct.pack_into(order + "3f", head, 40, 0.1, 0.1, 0.4)
    struct.pack_into(order + "ih", head, 92, extra, -16224)
    struct.pack_into(order + "2h", head, 180, t, sequence)
    struct.pack_into(order + "6h", head, 196, c, 457, -50, 617, 0, 0)
    struct.pack_into(order + "i", head, 220, 1)
    head[224:230] = b"a note"
    axes = {0: (1, 0, 2), 1: (0, 2, 1), 2: (0, 1, 2)}[sequence]  # slowest first: ZTW, WZT, ZWT
    stored = pixels.transpose(*axes, 3, 4).astype(order + "u2")
    return bytes(head) + b"?" * extra + stored.tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("sequence", [0, 1, 2])
def test_every_sequence_of_deltavision_is_read(opened, tmp_path, sequence, order):
    pixels = cells((2, 3, 4, 5, 6))
    (tmp_path / "a.dv").write_bytes(dv(pixels, sequence, order, extra=1024))
    source = opened(tmp_path / "a.dv")
    assert source.info.axes == "TCZYX"
    assert source.info.pixel_size_um == PixelSize(0.4, 0.1, 0.1)
    assert [channel.name for channel in source.info.channels] == ["457\u202fnm", "", "617\u202fnm"]
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels)
    assert "a note" in [entry.value for entry in read_metadata(tmp_path / "a.dv")]


@pytest.mark.parametrize(("sequence", "letters"), [(0, "ctzyx"), (1, "tzcyx"), (2, "tczyx")])
def test_another_library_reads_the_sequences_alike(tmp_path, sequence, letters):
    import mrc as library

    pixels = cells((2, 3, 4, 5, 6))
    (tmp_path / "a.dv").write_bytes(dv(pixels, sequence))
    theirs = np.array(library.imread(str(tmp_path / "a.dv")))
    np.testing.assert_array_equal(theirs.transpose([letters.index(axis) for axis in "tczyx"]), pixels)


def test_a_cut_deltavision_file_shows_what_is_there(tmp_path):
    pixels = cells((1, 2, 4, 5, 6))
    (tmp_path / "a.dv").write_bytes(dv(pixels, 1)[: 1024 + 5 * 60 + 1])  # channels alternate
    with pytest.raises(errors.Truncated, match="in plane 6 of 8"):
        open_image(tmp_path / "a.dv")
    source = open_image(tmp_path / "a.dv", partial=True)
    assert missing_planes(source) == {(0, 1, 2), (0, 0, 3), (0, 1, 3)}
    np.testing.assert_array_equal(source.read(source.info.plane(c=0, z=2))[0, 0, 0], pixels[0, 0, 2])
    source.close()


def test_sections_that_make_no_stack_are_refused(tmp_path):
    data = bytearray(dv(cells((1, 2, 4, 5, 6)), 0))
    data[180:182] = struct.pack("<h", 3)
    (tmp_path / "a.dv").write_bytes(data)
    with pytest.raises(errors.Damaged, match="8 sections do not make 3 time points"):
        open_image(tmp_path / "a.dv")
