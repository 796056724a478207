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
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from app.ui.start import House

    application = QApplication(sys.argv[:1])
    house = House(application, find_paths())
    seen: list[str] = []
    mistakes: list[BaseException] = []
    sys.excepthook = lambda _kind, error, _traceback: mistakes.append(error)

    def furnished() -> None:
        seen.append("furnished")
        house.window.close()

    house.furnished = furnished
    QTimer.singleShot(PATIENCE_MS, application.quit)
    house.open([])
    application.exec()
    if mistakes:
        raise NotPassed(f"{mistakes[0]!r}") from mistakes[0]
    if not seen:
        raise NotPassed("the window was not furnished in time")
    if "torch" in sys.modules:
        raise NotPassed("the window's process has imported torch")
