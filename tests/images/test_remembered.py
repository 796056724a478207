import json
import os

import pytest

from app.images import remembered
from app.images.remembered import FORMAT, STORE_NAME, NotRemembered, RememberedReadings
from models.source import PixelSize, Reading

SAID = Reading("TYX", PixelSize(z=0.3, y=0.1, x=0.2), time_interval_s=2.5)


@pytest.fixture
def store(tmp_path):
    return RememberedReadings(tmp_path / "data")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "µ cells.tif"
    path.write_bytes(b"some pixels")
    return path


def test_what_was_said_is_known_tomorrow(store, file, tmp_path):
    store.remember(file, 0, SAID)
    assert RememberedReadings(tmp_path / "data").find(file) == SAID
    assert store.find(file, scene=1) is None


def test_each_scene_has_its_own(store, file):
    store.remember(file, 0, SAID)
    store.remember(file, 3, Reading("CYX"))
    assert (store.find(file), store.find(file, 3)) == (SAID, Reading("CYX"))
    store.remember(file, 0, Reading())
    assert (store.find(file), store.find(file, 3)) == (None, Reading("CYX"))


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_file_that_changed_starts_afresh(store, file, change):
    store.remember(file, 0, SAID)
    if change == "size":
        file.write_bytes(b"other pixels")
    else:
        os.utime(file, ns=(1, 1))
    assert store.find(file) is None
    store.remember(file, 1, Reading("CYX"))
    assert store.find(file) is None


def test_what_another_process_stored_is_seen(store, file, tmp_path):
    assert store.find(file) is None
    RememberedReadings(tmp_path / "data").remember(file, 0, SAID)
    assert store.find(file) == SAID


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"format": "x"}', "null", "[" * 100_000, f'{{"format": "{FORMAT}", "files": 3}}']
)
def test_a_damaged_store_costs_only_itself(store, file, tmp_path, text, caplog):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / STORE_NAME).write_text(text)
    assert store.find(file) is None
    store.remember(file, 0, SAID)
    assert store.find(file) == SAID


@pytest.mark.parametrize(
    "row",
    [
        3,
        {"stamp": 3},
        {"stamp": [], "scenes": 4},
        {"scenes": {"0": {"axes": "TYX", "um": [1, 2], "interval_s": None}}},
        {"scenes": {"0": {"axes": "TYX", "um": [-1, 2, 3], "interval_s": None}}},
        {"scenes": {"0": {"axes": 7, "um": [1, 2, 3], "interval_s": None}}},
        {"scenes": {"0": {"axes": "TYX", "um": [1, 2, float("nan")], "interval_s": "x"}}},
    ],
)
def test_a_damaged_row_costs_only_itself(store, file, tmp_path, row):
    other = tmp_path / "other.tif"
    other.write_bytes(b"x")
    store.remember(other, 0, SAID)
    store.remember(file, 0, SAID)
    where = tmp_path / "data" / STORE_NAME
    found = json.loads(where.read_text())
    stamp = found["files"][str(file)]["stamp"]
    found["files"][str(file)] = {"stamp": stamp, **row} if isinstance(row, dict) else row
    where.write_text(json.dumps(found))
    assert store.find(file) is None
    assert store.find(other) == SAID
    store.remember(file, 0, SAID)
    assert store.find(file) == SAID


def test_the_oldest_are_forgotten(store, tmp_path, monkeypatch):
    monkeypatch.setattr(remembered, "MOST_FILES", 3)
    files = [tmp_path / f"{number}.tif" for number in range(5)]
    for path in files:
        path.write_bytes(b"x")
        store.remember(path, 0, SAID)
    assert [store.find(path) is not None for path in files] == [False, False, True, True, True]


def test_names_that_are_no_text_are_kept(store, tmp_path):
    path = tmp_path / os.fsdecode(b"broken \xff name.tif")
    path.write_bytes(b"x")
    store.remember(path, 0, SAID)
    assert store.find(path) == SAID


def test_a_store_that_cannot_be_written_is_told(tmp_path, file):
    (tmp_path / "data").write_text("a file in the way")
    with pytest.raises(NotRemembered) as told:
        RememberedReadings(tmp_path / "data").remember(file, 0, SAID)
    assert file.name in told.value.sentence


def test_nothing_is_left_beside_the_store(store, file, tmp_path):
    store.remember(file, 0, SAID)
    assert [path.name for path in (tmp_path / "data").iterdir()] == [STORE_NAME]
