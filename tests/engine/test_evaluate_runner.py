import math

import numpy as np
import pytest

from app.engine.runners.evaluate import PairDoesNotMatch, averaged, means, score_pair
from models.arrays import ArraySource
from models.restoration.family import Traits
from models.watch import Silent


class Twice:
    """A restorer that doubles every pixel."""

    traits = Traits(scale=2)
    device, precision = "cpu", "float32"

    def tuned(self, sample):
        return self

    def run(self, tiles):
        return tiles.repeat(2, axis=1).repeat(2, axis=2)

    def moved(self, device, precision):
        return self

    def is_out_of_memory(self, error):
        return False


@pytest.fixture(scope="module")
def pair():
    y, x = np.mgrid[:64, :64] / 8
    high = (50 + 20 * np.sin(x) * np.cos(y)).astype(np.float32)
    low = high.reshape(32, 2, 32, 2).mean(axis=(1, 3))
    return ArraySource(low[None, None, None]), ArraySource(high[None, None, None])


def test_a_pair_is_scored_beside_the_simple_methods(pair):
    entry = score_pair(Twice(), *pair, Silent())
    assert entry["psnr_fit"] == pytest.approx(entry["baselines"]["nearest"]["psnr_fit"], abs=1e-3)
    assert entry["baselines"]["bicubic"]["psnr_fit"] > entry["psnr_fit"]
    assert entry["baselines"]["gaussian_with_truth"]["tuned"] == "truth"


def test_pairs_of_other_sides_are_told(pair):
    with pytest.raises(PairDoesNotMatch, match="other sides"):
        score_pair(Twice(), pair[0], pair[0], Silent())


def test_a_pair_that_is_too_small_to_be_scored_is_told():
    low, high = (ArraySource(np.zeros((1, 1, 1, side, side), np.float32)) for side in (5, 10))
    with pytest.raises(PairDoesNotMatch, match="too small"):
        score_pair(Twice(), low, high, Silent())


def test_means_are_over_pairs_and_leave_out_what_is_no_number(pair):
    entry = score_pair(Twice(), *pair, Silent())
    mean = means([entry, {**entry, "psnr_fit": math.nan}])
    assert mean["psnr_fit"] == pytest.approx(entry["psnr_fit"])
    assert mean["baselines"]["nlm"]["ssim"] == pytest.approx(entry["baselines"]["nlm"]["ssim"])
    assert math.isnan(averaged([{**entry, "psnr": math.nan}])["psnr"])
