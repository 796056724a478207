"""Has the worker look at images and brings back what it found, with small pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from app.engine.events import Failed, Finished, Interrupted, Progress, Stage, Stopped
from app.engine.specs import Input, SurveySpec
from app.images.remembered import RememberedReadings
from app.text import _
from app.ui.panels import Services
from app.ui.training.held_up import what_holds_up
from app.ui.training.plan import Seen
from models.source import Reading

PAUSE_MS = 200  # changes that come together are one wish

Wish = tuple[tuple[Path, ...], tuple[Path, ...], str]
Found = tuple[tuple[Seen, ...], float, float, dict[Path, QImage]]


class Surveyor(QObject):
    """Asks for a survey whenever other images are wanted; the newest wish wins.

    A wish that one of another surveyor pushed aside is made again when something else was looked at, not
    before: else two of them would push each other aside for ever.
    """

    found = Signal(object, float, float)  # tuple of Seen, common display range
    said = Signal(str, str)  # sentence, role of a label

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pictures: dict[Path, QImage] = {}
        self._services = services
        self._readings = RememberedReadings(services.paths.data)
        self._wanted: Wish | None = None
        self._asked = 0
        self._is_aside = False
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._ask)
        bridge = services.bridge
        bridge.staged.connect(self._say_stage)
        bridge.progressed.connect(self._say_progress)
        bridge.finished.connect(self._take)
        bridge.failed.connect(self._tell_failure)
        bridge.interrupted.connect(self._tell_failure)
        bridge.stopped.connect(self._step_aside)
        for is_over in (bridge.finished, bridge.failed, bridge.interrupted):
            is_over.connect(self._ask_again)

    def want(self, paths: Sequence[Path], *, role: str = "good", partners: Sequence[Path] = ()) -> None:
        """Look at these images as soon as wishes stop coming, unless they were looked at last."""
        wish: Wish = (tuple(paths), tuple(partners), role)
        if wish == self._wanted:
            return
        self._wanted = wish
        if paths:
            self._timer.start(PAUSE_MS)
        else:
            self._timer.stop()
            self._asked, self._is_aside = 0, False
            self.pictures.clear()
            self.said.emit("", "")

    def _ask(self) -> None:
        if self._wanted is None:
            return
        paths, partners, role = self._wanted
        engine = self._services.engine

        def look_up() -> tuple[SurveySpec, str]:
            return _spec(self._readings, paths, partners, role), what_holds_up(engine)

        self._services.background.run(look_up, partial(self._submit, self._wanted))
        self.said.emit(_("Looking at the images…"), "quiet")

    def _submit(self, wish: Wish, looked_up: tuple[SurveySpec, str]) -> None:
        spec, reason = looked_up
        if wish == self._wanted:
            self._is_aside = False
            self._asked = self._services.engine.preview(spec)
            if reason:
                self.said.emit(reason, "warning")

    def _say_stage(self, event: Stage) -> None:
        if event.job == self._asked:
            self.said.emit(_("{stage}…").format(stage=_(event.name)), "quiet")

    def _say_progress(self, event: Progress) -> None:
        if event.job == self._asked:
            words = _("Looking at image {done} of {total}…")
            self.said.emit(words.format(done=int(event.done), total=int(event.total)), "quiet")

    def _take(self, event: Finished) -> None:
        if event.job == self._asked:
            read = partial(_read, event.report)
            self._services.background.run(read, partial(self._show, event.job), self._give_up, priority=1)

    def _show(self, number: int, found: Found) -> None:
        if number != self._asked:
            return
        seen, low, high, pictures = found
        self.pictures.update(pictures)
        wanted = set(self._wanted[0]) if self._wanted is not None else set()
        for path in self.pictures.keys() - wanted:  # images that were taken away
            del self.pictures[path]
        self.said.emit("", "")
        self.found.emit(seen, low, high)

    def _give_up(self, error: Exception) -> None:
        if not isinstance(error, OSError):
            raise error
        self._wanted = None
        self.said.emit(_("The small pictures could not be read back: {why}.").format(why=error), "bad")

    def _tell_failure(self, event: Failed | Interrupted) -> None:
        if event.job == self._asked:
            self._wanted = None  # so that the same can be asked for again
            self.said.emit(_(event.sentence), "bad")

    def _step_aside(self, event: Stopped) -> None:
        self._is_aside |= event.job == self._asked and self._wanted is not None

    def _ask_again(self, event: Finished | Failed | Interrupted) -> None:
        if self._is_aside and event.job < 0 and self._wanted is not None:
            self._timer.start(PAUSE_MS)


def _spec(
    readings: RememberedReadings, paths: tuple[Path, ...], partners: tuple[Path, ...], role: str
) -> SurveySpec:
    """Make the wish, with what the person corrected about the files; for a thread."""

    def inputs(some: tuple[Path, ...]) -> tuple[Input, ...]:
        return tuple(Input(str(path), reading=readings.find(path) or Reading()) for path in some)

    kind: Any = role  # one of the three that the spec names
    return SurveySpec(inputs(paths), kind, inputs(partners))


def _read(report: str) -> Found:
    """Read a report and its small pictures; for a thread."""
    told = json.loads(report)
    seen = tuple(_seen(row) for row in told["images"])
    pictures = {one.path: _picture(one.thumbnail) for one in seen if one.thumbnail}
    return seen, float(told["low"]), float(told["high"]), pictures


def _seen(row: dict[str, Any]) -> Seen:  # Any: JSON
    shift = row.get("shift_px")
    return Seen(
        path=Path(row["path"]),
        shape=tuple(row["shape"]),
        dtype=row["dtype"],
        pixel_size_um=row["pixel_size_um"],
        saturated=row["saturated"],
        sharpness=row["sharpness"],
        is_out_of_focus=row["is_out_of_focus"],
        same_as=Path(row["same_as"]) if row["same_as"] else None,
        is_rgb=row["is_rgb"],
        nan=row["nan"],
        is_constant=row["is_constant"],
        thumbnail=row["thumbnail"],
        error=row["error"],
        noise=row["noise"],
        is_pair=row.get("is_pair", True),
        shift_px=(float(shift[0]), float(shift[1])) if shift else None,
    )


def _picture(file: str) -> QImage:
    pixels = np.ascontiguousarray(np.load(file, allow_pickle=False))
    height, width = pixels.shape
    return QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
