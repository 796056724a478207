"""Whether a network waits for its training images: the real loop beside the same loop on resident tensors."""

import time
from importlib import resources

import numpy as np
import torch

from benchmarks.report import Row, tell
from models.pssr.network import Layout, ResUNet
from models.training.loop import Draw, Plan, train
from models.training.losses import LOSSES
from models.training.pairs import Pairs
from models.training.patches import Specimen, normalised
from models.training.recipe import parse
from models.watch import Silent

RECIPE = "pssr-own-images"
STEPS, ROUNDS = 12, 3
SIDE, PLANES = 768, 12


def main() -> bool:
    """Measure and print; return whether the limit is kept."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    steps = STEPS * (20 if device.type == "cuda" else 1)
    text = (resources.files("resources") / "recipes" / f"{RECIPE}.toml").read_text(encoding="utf-8")
    recipe = parse(text)
    network = recipe.network
    layout = Layout(**{name: tuple(v) if isinstance(v, list) else v for name, v in network.items()})
    specimens = [Specimen(f"s{i}", (normalised(_structure(i)),)) for i in range(PLANES)]
    pairs = Pairs(specimens, recipe, scale=layout.scale, seed=0, device=device)
    resident = pairs.draw(0)
    drawn, still = [], []
    for _ in range(ROUNDS):  # in turn, so that other programs disturb both alike
        drawn.append(_seconds(pairs.draw, layout, steps, device))
        still.append(_seconds(lambda _step: resident, layout, steps, device))
    begun = time.perf_counter()
    for step in range(5):
        pairs.draw(step)
    drawing = (time.perf_counter() - begun) / 5
    real, bare = min(drawn), min(still)
    return tell(
        f"Training by {RECIPE} on {device.type}, {torch.get_num_threads()} threads",
        [
            Row("the loop on resident tensors", steps / bare, "steps/s"),
            Row("the loop with crops drawn and made bad", steps / real, "steps/s"),
            Row("the real loop against the resident one", bare / real, "", 0.9, "at least"),
            Row("drawing one batch by itself", drawing, "s"),
        ],
    )


def _structure(seed: int) -> np.ndarray:
    """Return a plane with structure at several scales, (SIDE, SIDE) float32."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    return sum((gaussian_filter(rng.random((SIDE, SIDE)), s) * s for s in (1, 3, 9)), np.zeros((SIDE, SIDE)))


def _seconds(draw: Draw, layout: Layout, steps: int, device: torch.device) -> float:
    """Return the seconds that `steps` steps of the real loop take, without its beginning."""
    torch.manual_seed(0)
    network = ResUNet(layout)
    marks: list[float] = []

    class Clock(Silent):
        def progress(self, done: float, total: float, unit: str) -> None:  # noqa: ARG002 - the protocol's
            if device.type == "cuda":
                torch.cuda.synchronize()
            if done in (2, total):
                marks.append(time.perf_counter())

    plan = Plan(
        steps=steps + 2, every=10 * steps, precision="bfloat16" if device.type == "cuda" else "float32"
    )
    train(
        network, draw, LOSSES["charbonnier_ssim"], lambda _: 0.0, plan,
        device=device, watch=Clock(), save=lambda *_: None,
    )  # fmt: skip
    return marks[-1] - marks[0]
