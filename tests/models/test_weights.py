import pytest
import torch

from models import weights


def test_tensors_survive_and_half_is_half_the_size():
    tensors = {"a": torch.rand(64, 64), "n": torch.tensor([3])}
    whole, half = weights.to_bytes(tensors), weights.to_bytes(tensors, half=True)
    torch.testing.assert_close(weights.from_bytes(whole)["a"], tensors["a"])
    assert weights.from_bytes(half)["a"].dtype == torch.float16
    assert weights.from_bytes(half)["n"].dtype == torch.int64
    assert len(half) < 0.6 * len(whole)


def test_weights_of_another_network_are_refused():
    data = weights.to_bytes(torch.nn.Linear(3, 4).state_dict())
    weights.load_into(torch.nn.Linear(3, 4), data)
    with pytest.raises(weights.WeightsDoNotFit):
        weights.load_into(torch.nn.Linear(3, 5), data)
    with pytest.raises(weights.WeightsDoNotFit):
        weights.load_into(torch.nn.Linear(3, 4, bias=False), data)


def test_weights_that_are_not_numbers_are_refused():
    broken = {name: t * float("nan") for name, t in torch.nn.Linear(2, 2).state_dict().items()}
    with pytest.raises(weights.WeightsDoNotFit):
        weights.load_into(torch.nn.Linear(2, 2), weights.to_bytes(broken))


@pytest.mark.parametrize("data", [b"", b"not weights", b"\x80\x04\x95pickle", b"\xff" * 100])
def test_a_damaged_file_is_told_in_one_sentence(data):
    with pytest.raises(weights.WeightsUnreadable, match="damaged"):
        weights.from_bytes(data)


def test_a_file_cut_short_is_damaged():
    data = weights.to_bytes({"a": torch.rand(100)})
    with pytest.raises(weights.WeightsUnreadable):
        weights.from_bytes(data[:-10])
