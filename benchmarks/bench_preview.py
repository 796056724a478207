"""How long a restored preview box takes once the model is warm, with a real worker process."""

import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from app.engine.events import FINAL, Event, Finished
from app.engine.specs import Input, PreviewSpec
from app.engine.supervisor import Engine
from app.images.record import Provenance
from app.images.writers.tiff import OmeTiffSink
from app.library.store import Library
from app.paths import Paths, find_paths
from app.settings import Settings
from benchmarks.report import Row, tell
from models.arrays import array_info

SIDE, PLANES, BOX, ROUNDS = 1024, 10, 256, 5


def main() -> bool:
    """Measure every shipped model and print; return whether the limit is kept."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        path = _image(home)
        paths = Paths(home / "data", home / "config", home / "cache", home / "log")
        engine = Engine(paths, Settings())
        try:
            rows = []
            for card in Library(find_paths()).cards():
                first, *later = [_seconds(engine, path, card.id, step) for step in range(ROUNDS + 1)]
                rows += [
                    Row(f"{card.id}: first box, worker and model cold", first, "s"),
                    Row(f"{card.id}: next boxes", float(np.median(later)), "s", 2.0),
                ]
        finally:
            engine.close()
    return tell(f"Restored preview box of {BOX} x {BOX} pixels", rows)


def _image(folder: Path) -> Path:
    pixels = np.random.default_rng(0).integers(100, 4000, (1, 1, PLANES, SIDE, SIDE)).astype(np.uint16)
    sink = OmeTiffSink.create(folder / "stack.ome.tif", array_info(pixels))
    sink.write(sink.info.whole(), pixels)
    return sink.close(Provenance())


def _seconds(engine: Engine, path: Path, model: str, step: int) -> float:
    ended = threading.Event()
    last: list[Event] = []

    def hear(event: Event) -> None:
        if isinstance(event, FINAL):
            last.append(event)
            ended.set()

    forget = engine.subscribe(hear)
    corner = 60 * step
    box = (corner, corner + BOX)
    started = time.perf_counter()
    engine.preview(PreviewSpec(Input(str(path)), model, t=0, channels=(), z=5, y=box, x=box))
    ended.wait(120)
    seconds = time.perf_counter() - started
    forget()
    if not last or not isinstance(last[0], Finished):
        raise RuntimeError(f"the preview ended with {last}")
    return seconds
