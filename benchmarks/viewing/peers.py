"""napari and ndv over the same files, each in an environment of its own.

``PYTHON peers.py PROGRAM TASK FILE`` where PYTHON has the program and Qt installed. Each is given the
laziest array that it draws well: a memory map of a TIFF stack, a lazy array of an OME-Zarr. Prints one line
of JSON like `benchmarks.viewing.ours`. This file imports nothing of ours.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SIZE = (1366, 768)
SETTLE = 1.5
STEPS, WARM = 200, 10


def lazy(path: Path) -> Any:
    """Return the stack as (z, y, x) that is read when it is looked at."""
    if path.is_dir():
        import tensorstore

        driver = "zarr3" if (path / "zarr.json").exists() else "zarr"
        spec = {"driver": driver, "kvstore": {"driver": "file", "path": str(level_of(path))}}
        store = tensorstore.open(spec, read=True, open=True).result()
        while store.rank > 3:
            store = store[0]
        return store
    import tifffile

    return tifffile.memmap(path, mode="r")


def level_of(path: Path) -> Path:
    """Return the folder of the full resolution."""
    for name in (".zattrs", "zarr.json"):
        if (path / name).exists():
            found = json.loads((path / name).read_text())
            found = found.get("attributes", found)
            found = found.get("ome", found)
            return path / found["multiscales"][0]["datasets"][0]["path"]
    raise SystemExit(f"{path} is no OME-Zarr")


class Napari:
    """napari with one image layer."""

    def __init__(self) -> None:
        import napari

        self.viewer = napari.Viewer(show=True)
        self.viewer.window.resize(*SIZE)
        self.canvas = (
            self.viewer.window._qt_viewer.canvas._scene_canvas
        )  # it offers no other way to hear of paints

    def on_drawn(self, heard: Callable[[], None]) -> None:
        """Call `heard` after every paint."""
        self.canvas.events.draw.connect(lambda _event: heard(), position="last")

    def show(self, path: Path) -> int:
        """Open a stack; return how many planes it has."""
        if path.is_dir():  # what napari's own manual advises
            import dask.array

            data = dask.array.from_zarr(str(level_of(path)))
            while data.ndim > 3:
                data = data[0]
        else:
            data = lazy(path)
        self.viewer.add_image(data, contrast_limits=(0, 4000))
        return int(data.shape[0])

    def go_to(self, z: int) -> None:
        """Look at a plane."""
        self.viewer.dims.set_current_step(0, z)


class Ndv:
    """ndv's array viewer."""

    def __init__(self) -> None:
        import ndv

        self.viewer = ndv.ArrayViewer()
        self.viewer.show()
        self.viewer.widget().resize(*SIZE)
        self._heard: Callable[[], None] = lambda: None

    def on_drawn(self, heard: Callable[[], None]) -> None:
        """Call `heard` after every paint."""
        canvas = self.viewer._canvas._canvas  # it offers no other way to hear of paints
        canvas.events.draw.connect(lambda _event: heard(), position="last")

    def show(self, path: Path) -> int:
        """Open a stack; return how many planes it has."""
        data = lazy(path)
        self.viewer.data = data
        return int(data.shape[0])

    def go_to(self, z: int) -> None:
        """Look at a plane."""
        self.viewer.display_model.current_index.update({0: z})


class Run:
    """One run of a program, as a generator that waits for paints."""

    def __init__(self, program: str, task: str, path: Path) -> None:
        from qtpy.QtCore import QTimer
        from qtpy.QtWidgets import QApplication

        self.timer = QTimer
        self.app = QApplication.instance() or QApplication([])
        self.answers: dict[str, float] = {}
        self.paints = 0
        self.program = {"napari": Napari, "ndv": Ndv}[program]()
        self.path = path
        self.script: Iterator[Callable[[], bool]] = getattr(self, task)()
        self.condition: Callable[[], bool] = lambda: True

    def start(self) -> None:
        """Run until the script ends."""
        self.program.on_drawn(self._drawn)
        poll = self.timer(self.app)
        poll.setInterval(5)
        poll.timeout.connect(self._go_on)
        poll.start()
        self.app.exec()
        print(json.dumps(self.answers), flush=True)
        sys.stdout.flush()
        import os

        os._exit(0)

    def _drawn(self) -> None:
        self.paints += 1
        self.timer.singleShot(0, self._go_on)

    def _go_on(self) -> None:
        try:
            while self.condition():
                self.condition = next(self.script)
        except StopIteration:
            self.condition = lambda: False
            self.app.quit()

    def _after_paint(self) -> Callable[[], bool]:
        before = self.paints
        return lambda: self.paints > before

    def _rested(self) -> Callable[[], bool]:
        until = time.perf_counter() + SETTLE
        return lambda: time.perf_counter() >= until

    def first(self) -> Iterator[Callable[[], bool]]:
        """Show a file in the new window, and say when its picture is there."""
        self.program.show(self.path)
        yield self._after_paint()
        self.answers["shown_at"] = time.time()

    def scroll(self) -> Iterator[Callable[[], bool]]:
        """Open in a window that is there, then go to planes at random."""
        yield self._rested()
        empty = anonymous()
        started = time.perf_counter()
        count = self.program.show(self.path)
        yield self._after_paint()
        self.answers["open"] = time.perf_counter() - started
        yield self._rested()
        chance, taken, most, at = random.Random(1), [], 0, -1
        for _number in range(STEPS):
            at = chance.choice([z for z in range(count) if z != at])
            started = time.perf_counter()
            wait = self._after_paint()
            self.program.go_to(at)
            yield wait
            taken.append(time.perf_counter() - started)
            most = max(most, anonymous())
        kept = sorted(taken[WARM:])
        self.answers["median"] = statistics.median(kept)
        self.answers["p95"] = kept[int(len(kept) * 0.95)]
        self.answers["memory"] = most - empty


def anonymous() -> int:
    """Return the bytes of memory of this process that no file stands behind."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon"))


if __name__ == "__main__":
    Run(sys.argv[1], sys.argv[2], Path(sys.argv[3])).start()
