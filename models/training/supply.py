"""Training pairs drawn ahead in a thread, so that the network never waits for its input."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

import torch

from models.errors import UserError

B = TypeVar("B", bound=tuple[torch.Tensor, ...])

DEPTH = 2  # steps ahead
MEMORY_WORDS = ("not enough memory", "can't allocate memory", "out of memory")


class TooLittleMemory(UserError):
    """Even a single crop does not fit into memory."""

    code = "train.memory"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that the memory of the device or the computer is exhausted."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in MEMORY_WORDS)


class Supply(Generic[B]):
    """Batches by step, a few steps ahead; what is drawn depends on the step alone.

    On a GPU the drawing has a stream of its own, so that it never waits for the network either.

    Parameters
    ----------
    draw : step -> tensors
        Called from one thread.
    steps : int
        Nothing is drawn from this step on.
    device : torch.device
    """

    def __init__(self, draw: Callable[[int], B], steps: int, device: torch.device) -> None:
        self._draw = draw
        self._steps = steps
        is_gpu = device.type == "cuda"
        self._stream = torch.cuda.Stream(device) if is_gpu else None  # type: ignore[no-untyped-call]
        self._thread = ThreadPoolExecutor(1, "supply")
        self._coming: deque[tuple[int, Future[tuple[B, torch.cuda.Event | None]]]] = deque()
        self._depth = DEPTH

    def take(self, step: int) -> B:
        """Return the batch of `step`; quick if the steps are taken in order.

        Raises
        ------
        TooLittleMemory
            If it does not fit into memory, though nothing else is drawn.
        """
        while self._coming and self._coming[0][0] != step:
            self._coming.popleft()[1].cancel()
        self._order(step)
        try:
            return self._received(self._coming.popleft()[1])
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        self.draw_less()
        try:
            self._order(step)
            return self._received(self._coming.popleft()[1])
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise too_little_memory() from error

    def draw_less(self) -> None:
        """Draw nothing ahead from now on, because memory is short."""
        self._depth = 0
        while self._coming:
            self._coming.popleft()[1].cancel()
        if self._stream is not None:
            torch.cuda.empty_cache()

    def _order(self, step: int) -> None:
        first = self._coming[-1][0] + 1 if self._coming else step
        for wanted in range(first, min(step + self._depth, self._steps - 1) + 1):
            self._coming.append((wanted, self._thread.submit(self._drawn, wanted)))

    def _drawn(self, step: int) -> tuple[B, torch.cuda.Event | None]:
        if self._stream is None:
            return self._draw(step), None
        with torch.cuda.stream(self._stream):
            batch = self._draw(step)
            return batch, self._stream.record_event()

    def _received(self, coming: Future[tuple[B, torch.cuda.Event | None]]) -> B:
        batch, drawn = coming.result()
        if drawn is not None:
            now = torch.cuda.current_stream()
            now.wait_event(drawn)
            for tensor in batch:
                tensor.record_stream(now)
        return batch

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)


def too_little_memory() -> TooLittleMemory:
    """Return the error for a training that does not fit into memory at all."""
    return TooLittleMemory(
        "The memory is too small for this training, even with a single crop at a time. "
        "The last checkpoint, if there is one, is safe.",
        hint="Close other programs, or choose a recipe with smaller crops or a smaller network.",
    )
