"""Published networks: their shapes, names, halos, and descriptions that nobody should trust."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models import weights
from models.arrays import ArraySink, ArraySource
from models.pssr.family import Pssr
from models.pssr.network import Layout, ResUNet
from models.pssr.networks import (
    FARTHEST,
    Published,
    built,
    described,
    filled,
    measured_halo,
    with_halo,
)
from models.pssr.params import Params
from models.pssr.published.rdresunet import RDResUNetShape
from models.pssr.published.resunet1 import ResUNet1Shape
from models.pssr.published.resunet2 import ResUNet2Shape
from models.pssr.published.swinir import SwinIRShape
from models.restoration.inference import restore, result_info

SMALL = {
    "pssr2-resunet": ResUNet2Shape(hidden=(8, 16, 32), scale=2, depth=1),
    "pssr2-rdresunet": RDResUNetShape(
        hidden=(32, 32), first=16, growth=(8, 8), blocks=(1, 2), halves=(0, 1), gated=(0, 1), scale=2, depth=1
    ),
    "pssr2-swinir": SwinIRShape(width=12, groups=(2,), heads=(2,), window=4, image_size=16, scale=2),
    "pssr-resunet": ResUNet1Shape(scale=2, stem=(8, 8, 16), widths=(16, 16, 24, 32), blocks=(1, 1, 1, 1)),
}
LOCAL = ("pssr2-resunet", "pssr2-swinir")  # no pixel sees the whole tile
CONV_NORM = ("weight", "bias"), ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def names_of(shape):
    with torch.device("meta"):
        return set(shape.build().state_dict())


def decoder_names(block, depth=3):
    parts = [f"conv.{3 * i + j}.{part}" for i in range(depth + 1) for j in (0, 1) for part in CONV_NORM[j]]
    return {f"{block}.{part}" for part in (*parts, "respass.weight", "respass.bias")}


def ends():
    reconstruction = {f"reconstruction.{layer}.{p}" for layer in ("pre", "conv") for p in CONV_NORM[0]}
    return reconstruction | {f"norm.{part}" for part in CONV_NORM[1]}


def with_weights(kind, seed=0):
    """A small network with random statistics too, its description and its weights file."""
    torch.manual_seed(seed)
    network = SMALL[kind].build().eval()
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif "gamma" in name:
            tensor.fill_(0.5)
    return network, Published(kind, SMALL[kind]).to_json(), weights.to_bytes(network.state_dict())


@pytest.mark.parametrize(
    ("shape", "parameters"),
    [
        (ResUNet2Shape(), 59_937_347),
        (RDResUNetShape(), 115_744_923),
        (SwinIRShape(), 1_986_049),
        (ResUNet1Shape(), 48_945_614),
        (ResUNet1Shape(channels=5), 48_954_450),
    ],
)
def test_published_networks_have_their_published_sizes(shape, parameters):
    with torch.device("meta"):
        network = shape.build()
    assert sum(p.numel() for p in network.parameters()) == parameters


def test_names_of_resunet_are_those_of_its_checkpoints():
    blocks = [f"encoder.{i}" for i in range(5)] + [f"decoder.{i}" for i in range(4)]
    assert names_of(ResUNet2Shape()) == ends().union(*(decoder_names(block) for block in blocks))


def test_names_of_rdresunet_are_those_of_its_checkpoints():
    wanted = ends().union(*(decoder_names(f"decoder.{i}") for i in range(4)))
    wanted |= {f"encoder.stem.stem.{i}.{p}" for i in (0, 1) for p in CONV_NORM[0]}
    for stage in range(7):
        wanted |= {f"encoder.dense_stages.{stage}.{i}.{p}" for i in (0, 1) if stage for p in CONV_NORM[0]}
        for block in range(3):
            at = f"encoder.dense_stages.{stage}.{2 if stage else 0}.dense_block{block}"
            layers = ["0", "1", "2", "4", *(["5.fc"] if stage > 1 else [])]
            wanted |= {f"{at}.gamma"} | {f"{at}.layers.layers.{i}.{p}" for i in layers for p in CONV_NORM[0]}
    assert names_of(RDResUNetShape()) == wanted


def test_names_of_swinir_are_those_of_its_checkpoints():
    layers = ["norm1", "norm2", "attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2"]
    tops = "conv_first patch_embed.norm norm conv_after_body conv_before_upsample.0 upsample.0 upsample.2"
    wanted = {f"{top}.{p}" for top in (*tops.split(), "conv_last") for p in CONV_NORM[0]}
    for group in range(4):
        wanted |= {f"layers.{group}.conv.{p}" for p in CONV_NORM[0]}
        for block in range(4):
            at = f"layers.{group}.residual_group.blocks.{block}"
            wanted |= {f"{at}.{layer}.{p}" for layer in layers for p in CONV_NORM[0]}
            wanted |= {f"{at}.attn.relative_position_{what}" for what in ("bias_table", "index")}
            wanted |= {f"{at}.attn_mask"} if block % 2 else set()
    assert names_of(SwinIRShape()) == wanted


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("frames", [1, 3])
def test_any_size_of_whole_steps_is_restored_to_the_scale(kind, frames):
    shape = replace(SMALL[kind], channels=frames)
    network = shape.build().eval()
    step = shape.multiple
    for rows, columns in ((5, 7), (9, 3)):
        with torch.inference_mode():
            y = network(torch.rand(2, frames, rows * step, columns * step))
        assert y.shape == (2, 1, rows * step * shape.scale, columns * step * shape.scale)


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_swinir_enlarges_by_every_scale_it_is_described_with(scale):
    network = replace(SMALL["pssr2-swinir"], scale=scale).build().eval()
    with torch.inference_mode():
        assert network(torch.rand(1, 1, 8, 12)).shape == (1, 1, 8 * scale, 12 * scale)


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_finite(kind, precision):
    _, text, data = with_weights(kind)
    text = text.replace(b"}", b', "halo": 8}')
    restorer = Pssr().load(text, data, Params(), "cpu", precision)
    step = restorer.traits.multiple
    made = restorer.run(np.random.default_rng(0).random((1, 8 * step, 8 * step), np.float32))
    assert np.isfinite(made).all()


@pytest.mark.parametrize("kind", LOCAL)
def test_tiles_make_the_whole_image_to_two_parts_in_a_thousand(kind):
    _, text, data = with_weights(kind)
    restorer = Pssr().load(text, data, Params(), "cpu", "float32")
    assert restorer.traits.halo < FARTHEST
    image = np.random.default_rng(1).random((1, 1, 1, 150, 170), np.float32)
    made = []
    for tile in (0, 2 * restorer.traits.halo + 48):
        source = ArraySource(image)
        sink = ArraySink(result_info(source.info, restorer.traits.scale))
        restore(source, sink, restorer, tile=tile)
        made.append(sink.pixels)
    whole, tiled = made
    assert np.abs(whole - tiled).max() < 0.002 * max(np.ptp(whole), 1.0)


@pytest.mark.parametrize("kind", LOCAL)
def test_what_lies_beyond_the_measured_halo_is_not_noticed(kind):
    network, text, data = with_weights(kind)
    _, traits = filled(text, data)
    step, halo = traits.multiple, traits.halo
    side = -(-(2 * halo + 4 * step) // step) * step
    x = torch.rand(1, 1, side, side, generator=torch.Generator().manual_seed(2))
    other = x.clone()
    other[..., : side - halo - step] = torch.rand(1, 1, side, side - halo - step)
    with torch.inference_mode():
        touched = (network(x) - network(other)).abs()[..., (side - step) * traits.scale :]
    assert touched.max() < 2e-3


def test_a_network_that_looks_over_the_whole_tile_gets_the_largest_halo_or_what_time_allows():
    network = SMALL["pssr-resunet"].build().eval()
    assert measured_halo(network, SMALL["pssr-resunet"]) == FARTHEST
    ticks = iter(range(0, 1000, 30))
    assert measured_halo(network, SMALL["pssr-resunet"], clock=lambda: next(ticks)) == 32


def test_a_measured_halo_is_kept_in_the_description():
    _, text, data = with_weights("pssr2-resunet")
    kept = with_halo(text, data)
    _, traits = filled(text, data)
    assert described(kept).halo == traits.halo
    assert filled(kept, data)[1].halo == traits.halo
    compact = Layout(1, 2, (8, 8), (1, 1)).to_json()
    assert with_halo(compact, b"") == compact


@pytest.mark.parametrize("kind", SMALL)
def test_a_description_survives_its_json(kind):
    description = Published(kind, SMALL[kind], 40)
    assert described(description.to_json()) == description
    network, traits = built(description.to_json())
    assert (traits.halo, traits.scale, traits.frames) == (40, 2, 1)
    assert network.state_dict().keys() == SMALL[kind].build().state_dict().keys()


def test_a_description_without_a_kind_is_a_compact_network():
    layout = Layout(2, 1, (8, 12), (1, 1))
    assert described(layout.to_json()) == layout
    assert described(b'{"kind": "compact", "scale": 2}') == Layout(scale=2)
    network, traits = built(layout.to_json())
    assert isinstance(network, ResUNet)
    assert traits.halo == layout.halo


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"kind": "resnet"}',
        '{"kind": ["pssr2-resunet"]}',
        '{"kind": "pssr2-resunet", "height": [8]}',
        '{"kind": "pssr2-resunet", "hidden": 8}',
        '{"kind": "pssr2-resunet", "hidden": [8, 1e9]}',
        '{"kind": "pssr2-resunet", "hidden": [2048, 2048, 2048, 2048, 2048, 2048, 2048], "depth": 8}',
        '{"kind": "pssr2-resunet", "scale": true}',
        '{"kind": "pssr2-resunet", "halo": 1000000}',
        '{"kind": "pssr2-resunet", "halo": "8"}',
        '{"kind": "pssr2-rdresunet", "growth": []}',
        '{"kind": "pssr2-rdresunet", "halves": [1, 1, 1, 0, 0, 0, 0]}',
        '{"kind": "pssr2-rdresunet", "patch": 1000}',
        '{"kind": "pssr2-swinir", "window": 0}',
        '{"kind": "pssr2-swinir", "image_size": 1000000}',
        '{"kind": "pssr2-swinir", "heads": [7, 7, 7, 7]}',
        '{"kind": "pssr-resunet", "widths": [1000000, 1, 1, 1]}',
        '{"kind": "pssr-resunet", "scale": 3}',
    ],
)
def test_an_absurd_description_is_told_in_a_sentence_and_costs_no_memory(text):
    with pytest.raises(weights.WeightsDoNotFit, match="no network"):
        Pssr().load(text.encode(), b"", Params(), "cpu", "float32")


@pytest.mark.parametrize("kind", SMALL)
def test_weights_of_another_network_are_told_so(kind):
    other = next(one for one in SMALL if one != kind)
    _, text, _ = with_weights(kind)
    _, _, data = with_weights(other)
    with pytest.raises(weights.WeightsDoNotFit, match="do not belong"):
        Pssr().load(text, data, Params(), "cpu", "float32")
    with pytest.raises(weights.WeightsUnreadable):
        Pssr().load(text, data[:100], Params(), "cpu", "float32")


PEER = """
import sys, torch
operators = torch.library.Library("torchvision", "DEF")
try:
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
except RuntimeError:
    pass
from pssr import models
for name in ("ResUNet", "RDResUNet", "SwinIR"):
    torch.manual_seed(1)
    network = getattr(models, name)().eval()
    for key, tensor in network.state_dict().items():
        if "running_var" in key:
            tensor.uniform_(0.5, 1.5)
        elif "gamma" in key:
            tensor.normal_()
    x = 255 * torch.rand(1, 1, 32, 48)
    with torch.no_grad():
        torch.save({"weights": network.state_dict(), "x": x, "y": network(x)}, f"{sys.argv[1]}/{name}.pt")
"""


@pytest.mark.peers
def test_networks_of_pssr2_answer_as_theirs_do(tmp_path):
    python = os.environ.get("MICROGRAPHIA_PSSR2", "")
    if not Path(python).is_file():
        pytest.skip("needs MICROGRAPHIA_PSSR2, the Python of an environment with the package pssr")
    subprocess.run([python, "-c", PEER, str(tmp_path)], check=True, capture_output=True, timeout=600)
    shapes = {"ResUNet": ResUNet2Shape(), "RDResUNet": RDResUNetShape(), "SwinIR": SwinIRShape()}
    for name, shape in shapes.items():
        theirs = torch.load(tmp_path / f"{name}.pt", weights_only=True)
        network = shape.build().eval()
        network.load_state_dict(theirs["weights"])
        with torch.inference_mode():
            difference = (255 * network(theirs["x"] / 255) - theirs["y"]).abs().max()
        assert difference < 1e-3, name
