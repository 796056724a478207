import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models import weights
from models.pssr.family import Pssr
from models.pssr.network import Layout, ResUNet, macs_per_pixel, n_parameters
from models.pssr.params import Params

LAYOUTS = [
    Layout(scale=1, shrink=2, widths=(8, 12), blocks=(1, 1)),
    Layout(scale=2, shrink=1, widths=(8, 12, 16), blocks=(1, 2, 1)),
    Layout(scale=4, shrink=1, widths=(8, 12), blocks=(2, 1)),
]


def random_network(layout, seed=0):
    torch.manual_seed(seed)
    network = ResUNet(layout).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network.eval()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_output_is_scale_times_the_input(layout):
    network = random_network(layout)
    for multiple in (1, 2, 5):
        side = layout.multiple * multiple
        assert network(torch.zeros(2, 1, side, 2 * side, dtype=torch.float64)).shape == (
            2,
            1,
            side * layout.scale,
            2 * side * layout.scale,
        )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_shift_by_the_multiple_shifts_the_output(layout):
    network, halo, step = random_network(layout), layout.halo, layout.multiple
    side = -(-(2 * halo + 3 * step) // step) * step
    x = torch.rand(1, 1, side + step, side, dtype=torch.float64)
    with torch.inference_mode():
        whole, shifted = network(x[..., :-step, :]), network(x[..., step:, :])
    inner = slice((halo + step) * layout.scale, (side - halo - step) * layout.scale)
    moved = slice(inner.start - step * layout.scale, inner.stop - step * layout.scale)
    centre = slice(halo * layout.scale, (side - halo) * layout.scale)
    assert inner.stop > inner.start
    torch.testing.assert_close(whole[..., inner, centre], shifted[..., moved, centre], rtol=0, atol=1e-10)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_beyond_the_halo_has_an_influence_and_something_at_it_has(layout):
    network, halo, step = random_network(layout), layout.halo, layout.multiple
    side = -(-(2 * halo + 4 * step) // step) * step
    reach = 0
    for offset in range(step):
        position = (side // 2 // step) * step + offset
        x = torch.rand(1, 1, side, side, dtype=torch.float64, requires_grad=True)
        place = position * layout.scale
        network(x)[0, 0, place : place + layout.scale, place].sum().backward()
        touched = torch.nonzero(x.grad[0, 0].abs().sum(dim=1)).flatten()
        reach = max(reach, position - int(touched.min()), int(touched.max()) - position)
    assert reach == halo


def test_the_bundled_layouts_stay_inside_64_pixels():
    for scale, shrink in ((1, 2), (2, 1), (4, 1)):
        assert Layout(scale, shrink, (32, 64, 128), (2, 1, 1)).halo <= 64


def test_an_untrained_network_is_plain_interpolation():
    network = ResUNet(Layout(scale=2, shrink=1, widths=(8, 8), blocks=(1, 1)))
    x = torch.rand(1, 1, 16, 16)
    wanted = torch.nn.functional.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False)
    torch.testing.assert_close(network(x), wanted)


def test_the_count_of_operations_agrees_with_the_layers():
    layout = Layout(scale=1, shrink=2, widths=(8, 12), blocks=(1, 2))
    network, counted = ResUNet(layout), []
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            module.register_forward_hook(
                lambda m, _, y: counted.append(
                    y.numel()
                    * (
                        m.weight.numel() // m.out_channels
                        if isinstance(m, torch.nn.Conv2d)
                        else m.in_channels
                    )
                )
            )
    network(torch.zeros(1, 1, 64, 64))
    assert sum(counted) / 64**2 == pytest.approx(macs_per_pixel(layout))


def test_a_layout_survives_its_json_and_refuses_what_it_does_not_know():
    layout = Layout(4, 1, (8, 16), (1, 2))
    assert Layout.from_json(layout.to_json()) == layout
    with pytest.raises(ValueError, match="unknown"):
        Layout.from_json(b'{"width": 3}')
    with pytest.raises(ValueError):
        Layout.from_json(b'{"widths": [100000], "blocks": [1]}')


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"widths": null}', '{"scale": "2"}', '{"blocks": ["1"]}']
)
def test_a_card_that_describes_no_network_is_told_so(text):
    with pytest.raises(weights.WeightsDoNotFit, match="no network"):
        Pssr().load(text.encode(), b"", Params(), "cpu", "float32")


def test_a_restorer_gives_back_what_its_network_computes_and_flips_average():
    layout = LAYOUTS[0]
    network = random_network(layout).float()
    data = weights.to_bytes(network.state_dict())
    tiles = np.random.default_rng(0).random((2, 16, 24), np.float32)
    plain = Pssr().load(layout.to_json(), data, Params(), "cpu", "float32")
    flipped = Pssr().load(layout.to_json(), data, Params(flips=True), "cpu", "float32")
    with torch.inference_mode():
        wanted = network(torch.from_numpy(tiles)[:, None])[:, 0].numpy()
    np.testing.assert_allclose(plain.run(tiles), wanted, rtol=0, atol=1e-4)
    turned = flipped.run(np.ascontiguousarray(np.rot90(tiles[:, :16, :16], axes=(1, 2))))
    np.testing.assert_allclose(
        np.rot90(turned, -1, axes=(1, 2)), flipped.run(tiles[:, :16, :16]), rtol=0, atol=1e-4
    )
    assert plain.moved("cpu", "bfloat16").precision == "bfloat16"


def test_only_a_lack_of_memory_counts_as_one():
    restorer = Pssr().load(
        LAYOUTS[0].to_json(), weights.to_bytes(ResUNet(LAYOUTS[0]).state_dict()), Params(), "cpu", "float32"
    )
    assert restorer.is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert restorer.is_out_of_memory(MemoryError())
    assert not restorer.is_out_of_memory(RuntimeError("shapes differ"))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 50))
def test_contrast_scales_through_the_network(gain):
    network = random_network(LAYOUTS[0])
    x = torch.rand(1, 1, 16, 16, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(network(gain * x), gain * network(x))


def test_the_default_network_has_its_stated_size():
    assert n_parameters(ResUNet(Layout())) == 1_266_048
