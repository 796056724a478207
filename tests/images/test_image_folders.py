"""Folders that are images: known by what they hold, listed like files, never looked into."""

import hashlib
import os
from pathlib import Path

import pytest

from app.images import errors
from app.images.digest import sha256_of
from app.images.folders import files_below, images_in, list_images, pair_by_name, stem
from app.images.open import is_image_folder
from app.images.remembered import stamp_of
from tests.images.zarr_maker import write_image, write_json
from tests.makers import cells

ARRAY = {"zarr_format": 2, "shape": [4, 4], "chunks": [4, 4], "dtype": "|u1", "order": "C"}


@pytest.mark.parametrize("word", ["multiscales", "plate", "well", "bioformats2raw.layout"])
@pytest.mark.parametrize("version", [2, 3])
def test_a_folder_is_an_image_by_what_it_says_whatever_its_name(tmp_path, word, version):
    if version == 2:
        write_json(tmp_path / ".zgroup", {"zarr_format": 2})
        write_json(tmp_path / ".zattrs", {word: []})
    else:
        write_json(
            tmp_path / "zarr.json",
            {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {word: []}}},
        )
    assert is_image_folder(tmp_path)


def test_plain_arrays_and_groups_of_arrays_are_images(tmp_path):
    write_json(tmp_path / "array" / ".zarray", ARRAY)
    write_json(tmp_path / "group" / ".zgroup", {"zarr_format": 2})
    write_json(tmp_path / "group" / "a" / ".zarray", ARRAY)
    write_json(tmp_path / "new" / "zarr.json", {"zarr_format": 3, "node_type": "group"})
    write_json(tmp_path / "new" / "a" / "zarr.json", {"zarr_format": 3, "node_type": "array"})
    assert all(is_image_folder(tmp_path / name) for name in ("array", "group", "new"))


def test_a_group_of_groups_is_a_folder_with_images(tmp_path):
    inner = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"multiscales": []}}}
    consolidated = {"metadata": {"a": inner}}
    write_json(
        tmp_path / "zarr.json",
        {"zarr_format": 3, "node_type": "group", "consolidated_metadata": consolidated},
    )
    write_json(tmp_path / "a" / "zarr.json", inner)
    assert not is_image_folder(tmp_path)
    assert is_image_folder(tmp_path / "a")


def test_other_folders_and_files_are_none(tmp_path):
    (tmp_path / "name.zarr").mkdir()
    (tmp_path / "a.txt").touch()
    assert not any(is_image_folder(tmp_path / name) for name in ("", "name.zarr", "a.txt", "gone"))
    assert not is_image_folder(Path("a\0b"))


def test_an_image_folder_with_damaged_metadata_is_still_one(tmp_path):
    (tmp_path / ".zattrs").write_text('{"multiscales": [')
    assert is_image_folder(tmp_path)
    (tmp_path / ".zattrs").write_text("Dear diary")
    assert not is_image_folder(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_metadata_does_not_hold_up_the_listing(tmp_path):
    os.mkfifo(tmp_path / ".zattrs")
    assert not is_image_folder(tmp_path)


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A folder with images of both kinds, and folders of them."""
    folder = tmp_path / "day"
    for name in ("b2.ome.zarr", "b10.zarr", "night/c", "half.ome.zarr.part"):
        write_image(folder / name, cells((20, 30)))
    (folder / "b3.tif").touch()
    (folder / "night" / "d.png").touch()
    (folder / "empty").mkdir()
    return folder


def test_image_folders_are_listed_among_the_files_and_not_looked_into(day):
    assert [path.name for path in list_images(day)] == ["b2.ome.zarr", "b3.tif", "b10.zarr"]
    found = [path.name for path in list_images(day, recursive=True)]
    assert found == ["b2.ome.zarr", "b3.tif", "b10.zarr", "c", "d.png"]


def test_a_link_to_an_image_folder_is_an_image(day):
    try:
        (day / "empty" / "link").symlink_to(day / "b10.zarr", target_is_directory=True)
    except OSError:
        pytest.skip("needs links")
    assert [path.name for path in list_images(day / "empty")] == ["link"]


def test_an_image_folder_is_one_input_and_so_is_a_file_of_its_metadata(day):
    inputs, failures = images_in([day / "b10.zarr", day / "b2.ome.zarr" / ".zattrs", day / "empty"])
    assert [path.name for path in inputs] == ["b10.zarr", "b2.ome.zarr"]
    assert [type(failure) for failure in failures] == [errors.NoImages]


def test_image_folders_pair_with_files_by_name(tmp_path):
    write_image(tmp_path / "low" / "cell 1.ome.zarr", cells((20, 30)))
    (tmp_path / "high").mkdir()
    (tmp_path / "high" / "cell 1.tif").touch()
    pairs = pair_by_name(tmp_path / "low", tmp_path / "high")
    assert [(low.name, high.name) for low, high in pairs] == [("cell 1.ome.zarr", "cell 1.tif")]


@pytest.mark.parametrize(("name", "expected"), [("a.ome.zarr", "a"), ("a.b.zarr", "a.b"), ("a", "a")])
def test_the_stem_of_an_image_folder_leaves_out_its_suffix(name, expected):
    assert stem(Path(name)) == expected


def test_all_files_below_a_folder_count_image_folders_as_files(day):
    found = sorted(path.relative_to(day).as_posix() for path in files_below(day))
    assert found == ["b10.zarr", "b2.ome.zarr", "b3.tif", "half.ome.zarr.part", "night/c", "night/d.png"]


def test_a_stamp_changes_with_the_metadata_of_a_level(day):
    path = day / "b10.zarr"
    before = stamp_of(path)
    (path / ".DS_Store").touch()
    assert stamp_of(path) == before
    with (path / "0" / ".zarray").open("a") as file:
        file.write(" ")
    assert stamp_of(path) != before


def test_the_checksum_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"pixels" * 10**6)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(b"pixels" * 10**6).hexdigest()
    assert sha256_of(tmp_path / "a", lambda: True) == ""


def test_the_checksum_of_a_folder_is_that_of_its_list_and_metadata(tmp_path):
    path = write_image(tmp_path / "a", cells((20, 30)))
    lines = b""
    for name in (".zattrs", ".zgroup", "0/.zarray"):
        text = (path / name).read_bytes()
        lines += f"{name} {len(text)}\n".encode() + text
    lines += f"0/0/0 {(path / '0' / '0' / '0').stat().st_size}\n".encode()
    assert sha256_of(path) == hashlib.sha256(lines).hexdigest()


def test_the_checksum_of_a_folder_is_bounded(tmp_path, monkeypatch):
    path = write_image(tmp_path / "a", cells((20, 30)))
    monkeypatch.setattr("app.images.digest.MOST_FILES", 2)
    before = sha256_of(path)
    (path / "0" / "0" / "0").write_bytes(b"")
    assert sha256_of(path) == before
    (path / ".zattrs").write_text("{}")
    assert sha256_of(path) != before
