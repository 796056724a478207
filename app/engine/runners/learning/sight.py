"""One unseen crop to look at while a network learns: bad, now, good, and what a simple filter makes of it."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from app.engine.runners.learning.images import HISTORY
from app.engine.runners.learning.simple import best_simple
from models.training.loop import Score


class Sight:
    """Looks at the crop whenever the network is scored; a `Score` around another one.

    Parameters
    ----------
    score : Score
        What the look is really for.
    shown : (input, target or None)
        (1, frames, h, w) and (1, 1, h * scale, w * scale).
    scale : int
    folder : Path
        Of the model; array files are kept in its folder `HISTORY`.
    """

    def __init__(self, score: Score, shown: tuple[Tensor, Tensor | None], scale: int, folder: Path) -> None:
        self._score = score
        self._bad, self._good = shown
        self._scale = scale
        self._folder = folder / HISTORY
        self._now: NDArray[np.float32] | None = None

    def __call__(self, network: nn.Module) -> float:
        """Return the score of `network`, and look at what it makes of the crop."""
        device = next(network.parameters()).device
        with torch.inference_mode():
            self._now = network(self._bad.to(device))[0, 0].float().cpu().numpy()
        return self._score(network)

    def begin(self, step: int) -> None:
        """Write down what does not change; forget what was seen after `step` by a run that went further."""
        self._folder.mkdir(exist_ok=True)
        for file in self._folder.glob("[0-9]*.npy"):
            if not file.stem.isdigit() or int(file.stem) > step:
                file.unlink()
        bad = self._bad[0, self._bad.shape[1] // 2].cpu().numpy()
        files = {"bad": bad, "simple": best_simple(bad, self._scale)}
        if self._good is not None:
            files["good"] = self._good[0, 0].cpu().numpy()
        for name, plane in files.items():
            np.save(self._folder / f"{name}.npy", np.ascontiguousarray(plane, dtype=np.float32))

    def keep(self, step: int) -> Path:
        """Write down what was seen at `step` and return the file."""
        assert self._now is not None
        file = self._folder / f"{step:06d}.npy"
        np.save(file, self._now)
        return file
