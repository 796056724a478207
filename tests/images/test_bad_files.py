"""Each bad file gets one sentence that says what is wrong and what is safe, and no traceback."""

import os
import re
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.images import errors
from app.images.open import can_open, open_image, read_metadata
from app.images.partial import missing_planes
from models.errors import UserError
from models.source import Region
from tests.images.test_tiff import ome_text, write_set
from tests.makers import cells, write_imagej, write_ome


def read_whole(path: Path) -> None:
    source = open_image(path)
    try:
        source.read(source.info.whole())
    finally:
        source.close()


def refusal(path: Path, kind: type[UserError]) -> UserError:
    """Return the error with which opening and reading `path` is refused."""
    with pytest.raises(kind) as caught:
        read_whole(path)
    error = caught.value
    assert type(error) is kind
    assert error.sentence.endswith(".")
    assert error.hint.endswith(".")
    assert not re.search(r"Error|Exception|invalid|failed|!", error.sentence)
    return error


def test_a_file_that_is_gone(tmp_path):
    assert "a.tif" in refusal(tmp_path / "a.tif", errors.FileGone).sentence


def test_an_empty_file(tmp_path):
    (tmp_path / "a.tif").touch()
    assert refusal(tmp_path / "a.tif", errors.EmptyFile).sentence == "a.tif is empty (0 bytes)."
    assert not can_open(tmp_path / "a.tif")


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tiff", "a.png", "a.lsm"])
def test_text_with_the_name_of_an_image(tmp_path, name):
    (tmp_path / name).write_text("Dear diary")
    assert "although its name says so" in refusal(tmp_path / name, errors.UnknownFormat).sentence


def test_a_kind_of_file_that_nobody_reads(tmp_path):
    (tmp_path / "a.docx").write_bytes(b"PK\3\4")
    assert "TIFF" in refusal(tmp_path / "a.docx", errors.UnknownFormat).hint


def test_a_folder_in_place_of_a_file(tmp_path):
    assert "is a folder" in refusal(tmp_path, errors.UnknownFormat).sentence


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    write_ome(tmp_path / "a.ome.tif", cells((1, 1, 1, 30, 40))).chmod(0)
    refusal(tmp_path / "a.ome.tif", errors.NoPermission)


def test_a_stack_of_imagej_that_ends_too_early_says_how_much_is_there(tmp_path):
    path = write_imagej(tmp_path / "a.tif", cells((1, 1, 40, 30, 40)))
    with tifffile.TiffFile(path) as file:
        start = file.pages.first.dataoffsets[0]
    with path.open("r+b") as file:
        file.truncate(start + 31 * 2400 + 17)
    error = refusal(path, errors.Truncated)
    assert error.sentence == "a.tif ends too early (in plane 32 of 40). The first 31 can be shown."
    assert (error.fields["plane"], error.fields["planes"]) == (31, 40)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_stack_with_a_directory_before_each_plane_says_how_much_is_there(tmp_path, compression):
    pixels = cells((10, 64, 64))
    text = ome_text('<TiffData IFD="0" PlaneCount="10"/>', sizes='SizeZ="10" SizeC="1" SizeT="1"')
    text = text.replace('SizeX="40" SizeY="30"', 'SizeX="64" SizeY="64"')
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as file:
        for number, plane in enumerate(pixels):
            note = text.encode() if number == 0 else None
            file.write(plane, description=note, metadata=None, contiguous=False, compression=compression)
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        cut = file.pages[6].dataoffsets[0] + 100
    with (tmp_path / "a.ome.tif").open("r+b") as file:
        file.truncate(cut)
    error = refusal(tmp_path / "a.ome.tif", errors.Truncated)
    assert error.sentence == "a.ome.tif ends too early (in plane 7 of 10). The first 6 can be shown."

    source = open_image(tmp_path / "a.ome.tif", partial=True)
    assert source.info.shape == (1, 1, 10, 64, 64)
    np.testing.assert_array_equal(
        source.read(Region((0, 1), (0, 1), (0, 6), (0, 64), (0, 64)))[0, 0], pixels[:6]
    )
    with pytest.raises(errors.Truncated, match="plane 7 of 10"):
        source.read(source.info.plane(z=6))
    source.close()


def test_a_file_without_its_directory(tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", cells((1, 1, 1, 30, 40)))
    with path.open("r+b") as file:
        file.write(struct.pack("<2sHI", b"II", 42, 1 << 20))
    refusal(path, errors.Truncated)


@pytest.mark.parametrize("keep", [1, 7, 8, 9, 12, 60, 200])
def test_a_file_of_which_only_the_head_is_left(tmp_path, keep):
    path = write_ome(tmp_path / "a.ome.tif", cells((1, 1, 1, 30, 40)))
    with path.open("r+b") as file:
        file.truncate(keep)
    with pytest.raises(errors.ImageError):
        open_image(path).close()


def test_an_image_of_no_pixels(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", cells((30, 40)), metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        file.pages.first.tags["ImageWidth"].overwrite(0)
    assert "0 x 30 pixels" in refusal(tmp_path / "a.tif", errors.NoPixels).sentence


def test_an_image_of_less_than_no_pixels(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", cells((30, 40)), metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        file.pages.first.tags["ImageLength"].overwrite(-30, dtype="i")
    assert "40 x -30 pixels" in refusal(tmp_path / "a.tif", errors.NoPixels).sentence


@pytest.mark.parametrize("planes", [3, 130])
def test_planes_in_a_circle_are_not_followed_for_ever(tmp_path, planes):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, cells((planes, 8, 9)), photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path) as file:
        offsets = [page.offset for page in file.pages]
    data = bytearray(path.read_bytes())
    (count,) = struct.unpack_from("<H", data, offsets[-1])
    struct.pack_into("<I", data, offsets[-1] + 2 + 12 * count, offsets[-2])
    path.write_bytes(data)
    refusal(path, errors.Damaged)
    assert "TIFF tags" in [entry.name for entry in read_metadata(path)]


def test_an_image_full_of_not_a_number_opens(opened, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((30, 40), np.nan, "f4"))
    source = opened(tmp_path / "a.tif")
    assert np.isnan(source.read(source.info.whole())).all()


def test_a_compression_that_nobody_reads_is_named(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", cells((30, 40)), compression="zlib")
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        file.pages.first.tags["Compression"].overwrite(34661)
    assert "JBIG" in refusal(tmp_path / "a.tif", errors.NotSupported).sentence


def test_complex_numbers_are_not_read(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", cells((30, 40)).astype("c8"))
    refusal(tmp_path / "a.tif", errors.NotSupported)


def test_bytes_that_cannot_be_unpacked(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", cells((30, 40)), compression="zlib")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        start = file.pages.first.dataoffsets[0]
    with (tmp_path / "a.tif").open("r+b") as file:
        file.seek(start)
        file.write(b"\xff" * 50)
    assert "damaged" in refusal(tmp_path / "a.tif", errors.Damaged).sentence


# files that claim too much or reach too far


@pytest.mark.parametrize("tile", [None, (1024, 1024)])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_header_that_claims_a_million_by_a_million_pixels_allocates_nothing(tmp_path, compression, tile):
    tifffile.imwrite(tmp_path / "a.tif", cells((64, 64)), compression=compression, tile=tile, metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        for name in ("ImageWidth", "ImageLength"):
            file.pages.first.tags[name].overwrite(1_000_000, dtype="I")
        if tile is None:
            file.pages.first.tags["RowsPerStrip"].overwrite(1_000_000, dtype="I")
    with pytest.raises(errors.Damaged):
        open_image(tmp_path / "a.tif").close()


def test_a_description_that_claims_a_million_million_planes_allocates_nothing(tmp_path):
    text = "ImageJ=1.54f\nimages=1000000000000\nslices=1000000\nframes=1000000\n"
    tifffile.imwrite(tmp_path / "a.tif", cells((30, 40)), description=text, metadata=None)
    refusal(tmp_path / "a.tif", errors.Damaged)


def test_xml_that_claims_a_million_million_planes_allocates_nothing(tmp_path):
    text = ome_text("<TiffData/>", sizes='SizeZ="1000000" SizeC="1" SizeT="1000000"')
    tifffile.imwrite(tmp_path / "a.ome.tif", cells((30, 40)), description=text.encode(), metadata=None)
    refusal(tmp_path / "a.ome.tif", errors.Damaged)


def test_a_small_strip_that_claims_to_unpack_to_gigabytes_is_not_unpacked(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((20000, 4000), "u1"), compression="zlib", metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        for name in ("ImageLength", "RowsPerStrip"):
            file.pages.first.tags[name].overwrite(200_000, dtype="I")
    refusal(tmp_path / "a.tif", errors.Damaged)


def test_an_entity_bomb_is_not_lit(opened, tmp_path):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
    )
    text = bomb + "]>" + ome_text("<TiffData/>", sizes='SizeZ="1" SizeC="1" SizeT="1"').replace("set", "&j;")
    pixels = cells((30, 40))
    tifffile.imwrite(tmp_path / "a.ome.tif", pixels, description=text.encode(), metadata=None)
    source = opened(tmp_path / "a.ome.tif")
    assert source.info.scenes == ("a.ome.tif",)
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0, 0], pixels)


@pytest.mark.parametrize("name", ["../secret.tif", "/etc/passwd", "..", "sub/b.tif", "C:secret.tif"])
def test_a_set_does_not_reach_into_other_folders(tmp_path, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    tifffile.imwrite(tmp_path / "secret.tif", cells((30, 40)))
    block = f'<TiffData IFD="0" PlaneCount="1"><UUID FileName="{name}">urn:uuid:9</UUID></TiffData>'
    text = ome_text(block, sizes='SizeZ="1" SizeC="1" SizeT="1"', uuid=' UUID="urn:uuid:1"')
    tifffile.imwrite(folder / "a.ome.tif", cells((30, 40)), description=text.encode(), metadata=None)
    assert "another folder" in refusal(folder / "a.ome.tif", errors.Damaged).sentence


def test_a_set_of_which_a_file_is_missing_names_it(tmp_path):
    first, second = write_set(tmp_path, cells((2, 3, 30, 40)), sizes='SizeZ="3" SizeC="2" SizeT="1"')
    second.unlink()
    assert "channel1.ome.tif is missing" in refusal(first, errors.FileGone).sentence


def test_a_scene_that_is_not_there(tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", cells((1, 1, 1, 30, 40)))
    with pytest.raises(errors.NoSuchScene, match="holds 1 image"):
        open_image(path, 3)


def test_a_cut_spe_file_shows_what_is_there(tmp_path):
    pixels = cells((5, 20, 30))
    head = bytearray(4100)
    for value, form, at in ((30, "<H", 42), (3, "<h", 108), (20, "<H", 656), (5, "<i", 1446)):
        struct.pack_into(form, head, at, value)
    (tmp_path / "a.spe").write_bytes(bytes(head) + pixels.tobytes()[: 3 * 1200 + 7])
    error = refusal(tmp_path / "a.spe", errors.Truncated)
    assert (error.fields["plane"], error.fields["planes"]) == (3, 5)
    source = open_image(tmp_path / "a.spe", partial=True)
    np.testing.assert_array_equal(source.read(source.info.plane(t=2))[0, 0, 0], pixels[2])
    assert missing_planes(source) == {(3, 0, 0), (4, 0, 0)}
    source.close()


# pictures


def test_a_picture_that_ends_too_early(data_free_png, tmp_path):
    whole = data_free_png.read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    refusal(tmp_path / "a.png", errors.Truncated)


def test_a_picture_that_is_none(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    refusal(tmp_path / "a.png", errors.Damaged)


def test_a_picture_that_claims_a_million_by_a_million_pixels(data_free_png, tmp_path):
    import zlib

    data = bytearray(data_free_png.read_bytes())
    data[16:24] = struct.pack(">II", 1_000_000, 1_000_000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    (tmp_path / "a.png").write_bytes(data)
    refusal(tmp_path / "a.png", errors.TooLarge)
    with pytest.raises(errors.TooLarge):
        read_metadata(tmp_path / "a.png")


@pytest.fixture
def data_free_png(tmp_path: Path) -> Path:
    from PIL import Image

    Image.fromarray(cells((64, 64), "uint8")).save(tmp_path / "whole.png")
    return tmp_path / "whole.png"


# any damage at all


@pytest.fixture(scope="module", params=["ome", "imagej", "plain", "packed"])
def good_file(request, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("good") / "a.tif"
    pixels = cells((1, 2, 3, 20, 24))
    if request.param == "ome":
        return write_ome(path, pixels, names=("a", "b"))
    if request.param == "imagej":
        return write_imagej(path, pixels, Labels=["x"] * 6)
    options = {"tile": (16, 16), "compression": "zlib"} if request.param == "packed" else {}
    tifffile.imwrite(path, pixels[0, 0], photometric="minisblack", **options)
    return path


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_damaged_the_answer_is_an_image_or_a_sentence(good_file, data):
    damaged = bytearray(good_file.read_bytes())
    head = min(len(damaged), 1500)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, head - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(8, len(damaged))) :]
    path = good_file.with_name("damaged.tif")
    path.write_bytes(damaged)
    try:
        source = open_image(path)
    except errors.ImageError:
        return
    try:
        if source.info.nbytes < 1 << 28:
            source.read(source.info.whole())
    except errors.ImageError:
        pass
    finally:
        source.close()


def test_a_file_that_shrinks_while_it_is_open_is_said_to_end_too_early(opened, tmp_path):
    path = write_imagej(tmp_path / "a.tif", cells((1, 1, 4, 30, 40)))
    shutil.copy(path, tmp_path / "b.tif")
    source = opened(path)
    os.truncate(path, 3000)
    with pytest.raises(errors.Truncated):
        source.read(source.info.plane(z=3))


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (FileNotFoundError(2, "No such file"), errors.FileGone),
        (PermissionError(13, "Permission denied"), errors.NoPermission),
        (IsADirectoryError(21, "Is a directory"), errors.UnknownFormat),
        (OSError(5, "Input/output error"), errors.ReadingFailed),
    ],
)
def test_what_the_system_refuses_is_said_in_words(trouble, kind):
    error = errors.from_system(trouble, Path("a.tif"))
    assert type(error) is kind
    assert error.sentence.startswith("a.tif")
    assert error.hint


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (2_100_000_000, "2.1 GB"), (399_400_000, "399 MB")],
)
def test_sizes_are_said_as_people_say_them(size, words):
    assert errors.in_words(size) == words
