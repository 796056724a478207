import errno
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from app.engine.codec import decode, encode
from app.engine.events import Finished, ItemFailed, Progress, Remark, Stopped
from app.engine.runners import crappify
from app.engine.runners.crappify import bands
from app.engine.specs import CrappifySpec, Input
from app.images.open import open_image
from app.images.writers.tiff import OmeTiffSink
from models.restoration.intensity import limits_of
from models.source import Channel, PixelSize
from models.training.recipe import RecipeUnreadable
from tests.engine.bench import Bench
from tests.makers import cells, info_for

NOTHING = "[network]\nscale = 1\n[[degrade]]\n"
BINNED = "[network]\nscale = 4\n[[degrade]]\nsampling = 'area'\n"
NOISY = (
    "[[degrade]]\nphotons = [5, 50]\nread_noise = [0.01, 0.1]\nspecks = [0.01, 0.02]\nspecks_share = 0.5\n"
)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "job")


@pytest.fixture
def pixels():
    return cells((2, 2, 3, 48, 60))


@pytest.fixture
def good(tmp_path, pixels):
    return written(tmp_path / "cells.ome.tif", pixels)


def written(path, pixels, **options):
    channels = tuple(Channel(f"C{number}") for number in range(pixels.shape[1]))
    info = info_for(
        pixels.shape, pixels.dtype.name, channels=channels, pixel_size_um=PixelSize(0.3, 0.1, 0.1), **options
    )
    sink = OmeTiffSink.create(path, info)
    sink.write(sink.info.whole(), pixels)
    return sink.close(None)


def spec_of(*paths, **changes):
    return CrappifySpec(tuple(Input(str(path)) for path in paths), **({"recipe": NOISY} | changes))


def read(path):
    source = open_image(Path(path))
    try:
        return source.read(source.info.whole()), source.info
    finally:
        source.close()


def test_a_recipe_that_does_nothing_gives_the_same_gray_levels(bench, good, pixels):
    final = bench.run(crappify, spec_of(good, recipe=NOTHING))
    assert isinstance(final, Finished)
    made, info = read(final.outputs[0])
    np.testing.assert_allclose(made, pixels, atol=0.01)
    assert info.dtype == "float32"
    assert [channel.name for channel in info.channels] == ["C0", "C1"]
    last = bench.heard(Progress)[-1]
    assert (last.done, last.total, last.unit) == (12, 12, "planes")


def test_binned_planes_are_means_and_their_pixels_larger(bench, good, pixels):
    made, info = read(bench.run(crappify, spec_of(good, recipe=BINNED)).outputs[0])
    np.testing.assert_allclose(
        made, pixels.reshape(2, 2, 3, 12, 4, 15, 4).mean(axis=(4, 6)), rtol=1e-4, atol=0.05
    )
    size = info.pixel_size_um
    assert (size.z, size.y, size.x) == pytest.approx((0.3, 0.4, 0.4))


def test_the_numbers_of_the_input_are_rounded(bench, tmp_path):
    pixels = cells((1, 1, 1, 40, 40), "uint8")
    good = written(tmp_path / "eight.ome.tif", pixels)
    made, info = read(bench.run(crappify, spec_of(good, recipe=BINNED, dtype="input")).outputs[0])
    assert info.dtype == "uint8"
    wanted = pixels.reshape(10, 4, 10, 4).mean(axis=(1, 3))
    assert np.abs(made[0, 0, 0] - wanted).max() <= 0.51


def test_noise_has_the_strength_of_the_recipe_in_the_gray_levels_of_the_file(bench, tmp_path):
    y = np.linspace(1000, 3000, 256, dtype=np.float32)
    pixels = np.tile(y[:, None], (1, 256))[None, None, None]
    good = written(tmp_path / "ramp.ome.tif", pixels)
    recipe = "[[degrade]]\nread_noise = [0.05, 0.05]"
    made, _ = read(bench.run(crappify, spec_of(good, recipe=recipe)).outputs[0])
    assert (made - pixels).std() == pytest.approx(0.05 * limits_of(pixels).span, rel=0.02)


def test_a_plane_is_the_same_in_any_company_and_order(bench, tmp_path, good, pixels):
    other = written(tmp_path / "other.ome.tif", pixels)
    first = bench.run(crappify, spec_of(good, other, seed=3)).outputs
    again = Bench(tmp_path / "again").run(crappify, spec_of(other, good, seed=3)).outputs
    alone = Bench(tmp_path / "alone").run(crappify, spec_of(good, seed=3)).outputs
    new = Bench(tmp_path / "new").run(crappify, spec_of(good, seed=4)).outputs
    made = read(first[0])[0]
    assert np.array_equal(made, read(again[1])[0])
    assert np.array_equal(made, read(alone[0])[0])
    assert not np.array_equal(made, read(first[1])[0])
    assert not np.array_equal(made, read(new[0])[0])
    assert len({path for one in (first, again, alone, new) for path in one}) == 6


def test_every_plane_is_made_bad_in_its_own_way(bench, good, pixels):
    made, _ = read(bench.run(crappify, spec_of(good)).outputs[0])
    spreads = (made - pixels).std(axis=(3, 4)).ravel()
    assert len(np.unique(spreads.round(3))) == spreads.size
    assert spreads.max() > 1.5 * spreads.min()


BANDED = (
    "[network]\nscale = 2\n[[degrade]]\nsampling = 'smooth'\nblur_px = [1.5, 1.5]\nshade = [0.5, 0.5]\n"
    "psf = [[1, 2, 1]]\nquality = [80, 80]\n"
)


def test_planes_too_large_for_memory_look_no_different(bench, tmp_path, monkeypatch):
    noise = np.random.default_rng(0).random((400, 90))
    pixels = (1000 * ndimage.gaussian_filter(noise, 2)).astype(np.float32)[None, None, None]
    good = written(tmp_path / "tall.ome.tif", pixels)
    whole = read(bench.run(crappify, spec_of(good, recipe=BANDED)).outputs[0])[0]
    monkeypatch.setattr(crappify, "BAND_PIXELS", 1)
    pieces = read(Bench(tmp_path / "pieces").run(crappify, spec_of(good, recipe=BANDED)).outputs[0])[0]
    np.testing.assert_allclose(pieces, whole, atol=1e-3 * np.ptp(whole))


def test_columns_run_through_all_bands(bench, tmp_path, monkeypatch):
    good = written(tmp_path / "flat.ome.tif", cells((1, 1, 1, 64, 50), "float32"))
    monkeypatch.setattr(crappify, "BAND_PIXELS", 1)
    recipe = "[[degrade]]\ncolumn_offset = [0.1, 0.1]"
    made, _ = read(bench.run(crappify, spec_of(good, recipe=recipe)).outputs[0])
    error = (made - read(good)[0])[0, 0, 0]
    assert np.ptp(error, axis=0).max() < 1e-3 * np.ptp(error)


def test_bands_cover_a_plane_in_whole_blocks_of_compression():
    found = bands(1003, 30_000, 4)
    assert found[0][0] == 0
    assert found[-1][1] == 1003
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert all(top % 8 == 0 for top, _ in found)
    assert bands(10, 10, 1) == [(0, 10)]


def test_what_fills_no_pixel_is_left_out_and_told(bench, tmp_path):
    good = written(tmp_path / "odd.ome.tif", cells((1, 1, 1, 43, 49)))
    made, _ = read(bench.run(crappify, spec_of(good, recipe=BINNED)).outputs[0])
    assert made.shape[3:] == (10, 12)
    assert "3 rows and 1 column at" in bench.heard(Remark)[0].sentence


def test_colours_stay_colours(bench, tmp_path):
    pixels = cells((3, 40, 40), "uint8").transpose(1, 2, 0)
    tifffile.imwrite(tmp_path / "rgb.tif", np.ascontiguousarray(pixels), photometric="rgb")
    made, info = read(
        bench.run(crappify, spec_of(tmp_path / "rgb.tif", recipe=BINNED, dtype="input")).outputs[0]
    )
    assert [channel.colour for channel in info.channels] == ["#ff0000", "#00ff00", "#0000ff"]
    assert made.shape == (1, 3, 1, 10, 10)


def test_bad_input_is_told_in_one_sentence_and_stops_no_other(bench, tmp_path, good):
    holes = cells((1, 1, 2, 48, 60), "float32")
    holes[0, 0, 1, 3, 4] = np.nan
    holes = written(tmp_path / "holes.ome.tif", holes)
    nothing = written(tmp_path / "nothing.ome.tif", np.full((1, 1, 1, 20, 20), np.nan, np.float32))
    tiny = written(tmp_path / "tiny.ome.tif", cells((1, 1, 1, 3, 60)))
    (tmp_path / "letter.tif").write_text("Dear reader, this is no image.")
    inputs = (holes, nothing, tiny, tmp_path / "letter.tif", tmp_path / "gone.tif", good)
    final = bench.run(crappify, spec_of(*inputs, recipe=BINNED, output_dir=str(tmp_path / "out")))
    assert [output is not None for output in final.outputs] == [False] * 5 + [True]
    told = bench.heard(ItemFailed)
    assert [event.code for event in told] == [
        "crappify.no_numbers",
        "restoration.no_values",
        "crappify.too_small",
        "images.unknown_format",
        "images.gone",
    ]
    assert "plane 2" in told[0].sentence
    assert "60 x 3 pixels" in told[2].sentence
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["cells_bad.ome.tif"]


def test_a_constant_image_becomes_a_constant_image(bench, tmp_path):
    good = written(tmp_path / "gray.ome.tif", np.full((1, 1, 1, 40, 40), 7, np.uint16))
    made, _ = read(bench.run(crappify, spec_of(good, recipe=BINNED)).outputs[0])
    np.testing.assert_allclose(made, 7)


def test_no_name_is_taken_twice(bench, tmp_path, good):
    before = good.read_bytes()
    first = bench.run(crappify, spec_of(good)).outputs[0]
    kept = Path(first).read_bytes()
    second = Bench(tmp_path / "second").run(crappify, spec_of(good, seed=1)).outputs[0]
    assert first != second
    assert Path(first).read_bytes() == kept
    assert good.read_bytes() == before


def test_a_job_that_is_stopped_leaves_no_file(bench, good):
    bench.stop_after = 5
    assert bench.run(crappify, spec_of(good)) == Stopped(7, (None,))
    assert [path.name for path in good.parent.iterdir() if path.is_file()] == ["cells.ome.tif"]


class PowerCut(BaseException):
    """The process is gone."""


def test_a_job_that_was_cut_off_goes_on_and_makes_the_same(bench, tmp_path, good, monkeypatch):
    wanted = read(Bench(tmp_path / "whole").run(crappify, spec_of(good)).outputs[0])[0]
    flush, count = OmeTiffSink.flush, []

    def cut(sink):
        flush(sink)
        count.append(sink)
        if len(count) == 7:
            raise PowerCut

    monkeypatch.setattr(OmeTiffSink, "flush", cut)
    monkeypatch.setattr(OmeTiffSink, "abandon", OmeTiffSink.detach)
    with pytest.raises(PowerCut):
        bench.run(crappify, spec_of(good))
    monkeypatch.undo()
    bench.events.clear()
    final = bench.run(crappify, spec_of(good))
    assert np.array_equal(read(final.outputs[0])[0], wanted)
    assert bench.run(crappify, spec_of(good)).outputs == final.outputs


def test_a_full_drive_is_told_and_leaves_nothing(bench, good, monkeypatch):
    from app.images.errors import DiskFull

    def full(sink, region, pixels):
        raise DiskFull("There is no room left.") from OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(OmeTiffSink, "write", full)
    assert bench.run(crappify, spec_of(good)).outputs == (None,)
    assert bench.heard(ItemFailed)[0].code == "images.disk_full"
    assert [path.name for path in good.parent.iterdir() if path.is_file()] == ["cells.ome.tif"]


@pytest.mark.parametrize(
    "recipe", ["= nonsense", "[network]\nscale = 0", "[network]\nscale = 'x'", "[[degrade]]\nx = 1"]
)
def test_a_recipe_that_is_none_ends_the_job(bench, good, recipe):
    with pytest.raises(RecipeUnreadable):
        bench.run(crappify, spec_of(good, recipe=recipe))


def test_the_spec_can_be_stored_and_read(good):
    spec = spec_of(good, seed=5, dtype="input")
    assert decode(encode(spec), CrappifySpec) == spec
