"""What a running job has said so far, kept in the ledger so that a crash costs nothing but seconds."""

import time
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from app.engine.events import Event, ItemDone, ItemFailed, Measured, Opened, Progress, Remark
from app.engine.job import Job
from app.engine.ledger import Ledger

PROGRESS_KEPT_SECONDS = 2.0
WORTH_MEASURING = 0.2  # megapixels; in smaller work the preparations hide the speed


class JobRecord:
    """Listens to one job and writes down what its row in the list needs.

    Parameters
    ----------
    job : Job
        As it was claimed; what an earlier process said about it stays.
    ledger : Ledger
    """

    def __init__(self, job: Job, ledger: Ledger) -> None:
        self.unfinished: dict[int, str] = {}
        self._job = job
        self._ledger = ledger
        self._inputs = len(getattr(job.spec, "inputs", ()))  # specs without inputs count for themselves
        self._outputs: list[str | None] = list(job.outputs) or [None] * self._inputs
        self._remarks = list(job.remarks)
        self._failures = {failure.item: failure for failure in job.failures}
        self._shares = dict.fromkeys(range(self._inputs), 0.0)
        self._progress = (job.done, job.total, job.unit)
        self._kept_at = 0.0

    @property
    def outputs(self) -> tuple[str | None, ...]:
        """The files that are finished."""
        return tuple(self._outputs)

    @property
    def as_it_is(self) -> Job:
        """The job with what it has said so far, for a worker that takes over."""
        done, total, unit = self._progress
        return replace(
            self._job,
            outputs=self.outputs,
            remarks=tuple(self._remarks),
            failures=tuple(self._failures.values()),
            done=done,
            total=total,
            unit=unit,
        )

    def hear(self, event: Event) -> None:
        """Take note of what matters.

        Raises
        ------
        LedgerNotUsable
            If it cannot be written down.
        """
        match event:
            case Progress():
                self._take_progress(event)
            case Remark() if event not in self._remarks:
                self._remarks.append(event)
                self._keep_notices()
            case Opened():
                self.unfinished[event.item] = event.path
                self._failures.pop(event.item, None)  # it is tried again
            case ItemDone():
                self.unfinished.pop(event.item, None)
                self._outputs += [None] * (event.item + 1 - len(self._outputs))
                self._outputs[event.item] = event.output
                self._shares[event.item] = 1.0
                self._ledger.keep_outputs(self._job.id, self.outputs)
            case ItemFailed():
                self.unfinished.pop(event.item, None)
                self._failures[event.item] = event
                self._shares[event.item] = 1.0
                self._keep_notices()
            case Measured() if event.megapixels >= WORTH_MEASURING:
                speed = event.seconds / event.megapixels
                self._ledger.keep_speed(self._job.kind, event.model, event.device, speed)

    def keep_now(self) -> None:
        """Write the progress down, however new the last entry is."""
        self._ledger.keep_progress(self._job.id, *self._progress)
        self._kept_at = time.monotonic()

    def merged(self, outputs: tuple[str | None, ...]) -> tuple[str | None, ...]:
        """Return the worker's last word on the outputs, and where it names none, what is known here."""
        return tuple(told or kept for told, kept in zip_longest(outputs, self.outputs))

    def with_leftovers(self) -> tuple[str | None, ...]:
        """Return the outputs, with unfinished files where there is nothing better and they exist."""
        found = list(self._outputs)
        for item, path in self.unfinished.items():
            found += [None] * (item + 1 - len(found))
            if found[item] is None and Path(path).exists():
                found[item] = path
        return tuple(found)

    def _take_progress(self, event: Progress) -> None:
        if event.item >= 0 and self._inputs > 1:
            self._shares[event.item] = min(1.0, event.done / event.total) if event.total else 0.0
            self._progress = (sum(self._shares.values()), float(self._inputs), "images")
        else:
            self._progress = (event.done, event.total, event.unit)
        if time.monotonic() - self._kept_at >= PROGRESS_KEPT_SECONDS:
            self.keep_now()

    def _keep_notices(self) -> None:
        self._ledger.keep_notices(self._job.id, tuple(self._remarks), tuple(self._failures.values()))
