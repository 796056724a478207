"""Does it learn at all, on real images? Minutes; run by ``dev.py test --slow``."""

from importlib.resources import files

import numpy as np
import pytest
import torch

from app.engine.runners.learning.images import Reader, split_files
from models.pssr.network import Layout, ResUNet
from models.restoration.degrade import EM_PUBLISHED, PSSR2_POISSON, degrade
from models.restoration.metrics import scores
from models.smoothing.baselines import baselines
from models.training.loop import Plan, train
from models.training.losses import LOSSES
from models.training.pairs import Pairs, UnseenScore
from models.training.recipe import parse
from models.watch import Silent

SLICES = (40, 120, 200)


@pytest.mark.slow
def test_400_steps_on_fibsem_slices_beat_every_simple_method_on_another_block(data_dir):
    from app.images.open import open_image

    recipe = parse(files("resources").joinpath("recipes", "pssr-em-x4.toml").read_text(encoding="utf-8"))
    layout = Layout(scale=4, shrink=1, widths=(48, 96, 144), blocks=(2, 1, 1))
    device = torch.device("cpu")
    train_dir = data_dir / "train"
    images = split_files(train_dir, recipe.data)
    reader = Reader(Silent(), Silent(), 24, len(images.learn))
    specimens = [specimen for _, specimen in reader.read(images.learn)]
    learn = Pairs(specimens, recipe, scale=4, seed=0, device=device)
    torch.manual_seed(0)
    network = ResUNet(layout)
    kept = train(
        network,
        learn.draw,
        LOSSES["charbonnier_ssim"],
        UnseenScore(learn, batches=1),
        Plan(steps=400, every=200, average=0.99, keep="last"),
        device=device,
        watch=Silent(),
        save=lambda *_: None,
    )
    network.load_state_dict(kept)
    network.eval()
    block = open_image(train_dir / "em" / "fibsem_medulla_sample1_vol250.tif")
    shape = block.info.shape
    axis = "z" if shape[2] > 1 else "t"
    for how in (EM_PUBLISHED, PSSR2_POISSON):
        gains = []
        for i in SLICES:
            place = {axis: i}
            truth = block.read(block.info.plane(**place))[0, 0, 0, :240, :240].astype(np.float32)
            tensor = torch.from_numpy(truth)[None, None]
            low = degrade(tensor, [how], torch.Generator().manual_seed(i))
            span = torch.quantile(low, 0.999) - torch.quantile(low, 0.001)
            with torch.inference_mode():
                restored = network((low - torch.quantile(low, 0.001)) / span)[0, 0].numpy()
            simple = max(
                scores(truth, b.image).psnr_fit
                for b in baselines(low[0, 0].numpy(), truth, 4)
                if b.tuned != "truth"
            )
            gains.append(scores(truth, restored).psnr_fit - simple)
        assert np.mean(gains) > 0, f"gains {gains}"
