"""The door through which a job's events leave, in order and not too many."""

import threading
import time
from collections.abc import Callable

from app.engine.events import Event, Progress

PROGRESS_SECONDS = 0.1  # between two progress events


class Outlet:
    """Sends events in order; progress at most every tenth of a second, the last one always.

    Parameters
    ----------
    send : callable
        Takes one event; called from one thread at a time.
    """

    def __init__(self, send: Callable[[Event], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._held: dict[int, Progress] = {}  # the newest of each item
        self._last = -PROGRESS_SECONDS
        self._timer: threading.Timer | None = None

    def send(self, event: Event) -> None:
        """Send any event but progress at once."""
        with self._lock:
            self._send(event)

    def progress(self, progress: Progress) -> None:
        """Send `progress` now or, if it comes too early and no newer one follows, a little later."""
        with self._lock:
            self._held[progress.item] = progress
            wait = self._last + PROGRESS_SECONDS - time.monotonic()
            if wait <= 0:
                self._send_held()
            elif self._timer is None:
                self._timer = threading.Timer(wait, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Send what is held back."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._send_held()

    def _send_held(self) -> None:
        for progress in self._held.values():
            self._send(progress)
        self._held.clear()
        self._last = time.monotonic()
