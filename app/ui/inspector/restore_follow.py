"""Follows the jobs that restore open images: results become layers while they fill up, plane by plane."""

from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.engine.events import Committed, Failed, Finished, Interrupted, ItemDone, Opened, Stopped
from app.engine.specs import Input, RestoreSpec
from app.images.cache import CachedSource
from app.ui.bridge import EngineBridge
from app.ui.jobs.watch import JobsWatch
from app.ui.session import OpenImage, Session

Plane = tuple[int, int, int]  # t, c, z
PAUSE_MS = 200  # planes that come in faster are shown together


@dataclass(slots=True)
class Filling:
    """A result that fills up: its original's key, scene and channels (none: all), and the planes in it."""

    key: int
    scene: int
    path: Path
    channels: tuple[int, ...]
    finished: set[Plane] = field(default_factory=set)  # t, c, z of the result itself
    told: set[Plane] = field(default_factory=set)  # t, c, z of the original
    is_opening: bool = False

    @property
    def planes(self) -> frozenset[Plane]:
        """The finished planes, as planes of the original."""
        channels = self.channels
        return frozenset((t, channels[c] if channels else c, z) for t, c, z in self.finished)


class ResultFollower(QObject):
    """Opens results while they are being made and says which of their planes are there."""

    plane_arrived = Signal(int, int, int)  # t, c, z of the current image
    unfinished_changed = Signal(object)  # frozenset of planes of the current image

    def __init__(
        self, session: Session, bridge: EngineBridge, watch: JobsWatch, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._watch = watch
        self._unplaced: list[Opened | ItemDone] = []
        self._early: dict[tuple[int, int], set[Plane]] = {}
        self._filling: dict[tuple[int, int], Filling] = {}
        self._fresh: set[int] = set()
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._tell)
        bridge.opened.connect(self._note_file)
        bridge.item_done.connect(self._note_file)
        bridge.committed.connect(self._note_plane)
        for signal in (bridge.finished, bridge.failed, bridge.stopped, bridge.interrupted):
            signal.connect(self._note_end)
        watch.changed.connect(self._place)
        session.image_opened.connect(self._note_image)
        session.current_changed.connect(self._tell)

    def unfinished(self, image: OpenImage | None) -> frozenset[Plane]:
        """The planes that the result of an image still lacks; empty if none is being made."""
        filling = None if image is None else self._of(image.key)
        if image is None or filling is None:
            return frozenset()
        times, count, depth, _height, _width = image.info.shape
        channels = filling.channels or range(count)
        every = ((t, c, z) for t in range(times) for c in channels for z in range(depth))
        return frozenset(plane for plane in every if plane not in filling.planes)

    def _of(self, key: int) -> Filling | None:
        """Return what fills up over the scene that an image shows now."""
        scene = next((image.info.scene for image in self._session.images() if image.key == key), None)
        return next((one for one in self._filling.values() if (one.key, one.scene) == (key, scene)), None)

    def _note_file(self, event: Opened | ItemDone) -> None:
        self._unplaced.append(event)
        self._place()

    def _place(self) -> None:
        """Find the open image that each result belongs to; the list of jobs may be a moment behind."""
        for event in tuple(self._unplaced):
            job = self._watch.job(event.job)
            if job is None:
                continue
            self._unplaced.remove(event)
            if not isinstance(job.spec, RestoreSpec):
                continue
            if isinstance(event, Opened):
                self._begin(event, job.spec)
            else:
                self._finish(event, job.spec)

    def _begin(self, event: Opened, spec: RestoreSpec) -> None:
        """Expect planes of a result."""
        one = spec.inputs[event.item]
        image = self._image_of(one)
        if image is None:
            return
        place = (event.job, event.item)
        before = self._filling.pop(place, None)  # it was interrupted or paused
        finished = self._early.pop(place, set()) | (before.finished if before else set())
        self._filling[place] = Filling(image.key, one.scene, Path(event.path), spec.channels, finished)
        if finished:
            self._expect(image.key)

    def _finish(self, event: ItemDone, spec: RestoreSpec) -> None:
        """Show the finished file in place of the unfinished one."""
        self._filling.pop((event.job, event.item), None)
        one = spec.inputs[event.item]
        image = self._image_of(one)
        if image is not None:
            self._session.open_result(Path(event.output), image.key, one.scene)
            self._tell()

    def _image_of(self, one: Input) -> OpenImage | None:
        """Return the open image that shows this file, whichever of its scenes is looked at."""
        images = (image for image in self._session.images() if image.result_of is None)
        return next((image for image in images if image.path == Path(one.path)), None)

    def _note_plane(self, event: Committed) -> None:
        if event.z < 0:
            return
        place = (event.job, event.item)
        filling = self._filling.get(place)
        planes = filling.finished if filling else self._early.setdefault(place, set())
        planes.add((event.t, event.c, event.z))
        if filling is not None:
            self._expect(filling.key)

    def _expect(self, key: int) -> None:
        """Tell of new planes in a moment; a result that is finished by then is never opened unfinished."""
        self._fresh.add(key)
        if not self._timer.isActive():
            self._timer.start()

    def _note_image(self, image: OpenImage) -> None:
        if image.result_of is not None and self._of(image.result_of) is not None:
            self._tell()

    def _note_end(self, event: Finished | Failed | Stopped | Interrupted) -> None:
        """Show what was kept of a job that was stopped; forget what will not fill up any more."""
        if isinstance(event, Interrupted):  # it may go on
            return
        outputs = () if isinstance(event, Failed) else event.outputs
        for job, item in [place for place in self._filling if place[0] == event.job]:
            filling = self._filling.pop((job, item))
            output = outputs[item] if item < len(outputs) else None
            if output is not None:
                self._session.open_result(Path(output), filling.key, filling.scene)
            else:
                self._close_unfinished(filling)
        self._early = {place: planes for place, planes in self._early.items() if place[0] != event.job}
        self._tell()

    def _close_unfinished(self, filling: Filling) -> None:
        for image in self._session.images():
            if (image.result_of, image.path) == (filling.key, filling.path):
                self._session.close(image.key)

    def _tell(self, _image: object = None) -> None:
        """Have new planes read afresh, and say what is still missing."""
        current = self._session.current
        here = None if current is None else self._of(current.key)
        if here is not None and here.planes - here.told:  # planes that came while another scene was seen
            self._fresh.add(here.key)
        for key in tuple(self._fresh):
            filling, result = self._of(key), self._session.result_for(key)
            if filling is None:
                continue
            if result is None or result.path != filling.path:
                if not filling.is_opening:
                    filling.is_opening = True
                    self._session.open_result(filling.path, key, filling.scene)
                continue
            if isinstance(result.source, CachedSource):
                result.source.forget()
            if current is not None and current.key == key:
                for plane in filling.planes - filling.told:
                    self.plane_arrived.emit(*plane)
                filling.told |= filling.planes
        self._fresh.clear()
        self.unfinished_changed.emit(self.unfinished(current))
