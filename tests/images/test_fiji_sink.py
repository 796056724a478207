import numpy as np
import pytest
import tifffile

from app.images.errors import NotSupported
from app.images.open import open_image
from app.images.record import Provenance, read_record
from app.images.writers.fiji import FijiSink
from models.source import Channel, PixelSize
from tests.images.test_imagej_program import run_imagej
from tests.makers import cells, info_for

COLOUR = (
    "open(getArgument()); if (nSlices > 1) Stack.setChannel(1); getLut(r, g, b);"
    'print(r[{at}] + " " + g[{at}] + " " + b[{at}]); run("Quit");'
)
CHANNELS = (Channel("DAPI", "#00ffff", (100.0, 2000.0)), Channel("µ-Actin", "#ff00ff", (2.0, 1000.0)))


def written(path, pixels, record=None, tables=(), **changes):
    known = {
        "channels": CHANNELS,
        "pixel_size_um": PixelSize(0.3, 0.1, 0.11),
        "time_interval_s": 2.5,
    } | changes
    sink = FijiSink.create(path, info_for(pixels.shape, pixels.dtype.name, **known))
    sink.write(sink.info.whole(), pixels)
    sink.tables = tables
    return sink.close(record)


def test_another_library_finds_a_hyperstack_with_ranges_units_and_colours(tmp_path):
    pixels = cells((2, 2, 3, 40, 50))
    with tifffile.TiffFile(written(tmp_path / "a.tif", pixels)) as file:
        notes = file.imagej_metadata
        assert file.is_imagej
        assert not file.is_ome
        assert file.series[0].axes == "TZCYX"
        np.testing.assert_array_equal(file.asarray(), pixels.transpose(0, 2, 1, 3, 4))
        assert (notes["unit"], notes["spacing"], notes["finterval"]) == ("micron", 0.3, 2.5)
        assert notes["Ranges"] == (100.0, 2000.0, 2.0, 1000.0)
        assert [tuple(lut[:, 255]) for lut in notes["LUTs"]] == [(0, 255, 255), (255, 0, 255)]
        assert notes["Labels"][:2] == ["DAPI", "µ-Actin"]
        across = file.pages.first.tags["XResolution"].value
        assert across[0] / across[1] == pytest.approx(1 / 0.11)


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [("bool", "uint8"), ("int8", "int16"), ("int16", "int16"), ("uint32", "float32"), ("float64", "float32")],
)
def test_numbers_that_imagej_does_not_know_become_larger_ones(tmp_path, dtype, stored):
    pixels = np.random.default_rng(0).integers(0, 2, (1, 1, 2, 10, 12)).astype(dtype)
    source = open_image(written(tmp_path / "a.tif", pixels, channels=CHANNELS[:1]))
    assert source.info.dtype == stored
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels.astype(stored))
    source.close()


def test_the_record_is_the_info_of_the_image_and_comes_out_again(tmp_path):
    record = Provenance(model_id="m", remarks=("µ",))
    file = written(tmp_path / "a.tif", cells((1, 2, 1, 10, 12)), record)
    assert read_record(file) == record


def test_more_than_four_gigabytes_are_refused_with_advice(tmp_path):
    info = info_for((1, 1, 3, 30_000, 30_000), "uint16")
    with pytest.raises(NotSupported, match=r"5\.4 GB.*4 GB") as caught:
        FijiSink.create(tmp_path / "a.tif", info)
    assert "OME-TIFF" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


def test_an_unfinished_file_is_gone_on_with(tmp_path):
    pixels = cells((1, 2, 3, 20, 30))
    sink = FijiSink.create(tmp_path / "a.tif", info_for(pixels.shape, channels=CHANNELS))
    sink.write(sink.info.plane(0, 0, 0), pixels[:, :1, :1])
    sink.detach()
    again = FijiSink.resume(sink.path)
    again.write(again.info.whole(), pixels)
    with tifffile.TiffFile(again.close(None)) as file:
        np.testing.assert_array_equal(file.asarray(), pixels[0].transpose(1, 0, 2, 3))
        assert file.imagej_metadata["Ranges"] == (100.0, 2000.0, 2.0, 1000.0)


def test_imagej_itself_shows_the_same_picture(tmp_path):
    pixels = cells((2, 2, 3, 300, 401))
    table = np.zeros((3, 256), np.uint8)
    table[0] = np.arange(256)
    table[1, 128:] = np.arange(128)
    file = written(tmp_path / "a.tif", pixels, tables=(table, None))
    lines = run_imagej(file, tmp_path)
    assert lines[0] == "401 300 2 3 2 16"
    unit, *numbers = lines[1].split(" ")
    assert unit == "microns"
    assert [float(number) for number in numbers] == pytest.approx([0.11, 0.1, 0.3, 2.5], abs=1e-4)
    assert lines[2].startswith("100 2000 ")
    assert lines[3].startswith("2 1000 ")
    assert lines[3].endswith("µ-Actin")
    assert run_imagej(file, tmp_path, COLOUR.format(at=200)) == ["200 72 0"]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_imagej_shows_one_coloured_channel_in_its_colour(tmp_path, dtype):
    file = written(tmp_path / "a.tif", cells((1, 1, 3, 30, 40), dtype), channels=CHANNELS[1:])
    assert run_imagej(file, tmp_path, COLOUR.format(at=255)) == ["255 0 255"]
