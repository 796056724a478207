"""How fast pictures come from files larger than memory, beside other viewers and beside the least possible.

``python -m benchmarks viewer [--folder DIR] [--peers PYTHON] [--rounds N]``: the files are made in DIR, where
they are used again; PYTHON is that of an environment with napari, ndv, dask and tensorstore. A screen is
needed; ``xvfb-run`` makes one.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile

from benchmarks.giant import sparse_tiff, sparse_zarr, stack_tiff, stack_zarr
from benchmarks.report import Row, tell

PEERS = Path(__file__).with_name("viewing") / "peers.py"
LONGEST = 300  # seconds for one run

Answers = dict[str, float]


class Bench:
    """Runs tasks in processes of their own and keeps the medians of several rounds."""

    def __init__(self, peers: str, rounds: int, home: str) -> None:
        self.peers = peers
        self.rounds = rounds
        self.environment = os.environ | {"MICROGRAPHIA_HOME": home}

    def ours(self, task: str, path: Path) -> Answers:
        """Run the program."""
        return self._rounds([sys.executable, "-m", "benchmarks.viewing.ours", task, str(path)])

    def bare(self, path: Path) -> Answers:
        """Run the least that a viewer must do."""
        return self._rounds([sys.executable, "-m", "benchmarks.viewing.bare", str(path)])

    def peer(self, program: str, task: str, path: Path) -> Answers:
        """Run another viewer."""
        return self._rounds([self.peers, str(PEERS), program, task, str(path)])

    def _rounds(self, words: list[str]) -> Answers:
        found = [self._once(words) for _number in range(self.rounds)]
        return {name: statistics.median(answers[name] for answers in found) for name in found[0]}

    def _once(self, words: list[str]) -> Answers:
        started = time.time()
        done = subprocess.run(
            words, env=self.environment, capture_output=True, text=True, timeout=LONGEST, check=False
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            raise RuntimeError(f"{' '.join(words)} told nothing:\n{done.stderr[-2000:]}")
        answers: Answers = json.loads(lines[-1])
        if "shown_at" in answers:
            answers["first"] = answers.pop("shown_at") - started
        return answers


def main(arguments: list[str]) -> bool:
    """Measure and print; return whether all limits are kept."""
    parser = argparse.ArgumentParser(prog="benchmarks viewer", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "micrographia-bench")
    parser.add_argument("--peers", default="", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(asked.peers, asked.rounds, home)
        kept = [
            _stack(bench, "TIFF", stack_tiff(asked.folder)),
            _stack(bench, "OME-Zarr", stack_zarr(asked.folder)),
            _contrast(bench, four_channels(asked.folder)),
            _giant(bench, "OME-Zarr", sparse_zarr(asked.folder)),
            _giant(bench, "OME-TIFF", sparse_tiff(asked.folder)),
        ]
    return all(kept)


def four_channels(folder: Path) -> Path:
    """Make an image of 4 channels of 2048 x 2048 pixels, unless it is there."""
    path = folder / "four channels.tif"
    if not path.exists():
        pixels = np.random.default_rng(0).poisson(400, (4, 2048, 2048)).astype(np.uint16)
        tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "CYX"})
    return path


def _stack(bench: Bench, kind: str, path: Path) -> bool:
    first, scroll, bare = bench.ours("first", path), bench.ours("scroll", path), bench.bare(path)
    rows = [
        Row("process start to first picture", first["first"], "s"),
        Row("open to picture", scroll["open"], "s", 0.25),
        Row("random plane, bare floor, median", bare["median"] * 1000, "ms"),
        Row("random plane, bare floor, p95", bare["p95"] * 1000, "ms"),
        Row("random plane, median", scroll["median"] * 1000, "ms"),
        Row("random plane, p95", scroll["p95"] * 1000, "ms"),
        Row("anonymous memory over the empty window", scroll["memory"] / 1e6, "MB", 150),
        Row("longest gap of the heartbeat", scroll["heart"] * 1000, "ms", 100),
    ]
    for program, least in (("napari", 5.0), ("ndv", 1.0)) if bench.peers else ():
        other_first, other = bench.peer(program, "first", path), bench.peer(program, "scroll", path)
        rows += [
            Row(f"{program}: process start to first picture", other_first["first"], "s"),
            Row(f"{program}: random plane, median", other["median"] * 1000, "ms"),
            Row(f"{program}: random plane, p95", other["p95"] * 1000, "ms"),
            Row(f"{program}: anonymous memory", other["memory"] / 1e6, "MB"),
            Row(f"start, {program} / ours", other_first["first"] / first["first"], "x", least, "at least"),
            Row(f"median, {program} / ours", other["median"] / scroll["median"], "x", 4.0, "at least"),
            Row(f"p95, {program} / ours", other["p95"] / scroll["p95"], "x", 3.0, "at least"),
        ]
    return tell(f"A stack of 4.2 GB as {kind}", rows)


def _contrast(bench: Bench, path: Path) -> bool:
    found = bench.ours("contrast", path)
    return tell(
        "Contrast of a composite of 4 channels of 2048 x 2048 pixels",
        [
            Row("change to painted, median", found["median"] * 1000, "ms", 50),
            Row("change to painted, p95", found["p95"] * 1000, "ms", 50),
            Row("longest gap of the heartbeat", found["heart"] * 1000, "ms", 100),
        ],
    )


def _giant(bench: Bench, kind: str, path: Path) -> bool:
    found = bench.ours("pan", path)
    return tell(
        f"A plane of 100 000 x 100 000 pixels as {kind}",
        [
            Row("open to picture", found["open"], "s", 0.5),
            Row("move over tiles at hand, median", found["median"] * 1000, "ms"),
            Row("move over tiles at hand, p95", found["p95"] * 1000, "ms", 50),
            Row("anonymous memory over the empty window", found["memory"] / 1e6, "MB", 250),
            Row("longest gap of the heartbeat", found["heart"] * 1000, "ms", 100),
        ],
    )


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
