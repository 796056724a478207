"""Measure a model of movies beside single-frame restoration and the rolling average of five frames.

The series are held-out real images that stand still or move in a made-up way, and held-out real movies, made
bad at three amounts of light. PSNR is after the best gain and offset of every frame; flicker is the
frame-to-frame residual where nothing moves, as part of the truth's range. Specimens count once.

    python -m benchmarks frames --data DIR --model FOLDER|ID [--single FOLDER|ID] [--only WORDS]
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.library.card import ModelCard, read_card
from app.library.store import CARD_FILE, Library
from app.paths import find_paths
from benchmarks.report import Row, tell
from benchmarks.series import Series, all_series
from models.arrays import ArraySink, ArraySource
from models.restoration.family import Planes, Precision, Restorer
from models.restoration.inference import restore, result_info
from models.restoration.metrics import flicker, intensity_range, psnr_fit, still_regions
from models.restoration.registry import family
from models.restoration.tiling import mirrored

GAIN_DB = 0.5  # of several frames over one, on average over all series
Method = Callable[[np.ndarray], np.ndarray]


class Alone:
    """A model of movies that is shown every frame as if it were its own neighbours: the fair twin."""

    def __init__(self, restorer: Restorer) -> None:
        self._restorer = restorer
        self._frames = restorer.traits.frames
        self.traits = replace(restorer.traits, frames=1)
        self.device = restorer.device
        self.precision: Precision = restorer.precision

    def tuned(self, sample: Planes) -> Restorer:  # noqa: ARG002 - networks do not look at the image first
        """Return itself."""
        return self

    def run(self, tiles: Planes) -> Planes:
        """Restore ``(n, h, w)`` tiles, each its own neighbour."""
        return self._restorer.run(np.repeat(tiles[:, None], self._frames, axis=1))

    def moved(self, device: str, precision: Precision) -> Restorer:
        """Return the same restorer elsewhere."""
        return Alone(self._restorer.moved(device, precision))

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether `error` says that the device's memory was too small."""
        return self._restorer.is_out_of_memory(error)


def rolling_mean(movie: np.ndarray, frames: int = 5) -> np.ndarray:
    """Return the mean over `frames` neighbours of every frame; the movie is mirrored at its ends."""
    reach = frames // 2
    around = [mirrored((t - reach, t + reach + 1), len(movie)) for t in range(len(movie))]
    return np.stack([movie[seen].mean(axis=0) for seen in around])


def by(restorer: Restorer) -> Method:
    """Return the method that restores a movie with `restorer`, as the program does."""

    def restored(movie: np.ndarray) -> np.ndarray:
        source = ArraySource(movie[:, None, None])
        sink = ArraySink(result_info(source.info, restorer.traits.scale))
        restore(source, sink, restorer)
        return sink.pixels[:, 0, 0]

    return restored


def loaded(name: str) -> Restorer:
    """Load a model by the folder of its training or its id in the library."""
    folder = Path(name)
    if (folder / CARD_FILE).exists():
        card = read_card((folder / CARD_FILE).read_text(encoding="utf-8"), name=name)
        return _filled(card, (folder / str(card.weights)).read_bytes())
    library = Library(find_paths())
    return _filled(library.card(name), library.weights(name))


def _filled(card: ModelCard, weights: bytes) -> Restorer:
    made = family(card.family)
    return made.load(card.network.encode(), weights, made.params(), "cpu", "float32")


def measured(series: Series, methods: dict[str, Method]) -> dict[str, tuple[float, float]]:
    """Return PSNR after the fit in dB, mean over the frames, and flicker of every method."""
    still, full = still_regions(series.high), intensity_range(series.high)
    found = {}
    for name, method in methods.items():
        result = method(series.low)
        pairs = zip(series.high, result, strict=True)
        db = float(np.mean([psnr_fit(truth, frame, full) for truth, frame in pairs]))
        found[name] = (db, flicker(result, still, full))
    return found


def _mean(rows: list[tuple[str, float]]) -> float:
    """Average by specimen first, then over specimens."""
    names = dict.fromkeys(name for name, _ in rows)
    return float(np.mean([np.mean([value for name, value in rows if name == one]) for one in names]))


def main(argv: Sequence[str] | None = None) -> bool:
    """Measure and print; return whether the limits are kept."""
    parser = argparse.ArgumentParser(prog="frames", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and formats/")
    parser.add_argument("--model", required=True, help="model of movies: folder of a training, or id")
    parser.add_argument("--single", default="pssr-fluorescence", help="model of single pictures")
    parser.add_argument("--only", default="", help="only series whose words contain this")
    options = parser.parse_args(argv)
    several = loaded(options.model)
    methods: dict[str, Method] = {
        "several frames": by(several),
        "single frame": by(loaded(options.single)),
        "the same model, frame repeated": by(Alone(several)),
        "rolling average of 5": rolling_mean,
        "as it is": lambda movie: movie,
    }
    found: dict[str, list[tuple[str, dict[str, tuple[float, float]]]]] = {}
    for series in all_series(options.data):
        if options.only in series.on:
            found.setdefault(series.on, []).append((series.specimen, measured(series, methods)))
    rows, gains, calmer = [], [], []
    for on, entries in found.items():
        table = {
            name: [_mean([(who, entry[name][i]) for who, entry in entries]) for i in (0, 1)]
            for name in methods
        }
        for name, (db, unrest) in table.items():
            rows.append(Row(f"{on}: {name}", db, "dB"))
            rows.append(Row(f"{on}: {name}, flicker", 100 * unrest, "%"))
        own, other = table["several frames"], table["single frame"]
        gains.append(own[0] - other[0])
        calmer.append(own[1] / other[1])
        rows.append(Row(f"{on}: gain over single frame", gains[-1], "dB"))
    rows.append(Row("gain over single frame, mean", float(np.mean(gains)), "dB", GAIN_DB, "at least"))
    rows.append(Row("flicker as part of single frame's, worst", max(calmer), "", 1.0))
    return tell(f"Several frames of a movie by {options.model}", rows)
