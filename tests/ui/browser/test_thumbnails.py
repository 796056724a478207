import os
import threading
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtGui import QColor, QFontMetrics, QImage

from app.images.errors import TooLarge
from app.images.listing import entry_for
from app.images.record import Provenance
from app.images.writers.tiff import OmeTiffSink
from app.ui.browser import glance as glances
from app.ui.browser import thumbnails as module
from app.ui.browser.cache import PictureCache
from app.ui.browser.glance import count_images, glance
from app.ui.browser.model import in_few_words, in_full
from app.ui.browser.row import in_two_lines
from app.ui.browser.thumbnails import Glimpse, Thumbnails, glimpse, thumbnail
from tests.makers import info_for


@pytest.fixture
def noise(tmp_path):
    file = tmp_path / "noise.tif"
    tifffile.imwrite(file, np.random.default_rng(0).integers(0, 4000, (200, 400), dtype=np.uint16))
    return file


@pytest.fixture
def thumbnails(qtbot, house):
    return Thumbnails(house.background)


def test_a_thumbnail_is_small_and_keeps_the_proportions(noise):
    picture = thumbnail(noise, 80)
    assert (picture.width(), picture.height()) == (80, 40)
    assert picture.isGrayscale()


def test_a_thumbnail_of_nothing_but_nan_is_black(tmp_path):
    file = tmp_path / "nan.tif"
    tifffile.imwrite(file, np.full((64, 64), np.nan, np.float32))
    assert thumbnail(file, 32).pixelColor(5, 5).value() == 0


def test_several_channels_have_the_colours_of_the_viewer(tmp_path):
    file = tmp_path / "two.tif"
    planes = np.zeros((2, 64, 64), np.uint16)
    planes[0, :, :32] = 900
    planes[1, :, 32:] = 30
    tifffile.imwrite(file, planes, imagej=True, metadata={"axes": "CYX"})
    picture = thumbnail(file, 64)
    left, right = picture.pixelColor(5, 5), picture.pixelColor(60, 5)
    assert (left.red(), left.green() > 200, left.blue() > 200) == (0, True, True)
    assert (right.red() > 200, right.green(), right.blue() > 200) == (True, 0, True)


def test_a_stack_says_how_deep_it_is(stack):
    seen = glimpse(entry_for(stack), None)
    assert seen.about == "Z 3 · C 2"
    assert in_few_words(entry_for(stack), seen)[0] == "Z 3 · C 2"


def test_a_result_is_known_by_its_record(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 900, (1, 1, 1, 40, 50), dtype=np.uint16)
    sink = OmeTiffSink.create(tmp_path / "a_restored.ome.tif", info_for(pixels.shape, "uint16"))
    sink.write(sink.info.whole(), pixels)
    entry = entry_for(sink.close(Provenance(model_id="simple-smoothing")))
    seen = glimpse(entry, None)
    assert seen.is_result
    assert "Restored by this program" in in_full(entry, seen)
    plain = tmp_path / "plain.ome.tif"
    tifffile.imwrite(plain, pixels[0, 0, 0])
    assert not glimpse(entry_for(plain), None).is_result


def test_long_names_of_tiles_break_where_they_have_a_break(qapp):
    metrics = QFontMetrics(qapp.font())
    width = metrics.horizontalAdvance("leica_xz_example.li")
    assert in_two_lines("short.tif", metrics, width) == ("short.tif",)
    assert in_two_lines("leica_xz_example.lif", metrics, width) == ("leica_xz_example.", "lif")
    first, second = in_two_lines("m" * 200, metrics, width)
    assert len(first) < 20
    assert "…" in second


def test_a_giant_plane_without_coarser_copies_is_sampled(noise, monkeypatch):
    whole = glance(noise, 50)
    monkeypatch.setattr(glances, "MOST_BYTES", 400 * 2 * 30)
    read = []
    known = glances._read

    def counted(source, channel, level, rows):
        read.append(rows)
        return known(source, channel, level, rows)

    monkeypatch.setattr(glances, "_read", counted)
    sampled = glance(noise, 50)
    assert len(read) <= 30
    assert all(bottom - top == 1 for top, bottom in read)
    assert sampled.pixels.shape == (25, 50)
    assert whole.pixels.shape == (25, 50)


def test_sampling_ends_when_the_time_is_up(noise, monkeypatch):
    monkeypatch.setattr(glances, "MOST_BYTES", 400 * 2 * 30)
    monkeypatch.setattr(glances, "MOST_SECONDS", -1.0)
    assert glance(noise, 50).pixels.shape == (25, 50)


def test_a_giant_picture_that_must_be_unpacked_as_a_whole_is_left_alone(tmp_path, monkeypatch):
    file = tmp_path / "giant.png"
    image = QImage(64, 64, QImage.Format.Format_RGB888)
    image.fill(QColor("red"))
    image.save(str(file))
    assert thumbnail(file, 32).pixelColor(3, 3) == QColor("red")
    monkeypatch.setattr(glances, "UNPACKED_WHOLE", 1000)
    with pytest.raises(TooLarge):
        glance(file, 32)


def test_rows_come_ever_denser():
    assert sorted(glances._ever_denser(21)) == list(range(21))
    assert list(glances._ever_denser(8))[:4] == [0, 4, 2, 6]
    assert list(glances._ever_denser(1)) == [0]


def test_only_what_is_wished_for_last_is_made(thumbnails, qtbot, tmp_path, monkeypatch):
    gate, made = threading.Event(), []
    monkeypatch.setattr(module, "AT_ONCE", 1)
    monkeypatch.setattr(module, "glimpse", lambda entry, cache: (gate.wait(20), Glimpse())[1])
    thumbnails.made.connect(made.append)
    entries = []
    for number in range(6):
        (tmp_path / f"{number}.tif").touch()
        entries.append(entry_for(tmp_path / f"{number}.tif"))
    thumbnails.wish(entries[:3])
    thumbnails.wish(entries[4:])
    gate.set()
    qtbot.waitUntil(lambda: len(made) == 3)
    assert [path.name for path in made] == ["0.tif", "4.tif", "5.tif"]


def test_drives_that_do_not_answer_hold_up_no_other_pictures(thumbnails, qtbot, tmp_path, monkeypatch):
    gate, made = threading.Event(), []
    monkeypatch.setattr(module, "AT_ONCE", 1)
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    thumbnails._again.setInterval(50)

    def look(entry, cache):
        if entry.name == "stuck.tif":
            gate.wait(20)
        return Glimpse()

    monkeypatch.setattr(module, "glimpse", look)
    thumbnails.made.connect(made.append)
    for name in ("stuck.tif", "good.tif"):
        (tmp_path / name).touch()
    thumbnails.wish([entry_for(tmp_path / "stuck.tif"), entry_for(tmp_path / "good.tif")])
    qtbot.waitUntil(lambda: [path.name for path in made] == ["good.tif"])
    gate.set()
    qtbot.waitUntil(lambda: len(made) == 2)


def test_a_file_that_cannot_be_read_says_why(thumbnails, qtbot, bad_file):
    entry = entry_for(bad_file)
    with qtbot.waitSignal(thumbnails.made):
        thumbnails.wish([entry])
    seen = thumbnails.get(bad_file)
    assert seen.picture is None
    assert "letter.tif is not a TIF image" in in_full(entry, seen)


def test_a_fault_of_a_reader_disturbs_nobody(thumbnails, qtbot, noise, monkeypatch, caplog):
    monkeypatch.setattr(module, "glimpse", lambda entry, cache: 1 / 0)
    with qtbot.waitSignal(thumbnails.made):
        thumbnails.wish([entry_for(noise)])
    assert thumbnails.get(noise).problem == "There is no small picture of this file."
    assert "noise.tif has no small picture" in caplog.text


def test_a_changed_file_is_looked_at_again(thumbnails, qtbot, noise):
    with qtbot.waitSignal(thumbnails.made):
        thumbnails.wish([entry_for(noise)])
    with qtbot.assertNotEmitted(thumbnails.made, wait=100):
        thumbnails.wish([entry_for(noise)])
    tifffile.imwrite(noise, np.zeros((5, 50, 50), np.uint8))
    with qtbot.waitSignal(thumbnails.made):
        thumbnails.wish([entry_for(noise)])
    assert thumbnails.get(noise).about != ""


def test_a_folder_says_how_many_images_it_holds(tmp_path, noise):
    (tmp_path / "notes.txt").touch()
    assert count_images(tmp_path) == 1
    assert count_images(tmp_path / "gone") is None
    entry = entry_for(tmp_path)
    assert glimpse(type(entry)(tmp_path.parent, tmp_path.name, is_folder=True), None).about == "1 image"


# The cache on the disk


@pytest.fixture
def cache(tmp_path):
    return PictureCache(tmp_path / "cache")


def test_a_picture_is_found_again(cache, stack, monkeypatch):
    entry = entry_for(stack)
    first = glimpse(entry, cache)
    monkeypatch.setattr(glances, "glance", lambda path, side: 1 / 0)
    again = glimpse(entry, cache)
    assert (again.about, again.is_result, again.stamp) == ("Z 3 · C 2", False, first.stamp)
    assert again.picture.size() == first.picture.size()


def test_another_time_or_size_is_another_picture(cache, noise):
    before = cache.file_for(entry_for(noise))
    os.utime(noise, (1e9, 1e9))
    assert cache.file_for(entry_for(noise)) != before


@pytest.mark.qt_log_ignore("JPEG")
@pytest.mark.parametrize("damage", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut"])
def test_a_damaged_picture_is_made_again(cache, noise, damage):
    entry = entry_for(noise)
    glimpse(entry, cache)
    cache.file_for(entry).write_bytes(damage)
    assert cache.load(entry) is None
    assert glimpse(entry, cache).picture is not None
    assert cache.load(entry) is not None


def test_a_picture_with_foreign_facts_is_made_again(cache, noise):
    entry = entry_for(noise)
    picture = QImage(20, 20, QImage.Format.Format_RGB888)
    picture.fill(QColor("red"))
    file = cache.file_for(entry)
    file.parent.mkdir(parents=True)
    for text in ("", "[1]", "{"):
        picture.setText("Micrographia", text)
        picture.save(str(file), "JPEG")
        assert cache.load(entry) is None


def test_the_least_recently_used_pictures_go_first(tmp_path, noise):
    cache = PictureCache(tmp_path / "small", most_bytes=40_000)
    image = thumbnail(noise, 200)
    entries = []
    for number in range(8):
        file = tmp_path / f"{number}.tif"
        file.write_bytes(b"x" * number)
        entries.append(entry_for(file))
        cache.store(entries[-1], image, {})
        os.utime(cache.file_for(entries[-1]), (1e9 + number, 1e9 + number))
    assert cache.load(entries[0]) is not None  # which marks it as used
    cache.tidy()
    left = [cache.file_for(entry).exists() for entry in entries]
    assert left[0]
    assert not left[1]
    assert left[-1]
    kept = [
        cache.file_for(entry).stat().st_size for entry, is_left in zip(entries, left, strict=True) if is_left
    ]
    assert sum(kept) <= 40_000


def test_a_cache_that_cannot_be_written_costs_nothing_else(tmp_path, noise):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    assert glimpse(entry_for(noise), PictureCache(blocked)).picture is not None


def test_two_windows_share_one_cache(tmp_path, noise):
    one, other = PictureCache(tmp_path / "shared"), PictureCache(tmp_path / "shared")
    entry = entry_for(noise)
    found = []
    threads = [
        threading.Thread(target=lambda cache=cache: found.append(glimpse(entry, cache)))
        for cache in (one, other) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert other.load(entry) is not None
    assert list(Path(tmp_path / "shared").rglob("*.part")) == []
