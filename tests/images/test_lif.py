"""LIF files made by hand, with the axes for which no small real file was found."""

import struct

import numpy as np
import pytest

from app.images import errors
from app.images.open import open_image, read_metadata
from app.images.partial import missing_planes
from models.source import Channel, PixelSize
from tests.makers import cells

ATTACHED = (
    '<Attachment Name="ViewerScaling"><ChannelScalingInfo BlackValue="0.1" WhiteValue="0.5"/></Attachment>'
)


def element(name, axes, channels, block, attached=""):
    """Return the description of an image: axes as (number, count, length, unit, step), channels as XML."""
    dimensions = "".join(
        f'<DimensionDescription DimID="{number}" NumberOfElements="{count}" Origin="0" Length="{length}"'
        f' Unit="{unit}" BitInc="0" BytesInc="{step}"/>'
        for number, count, length, unit, step in axes
    )
    return (
        f'<Element Name="{name}" UniqueID="1"><Data><Image TextDescription=""><ImageDescription>'
        f"<Channels>{channels}</Channels><Dimensions>{dimensions}</Dimensions></ImageDescription>{attached}"
        f'</Image></Data><Memory Size="0" MemoryBlockID="{block}"/></Element>'
    )


def channel(step=0, bits=16, tag=0, lut="Green", inner=""):
    return (
        f'<ChannelDescription DataType="0" ChannelTag="{tag}" Resolution="{bits}" NameOfMeasuredQuantity=""'
        f' Min="0" Max="1" Unit="" LUTName="{lut}" IsLUTInverted="0" BytesInc="{step}" BitInc="0">'
        f"{inner}</ChannelDescription>"
    )


def lif(elements, blocks):
    """Return a LIF file of version 2."""
    text = (
        '<LMSDataContainerHeader Version="2"><Element Name="a" UniqueID="0"><Data/>'
        f'<Memory Size="0" MemoryBlockID="M0"/><Children>{"".join(elements)}</Children></Element>'
        "</LMSDataContainerHeader>"
    ).encode("utf-16-le")
    data = struct.pack("<IIBI", 0x70, len(text) + 5, 0x2A, len(text) // 2) + text
    for name, body in blocks.items():
        words = name.encode("utf-16-le")
        head = struct.pack("<BQBI", 0x2A, len(body), 0x2A, len(name))
        data += struct.pack("<II", 0x70, len(head) + len(words)) + head + words + body
    return data


def test_wavelengths_become_channels(opened, tmp_path):
    pixels = cells((3, 2, 8, 9))  # wavelength, channel, y, x
    axes = [(1, 9, 8e-6, "m", 2), (2, 8, 7e-6, "m", 18), (5, 3, 1e-7, "m", 288)]
    dye = "<ChannelProperty><Key>DyeName</Key><Value>GFP</Value></ChannelProperty>"
    found = element("l", axes, channel(inner=dye) + channel(144, lut="Red"), "M1", ATTACHED)
    (tmp_path / "a.lif").write_bytes(lif([found], {"M1": pixels.tobytes()}))
    source = opened(tmp_path / "a.lif")
    assert source.info.shape == (1, 6, 1, 8, 9)
    assert source.info.pixel_size_um == PixelSize(None, pytest.approx(1.0), pytest.approx(1.0))
    assert source.info.channels[1] == Channel("GFP λ 2", "#00ff00", (6553.5, 32767.5))
    np.testing.assert_array_equal(
        source.read(source.info.whole())[0, :, 0], pixels.transpose(1, 0, 2, 3).reshape(6, 8, 9)
    )


def test_each_tile_of_a_mosaic_is_a_scene(opened, tmp_path):
    pixels = cells((4, 5, 8, 9))  # tile, z, y, x
    axes = [(1, 9, 8e-6, "m", 2), (2, 8, 7e-6, "m", 18), (3, 5, 2e-6, "m", 144), (10, 4, 0, "", 720)]
    (tmp_path / "a.lif").write_bytes(lif([element("m", axes, channel(), "M1")], {"M1": pixels.tobytes()}))
    source = opened(tmp_path / "a.lif", 2)
    assert source.info.scenes == ("m, tile 1", "m, tile 2", "m, tile 3", "m, tile 4")
    assert source.info.pixel_size_um.z == pytest.approx(0.5)
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0], pixels[2])


def test_colours_are_put_into_order(opened, tmp_path):
    pixels = cells((8, 9, 3), "uint8")  # blue, green, red
    axes = [(1, 9, 8e-6, "m", 3), (2, 8, 7e-6, "m", 27)]
    channels = "".join(channel(step, 8, tag) for step, tag in enumerate((3, 2, 1)))
    (tmp_path / "a.lif").write_bytes(lif([element("c", axes, channels, "M1")], {"M1": pixels.tobytes()}))
    source = opened(tmp_path / "a.lif")
    assert source.info.is_rgb
    np.testing.assert_array_equal(
        source.read(source.info.whole())[0, :, 0], np.moveaxis(pixels[..., ::-1], -1, 0)
    )


def test_a_cut_file_shows_what_is_there(tmp_path):
    pixels = cells((6, 8, 9))
    axes = [(1, 9, 8e-6, "m", 2), (2, 8, 7e-6, "m", 18), (4, 6, 10.0, "s", 144)]
    lost = element("lost", axes, channel(), "M2")
    data = lif([element("t", axes, channel(), "M1"), lost], {"M1": pixels.tobytes()})
    (tmp_path / "a.lif").write_bytes(data[: -2 * 144 - 5])
    with pytest.raises(errors.Truncated, match=r"in plane 4 of 6\). The first 3 can") as caught:
        open_image(tmp_path / "a.lif")
    assert (caught.value.fields["plane"], caught.value.fields["planes"]) == (3, 6)
    source = open_image(tmp_path / "a.lif", partial=True)
    assert source.info.time_interval_s == 2.0
    assert missing_planes(source) == {(3, 0, 0), (4, 0, 0), (5, 0, 0)}
    np.testing.assert_array_equal(source.read(source.info.plane(t=2))[0, 0, 0], pixels[2])
    source.close()
    with pytest.raises(errors.Truncated, match="Nothing of it can be shown"):
        open_image(tmp_path / "a.lif", 1)


def test_a_file_without_images_says_so(tmp_path):
    (tmp_path / "a.lif").write_bytes(lif([], {}))
    with pytest.raises(errors.NoPixels, match="holds no images"):
        open_image(tmp_path / "a.lif")


def test_channels_of_different_types_are_refused(tmp_path):
    axes = [(1, 9, 8e-6, "m", 2), (2, 8, 7e-6, "m", 18)]
    found = element("d", axes, channel() + channel(144, bits=8), "M1")
    (tmp_path / "a.lif").write_bytes(lif([found], {"M1": bytes(216)}))
    with pytest.raises(errors.NotSupported, match="different types"):
        open_image(tmp_path / "a.lif")


def test_entities_are_refused(tmp_path):
    data = lif([], {})
    text = '<!DOCTYPE x [<!ENTITY a "aaaa">]><x/>'.encode("utf-16-le")
    (tmp_path / "a.lif").write_bytes(
        struct.pack("<IIBI", 0x70, len(text) + 5, 0x2A, len(text) // 2) + text + data
    )
    with pytest.raises(errors.Damaged, match="entities"):
        open_image(tmp_path / "a.lif")


def test_the_description_is_told_as_a_tree(tmp_path):
    axes = [(1, 9, 8e-6, "m", 2), (2, 8, 7e-6, "m", 18)]
    found = element("e", axes, channel(), "M1", ATTACHED)
    (tmp_path / "a.lif").write_bytes(lif([found], {"M1": bytes(144)}))
    assert "BlackValue" in str(read_metadata(tmp_path / "a.lif"))
