"""Runs what lasts longer than a blink in a few threads and answers on the window's thread."""

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Qt, QThreadPool, Signal, Slot

APART_S = 0.5  # for which the end of the program waits for calls that may never come back

SWITCH_S = 0.0005  # after which a thread lets the window's have its turn; Python's own 5 ms add up to a pause

T = TypeVar("T")
Failed = Callable[[Exception], None]


class Task(Generic[T]):
    """One call under way; `cancel` makes sure that nobody hears of it any more."""

    def __init__(self, function: Callable[[], T], done: Callable[[T], None], failed: Failed) -> None:
        self._function = function
        self._done = done
        self._failed = failed
        self._post: Callable[[Callable[[], None]], None] | None = None
        self.is_cancelled = False

    def cancel(self) -> None:
        """Forget the answer; if the call has not begun, it never will."""
        self.is_cancelled = True

    def run(self) -> None:
        """Call the function in this thread and post the answer to the window's thread."""
        if self.is_cancelled or self._post is None:
            return
        try:
            result = self._function()
        except Exception as error:  # noqa: BLE001 - one of the three doors: the answer is told below
            problem = error  # `error` ends with this block
            self._post(lambda: self._answer(self._failed, problem))
        else:
            self._post(lambda: self._answer(self._done, result))

    def _answer(self, listener: Callable[..., None], value: object) -> None:
        if not self.is_cancelled:
            listener(value)


class Background(QObject):
    """A small pool of threads; answers always arrive on the thread that owns this object."""

    _posted = Signal(object)  # Callable[[], None]

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        sys.setswitchinterval(SWITCH_S)
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(max(2, min(4, os.cpu_count() or 2)))
        self._apart: list[threading.Thread] = []
        self._is_closed = False
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        function: Callable[[], T],
        done: Callable[[T], None],
        failed: Failed | None = None,
        *,
        priority: int = 0,
    ) -> Task[T]:
        """Call `function` in a thread, then `done` with its result or `failed` with what it raised.

        Without `failed` an exception is raised again on the window's thread. Higher `priority` begins
        first.
        """
        task = Task(function, done, failed or _raise)
        task._post = self._post
        if not self._is_closed:
            self._pool.start(task.run, priority)
        return task

    def run_apart(
        self, function: Callable[[], T], done: Callable[[T], None], failed: Failed | None = None
    ) -> Task[T]:
        """Like `run`, for what may never come back, such as a drive that does not answer.

        The call begins at once in a thread of its own, so that nothing else waits behind it, and the
        program ends without it.
        """
        task = Task(function, done, failed or _raise)
        task._post = self._post
        if not self._is_closed:
            self._apart = [thread for thread in self._apart if thread.is_alive()]
            self._apart.append(threading.Thread(target=task.run, daemon=True))
            self._apart[-1].start()
        return task

    def close(self) -> None:
        """Forget what has not begun, wait a little for what has, and answer nobody any more."""
        self._is_closed = True
        self._pool.clear()
        self._pool.waitForDone(2000)
        patience = time.monotonic() + APART_S
        for thread in self._apart:
            thread.join(max(0.0, patience - time.monotonic()))

    def _post(self, call: Callable[[], None]) -> None:
        try:
            self._posted.emit(call)
        except RuntimeError:  # the window is gone; nobody is left to hear
            return

    @Slot(object)
    def _deliver(self, call: Callable[[], None]) -> None:
        if not self._is_closed:
            call()


def _raise(error: Exception) -> None:
    raise error
