"""Real pairs as training pairs: the same place of both, on the scale of the bad image, again and again."""

import numpy as np
import pytest
import torch

from models.restoration.intensity import limits_of
from models.training.pairs import UnseenScore
from models.training.real_pairs import RealPairs, RealSpecimen, Twin, prepared
from models.training.recipe import Crops, Recipe, Schedule
from tests.models.test_registration import bad_image, good_image, moved

RECIPE = Recipe(crops=Crops(size=32), schedule=Schedule(batch=4))
CPU = torch.device("cpu")


def drawn(specimens, scale=1, step=3):
    return RealPairs(specimens, RECIPE, scale=scale, seed=5, device=CPU).draw(step)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_both_crops_show_the_same_place_in_every_orientation(scale):
    coarse = np.random.default_rng(0).random((60, 70)).astype(np.float32)
    fine = np.kron(coarse, np.ones((scale, scale), np.float32))
    pairs = RealPairs([RealSpecimen("a", coarse, fine)], RECIPE, scale=scale, seed=0, device=CPU)
    for step in range(8):
        bad, good = pairs.draw(step)
        assert good.shape == (4, 1, 32, 32)
        assert torch.equal(bad.repeat_interleave(scale, 2).repeat_interleave(scale, 3), good)


def test_a_batch_depends_on_the_seed_and_the_step_alone():
    specimens = [RealSpecimen("a", good_image(), good_image())]
    again, other = drawn(specimens), drawn(specimens, step=4)
    assert all(torch.equal(a, b) for a, b in zip(drawn(specimens), again, strict=True))
    assert not torch.equal(again[0], other[0])


def test_images_smaller_than_a_crop_are_continued():
    small = np.random.default_rng(0).random((9, 12)).astype(np.float32)
    bad, good = drawn([RealSpecimen("a", small, np.kron(small, np.ones((2, 2), np.float32)))], scale=2)
    assert (bad.shape, good.shape) == ((4, 1, 16, 16), (4, 1, 32, 32))
    assert torch.equal(bad.repeat_interleave(2, 2).repeat_interleave(2, 3), good)


def test_the_good_image_gets_the_gray_levels_of_the_bad_one_as_a_model_sees_it():
    good = good_image()
    bad = bad_image(good, 40) * 7 + 300
    (specimen,), said = prepared([Twin("a", bad, good * 900 - 20)], 1)
    assert said == ()
    assert np.array_equal(specimen.bad, limits_of(bad).normalised(bad))
    assert specimen.good.mean() == pytest.approx(specimen.bad.mean(), abs=0.01)
    slope = np.cov(specimen.good.ravel(), specimen.bad.ravel())
    assert slope[0, 1] / slope[0, 0] == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("align", [True, False])
def test_a_shifted_good_image_is_moved_if_wished(align):
    good = good_image()
    bad = bad_image(good, 50)[16:-16, 16:-16]
    (specimen,), said = prepared([Twin("a", bad, moved(good, (3.0, 0.0)))], 1, align=align)
    assert len(said) == 1
    alike = np.corrcoef(specimen.bad.ravel(), specimen.good.ravel())[0, 1]
    assert alike > 0.9 if align else alike < 0.8


def test_pairs_that_do_not_fit_are_left_out_with_a_sentence_each():
    good = good_image()
    bad = bad_image(good, 50)
    broken = bad.copy()
    broken[0, 0] = np.nan
    specimens, said = prepared(
        [
            Twin("fits", bad, good),
            Twin("stranger", bad, good_image(seed=9)),
            Twin("cut", bad, good[:100]),
            Twin("broken", broken, good),
        ],
        1,
    )
    assert [specimen.name for specimen in specimens] == ["fits"]
    assert [sentence.split(" ")[0] for sentence in said] == ["The", "cut", "broken"]
    assert "stranger" in said[0]


def test_real_pairs_can_be_scored():
    specimens, _said = prepared([Twin("a", bad_image(good_image(), 5), good_image())], 1)
    pairs = RealPairs(specimens, RECIPE, scale=1, seed=0, device=CPU)
    blur = torch.nn.AvgPool2d(3, 1, 1)
    assert UnseenScore(pairs)(blur) > UnseenScore(pairs)(torch.nn.Identity()) + 1
