"""``--self-test``: does this copy of the program work at all? For built programs and for installers.

Prints one JSON object per check and ends with 0 if all passed. Nothing of the person's is touched.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable

from app.paths import HOME_VARIABLE, find_paths

PATIENCE_MS = 60_000


class NotPassed(Exception):
    """A check found something wrong; the text says what."""


def main() -> int:
    """Run all checks in a home of their own; return the exit code."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ[HOME_VARIABLE] = home
        results = [_passes("worker", _worker_restores), _passes("window", _window_opens)]
    return 0 if all(results) else 1


def _passes(name: str, check: Callable[[], None]) -> bool:
    started = time.monotonic()
    problem = ""
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever is wrong is the finding
        problem = f"{type(error).__name__}: {error}"
    result = {"check": name, "passed": not problem, "seconds": round(time.monotonic() - started, 2)}
    sys.stdout.write(json.dumps(result | ({"problem": problem} if problem else {})) + "\n")
    sys.stdout.flush()
    return not problem


def _worker_restores() -> None:
    """A worker process starts, reads, restores, writes and ends."""
    from app.engine import events
    from app.engine.specs import CheckSpec
    from app.engine.supervisor import Engine
    from app.settings import Settings

    engine = Engine(find_paths(), Settings())
    try:
        last = engine.run(CheckSpec(device="cpu"), lambda _event: None)
    finally:
        engine.close()
    if not isinstance(last, events.Finished):
        raise NotPassed(f"the job ended with {last}")


def _window_opens() -> None:
    """The window appears in memory, is furnished and closes; torch stays out of its process."""
    from app.ui.start import open_and_close

    problem = open_and_close(find_paths(), patience_ms=PATIENCE_MS)
    if problem:
        raise NotPassed(problem)
