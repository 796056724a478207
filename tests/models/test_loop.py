"""What the training loop does when the world is against it."""

import math
import threading

import pytest
import torch
from torch import nn

from models.errors import Stopped
from models.training.loop import LossNotFinite, Plan, State, train
from models.training.losses import LOSSES
from models.training.supply import Supply, TooLittleMemory
from models.watch import Silent

CPU = torch.device("cpu")
mse = LOSSES["mse"]


class Listener(Silent):
    """Keeps the remarks; stops after some steps if told to."""

    def __init__(self, steps=10_000):
        self.left = steps
        self.remarks = []

    def remark(self, code, sentence):
        self.remarks.append((code, sentence))

    def check(self):
        self.left -= 1
        if self.left < 0:
            raise Stopped


def draw(step):
    generator = torch.Generator().manual_seed(step)
    clean = torch.randn((4, 1, 8, 8), generator=generator)
    return clean + 0.1 * torch.randn(clean.shape, generator=generator), clean


def network():
    torch.manual_seed(0)
    return nn.Conv2d(1, 1, 3, padding=1)


class Small(nn.Module):
    """A network on a device with room for `limit` crops."""

    def __init__(self, limit, fault):
        super().__init__()
        self.inner, self.limit, self.fault = network(), limit, fault

    def forward(self, x):
        if len(x) > self.limit:
            raise self.fault
        return self.inner(x)


def taught(module, *, criterion=mse, watch=None, saved=None, state=None, one=draw, score=None, **plan):
    saved = [] if saved is None else saved
    return train(
        module, one, criterion, score or (lambda _: 0.0), Plan(**{"steps": 8, "every": 2} | plan), device=CPU,
        watch=watch or Silent(), save=lambda s, look: saved.append((s, look)), state=state,
    )  # fmt: skip


FAULTS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    MemoryError(),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=["device", "python", "allocator"])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_short_memory_takes_the_batch_in_parts_says_so_once_and_teaches_the_same(fault, limit):
    watch = Listener()
    halved = taught(Small(limit, fault), watch=watch, keep="last")
    whole = taught(Small(99, fault), keep="last")
    assert [code for code, _ in watch.remarks] == ["train.smaller_batch"]
    for name, tensor in whole.items():
        assert torch.allclose(halved[name], tensor, atol=1e-5)


def test_no_memory_for_a_single_crop_is_one_sentence():
    with pytest.raises(TooLittleMemory, match="safe"):
        taught(Small(0, MemoryError()))


def test_another_fault_of_the_device_is_not_taken_for_short_memory():
    with pytest.raises(RuntimeError, match="launch"):
        taught(Small(0, RuntimeError("unspecified launch failure")))


def no_number_from(step, times):
    """A criterion that gives no number at its `step`-th call, `times` times in all."""
    calls = iter(range(10_000))
    left = [times]

    def criterion(image, truth):
        loss = mse(image, truth)
        if next(calls) >= step and left[0]:
            left[0] -= 1
            return loss * math.nan
        return loss

    return criterion


def test_a_loss_that_is_no_number_goes_back_to_the_last_sound_state_and_learns_half_as_fast():
    watch, saved = Listener(), []
    weights = taught(network(), criterion=no_number_from(5, 1), watch=watch, saved=saved)
    assert [code for code, _ in watch.remarks] == ["train.fell_back"]
    assert "back to step 4" in watch.remarks[0][1]
    assert [(look.step, state.rate) for state, look in saved] == [(2, 1), (4, 1), (6, 0.5), (8, 0.5)]
    assert all(math.isfinite(look.loss) for _, look in saved)
    assert all(torch.isfinite(tensor).all() for tensor in weights.values())


def test_a_loss_that_is_no_number_at_once_begins_again():
    saved = []
    taught(network(), criterion=no_number_from(0, 2), saved=saved)
    assert [state.rate for state, _ in saved] == [0.5] * 4


def test_a_loss_that_stays_no_number_ends_the_training_with_a_sentence():
    saved = []
    with pytest.raises(LossNotFinite, match="no number"):
        taught(network(), criterion=no_number_from(5, 99), saved=saved)
    assert [look.step for _, look in saved] == [2, 4]


def test_after_a_fall_a_continued_training_is_the_undisturbed_one():
    whole, part = [], []
    taught(network(), criterion=no_number_from(3, 1), saved=whole)
    with pytest.raises(Stopped):
        taught(network(), criterion=no_number_from(3, 1), saved=part, watch=Listener(steps=7))
    state = State.from_bytes(part[-1][0].to_bytes())
    assert (state.step, state.rate) == (4, 0.5)
    taught(network(), saved=part, state=state)
    assert whole[-1][0].to_bytes() == part[-1][0].to_bytes()


def test_a_checkpoint_of_an_earlier_version_can_be_read():
    from models import weights

    old = weights.to_bytes({"numbers": torch.tensor([7.0, 30.0], dtype=torch.float64)})
    assert State.from_bytes(old) == State({}, 7, 30.0, 1.0, 0.0, 7)


def test_what_is_no_checkpoint_is_told():
    from models import weights
    from models.training.loop import CheckpointDamaged

    for data in (b"", b"rubbish", weights.to_bytes({"other": torch.zeros(1)})):
        with pytest.raises(CheckpointDamaged):
            State.from_bytes(data)


def test_numbers_of_whole_steps_are_averaged_as_they_are():
    module = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))
    assert int(taught(module, keep="last")["1.num_batches_tracked"]) == 8


def test_deterministic_ways_are_asked_for_only_while_training_lasts():
    seen = []
    taught(network(), is_deterministic=True, steps=2, score=lambda _: seen.append(
        torch.are_deterministic_algorithms_enabled()) or 0.0)  # fmt: skip
    assert seen == [True]
    assert not torch.are_deterministic_algorithms_enabled()


class TestSupply:
    def test_it_draws_ahead_in_another_thread_and_never_past_the_end(self):
        drawn, reached = [], threading.Event()

        def slow(step):
            drawn.append((step, threading.current_thread() is threading.main_thread()))
            if step == 2:
                reached.set()
            return (torch.tensor(step),)

        with Supply(slow, 3, CPU) as supply:
            assert int(supply.take(0)[0]) == 0
            assert reached.wait(10)
            assert [int(supply.take(step)[0]) for step in (1, 2)] == [1, 2]
        assert drawn == [(0, False), (1, False), (2, False)]

    def test_going_back_draws_the_same_again(self):
        with Supply(lambda step: (torch.tensor(step),), 9, CPU) as supply:
            assert [int(supply.take(step)[0]) for step in (0, 1, 2, 1, 2, 3)] == [0, 1, 2, 1, 2, 3]

    def test_short_memory_while_drawing_draws_nothing_ahead(self):
        faults = [MemoryError()]

        def fault_once(step):
            if faults:
                raise faults.pop()
            return (torch.tensor(step),)

        with Supply(fault_once, 9, CPU) as supply:
            assert [int(supply.take(step)[0]) for step in range(4)] == [0, 1, 2, 3]

    def test_drawing_that_never_fits_is_one_sentence(self):
        def fault(_step):
            raise MemoryError

        with Supply(fault, 9, CPU) as supply, pytest.raises(TooLittleMemory):
            supply.take(0)

    def test_a_fault_of_the_drawing_comes_out_as_it_is(self):
        def fault(_step):
            raise ValueError("wrong")

        with Supply(fault, 9, CPU) as supply, pytest.raises(ValueError, match="wrong"):
            supply.take(0)
