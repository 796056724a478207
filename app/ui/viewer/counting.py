"""Counts the gray values of the plane that is looked at, in the background and each plane once."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from app.ui.background import Background, Task
from app.ui.viewer.contrast import Histogram, histogram
from app.ui.viewer.side import SideImage


class Counter(QObject):
    """Keeps the histogram of one channel of what was drawn last."""

    changed = Signal(object)  # Histogram | None

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.histogram: Histogram | None = None
        self._background = background
        self._task: Task[Histogram] | None = None
        self._counted: object = None

    def count(self, side: SideImage, channel: int) -> None:
        """Count a channel of a side, unless that is done or under way."""
        planes = side.drawn.planes if side.drawn is not None else {}
        found = next(((region, plane) for region, plane in planes.items() if region.c[0] == channel), None)
        key = (side.image, found[0]) if found is not None else None
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
