"""Counts the gray values of the plane that is looked at, in the background and each plane once."""

from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from app.ui.background import Background, Task
from app.ui.viewer.contrast import Histogram, histogram
from app.ui.viewer.side import SideImage

REST_MS = 100  # a plane that is looked at for so long is counted
PATIENCE_MS = 500  # while planes go by, one is counted so often


class Counter(QObject):
    """Keeps the histogram of one channel of what was drawn last."""

    changed = Signal(object)  # Histogram | None

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.histogram: Histogram | None = None
        self._background = background
        self._task: Task[Histogram] | None = None
        self._counted: object = None
        self._wish: tuple[SideImage, int] | None = None
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._patience = QTimer(self, interval=PATIENCE_MS, singleShot=True)
        self._rest.timeout.connect(self._begin)
        self._patience.timeout.connect(self._begin)

    def count(self, side: SideImage, channel: int) -> None:
        """Count a channel of a side soon, unless that is done or under way."""
        self._wish = (side, channel)
        if self.histogram is None:
            self._begin()
            return
        self._rest.start()
        if not self._patience.isActive():
            self._patience.start()

    def _begin(self) -> None:
        self._rest.stop()
        self._patience.stop()
        if self._wish is None:
            return
        side, channel = self._wish
        planes = side.drawn.planes if side.drawn is not None else {}
        found = next(((region, plane) for region, plane in planes.items() if region.c[0] == channel), None)
        key = (side.image, side.pixels, found[0]) if found is not None else None
        if key == self._counted:
            return
        self._counted = key
        if self._task is not None:
            self._task.cancel()
        if found is None:
            self._take(None)
        else:
            self._task = self._background.run(partial(histogram, found[1]), self._take)

    def _take(self, found: Histogram | None) -> None:
        self.histogram = found
        self.changed.emit(found)
