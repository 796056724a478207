from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.training.samples import Split, named_samples, sample_of, samples_of, split


def named(*names):
    return list(samples_of([Path("images") / name for name in names]).values())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("mouse1_field01.tif", "mouse1_field02.tif", "mouse2_field01.tif"), ["mouse1", "mouse1", "mouse2"]),
        (("a_pos3_t001_z07.tif", "a_pos4_t002_z01.tif", "b_t1.tif"), ["a", "a", "b"]),
        (("wt 1.ome.tif", "wt 2.ome.tif", "ko (3).ome.tif"), ["wt", "wt", "ko"]),
        (("2024-03-01_002.tif", "2024-03-02_001.tif"), ["2024-03-01", "2024-03-02"]),
        (("cell_0.tif", "cell_1.tif"), ["cell", "cell"]),
        (("cell1.tif", "cell12.tif"), ["cell", "cell"]),
        (("A01_f03.tif", "A02_f01.tif"), ["A01", "A02"]),
        (("sample 3 fov 2.tif", "sample 4 fov 2.tif"), ["sample 3", "sample 4"]),
        (("0001.tif", "0002.tif"), ["images", "images"]),
        (("actin.tif", "mito.tif"), ["actin", "mito"]),
    ],
)
def test_names_up_to_the_numbers_of_places_are_the_sample(names, expected):
    assert named(*names) == expected


def test_folders_that_divide_the_images_are_the_samples():
    files = [Path("/lab/day/one/1.tif"), Path("/lab/day/two/deep/1.tif"), Path("/lab/day/2.tif")]
    assert [sample_of(file, files) for file in files] == ["one", "two/deep", "day"]


def test_paths_may_be_text():
    assert samples_of(["/a/x_1.tif", "/a/x_2.tif"]) == {"/a/x_1.tif": "x", "/a/x_2.tif": "x"}


groups = st.lists(st.integers(1, 9), min_size=1, max_size=12)


def divided(counts, seed=0):
    samples = {Path(f"s{s}/f{f}.tif"): f"s{s}" for s, count in enumerate(counts) for f in range(count)}
    return samples, split(list(samples), samples, seed)


@given(groups, st.integers(0, 99))
def test_whole_samples_are_set_aside_whenever_that_can_be(counts, seed):
    samples, made = divided(counts, seed)
    of = [{samples[path] for path in part} for part in (made.learn, made.tune, made.test)]
    if sum(counts) < 2:
        assert made == Split(tuple(samples), (), ())
        return
    assert set(made.learn) | set(made.tune) | set(made.test) == set(samples)
    assert made.learn
    assert made.tune
    assert made.test
    assert not set(made.learn) & {*made.tune, *made.test}
    if len(counts) > 1:
        assert not of[0] & (of[1] | of[2])
    if len(counts) > 2:
        assert not of[1] & of[2]
    assert made.is_same_sample == (len(counts) == 1)
    if set(made.tune) & set(made.test):  # only where there is no second one
        assert len({*made.tune, *made.test}) == 1


@given(groups, st.integers(0, 99))
def test_the_order_of_the_images_does_not_matter(counts, seed):
    samples, made = divided(counts, seed)
    assert split(list(reversed(samples)), samples, seed) == made


def test_about_a_fifth_is_set_aside_for_each_purpose():
    _, made = divided([1] * 20)
    assert (len(made.learn), len(made.tune), len(made.test)) == (12, 4, 4)
    _, one = divided([10])
    assert (len(one.learn), len(one.tune), len(one.test)) == (6, 2, 2)


def test_of_a_single_sample_neighbours_are_kept_together():
    _, made = divided([10])
    numbers = [int(path.stem[1:]) for path in (*made.learn, *made.tune, *made.test)]
    assert numbers[:6] in (list(range(6)), list(range(4, 10)))


def test_a_large_sample_is_learned_from():
    _, made = divided([30, 1, 1, 1])
    assert len(made.learn) >= 30


def test_where_patterns_divide_a_folder_it_is_not_one_sample():
    paths = [
        Path(name) for name in ("a/actin.tif", "a/mito.tif", "a/cell_t1.tif", "a/cell_t2.tif", "b/x.tif")
    ]
    assert len(set(samples_of(paths).values())) == 2
    assert len(set(named_samples(paths).values())) == 4
