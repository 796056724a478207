"""The preview box: asks for it, a moment after the last change, and says how far it is."""

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.engine.events import Failed, Interrupted, Preview, Stage, Started
from app.engine.specs import PreviewSpec
from app.text import _
from app.ui.background import Background
from app.ui.bridge import EngineBridge
from app.ui.viewer.state import Box

if TYPE_CHECKING:
    from app.engine.supervisor import Engine

PAUSE_MS = 250  # a box that is being dragged asks only once it rests


class Previewer(QObject):
    """Restores a box whenever it is wanted; the newest wish wins."""

    made = Signal(object, object)  # Box, pixels (c, h, w) float32
    said = Signal(str, str)  # sentence, role of a label
    timed = Signal(str, float)  # id of the model, seconds per megapixel of the result

    def __init__(
        self, engine: "Engine", bridge: EngineBridge, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._background = background
        self._wanted: tuple[PreviewSpec, Box] | None = None
        self._asked: tuple[int, Box, str] | None = None
        self._began = 0.0
        self._is_cold = False  # the last preview had to load the model
        self._is_timing = False
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._ask)
        bridge.started.connect(self._note_start)
        bridge.staged.connect(self._note_stage)
        bridge.previewed.connect(self._fetch)
        bridge.failed.connect(self._tell_failure)
        bridge.interrupted.connect(self._tell_failure)

    def want(self, spec: PreviewSpec, box: Box) -> None:
        """Restore this box as soon as wishes stop coming."""
        if self._wanted is not None and self._wanted[0] == spec:
            return
        self._wanted = (spec, box)
        self._is_cold = False
        self._timer.start()

    def stop(self) -> None:
        """Want nothing any more."""
        self._timer.stop()
        self._wanted = None
        if self._asked is not None:
            self._engine.cancel(self._asked[0])
        self._asked = None
        self.said.emit("", "")

    def again(self) -> None:
        """Ask once more for what was wanted last."""
        if self._wanted is not None:
            self._timer.start()

    def _ask(self) -> None:
        if self._wanted is None:
            return
        spec, box = self._wanted
        self._is_timing = self._is_cold
        self._is_cold = False
        self._say(_("Preparing the preview…"), "quiet")
        self._asked = (self._engine.preview(spec), box, spec.model)

    def _is_mine(self, number: int) -> bool:
        return self._asked is not None and self._asked[0] == number

    def _note_start(self, event: Started) -> None:
        if self._is_mine(event.job):
            self._began = time.monotonic()
            self._say(_("Restoring the box…"), "quiet")

    def _note_stage(self, event: Stage) -> None:
        if self._is_mine(event.job):
            self._began = 0.0  # what is done once for all is not measured
            self._say(_("{stage}…").format(stage=_(event.name)), "quiet")

    def _fetch(self, event: Preview) -> None:
        if self._is_mine(event.job) and self._asked is not None:
            seconds = time.monotonic() - self._began if self._began else 0.0
            show = partial(self._show, event.job, seconds)
            self._background.run(partial(_load, Path(event.path)), show, self._give_up, priority=1)

    def _show(self, number: int, seconds: float, pixels: NDArray[Any]) -> None:
        if self._asked is None or self._asked[0] != number:
            return
        _number, box, model = self._asked
        self.made.emit(box, pixels)
        self.said.emit(_("The box is restored. Drag it to look elsewhere."), "quiet")
        if seconds:
            self.timed.emit(model, seconds / (pixels.size / 1e6))
        else:  # now that the model is loaded, find out how fast it is
            self._is_cold = True
            self._timer.start()

    def _say(self, sentence: str, role: str) -> None:
        """Say how far the preview is; one that is only made for its time is not spoken of."""
        if not self._is_timing:
            self.said.emit(sentence, role)

    def _give_up(self, error: Exception) -> None:
        if not isinstance(error, OSError):
            raise error
        self.said.emit(
            _("The preview could not be read back: {why}.").format(why=error.strerror or error), "bad"
        )

    def _tell_failure(self, event: Failed | Interrupted) -> None:
        if not self._is_mine(event.job):
            return
        hint = _(event.hint) if isinstance(event, Failed) and event.hint else ""
        self.said.emit(f"{_(event.sentence)} {hint}".strip(), "bad")
        self._wanted = None  # so that the same box can be asked for again


def _load(path: Path) -> NDArray[np.float32]:
    """Read the restored pixels; for a thread."""
    pixels: NDArray[np.float32] = np.load(path, allow_pickle=False)
    return pixels
