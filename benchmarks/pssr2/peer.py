"""The PSSR2 package, trained and run by its own code in an environment of its own.

``PYTHON peer.py FOLDER MINUTES THREADS``: FOLDER has train.npz and test.npz, each with planes of 8-bit gray
levels (n, side, side), and large.npz with one bad plane to be timed on. Makes the bad test images with
PSSR2's resizing and Poisson crappifier, trains its default ResUNet with its default loss on its own data set
for MINUTES, restores the test images, writes bad.npz and restored.npz, prints one line of JSON. This file
imports nothing of ours.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import tifffile
import torch
from PIL import Image

_operators = torch.library.Library("torchvision", "DEF")  # a torchvision made for CUDA lacks them elsewhere
for _name in ("nms", "qnms"):
    _operators.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from pssr.crappifiers import Poisson  # noqa: E402
from pssr.data import ImageDataset  # noqa: E402
from pssr.models import ResUNet  # noqa: E402
from pssr.util import SSIMLoss  # noqa: E402
from torch.utils.data import DataLoader, SubsetRandomSampler  # noqa: E402

SCALE = 4
TILE = 192  # pixels of a good tile; MS-SSIM needs more than 160
BATCH = 4  # more would leave a processor no time for more than a few steps


def made_bad(good: np.ndarray) -> np.ndarray:
    """Return a plane degraded as PSSR2 does: resized by Pillow, then noise, then whole numbers."""
    small = Image.fromarray(good).resize(
        (good.shape[1] // SCALE, good.shape[0] // SCALE), Image.Resampling.BILINEAR
    )
    noisy = Poisson().crappify(np.asarray(small, np.float32)[None])[0]
    return np.clip(noisy.round(), 0, 255).astype(np.float32)


def tiles(folder: Path, planes: np.ndarray) -> Path:
    """Cut the training planes into files, since its data set takes one crop per file."""
    target = folder / "tiles"
    target.mkdir(exist_ok=True)
    for number, plane in enumerate(planes):
        for y in range(0, plane.shape[0] - TILE + 1, TILE):
            for x in range(0, plane.shape[1] - TILE + 1, TILE):
                tifffile.imwrite(target / f"{number:03}_{y}_{x}.tif", plane[y : y + TILE, x : x + TILE])
    return target


def trained(folder: Path, minutes: float) -> tuple[torch.nn.Module, int]:
    """Train until the time is over; return the network and the number of steps."""
    files = tiles(folder, np.load(folder / "train.npz")["planes"])
    data = ImageDataset(files, TILE, SCALE, crappifier=Poisson(), val_split=0.02)
    learn = SubsetRandomSampler([i for i in range(len(data)) if i not in data.val_idx])
    network, criterion = ResUNet(), SSIMLoss()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    end, steps = time.monotonic() + 60 * minutes, 0
    network.train()
    while True:
        for good, bad in DataLoader(data, BATCH, sampler=learn, drop_last=True):
            optimiser.zero_grad()
            loss = criterion(network(bad.float()) / 255, good.float() / 255)
            loss.backward()
            optimiser.step()
            steps += 1
            for group in optimiser.param_groups:  # falls as a cosine over the time that is left
                group["lr"] = 1e-3 * max(
                    0.01, 0.5 * (1 + np.cos(np.pi * (1 - (end - time.monotonic()) / (60 * minutes))))
                )
            if time.monotonic() > end:
                return network.eval(), steps


def main(folder: Path, minutes: float, threads: int) -> None:
    """Train, restore, time."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - what its crappifiers draw from
    good = np.load(folder / "test.npz")["planes"]
    bad = np.stack([made_bad(plane) for plane in good])
    np.savez(folder / "bad.npz", planes=bad)
    network, steps = trained(folder, minutes)
    with torch.inference_mode():
        restored = [network(torch.from_numpy(plane)[None, None])[0, 0].numpy() for plane in bad]
        large = torch.from_numpy(np.load(folder / "large.npz")["plane"])[None, None]
        began = time.monotonic()
        megapixels = network(large).numel() / 1e6
        seconds = time.monotonic() - began
    np.savez(folder / "restored.npz", planes=np.stack(restored))
    print(json.dumps({"steps": steps, "megapixels_per_s": megapixels / seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
