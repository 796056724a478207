import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from app.images.errors import CannotWrite, DiskFull, NotSupported
from app.images.picture import png, resized
from app.images.writers import mp4
from app.images.writers.apng import ApngWriter
from app.images.writers.gif import GifWriter
from app.images.writers.growing import GrowingFile, write_whole
from app.images.writers.mp4 import Mp4Writer

COUNT = 5


def frames_of(width=64, height=48, colours=3):
    """Return frames in which a bright square wanders over a ramp."""
    y, x = np.mgrid[:height, :width]
    made = []
    for number in range(COUNT):
        frame = np.zeros((height, width, 3), np.uint8)
        frame[..., 0] = x * 255 // width
        frame[..., 1 % colours] = y * 255 // height
        frame[10:20, 8 * number : 8 * number + 8] = 255
        made.append(frame if colours > 1 else np.repeat(frame[..., :1], 3, axis=2))
    return made


def write(writer, frames):
    for frame in frames:
        writer.add(frame)
    return writer.close()


def read(path):
    """Return the frames that Pillow finds, and how long each is shown in milliseconds."""
    with Image.open(path) as image:
        found, shown = [], []
        for number in range(image.n_frames):
            image.seek(number)
            found.append(np.asarray(image.convert("RGB")))
            shown.append(image.info["duration"])
        return found, shown, image.info["loop"]


def test_an_apng_loses_nothing(tmp_path):
    frames = frames_of()
    path = write(ApngWriter(tmp_path / "a.png", (64, 48), per_second=8, count=COUNT), frames)
    found, shown, loop = read(path)
    assert len(found) == COUNT
    for frame, expected in zip(found, frames, strict=True):
        np.testing.assert_array_equal(frame, expected)
    assert shown == [125] * COUNT
    assert loop == 0


def test_an_apng_that_ends_early_says_how_many_frames_there_are(tmp_path):
    path = write(ApngWriter(tmp_path / "a.png", (64, 48), per_second=8, count=99), frames_of()[:2])
    assert len(read(path)[0]) == 2


def test_a_gray_gif_loses_nothing(tmp_path):
    frames = frames_of(colours=1)
    writer = GifWriter(tmp_path / "a.gif", (64, 48), per_second=20, count=COUNT, samples=frames[:1])
    found, shown, loop = read(write(writer, frames))
    for frame, expected in zip(found, frames, strict=True):
        np.testing.assert_array_equal(frame, expected)
    assert shown == [50] * COUNT
    assert loop == 0


def test_a_coloured_gif_is_near_in_every_frame(tmp_path):
    frames = frames_of()
    writer = GifWriter(tmp_path / "a.gif", (64, 48), per_second=10, count=COUNT, samples=frames[::2])
    found, *_ = read(write(writer, frames))
    assert len(found) == COUNT
    for frame, expected in zip(found, frames, strict=True):
        assert np.abs(frame.astype(int) - expected).mean() < 8


def test_a_gif_keeps_time_although_it_counts_hundredths(tmp_path):
    frames = frames_of(colours=1) * 6
    writer = GifWriter(tmp_path / "a.gif", (64, 48), per_second=30, count=30, samples=frames[:1])
    _found, shown, _loop = read(write(writer, frames))
    assert set(shown) == {30, 40}
    assert sum(shown) == 1000


def needs_ffmpeg():
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        pytest.skip("needs ffmpeg and ffprobe")


def probed(path, entries):
    command = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0"]
    command += ["-show_entries", f"stream={entries}", "-of", "default=noprint_wrappers=1", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in done.stdout.split())


def test_an_mp4_is_what_every_player_plays(tmp_path):
    needs_ffmpeg()
    name = "-a film %03d: µ.mp4"
    path = write(Mp4Writer(tmp_path / name, (64, 48), per_second=12.5, count=COUNT), frames_of())
    assert path == tmp_path / name
    found = probed(path, "codec_name,pix_fmt,width,height,r_frame_rate,nb_read_frames,color_space")
    assert found == {
        "codec_name": "h264",
        "pix_fmt": "yuv420p",
        "width": "64",
        "height": "48",
        "r_frame_rate": "25/2",
        "nb_read_frames": str(COUNT),
        "color_space": "bt709",
    }
    command = ["ffmpeg", "-v", "error", "-i", f"file:{path}", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    found_frames = np.frombuffer(raw, np.uint8).reshape(COUNT, 48, 64, 3)
    assert np.abs(found_frames.astype(int) - np.stack(frames_of())).mean() < 12


def test_a_film_needs_even_sizes(tmp_path):
    with pytest.raises(ValueError, match="even"):
        Mp4Writer(tmp_path / "a.mp4", (63, 48), per_second=10, count=1)


def test_a_missing_ffmpeg_is_told_with_what_works_instead(tmp_path, monkeypatch):
    monkeypatch.setattr(mp4.shutil, "which", lambda name: None)
    with pytest.raises(NotSupported) as caught:
        Mp4Writer(tmp_path / "a.mp4", (64, 48), per_second=10, count=1)
    assert "GIF" in caught.value.hint
    assert not list(tmp_path.glob("a*"))


def test_an_ffmpeg_without_h264_or_that_does_not_start_is_told(tmp_path, monkeypatch):
    program = tmp_path / "program"
    monkeypatch.setattr(mp4, "find_ffmpeg", lambda: str(program))
    with pytest.raises(NotSupported, match="does not start"):
        Mp4Writer(tmp_path / "a.mp4", (64, 48), per_second=10, count=1)
    program.write_text("#!/bin/sh\necho ' V..... mpeg4  MPEG-4'\n")
    program.chmod(0o755)
    with pytest.raises(NotSupported, match=r"H\.264"):
        Mp4Writer(tmp_path / "a.mp4", (64, 48), per_second=10, count=1)


def test_what_ffmpeg_says_when_it_gives_up_is_passed_on_and_no_file_stays(tmp_path, monkeypatch):
    program = tmp_path / "program"
    program.write_text(
        "#!/bin/sh\ncase $2 in -encoders) echo ' V..... libx264  H.264';;\n"
        "*) echo 'No room for more frames' >&2; exit 1;; esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(mp4, "find_ffmpeg", lambda: str(program))
    writer = Mp4Writer(tmp_path / "a.mp4", (640, 480), per_second=10, count=1)
    with pytest.raises(CannotWrite, match="No room for more frames"):
        write(writer, frames_of(640, 480) * 20)
    writer.abandon()
    assert not list(tmp_path.glob("a.*"))


@pytest.mark.parametrize("kind", ["gif", "apng", "mp4"])
def test_what_is_abandoned_leaves_nothing_behind(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "mp4":
        needs_ffmpeg()
        writer = Mp4Writer(path, (64, 48), per_second=10, count=COUNT)
    elif kind == "apng":
        writer = ApngWriter(path, (64, 48), per_second=10, count=COUNT)
    else:
        writer = GifWriter(path, (64, 48), per_second=10, count=COUNT, samples=frames_of())
    assert writer._file.path.exists() if kind != "mp4" else writer.path.exists()
    writer.add(frames_of()[0])
    writer.abandon()
    writer.abandon()
    assert not list(tmp_path.glob("a.*"))


def test_a_name_that_is_taken_is_left_alone(tmp_path):
    (tmp_path / "a.gif").write_text("mine")
    writer = GifWriter(tmp_path / "a.gif", (64, 48), per_second=10, count=COUNT, samples=frames_of())
    assert write(writer, frames_of()).name == "a_2.gif"
    assert (tmp_path / "a.gif").read_text() == "mine"
    assert write_whole(tmp_path / "a.gif", b"x").name == "a_3.gif"


def test_a_full_drive_is_told(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage._replace(free=10))
    with pytest.raises(DiskFull):
        write_whole(tmp_path / "a.png", b"x" * 11)
    with pytest.raises(CannotWrite):
        GrowingFile(tmp_path / "no such folder" / "a.png", 0)
    assert not list(tmp_path.glob("a*"))


def test_a_png_says_how_large_it_prints_and_where_it_comes_from(tmp_path):
    (tmp_path / "a.png").write_bytes(png(frames_of()[0], dpi=300, texts=(("Title", "µ-cells"),)))
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert image.text["Title"] == "µ-cells"
        np.testing.assert_array_equal(np.asarray(image), frames_of()[0])


def test_pictures_grow_as_squares_and_shrink_as_means():
    small = np.zeros((2, 2, 3), np.uint8)
    small[0, 0] = 200
    large = resized(small, (0, 0, 2, 2), (6, 6))
    assert (large[:3, :3] == 200).all()
    assert large.sum() == small.sum() * 9
    np.testing.assert_array_equal(resized(large, (0, 0, 6, 6), (1, 1)), [[[50] * 3]])
    assert np.shares_memory(resized(large, (1, 2, 5, 6), (4, 4)), large)
    np.testing.assert_array_equal(resized(large, (0.5, 0.5, 2.5, 2.5), (2, 2)), np.full((2, 2, 3), 200))
