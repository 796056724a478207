"""Time series with a known truth: held-out images that stand still or move, and held-out movies."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage

from app.engine.runners.movies import in_time
from app.images.open import open_image
from benchmarks.held_out import HELD_OUT, is_truth, middle, planes
from models.restoration.degrade import Degradation, degrade
from models.training.patches import normalised

FRAMES = 9
SIDE = 192
KNOTS = 4  # of the made-up motion, along each side
LIGHT = ((10, 0.03), (60, 0.01), (400, 0.005))  # photons per pixel at full brightness, read noise
WAYS = (  # in words; drift and own motion of the parts, rms in pixels per frame
    ("standing still", 0.0, 0.0),
    ("moving slowly", 0.3, 0.2),
    ("moving", 0.6, 0.6),
    ("moving fast", 1.5, 2.0),
)
MOVIES = (  # real motion; the frames are good enough to be made bad
    "train/cells/perturbation_pairs/mitocheck_empty_movie_30t.tif",
    "formats/imagej_timelapse_float32_30t.tif",
)


@dataclass(frozen=True)
class Series:
    """A bad movie with its truth, both (t, h, w)."""

    on: str
    specimen: str
    low: np.ndarray
    high: np.ndarray


def walk(rng: np.random.Generator, drift: float, own: float) -> np.ndarray:
    """Return where the knots are in each frame, (t, 2, knots, knots): a random walk that keeps its direction.

    The picture drifts as a whole and its parts go their own ways; the middle frame is where it began.
    """
    steps = np.zeros((FRAMES, 2, KNOTS, KNOTS))
    for strength, shape in ((drift, (2, 1, 1)), (own, (2, KNOTS, KNOTS))):
        speed = rng.standard_normal(shape)
        for t in range(FRAMES):
            speed = 0.8 * speed + 0.6 * rng.standard_normal(shape)
            steps[t] += strength / np.sqrt(2) * speed
    path = np.cumsum(steps, axis=0)
    return path - path[FRAMES // 2]


def moving(good: np.ndarray, rng: np.random.Generator, drift: float, own: float) -> np.ndarray:
    """Return `good` moving, (t, h, w), by cubic splines."""
    if not drift and not own:
        return np.repeat(good[None], FRAMES, axis=0)
    height, width = good.shape
    places = np.mgrid[:height, :width].astype(float)
    frames = []
    for knots in walk(rng, drift, own):
        zoom = (height / KNOTS, width / KNOTS)
        shift = [ndimage.zoom(one, zoom, order=3, mode="nearest", grid_mode=True) for one in knots]
        frames.append(ndimage.map_coordinates(good, places + np.array(shift), order=3, mode="mirror"))
    return np.stack(frames).astype(np.float32)


def made_bad(good: np.ndarray, how: Degradation, seed: int) -> np.ndarray:
    """Return the movie with noise of its own in every frame."""
    frames = torch.from_numpy(np.ascontiguousarray(good, dtype=np.float32))[:, None]
    return degrade(frames, [how] * len(good), torch.Generator().manual_seed(seed))[:, 0].numpy()


def all_series(data: Path) -> Iterator[Series]:
    """Yield every series: first held-out stills that move, then movies with motion of their own."""
    for number, name in enumerate(HELD_OUT):
        good = middle(normalised(next(planes(data / "train" / "fluorescence" / f"{name}.tif"))), SIDE)
        for words, drift, own in WAYS:
            truth = moving(good, np.random.default_rng(number), drift, own)
            yield from _at_every_light(words, Path(name).name, truth, seed=1000 * number)
    for number, name in enumerate(MOVIES):
        yield from _at_every_light("a real movie", Path(name).stem, real_movie(data / name), seed=number)


def real_movie(path: Path) -> np.ndarray:
    """Return the first frames of a movie."""
    source = in_time(open_image(path))
    frames = [source.read(source.info.plane(t))[0, 0, 0] for t in range(FRAMES)]
    source.close()
    return normalised(np.stack([middle(frame, SIDE) for frame in frames]))


def _at_every_light(words: str, specimen: str, truth: np.ndarray, seed: int) -> Iterator[Series]:
    for photons, read in LIGHT:
        how = Degradation(gain=1 / photons, read_noise=read, offset=-0.1)
        low = made_bad(truth, how, seed + photons)
        if is_truth(truth[0], low[0], replace(how, gain=0.0, read_noise=0.0)):
            yield Series(words, specimen, low, truth)
