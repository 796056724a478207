"""Reports of matches and folders of trainings as the engine leaves them, small and made here."""

import hashlib
import json
from dataclasses import asdict, replace

import numpy as np

from app.library.card import ModelCard, write_card
from models.training.strengths import Matched, Meter, Strengths
from models.training.verdict import Case, conclude, to_json

STRENGTHS = Strengths(
    scale=2,
    blur_px=1.7,
    low=100.0,
    high=900.0,
    offset=100.0,
    gain=4.2,
    read_noise=9.5,
    grain_px=0.4,
    salt=0.0004,
    step=1.0,
    ceiling=4095.0,
)
METERS = (
    Meter("noise", (140.0, 300.0, 640.0), (12.0, 27.0, 45.0), (12.4, 26.1, 47.0), is_measured=True),
    Meter("grain", (), (0.18,), (0.16,), is_measured=True),
    Meter("sharpness", (), (1.7,), (1.8,), is_measured=True),
    Meter("specks", (), (), (0.0004,), is_measured=False, reason="There are too few pixels to find specks."),
)
LINES = Meter("lines", (), (3.0,), (2.8,), is_measured=True)


def matched(**changes):
    return replace(Matched(STRENGTHS, METERS, 0.56, 200, ("The bad image has few dark parts.",)), **changes)


def scene(high, wide, seed=0):
    """Return something to look at: soft spots on a dark ground, gray levels from 100 to 900."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[:high, :wide].astype(np.float32)
    total = np.zeros((high, wide), np.float32)
    for _number in range(40):
        cy, cx, width = chance.uniform(0, high), chance.uniform(0, wide), chance.uniform(2, 9)
        total += np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * width**2))
    return 100 + 800 * total / total.max()


def write_report(folder, found=None, *, side=64, has_bad=True, crops=30):
    """Write the files of a report and return it as the engine sends it."""
    found = found or matched()
    folder.mkdir(parents=True, exist_ok=True)
    scale, chance = found.strengths.scale, np.random.default_rng(1)
    good = scene(side * scale, side * scale, 1)
    small = good.reshape(side, scale, side, scale).mean((1, 3))
    made = small + chance.normal(0, 25, small.shape)
    bad = scene(side, side, 2) + chance.normal(0, 25, small.shape)
    arrays = {"made": made, "good": good}
    if has_bad:
        arrays["bad"] = bad
        arrays["real_crops"] = np.stack([scene(64, 64, seed) for seed in range(crops)])
        arrays["made_crops"] = np.stack([scene(64, 64, seed + 1000) for seed in range(crops)])
    files = {}
    for name, array in arrays.items():
        files[name] = str(folder / f"{name}.npy")
        np.save(files[name], array.astype(np.float32))
    return json.dumps({**asdict(found), "files": files})


WEIGHTS = b"these stand for weights"
CARD = ModelCard(
    "my-actin",
    "My actin",
    "Takes noise out of actin.",
    "pssr",
    "1",
    "not shared",
    "only for you",
    modality="fluorescence",
    pixel_size_um=(0.05, 0.07),
    weights="weights.safetensors",
    size=len(WEIGHTS),
    sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    trained_on=("8 images of 3 samples",),
)


def case(number, gain, *, sample="A", is_real=False):
    return Case(f"cells_{number:02}.tif", sample, is_real, 30.0 + gain, 0.9, 30.0, 0.85, "gaussian", 24.0)


FEW = conclude([case(1, 1.4, sample="C"), case(2, 1.1, sample="C")])
MANY = conclude([case(number, 1.0 + number / 10, sample=f"S{number}") for number in range(6)])


def write_training(folder, *, card=CARD, verdict=FEW, crops=("bad", "simple", "good", "000200", "001000")):
    """Write what a finished training leaves in its folder."""
    (folder / "history").mkdir(parents=True, exist_ok=True)
    (folder / "recipe.toml").write_text("")
    (folder / "checkpoint.safetensors").write_bytes(b"so far")
    if card is not None:
        (folder / "card.toml").write_text(write_card(card), "utf-8")
        (folder / "weights.safetensors").write_bytes(WEIGHTS)
    if verdict is not None:
        (folder / "verdict.json").write_text(to_json(verdict), "utf-8")
    for seed, name in enumerate(crops):
        side = 32 if name == "bad" else 64
        np.save(folder / "history" / f"{name}.npy", scene(side, side, seed).astype(np.float32))
    return folder
