"""Starts workers, feeds them, hears them, outlives them. Never imports Qt or torch.

Whatever happens, on either side, is put into one inbox and done by one thread: the foreman's.
"""

import itertools
import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from app.engine import journal, owner
from app.engine.errors import SpecNotReadable
from app.engine.events import FINAL, Event, StateChanged
from app.engine.foreman import PATIENCE_SECONDS, Foreman, Listener, Order, safe_words
from app.engine.job import Job
from app.engine.kinds import DEFAULT, kind_of, load_kinds
from app.engine.ledger import Ledger
from app.engine.specs import QuickSpec
from app.paths import Paths
from app.settings import Settings

__all__ = ["Engine", "Job"]

PREVIEW_SECONDS = 24 * 3600.0  # after so long nobody looks at a preview any more
POLL_SECONDS = 0.2  # so that Ctrl-C is seen on every system

logger = logging.getLogger(__name__)


class Engine:
    """The queue of jobs and the one worker process that does them.

    Window and command line each make one; a worker starts when there is something to do. Methods that
    read or write the job list touch the disk for some milliseconds: a window calls `submit`, `jobs`,
    `repeat` and `promise` in the background. All others return at once.

    Parameters
    ----------
    paths : Paths
    settings : Settings
        What every job is given; see `change_settings`.
    kinds : str
        The module whose ``KINDS`` table names the runners.
    patience : float
        Seconds that a job may ignore the wish to stop before its worker is ended.

    Raises
    ------
    NewerLedger, LedgerNotUsable
        If the job list cannot be used.
    """

    def __init__(
        self, paths: Paths, settings: Settings, *, kinds: str = DEFAULT, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._kinds = load_kinds(kinds)
        self._listeners: tuple[Listener, ...] = ()
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._is_closing = False
        self._preview_numbers = itertools.count(-1, -1)
        specs = [spec for spec, _runner in self._kinds.values()]
        self._ledger = Ledger(paths.data, specs, owner=owner.myself())
        self._foreman = Foreman(
            paths,
            settings,
            self._ledger,
            kinds=kinds,
            patience=patience,
            hear=lambda worker, message: self._later(self._foreman.take, worker, message),
            tell=self._tell,
        )
        self._ledger.recover(self._fate)
        for number in self._ledger.prune():
            journal.discard(self._foreman.folder(number))
        _forget_old_previews(paths)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on; return a function that ends it.

        It is called on the engine's thread and must return quickly.
        """
        with self._lock:
            self._listeners += (listener,)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return unsubscribe

    def submit(self, spec: object) -> int:
        """Put a job into the queue and return its number."""
        number = self._ledger.add(kind_of(spec, self._kinds), spec)
        self._tell(StateChanged(number, "waiting"))
        self._later(self._foreman.go_on)
        return number

    def run(self, spec: object, on_event: Listener) -> Event:
        """Do a job now, beside the queue, and return its last event.

        Every event is handed to `on_event` on the calling thread. The first Ctrl-C cancels the job and
        waits for it to close its files; the second ends the worker.
        """
        number = self._ledger.add(kind_of(spec, self._kinds), spec, running=True)
        heard: queue.SimpleQueue[Event] = queue.SimpleQueue()
        final: list[Event] = []

        def listen(event: Event) -> None:
            heard.put(event)
            if isinstance(event, FINAL):
                final.append(event)

        self._later(self._foreman.add, Order(self._ledger.job(number), listen))
        interrupts = 0
        while not final or not heard.empty():
            try:
                on_event(heard.get(timeout=POLL_SECONDS))
            except queue.Empty:
                continue
            except KeyboardInterrupt:
                interrupts += 1
                self._later(partial(self._foreman.cancel, number) if interrupts == 1 else self._foreman.kill)
        return final[0]

    def preview(self, spec: QuickSpec) -> int:
        """Make a preview as soon as no job needs the worker; return its number, which is negative.

        The newest wish of each kind wins: an older one that waits or runs ends with `Stopped`. The answer is
        a `Preview` event where there is a file to look at, then `Finished`. Nothing of it is kept.
        """
        number = next(self._preview_numbers)
        self._later(self._foreman.want_preview, number, spec)
        return number

    def jobs(self) -> tuple[Job, ...]:
        """Return queue and history, the newest first."""
        return () if self._is_closing else self._ledger.jobs()

    def cancel(self, number: int) -> None:
        """Stop a job or preview; what is finished stays."""
        self._later(self._foreman.cancel, number)

    def pause(self, number: int) -> None:
        """End the worker after the current unit, or keep a waiting job back."""
        self._later(self._foreman.pause, number)

    def resume(self, number: int) -> None:
        """Queue a paused, interrupted or failed job again; it goes on where it was."""
        self._later(self._foreman.resume, number)

    def repeat(self, number: int) -> int:
        """Queue a new job with the spec of an old one and return its number.

        Raises
        ------
        NoSuchJob
            If the old one was removed.
        SpecNotReadable
            If another version of the program wrote it.
        """
        job = self._ledger.job(number)
        if job.spec is None:
            raise SpecNotReadable(
                f"Job {number} was written by another version of the program.",
                hint="Set it up anew.",
                job=number,
            )
        return self.submit(job.spec)

    def remove(self, number: int) -> None:
        """Forget a job that does not run; its results stay."""
        self._later(self._foreman.remove, number)

    def promise(self, kind: str, model: str, device: str, megapixels: float) -> float | None:
        """Return how many seconds a job will take by the speeds measured here; None if there are none.

        Parameters
        ----------
        kind : str
            A key of `specs.KINDS`.
        model : str
            Id of the model, or empty.
        device : str
            As in a spec; ``"auto"`` stands for the device used last.
        megapixels : float
            Size of the work, counted as runners count it.
        """
        speed = self._ledger.speed(kind, model, device)
        return None if speed is None else speed * megapixels

    def log_lines(self, number: int, count: int = 50) -> tuple[str, ...]:
        """Return the end of a job's log."""
        return journal.last_lines(self._foreman.folder(number), count)

    def warm_up(self) -> None:
        """Start a worker in the background, so that the first job or preview need not wait for it."""
        self._later(self._foreman.warm_up)

    def open_queue(self) -> None:
        """Do what waits from an earlier session, unless a crash has left something interrupted.

        Without it the queue opens with the first `submit` or `resume`.
        """
        self._later(self._foreman.open_queue)

    def hold_queue(self) -> None:
        """Begin no further jobs until `resume_queue` or the next `submit`."""
        self._later(self._foreman.hold_queue)

    def resume_queue(self) -> None:
        """Take jobs from the queue again."""
        self._later(self._foreman.go_on)

    def change_settings(self, settings: Settings) -> None:
        """Give these settings to every job that begins from now on."""
        self._later(setattr, self._foreman, "settings", settings)

    def close(self, *, keep: bool = True) -> None:
        """End the worker and leave; returns when both are done.

        Parameters
        ----------
        keep : bool
            Leave a running job interrupted, to be resumed after the next start; else cancel it and wait
            until it has closed its files.
        """
        with self._lock:
            thread = self._thread
            is_first, self._is_closing = not self._is_closing, True
        if not is_first:
            return
        if thread is not None:
            self._inbox.put(partial(self._foreman.leave, keep=keep))
            thread.join()
        self._ledger.close()

    def _later(self, act: Callable[..., None], *values: object) -> None:
        """Have the engine's thread do something; starts it."""
        with self._lock:
            if self._thread is None and not self._is_closing:
                self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
                self._thread.start()
        self._inbox.put(partial(act, *values))

    def _work(self) -> None:
        while not self._foreman.has_left:
            deadline = self._foreman.deadline
            wait = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                act = self._inbox.get(timeout=wait)
            except queue.Empty:
                act = self._foreman.be_strict
            try:
                act()
                self._foreman.go()
            except Exception:  # a job that runs must not die of what went wrong beside it
                logger.exception("The engine could not do what it was asked")

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # the job goes on without the one who listens
                logger.exception("A listener could not take %s", type(event).__name__)

    def _fate(self, number: int) -> str:
        units = len(journal.committed_units(self._foreman.folder(number)))
        return f"The program ended while the job ran. {safe_words(units)}"


def _forget_old_previews(paths: Paths) -> None:
    """Remove what sessions that crashed have left."""
    for folder in (paths.cache / "previews").glob("*"):
        try:
            is_old = folder.stat().st_mtime < time.time() - PREVIEW_SECONDS
        except OSError:  # another session was faster
            continue
        if is_old:
            shutil.rmtree(folder, ignore_errors=True)
