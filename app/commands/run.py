"""Runs one job in a worker process and waits for its end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.engine import events
from app.engine.specs import Spec
from app.paths import Paths
from app.settings import load_settings
from app.text import _
from models.errors import UserError

Listener = Callable[[events.Event], None]


class NotDone(UserError):
    """A job ended without a result; `code` is that of its last event."""

    def __init__(self, code: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence, hint=hint)
        self.code = code  # type: ignore[misc]  # every job brings its own


def run_job(spec: Spec, paths: Paths, hear: Listener) -> events.Event:
    """Run a job in a worker process; return its last event if it left something behind.

    Raises
    ------
    NotDone
        If it failed or its process went away.
    """
    from app.engine.supervisor import Engine

    with _ending_like_ctrl_c(), Engine(paths, load_settings(paths)) as engine:
        last = engine.run(spec, hear)
    if isinstance(last, events.Failed):
        raise NotDone(last.code, last.sentence, last.hint)
    if isinstance(last, events.Interrupted):
        raise NotDone(
            "engine.interrupted",
            last.sentence,
            _("Open the window to go on from there, or give the command again to start anew."),
        )
    return last


@contextmanager
def _ending_like_ctrl_c() -> Iterator[None]:
    """Let the end of a session or of the time on a cluster close the files, as Ctrl-C does."""
    names = ("SIGTERM", "SIGHUP")  # Windows has only one of them
    wishes = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = [(wish, signal.signal(wish, signal.default_int_handler)) for wish in wishes]
    try:
        yield
    finally:
        for wish, handler in before:
            signal.signal(wish, handler)


def absolute(folder: str) -> str:
    """Return `folder` seen from the root, for the worker has another current folder; empty stays empty."""
    return str(Path(folder).absolute()) if folder else ""
