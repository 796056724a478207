import pytest
import torch
from torch import nn

from models.errors import Stopped
from models.training.central import central
from models.training.loop import Plan
from models.training.losses import LOSSES
from models.training.pace import Pace, budget, measure_pace, steps_within
from models.training.recipe import Crappify
from models.watch import Silent


@pytest.mark.parametrize(
    ("minutes", "pace", "expected"),
    [
        (2, Pace(1.0, 0.0), (120, 6)),
        (20, Pace(0.5, 1.0), (2322, 60)),  # 60 s apart at most 120 steps, 20 looks 120, the recipe says 60
        (2, Pace(0.1, 6.0), (1090, 600)),  # looking takes a tenth of the time at most
        (0.001, Pace(9.0, 1.0), (1, 1)),
    ],
)
def test_steps_and_looks_fit_into_the_time(minutes, pace, expected):
    steps, every = steps_within(minutes, pace, 60)
    assert (steps, every) == expected
    assert steps * pace.step_s + steps // every * pace.look_s <= max(60 * minutes, pace.step_s + pace.look_s)


class Listener(Silent):
    """Hears whether steps are told of, and may stop."""

    def __init__(self, checks=10_000):
        self.left, self.heard = checks, []

    def check(self):
        self.left -= 1
        if self.left < 0:
            raise Stopped

    def metric(self, name, step, value):
        self.heard.append(name)


def measured(watch, network):
    batch = torch.rand((2, 1, 8, 8)), torch.rand((2, 1, 8, 8))
    return measure_pace(
        network, lambda _step: batch, LOSSES["mse"], lambda _: 0.0, Plan(steps=1), device=torch.device("cpu"),
        watch=watch,
    )  # fmt: skip


def test_measuring_leaves_the_network_as_it_was_and_says_nothing():
    network, watch = nn.Conv2d(1, 1, 3, padding=1), Listener()
    before = network.weight.detach().clone()
    pace = measured(watch, network)
    assert pace.step_s > 0
    assert torch.equal(network.weight, before)
    assert watch.heard == []


def test_measuring_can_be_stopped():
    with pytest.raises(Stopped):
        measured(Listener(checks=3), nn.Conv2d(1, 1, 3, padding=1))


@pytest.mark.parametrize(
    ("spent_s", "exam_s", "exams", "expected"),
    [
        (20, 1, 4, (4, 96)),  # all unseen images, and learning until the end
        (20, 5, 24, (6, 70)),  # a quarter of the time for the verdict
        (100, 10, 24, (6, 60)),  # never less than half of the time, nor fewer images than six
        (0, 0, 0, (0, 120)),  # nothing to be tested on
    ],
)
def test_the_verdict_and_what_comes_before_are_part_of_the_time(spent_s, exam_s, exams, expected):
    assert budget(120, spent_s, exam_s, exams) == expected


def test_the_middle_of_a_wide_range_is_the_geometric_one():
    way = Crappify(
        photons=(10, 1000), blur_px=(1.0, 2.0), grain_share=0.7, specks_share=0.2, quality=(20, 90)
    )
    middle = central(way)
    assert middle.photons == pytest.approx((100, 100))
    assert middle.blur_px == (1.5, 1.5)
    assert (middle.grain_share, middle.specks_share) == (1.0, 0.0)
    assert middle.quality[0] == middle.quality[1] == 42


def test_a_typed_spread_of_a_point_is_no_range():
    psf = ((0.5, 0.5), (0.5, 0.5))
    assert central(Crappify(psf=psf)).psf == psf
