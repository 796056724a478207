"""An engine with fake kinds of jobs and a real worker process, and an ear for its events."""

import os
import sys
import threading
from pathlib import Path

import pytest

from app.engine.supervisor import Engine
from app.paths import Paths
from app.settings import Settings

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # where workers, too, find the fake kinds
TIMEOUT = 60  # seconds; a busy machine starts processes slowly


class Ear:
    """Keeps every event and waits for the one that is wanted."""

    def __init__(self):
        self.events = []
        self._changed = threading.Condition()

    def __call__(self, event):
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, wanted):
        """Return the first event for which `wanted` is true; it may have come already."""
        found = []

        def has_come():
            found.extend(event for event in self.events if wanted(event))
            return bool(found)

        with self._changed:
            assert self._changed.wait_for(has_come, TIMEOUT), f"it never came; heard {self.events}"
        return found[0]

    def wait_for_kind(self, kind, job):
        """Return the first event of `kind` about `job`."""
        return self.wait_for(lambda event: isinstance(event, kind) and event.job == job)

    def kinds(self, job):
        """Return the names of what was heard about `job`, in order."""
        return [type(event).__name__ for event in self.events if event.job == job]


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "data", tmp_path / "config", tmp_path / "cache", tmp_path / "log")


@pytest.fixture
def make_engine(paths, monkeypatch):
    """Make engines with fake kinds that share one home; they are closed at the end."""
    monkeypatch.setenv("PYTHONPATH", str(HERE) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    made = []

    def make(**options):
        engine = Engine(paths, Settings(), **{"kinds": "fake_kinds", "patience": 30.0} | options)
        engine.ear = Ear()
        engine.subscribe(engine.ear)
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def engine(make_engine):
    return make_engine()
