"""Small pictures of the scenes that are in sight, made one after another in the background."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.ui.background import Background, Task
from app.ui.browser.thumbnails import thumbnail

KEPT = 400  # small pictures in memory


class ScenePictures(QObject):
    """Makes pictures of the scenes of one file; which comes next is asked anew each time."""

    made = Signal(int)  # scene

    def __init__(self, background: Background, side: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._side = side
        self._path: Path | None = None
        self._made: OrderedDict[int, QImage | None] = OrderedDict()  # None: it cannot be read
        self._task: Task[QImage] | None = None
        self._wanted: Callable[[], Iterable[int]] = lambda: ()

    def open(self, path: Path | None) -> None:
        """Begin with another file."""
        if self._task is not None:
            self._task.cancel()
        self._task = None
        self._path = path
        self._made.clear()

    def get(self, scene: int) -> QImage | None:
        """Return the picture of a scene, if there is one."""
        return self._made.get(scene)

    def make(self, wanted: Callable[[], Iterable[int]]) -> None:
        """Make the pictures of the scenes that `wanted` names, asked before each of them."""
        self._wanted = wanted
        self._go_on()

    def _go_on(self) -> None:
        path = self._path
        if path is None or self._task is not None:
            return
        scene = next((scene for scene in self._wanted() if scene not in self._made), None)
        if scene is None:
            return
        call = partial(thumbnail, path, self._side, scene)
        self._task = self._background.run(
            call, partial(self._keep, scene), lambda _error: self._keep(scene, None), priority=-1
        )

    def _keep(self, scene: int, picture: QImage | None) -> None:
        self._task = None
        self._made[scene] = picture
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        self.made.emit(scene)
        self._go_on()
