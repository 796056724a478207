import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.images import errors
from app.images.open import open_image
from app.images.record import Provenance, read_record
from app.images.writers import tiff
from app.images.writers.tiff import OmeTiffSink
from models.source import Channel, PixelSize, Region
from tests.images.test_regions import regions
from tests.makers import cells, info_for

RECORD = Provenance(version="0.1", model_id="simple-smoothing", remarks=("A remark with µ and <tags>.",))
STORABLE = ["uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64"]
CHANNELS = (Channel("DAPI", "#00ffff"), Channel("Aktin µ", "#ff00ff", (3.0, 250.0)))


def written(path: Path, pixels: np.ndarray, **options: object) -> Path:
    sink = OmeTiffSink.create(path, info_for(pixels.shape, pixels.dtype.name, **options))
    sink.write(sink.info.whole(), pixels)
    return sink.close(RECORD)


@pytest.mark.parametrize("dtype", STORABLE)
def test_what_is_written_is_read_back_by_us_and_by_tifffile(opened, tmp_path, dtype):
    pixels = cells((2, 2, 3, 45, 70), dtype)
    path = written(tmp_path / "a.ome.tif", pixels)
    source = opened(path)
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels)
    with tifffile.TiffFile(path) as file:
        assert file.series[0].kind == "ome"
        assert file.series[0].axes == "TZCYX"
        np.testing.assert_array_equal(file.asarray().transpose(0, 2, 1, 3, 4), pixels)


def test_sizes_names_and_colours_come_back(opened, tmp_path):
    pixels = cells((2, 2, 3, 45, 70), "float32")
    size = PixelSize(0.3, 0.1, 0.11)
    path = written(tmp_path / "a.ome.tif", pixels, channels=CHANNELS, pixel_size_um=size, time_interval_s=2.5)
    info = opened(path).info
    assert info.pixel_size_um == size
    assert info.time_interval_s == 2.5
    assert [(channel.name, channel.colour) for channel in info.channels] == [
        ("DAPI", "#00ffff"),
        ("Aktin µ", "#ff00ff"),
    ]
    assert info.scenes == ("a",)
    assert info.doubts == ()


def test_an_unknown_pixel_size_stays_unknown(opened, tmp_path):
    assert opened(written(tmp_path / "a.ome.tif", cells((1, 1, 1, 30, 40)))).info.doubts == ("pixel_size",)


def test_a_display_range_is_kept_or_chosen_from_nearly_all_values(opened, tmp_path):
    pixels = cells((1, 2, 3, 200, 300), "float32")
    pixels[0, :, 0, 0, 0] = 1e9
    shown = [
        channel.display
        for channel in opened(written(tmp_path / "a.ome.tif", pixels, channels=CHANNELS)).info.channels
    ]
    low, high = shown[0]
    assert pixels[:, 0].min() <= low < high < 300
    assert shown[1] == (3.0, 250.0)


def test_the_parts_of_a_colour_image_share_one_display_range(opened, tmp_path):
    pixels = cells((1, 3, 1, 50, 60), "float32") * np.array([1, 2, 3], np.float32)[:, None, None, None]
    parts = tuple(Channel(name, colour) for name, colour in zip("RGB", tiff.PRIMARIES, strict=True))
    info = opened(written(tmp_path / "a.ome.tif", pixels, channels=parts)).info
    assert len({channel.display for channel in info.channels}) == 1
    assert info.channels[0].display[1] > 0.9 * pixels.max() / 3


@pytest.mark.filterwarnings("ignore")  # a warning makes it fall back to its plain TIFF reader
def test_aicsimageio_reads_the_result(tmp_path):
    from aicsimageio import AICSImage

    pixels = cells((2, 2, 3, 45, 70), "float32")
    size = PixelSize(0.3, 0.1, 0.1)
    image = AICSImage(written(tmp_path / "a.ome.tif", pixels, channels=CHANNELS, pixel_size_um=size))
    assert [str(name) for name in image.channel_names] == ["DAPI", "Aktin µ"]
    assert tuple(image.physical_pixel_sizes) == (0.3, 0.1, 0.1)
    np.testing.assert_array_equal(image.data, pixels)


def test_pillow_reads_a_single_plane(tmp_path):
    from PIL import Image

    pixels = cells((1, 1, 1, 600, 700), "uint16")
    with Image.open(written(tmp_path / "a.ome.tif", pixels)) as picture:
        np.testing.assert_array_equal(np.asarray(picture), pixels[0, 0, 0])


def test_the_xml_keeps_to_its_schema(tmp_path):
    from ome_types import from_xml

    path = written(
        tmp_path / "a.ome.tif",
        cells((2, 2, 3, 45, 70)),
        channels=CHANNELS,
        pixel_size_um=PixelSize(0.3, 0.1, 0.1),
        time_interval_s=2.0,
    )
    with tifffile.TiffFile(path) as file:
        described = from_xml(file.ome_metadata, validate=True)
    assert described.images[0].pixels.size_c == 2
    assert len(described.structured_annotations.comment_annotations) == 1


def test_the_record_comes_back_from_the_file(tmp_path):
    path = written(tmp_path / "a.ome.tif", cells((1, 1, 1, 30, 40)))
    assert read_record(path) == RECORD


def test_a_long_record_finds_room_at_the_end(opened, tmp_path):
    pixels = cells((1, 1, 2, 30, 40))
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for(pixels.shape))
    sink.write(sink.info.whole(), pixels)
    record = Provenance(spec=json.dumps({"note": "µ" * 100_000}))
    path = sink.close(record)
    assert read_record(path) == record
    source = opened(path)
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels)


def test_characters_that_xml_cannot_carry_do_not_spoil_the_file(opened, tmp_path):
    channels = (Channel("a\x00b\x1bc<&>"),)
    path = written(tmp_path / "a.ome.tif", cells((1, 1, 1, 30, 40)), channels=channels)
    assert opened(path).info.channels[0].name == "abc<&>"


def test_many_planes_have_a_directory_each(tmp_path):
    pixels = cells((10, 3, 40, 8, 9), "uint8")
    with tifffile.TiffFile(written(tmp_path / "a.ome.tif", pixels)) as file:
        assert len(file.pages) == 1200
        np.testing.assert_array_equal(file.pages[1199].asarray(), pixels[9, 2, 39])


@pytest.mark.parametrize("rows", [1, 600])
def test_large_planes_lie_in_strips_of_a_bearable_size(tmp_path, rows):
    path = written(tmp_path / "a.ome.tif", np.zeros((1, 1, 2, rows, 1000), "f4"))
    with tifffile.TiffFile(path) as file:
        page = file.pages[1]
        assert max(page.databytecounts) <= 1 << 20
        assert not file.pages.first.is_tiled
        assert sum(page.databytecounts) == rows * 4000


def test_beyond_the_reach_of_32_bits_the_file_is_a_bigtiff(opened, tmp_path, monkeypatch):
    monkeypatch.setattr("app.images.writers.directories.CLASSIC_LIMIT", 1 << 16)
    pixels = cells((2, 2, 3, 300, 400), "float32")
    path = written(tmp_path / "a.ome.tif", pixels, channels=CHANNELS)
    source = opened(path)
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels)
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff
        np.testing.assert_array_equal(file.asarray().transpose(0, 2, 1, 3, 4), pixels)
    assert read_record(path) == RECORD


# any order, any thread, any interruption


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(boxes=st.lists(regions((2, 2, 2, 20, 30)), min_size=1, max_size=8))
def test_regions_may_be_written_in_any_order(tmp_path, boxes):
    pixels = cells((2, 2, 2, 20, 30), "float32")
    expected = np.zeros_like(pixels)
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for(pixels.shape, "float32"))
    for box in boxes:
        sink.write(box, pixels[box.slices])
        expected[box.slices] = pixels[box.slices]
    path = sink.close(RECORD)
    source = open_image(path)
    np.testing.assert_array_equal(source.read(source.info.whole()), expected)
    source.close()


def test_many_threads_write_at_once(opened, tmp_path):
    pixels = cells((4, 2, 4, 60, 70))
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for(pixels.shape))
    boxes = [
        Region((t, t + 1), (0, 2), (z, z + 1), (y, y + 20), (0, 70))
        for t in range(4)
        for z in range(4)
        for y in (0, 20, 40)
    ]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda box: sink.write(box, pixels[box.slices]), boxes))
    source = opened(sink.close(RECORD))
    np.testing.assert_array_equal(source.read(source.info.whole()), pixels)


def test_the_growing_file_can_be_looked_at(opened, tmp_path):
    pixels = cells((1, 2, 3, 45, 70))
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for(pixels.shape, channels=CHANNELS))
    assert sink.path == tmp_path / "a.ome.tif.part"
    source = opened(sink.path)
    assert source.info.shape == pixels.shape
    assert not source.read(source.info.whole()).any()
    plane = sink.info.plane(c=1, z=2)
    sink.write(plane, pixels[plane.slices])
    np.testing.assert_array_equal(source.read(plane), pixels[plane.slices])
    sink.abandon()


def test_an_unfinished_file_can_be_taken_up_again(opened, tmp_path):
    pixels = cells((2, 2, 3, 45, 70), "float32")
    size = PixelSize(0.3, 0.1, 0.1)
    info = info_for(pixels.shape, "float32", channels=CHANNELS, pixel_size_um=size, time_interval_s=2.0)
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info)
    first, second = sink.info.plane(t=0), sink.info.plane(t=1, z=1)
    sink.write(first, pixels[first.slices])
    sink.flush()
    sink.detach()

    again = OmeTiffSink.resume(sink.path)
    again.write(second, pixels[second.slices])
    source = opened(again.close(RECORD))
    np.testing.assert_array_equal(source.read(first), pixels[first.slices])
    np.testing.assert_array_equal(source.read(second), pixels[second.slices])
    assert source.info.pixel_size_um == size
    assert source.info.time_interval_s == 2.0
    assert [channel.name for channel in source.info.channels] == ["DAPI", "Aktin µ"]


def test_a_range_that_was_only_a_placeholder_is_chosen_after_taking_up_again(opened, tmp_path):
    pixels = cells((1, 1, 1, 45, 70), "float32") * 100
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for(pixels.shape, "float32"))
    sink.write(sink.info.whole(), pixels)
    sink.detach()
    info = opened(OmeTiffSink.resume(sink.path).close(RECORD)).info
    assert info.channels[0].display[1] > 1000


def test_another_tiff_cannot_be_taken_up(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", cells((30, 40)))
    with pytest.raises(errors.Damaged, match="not an unfinished result"):
        OmeTiffSink.resume(tmp_path / "a.tif")


# names


def test_an_existing_file_is_never_overwritten(tmp_path):
    (tmp_path / "a.ome.tif").write_text("precious")
    assert written(tmp_path / "a.ome.tif", cells((1, 1, 1, 30, 40))).name == "a_2.ome.tif"
    assert written(tmp_path / "a.ome.tif", cells((1, 1, 1, 30, 40))).name == "a_3.ome.tif"
    assert (tmp_path / "a.ome.tif").read_text() == "precious"


def test_two_unfinished_files_do_not_share_a_name(tmp_path):
    info = info_for((1, 1, 1, 30, 40))
    first = OmeTiffSink.create(tmp_path / "a.ome.tif", info)
    second = OmeTiffSink.create(tmp_path / "a.ome.tif", info)
    assert first.path != second.path
    assert {first.close(RECORD).name, second.close(RECORD).name} == {"a.ome.tif", "a_2.ome.tif"}


def test_a_name_that_was_taken_meanwhile_is_not_taken_away(tmp_path):
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for((1, 1, 1, 30, 40)))
    (tmp_path / "a.ome.tif").write_text("precious")
    assert sink.close(RECORD).name == "a_2.ome.tif"
    assert (tmp_path / "a.ome.tif").read_text() == "precious"


def test_closing_leaves_nothing_but_the_result(tmp_path):
    written(tmp_path / "a.ome.tif", cells((1, 1, 1, 30, 40)))
    assert [path.name for path in tmp_path.iterdir()] == ["a.ome.tif"]


def test_abandoning_leaves_nothing(tmp_path):
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for((1, 1, 1, 30, 40)))
    sink.abandon()
    sink.abandon()
    assert list(tmp_path.iterdir()) == []


# conversion


def test_numbers_are_rounded_and_limited_to_what_the_type_holds(opened, tmp_path):
    values = np.array([-3.0, 0.4, 0.6, 254.7, 300.0, np.nan, np.inf, -np.inf], "f4").reshape(1, 1, 1, 1, 8)
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for(values.shape, "uint8"))
    sink.write(sink.info.whole(), values)
    source = opened(sink.close(RECORD))
    assert source.read(source.info.whole()).ravel().tolist() == [0, 0, 1, 255, 255, 0, 255, 0]


@pytest.mark.parametrize(("asked", "stored"), [("float16", "float32"), ("bool", "uint8")])
def test_types_without_a_name_in_ome_are_stored_in_the_next_larger(tmp_path, asked, stored):
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for((1, 1, 1, 30, 40), asked))
    assert sink.info.dtype == stored
    sink.abandon()


def test_a_type_that_cannot_be_stored_is_refused(tmp_path):
    with pytest.raises(errors.NotSupported, match="int64"):
        OmeTiffSink.create(tmp_path / "a.ome.tif", info_for((1, 1, 1, 30, 40), "int64"))
    assert list(tmp_path.iterdir()) == []


def test_pixels_of_another_shape_are_a_mistake_of_the_program(tmp_path):
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for((1, 1, 1, 30, 40)))
    with pytest.raises(ValueError, match="shape"):
        sink.write(sink.info.whole(), np.zeros((1, 1, 1, 30, 41)))
    with pytest.raises(ValueError, match="not in an image"):
        sink.write(Region((0, 1), (0, 1), (0, 1), (0, 30), (1, 41)), np.zeros((1, 1, 1, 30, 40)))
    sink.abandon()


# a drive that does not cooperate


def test_a_disk_that_is_too_small_is_noticed_before_anything_is_written(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage._replace(free=1_000_000))
    with pytest.raises(errors.DiskFull) as caught:
        OmeTiffSink.create(tmp_path / "a.ome.tif", info_for((1, 1, 50, 1000, 2000), "float32"))
    assert caught.value.sentence == "The disk is nearly full: 399 MB missing for a.ome.tif."
    assert caught.value.fields["missing"] > 398_000_000
    assert list(tmp_path.iterdir()) == []


class FailingFile:
    """A file on a drive that has room for so many bytes."""

    def __init__(self, file, room: int, code: int) -> None:
        self._file, self._room, self._code = file, room, code

    def write(self, data) -> int:
        if len(data) > self._room:
            raise OSError(self._code, os.strerror(self._code))
        self._room -= len(data)
        return self._file.write(data)

    def __getattr__(self, name: str):
        return getattr(self._file, name)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(errno.ENOSPC, errors.DiskFull), (errno.EFBIG, errors.CannotWrite), (errno.EIO, errors.CannotWrite)],
)
def test_a_disk_that_fills_up_is_said_and_what_is_written_stays(opened, tmp_path, code, kind):
    pixels = cells((1, 1, 4, 100, 100), "float32")
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for(pixels.shape, "float32"))
    sink._file = FailingFile(sink._file, 100_000, code)
    for z in (0, 1):
        sink.write(sink.info.plane(z=z), pixels[:, :, z : z + 1])
    with pytest.raises(kind) as caught:
        sink.write(sink.info.plane(z=2), pixels[:, :, 2:3])
    assert caught.value.sentence.startswith(("The disk is nearly full", "a.ome.tif"))
    assert caught.value.hint
    sink.detach()
    source = opened(sink.path)
    np.testing.assert_array_equal(source.read(source.info.plane(z=1)), pixels[:, :, 1:2])


FILL_A_DRIVE = """
import sys
from pathlib import Path
import numpy as np
from app.images.errors import DiskFull
from app.images.writers.tiff import OmeTiffSink
from tests.makers import info_for

drive = Path(sys.argv[1])
sink = OmeTiffSink.create(drive / "a.ome.tif", info_for((1, 1, 4, 300, 300), "float32"))
(drive / "other").write_bytes(bytes(1_000_000))
plane = np.ones((1, 1, 1, 300, 300), "f4")
try:
    for z in range(4):
        sink.write(sink.info.plane(z=z), plane)
        sink.flush()
except DiskFull as error:
    print(z, error.fields["missing"] > 0, error.sentence)
sink.abandon()
print(sorted(path.name for path in drive.iterdir()))
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs Linux, to mount a small drive in memory")
def test_a_small_drive_that_really_fills_up(tmp_path):
    script, drive = tmp_path / "fill.py", tmp_path / "drive"
    script.write_text(FILL_A_DRIVE)
    drive.mkdir()
    mounted = f"mount -t tmpfs -o size=2m none {drive} || exit 77; {sys.executable} {script} {drive}"
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", mounted],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"may not mount a drive here: {done.stderr.strip()}")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("2 True The disk is nearly full"), done.stderr
    assert lines[1] == "['other']"


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(errors.CannotWrite, match="no folder"):
        OmeTiffSink.create(tmp_path / "gone" / "a.ome.tif", info_for((1, 1, 1, 30, 40)))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(errors.CannotWrite, match="may not be written"):
        OmeTiffSink.create(tmp_path / "a.ome.tif", info_for((1, 1, 1, 30, 40)))
    tmp_path.chmod(0o700)


def test_writing_and_closing_do_not_meet(tmp_path):
    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for((1, 1, 1, 300, 400)))
    pixels = cells((1, 1, 1, 300, 400))
    stopped = threading.Event()
    seen: list[BaseException] = []

    def keep_writing() -> None:
        while not stopped.is_set():
            try:
                sink.write(sink.info.whole(), pixels)
            except ValueError as error:
                seen.append(error)
                return

    thread = threading.Thread(target=keep_writing)
    thread.start()
    path = sink.close(RECORD)
    stopped.set()
    thread.join()
    assert path.exists()
    assert all("is closed" in str(error) for error in seen)


def test_a_name_that_is_too_long_is_told(tmp_path):
    with pytest.raises(errors.CannotWrite, match="too long"):
        OmeTiffSink.create(tmp_path / ("n" * 300 + ".ome.tif"), info_for((1, 1, 1, 30, 40)))


def test_a_file_that_cannot_be_renamed_leaves_no_empty_one(tmp_path, monkeypatch):
    def refuse(_self, _target):
        raise OSError(errno.EIO, "Input/output error")

    sink = OmeTiffSink.create(tmp_path / "a.ome.tif", info_for((1, 1, 1, 30, 40)))
    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(errors.CannotWrite):
        sink.close(RECORD)
    assert [file.name for file in tmp_path.iterdir()] == ["a.ome.tif.part"]
