"""A recipe written from what a person chose is a recipe that training understands."""

import subprocess
import sys

import pytest

from models.training.recipe import parse
from models.training.recipe_text import Wanted, recipe_text
from models.training.strengths import Strengths

DIM = Strengths(scale=2, blur_px=1.5, low=100, high=600, offset=90, gain=10, read_noise=5, salt=0.01, step=1)


def test_strengths_become_ranges_of_parts_of_the_full_range():
    recipe = parse(recipe_text(Wanted("dim-cells", "Dim cells", strengths=DIM, pixel_size_um=0.1)))
    (way,) = recipe.degrade
    assert recipe.about.id == "dim-cells"
    assert recipe.network["scale"] == 2
    assert way.photons == (25, 100)
    assert way.read_noise == (0.005, 0.02)
    assert way.background == (0.01, 0.04)
    assert way.blur_px == (0.75, 3)
    assert way.levels == 500
    assert recipe.about.pixel_size_um == pytest.approx((0.08, 0.125))


def test_no_strength_at_all_changes_nothing_but_perhaps_a_little_blur():
    (way,) = parse(recipe_text(Wanted("a", "A"))).degrade
    assert way.photons == way.read_noise == way.specks == (0, 0)
    assert way.blur_px == (0, 1)


def test_grain_makes_the_noise_gaussian():
    (way,) = parse(recipe_text(Wanted("a", "A", strengths=Strengths(gain=1, high=50, grain_px=1)))).degrade
    assert way.shot == "gaussian"
    assert way.grain_share == 1


def test_frames_are_the_networks():
    assert "frames = 5" in recipe_text(Wanted("a", "A", frames=5))


def test_a_scale_without_a_network_becomes_the_next_below():
    assert parse(recipe_text(Wanted("a", "A", strengths=Strengths(scale=3)))).network["scale"] == 2


def test_noisy_images_alone_need_another_family():
    text = recipe_text(Wanted("a", 'A "quoted" ä', way="noisy"))
    recipe = parse(text)
    assert recipe.family == "n2v"
    assert recipe.about.name == 'A "quoted" ä'


def test_a_quick_look_takes_a_small_network():
    quick, normal = (parse(recipe_text(Wanted("a", "A", is_quick=is_quick))) for is_quick in (True, False))
    assert quick.network["widths"][0] < normal.network["widths"][0]
    assert quick.schedule.batch < normal.schedule.batch


def test_pairs_are_not_made_bad():
    assert "[[degrade]]" not in recipe_text(Wanted("a", "A", way="pairs"))


def test_writing_a_recipe_does_not_need_torch():
    code = "import sys, models.training.recipe_text; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
