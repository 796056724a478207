"""Real files of many programs, compared with readers that share nothing with ours but the codecs."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from models.source import PixelSize

FILES = Path(__file__).parent / "files"
NO = PixelSize()
RGB = ("Red", "Green", "Blue")
SURE: set[str] = set()
UNSIZED = {"pixel_size"}


def square(size: float, z: float | None = None) -> PixelSize:
    return PixelSize(z, pytest.approx(size, rel=1e-4), pytest.approx(size, rel=1e-4))


# name: axes, shape TCZYX, dtype, pixel size, names of channels, doubts
SMALL = {
    "float32_probability_0-1.tif": ("YX", (1, 1, 1, 50, 59), "float32", NO, ("",), UNSIZED),
    "name with spaces.tif": ("YX", (1, 1, 1, 147, 149), "uint16", NO, ("",), UNSIZED),
    "c_elegans_em_z0000.tif": ("YX", (1, 1, 1, 256, 256), "uint8", NO, ("",), UNSIZED),
    "brightfield_rgb.jpg": (
        "YXS",
        (1, 3, 1, 363, 360),
        "uint8",
        NO,
        RGB,
        UNSIZED,
    ),
}
LARGE = {
    "confocal_12bit_in_uint16_saturated.tif": (
        "YX", (1, 1, 1, 512, 512), "uint16", square(2.48592), ("",), SURE,
    ),
    "imagej_2ch_16bit_hot_pixel.tif": ("CYX", (1, 2, 1, 354, 475), "uint16", NO, ("", ""), UNSIZED),
    "imagej_composite_2ch_8bit.tif": ("CYX", (1, 2, 1, 354, 475), "uint8", NO, ("", ""), UNSIZED),
    "imagej_rgb.tif": ("YXS", (1, 3, 1, 257, 280), "uint8", NO, RGB, UNSIZED),
    "imagej_timelapse_float32_30t.tif": (
        "TYX", (30, 1, 1, 137, 147), "float32", square(0.351435, 0.3875999999999999), ("",), SURE,
    ),
    "imagej_zc_16bit_spots.tif": (
        "CZYX", (1, 2, 17, 88, 89), "uint16", square(0.0941345, 0.39999999999999974), ("", ""), SURE,
    ),
    "imagej_zstack_bad_z_calibration.tif": (
        "ZYX", (1, 1, 6, 263, 263), "uint8", square(0.0851964), ("",), {"z_or_t"},
    ),
    "labels_8bit.tif": ("YX", (1, 1, 1, 505, 488), "uint8", NO, ("",), UNSIZED),
    "ome_artificial_multi-channel-z-series.ome.tif": (
        "CZYX", (1, 3, 5, 167, 439), "int8", NO, ("", "", ""), UNSIZED,
    ),
    "ome_tiff_ctyx_4c10t_with_labels.ome.tiff": (
        "TCYX", (10, 4, 1, 210, 576), "uint16", square(0.619, 1.0),
        ("H3342", "oblique", "nuclei", "cyto"), SURE,
    ),
    "written_bigtiff_3ch.tif": ("ZYX", (1, 1, 3, 512, 512), "uint8", NO, ("",), {"axes", "pixel_size"}),
    "written_float16_unit.tif": ("ZYX", (1, 1, 7, 207, 207), "float16", NO, ("",), {"axes", "pixel_size"}),
    "written_imagej_5d_hyperstack_tzcyx.tif": (
        "TCZYX", (3, 2, 17, 96, 96), "uint16", square(0.0655, 0.3), ("", ""), SURE,
    ),
    "written_int16_signed.tif": ("YX", (1, 1, 1, 512, 512), "int16", NO, ("",), UNSIZED),
    "written_ome_5d_tczyx.ome.tif": (
        "TCZYX", (3, 2, 17, 96, 96), "uint16", square(0.0655, 0.3), ("raw", "smoothed"), SURE,
    ),
    "written_pyramidal_tiled_subifd.ome.tif": ("YX", (1, 1, 1, 2048, 2048), "uint8", NO, ("",), UNSIZED),
    "written_tiled_rgb_jpeg_compressed.tif": ("YXS", (1, 3, 1, 512, 768), "uint8", NO, RGB, UNSIZED),
    "written_uint32_bigendian.tif": ("YX", (1, 1, 1, 164, 164), "uint32", NO, ("",), UNSIZED),
    "written_zstd_uint16.tif": ("YX", (1, 1, 1, 512, 512), "uint16", NO, ("",), UNSIZED),
    "aperio_cmu1_small_region.svs": ("YXS", (1, 3, 1, 2967, 2220), "uint8", square(0.499), RGB, SURE),
    "written_gray8.png": ("YX", (1, 1, 1, 517, 497), "uint8", NO, ("",), UNSIZED),
    "written_gray16.png": ("YX", (1, 1, 1, 512, 512), "uint16", NO, ("",), UNSIZED),
    "written_rgb.bmp": ("YXS", (1, 3, 1, 300, 400), "uint8", NO, RGB, UNSIZED),
    "princeton_stack.spe": ("TYX", (5, 1, 1, 128, 128), "uint16", NO, ("",), {"z_or_t", "pixel_size"}),
}  # fmt: skip


def by_another_reader(path: Path, axes: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the pixels as TCZYX without any of our code for reading."""
    if path.suffix in (".png", ".jpg", ".bmp", ".spe"):
        import imageio.v3 as iio

        pixels = np.asarray(iio.imread(path))
        if axes == "YXS":
            pixels = np.moveaxis(pixels, -1, 0)
        return pixels.reshape(shape)
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        letters = series.axes.replace("Q", "Z").replace("S", "C")
        plain = series.dataoffset is not None and file.byteorder == ">"
        pixels = np.array(tifffile.memmap(path)) if plain else series.asarray()
    return pixels.transpose([letters.index(axis) for axis in "TCZYX" if axis in letters]).reshape(shape)


def check(opened, path: Path, expected: tuple) -> None:
    axes, shape, dtype, size, names, doubts = expected
    source = opened(path)
    info = source.info
    assert (info.axes, info.shape, info.dtype, info.pixel_size_um) == (axes, shape, dtype, size)
    assert tuple(channel.name for channel in info.channels) == names
    assert set(info.doubts) == doubts
    pixels = source.read(info.whole())
    assert pixels.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(pixels, by_another_reader(path, axes, shape))


@pytest.mark.parametrize("name", SMALL)
def test_a_small_real_file_is_read_as_it_is(opened, name):
    check(opened, FILES / name, SMALL[name])


@pytest.mark.parametrize("name", LARGE)
def test_a_real_file_is_read_as_it_is(opened, data_dir, name):
    check(opened, data_dir / "formats" / name, LARGE[name])


def test_levels_of_a_real_pyramid_are_read(opened, data_dir):
    path = data_dir / "formats" / "written_pyramidal_tiled_subifd.ome.tif"
    source = opened(path)
    assert [shape[3:] for shape in source.info.shapes] == [(2048, 2048), (1024, 1024), (512, 512), (256, 256)]
    with tifffile.TiffFile(path) as file:
        for number, level in enumerate(file.series[0].levels):
            np.testing.assert_array_equal(source.read(source.info.whole(number))[0, 0, 0], level.asarray())


def test_display_ranges_and_colours_of_imagej_are_read(opened, data_dir):
    channels = opened(data_dir / "formats" / "imagej_composite_2ch_8bit.tif").info.channels
    assert [channel.display for channel in channels] == [(0.0, 42.0), (1.0, 24.0)]
    assert [channel.colour for channel in channels] == ["#ff0000", "#00ff00"]


def test_scenes_of_a_slide_have_names(opened, data_dir):
    source = opened(data_dir / "formats" / "aperio_cmu1_small_region.svs", 2)
    assert source.info.scenes == ("Baseline", "Thumbnail", "Label", "Macro")
    assert source.info.shape == (1, 3, 1, 463, 387)
