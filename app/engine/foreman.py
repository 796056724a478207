"""Decides what the one worker does next and what becomes of a job when it ends, however it ends.

Everything here happens on one thread, the engine's; nothing needs a lock.
"""

import logging
import os
import shutil
import signal
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from app.engine import journal
from app.engine.awake import Awake
from app.engine.codec import encode
from app.engine.errors import EngineError, LedgerNotUsable, SpecNotReadable, WorkerNotStarted
from app.engine.events import (
    Event,
    Failed,
    Finished,
    Interrupted,
    Stage,
    StateChanged,
    Stopped,
)
from app.engine.job import CAN_RESUME, HALF_DONE, Job, State
from app.engine.ledger import Ledger
from app.engine.leftovers import discard_unfinished
from app.engine.messages import Hello, Pause, Paused, Run, Stop, Stopping, Warm
from app.engine.process import Ended, WorkerProcess
from app.engine.record import JobRecord
from app.engine.specs import PreviewSpec, QuickSpec
from app.paths import Paths
from app.settings import Settings

PATIENCE_SECONDS = 10.0  # for a job that was asked to stop and does not answer
FINALISING_SECONDS = 60.0  # for one that has answered and closes its files
PREVIEWS_KEPT = 4
WARM_KINDS = ("preview", "restore")
RESUME_HINT = "Resume the job to go on from there."

Listener = Callable[[Event], None]

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Task:
    """What the worker is doing: a job, or a preview if it has no record."""

    id: int
    folder: Path
    record: JobRecord | None = None
    listener: Listener | None = None
    is_stop_asked: bool = False
    is_finalising: bool = False  # it only closes what an earlier run has left
    is_paused: bool = False
    resumes: bool = False  # as soon as it is paused
    asked: type | None = None  # the kind of preview; one of a picture gives way to jobs
    is_deaf: bool = False  # it did not hear the wish to stop; what it has done is still to be closed
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A job that is claimed already; `only_finalise`: close what an earlier run has left."""

    job: Job
    listener: Listener | None = None
    only_finalise: bool = False


class Foreman:
    """Feeds one worker: claimed jobs first, then the queue, then the newest preview.

    Parameters
    ----------
    paths : Paths
    settings : Settings
        What the next job is given; may be replaced at any time.
    ledger : Ledger
    kinds : str
        The module whose ``KINDS`` table names the runners.
    patience : float
        Seconds that a job may ignore the wish to stop.
    hear : callable
        Takes worker and message on a thread of the worker, and brings them to `take`.
    tell : callable
        Takes every event.
    """

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        ledger: Ledger,
        *,
        kinds: str,
        patience: float,
        hear: Callable[[WorkerProcess, object], None],
        tell: Listener,
    ) -> None:
        self.settings = settings
        self.has_left = False
        self._is_leaving = False
        self._paths = paths
        self._ledger = ledger
        self._kinds = kinds
        self._patience = patience
        self._hear = hear
        self._tell = tell
        self._awake = Awake()
        self._worker: WorkerProcess | None = None
        self._workers_started = 0
        self._task: Task | None = None
        self._orders: deque[Order] = deque()
        self._wanted_previews: dict[type, tuple[int, QuickSpec]] = {}  # by kind, the oldest first
        self._previews = paths.cache / "previews" / f"{os.getpid()}-{time.time_ns()}"
        self._preview_folders: deque[Path] = deque()
        self._is_queue_open = False
        self._is_queue_held = False

    @property
    def deadline(self) -> float | None:
        """When `be_strict` should be called, on the monotonic clock."""
        return None if self._task is None else self._task.deadline

    def open_queue(self) -> None:
        """Do what waits; after a crash (something is interrupted) only once `go_on` is called."""
        if not any(job.state == "interrupted" for job in self._ledger.jobs()):
            self._is_queue_open = True

    def hold_queue(self) -> None:
        """Begin no further jobs from the queue."""
        self._is_queue_held = True

    def go_on(self) -> None:
        """Take jobs from the queue again."""
        self._is_queue_open = True
        self._is_queue_held = False

    def warm_up(self) -> None:
        """Start a worker and let it load what most jobs need."""
        if self._worker is None:
            try:
                self._need_worker().send(Warm(WARM_KINDS))
            except WorkerNotStarted as error:
                logger.warning("%s", error)

    def add(self, order: Order) -> None:
        """Do a claimed job next."""
        self._orders.append(order)

    def want_preview(self, number: int, spec: QuickSpec) -> None:
        """Make this preview as soon as no job needs the worker; an older wish of its kind is dropped."""
        older = self._wanted_previews.pop(type(spec), None)
        if older is not None:
            self._tell(Stopped(older[0]))
        self._wanted_previews[type(spec)] = (number, spec)
        if self._task is not None and self._task.record is not None:
            self._tell(Stage(number, "Waiting for the running job"))

    def cancel(self, number: int) -> None:
        """Stop a running job, drop a waiting one, finalise one that ended half-way."""
        if self._task is not None and self._task.id == number:
            self._ask_to_stop(self._task)
        elif kind := next((k for k, (n, _) in self._wanted_previews.items() if n == number), None):
            del self._wanted_previews[kind]
            self._tell(Stopped(number))
        elif self._ledger.change(number, ["waiting"], "cancelled"):
            self._tell(Stopped(number))
            self._tell(StateChanged(number, "cancelled"))
        elif self._ledger.change(number, ["paused", "interrupted"], "running"):
            self.add(Order(self._ledger.job(number), only_finalise=True))

    def pause(self, number: int) -> None:
        """End the worker after the job's current unit, or keep a waiting job back."""
        if self._task is not None and self._task.id == number:
            self._task.resumes = False
            self._need_worker().send(Pause(number))
            self._tell(Stage(number, "Pausing after the current part"))
        elif self._ledger.change(number, ["waiting"], "paused"):
            self._tell(StateChanged(number, "paused"))

    def resume(self, number: int) -> None:
        """Queue a paused, interrupted or failed job again; what is committed is not done twice."""
        if self._task is not None and self._task.id == number:
            self._task.resumes = True
        elif self._ledger.change(number, sorted(CAN_RESUME), "waiting"):
            self._tell(StateChanged(number, "waiting"))
            self.go_on()

    def remove(self, number: int) -> None:
        """Forget a job that does not run, and its folder; what it could have gone on with goes, too."""
        is_unfinished = any(job.id == number and job.state in HALF_DONE for job in self._ledger.jobs())
        if self._ledger.remove(number):
            if is_unfinished:
                discard_unfinished(self.folder(number), self.folder(number).parent.glob("*"))
            journal.discard(self.folder(number))
            self._tell(StateChanged(number, "removed"))

    def folder(self, number: int) -> Path:
        """Return a job's own folder."""
        return self._paths.data / "jobs" / str(number)

    def kill(self) -> None:
        """End the worker at once; its job becomes cancelled if it was asked to stop, else interrupted."""
        if self._worker is not None:
            self._worker.kill()

    def be_strict(self) -> None:
        """End the worker if its job has ignored the wish to stop for too long."""
        task = self._task
        if task is not None and task.deadline is not None and time.monotonic() >= task.deadline:
            logger.warning("Job %s does not stop; its worker is ended", task.id)
            task.deadline = None
            task.is_deaf = not task.is_finalising
            self.kill()

    def leave(self, *, keep: bool) -> None:
        """Part with the worker for good, once the running job allows.

        With `keep` it becomes interrupted at once and can be resumed; else it is cancelled and may close
        its files, as one that is being cancelled already.
        """
        self._is_leaving = True
        task = self._task
        if task is not None and task.record is not None and (task.is_stop_asked or not keep):
            self._ask_to_stop(task)
        else:
            self._part()

    def go(self) -> None:
        """Give the worker something to do if it has nothing and something waits."""
        if self._is_leaving:
            if self._task is None and not self.has_left:
                self._part()
            return
        while self._task is None and self._begin_next():
            pass
        task = self._task
        if task is None or task.record is not None:
            return
        is_outdated = task.asked in self._wanted_previews
        if is_outdated or (task.asked is PreviewSpec and (self._orders or self._has_turn())):
            self._ask_to_stop(task)

    def take(self, worker: WorkerProcess, message: object) -> None:
        """Take in what a worker said."""
        if worker is not self._worker:
            return  # it was parted with
        task = self._task
        if isinstance(message, Ended):
            self._worker = self._task = None
            if task is not None:
                self._end_without_a_word(task, message)
        elif task is None:
            logger.debug("Nobody waits for %s", message)
        elif isinstance(message, Paused):
            task.is_paused = True
        elif isinstance(message, Stopping):
            if task.deadline is not None:
                task.deadline = time.monotonic() + FINALISING_SECONDS
        elif isinstance(message, Finished | Failed | Stopped):
            self._task = None
            self._end(task, message)
        else:
            self._pass_on(task, cast("Event", message))  # `process.HEARD` knows nothing else

    def _part(self) -> None:
        self.has_left = True
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()
        task, self._task = self._task, None
        if task is not None and task.record is not None:
            self._end_interrupted(task, task.record, "The program was closed.")
        self._awake.end()
        shutil.rmtree(self._previews, ignore_errors=True)

    def _has_turn(self) -> bool:
        return self._is_queue_open and not self._is_queue_held and self._ledger.has_waiting()

    def _begin_next(self) -> bool:
        if self._orders:
            self._begin(self._orders.popleft())
        elif self._has_turn() and (job := self._ledger.claim()) is not None:
            self._begin(Order(job))
        elif self._wanted_previews:
            self._begin_preview(*self._wanted_previews.pop(next(iter(self._wanted_previews))))
        else:
            return False
        return True

    def _begin(self, order: Order) -> None:
        job = order.job
        folder = self.folder(job.id)
        task = Task(job.id, folder, JobRecord(job, self._ledger), order.listener)
        self._tell(StateChanged(job.id, "running"))
        try:
            if job.spec is None:
                raise SpecNotReadable(
                    f"Job {job.id} was written by another version of the program.",
                    hint="Set it up anew.",
                    job=job.id,
                )
            self._send_off(task, job.spec, only_finalise=order.only_finalise)
        except EngineError as error:
            self._task = None
            self._end(
                task, Failed(job.id, error.code, error.sentence, error.hint, tuple(error.fields.items()))
            )
            return
        self._awake.begin()

    def _begin_preview(self, number: int, spec: QuickSpec) -> None:
        while len(self._preview_folders) >= PREVIEWS_KEPT:
            shutil.rmtree(self._preview_folders.popleft(), ignore_errors=True)
        folder = self._previews / str(-number)
        self._preview_folders.append(folder)
        task = Task(number, folder, asked=type(spec))
        try:
            self._send_off(task, spec)
        except EngineError as error:
            self._task = None
            self._tell(Failed(number, error.code, error.sentence, error.hint, tuple(error.fields.items())))

    def _send_off(self, task: Task, spec: object, *, only_finalise: bool = False) -> None:
        journal.write_spec(task.folder, encode(spec))
        worker = self._need_worker()
        self._task = task
        worker.send(Run(task.id, str(task.folder), self.settings, only_finalise))
        if only_finalise:
            task.is_stop_asked = task.is_finalising = True
            task.deadline = time.monotonic() + FINALISING_SECONDS

    def _need_worker(self) -> WorkerProcess:
        if self._worker is None:
            self._workers_started += 1
            paths = self._paths
            places = [str(place) for place in (paths.data, paths.config, paths.cache, paths.log)]
            prints = paths.log / f"worker-prints-{os.getpid()}-{self._workers_started}.log"
            self._worker = WorkerProcess(Hello(self._kinds, *places), self._hear, prints)
        return self._worker

    def _ask_to_stop(self, task: Task) -> None:
        if not task.is_stop_asked:
            task.is_stop_asked = True
            task.deadline = time.monotonic() + self._patience
            self._need_worker().send(Stop(task.id))

    def _pass_on(self, task: Task, event: Event) -> None:
        if task.record is not None:
            self._kept(task.record.hear, event)
        self._tell_all(task, event)

    def _end(self, task: Task, event: Finished | Failed | Stopped) -> None:
        """Write down how a task ended by its own word, then say so."""
        if task.record is None:
            self._tell(event)
            return
        self._awake.end()
        self._kept(task.record.keep_now)
        if isinstance(event, Finished | Stopped):
            event = replace(event, outputs=task.record.merged(event.outputs))
            state: State = "finished" if isinstance(event, Finished) else "cancelled"
            self._kept(self._ledger.end, task.id, state, event.outputs)
        else:
            state = "failed"
            outputs = task.record.with_leftovers()
            self._kept(self._ledger.end, task.id, state, outputs, event.sentence, event.hint)
        if state != "failed":  # that can be resumed
            journal.discard_scratch(task.folder)
        self._tell_all(task, event)
        self._tell(StateChanged(task.id, state))

    def _end_without_a_word(self, task: Task, ended: Ended) -> None:
        """The worker is gone: paused, ended by us, never started, or dead."""
        if task.is_paused and task.record is not None:
            self._awake.end()
            self._kept(task.record.keep_now)
            self._kept(self._ledger.end, task.id, "paused", task.record.outputs)
            self._tell(StateChanged(task.id, "paused"))
            if task.resumes:
                self.resume(task.id)
        elif task.is_deaf and task.record is not None and not self._is_leaving:
            self._kept(task.record.keep_now)
            self._tell_all(task, Stage(task.id, "Closing the unfinished result"))
            self._orders.appendleft(Order(task.record.as_it_is, task.listener, only_finalise=True))
        elif task.is_stop_asked:
            leftovers = () if task.record is None else task.record.with_leftovers()
            self._end(task, Stopped(task.id, leftovers))
        elif not ended.has_come_in:
            logger.error("The worker ends at once (%s): %s", ended.code, "\n".join(ended.lines))
            self._is_queue_held = True  # the next one would fare no better
            error = WorkerNotStarted(
                "The process that does the work ends before it begins.",
                hint="Check that the program is installed completely and is not blocked by other software.",
                code=ended.code,
                line=ended.lines[-1] if ended.lines else "",
            )
            fields = tuple(error.fields.items())
            self._end(task, Failed(task.id, error.code, error.sentence, error.hint, fields))
        elif task.record is None:
            self._tell(Interrupted(task.id, 0, f"The preview ended early: {_reason(ended.code)}."))
        else:
            sentence = f"The work ended without a word: {_reason(ended.code)}."
            self._end_interrupted(task, task.record, sentence)

    def _end_interrupted(self, task: Task, record: JobRecord, sentence: str) -> None:
        self._awake.end()
        safe = len(journal.committed_units(task.folder))
        told = f"{sentence} {safe_words(safe)}"
        self._kept(record.keep_now)
        self._kept(self._ledger.end, task.id, "interrupted", record.outputs, told, RESUME_HINT)
        self._tell_all(task, Interrupted(task.id, safe, told))
        self._tell(StateChanged(task.id, "interrupted"))

    def _tell_all(self, task: Task, event: Event) -> None:
        if task.listener is not None:
            task.listener(event)
        self._tell(event)

    def _kept(self, keep: Callable[..., None], *values: object) -> None:
        """Write to the ledger; if the disk refuses, the job goes on and its result counts."""
        try:
            keep(*values)
        except LedgerNotUsable as error:
            logger.error("Not written down: %s", error)


def safe_words(units: int) -> str:
    """Say how many units are on the disk."""
    if units == 0:
        return "Nothing was finished yet; the originals are unchanged."
    return f"{units} finished {'part is' if units == 1 else 'parts are'} safe."


def _reason(code: int) -> str:
    if code == -signal.SIGTERM or (os.name == "posix" and code == -signal.SIGKILL):
        return "another program or the system ended it, perhaps for want of memory"
    if code < 0:
        return f"it crashed ({signal.Signals(-code).name})"
    return f"it ended with code {code}"
