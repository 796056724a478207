"""CZI files: a real one walked by hand, and others made by hand or by the writer of the library."""

import struct
from pathlib import Path

import numpy as np
import pytest

from app.images import errors
from app.images.open import open_image, read_metadata
from app.images.partial import missing_planes
from models.source import Channel, PixelSize, Region
from tests.images.made_czi import Block, czi
from tests.makers import cells

XML = """<ImageDocument><Metadata><Information><Image><Dimensions><Channels>
<Channel Id="Channel:0" Name="DAPI"/><Channel Id="Channel:1" Name="GFP"/></Channels>
<S><Scenes><Scene Index="0" Name="A1"/><Scene Index="1" Name="B7"/></Scenes></S>
<T><Positions><Interval><Increment>2.5</Increment></Interval></Positions></T></Dimensions></Image></Information>
<Scaling><Items><Distance Id="X"><Value>1e-7</Value></Distance><Distance Id="Y"><Value>2e-7</Value></Distance>
<Distance Id="Z"><Value>5e-7</Value></Distance></Items></Scaling>
<DisplaySetting><Channels><Channel Id="Channel:1"><Low>0.1</Low><High>0.5</High><Color>#FF00FF00</Color>
</Channel>
</Channels></DisplaySetting></Metadata></ImageDocument>"""


def walked(path: Path) -> dict[tuple[int, int], np.ndarray]:
    """Return the planes of the real file by (scene, z), found segment by segment."""
    data = path.read_bytes()
    found = {}
    at = 0
    while at < len(data):
        name, allocated, _ = struct.unpack_from("<16sqq", data, at)
        if name.startswith(b"ZISRAWSUBBLOCK"):
            notes, _, count = struct.unpack_from("<iiq", data, at + 32)
            kind, _, _, compression, _, dimensions = struct.unpack_from("<iqiiB5xi", data, at + 32 + 16 + 2)
            assert (kind, compression) == (1, 0)
            sizes = {}
            for number in range(dimensions):
                axis, start, size = struct.unpack_from("<4sii", data, at + 32 + 16 + 32 + 20 * number)
                sizes[axis.rstrip(b"\0").decode()] = (start, size)
            body = at + 32 + max(256, 16 + 32 + 20 * dimensions) + notes
            pixels = np.frombuffer(data[body : body + count], "<u2")
            found[sizes["S"][0], sizes["Z"][0]] = pixels.reshape(sizes["Y"][1], sizes["X"][1])
        at += 32 + allocated
    return found


def test_a_real_file_is_read_as_its_segments_are(opened, data_dir):
    path = data_dir / "formats" / "zeiss_multi_scene.czi"
    planes = walked(path)
    assert len(planes) == 4
    for scene in range(2):
        source = opened(path, scene)
        info = source.info
        assert (info.axes, info.shape, info.dtype) == ("ZYX", (1, 1, 2, 251, 251), "uint16")
        assert info.pixel_size_um == PixelSize(
            pytest.approx(0.3), pytest.approx(0.19564437), pytest.approx(0.19564437)
        )
        assert info.channels == (Channel("ChA", "#ffffff", (10000.0, 22353.0)),)
        assert not info.doubts
        pixels = source.read(info.whole())
        for z in range(2):
            np.testing.assert_array_equal(pixels[0, 0, z], planes[scene, z])
    assert "AiryScanFast3D" in str(read_metadata(path))


def made(tmp_path: Path, blocks: list[Block], xml: str = XML) -> Path:
    (tmp_path / "a.czi").write_bytes(czi(blocks, xml))
    return tmp_path / "a.czi"


def stack(pixels: np.ndarray, **places: int) -> list[Block]:
    """Return the tiles of `pixels` (t, c, z, y, x)."""
    return [
        Block(pixels[t, c, z], places={"T": t, "C": c, "Z": z, **places})
        for t, c, z in np.ndindex(pixels.shape[:3])
    ]


def test_all_axes_and_notes_are_read(opened, tmp_path):
    pixels = cells((3, 2, 4, 20, 30))
    source = opened(made(tmp_path, stack(pixels)))
    assert source.info.shape == pixels.shape
    assert source.info.pixel_size_um == PixelSize(pytest.approx(0.5), pytest.approx(0.2), pytest.approx(0.1))
    assert source.info.time_interval_s == 2.5
    assert source.info.channels == (Channel("DAPI"), Channel("GFP", "#00ff00", (6553.5, 32767.5)))
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels)
    region = Region((1, 3), (1, 2), (2, 4), (5, 19), (7, 30))
    np.testing.assert_array_equal(source.read(region), pixels[region.slices])


def test_scenes_that_lie_over_each_other_are_told_apart(opened, tmp_path):
    first, second = cells((1, 1, 1, 20, 30)), cells((1, 1, 1, 20, 30), seed=1)
    path = made(tmp_path, stack(first, S=0) + stack(second, S=1))
    assert opened(path).info.scenes == ("A1", "B7")
    for scene, pixels in enumerate((first, second)):
        source = opened(path, scene)
        np.testing.assert_array_equal(source.read(source.info.whole()), pixels)


def test_a_mosaic_is_one_picture_with_the_levels_of_the_file(opened, tmp_path):
    whole = cells((64, 96), "uint8")
    tiles = [
        Block(whole[y : y + 32, x : x + 32], x - 10, y + 5, places={"C": 0, "M": number})
        for number, (y, x) in enumerate((y, x) for y in (0, 32) for x in (0, 32, 64))
    ]
    coarse = Block(whole[::2, ::2], -10, 5, shrunk=2, places={"C": 0})
    coarser = Block(whole[::4, ::4], -10, 5, shrunk=4, places={"C": 0})
    source = opened(made(tmp_path, [*tiles, coarse, coarser]))
    assert [shape[3:] for shape in source.info.shapes] == [(64, 96), (32, 48), (16, 24)]
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0, 0], whole)
    np.testing.assert_array_equal(source.read(source.info.whole(1))[0, 0, 0], whole[::2, ::2])
    np.testing.assert_array_equal(source.read(source.info.whole(2))[0, 0, 0], whole[::4, ::4])
    region = Region((0, 1), (0, 1), (0, 1), (20, 50), (30, 70))
    np.testing.assert_array_equal(source.read(region)[0, 0, 0], whole[20:50, 30:70])
    region = Region((0, 1), (0, 1), (0, 1), (3, 17), (8, 40), 1)
    np.testing.assert_array_equal(source.read(region)[0, 0, 0], whole[::2, ::2][3:17, 8:40])


def test_colours_are_put_into_order(opened, tmp_path):
    pixels = cells((20, 30, 3), "uint8")  # red, green, blue
    source = opened(made(tmp_path, [Block(pixels[..., ::-1], places={"C": 0})]))
    assert (source.info.is_rgb, source.info.axes) == (True, "YXS")
    np.testing.assert_array_equal(source.read(source.info.whole())[0, :, 0], np.moveaxis(pixels, -1, 0))


def test_phases_are_scenes(opened, tmp_path):
    first, second = cells((1, 1, 2, 20, 30)), cells((1, 1, 2, 20, 30), seed=1)
    path = made(tmp_path, stack(first, H=0) + stack(second, H=1))
    source = opened(path, 1)
    assert source.info.scenes == ("A1, H 1", "A1, H 2")
    np.testing.assert_array_equal(source.read(source.info.whole()), second)


@pytest.mark.parametrize("packing", [None, "zstd0:ExplicitLevel=2", "zstd1:ExplicitLevel=2"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_what_the_writer_of_the_library_packs_is_read(opened, tmp_path, packing, dtype):
    from pylibCZIrw import czi as library

    pixels = cells((20, 30), dtype)
    options = {} if packing is None else {"compression_options": packing}
    if packing is not None and dtype == "float32":
        pytest.skip("the library does not pack it")
    with library.create_czi(str(tmp_path / "a.czi"), **options) as file:
        file.write(data=pixels[..., None], plane={"C": 0, "T": 0, "Z": 0})
        file.write_metadata("a")
    source = opened(tmp_path / "a.czi")
    assert source.info.dtype == dtype
    np.testing.assert_array_equal(source.read(source.info.whole())[0, 0, 0], pixels)


def test_damaged_notes_do_not_keep_from_the_pixels(opened, tmp_path):
    pixels = cells((1, 1, 1, 20, 30))
    source = opened(made(tmp_path, stack(pixels), "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"))
    assert source.info.channels == (Channel(""),)
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels)


def test_a_file_without_pixels_says_so(tmp_path):
    with pytest.raises(errors.NoPixels):
        open_image(made(tmp_path, []))


def test_a_list_of_parts_that_lies_is_seen_through(tmp_path):
    data = bytearray(czi(stack(cells((1, 1, 2, 20, 30)))))
    at = data.index(b"ZISRAWDIRECTORY") + 32
    for offset, value, words in ((0, 1 << 30, "claims to have"), (128 + 6, 1 << 40, "not where")):
        broken = bytearray(data)
        struct.pack_into("<i" if offset == 0 else "<q", broken, at + offset, value)
        (tmp_path / "a.czi").write_bytes(broken)
        with pytest.raises(errors.Damaged, match=words):
            open_image(tmp_path / "a.czi")


def test_text_that_starts_like_a_czi_file(tmp_path):
    (tmp_path / "a.czi").write_bytes(b"ZISRAWFILE and nothing else")
    with pytest.raises(errors.Damaged):
        open_image(tmp_path / "a.czi")


@pytest.mark.parametrize("compression", [0, 4, 5, 6])
def test_a_cut_file_shows_what_is_there(tmp_path, compression):
    import imagecodecs

    pixels = cells((1, 2, 4, 20, 30))
    blocks = stack(pixels)
    for block in blocks:
        block.compression = compression
        if compression == 4:
            block.packed = imagecodecs.jpegxr_encode(block.pixels)
        elif compression == 5:
            block.packed = imagecodecs.zstd_encode(block.pixels.tobytes())
        elif compression == 6:
            split = block.pixels.view("u1").reshape(-1, 2).T.tobytes()
            block.packed = b"\x03\x01\x01" + imagecodecs.zstd_encode(split)
    data = czi(blocks, XML)
    at = [i for i in range(len(data)) if data.startswith(b"ZISRAWSUBBLOCK", i)][6]
    (tmp_path / "a.czi").write_bytes(data[: at + 300])
    with pytest.raises(errors.Truncated, match=r"in plane 7 of 8\). The first 6 can be shown"):
        open_image(tmp_path / "a.czi")
    source = open_image(tmp_path / "a.czi", partial=True)
    assert missing_planes(source) == {(0, 1, 2), (0, 1, 3)}
    np.testing.assert_array_equal(source.read(source.info.plane(c=0, z=3))[0, 0, 0], pixels[0, 0, 3])
    region = Region((0, 1), (1, 2), (0, 2), (5, 9), (6, 20))
    np.testing.assert_array_equal(source.read(region), pixels[region.slices])
    with pytest.raises(errors.Truncated):
        source.read(source.info.plane(c=1, z=2))
    source.close()


def test_a_recording_that_was_never_finished_shows_what_is_there(tmp_path):
    pixels = cells((20, 30, 3), "uint8")
    data = bytearray(czi([Block(pixels[..., ::-1], places={"C": 0})]))
    struct.pack_into("<q", data, 32 + 52, 0)
    (tmp_path / "a.czi").write_bytes(data)
    source = open_image(tmp_path / "a.czi", partial=True)
    assert source.info.is_rgb
    np.testing.assert_array_equal(source.read(source.info.whole())[0, :, 0], np.moveaxis(pixels, -1, 0))
    source.close()


def test_a_file_cut_before_its_first_tile_says_so(tmp_path):
    (tmp_path / "a.czi").write_bytes(czi(stack(cells((1, 1, 1, 20, 30))))[:700])
    with pytest.raises(errors.Truncated, match="Nothing of it can be shown"):
        open_image(tmp_path / "a.czi", partial=True)
