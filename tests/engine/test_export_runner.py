import errno

import numpy as np
import pytest
import tifffile
import zarr

from app.engine.codec import decode, encode
from app.engine.events import Committed, Finished, ItemFailed, Opened, Progress, Remark, Stopped
from app.engine.leftovers import discard_unfinished, unfinished_files
from app.engine.runners import export
from app.engine.runners.export import blocks
from app.engine.specs import Appearance, ExportSpec, Input
from app.images.open import open_image
from app.images.record import Provenance, read_record
from app.images.writers.tiff import OmeTiffSink
from models.source import Channel, PixelSize
from tests.engine.bench import Bench
from tests.makers import cells, info_for

FORMATS = ("ome-tiff", "imagej", "ome-zarr")


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "job")


@pytest.fixture
def pixels():
    return cells((2, 3, 4, 30, 40))


@pytest.fixture
def result(tmp_path, pixels):
    """One of our own results: it carries a record."""
    channels = (Channel("DAPI", "#00ffff", (5.0, 500.0)), Channel("Actin", "#ff00ff"), Channel("ER"))
    info = info_for(
        pixels.shape, channels=channels, pixel_size_um=PixelSize(0.3, 0.1, 0.1), time_interval_s=2.5
    )
    sink = OmeTiffSink.create(tmp_path / "cells.ome.tif", info)
    sink.write(sink.info.whole(), pixels)
    return sink.close(Provenance(model_id="m", spec="s"))


def spec_of(*paths, **changes):
    return ExportSpec(tuple(Input(str(path)) for path in paths), **({"format": "ome-tiff"} | changes))


def read(path):
    """Return pixels (TCZYX) with a library that had no part in writing them."""
    if path.endswith(".zarr"):
        return zarr.open(path, mode="r")["0"][:]
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        found = series.asarray()
        sizes = dict(zip(series.axes, found.shape, strict=True))
        order = [series.axes.index(axis) for axis in "TCZYX" if axis in sizes]
        return found.transpose(order).reshape([sizes.get(axis, 1) for axis in "TCZYX"])


def parts(folder):
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_holds_the_same_pixels_the_record_and_the_sizes(bench, result, pixels, kind):
    final = bench.run(export, spec_of(result, format=kind))
    assert isinstance(final, Finished)
    output = final.outputs[0]
    assert output != str(result)
    np.testing.assert_array_equal(read(output), pixels)
    assert read_record(type(result)(output)).model_id == "m"
    assert parts(result.parent) == []
    last = bench.heard(Progress)[-1]
    assert (last.done, last.total, last.unit) == (24, 24, "planes")
    assert len(bench.heard(Committed)) == 24


@pytest.mark.parametrize("kind", ["ome-tiff", "imagej"])
def test_names_sizes_and_ranges_are_carried_over(bench, result, kind):
    output = bench.run(export, spec_of(result, format=kind)).outputs[0]
    source = open_image(type(result)(output))
    source.close()
    info = source.info
    assert [channel.name for channel in info.channels] == ["DAPI", "Actin", "ER"]
    assert info.channels[0].display == (5.0, 500.0)
    assert info.channels[0].colour == "#00ffff"
    assert info.pixel_size_um == PixelSize(0.3, 0.1, 0.1)
    assert info.time_interval_s == 2.5


@pytest.mark.parametrize("kind", FORMATS)
def test_a_part_of_the_image_can_be_exported(bench, result, pixels, kind):
    part = {"channels": (2, 0), "t": (1, 2), "z": (1, 3), "y": (5, 25), "x": (7, 40)}
    output = bench.run(export, spec_of(result, format=kind, **part)).outputs[0]
    np.testing.assert_array_equal(read(output), pixels[1:2, [2, 0], 1:3, 5:25, 7:40])


def test_the_look_of_the_window_goes_along(bench, result):
    table = np.tile(np.arange(255, -1, -1, dtype=np.uint8), (3, 1))
    looks = (
        Appearance("A", "#ff0000", (1.0, 2.0)),
        Appearance("B", "#ffffff", (3.0, 4.0), table.tobytes().hex()),
        Appearance("C", "#0000ff", (5.0, 6.0)),
    )
    spec = spec_of(result, format="imagej", channels=(1, 2), appearances=looks)
    assert decode(encode(spec), ExportSpec) == spec
    with tifffile.TiffFile(bench.run(export, spec).outputs[0]) as file:
        notes = file.imagej_metadata
    assert notes["Ranges"] == (3.0, 4.0, 5.0, 6.0)
    assert notes["Labels"][:2] == ["B", "C"]
    np.testing.assert_array_equal(notes["LUTs"][0], table)
    assert tuple(notes["LUTs"][1][:, 255]) == (0, 0, 255)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"channels": (3,)}, "3 channels"),
        ({"z": (2, 9)}, "4 planes"),
        ({"t": (4, 5)}, "2 times"),
        ({"y": (0, 31)}, "30 rows"),
        ({"x": (9, 9)}, "40 columns"),
    ],
)
def test_what_the_image_does_not_have_is_told(bench, result, changes, words):
    final = bench.run(export, spec_of(result, **changes))
    assert final.outputs == (None,)
    assert words in bench.heard(ItemFailed)[0].sentence


def test_one_bad_file_stops_no_other(bench, result, tmp_path):
    (tmp_path / "letter.tif").write_text("Dear reader, this is no image.")
    final = bench.run(export, spec_of(tmp_path / "letter.tif", tmp_path / "gone.tif", result))
    assert [output is not None for output in final.outputs] == [False, False, True]
    assert [event.code for event in bench.heard(ItemFailed)] == ["images.unknown_format", "images.gone"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_job_that_is_stopped_leaves_no_file(bench, result, kind):
    bench.stop_after = 5
    final = bench.run(export, spec_of(result, format=kind))
    assert final == Stopped(7, (None,))
    assert bench.heard(Opened)
    assert parts(result.parent) == []
    assert sorted(path.name for path in result.parent.iterdir() if "cells" in path.name) == ["cells.ome.tif"]


class PowerCut(BaseException):
    """Ends a run the way a crash does: without a chance to clean up."""


def crash(bench, spec, monkeypatch, after):
    """Run until `after` planes are committed, then leave everything as it lies."""
    with monkeypatch.context() as patch:
        commit = export.ItemContext.commit

        def commit_then_crash(self, unit):
            commit(self, unit)
            if len(bench.heard(Committed)) >= after:
                raise PowerCut

        patch.setattr(export.ItemContext, "commit", commit_then_crash)
        patch.setattr(export.OmeTiffSink, "abandon", OmeTiffSink.detach)
        patch.setattr(export.OmeZarrSink, "abandon", lambda self: None)
        with pytest.raises(PowerCut):
            bench.run(export, spec)


@pytest.mark.parametrize("kind", FORMATS)
def test_after_a_crash_only_the_missing_planes_are_copied(bench, result, pixels, monkeypatch, kind):
    spec = spec_of(result, format=kind)
    crash(bench, spec, monkeypatch, 20)
    assert len(parts(result.parent)) == 1
    bench.events.clear()
    final = bench.run(export, spec)
    assert len(bench.heard(Committed)) == 4
    np.testing.assert_array_equal(read(final.outputs[0]), pixels)
    assert parts(result.parent) == []


@pytest.mark.parametrize("kind", FORMATS)
def test_what_a_crash_left_is_removed_by_a_cancel(bench, result, monkeypatch, kind):
    spec = spec_of(result, format=kind)
    crash(bench, spec, monkeypatch, 3)
    bench.wishes.stop.set()
    assert isinstance(bench.run(export, spec), Stopped)
    assert parts(result.parent) == []


@pytest.mark.parametrize("kind", FORMATS)
def test_what_a_crash_left_and_only_that_goes_with_a_job_that_is_discarded(
    bench, result, tmp_path, monkeypatch, kind
):
    stranger = tmp_path / "stranger.tif.part"
    stranger.write_bytes(b"of somebody else")
    before = {path.name for path in tmp_path.iterdir()}
    crash(bench, spec_of(result, format=kind), monkeypatch, after=5)
    (part,) = unfinished_files(tmp_path / "job")
    assert part.exists()
    discard_unfinished(tmp_path / "job", [tmp_path / "job", tmp_path / "none"])
    assert {path.name for path in tmp_path.iterdir()} == before | {"job"}


def test_a_full_disk_leaves_no_half_file_and_trying_again_begins_anew(bench, result, pixels, monkeypatch):
    write, left = OmeTiffSink._write_at, [3]

    def limited(self, offset, data):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, offset, data)

    with monkeypatch.context() as patch:
        patch.setattr(OmeTiffSink, "_write_at", limited)
        bench.run(export, spec_of(result))
    assert bench.heard(ItemFailed)[0].code == "images.disk_full"
    assert parts(result.parent) == []
    np.testing.assert_array_equal(read(bench.run(export, spec_of(result)).outputs[0]), pixels)


def test_numbers_that_lose_digits_in_fiji_are_remarked(bench, tmp_path):
    file = tmp_path / "large.tif"
    tifffile.imwrite(file, np.full((8, 9), 2**31, np.uint32), photometric="minisblack")
    bench.run(export, spec_of(file, format="imagej"))
    assert "uint32" in bench.heard(Remark)[0].sentence


def test_colours_of_a_photograph_stay_what_they_are(bench, tmp_path):
    file = tmp_path / "photo.tif"
    photo = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    tifffile.imwrite(file, photo, photometric="rgb")
    output = bench.run(export, spec_of(file, format="imagej")).outputs[0]
    np.testing.assert_array_equal(read(output)[0, :, 0], photo.transpose(2, 0, 1))
    with tifffile.TiffFile(output) as stack:
        assert [tuple(lut[:, 255]) for lut in stack.imagej_metadata["LUTs"]] == [
            (255, 0, 0),
            (0, 255, 0),
            (0, 0, 255),
        ]
        ranges = stack.imagej_metadata["Ranges"]
        assert len({ranges[0:2], ranges[2:4], ranges[4:6]}) == 1


def test_blocks_cover_a_plane_once_and_begin_at_borders_of_chunks():
    for height, width, itemsize in ((10, 20, 2), (5000, 3000, 4), (2048, 100_000, 2), (3000, 1_000_000, 1)):
        found = blocks(height, width, itemsize)
        assert sum((y1 - y0) * (x1 - x0) for (y0, y1), (x0, x1) in found) == height * width
        for (y0, y1), (x0, x1) in found:
            assert y0 % 1024 == x0 % 1024 == 0
            assert (y1 - y0) * (x1 - x0) * itemsize <= export.BLOCK_BYTES
