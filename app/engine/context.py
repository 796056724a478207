"""What a runner is given: the way to say how far it is, to be stopped, and to remember what is safe."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TypeVar, cast

from app.engine.events import (
    Committed,
    Event,
    ItemDone,
    ItemFailed,
    Measured,
    Metric,
    Opened,
    Preview,
    Progress,
    Remark,
    Stage,
    Started,
)
from app.engine.journal import Journal
from app.engine.lane import Lane
from app.engine.outlet import Outlet
from app.paths import Paths
from app.settings import Settings
from models.errors import Stopped, UserError

T = TypeVar("T")

THINGS_KEPT = 4


PLANE = re.compile(r"t(\d+)[ ,/_-]?c(\d+)[ ,/_-]?z(\d+)")


def plane_of(unit: str) -> tuple[int, int, int]:
    """Return the T, C, Z position that a unit is named after; -1 each if it is no whole plane."""
    found = PLANE.fullmatch(unit)
    if found is None:
        return (-1, -1, -1)
    t, c, z = (int(number) for number in found.groups())
    return (t, c, z)


def _named(unit: str, item: int) -> str:
    return unit if item < 0 else f"{item}/{unit}"


class Wishes:
    """What the supervisor asked of the running job; set by the worker's listener, read by the job."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.pause = threading.Event()


class Shelf:
    """What a worker keeps from job to job, such as loaded models; the least used goes first."""

    def __init__(self, limit: int = THINGS_KEPT) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, object] = OrderedDict()

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made for `key` before, or make and keep it."""
        if key not in self._kept:
            while len(self._kept) >= self._limit:
                self._kept.popitem(last=False)
            self._kept[key] = make()
        self._kept.move_to_end(key)
        return cast("T", self._kept[key])  # a key always stands for the same type

    def clear(self) -> None:
        """Let go of everything, for instance when memory is short."""
        self._kept.clear()


class JobContext:
    """The link between a runner and whoever waits for it; satisfies `models.watch.Watch`.

    A runner is a module with ``run(spec, context) -> Finished | events.Stopped``. It calls `check` often,
    `commit` for every unit that is safe on the disk, and skips what `is_committed`. On
    `models.errors.Stopped` it finalises what is finished and returns ``events.Stopped``. A fault of the
    world may leave it as a `UserError`. All methods may be called from any thread.

    Pausing ends the process inside `commit`: whatever a resumed run needs must be on the disk (or
    noted) before the unit is committed.

    Attributes
    ----------
    job : int
        Number of the job; negative for a preview.
    folder : Path
        The job's own folder; what is in its ``scratch`` subfolder goes when the job is over.
    paths : Paths
    settings : Settings
    """

    def __init__(
        self,
        job: int,
        journal: Journal,
        *,
        paths: Paths,
        settings: Settings,
        send: Callable[[Event], None],
        wishes: Wishes,
        shelf: Shelf,
        leave: Callable[[], None],
        acknowledge: Callable[[], None],
    ) -> None:
        self.job = job
        self.folder = journal.folder
        self.paths = paths
        self.settings = settings
        self._journal = journal
        self._wishes = wishes
        self._shelf = shelf
        self._leave = leave
        self._acknowledge = acknowledge
        self._outlet = Outlet(send)
        self._lane: Lane | None = None

    @property
    def scratch(self) -> Path:
        """A folder for intermediate files of this job; kept while it can be resumed."""
        return self._journal.scratch

    def check(self) -> None:
        """Raise `models.errors.Stopped` if the job should end now."""
        if self._wishes.stop.is_set():
            self._acknowledge()
            raise Stopped

    def emit(self, event: Event) -> None:
        """Send any event of this job."""
        self._outlet.send(event)

    def started(self, device: str) -> None:
        """Say in words which device does the work, such as ``"CPU, 2 cores"``."""
        self.emit(Started(self.job, device))

    def stage(self, name: str) -> None:
        """Say in words what happens next."""
        self.emit(Stage(self.job, name))

    def progress(self, done: float, total: float, unit: str, *, item: int = -1) -> None:
        """Say how far the job, or input `item` of it, is; call it as often as you like."""
        self._outlet.progress(Progress(self.job, done, total, unit, item))

    def metric(self, name: str, step: int, value: float) -> None:
        """Report one point of a curve."""
        self.emit(Metric(self.job, name, step, value))

    def remark(self, code: str, sentence: str, *, item: int = -1) -> None:
        """Report something the person should know, though the result stands."""
        self.emit(Remark(self.job, code, sentence, item))

    def preview(self, path: Path) -> None:
        """Announce an array file (.npy) to look at."""
        self.emit(Preview(self.job, str(path)))

    def measured(self, *, model: str, device: str, megapixels: float, seconds: float) -> None:
        """Report the speed of `model` on `device`, from which later promises are made."""
        self.emit(Measured(self.job, model, device, megapixels, seconds))

    def is_committed(self, unit: str, *, item: int = -1) -> bool:
        """Whether `unit` was finished before, perhaps by an earlier process."""
        return self._journal.has(_named(unit, item))

    def commit(self, unit: str, *, item: int = -1) -> None:
        """State that `unit` is finished and safe on the disk.

        A unit named like ``"t0c1z2"`` is shown as that plane. If a pause was asked for, the process
        ends here.
        """
        self._journal.commit(_named(unit, item))
        t, c, z = plane_of(unit)
        self.emit(Committed(self.job, unit, item, t, c, z))
        if self._wishes.pause.is_set() and not self._wishes.stop.is_set():
            self.finish()
            self._leave()

    def note(self, name: str, text: str, *, item: int = -1) -> None:
        """Remember `text` for a later process that resumes this job, such as the name of its output."""
        self._journal.note(_named(name, item), text)

    def noted(self, name: str, *, item: int = -1) -> str | None:
        """Return what was noted last under `name`, perhaps by an earlier process."""
        return self._journal.noted(_named(name, item))

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what an earlier job of this worker made for `key`, or make and keep it.

        For loaded models; ``key`` must name everything the result depends on.
        """
        return self._shelf.keep(key, make)

    def forget_kept(self) -> None:
        """Let go of everything kept, for instance when memory is short."""
        self._shelf.clear()

    def hold_device(self, device: str) -> None:
        """Wait until `device` is free of jobs of other sessions, then hold it until this job is over.

        Does nothing for the processor, which everybody shares.

        Parameters
        ----------
        device : str
            What the job really uses: ``"cpu"``, ``"cuda:0"``, ``"mps"``; never ``"auto"``.
        """
        if device.startswith("cpu") or (self._lane is not None and self._lane.device == device):
            return
        self.release_device()
        lane = Lane(device)
        if not lane.take():
            self.stage("Waiting for the GPU, which another session is using")
            while not lane.take():
                self.check()
                self._wishes.stop.wait(Lane.RETRY_SECONDS)
        self._lane = lane

    def release_device(self) -> None:
        """Let other sessions have the device; the worker calls it when the job is over."""
        if self._lane is not None:
            self._lane.release()
            self._lane = None

    def item(self, index: int) -> "ItemContext":
        """Return the watch of one input of a batch: its events name it, its units begin with it."""
        return ItemContext(self, index)

    def finish(self) -> None:
        """Send what was held back; the worker calls it before the last event."""
        self._outlet.flush()


class ItemContext:
    """One input of a batch; satisfies `models.watch.Watch`."""

    def __init__(self, context: JobContext, index: int) -> None:
        self.index = index
        self._context = context

    def check(self) -> None:
        """Raise `models.errors.Stopped` if the job should end now."""
        self._context.check()

    def stage(self, name: str) -> None:
        """Say in words what happens next."""
        self._context.stage(name)

    def progress(self, done: float, total: float, unit: str) -> None:
        """Say how far this input is."""
        self._context.progress(done, total, unit, item=self.index)

    def metric(self, name: str, step: int, value: float) -> None:
        """Report one point of a curve."""
        self._context.metric(name, step, value)

    def remark(self, code: str, sentence: str) -> None:
        """Report something the person should know about this input."""
        self._context.remark(code, sentence, item=self.index)

    def is_committed(self, unit: str) -> bool:
        """Whether this input's `unit` was finished before."""
        return self._context.is_committed(unit, item=self.index)

    def commit(self, unit: str) -> None:
        """State that this input's `unit` is finished and safe on the disk."""
        self._context.commit(unit, item=self.index)

    def note(self, name: str, text: str) -> None:
        """Remember `text` about this input for a later process."""
        self._context.note(name, text, item=self.index)

    def noted(self, name: str) -> str | None:
        """Return what was noted last about this input under `name`."""
        return self._context.noted(name, item=self.index)

    def opened(self, path: Path) -> None:
        """Say where the result of this input fills up."""
        self._context.emit(Opened(self._context.job, self.index, str(path)))

    def done(self, output: Path) -> None:
        """Say that this input is finished."""
        self._context.emit(ItemDone(self._context.job, self.index, str(output)))

    def failed(self, input_path: str, error: UserError) -> None:
        """Say that this input could not be done; the others go on."""
        self._context.emit(
            ItemFailed(
                self._context.job,
                self.index,
                input_path,
                error.code,
                error.sentence,
                error.hint,
                tuple(error.fields.items()),
            )
        )
