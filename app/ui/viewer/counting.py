"""Counts the gray values of the plane that is looked at, in the background and each plane once."""

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.ui.background import Background, Task
from app.ui.viewer.contrast import Histogram, Plane, histogram
from app.ui.viewer.side import SideImage

REST_MS = 100  # a plane that is looked at for so long is counted
PATIENCE_MS = 500  # while planes go by, one is counted so often


class Counter(QObject):
    """Keeps the histogram of some channels, one as a rule, of what was drawn last."""

    changed = Signal(object)  # Histogram | None

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.histogram: Histogram | None = None
        self._background = background
        self._task: Task[Histogram] | None = None
        self._counted: object = None
        self._wish: tuple[SideImage, tuple[int, ...]] | None = None
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._patience = QTimer(self, interval=PATIENCE_MS, singleShot=True)
        self._rest.timeout.connect(self._begin)
        self._patience.timeout.connect(self._begin)

    def count(self, side: SideImage, *channels: int) -> None:
        """Count channels of a side together soon, unless that is done or under way."""
        self._wish = (side, channels)
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
        side, channels = self._wish
        planes = side.drawn.planes if side.drawn is not None else {}
        found = {region: plane for region, plane in planes.items() if region.c[0] in channels}
        key = (side.image, side.pixels, *found) if found else None
        if key == self._counted:
            return
        self._counted = key
        if self._task is not None:
            self._task.cancel()
        if not found:
            self._take(None)
        else:
            self._task = self._background.run(partial(counted, tuple(found.values())), self._take)

    def _take(self, found: Histogram | None) -> None:
        self.histogram = found
        self.changed.emit(found)


def counted(planes: tuple[Plane, ...]) -> Histogram:
    """Count the gray values of planes of one size together; for a thread."""
    return histogram(planes[0] if len(planes) == 1 else np.concatenate(planes))
