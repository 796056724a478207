import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.images import listing
from app.images.errors import FileGone
from app.images.folders import natural_key
from app.images.listing import Entry, entry_for, format_of, list_folder, measured


def heard(folder, is_left=lambda: False):
    found = []
    list_folder(folder, found.append, is_left)
    return found


def test_folders_come_first_and_numbers_are_counted(tmp_path):
    for name in ("inner 2", "inner 10", ".hidden"):
        (tmp_path / name).mkdir()
    for name in ("cell 10.tif", "cell 2.tif", "Cell 1.png", "notes.txt", ".secret.tif"):
        (tmp_path / name).write_bytes(b"12345")
    last = heard(tmp_path)[-1]
    names = [entry.name for entry in last.entries]
    assert names == ["inner 2", "inner 10", "Cell 1.png", "cell 2.tif", "cell 10.tif"]
    assert [entry.is_folder for entry in last.entries] == [True, True, False, False, False]
    assert last.is_complete
    assert last.is_measured


def test_names_are_told_before_sizes(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"12345")
    names, sizes = heard(tmp_path)
    assert names.entries[0].size is None
    assert not names.is_measured
    assert sizes.entries[0].size == 5
    assert sizes.entries[0].modified_ns == (tmp_path / "a.tif").stat().st_mtime_ns


def test_a_folder_on_the_network_is_not_asked_for_sizes(tmp_path, monkeypatch):
    (tmp_path / "a.tif").write_bytes(b"12345")
    monkeypatch.setattr(listing, "is_on_network", lambda _folder: True)
    (only,) = heard(tmp_path)
    assert only.is_on_network
    assert only.entries[0].size is None
    assert measured(only.entries, lambda: False)[0].size == 5


def test_what_takes_long_is_told_bit_by_bit(tmp_path, monkeypatch):
    for number in range(5):
        (tmp_path / f"{number}.tif").touch()
    monkeypatch.setattr(listing, "FIRST_NEWS_S", -1.0)
    first = heard(tmp_path)[0]
    assert not first.is_complete
    assert len(first.entries) == 1


def test_a_listing_that_nobody_waits_for_ends(tmp_path):
    (tmp_path / "a.tif").touch()
    assert heard(tmp_path, lambda: True) == []


def test_a_folder_that_is_gone_is_told_in_a_sentence(tmp_path):
    with pytest.raises(FileGone, match="is not there any more"):
        heard(tmp_path / "nowhere")


def test_an_image_that_is_a_folder_is_an_image(tmp_path):
    store = tmp_path / "field.zarr"
    store.mkdir()
    (store / ".zattrs").write_text('{"multiscales": [{"datasets": [{"path": "0"}]}]}')
    (store / ".zgroup").write_text('{"zarr_format": 2}')
    (entry,) = heard(tmp_path)[-1].entries
    assert not entry.is_folder
    assert entry.format == "OME-Zarr"
    assert entry.size is None


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.tif", "TIFF"),
        ("a.OME.TIFF", "TIFF"),
        ("a.lsm", "LSM"),
        ("a.jpg", "JPEG"),
        ("a.png", "PNG"),
        ("a.b.svs", "SVS"),
        ("a.txt", ""),
        ("tif", ""),
        ("a.tif.part", ""),
    ],
)
def test_formats_are_known_by_name(name, wanted):
    assert format_of(name) == wanted


def test_a_file_that_vanished_has_no_entry(tmp_path):
    assert entry_for(tmp_path / "gone.tif") is None
    gone = Entry(tmp_path, "gone.tif", format="TIFF")
    assert measured([gone], lambda: False) == (gone,)


@given(st.lists(st.from_regex(r"[a-z _]{0,3}[0-9]{0,4}[a-z]{0,2}[0-9]{0,3}\.tif", fullmatch=True)))
def test_entries_are_sorted_like_everywhere_else(names):
    kept = listing._Sorted()
    for name in names:
        kept.add(Entry(os.sep, name))
    assert [natural_key(entry.name) for entry in kept] == sorted(natural_key(name) for name in names)


def test_large_folders_are_sorted_in_chunks(monkeypatch):
    monkeypatch.setattr(listing, "CHUNK", 10)
    kept = listing._Sorted()
    for number in reversed(range(95)):
        kept.add(Entry(os.sep, f"{number}.tif"))
    assert [entry.name for entry in kept] == [f"{number}.tif" for number in range(95)]


def test_a_listing_can_be_left_from_another_thread(tmp_path):
    for number in range(3000):
        (tmp_path / f"{number}.tif").touch()
    left = threading.Event()
    left.set()
    assert heard(tmp_path, left.is_set) == []
