"""The least that any viewer must do for a plane: read it, look up its grays, paint it.

``python -m benchmarks.viewing.bare FILE`` goes to planes at random and prints one line of JSON.
"""

import json
import random
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from benchmarks.viewing.peers import STEPS, WARM, lazy

SIDE = 700  # pixels of the screen for a plane, as in a window of 1366 x 768


class Bare(QWidget):
    """Nothing but a picture."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.resize(SIDE, SIDE)
        self._data = lazy(path)
        self._colours = np.linspace(0, 255, 1 << 16).astype(np.uint32) * 0x010101 | 0xFF000000
        self._packed = np.zeros((1, 1), np.uint32)
        self._chance = random.Random(1)
        self._started = 0.0
        self.taken: list[float] = []

    def step(self) -> None:
        """Read a plane and ask for a paint."""
        self._started = time.perf_counter()
        plane = self._data[self._chance.randrange(self._data.shape[0])]
        plane = plane.read().result() if hasattr(plane, "read") else np.asarray(plane)
        self._packed = self._colours[plane]
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's
        """Paint the plane, then go on."""
        height, width = self._packed.shape
        image = QImage(self._packed.data, width, height, width * 4, QImage.Format.Format_RGB32)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self.rect(), image)
        painter.end()
        if self._started:
            self.taken.append(time.perf_counter() - self._started)
        if len(self.taken) < STEPS:
            QTimer.singleShot(0, self.step)
        else:
            QApplication.exit()


def main(path: Path) -> None:
    """Go to planes at random."""
    application = QApplication(["bare"])
    bare = Bare(path)
    bare.show()
    application.exec()
    kept = sorted(bare.taken[WARM:])
    print(json.dumps({"median": statistics.median(kept), "p95": kept[int(len(kept) * 0.95)]}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
