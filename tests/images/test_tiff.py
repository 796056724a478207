import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from app.images.open import open_image
from models.source import PixelSize, Region
from tests.makers import cells, write_imagej, write_ome

NUMBERS = ["uint8", "uint16", "uint32", "int8", "int16", "int32", "float16", "float32", "float64"]


def whole(path: Path, scene: int = 0, level: int = 0) -> np.ndarray:
    source = open_image(path, scene)
    try:
        return source.read(source.info.whole(level))
    finally:
        source.close()


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", NUMBERS)
def test_every_pixel_type_is_read_in_either_byte_order(tmp_path, dtype, byteorder):
    pixels = cells((3, 40, 50), dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, byteorder=byteorder, photometric="minisblack")
    read = whole(tmp_path / "a.tif")
    assert read.dtype == np.dtype(dtype)
    assert read.dtype.isnative
    np.testing.assert_array_equal(read[0, 0], pixels)


@pytest.mark.parametrize("tile", [None, (32, 48)])
@pytest.mark.parametrize(
    "compression",
    ["zlib", "lzw", "zstd", "lzma", "packbits", "png", "jpegxl", "jpeg2000", "webp", "lerc", "jpegxr"],
)
def test_every_lossless_compression_is_read(tmp_path, compression, tile):
    pixels = cells((2, 70, 90), "uint8" if compression in ("webp", "png") else "uint16")
    if compression == "webp":
        pixels = np.stack([pixels] * 3, -1)
    options = {"photometric": "rgb" if compression == "webp" else "minisblack"}
    if compression in ("webp", "jpegxl"):
        options["compressionargs"] = {"lossless": True}
    tifffile.imwrite(tmp_path / "a.tif", pixels, compression=compression, tile=tile, **options)
    expected = tifffile.imread(tmp_path / "a.tif")
    read = whole(tmp_path / "a.tif")
    read = read[0, 0] if expected.ndim == 3 else np.moveaxis(read[0], 0, -1)
    np.testing.assert_array_equal(read, expected)
    np.testing.assert_array_equal(read, pixels)


@pytest.mark.parametrize("compression", ["zlib", "lzw", "zstd", "packbits"])
def test_compressed_big_endian_files_are_read(tmp_path, compression):
    pixels = cells((2, 70, 90), "uint16")
    tifffile.imwrite(tmp_path / "a.tif", pixels, compression=compression, byteorder=">", tile=(32, 48))
    np.testing.assert_array_equal(whole(tmp_path / "a.tif")[0, 0], pixels)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_predictors_are_undone(tmp_path, dtype, byteorder):
    pixels = cells((70, 90), dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, compression="zlib", predictor=True, byteorder=byteorder)
    np.testing.assert_array_equal(whole(tmp_path / "a.tif")[0, 0, 0], pixels)


def test_12_bit_pixels_are_unpacked_to_16(opened, tmp_path):
    pixels = cells((31, 40), "uint16")
    first, second = pixels[:, ::2].astype(int), pixels[:, 1::2].astype(int)
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], -1).astype("u1")
    tifffile.imwrite(tmp_path / "a.tif", packed.reshape(31, 60), metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        file.pages.first.tags["ImageWidth"].overwrite(40)
        file.pages.first.tags["BitsPerSample"].overwrite(12)
    source = opened(tmp_path / "a.tif")
    assert source.info.dtype == "uint16"
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0, 0], pixels)


def test_black_and_white_pixels_become_0_and_1(opened, tmp_path):
    pixels = cells((31, 40), "uint8") > 90
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    source = opened(tmp_path / "a.tif")
    read = source.read(source.info.whole())
    assert source.info.dtype == "uint8"
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read[0, 0, 0], pixels)


@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
@pytest.mark.parametrize("samples", [3, 4])
@pytest.mark.parametrize("tile", [None, (16, 32)])
def test_colour_images_have_three_channels_however_they_are_stored(
    opened, tmp_path, planarconfig, samples, tile
):
    pixels = cells((2, 40, 50, samples), "uint8")
    stored = pixels if planarconfig == "contig" else np.moveaxis(pixels, -1, 1)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planarconfig, tile=tile)
    source = opened(tmp_path / "a.tif")
    assert source.info.is_rgb
    assert source.info.axes == "ZYXS"
    assert [channel.name for channel in source.info.channels] == ["Red", "Green", "Blue"]
    read = source.read(source.info.whole())
    np.testing.assert_array_equal(np.moveaxis(read[0], 0, -1), pixels[..., :3])


def test_samples_that_are_no_colours_are_channels(opened, tmp_path):
    pixels = cells((40, 50, 5), "uint16")
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", planarconfig="contig")
    source = opened(tmp_path / "a.tif")
    assert not source.info.is_rgb
    assert source.info.axes == "CYX"
    np.testing.assert_array_equal(source.read(source.info.whole())[0, :, 0], np.moveaxis(pixels, -1, 0))


def test_a_deep_page_is_a_stack(opened, tmp_path):
    pixels = cells((2, 20, 40, 48), "uint16")
    tifffile.imwrite(tmp_path / "a.tif", pixels, volumetric=True, tile=(4, 16, 16), metadata=None)
    source = opened(tmp_path / "a.tif")
    np.testing.assert_array_equal(source.read(source.info.whole()).squeeze(), pixels)


def test_bigtiff_is_read(tmp_path):
    pixels = cells((5, 40, 50))
    tifffile.imwrite(tmp_path / "a.tif", pixels, bigtiff=True)
    np.testing.assert_array_equal(whole(tmp_path / "a.tif")[0, 0], pixels)


def test_an_unlabelled_stack_is_doubted(opened, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", cells((5, 40, 50)))
    info = opened(tmp_path / "a.tif").info
    assert (info.axes, info.shape) == ("ZYX", (1, 1, 5, 40, 50))
    assert set(info.doubts) == {"axes", "pixel_size"}


def test_a_labelled_stack_is_believed(opened, tmp_path):
    pixels = cells((2, 3, 5, 40, 50))
    tifffile.imwrite(tmp_path / "a.tif", pixels, metadata={"axes": "CTZYX"})
    source = opened(tmp_path / "a.tif")
    assert source.info.axes == "TCZYX"
    assert "axes" not in source.info.doubts
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels.transpose(1, 0, 2, 3, 4))


def test_images_of_different_size_are_scenes(opened, tmp_path):
    small, large = cells((20, 30)), cells((40, 50))
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(large, metadata=None)
        file.write(small, metadata=None)
    assert opened(tmp_path / "a.tif").info.scenes == ("Image 1", "Image 2")
    np.testing.assert_array_equal(whole(tmp_path / "a.tif", scene=1)[0, 0, 0], small)


# ImageJ


def test_an_imagej_hyperstack_is_read_with_all_it_says(opened, tmp_path):
    pixels = cells((3, 2, 4, 30, 40))
    write_imagej(tmp_path / "a.tif", pixels, unit="\\u00B5m", spacing=0.5, finterval=2.0, Ranges=(1, 9, 2, 8))
    source = opened(tmp_path / "a.tif")
    info = source.info
    assert info.axes == "TCZYX"
    assert info.time_interval_s == 2.0
    assert info.pixel_size_um.z == 0.5
    assert [channel.display for channel in info.channels] == [(1, 9), (2, 8)]
    np.testing.assert_array_equal(source.read(info.whole()), pixels)


@pytest.mark.parametrize(
    ("unit", "per_unit", "size_um"),
    [
        ("micron", 10, 0.1),
        ("um", 10, 0.1),
        ("\\u00B5m", 10, 0.1),
        ("nm", 0.125, 0.008),
        ("mm", 2000, 0.5),
        ("cm", 1e5, 0.1),
    ],
)
def test_units_of_imagej_are_understood(opened, tmp_path, unit, per_unit, size_um):
    tifffile.imwrite(
        tmp_path / "a.tif",
        cells((30, 40)),
        imagej=True,
        resolution=(per_unit, per_unit),
        metadata={"unit": unit},
    )
    info = opened(tmp_path / "a.tif").info
    assert info.pixel_size_um == PixelSize(None, pytest.approx(size_um), pytest.approx(size_um))
    assert info.doubts == ()


@pytest.mark.parametrize(
    ("unit", "per_unit", "doubts"),
    [("pixel", 1, ("pixel_size",)), ("furlong", 1, ("unit",)), ("inch", 72, ("pixel_size_range",))],
)
def test_sizes_that_cannot_be_are_none_and_doubted(opened, tmp_path, unit, per_unit, doubts):
    tifffile.imwrite(
        tmp_path / "a.tif",
        cells((30, 40)),
        imagej=True,
        resolution=(per_unit, per_unit),
        metadata={"unit": unit},
    )
    info = opened(tmp_path / "a.tif").info
    assert info.pixel_size_um == PixelSize()
    assert info.doubts == doubts


@pytest.mark.parametrize(
    ("notes", "doubts"),
    [
        ("", ("z_or_t",)),
        ("spacing=0.5\n", ()),
        ("hyperstack=true\n", ()),
        ("spacing=0.5\nfinterval=3\n", ("z_or_t",)),
    ],
)
def test_slices_of_imagej_are_doubted_unless_calibrated(opened, tmp_path, notes, doubts):
    text = "ImageJ=1.54f\nimages=5\nslices=5\nunit=um\n" + notes
    tifffile.imwrite(
        tmp_path / "a.tif", cells((5, 30, 40)), description=text, resolution=(10, 10), metadata=None
    )
    assert opened(tmp_path / "a.tif").info.doubts == doubts


def test_an_imagej_stack_without_further_directories_is_read(tmp_path):
    pixels = cells((6, 30, 40))
    head = b"ImageJ=1.54f\nimages=6\nslices=6\n"
    with tifffile.TiffWriter(tmp_path / "a.tif", byteorder=">") as file:
        file.write(pixels[0], description=head, metadata=None)
    with (tmp_path / "a.tif").open("ab") as file:
        file.write(pixels[1:].astype(">u2").tobytes())
    data = (tmp_path / "a.tif").read_bytes()
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        start = file.pages.first.dataoffsets[0]
    assert data[start : start + 2400] == pixels[0].astype(">u2").tobytes()
    assert len(data) == start + pixels.nbytes
    np.testing.assert_array_equal(whole(tmp_path / "a.tif")[0, 0], pixels)


def test_images_that_imagej_does_not_explain_are_doubted(opened, tmp_path):
    pixels = cells((6, 30, 40))
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(pixels, description="ImageJ=1.54f\nimages=6\n", metadata=None, contiguous=True)
    info = opened(tmp_path / "a.tif").info
    assert info.shape == (1, 1, 6, 30, 40)
    assert "axes" in info.doubts


def test_colour_tables_of_imagej_become_colours_of_channels(opened, tmp_path):
    ramp = np.arange(256, dtype=np.uint8)
    nothing = np.zeros(256, np.uint8)
    magenta, cyan = np.stack([ramp, nothing, ramp]), np.stack([nothing, ramp, ramp])
    write_imagej(tmp_path / "a.tif", cells((1, 2, 1, 30, 40)), LUTs=[magenta, cyan], mode="composite")
    channels = opened(tmp_path / "a.tif").info.channels
    assert [channel.colour for channel in channels] == ["#ff00ff", "#00ffff"]


# OME-TIFF


def test_an_ome_tiff_is_read_with_all_it_says(opened, tmp_path):
    pixels = cells((2, 3, 4, 30, 40))
    write_ome(tmp_path / "a.ome.tif", pixels, size_um=0.065, names=("DAPI", "GFP", "µ"))
    source = opened(tmp_path / "a.ome.tif")
    info = source.info
    assert info.axes == "TCZYX"
    assert info.pixel_size_um == PixelSize(None, 0.065, 0.065)
    assert [channel.name for channel in info.channels] == ["DAPI", "GFP", "µ"]
    assert info.doubts == ()
    np.testing.assert_array_equal(source.read(info.whole()), pixels)


@pytest.mark.parametrize(("unit", "number"), [("nm", 65.0), ("µm", 0.065), ("mm", 6.5e-5), ("Å", 650.0)])
def test_units_of_ome_are_understood(opened, tmp_path, unit, number):
    metadata = {f"PhysicalSize{axis}": number for axis in "XY"} | {
        f"PhysicalSize{axis}Unit": unit for axis in "XY"
    }
    tifffile.imwrite(tmp_path / "a.ome.tif", cells((30, 40)), metadata=metadata)
    assert opened(tmp_path / "a.ome.tif").info.pixel_size_um.x == pytest.approx(0.065)


def test_a_size_along_one_axis_only_is_doubted(opened, tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", cells((30, 40)), metadata={"PhysicalSizeX": 0.1})
    info = opened(tmp_path / "a.ome.tif").info
    assert info.pixel_size_um == PixelSize(None, None, 0.1)
    assert info.doubts == ("unit",)


def test_colour_images_in_ome_tiff_have_three_channels(opened, tmp_path):
    pixels = cells((2, 30, 40, 3), "uint8")
    tifffile.imwrite(tmp_path / "a.ome.tif", pixels, photometric="rgb", metadata={"axes": "TYXS"})
    source = opened(tmp_path / "a.ome.tif")
    assert source.info.is_rgb
    assert source.info.axes == "TYXS"
    np.testing.assert_array_equal(np.moveaxis(source.read(source.info.whole())[:, :, 0], 1, -1), pixels)


def test_several_images_in_ome_tiff_are_scenes(opened, tmp_path):
    small, large = cells((2, 20, 30)), cells((3, 40, 50), "uint8")
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        file.write(small, photometric="minisblack", metadata={"axes": "CYX", "Name": "small"})
        file.write(large, photometric="minisblack", metadata={"axes": "ZYX", "Name": "large"})
    assert opened(tmp_path / "a.ome.tif").info.scenes == ("small", "large")
    np.testing.assert_array_equal(whole(tmp_path / "a.ome.tif", 0)[0, :, 0], small)
    np.testing.assert_array_equal(whole(tmp_path / "a.ome.tif", 1)[0, 0], large)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_pyramids_of_ome_tiff_have_levels(opened, tmp_path, compression):
    pixels = cells((3, 256, 320), "uint16")
    options = {"photometric": "minisblack", "tile": (64, 64), "compression": compression}
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        file.write(pixels, subifds=2, metadata={"axes": "CYX"}, **options)
        for step in (2, 4):
            file.write(pixels[:, ::step, ::step], subfiletype=1, metadata=None, **options)
    source = opened(tmp_path / "a.ome.tif")
    assert [shape[3:] for shape in source.info.shapes] == [(256, 320), (128, 160), (64, 80)]
    for level, step in enumerate((1, 2, 4)):
        np.testing.assert_array_equal(
            source.read(source.info.whole(level))[0, :, 0], pixels[:, ::step, ::step]
        )
    corner = source.read(Region((0, 1), (1, 3), (0, 1), (50, 64), (70, 80), level=2))
    np.testing.assert_array_equal(corner[0, :, 0], pixels[1:3, ::4, ::4][:, 50:64, 70:80])


def ome_text(blocks: str, *, sizes: str, uuid: str = "") -> str:
    return (
        f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"{uuid}>'
        f'<Image ID="Image:0" Name="set">'
        f'<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="40" SizeY="30" {sizes}>'
        f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/><Channel ID="Channel:0:1" SamplesPerPixel="1"/>'
        f"{blocks}</Pixels></Image></OME>"
    )


def write_set(folder: Path, pixels: np.ndarray, *, sizes: str) -> list[Path]:
    """Write one file per channel, each with the description of the whole set, as Bio-Formats does."""
    names = [f"channel{index}.ome.tif" for index in range(len(pixels))]
    blocks = "".join(
        f'<TiffData FirstC="{index}" IFD="0" PlaneCount="{len(pixels[0])}">'
        f'<UUID FileName="{name}">urn:uuid:{index}</UUID></TiffData>'
        for index, name in enumerate(names)
    )
    for index, name in enumerate(names):
        text = ome_text(blocks, sizes=sizes, uuid=f' UUID="urn:uuid:{index}"')
        tifffile.imwrite(
            folder / name, pixels[index], description=text.encode(), photometric="minisblack", metadata=None
        )
    return [folder / name for name in names]


def test_a_set_of_ome_files_is_one_image_from_whichever_it_is_opened(tmp_path):
    pixels = cells((2, 4, 30, 40))
    for path in write_set(tmp_path, pixels, sizes='SizeZ="4" SizeC="2" SizeT="1"'):
        np.testing.assert_array_equal(whole(path)[0], pixels)


def test_a_set_with_more_files_than_are_kept_open_is_read(opened, tmp_path):
    pixels = cells((40, 1, 30, 40))
    first = write_set(tmp_path, pixels, sizes='SizeZ="1" SizeC="40" SizeT="1"')[0]
    source = opened(first)
    for _ in range(2):
        np.testing.assert_array_equal(source.read(source.info.whole())[0, :, 0], pixels[:, 0])
    source.close()


def test_a_companion_file_describes_the_planes(tmp_path):
    pixels = cells((4, 30, 40))
    blocks = '<TiffData IFD="0" PlaneCount="4"><UUID FileName="planes.ome.tif">urn:uuid:1</UUID></TiffData>'
    (tmp_path / "set.companion.ome").write_text(ome_text(blocks, sizes='SizeZ="2" SizeC="2" SizeT="1"'))
    binary = '<OME><BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:2"/></OME>'
    tifffile.imwrite(
        tmp_path / "planes.ome.tif",
        pixels,
        description=binary.encode(),
        photometric="minisblack",
        metadata=None,
    )
    np.testing.assert_array_equal(whole(tmp_path / "planes.ome.tif")[0], pixels.reshape(2, 2, 30, 40))


@pytest.mark.parametrize("order", ["ZCT", "ZTC", "CZT", "CTZ", "TZC", "TCZ"])
def test_planes_are_found_in_any_order(tmp_path, order):
    sizes = {"T": 2, "C": 2, "Z": 3}
    pixels = cells((2, 2, 3, 30, 40))
    stored = pixels.transpose(*("TCZ".index(axis) for axis in reversed(order)), 3, 4)
    text = ome_text(
        '<TiffData IFD="0" PlaneCount="12"/>', sizes=" ".join(f'Size{a}="{n}"' for a, n in sizes.items())
    )
    text = text.replace("XYZCT", "XY" + order)
    tifffile.imwrite(
        tmp_path / "a.ome.tif", stored, description=text.encode(), photometric="minisblack", metadata=None
    )
    np.testing.assert_array_equal(whole(tmp_path / "a.ome.tif"), pixels)


def test_a_description_in_xml_that_makes_no_sense_is_ignored(opened, tmp_path):
    pixels = cells((4, 30, 40))
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        pixels,
        description="<OME><Image><Pixels/></Image></OME>",
        photometric="minisblack",
        metadata=None,
    )
    source = opened(tmp_path / "a.ome.tif")
    assert "axes" in source.info.doubts
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0], pixels)


# the others


def lsm_notes(shape: tuple[int, ...], *, scan_type: int, interval: float) -> bytes:
    t, c, z, y, x = shape
    head = struct.pack("<I9i", 50350412, 132, x, y, z, c, t, 2, 8, 8)
    voxel = struct.pack("<6d", 0.1e-6, 0.1e-6, 0.3e-6, 0, 0, 0)
    return (
        head + voxel + struct.pack("<HHI4I", scan_type, 0, 0, 0, 0, 0, 0) + struct.pack("<d", interval)
    ).ljust(132, b"\0")


def test_lsm_has_its_channels_within_the_page_and_thumbnails_between(opened, tmp_path):
    pixels = cells((2, 3, 4, 30, 40), "uint16")
    notes = lsm_notes(pixels.shape, scan_type=6, interval=5.0)
    with tifffile.TiffWriter(tmp_path / "a.lsm", byteorder="<") as file:
        for number, plane in enumerate(pixels.transpose(0, 2, 1, 3, 4).reshape(8, 3, 30, 40)):
            tags = [(34412, 1, len(notes), notes, True)] if number == 0 else []
            file.write(plane, photometric="rgb", planarconfig="separate", metadata=None, extratags=tags)
            file.write(
                plane[:, ::4, ::5].astype("u1"),
                photometric="rgb",
                planarconfig="separate",
                metadata=None,
                subfiletype=1,
            )
    source = opened(tmp_path / "a.lsm")
    info = source.info
    assert (info.axes, info.is_rgb, len(info.scenes)) == ("TCZYX", False, 1)
    assert info.pixel_size_um == PixelSize(*(pytest.approx(size) for size in (0.3, 0.1, 0.1)))
    assert info.time_interval_s == 5.0
    np.testing.assert_array_equal(source.read(info.whole()), pixels)


def test_a_resolution_for_printers_is_no_pixel_size(opened, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", cells((30, 40)), resolution=(300, 300), resolutionunit="INCH")
    assert opened(tmp_path / "a.tif").info.doubts == ("pixel_size",)


def test_a_resolution_in_centimetres_is_a_pixel_size(opened, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", cells((30, 40)), resolution=(1e5, 1e5), resolutionunit="CENTIMETER")
    assert opened(tmp_path / "a.tif").info.pixel_size_um == PixelSize(
        None, pytest.approx(0.1), pytest.approx(0.1)
    )


def test_a_strip_that_was_left_out_is_zero(tmp_path):
    pixels = cells((30, 40))
    tifffile.imwrite(tmp_path / "a.tif", pixels, rowsperstrip=10, metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        tags = file.pages.first.tags
        tags["StripOffsets"].overwrite((tags["StripOffsets"].value[0], 0, tags["StripOffsets"].value[2]))
        tags["StripByteCounts"].overwrite((800, 0, 800))
    expected = pixels.copy()
    expected[10:20] = 0
    np.testing.assert_array_equal(whole(tmp_path / "a.tif")[0, 0, 0], expected)
