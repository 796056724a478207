"""Where several pictures are looked at, and how closely: they move and grow together."""

from PySide6.QtCore import QObject, QPointF, QSizeF, Signal

CLOSEST = 48.0  # pixels of the screen per unit
FARTHEST = 0.5  # of the zoom that shows everything


class Gaze(QObject):
    """One place and one zoom for all pictures beside each other, in the unit that they share."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._extent = QSizeF(1, 1)
        self._zoom: float | None = None  # None: as much as shows everything
        self.centre = QPointF(0.5, 0.5)

    @property
    def is_fitting(self) -> bool:
        """Whether everything is shown, whatever room there is."""
        return self._zoom is None

    def show_extent(self, width: float, height: float) -> None:
        """Say how large the largest picture is; another size begins with everything in sight."""
        if (width, height) != (self._extent.width(), self._extent.height()):
            self._extent = QSizeF(max(width, 1e-9), max(height, 1e-9))
            self.fit()

    def fit(self) -> None:
        """Show everything."""
        self._zoom = None
        self.centre = QPointF(self._extent.width() / 2, self._extent.height() / 2)
        self.changed.emit()

    def zoom(self, room: QSizeF) -> float:
        """Pixels of the screen per unit for a widget of that size."""
        return self._fitting(room) if self._zoom is None else self._zoom

    def move_by(self, x: float, y: float) -> None:
        """Look so many units farther right and down, as far as there is something to see."""
        self._look_at(self.centre.x() + x, self.centre.y() + y)
        self.changed.emit()

    def zoom_by(self, factor: float, away: QPointF, room: QSizeF) -> None:
        """Grow what is `away` (in pixels of the screen) from the middle, which stays where it is."""
        before = self.zoom(room)
        after = min(max(before * factor, self._fitting(room) * FARTHEST), CLOSEST)
        self._zoom = after
        shift = away * (1 / before - 1 / after)
        self._look_at(self.centre.x() + shift.x(), self.centre.y() + shift.y())
        self.changed.emit()

    def _look_at(self, x: float, y: float) -> None:
        wide, high = self._extent.width(), self._extent.height()
        self.centre = QPointF(min(max(x, 0.0), wide), min(max(y, 0.0), high))

    def _fitting(self, room: QSizeF) -> float:
        wide, high = self._extent.width(), self._extent.height()
        return max(min(room.width() / wide, room.height() / high), 1e-6)
