"""What restoring in tiles costs beside the bare network on the same tiles; megapixels a second."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.network import default_network
from benchmarks.report import Row, tell
from models.arrays import ArraySink, ArraySource
from models.restoration.budget import Budget, chosen_batch, chosen_plan
from models.restoration.inference import restore, result_info

SIDE, ROUNDS = 2048, 3


def main() -> bool:
    """Measure and print; return whether the limits are kept."""
    restorer, name = default_network()
    pixels = np.random.default_rng(0).integers(100, 4000, (1, 1, 1, SIDE, SIDE)).astype(np.uint16)
    source = ArraySource(pixels)
    sink = ArraySink(result_info(source.info, restorer.traits.scale))
    plan = chosen_plan(source.info, restorer.traits, Budget())
    batch = chosen_batch(plan, restorer.traits, Budget(), device="cpu")
    count = len(plan.rows) * len(plan.columns)
    tiles = np.random.default_rng(1).random((batch, *plan.tile), np.float32)
    restorer.run(tiles)
    bare, tiled = [], []
    for _ in range(ROUNDS):  # in turn, so that other programs disturb both alike
        bare.append(_took(lambda: [restorer.run(tiles) for _ in range(-(-count // batch))]))
        tiled.append(_took(lambda: restore(source, sink, restorer)))
    (bare_wall, bare_cpu), (wall, cpu) = map(min, (bare, tiled))
    seen = count * plan.tile[0] * plan.tile[1]
    return tell(
        f"Tiled inference of {SIDE} x {SIDE} pixels by {name}",
        [
            Row("the bare network on the same tiles", bare_wall, "s"),
            Row("read, tile, restore, blend, write", wall, "s"),
            Row("throughput of the whole against the bare network", bare_wall / wall, "", 0.9, "at least"),
            Row("the same in processor seconds, blind to other programs", bare_cpu / cpu, ""),
            Row("output", sink.pixels.size / 1e6 / wall, "MP/s", 1.0, "at least"),
            Row("output per processor second", sink.pixels.size / 1e6 / cpu, "MP/s"),
            Row(f"pixels seen per pixel kept, tile {plan.tile[0]} x {plan.tile[1]}", seen / SIDE**2, ""),
        ],
    )


def _took(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and processor seconds of `work`."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu
