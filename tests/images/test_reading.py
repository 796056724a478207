import numpy as np
import pytest
import tifffile

from app.images.errors import WrongReading
from models.source import PixelSize, Reading, Region
from tests.makers import cells, write_ome


@pytest.fixture
def stack(tmp_path):
    """A plain stack of five planes, which is read as Z."""
    pixels = cells((5, 30, 40))
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    return tmp_path / "a.tif", pixels


@pytest.mark.parametrize(("axes", "place"), [("TYX", 0), ("CYX", 1), ("ZYX", 2), ("tyx", 0)])
def test_a_person_can_say_what_the_planes_are(opened, stack, axes, place):
    path, pixels = stack
    source = opened(path, reading=Reading(axes=axes))
    expected = [1, 1, 1, 30, 40]
    expected[place] = 5
    assert source.info.shape == tuple(expected)
    assert source.info.axes == axes.upper()
    assert len(source.info.channels) == expected[1]
    assert source.info.doubts == ("pixel_size",)
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels.reshape(expected))


def test_axes_can_change_places(opened, tmp_path):
    pixels = cells((1, 3, 4, 30, 40))
    path = write_ome(tmp_path / "a.ome.tif", pixels, names=("a", "b", "c"))
    source = opened(path, reading=Reading(axes="ZCYX"))
    assert source.info.shape == (1, 4, 3, 30, 40)
    assert source.info.axes == "CZYX"
    assert [channel.name for channel in source.info.channels] == [""] * 4
    region = Region((0, 1), (1, 3), (0, 2), (3, 9), (4, 30))
    np.testing.assert_array_equal(source.read(region), pixels.transpose(0, 2, 1, 3, 4)[region.slices])


def test_a_stack_of_colour_images_keeps_its_colours(opened, tmp_path):
    pixels = cells((4, 30, 40, 3), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    source = opened(tmp_path / "a.tif", reading=Reading(axes="TYXS"))
    assert source.info.shape == (4, 3, 1, 30, 40)
    assert source.info.is_rgb
    np.testing.assert_array_equal(source.read(source.info.whole())[:, :, 0], np.moveaxis(pixels, -1, 1))


@pytest.mark.parametrize("axes", ["YX", "ZTYX", "YXZ", "ZZX", "QYX", "ZXY"])
def test_axes_that_do_not_fit_are_refused(opened, stack, axes):
    with pytest.raises(WrongReading) as caught:
        opened(stack[0], reading=Reading(axes=axes))
    assert "ZYX" in caught.value.sentence


def test_a_pixel_size_can_be_given(opened, stack):
    info = opened(stack[0], reading=Reading(pixel_size_um=PixelSize(y=0.1, x=0.1))).info
    assert info.pixel_size_um == PixelSize(None, 0.1, 0.1)
    assert info.doubts == ("axes",)


def test_what_the_file_says_stays_where_nothing_is_given(opened, tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", cells((1, 1, 4, 30, 40)), size_um=0.065)
    info = opened(path, reading=Reading(pixel_size_um=PixelSize(z=0.3))).info
    assert info.pixel_size_um == PixelSize(0.3, 0.065, 0.065)


def test_no_correction_costs_nothing(opened, stack):
    assert type(opened(stack[0], reading=Reading())) is type(opened(stack[0]))


def test_a_person_can_say_how_long_it_takes_from_image_to_image(opened, stack):
    path, _pixels = stack
    source = opened(path, reading=Reading("TYX", time_interval_s=2.5))
    assert source.info.time_interval_s == 2.5
