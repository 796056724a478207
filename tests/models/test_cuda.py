"""What must hold on an NVIDIA GPU; run by ``dev.py test --cuda``."""

import numpy as np
import pytest
import torch

from models import weights
from models.pssr.family import Pssr
from models.pssr.network import Layout, ResUNet
from models.pssr.params import Params
from models.restoration.degrade import Degradation, degrade
from models.training.loop import Plan, train
from models.training.losses import LOSSES
from models.training.pairs import Pairs, UnseenScore
from models.training.patches import Specimen
from models.training.recipe import Recipe
from models.watch import Silent

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU in this computer"),
]
LAYOUT = Layout(scale=2, shrink=1, widths=(16, 32), blocks=(1, 1))


def restorer(device, precision="float32"):
    torch.manual_seed(0)
    network = ResUNet(LAYOUT)
    torch.nn.init.normal_(network.head.weight, std=0.05)
    return Pssr().load(LAYOUT.to_json(), weights.to_bytes(network.state_dict()), Params(), device, precision)


@pytest.mark.parametrize(
    ("precision", "tolerance"), [("float32", 2e-3), ("bfloat16", 0.05), ("float16", 0.01)]
)
def test_the_gpu_answers_as_the_processor_does(precision, tolerance):
    tiles = np.random.default_rng(0).random((3, 64, 96), np.float32)
    on_gpu = restorer("cuda:0", precision).run(tiles)
    np.testing.assert_allclose(on_gpu, restorer("cpu").run(tiles), rtol=0, atol=tolerance)


def test_a_lack_of_gpu_memory_is_recognised():
    made = restorer("cuda:0")
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**15, dtype=torch.uint8, device="cuda:0")
    assert made.is_out_of_memory(caught.value)


def test_noise_is_made_on_the_gpu_with_the_same_law():
    fields = torch.full((1, 1, 512, 512), 100.0, device="cuda:0")
    noisy = degrade(fields, [Degradation(gain=2.0)], torch.Generator("cuda:0").manual_seed(0))
    assert noisy.device.type == "cuda"
    assert noisy.var().item() == pytest.approx(200, rel=0.03)


def test_training_runs_in_half_precision_with_a_finite_loss():
    y, x = np.mgrid[:128, :128] / 9
    specimen = Specimen("waves", ((np.sin(x) * np.cos(y)).astype(np.float32),))
    pairs = Pairs([specimen], Recipe(), scale=2, seed=0, device=torch.device("cuda:0"))
    looks = []
    train(
        ResUNet(LAYOUT),
        pairs.draw,
        LOSSES["charbonnier_ssim"],
        UnseenScore(pairs, batches=1, n=2),
        Plan(steps=20, every=10, precision="bfloat16"),
        device=torch.device("cuda:0"),
        watch=Silent(),
        save=lambda _, look: looks.append(look),
    )
    assert len(looks) == 2
    assert np.isfinite([look.loss for look in looks]).all()
