import pytest
import torch

from models import weights
from models.pssr.network import Layout, ResUNet
from models.training.growing import grow_into

SMALL = Layout(scale=1, shrink=2, widths=(4, 6), blocks=(1, 1))


def trained(layout):
    torch.manual_seed(1)
    network = ResUNet(layout)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network


@pytest.mark.parametrize(
    "large",
    [
        Layout(scale=1, shrink=2, widths=(7, 9), blocks=(1, 1)),
        Layout(scale=1, shrink=2, widths=(4, 6), blocks=(2, 3)),
        Layout(scale=1, shrink=2, widths=(5, 6, 8), blocks=(2, 1, 1)),
    ],
)
def test_a_larger_network_begins_by_answering_as_the_smaller_one(large):
    small, network = trained(SMALL), ResUNet(large)
    grow_into(network, small.state_dict())
    x = torch.rand(2, 1, 24, 16)
    assert torch.allclose(network(x), small(x), atol=1e-5)


def test_what_is_new_learns():
    small, network = trained(SMALL), ResUNet(Layout(scale=1, shrink=2, widths=(7, 9), blocks=(2, 1)))
    grow_into(network, small.state_dict())
    network(torch.rand(1, 1, 16, 16)).square().mean().backward()
    assert network.head.weight.grad[:, 4:].abs().sum() > 0


def test_a_network_of_the_same_size_takes_the_weights_as_they_are():
    small, network = trained(SMALL), ResUNet(SMALL)
    grow_into(network, small.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), small.parameters(), strict=True))


def test_a_smaller_network_and_damaged_numbers_are_refused():
    small = trained(SMALL)
    with pytest.raises(weights.WeightsDoNotFit, match="no place"):
        grow_into(ResUNet(Layout(scale=1, shrink=2, widths=(3, 6), blocks=(1, 1))), small.state_dict())
    broken = {name: tensor * float("nan") for name, tensor in small.state_dict().items()}
    with pytest.raises(weights.WeightsDoNotFit):
        grow_into(ResUNet(SMALL), broken)
