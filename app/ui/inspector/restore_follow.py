"""Follows the jobs that restore open images: results become layers while they fill up, plane by plane."""

from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.engine.events import Committed, Failed, Finished, Interrupted, ItemDone, Opened, Stopped
from app.engine.specs import RestoreSpec
from app.images.cache import CachedSource
from app.ui.bridge import EngineBridge
from app.ui.jobs.watch import JobsWatch
from app.ui.session import OpenImage, Session

Plane = tuple[int, int, int]  # t, c, z of the result
PAUSE_MS = 200  # planes that come in faster are shown together


@dataclass(slots=True)
class Filling:
    """A result that fills up: its original's key, and the planes that are in it."""

    key: int
    path: Path
    finished: set[Plane] = field(default_factory=set)


class ResultFollower(QObject):
    """Opens results while they are being made and says which of their planes are there."""

    planes_arrived = Signal(object)  # key of the result's original
    unfinished_changed = Signal(object)  # frozenset of planes of the current image's result

    def __init__(
        self, session: Session, bridge: EngineBridge, watch: JobsWatch, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._watch = watch
        self._unplaced: list[Opened] = []
        self._early: dict[tuple[int, int], set[Plane]] = {}
        self._filling: dict[tuple[int, int], Filling] = {}
        self._fresh: set[int] = set()
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._tell)
        bridge.opened.connect(self._note_opened)
        bridge.committed.connect(self._note_plane)
        bridge.item_done.connect(self._note_done)
        for signal in (bridge.finished, bridge.failed, bridge.stopped, bridge.interrupted):
            signal.connect(self._note_end)
        watch.changed.connect(self._place)
        session.image_opened.connect(self._note_image)
        session.current_changed.connect(self._tell)

    def unfinished(self, image: OpenImage | None) -> frozenset[Plane]:
        """The planes that the result of an image still lacks; empty if none is being made."""
        filling = None if image is None else self._of(image.key)
        result = None if filling is None else self._session.result_for(filling.key)
        if filling is None or result is None:
            return frozenset()
        times, channels, depth, _height, _width = result.info.shape
        every = ((t, c, z) for t in range(times) for c in range(channels) for z in range(depth))
        return frozenset(plane for plane in every if plane not in filling.finished)

    def _of(self, key: int) -> Filling | None:
        return next((filling for filling in self._filling.values() if filling.key == key), None)

    def _note_opened(self, event: Opened) -> None:
        self._unplaced.append(event)
        self._place()

    def _place(self) -> None:
        """Find the open image that each new result belongs to; the list of jobs may come later."""
        for event in tuple(self._unplaced):
            job = self._watch.job(event.job)
            if job is None:
                continue
            self._unplaced.remove(event)
            if not isinstance(job.spec, RestoreSpec):
                continue
            key = self._image_of(Path(job.spec.inputs[event.item].path), job.spec.inputs[event.item].scene)
            if key is not None:
                place = (event.job, event.item)
                before = self._filling.pop(place, None)  # it was interrupted or paused
                finished = self._early.pop(place, set()) | (before.finished if before else set())
                self._filling[place] = Filling(key, Path(event.path), finished)
                if finished:
                    self._expect(key)

    def _image_of(self, path: Path, scene: int) -> int | None:
        images = (image for image in self._session.images() if image.result_of is None)
        return next((image.key for image in images if image.path == path and image.info.scene == scene), None)

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

    def _note_done(self, event: ItemDone) -> None:
        """Show the finished file in place of the unfinished one."""
        filling = self._filling.pop((event.job, event.item), None)
        if filling is not None:
            self._session.open_result(Path(event.output), filling.key)
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
                self._session.open_result(Path(output), filling.key)
            else:
                self._close_unfinished(filling)
        self._early = {place: planes for place, planes in self._early.items() if place[0] != event.job}
        self._unplaced = [opened for opened in self._unplaced if opened.job != event.job]
        self._tell()

    def _close_unfinished(self, filling: Filling) -> None:
        result = self._session.result_for(filling.key)
        if result is not None and result.path == filling.path:
            self._session.close(result.key)

    def _tell(self, _image: object = None) -> None:
        """Have the new planes read afresh, and say what is still missing."""
        for key in tuple(self._fresh):
            filling, result = self._of(key), self._session.result_for(key)
            if filling is not None and (result is None or result.path != filling.path):
                self._session.open_result(filling.path, key)
            elif result is not None and isinstance(result.source, CachedSource):
                result.source.forget()
                self.planes_arrived.emit(key)
        self._fresh.clear()
        self.unfinished_changed.emit(self.unfinished(self._session.current))
