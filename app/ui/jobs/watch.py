"""The jobs as the window sees them: the ledger's list, and how far the running one is."""

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.engine.events import Interrupted, ItemDone, ItemFailed, Progress, Stage, Started
from app.engine.job import Job
from app.ui.background import Background
from app.ui.bridge import EngineBridge
from app.ui.jobs.pace import Live
from app.ui.jobs.words import BATCHES

if TYPE_CHECKING:
    from app.engine.supervisor import Engine


class JobsWatch(QObject):
    """Keeps the list of jobs fresh, newest first, and listens to the one that runs."""

    changed = Signal()  # the list
    moved = Signal(int)  # one job is further

    def __init__(
        self, engine: "Engine", bridge: EngineBridge, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.jobs: tuple[Job, ...] = ()
        self._engine = engine
        self._background = background
        self._live: dict[int, Live] = {}
        self._is_reading = False
        self._is_stale = False
        bridge.jobs_changed.connect(self.refresh)
        for signal in (
            bridge.started,
            bridge.staged,
            bridge.progressed,
            bridge.item_done,
            bridge.item_failed,
        ):
            signal.connect(self._note)
        bridge.interrupted.connect(self._note_interruption)

    def refresh(self) -> None:
        """Read the list again in the background; calls that come meanwhile become one."""
        if self._is_reading:
            self._is_stale = True
            return
        self._is_reading, self._is_stale = True, False
        self._background.run(self._engine.jobs, self._take, self._give_up)

    def job(self, number: int) -> Job | None:
        """The job with this number, if it is in the list."""
        return next((job for job in self.jobs if job.id == number), None)

    def live(self, number: int) -> Live:
        """What is known of a job while it runs; empty for one that does not."""
        return self._live.get(number, Live())

    def running(self) -> tuple[Job, ...]:
        """The jobs that would stop if the window closed."""
        return tuple(job for job in self.jobs if job.state == "running")

    def share(self, job: Job) -> float | None:
        """The finished share of a job from 0 to 1; None if it is unknown."""
        if job.state == "running":
            return self.live(job.id).share(inputs_of(job))
        return job.done / job.total if job.total > 0 else None

    def sentence(self, job: Job) -> str:
        """How far a running job is, in one line."""
        return self.live(job.id).sentence(inputs_of(job), time.time())

    def place(self, job: Job) -> str:
        """Where a running job is, in few words."""
        return self.live(job.id).place(inputs_of(job))

    def _take(self, jobs: tuple[Job, ...]) -> None:
        self._is_reading = False
        self.jobs = tuple(sorted(jobs, key=lambda job: job.id, reverse=True))
        live = {job.id for job in self.jobs if job.state in ("waiting", "running")}
        self._live = {number: known for number, known in self._live.items() if number in live}
        self.changed.emit()
        if self._is_stale:
            self.refresh()

    def _give_up(self, error: Exception) -> None:
        self._is_reading = False
        raise error

    def _note(self, event: Started | Stage | Progress | ItemDone | ItemFailed) -> None:
        if event.job < 0:  # a preview is no job
            return
        live = self._live.setdefault(event.job, Live())
        match event:
            case Started():
                self._live[event.job] = Live(device=event.device)
            case Stage():
                live.stage = event.name
            case Progress():
                live.note(event, time.time())
            case ItemDone():
                live.finished.add(event.item)
            case ItemFailed():
                live.failed.add(event.item)
        self.moved.emit(event.job)

    def _note_interruption(self, event: Interrupted) -> None:
        self._live.pop(event.job, None)
        self.refresh()


def inputs_of(job: Job) -> int:
    """How many images a job is about."""
    return len(job.spec.inputs) if isinstance(job.spec, BATCHES) else 1
