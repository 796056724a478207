import errno
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tifffile

from app.engine.events import (
    Committed,
    Finished,
    ItemDone,
    ItemFailed,
    Measured,
    Opened,
    Progress,
    Remark,
    Started,
    Stopped,
)
from app.engine.leftovers import discard_unfinished
from app.engine.runners import loading, restore
from app.engine.runners.original import Fingerprint
from app.engine.specs import Input, RestoreSpec
from app.images.digest import sha256_of
from app.images.open import open_image
from app.images.record import read_record
from app.images.writers.tiff import OmeTiffSink
from app.library.card import ModelCard
from app.library.errors import UnknownModel
from app.settings import Settings
from models.errors import UserError
from models.restoration.family import Traits
from tests.engine.bench import Bench, write_stack
from tests.images.zarr_maker import write_group, write_image
from tests.makers import cells

SMOOTH = "simple-smoothing"


class Doubling:
    """Repeats every pixel twice along y and x; may run out of memory on its way."""

    traits = Traits(scale=2, halo=1)
    precision = "float32"

    def __init__(self, device="cpu", memory=True):
        self.device, self.memory = device, memory

    def tuned(self, sample):
        return self

    def run(self, tiles):
        if not self.memory:
            raise MemoryError
        return tiles.repeat(2, 1).repeat(2, 2)

    def moved(self, device, precision):
        return Doubling(device)

    def is_out_of_memory(self, error):
        return isinstance(error, MemoryError)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "job")


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "cells.tif"
    write_stack(path)
    return path


@pytest.fixture
def doubling(monkeypatch):
    monkeypatch.setattr(restore, "loaded", lambda *_: Doubling())


def spec_of(*paths, **changes):
    options = {"model": SMOOTH, "values": (("method", "gaussian"),)} | changes
    return RestoreSpec(tuple(Input(str(path)) for path in paths), **options)


def pixels_of(path):
    source = open_image(path)
    try:
        return source.read(source.info.whole())
    finally:
        source.close()


def info_of(path):
    source = open_image(path)
    source.close()
    return source.info


def leftovers(folder):
    return sorted(path.name for path in Path(folder).iterdir() if path.suffix == ".part")


def test_a_stack_becomes_a_restored_file_beside_it(bench, image):
    final = bench.run(restore, spec_of(image, values=()))
    output = image.with_name("cells_restored.ome.tif")
    assert final == Finished(7, (str(output),))
    before, after = pixels_of(image), pixels_of(output)
    assert after.shape == before.shape
    assert after.dtype == np.float32
    assert after[..., 45:, 60:].std() < before[..., 45:, 60:].std() / 2
    assert after.mean() == pytest.approx(before.mean(), rel=0.01)
    assert info_of(output).pixel_size_um.x == pytest.approx(0.1)
    assert leftovers(image.parent) == []


def test_the_events_tell_how_it_goes(bench, image):
    bench.run(restore, spec_of(image))
    assert bench.heard(Started)[0].device.startswith("CPU")
    assert bench.heard(Opened)[0].path.endswith("cells_restored.ome.tif.part")
    assert [(one.t, one.c, one.z) for one in bench.heard(Committed)] == [(0, 0, 0), (0, 0, 1), (0, 0, 2)]
    assert bench.heard(Progress)[-1].done == pytest.approx(3)
    assert bench.heard(ItemDone)[0].output.endswith("cells_restored.ome.tif")
    assert bench.heard(Measured)[0].megapixels == pytest.approx(3 * 64 * 80 / 1e6)


def test_the_result_carries_its_recipe(bench, image):
    spec = spec_of(image, seed=5)
    bench.run(restore, spec)
    record = read_record(image.with_name("cells_restored.ome.tif"))
    assert record.complete
    assert json.loads(record.spec)["value"]["seed"] == 5
    assert (record.model_id, record.device, record.precision) == (SMOOTH, "cpu", "float32")
    assert record.input_sha256 == hashlib.sha256(image.read_bytes()).hexdigest()
    original = pixels_of(image)
    assert record.input_range == (original.min(), original.max())
    assert record.tile > 0
    assert record.halo > 0
    assert record.version


def test_an_image_folder_becomes_a_restored_file_beside_it_and_stays_as_it_is(bench, tmp_path):
    path = write_image(tmp_path / "day 1" / "cells.ome.zarr", cells((3, 64, 80)), scale=(0.5, 0.1, 0.1))
    before = {file: file.stat().st_mtime_ns for file in path.rglob("*")}
    final = bench.run(restore, spec_of(path))
    output = path.with_name("cells_restored.ome.tif")
    assert final == Finished(7, (str(output),))
    info = info_of(output)
    assert info.shape == (1, 1, 3, 64, 80)
    assert (info.pixel_size_um.z, info.pixel_size_um.x) == (pytest.approx(0.5), pytest.approx(0.1))
    assert read_record(output).input_sha256 == sha256_of(path)
    assert {file: file.stat().st_mtime_ns for file in path.rglob("*")} == before


def test_a_field_of_a_plate_is_restored_by_its_number(bench, tmp_path):
    plate = {"plate": {"wells": [{"path": "A/1"}]}}
    path = write_group(tmp_path / "plate.zarr", plate)
    write_group(path / "A" / "1", {"well": {"images": [{"path": "0"}, {"path": "1"}]}})
    for field in range(2):
        write_image(path / "A" / "1" / str(field), cells((64, 80 + field)))
    final = bench.run(restore, RestoreSpec((Input(str(path), 1),), SMOOTH))
    assert final.outputs == (str(tmp_path / "plate_scene2_restored.ome.tif"),)
    assert info_of(final.outputs[0]).shape[-1] == 81


def test_the_original_is_never_touched(bench, image):
    before = image.read_bytes()
    bench.run(restore, spec_of(image, name_pattern="{name}.ome.tif"))
    assert image.read_bytes() == before


def test_an_existing_name_is_never_taken(bench, image):
    taken = image.with_name("cells_restored.ome.tif")
    taken.write_bytes(b"precious")
    final = bench.run(restore, spec_of(image))
    assert final.outputs[0].endswith("cells_restored_2.ome.tif")
    assert taken.read_bytes() == b"precious"


def test_an_existing_name_fails_the_input_if_asked_so(bench, image):
    image.with_name("cells_restored.ome.tif").write_bytes(b"precious")
    final = bench.run(restore, spec_of(image, overwrite="never"))
    assert final.outputs == (None,)
    assert bench.heard(ItemFailed)[0].code == "restore.name_taken"


def test_integers_stay_integers_if_asked_so(bench, image):
    final = bench.run(restore, spec_of(image, dtype="input"))
    assert pixels_of(final.outputs[0]).dtype == np.uint16


@pytest.mark.usefixtures("doubling")
def test_an_enlarging_model_halves_the_pixel_size(bench, image):
    final = bench.run(restore, spec_of(image))
    info = info_of(final.outputs[0])
    assert info.shape == (1, 1, 3, 128, 160)
    assert info.pixel_size_um.x == pytest.approx(0.05)
    assert info.pixel_size_um.z == pytest.approx(0.5)
    np.testing.assert_allclose(pixels_of(final.outputs[0])[..., ::2, ::2], pixels_of(image), atol=0.1)


def test_colour_images_keep_their_three_channels(bench, tmp_path):
    path = tmp_path / "stain.tif"
    write_stack(path, (40, 50, 3), np.uint8, imagej=False, photometric="rgb", metadata=None)
    final = bench.run(restore, spec_of(path, dtype="input"))
    assert pixels_of(final.outputs[0]).shape == (1, 3, 1, 40, 50)


def test_only_the_channels_asked_for_are_in_the_result(bench, tmp_path):
    path = tmp_path / "two.tif"
    write_stack(path, (2, 64, 64), metadata={"axes": "CYX"})
    final = bench.run(restore, spec_of(path, channels=(1,)))
    assert pixels_of(final.outputs[0]).shape == (1, 1, 1, 64, 64)


def test_results_go_where_they_were_asked_to_go(bench, image, tmp_path):
    wished = tmp_path / "new" / "ö µ folder"
    final = bench.run(restore, spec_of(image, output_dir=str(wished), name_pattern="re-{name}.ome.tif"))
    assert final.outputs == (str(wished / "re-cells.ome.tif"),)


def test_results_go_to_the_folder_of_the_settings(bench, image, tmp_path):
    bench.settings = Settings(results_dir=str(tmp_path / "results"))
    final = bench.run(restore, spec_of(image))
    assert final.outputs == (str(tmp_path / "results" / "cells_restored.ome.tif"),)


@pytest.mark.parametrize("pattern", ["", "../{name}", "sub/{name}.ome.tif"])
def test_a_pattern_that_is_no_file_name_fails_the_input(bench, image, pattern):
    bench.run(restore, spec_of(image, name_pattern=pattern))
    assert bench.heard(ItemFailed)[0].code == "restore.name"


def test_a_folder_that_cannot_be_made_fails_the_input(bench, image, tmp_path):
    bench.run(restore, spec_of(image, output_dir=str(image / "inside a file")))
    failed = bench.heard(ItemFailed)[0]
    assert failed.code == "images.cannot_write"
    assert failed.hint


def bad_files(folder):
    """Yield files that nobody can restore."""
    (folder / "empty.tif").write_bytes(b"")
    (folder / "text.tif").write_text("not an image")
    write_stack(folder / "whole.tif")
    whole = (folder / "whole.tif").read_bytes()
    (folder / "cut.tif").write_bytes(whole[: len(whole) // 2])
    tifffile.imwrite(folder / "nan.tif", np.full((40, 40), np.nan, np.float32))
    (folder / "folder.tif").mkdir()
    return [
        folder / name for name in ("empty.tif", "text.tif", "cut.tif", "nan.tif", "folder.tif", "gone.tif")
    ]


def test_bad_inputs_are_lines_and_never_stop_the_batch(bench, image, tmp_path):
    bad = bad_files(tmp_path)
    final = bench.run(restore, spec_of(*bad, image))
    assert final.outputs[:-1] == (None,) * len(bad)
    assert final.outputs[-1] is not None
    failed = bench.heard(ItemFailed)
    assert [one.input for one in failed] == [str(path) for path in bad]
    assert all(one.sentence.endswith(".") and "Error" not in one.sentence for one in failed)
    assert leftovers(tmp_path) == []
    assert not [path for path in tmp_path.glob("*_restored*") if not path.name.startswith("cells")]


def test_a_model_for_more_channels_is_refused_in_one_sentence(bench, image, monkeypatch):
    card = ModelCard("two", "Two", "", "smoothing", "1", "", "", channels_in=2)
    monkeypatch.setattr(restore.Library, "card", lambda *_: card)
    bench.run(restore, spec_of(image))
    assert bench.heard(ItemFailed)[0].sentence == "cells.tif has 1 channel; this model restores 2 together."


def test_a_model_for_as_many_channels_as_there_are_says_what_cannot_be_done(bench, image, monkeypatch):
    card = ModelCard("two", "Two", "", "smoothing", "1", "", "", channels_in=2)
    monkeypatch.setattr(restore.Library, "card", lambda *_: card)
    write_stack(image, (2, 64, 80), metadata={"axes": "CYX"})
    bench.run(restore, spec_of(image))
    assert "cannot do" in bench.heard(ItemFailed)[0].sentence


def test_a_channel_that_is_not_there_fails_the_input(bench, image):
    bench.run(restore, spec_of(image, channels=(0, 3)))
    assert bench.heard(ItemFailed)[0].sentence == "cells.tif has 1 channel; channel 4 was asked for."


def test_an_unknown_model_fails_the_job(bench, image):
    with pytest.raises(UnknownModel):
        bench.run(restore, spec_of(image, model="alchemy"))


@pytest.mark.parametrize("values", [(("strength", 99.0),), (("method", "magic"),), (("colour", 1),)])
def test_a_setting_outside_its_limits_fails_the_job(bench, image, values):
    with pytest.raises(loading.WrongValue, match="cannot be used"):
        bench.run(restore, spec_of(image, values=values))


def test_a_device_that_is_not_there_fails_the_job(bench, image, monkeypatch):
    monkeypatch.setattr(loading.chosen_device.__globals__["torch"].cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="cannot be used"):
        loading.chosen_device("cuda")


def test_stopping_keeps_finished_planes_and_says_so(bench, image):
    bench.stop_after = 1
    final = bench.run(restore, spec_of(image, tile=60))
    assert isinstance(final, Stopped)
    record = read_record(Path(final.outputs[0]))
    assert not record.complete
    assert record.remarks
    planes = pixels_of(final.outputs[0])[0, 0]
    assert planes[0].all()
    assert not planes[2].any()
    assert leftovers(image.parent) == []


def test_stopping_before_the_first_plane_leaves_nothing(bench, image):
    bench.wishes.stop.set()
    final = bench.run(restore, spec_of(image))
    assert final == Stopped(7, (None,))
    assert list(image.parent.glob("*restored*")) == []


def fail_after(monkeypatch, writes, error):
    """Let the sink work so many times, then fail."""
    left = [writes]
    write = OmeTiffSink._write_at

    def limited(self, offset, data):
        left[0] -= 1
        if left[0] < 0:
            raise error
        write(self, offset, data)

    monkeypatch.setattr(OmeTiffSink, "_write_at", limited)


def test_a_full_disk_fails_the_input_and_leaves_nothing_half_written(bench, image, monkeypatch):
    fail_after(monkeypatch, 2, OSError(errno.ENOSPC, "No space left on device"))
    bench.run(restore, spec_of(image, tile=60))
    failed = bench.heard(ItemFailed)[0]
    assert failed.code == "images.disk_full"
    assert failed.hint
    assert list(image.parent.glob("*restored*")) == []


@pytest.fixture
def small_drive(tmp_path):
    """A drive of 256 kB."""
    drive = tmp_path / "drive"
    drive.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(drive)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small drive")
    yield drive
    subprocess.run(["umount", str(drive)], check=True)


@pytest.mark.parametrize("taken", [0, 128 << 10])
def test_a_drive_that_is_really_full_fails_the_input_and_stays_empty(bench, tmp_path, small_drive, taken):
    image = tmp_path / "large.tif"
    write_stack(image, (8, 100, 100) if not taken else (3, 100, 100))
    (small_drive / "other").write_bytes(bytes(taken) or b"x")
    bench.run(restore, spec_of(image, output_dir=str(small_drive)))
    assert bench.heard(ItemFailed)[0].code == "images.disk_full"
    assert [path.name for path in small_drive.iterdir()] == ["other"]


def test_a_fault_of_the_program_leaves_nothing_half_written(bench, image, monkeypatch):
    fail_after(monkeypatch, 2, ZeroDivisionError("a fault"))
    with pytest.raises(ZeroDivisionError):
        bench.run(restore, spec_of(image, tile=60))
    assert list(image.parent.glob("*restored*")) == []


class PowerCut(BaseException):
    """Ends a run the way a crash does: without a chance to clean up."""


def crash(bench, spec, monkeypatch, after):
    """Run until `after` planes are committed, then leave everything as it lies."""
    with monkeypatch.context() as patch:
        commit = restore.Attempt.commit

        def commit_then_crash(self, unit):
            commit(self, unit)
            if len(bench.heard(Committed)) >= after:
                raise PowerCut

        patch.setattr(restore.Attempt, "commit", commit_then_crash)
        patch.setattr(OmeTiffSink, "abandon", OmeTiffSink.detach)
        with pytest.raises(PowerCut):
            bench.run(restore, spec)


def test_after_a_crash_only_the_missing_planes_are_restored(bench, image, monkeypatch, tmp_path):
    whole = bench.run(restore, spec_of(image, output_dir=str(tmp_path / "whole"), tile=60))
    again = Bench(tmp_path / "again")
    spec = spec_of(image, tile=60)
    crash(again, spec, monkeypatch, 2)
    assert leftovers(image.parent) == ["cells_restored.ome.tif.part"]
    again.events.clear()
    final = again.run(restore, spec)
    assert [one.z for one in again.heard(Committed)] == [2]
    np.testing.assert_array_equal(pixels_of(final.outputs[0]), pixels_of(whole.outputs[0]))
    assert read_record(Path(final.outputs[0])).complete


def test_a_restoration_that_is_discarded_leaves_nothing_behind(bench, image, tmp_path, monkeypatch):
    crash(bench, spec_of(image, tile=60), monkeypatch, 2)
    assert leftovers(image.parent) == ["cells_restored.ome.tif.part"]
    discard_unfinished(bench.folder, [bench.folder])
    assert leftovers(image.parent) == []
    assert image.exists()


def test_what_was_begun_is_closed_though_an_input_before_it_had_failed(bench, image, monkeypatch):
    spec = spec_of(image.parent / "gone.tif", image, tile=60)
    crash(bench, spec, monkeypatch, 1)
    bench.wishes.stop.set()
    final = bench.run(restore, spec)
    assert isinstance(final, Stopped)
    assert final.outputs == (None, str(image.with_name("cells_restored.ome.tif")))
    assert leftovers(image.parent) == []


def test_what_an_earlier_process_finished_is_not_done_again(bench, image, tmp_path):
    other = tmp_path / "other.tif"
    write_stack(other)
    spec = spec_of(image, other)
    first = bench.run(restore, spec)
    bench.events.clear()
    assert bench.run(restore, spec) == first
    assert bench.heard(Committed) == []


def test_a_crash_between_closing_and_saying_so_costs_nothing(bench, image, monkeypatch):
    spec = spec_of(image)
    with monkeypatch.context() as patch:
        patch.setattr(restore.JobContext, "measured", lambda *_, **__: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            bench.run(restore, spec)
    bench.events.clear()
    final = bench.run(restore, spec)
    assert final.outputs == (str(image.with_name("cells_restored.ome.tif")),)
    assert bench.heard(Committed) == []


def test_a_job_that_failed_starts_over_when_it_is_resumed(bench, image, monkeypatch):
    spec = spec_of(image, tile=60)
    with monkeypatch.context() as patch:
        fail_after(patch, 4, OSError(errno.ENOSPC, "No space left on device"))
        bench.run(restore, spec)
    bench.events.clear()
    crash(bench, spec, monkeypatch, 1)
    final = bench.run(restore, spec)
    assert pixels_of(final.outputs[0]).all(axis=(-1, -2)).all()


def test_a_model_that_had_to_move_is_loaded_anew_for_the_next_input(bench, image, tmp_path, monkeypatch):
    other = tmp_path / "other.tif"
    write_stack(other)
    loads = []

    def load(*_):
        loads.append(Doubling("cuda:0", memory=False))
        return loads[-1]

    monkeypatch.setattr(restore, "loaded", lambda *args: args[-1].keep("model", load))
    final = bench.run(restore, spec_of(image, other))
    assert all(final.outputs)
    assert len(loads) == 2
    record = read_record(Path(final.outputs[0]))
    assert record.device == "cpu"
    assert any("processor" in remark for remark in record.remarks)
    assert bench.heard(Remark)


def test_an_image_outside_the_model_keeps_that_remark(bench, image, monkeypatch):
    card = ModelCard(
        "em", "EM", "", "smoothing", "1", "", "", modality="electron", pixel_size_um=(0.004, 0.01)
    )
    monkeypatch.setattr(restore.Library, "card", lambda *_: card)
    monkeypatch.setattr(restore, "loaded", lambda *_: Doubling())
    final = bench.run(restore, spec_of(image))
    assert "made for electron microscopy" in read_record(Path(final.outputs[0])).remarks[0]


def test_the_fingerprint_of_a_file_that_cannot_be_read_is_empty(tmp_path):
    with Fingerprint(tmp_path / "gone.tif") as fingerprint:
        assert fingerprint.sha256(wait=True) == ""
