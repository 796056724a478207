"""Engine events, which arrive on a reader thread, as Qt signals on the window's thread."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from app.engine import events
from app.engine.events import Event


class EventSource(Protocol):
    """The part of the engine that the bridge needs."""

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event, on any thread; the returned function ends that."""
        ...


class EngineBridge(QObject):
    """Carries engine events to the window's thread: one signal per kind of event, the event as argument.

    `jobs_changed` follows whenever a job is added, removed or changes its state.
    """

    started = Signal(object)
    staged = Signal(object)
    progressed = Signal(object)
    committed = Signal(object)
    previewed = Signal(object)
    plotted = Signal(object)
    remarked = Signal(object)
    opened = Signal(object)
    item_done = Signal(object)
    item_failed = Signal(object)
    said = Signal(object)
    finished = Signal(object)
    failed = Signal(object)
    stopped = Signal(object)
    interrupted = Signal(object)
    measured = Signal(object)
    state_changed = Signal(object)
    jobs_changed = Signal()

    _arrived = Signal(object)

    def __init__(self, engine: EventSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._signals = {
            events.Started: self.started,
            events.Stage: self.staged,
            events.Progress: self.progressed,
            events.Committed: self.committed,
            events.Preview: self.previewed,
            events.Metric: self.plotted,
            events.Remark: self.remarked,
            events.Opened: self.opened,
            events.ItemDone: self.item_done,
            events.ItemFailed: self.item_failed,
            events.Line: self.said,
            events.Finished: self.finished,
            events.Failed: self.failed,
            events.Stopped: self.stopped,
            events.Interrupted: self.interrupted,
            events.Measured: self.measured,
            events.StateChanged: self.state_changed,
        }
        self._arrived.connect(self._pass_on)
        self._unsubscribe = engine.subscribe(self._arrived.emit)

    def close(self) -> None:
        """Hear no further events."""
        self._unsubscribe()

    def _pass_on(self, event: Event) -> None:
        self._signals[type(event)].emit(event)
        if isinstance(event, events.StateChanged):
            self.jobs_changed.emit()
