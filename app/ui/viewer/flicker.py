"""Lets two pictures take turns by itself."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal


class Flicker(QObject):
    """Says when it is the other picture's turn, as long as somebody can see it."""

    turned = Signal()

    def __init__(self, is_seen: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_turned = False
        self._is_seen = is_seen
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._turn)

    @property
    def is_running(self) -> bool:
        """Whether pictures take turns."""
        return self._timer.isActive()

    def follow(self, per_second: float | None) -> None:
        """Change the picture so often; None: show the first and stand still."""
        if per_second is None or not self._is_seen():
            self._timer.stop()
            self.is_turned = False
            return
        interval = round(1000 / per_second)
        if not self._timer.isActive() or self._timer.interval() != interval:
            self._timer.start(interval)

    def _turn(self) -> None:
        if self._is_seen():
            self.is_turned = not self.is_turned
            self.turned.emit()
        else:
            self._timer.stop()
