"""Folders that are images: known by what they hold, listed like files, never looked into."""

import json
import os
from pathlib import Path

import pytest

from app.images.open import is_image_folder

ARRAY = {"zarr_format": 2, "shape": [4, 4], "chunks": [4, 4], "dtype": "|u1", "order": "C"}


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


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
