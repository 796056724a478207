"""A job's context in this process, and small image files, for tests of runners."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tifffile

from app.engine.context import JobContext, Shelf, Wishes
from app.engine.journal import Journal
from app.paths import find_paths
from app.settings import Settings


@dataclass
class Bench:
    """Runs one runner after the other on one job, as a worker would."""

    folder: Path
    settings: Settings = field(default_factory=Settings)
    shelf: Shelf = field(default_factory=Shelf)
    wishes: Wishes = field(default_factory=Wishes)
    events: list = field(default_factory=list)
    stop_after: int | None = None  # commits

    def run(self, runner, spec):
        """Run a spec in a context as it is after a restart of the worker; return the final event."""
        self.folder.mkdir(parents=True, exist_ok=True)
        journal = Journal(self.folder)
        context = JobContext(
            7,
            journal,
            paths=find_paths(),
            settings=self.settings,
            send=self._hear,
            wishes=self.wishes,
            shelf=self.shelf,
            leave=lambda: None,
            acknowledge=lambda: None,
        )
        try:
            return runner.run(spec, context)
        finally:
            context.finish()
            context.release_device()
            journal.close()

    def _hear(self, event):
        self.events.append(event)
        if self.stop_after is not None and type(event).__name__ == "Committed":
            self.stop_after -= 1
            if self.stop_after == 0:
                self.wishes.stop.set()

    def heard(self, kind):
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


def write_stack(path, shape=(3, 64, 80), dtype=np.uint16, **options):
    """Write a noisy ImageJ stack and return its pixels."""
    pixels = np.random.default_rng(4).normal(1000, 100, shape)
    pixels[..., 20:40, 20:50] += 800
    pixels = pixels.astype(dtype)
    options = {"imagej": True, "metadata": {"axes": "ZYX", "spacing": 0.5, "unit": "um"}} | options
    tifffile.imwrite(path, pixels, resolution=(10, 10), **options)
    return pixels
