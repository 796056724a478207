"""How much memory restoring a 4 GB stack takes above the loaded model.

The stack is real in size but mostly empty on the disk; a few planes at its start, middle and end are
restored. Each plane is treated alike, so more of them would take longer and no more memory.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from app.engine.process import environment
from app.images.open import open_image
from app.images.record import Provenance
from app.images.writers.tiff import OmeTiffSink
from benchmarks.network import default_network
from benchmarks.report import Row, tell
from models.arrays import array_info
from models.restoration.inference import restore, result_info
from models.source import Region
from models.watch import Silent

PLANES, SIDE = 512, 2048
RESTORED = (0, 1, PLANES // 2, PLANES - 2, PLANES - 1)


class Few(Silent):
    """Claims that all planes but a few are finished."""

    def is_committed(self, unit: str) -> bool:
        """Whether `unit` is none of the few."""
        return int(unit.rpartition("z")[2]) not in RESTORED


def main() -> bool:
    """Measure in a fresh process, set up as a worker's is; return whether the limit is kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = _stack(Path(folder))
        answer = subprocess.run(
            [sys.executable, "-m", "benchmarks.bench_memory", str(path)],
            env=environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        size = path.stat().st_size / 1e9
    model, peak, name = answer.stdout.strip().split("|")
    above = (float(peak) - float(model)) / 1e9
    return tell(
        f"Memory of restoring a stack of {size:.1f} GB by {name}",
        [
            Row("with the model loaded", float(model) / 1e9, "GB"),
            Row("at the peak", float(peak) / 1e9, "GB"),
            Row("above the model", above, "GB", 1.5),
        ],
    )


def _stack(folder: Path) -> Path:
    plane = np.random.default_rng(0).integers(100, 4000, (1, 1, 1, SIDE, SIDE)).astype(np.uint16)
    info = array_info(np.broadcast_to(np.uint16(0), (1, 1, PLANES, SIDE, SIDE)))
    sink = OmeTiffSink.create(folder / "stack.ome.tif", info)
    for z in RESTORED:
        sink.write(Region((0, 1), (0, 1), (z, z + 1), (0, SIDE), (0, SIDE)), plane)
    return sink.close(Provenance())


def _restore(path: Path) -> None:
    restorer, name = default_network()
    before = _resident()
    source = open_image(path)
    sink = OmeTiffSink.create(
        path.with_name("result.ome.tif"), result_info(source.info, restorer.traits.scale)
    )
    restore(source, sink, restorer, watch=Few())
    sink.abandon()
    source.close()
    print(before, _peak(), name, sep="|")


def _resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def _peak() -> int:
    if os.name == "nt":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    _restore(Path(sys.argv[1]))
