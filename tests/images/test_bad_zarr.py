"""Zarr folders by strangers: each fault gets one sentence, and nothing outside the folder is read."""

import copy
import json
import os
import re
import shutil
import struct
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.images import errors
from app.images.open import open_image, read_metadata
from models.errors import UserError
from models.source import Region
from tests.images.zarr_maker import multiscale, write_array, write_group, write_image, write_json
from tests.makers import cells

ESCAPES = [
    "../other", "0/../../other", "..", "/etc", "http://localhost/0", "s3://bucket/0", "file:///etc",
    "C:\\other", "..\\other", "0|zip:", "a\0b",
]  # fmt: skip
LINKS = pytest.mark.skipif(os.name == "nt", reason="needs links")


def refusal(path: Path, kind: type[UserError], scene: int = 0) -> UserError:
    """Return the error with which opening and reading `path` is refused."""
    with pytest.raises(kind) as caught:
        read_whole(path, scene)
    error = caught.value
    assert type(error) is kind
    assert error.sentence.endswith(".")
    assert error.hint.endswith(".")
    assert not re.search(r"Error|Exception|invalid|failed|!|\{", error.sentence)
    return error


def read_whole(path: Path, scene: int = 0, plane: int = 0) -> None:
    source = open_image(path, scene)
    try:
        source.read(source.info.plane(z=plane))
    finally:
        source.close()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_image(tmp_path / "a.zarr", cells((3, 40, 60)), levels=2, chunks=(1, 20, 60))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """An array beside the image, which must not be read through it."""
    return write_array(tmp_path / "other", cells((3, 40, 60)), (1, 20, 60))


def change(path: Path, **changes: object) -> None:
    file = path / ".zarray"
    write_json(file, json.loads(file.read_text()) | changes)


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("level", [0, 1])
def test_a_level_that_leads_elsewhere_is_refused(image, secret, path, level):
    said = multiscale(["z", "y", "x"], 2)
    said["datasets"][level]["path"] = path
    write_json(image / ".zattrs", {"multiscales": [said]})
    assert "not followed" in refusal(image, errors.Damaged).sentence


@pytest.mark.parametrize("path", ["../other", "/etc", "http://localhost/0"])
@pytest.mark.parametrize(
    "said",
    [
        lambda path: {"plate": {"wells": [{"path": path}]}},
        lambda path: {"well": {"images": [{"path": path}]}},
        lambda path: {"bioformats2raw.layout": 3, "series": [path]},
    ],
)
def test_wells_fields_and_series_that_lead_elsewhere_are_refused(tmp_path, secret, path, said):
    folder = write_group(tmp_path / "a", said(path))
    if "series" in said(path):
        write_group(folder / "OME", {"series": [path]})
    assert "not followed" in refusal(folder, errors.Damaged).sentence


def test_labels_that_lead_elsewhere_are_refused_when_they_are_opened(image, secret):
    write_group(image / "labels", {"labels": ["../../other"]})
    read_whole(image)
    assert "not followed" in refusal(image, errors.Damaged, scene=1).sentence


@LINKS
@pytest.mark.parametrize("what", ["0", "0/1", "0/1/0", "0/1/0/0", "0/.zarray", ".zattrs"])
def test_a_link_out_of_the_folder_is_refused(image, secret, what):
    place = image / what
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    target = secret / what.removeprefix("0").lstrip("/") if what.startswith("0") else secret / ".zarray"
    place.symlink_to(target)
    with pytest.raises(errors.Damaged, match="not followed"):
        read_whole(image, plane=1)


@LINKS
def test_links_within_the_folder_and_to_the_folder_are_followed(opened, image, tmp_path):
    shutil.rmtree(image / "0" / "1")
    (image / "0" / "1").symlink_to(image / "0" / "0")
    (tmp_path / "link").symlink_to(image)
    source = opened(tmp_path / "link")
    pixels = source.read(source.info.whole())[0, 0]
    np.testing.assert_array_equal(pixels[1], pixels[0])


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"shape": [3, 40, -60]}, errors.Damaged),
        ({"shape": [3, 40, 6.5]}, errors.Damaged),
        ({"shape": [3, 40, "60"]}, errors.Damaged),
        ({"shape": [3, 40, True]}, errors.Damaged),
        ({"shape": "large"}, errors.Damaged),
        ({"shape": [3, 40]}, errors.Damaged),
        ({"shape": [3, 0, 60]}, errors.NoPixels),
        ({"shape": [10**9, 40, 60]}, errors.Damaged),
        ({"shape": [3, 10**12, 10**12]}, errors.Damaged),
        ({"shape": [3, 10**30, 60]}, errors.Damaged),
        ({"chunks": [1, 0, 60]}, errors.Damaged),
        ({"chunks": [1, 20]}, errors.Damaged),
        ({"chunks": None}, errors.Damaged),
        ({"chunks": [1, 10**6, 10**6]}, errors.TooLarge),
        ({"chunks": [10**12, 10**12, 10**12]}, errors.TooLarge),
        ({"dtype": "<c8"}, errors.NotSupported),
        ({"dtype": "|S5"}, errors.NotSupported),
        ({"dtype": [["a", "<u2"]]}, errors.NotSupported),
        ({"dtype": "<M8[s]"}, errors.NotSupported),
        ({"dtype": "nonsense"}, errors.NotSupported),
        ({"dtype": 5}, errors.NotSupported),
        ({"dtype": "<f16"}, errors.NotSupported),
        ({"compressor": {"id": "lzma"}}, errors.NotSupported),
        ({"compressor": {"id": "imagecodecs_jpeg2k"}}, errors.NotSupported),
        ({"compressor": "zlib"}, errors.Damaged),
        ({"filters": [{"id": "delta", "dtype": "<u2"}]}, errors.NotSupported),
        ({"order": "X"}, errors.Damaged),
        ({"fill_value": "much"}, errors.Damaged),
        ({"zarr_format": 9}, errors.Damaged),
    ],
)
def test_an_array_that_makes_no_sense_is_told(image, changes, kind):
    change(image / "0", **changes)
    refusal(image, kind)


def test_a_million_channels_are_refused_before_room_is_made(tmp_path):
    path = write_image(tmp_path / "a", cells((1, 4, 4)), axes=["c", "y", "x"])
    change(path / "0", shape=[1_000_000, 4, 4])
    refusal(path, errors.Damaged)


def test_packings_of_format_3_that_nobody_knows_are_told(tmp_path):
    path = write_image(tmp_path / "a", cells((40, 60)), version=3)
    facts = json.loads((path / "0" / "zarr.json").read_text())
    codecs = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "numcodecs.pcodec"}]
    write_json(path / "0" / "zarr.json", facts | {"codecs": codecs})
    assert "packed by a method" in refusal(path, errors.NotSupported).sentence
    write_json(path / "0" / "zarr.json", facts | {"data_type": "bfloat16"})
    refusal(path, errors.NotSupported)


def test_an_index_of_a_shard_that_would_fill_the_memory_is_refused(tmp_path):
    path = write_image(tmp_path / "a", cells((40, 60)), version=3)
    facts = json.loads((path / "0" / "zarr.json").read_text())
    codecs = [{"name": "bytes", "configuration": {"endian": "little"}}]
    inner = {"chunk_shape": [1, 1], "codecs": codecs, "index_codecs": codecs}
    changes = {
        "shape": [20_000, 20_000],
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [20_000, 20_000]}},
        "codecs": [{"name": "sharding_indexed", "configuration": inner}],
    }
    write_json(path / "0" / "zarr.json", facts | changes)
    refusal(path, errors.TooLarge)


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"garbage" * 100, zlib.compress(b"\0" * 100)])
def test_a_chunk_that_is_cut_or_garbage_is_told_and_the_others_are_read(opened, image, data):
    (image / "0" / "1" / "0" / "0").write_bytes(data)
    source = opened(image)
    source.read(source.info.plane(z=0))
    with pytest.raises(errors.Damaged, match="a part of it cannot be unpacked"):
        source.read(source.info.plane(z=1))


def test_a_chunk_that_unpacks_to_far_more_than_a_chunk_is_refused(image):
    (image / "0" / "0" / "0" / "0").write_bytes(zlib.compress(b"\0" * (64 << 20)))
    refusal(image, errors.Damaged)
    change(image / "0", compressor={"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1})
    head = struct.pack("<4B3I", 2, 1, 1, 2, 2_000_000_000, 1 << 20, 1000)
    (image / "0" / "0" / "0" / "0").write_bytes(head + b"\0" * 984)
    refusal(image, errors.Damaged)


def test_a_folder_in_place_of_a_chunk_is_told(image):
    (image / "0" / "0" / "0" / "0").unlink()
    (image / "0" / "0" / "0" / "0").mkdir()
    refusal(image, errors.Damaged)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("what", ["0/0/0/0", "0/.zarray", ".zattrs"])
def test_a_pipe_does_not_make_the_program_wait(image, what):
    (image / what).unlink()
    os.mkfifo(image / what)
    refusal(image, errors.Damaged)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", "null", '{"a":' * 3000, "[" * 100_000, "1" * 10_000, "\xff"]
)
@pytest.mark.parametrize("what", [".zattrs", "0/.zarray"])
def test_metadata_that_cannot_be_understood_are_told(image, what, text):
    (image / what).write_bytes(text.encode("latin-1"))
    with pytest.raises(errors.ImageError):
        read_whole(image)


def test_metadata_that_are_absurdly_long_are_not_read(image):
    with (image / ".zattrs").open("wb") as file:
        file.truncate(1 << 32)
    assert "far too long" in refusal(image, errors.Damaged).sentence


def test_metadata_nested_too_deep_are_refused(image):
    said = json.loads((image / ".zattrs").read_text())
    inner: object = 1
    for _ in range(200):
        inner = [inner]
    write_json(image / ".zattrs", said | {"a": inner})
    refusal(image, errors.Damaged)


def test_an_image_without_its_full_resolution_is_told(image):
    shutil.rmtree(image / "0")
    assert "full resolution is missing" in refusal(image, errors.Damaged).sentence


def test_axes_that_are_no_image_are_told(tmp_path):
    axes = [{"name": name} for name in ("z", "y", "y")]
    refusal(write_image(tmp_path / "a", cells((2, 20, 30)), axes=axes), errors.NotSupported)
    refusal(
        write_image(tmp_path / "b", cells((20, 30)), axes=[{"name": "x"}, {"name": "t"}]), errors.NotSupported
    )
    names = [{"name": name} for name in ("angle", "phase", "t", "c", "y", "x")]
    pixels = cells((2, 2, 2, 2, 20, 30))
    refusal(write_image(tmp_path / "c", pixels, axes=names), errors.NotSupported)


def test_a_scene_that_is_not_there_is_told(image):
    assert refusal(image, errors.NoSuchScene, scene=1).fields["scenes"] == 1


def test_a_field_that_is_missing_is_told_and_the_others_are_read(tmp_path):
    images = [{"path": "0"}, {"path": "1"}]
    path = write_group(tmp_path / "a", {"well": {"images": images}})
    write_image(path / "0", cells((20, 30)))
    read_whole(path)
    assert "1 is missing" in refusal(path, errors.Damaged, scene=1).sentence


@pytest.mark.parametrize(
    "said",
    [{"plate": {"wells": []}}, {"well": {}}, {"bioformats2raw.layout": 3}, {"plate": {"wells": [5, {}]}}],
)
def test_a_collection_without_images_is_told(tmp_path, said):
    refusal(write_group(tmp_path / "a", said), errors.NoPixels)


def test_a_folder_that_is_no_image_says_so(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    assert "is a folder, not an image" in refusal(tmp_path / "a.zarr", errors.UnknownFormat).sentence


def test_halves_of_characters_in_names_do_no_harm(image):
    said = multiscale(["z", "y", "x"], 1, name="a \ud83d b")
    omero = {"channels": [{"label": "\ud800"}]}
    write_json(image / ".zattrs", {"multiscales": [said], "omero": omero})
    source = open_image(image)
    source.close()
    assert source.info.scenes == ("a ? b",)
    assert source.info.channels[0].name == "?"
    said["datasets"][0]["path"] = "\ud800"
    write_json(image / ".zattrs", {"multiscales": [said]})
    refusal(image, errors.Damaged)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_told(tmp_path):
    path = write_image(tmp_path / os.fsdecode(b"a\xff.zarr"), cells((20, 30)))
    error = refusal(path, errors.NotSupported)
    assert error.sentence == "The name of a?.zarr has signs that cannot be read."


def test_lists_that_never_end_are_cut(tmp_path):
    wells = [{"path": f"A/{number}"} for number in range(100_000)]
    path = write_group(tmp_path / "plate", {"plate": {"wells": wells}})
    started = time.process_time()
    refusal(path, errors.NoPixels)
    levels = multiscale(["y", "x"], 100_000)
    write_array(write_group(tmp_path / "a", {"multiscales": [levels]}) / "0", cells((20, 30)))
    read_whole(tmp_path / "a")
    assert time.process_time() - started < 30


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may read everything")
@pytest.mark.parametrize("what", ["0/0/0/0", "0/.zarray"])
def test_what_may_not_be_read_is_told(image, what):
    (image / what).chmod(0)
    refusal(image, errors.NoPermission)


def test_a_folder_that_disappears_while_it_is_open_is_told_rather_than_shown_empty(opened, image):
    source = opened(image)
    source.read(source.info.plane(z=0))
    away = image.rename(image.with_name("away"))
    with pytest.raises(errors.FileGone, match="is not there any more"):
        source.read(source.info.plane(z=1))
    away.rename(image)
    source.read(source.info.plane(z=1))


def test_too_many_small_chunks_at_once_are_refused(opened, tmp_path):
    path = write_image(tmp_path / "a", cells((4, 4)))
    (path / "0" / "0" / "0").unlink()
    change(path / "0", shape=[3000, 3000], chunks=[1, 1])
    source = opened(path)
    assert not source.read(Region((0, 1), (0, 1), (0, 1), (0, 9), (0, 9))).any()
    with pytest.raises(errors.TooLarge, match="more than a million files"):
        source.read(source.info.whole())


def test_more_than_memory_holds_is_refused(opened, tmp_path):
    path = write_image(tmp_path / "a", cells((4, 4)))
    change(path / "0", shape=[1_000_000, 1_000_000], chunks=[4096, 4096])
    source = opened(path)
    with pytest.raises(errors.TooLarge):
        source.read(source.info.whole())


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=8), st.just([]),
    st.just({}), st.lists(st.integers(-3, 10**9), max_size=6), st.just("../x"), st.just([{}] * 3),
)  # fmt: skip


def places(content: object, path: tuple = ()) -> list[tuple]:
    inner = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    return [path, *(place for name, value in inner for place in places(value, (*path, name)))]


@pytest.mark.parametrize("version", [2, 3])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_metadata_open_or_get_a_sentence(tmp_path, version, data):
    path = tmp_path / "a"
    if not path.exists():
        window = {"start": 0, "end": 5}
        omero = {"channels": [{"label": "a", "color": "FF0000", "window": window}]}
        write_image(path, cells((2, 20, 30)), levels=2, version=version, scale=(1, 1, 1), omero=omero)
    files = (
        [path / "zarr.json", path / "0" / "zarr.json"]
        if version == 3
        else [path / ".zattrs", path / "0" / ".zarray"]
    )
    file = data.draw(st.sampled_from(files))
    before = file.read_text()
    content = json.loads(before)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places(content)[1:] or [("x",)]))
        changed = copy.deepcopy(content)
        holder = changed
        for name in place[:-1]:
            holder = holder[name]
        holder[place[-1]] = data.draw(JUNK)
        content = changed
    try:
        file.write_text(json.dumps(content))
        read_metadata(path)
        source = open_image(path)
        source.read(Region((0, 1), (0, 1), (0, 1), (0, 1), (0, 1)))
        source.close()
    except UserError as error:
        assert error.sentence  # noqa: PT017 - both ways are good
    finally:
        file.write_text(before)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.integers(0, 10**6), at=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_flipped_byte_anywhere_gives_pixels_or_a_sentence(image, which, at, byte):
    files = sorted(file for file in image.rglob("*") if file.is_file())
    file = files[which % len(files)]
    before = file.read_bytes()
    spoilt = bytearray(before)
    spoilt[at % len(spoilt)] = byte
    try:
        file.write_bytes(spoilt)
        read_whole(image)
    except UserError as error:
        assert error.sentence  # noqa: PT017 - both ways are good
    finally:
        file.write_bytes(before)
