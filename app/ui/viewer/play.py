"""Runs through an axis by itself."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.ui.viewer.state import Axis

PER_SECOND = 20


class Player(QObject):
    """Steps along one axis, as often as planes are there in time."""

    stepped = Signal(str)  # axis
    changed = Signal(object)  # the axis that runs | None

    def __init__(self, is_ready: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.axis: Axis | None = None
        self._is_ready = is_ready
        self._timer = QTimer(self, interval=1000 // PER_SECOND)
        self._timer.timeout.connect(self._tick)

    def toggle(self, axis: Axis) -> None:
        """Play this axis, or stop if it plays."""
        if self.axis == axis:
            self.stop()
        else:
            self.axis = axis
            self._timer.start()
            self.changed.emit(axis)

    def stop(self) -> None:
        """Stand still."""
        if self.axis is not None:
            self.axis = None
            self._timer.stop()
            self.changed.emit(None)

    def _tick(self) -> None:
        if self.axis is not None and self._is_ready():
            self.stepped.emit(self.axis)
