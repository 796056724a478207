"""Reading ahead and writing behind: what a file needs goes on while the model computes."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

A = TypeVar("A")
B = TypeVar("B")


def ahead(function: Callable[[A], B], arguments: Iterable[A]) -> Generator[B, None, None]:
    """Yield ``map(function, arguments)``, one item ahead in a thread; use it within ``closing``."""
    with ThreadPoolExecutor(1, "reader") as thread:
        pending: Future[B] | None = None
        try:
            for argument in arguments:
                coming = thread.submit(function, argument)
                if pending is not None:
                    pending, due = coming, pending
                    yield due.result()
                else:
                    pending = coming
            if pending is not None:
                yield pending.result()
        finally:
            thread.shutdown(cancel_futures=True)


class Behind(Generic[B]):
    """A thread that does things in order while the caller goes on, at most `depth` behind.

    Leaving the block waits for what was handed over; its first fault is raised there or by `hand_over`.
    """

    def __init__(self, depth: int = 2) -> None:
        self._depth = depth
        self._thread = ThreadPoolExecutor(1, "writer")
        self._pending: deque[Future[B]] = deque()
        self._done: list[B] = []

    def hand_over(self, work: Callable[[], B]) -> None:
        """Have `work` done after everything before it; waits while too much is pending."""
        while len(self._pending) >= self._depth:
            self._take()
        self._pending.append(self._thread.submit(work))

    def finished(self) -> list[B]:
        """Return the results of what was done since the last call."""
        while self._pending and self._pending[0].done():
            self._take()
        done, self._done = self._done, []
        return done

    def drain(self) -> list[B]:
        """Wait for everything handed over and return the results since the last call."""
        while self._pending:
            self._take()
        return self.finished()

    def _take(self) -> None:
        self._done.append(self._pending.popleft().result())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=False)
