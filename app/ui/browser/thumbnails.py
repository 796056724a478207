"""Small pictures of images: read coarsely in the background, few at a time, kept while they fit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.ui.background import Background, Task

if TYPE_CHECKING:  # NumPy comes after the first paint of the window
    import numpy as np
    from numpy.typing import NDArray

KEPT = 400  # small pictures in memory
CROP = 2048  # of a large plane without a pyramid only its middle is read
LOW, HIGH = 0.5, 99.7  # percentiles shown as black and white


class Thumbnails(QObject):
    """Makes small pictures on request and forgets requests that nobody waits for any more."""

    made = Signal(object)  # Path

    def __init__(self, background: Background, size: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._size = size
        self._made: OrderedDict[Path, QImage | None] = OrderedDict()
        self._tasks: dict[Path, Task[QImage]] = {}

    def get(self, path: Path) -> QImage | None:
        """Return the picture, or None and begin to make it."""
        if path in self._made:
            self._made.move_to_end(path)
            return self._made[path]
        if path not in self._tasks:
            call = partial(thumbnail, path, self._size)
            self._tasks[path] = self._background.run(
                call, partial(self._keep, path), partial(self._give_up, path), priority=-1
            )
        return None

    def keep_only(self, paths: Iterable[Path]) -> None:
        """Cancel what was asked for and is not among `paths`."""
        wanted = set(paths)
        for path in [path for path in self._tasks if path not in wanted]:
            self._tasks.pop(path).cancel()

    def _keep(self, path: Path, image: QImage | None) -> None:
        self._tasks.pop(path, None)
        self._made[path] = image
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        self.made.emit(path)

    def _give_up(self, path: Path, _error: Exception) -> None:
        self._keep(path, None)


def make_thumbnail(
    background: Background, path: Path, size: int, done: Callable[[QImage], None]
) -> Task[QImage]:
    """Make one small picture in the background; a file that cannot be read gets none."""
    return background.run(partial(thumbnail, path, size), done, lambda _error: None, priority=-1)


def thumbnail(path: Path, size: int, scene: int = 0) -> QImage:
    """Return a picture of the middle plane with `size` pixels on its longer side; for a thread."""
    import numpy as np

    from app.images.open import open_image
    from models.source import Region

    source = open_image(path, scene)
    try:
        info = source.info
        level = max(
            (n for n, shape in enumerate(info.shapes) if max(shape[-2:]) >= size or n == 0), default=0
        )
        t, c, z, y, x = info.shapes[level]
        top, left = max(0, (y - CROP) // 2), max(0, (x - CROP) // 2)
        channels = min(c, 3)
        region = Region(
            (t // 2, t // 2 + 1), (0, channels), (z // 2, z // 2 + 1),
            (top, min(y, top + CROP)), (left, min(x, left + CROP)), level,
        )  # fmt: skip
        planes = source.read(region)[0, :, 0]  # (c, h, w)
    finally:
        source.close()
    step = max(1, round(max(planes.shape[-2:]) / size))
    height, width = (n // step * step or n for n in planes.shape[-2:])
    if height >= step and width >= step:
        blocks = planes[:, :height, :width].reshape(channels, height // step, step, width // step, step)
        planes = blocks.mean(axis=(2, 4))
    planes = np.nan_to_num(planes.astype(np.float32))
    if not info.is_rgb:
        planes = np.stack([_stretched(plane) for plane in planes])
    else:
        planes = np.clip(planes / (np.iinfo(info.dtype).max if info.dtype.startswith("u") else 1), 0, 1)
    colours = _colours(channels, is_rgb=info.is_rgb)
    mixed = np.clip(np.einsum("chw,ck->hwk", planes, colours), 0, 1)
    pixels = np.ascontiguousarray((mixed * 255).astype(np.uint8))
    high, wide = pixels.shape[:2]
    return QImage(pixels.data, wide, high, wide * 3, QImage.Format.Format_RGB888).copy()


def _stretched(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    low, high = np.percentile(plane, (LOW, HIGH))
    stretched: NDArray[np.float32] = np.clip((plane - low) / (high - low if high > low else 1), 0, 1)
    return stretched


def _colours(channels: int, *, is_rgb: bool) -> NDArray[np.float32]:
    import numpy as np

    if is_rgb:
        return np.eye(3, dtype=np.float32)[:channels]
    if channels == 1:
        return np.ones((1, 3), np.float32)
    cyan, magenta, yellow = (0, 1, 1), (1, 0, 1), (1, 1, 0)
    return np.array([cyan, magenta, yellow][:channels], np.float32) * (0.75 if channels > 2 else 1)
