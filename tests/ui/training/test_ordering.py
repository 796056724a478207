"""From the plan to a job: folders of pairs."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.paths import find_paths
from app.ui.training import choices
from app.ui.training.ordering import order, shared_folder
from app.ui.training.plan import Plan


@pytest.fixture
def pairs(images):
    return replace(choices.take_way(choices.add_good(Plan(), images[:3]), "pairs"), paired=tuple(images[3:]))


def test_pairs_by_order_get_a_folder_with_the_names_of_the_good_ones(pairs, images):
    spec = order(pairs, find_paths(), "Pairs", "auto")
    folder = Path(spec.paired_dir)
    assert sorted(file.name for file in folder.iterdir()) == sorted(path.name for path in images[:3])
    assert (folder / images[0].name).read_bytes() == images[3].read_bytes()
    assert "[[degrade]]" not in spec.recipe


def test_pairs_by_name_stay_where_they_are(pairs, images, tmp_path):
    low = tmp_path / "low"
    low.mkdir()
    for path in images[:3]:
        (low / path.name).write_bytes(path.read_bytes())
    plan = replace(pairs, paired=tuple(low / path.name for path in images[:3]))
    assert Path(order(plan, find_paths(), "Pairs", "auto").paired_dir) == low


def test_movies_ask_for_frames(pairs, images):
    plan = replace(choices.take_way(pairs, "sliders"), frames=5, length="quick")
    spec = order(plan, find_paths(), "Movie", "cpu")
    assert "frames = 5" in spec.recipe
    assert (spec.minutes, spec.device, spec.bad) == (2.0, "cpu", ())


def test_the_shared_folder_is_the_deepest(tmp_path):
    assert shared_folder([tmp_path / "a" / "1.tif", tmp_path / "b" / "c" / "2.tif"]) == tmp_path
