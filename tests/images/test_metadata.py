import struct
import time

import numpy as np
import pytest
import tifffile
from PIL import Image, PngImagePlugin

from app.images.errors import FileGone, ImageError, UnknownFormat
from app.images.metadata import (
    DEEPEST,
    LONGEST,
    MOST_LINES,
    Entry,
    Gatherer,
    as_text,
    count,
    find,
    in_bundles,
    in_words,
    matching,
)
from app.images.open import read_metadata
from tests.makers import cells, write_ome

TREE = (
    Entry("OME", "", (Entry("Channel", "DAPI", (Entry("Name", "DAPI"), Entry("Color", "255"))),)),
    Entry("TIFF tags", "", (Entry("Compression", "LZW"), Entry("Software", "Micro-Manager 2"))),
)


def below(entries, *names):
    """The line that is reached by these names."""
    for name in names:
        entry = next(entry for entry in entries if entry.name == name)
        entries = entry.entries
    return entry


# The tree


def test_words_are_looked_for_in_names_and_values_and_what_is_above_stays():
    assert matching(TREE, "lzw") == (Entry("TIFF tags", "", (Entry("Compression", "LZW"),)),)
    assert matching(TREE, "channel color") == (
        Entry("OME", "", (Entry("Channel", "DAPI", (Entry("Color", "255"),)),)),
    )
    assert matching(TREE, "MANAGER soft") == (
        Entry("TIFF tags", "", (Entry("Software", "Micro-Manager 2"),)),
    )
    assert matching(TREE, "channel")[0].entries[0].entries == TREE[0].entries[0].entries
    assert matching(TREE, "nowhere") == ()
    assert matching(TREE, "  ") == TREE


def test_long_lists_come_in_bundles_and_short_ones_as_they_are():
    assert in_bundles(TREE)[0] is TREE[0]
    many = (Entry("planes", "", tuple(Entry(f"plane {n}") for n in range(25))),)
    bundles = in_bundles(many, size=4)[0].entries
    assert [entry.name for entry in bundles] == ["plane 0 … plane 15", "plane 16 … plane 24"]
    assert [entry.name for entry in bundles[0].entries][:2] == ["plane 0 … plane 3", "plane 4 … plane 7"]


def test_a_value_is_found_by_any_of_its_names():
    assert find(TREE, "AcquisitionDate", "compression") == "LZW"
    assert find(TREE, "nothing") == ""


def test_the_tree_becomes_text():
    assert as_text(TREE).splitlines()[:4] == ["OME", "  Channel: DAPI", "    Name: DAPI", "    Color: 255"]


def test_no_file_makes_more_lines_than_can_be_used():
    found = Gatherer().entry("all", {str(number): number for number in range(MOST_LINES + 10)})
    assert count([found]) <= MOST_LINES + 2
    assert found.entries[-1].value == "more than can be listed here"


def test_no_file_goes_deeper_than_can_be_seen():
    value = "end"
    for _turn in range(2000):
        value = {"deeper": value}
    depth, entry = 0, Gatherer().entry("all", value)
    while entry.entries:
        depth, entry = depth + 1, entry.entries[0]
    assert depth <= DEEPEST + 1


def test_endless_values_are_cut():
    assert len(Gatherer().entry("long", "x" * 10 * LONGEST).value) == LONGEST


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (True, "yes"),
        (1 / 3, "0.3333333333"),
        (b"text\0", "text"),
        (b"\xff\0\x01", "3 bytes"),
        ((1, 2), "1, 2"),
        (np.zeros((3, 100)), "3 × 100 numbers (float64)"),
        (np.array([1.5, 2]), "1.5, 2"),
        (list(range(100)), "0, 1, 2, … (100 in all)"),
    ],
)
def test_values_are_told_in_words(value, words):
    assert in_words(value) == words


def test_a_hundred_thousand_lines_are_searched_in_a_moment():
    tree = tuple(
        Entry(f"plane {n}", "", tuple(Entry(f"key {m}", str(n * m)) for m in range(10)))
        for n in range(10_000)
    )
    start = time.perf_counter()
    assert count(matching(tree, "plane 777 key")) > 0
    assert time.perf_counter() - start < 5


# TIFF


def test_ome_xml_becomes_a_tree(tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", cells((1, 2, 3, 30, 40)), names=("DAPI", "Actin"))
    found = read_metadata(path)
    pixels = below(found, "OME", "Image", "Pixels")
    assert find(pixels.entries, "SizeZ") == "3"
    assert [entry.value for entry in pixels.entries if entry.name == "Channel"] == ["DAPI", "Actin"]
    assert below(found, "TIFF tags", "ImageWidth").value == "40"
    assert find(found, "Compression") == "None"


def test_imagej_notes_become_lines(tmp_path):
    path = tmp_path / "a.tif"
    info = "Objective = 63x\nLaser power = 5 %"
    tifffile.imwrite(
        path, cells((4, 30, 40)), imagej=True, metadata={"Info": info, "spacing": 0.5, "axes": "ZYX"}
    )
    found = read_metadata(path)
    assert below(found, "ImageJ", "slices").value == "4"
    assert below(found, "ImageJ", "Info", "Objective").value == "63x"


def test_the_notes_of_a_slide_scanner_become_lines(data_dir):
    found = read_metadata(data_dir / "formats" / "aperio_cmu1_small_region.svs")
    assert below(found, "Aperio", "MPP").value == "0.4990"
    assert find(found, "Compression") == "JPEG"


def test_every_tiff_of_the_data_tells_something_quickly(data_dir):
    for path in sorted((data_dir / "formats").glob("*.tif*")):
        found = read_metadata(path)
        assert below(found, "TIFF tags", "ImageWidth").value.isdigit(), path.name


@pytest.mark.parametrize(
    "description",
    [
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><OME>&b;</OME>',
        "<OME " + "<a>" * 5000,
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        + "<a>" * 900
        + "</a>" * 900
        + "</OME>",
    ],
)
def test_harmful_xml_is_bounded(tmp_path, description):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, cells((30, 40)), description=description, metadata=None)
    found = read_metadata(path)
    assert below(found, "TIFF tags", "ImageWidth").value == "40"
    assert count(found) < 200


def test_a_cut_file_tells_what_is_left(tmp_path):
    whole = tmp_path / "whole.tif"
    tifffile.imwrite(whole, cells((10, 40, 40)), metadata={"axes": "ZYX"})
    for share in (0.05, 0.3, 0.7):
        cut = tmp_path / "cut.tif"
        data = whole.read_bytes()
        cut.write_bytes(data[: int(len(data) * share)])
        try:
            found = read_metadata(cut)
        except ImageError:
            continue
        assert below(found, "TIFF tags", "ImageWidth").value == "40"


# Pictures and SPE


def test_texts_of_a_png_are_told(tmp_path):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Objective", "40x µ")
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(tmp_path / "a.png", pnginfo=texts)
    assert below(read_metadata(tmp_path / "a.png"), "Header", "Objective").value == "40x µ"


def test_exif_of_a_jpeg_is_told(tmp_path):
    exif = Image.Exif()
    exif[0x0110] = "Axiocam"
    exif[0x0132] = "2024:05:06 07:08:09"
    exif.get_ifd(0x8769)[0x829A] = 0.25
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    found = read_metadata(tmp_path / "a.jpg")
    assert below(found, "EXIF", "Model").value == "Axiocam"
    assert below(found, "EXIF", "ExposureTime").value == "0.25"
    assert find(found, "DateTime") == "2024:05:06 07:08:09"


def test_the_header_of_an_spe_file_is_told(data_dir):
    found = read_metadata(data_dir / "formats" / "princeton_stack.spe")
    assert below(found, "SPE header", "Date").value == "22Jul2015"


@pytest.mark.parametrize("at", [1 << 60, 4200])
def test_an_spe_file_whose_footer_makes_no_sense_tells_its_header(tmp_path, at):
    header = bytearray(5000)
    struct.pack_into("<f", header, 1992, 3.0)
    struct.pack_into("<Q", header, 678, at)
    path = tmp_path / "a.spe"
    path.write_bytes(header)
    assert below(read_metadata(path), "SPE header", "Header version").value == "3"


@pytest.mark.parametrize("name", ["a.png", "a.spe", "a.jpg", "a.tif"])
def test_damaged_files_are_told_in_a_sentence(tmp_path, name):
    starts = {"a.png": b"\x89PNG\r\n\x1a\n", "a.spe": b"x", "a.jpg": b"\xff\xd8\xff", "a.tif": b"II*\0"}
    (tmp_path / name).write_bytes(starts[name] + b"nonsense")
    with pytest.raises(ImageError) as told:
        read_metadata(tmp_path / name)
    assert name in told.value.sentence


def test_what_is_no_image_or_not_there_is_told(tmp_path):
    with pytest.raises(FileGone):
        read_metadata(tmp_path / "gone.tif")
    (tmp_path / "letter.txt").write_text("Dear reader")
    with pytest.raises(UnknownFormat):
        read_metadata(tmp_path / "letter.txt")
