import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.images import errors
from app.images.folders import images_in, list_images, natural_key, pair_by_name, stem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("plane10.tif", "plane2.tif", "Plane1.TIF", "notes.txt", ".hidden.tif", "a.ome.tif.part"):
        (tmp_path / name).touch()
    inner = tmp_path / "set 2"
    inner.mkdir()
    (inner / "b.png").touch()
    (tmp_path / "set 10").mkdir()
    (tmp_path / "set 10" / "c.png").touch()
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "d.png").touch()
    return tmp_path


def names(paths) -> list[str]:
    return [path.name for path in paths]


def test_images_are_listed_in_the_order_a_person_counts(folder):
    assert names(list_images(folder)) == ["Plane1.TIF", "plane2.tif", "plane10.tif"]


def test_folders_within_are_listed_after_the_images_when_asked_for(folder):
    found = list(list_images(folder, recursive=True))
    assert names(found) == ["Plane1.TIF", "plane2.tif", "plane10.tif", "b.png", "c.png"]


def test_listing_starts_before_the_whole_tree_is_known(folder, monkeypatch):
    listing = list_images(folder, recursive=True)
    assert next(listing).name == "Plane1.TIF"
    (folder / "set 10" / "e.png").touch()
    assert "e.png" in names(listing)


def test_a_link_that_leads_back_up_does_not_trap_the_listing(folder):
    try:
        (folder / "set 2" / "up").symlink_to(folder, target_is_directory=True)
    except OSError:
        pytest.skip("needs links")
    assert len(list(list_images(folder, recursive=True))) == 5


def test_a_folder_that_cannot_be_listed_says_so(folder, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(errors.NoPermission) as caught:
        list(list_images(folder))
    assert "may not be read" in caught.value.sentence


def test_a_folder_that_is_gone_says_so(tmp_path):
    with pytest.raises(errors.FileGone):
        list(list_images(tmp_path / "gone"))


def test_files_and_folders_expand_to_inputs_and_one_failure_each(folder):
    empty = folder / "empty"
    empty.mkdir()
    inputs, failures = images_in(
        [folder / "notes.txt", folder, empty, folder / "gone.tif", folder / "plane2.tif"]
    )
    assert names(inputs) == ["notes.txt", "Plane1.TIF", "plane2.tif", "plane10.tif", "b.png", "c.png"]
    assert [type(failure) for failure in failures] == [errors.NoImages, errors.FileGone]
    assert failures[0].sentence == "There are no images in the folder empty."
    assert [Path(str(failure.fields["path"])).name for failure in failures] == ["empty", "gone.tif"]


def test_folders_within_are_left_out_when_not_wanted(folder):
    inputs, _ = images_in([folder], recursive=False)
    assert len(inputs) == 3


def test_images_of_two_folders_pair_by_name_whatever_their_suffix(tmp_path):
    low, high = tmp_path / "low", tmp_path / "high"
    for where, suffix in ((low, ".ome.tif"), (high, ".png")):
        where.mkdir()
        for number in (1, 2, 10):
            (where / f"cell{number}{suffix}").touch()
    pairs = pair_by_name(low, high)
    assert [stem(path) for path, _ in pairs] == ["cell1", "cell2", "cell10"]
    assert all(stem(a) == stem(b) for a, b in pairs)


def test_an_image_without_a_partner_is_named(tmp_path):
    for name in ("low", "high"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.tif").touch()
    (tmp_path / "high" / "b.tif").touch()
    (tmp_path / "low" / "c.tif").touch()
    with pytest.raises(errors.NoPartner, match=r"b.tif in high has no image .* in low, and 1 more"):
        pair_by_name(tmp_path / "low", tmp_path / "high")


def test_a_folder_of_pairs_without_images_says_so(tmp_path):
    with pytest.raises(errors.NoImages):
        pair_by_name(tmp_path, tmp_path)


def test_two_images_that_differ_only_in_suffix_cannot_be_paired(tmp_path):
    for name in ("a.tif", "a.png"):
        (tmp_path / name).touch()
    with pytest.raises(errors.NoPartner, match="same name"):
        pair_by_name(tmp_path, tmp_path)


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_in_names_are_counted_not_spelled(numbers):
    listed = sorted((f"z{number}.tif" for number in numbers), key=natural_key)
    assert listed == [f"z{number}.tif" for number in sorted(numbers)]


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_two_names_can_be_ordered(one, other):
    assert isinstance(natural_key(one) < natural_key(other), bool)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.ome.tif", "a"), ("a.OME.TIFF", "a"), ("a.b.tif", "a.b"), ("a.png", "a"), ("a", "a")],
)
def test_the_stem_of_an_image_leaves_out_the_whole_suffix(name, expected):
    assert stem(Path(name)) == expected


def test_a_subfolder_that_cannot_be_listed_is_told_and_the_others_are_taken(folder, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "set 2":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    found, failures = images_in([folder])
    assert names(found) == ["Plane1.TIF", "plane2.tif", "plane10.tif", "c.png"]
    assert [Path(failure.fields["path"]).name for failure in failures] == ["set 2"]


def test_a_name_that_no_drive_can_hold_is_not_there(tmp_path):
    _, failures = images_in([tmp_path / ("n" * 300)])
    assert isinstance(failures[0], errors.FileGone)


def test_a_file_in_a_folder_that_may_not_be_entered_is_told(tmp_path, monkeypatch):
    def refuse(_path, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.stat", refuse)
    _, failures = images_in([Path("/closed/a.tif")])
    assert isinstance(failures[0], errors.NoPermission)
