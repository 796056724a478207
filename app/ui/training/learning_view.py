"""What is seen while a model learns: an unseen crop now and earlier, a chart, a sentence, a few buttons."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.text import _
from app.ui.background import Background
from app.ui.flow import FlowLayout
from app.ui.icons import icon
from app.ui.theme import set_role
from app.ui.training.curves import Curves
from app.ui.training.gaze import Gaze
from app.ui.training.history import Crop, History, how_it_went, level_words, read_crop, read_history
from app.ui.training.light_picture import Exhibit
from app.ui.training.plan import RunState
from models.knobs import N_

PARTS = 1000  # of the bar

ACTIONS: tuple[tuple[str, str, str, tuple[RunState, ...]], ...] = (
    ("pause", N_("Pause"), "pause", ("running",)),
    ("go on", N_("Continue"), "play", ("paused", "interrupted", "failed")),
    ("stop", N_("Stop and keep the best"), "stop", ("waiting", "running", "paused", "interrupted")),
    ("verdict", N_("See the verdict"), "right", ("finished", "cancelled")),
    ("anew", N_("Set up another training"), "plus",
     ("paused", "interrupted", "failed", "finished", "cancelled")),
)  # fmt: skip
TITLES: dict[RunState, str] = {
    "waiting": N_("Waiting for its turn"),
    "running": N_("Learning"),
    "paused": N_("Paused"),
    "interrupted": N_("Interrupted - continue?"),
    "failed": N_("It stopped early"),
    "cancelled": N_("Stopped; the best state is kept"),
    "finished": N_("Finished"),
}


class LearningView(QWidget):
    """Follows the folder of one training."""

    asked = Signal(str)  # key of an action

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._history: History | None = None
        self._folder: Path | None = None
        self._shown: tuple[Path, int] | None = None
        self._state: RunState = ""
        self._is_reading = self._is_stale = False
        self.title = QLabel(wordWrap=True)
        self.title.setProperty("role", "title")
        self.progress = QLabel(wordWrap=True)
        self.progress.setProperty("role", "quiet")
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName(_("How far the training is"))
        gaze = Gaze(self)
        self.gaze = gaze
        self.bad = Exhibit(gaze, _("Bad"))
        self.now = Exhibit(gaze, _("Now"))
        self.good = Exhibit(gaze, _("Good"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 0)
        self.slider.setAccessibleName(_("Earlier states of this unseen crop"))
        self.slider.valueChanged.connect(self._turn_back)
        self.at = QLabel()
        self.at.setProperty("role", "quiet")
        self.curves = Curves()
        self.sentence = QLabel(wordWrap=True)
        self.buttons: dict[str, QPushButton] = {}
        self._arrange()

    def show_run(self, folder: Path, state: RunState, progress: str, share: float | None) -> None:
        """Show a training and how far it is."""
        self._state = state
        self.title.setText(_(TITLES.get(state, "")))
        self.progress.setText(progress)
        self.progress.setVisible(bool(progress))
        self.bar.setVisible(state in ("running", "waiting"))
        self.bar.setRange(0, 0 if share is None else PARTS)
        self.bar.setValue(round((share or 0.0) * PARTS))
        self._show_buttons()
        if folder != self._folder:
            self._folder, self._history, self._shown = folder, None, None
            self.curves.show_looks(())
            self._show_crop(None)
        self.refresh()

    def _show_buttons(self) -> None:
        """Show what can be done now; the keyboard goes from Pause to Continue and back, else to the title."""
        had_keys = next((button for button in self.buttons.values() if button.hasFocus()), None)
        for key, _text, _icon, states in ACTIONS:
            self.buttons[key].setVisible(self._state in states)
        if had_keys is not None and had_keys.isHidden():
            pair = (self.buttons[key] for key in ("pause", "go on"))
            next((button for button in pair if not button.isHidden()), self.title).setFocus()

    def refresh(self) -> None:
        """Read again what the training has written down; calls that come meanwhile become one."""
        if self._folder is None:
            return
        if self._is_reading:
            self._is_stale = True
            return
        self._is_reading, self._is_stale = True, False
        self._background.run(partial(read_history, self._folder), self._take, self._give_up)

    def _take(self, history: History) -> None:
        self._is_reading = False
        if self._is_stale:
            self.refresh()
        if history.folder != self._folder:
            return
        was_last = self._history is None or self.slider.value() == self.slider.maximum()
        self._history = history
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, len(history.states) - 1))
            if was_last:
                self.slider.setValue(self.slider.maximum())
        self.slider.setEnabled(len(history.states) > 1)
        sentence, role = how_it_went(history, self._state, time.time())
        self.sentence.setText(sentence)
        set_role(self.sentence, role)
        self._turn_back()

    def _turn_back(self, _place: int = 0) -> None:
        """Show the state that the slider stands at."""
        history = self._history
        if history is None:
            return
        place = self.slider.value()
        step = history.states[place] if place < len(history.states) else None
        self.curves.show_looks(history.looks, at=step)
        self.now.rename(_("Now") if place == self.slider.maximum() else _("Earlier"))
        if step is None or self._shown == (history.folder, step):
            return
        self._shown = (history.folder, step)
        look = next((look for look in history.looks if look.step == step), None)
        told = _("step {n}").format(n=step)
        if look is not None:
            told = _("{step}: {level}").format(step=told, level=level_words(look))
        self.at.setText(told)
        read = partial(read_crop, history.folder, step)
        self._background.run(read, partial(self._show_if, self._shown), self._do_without, priority=1)

    def _show_if(self, wanted: tuple[Path, int], crop: Crop) -> None:
        if wanted == self._shown:
            self._show_crop(crop)

    def _show_crop(self, crop: Crop | None) -> None:
        waiting = "" if crop is not None else _("Comes with the first test")
        if crop is not None:
            self.gaze.show_extent(crop.now.width, crop.now.height)
        self.bad.picture.show_slide(None if crop is None else crop.bad, waiting)
        self.now.picture.show_slide(None if crop is None else crop.now, waiting)
        self.good.picture.show_slide(None if crop is None else crop.good, waiting)
        self.good.setVisible(crop is None or crop.good is not None)
        if crop is None:
            self.at.setText("")

    def _do_without(self, error: Exception) -> None:
        if not isinstance(error, OSError | ValueError):
            raise error
        self._shown = None  # it is read again with the next look

    def _give_up(self, error: Exception) -> None:
        self._is_reading = False
        raise error

    def _arrange(self) -> None:
        pictures = QHBoxLayout()
        pictures.setSpacing(8)
        for exhibit in (self.bad, self.now, self.good):
            pictures.addWidget(exhibit, 1)
        turning = QHBoxLayout()
        turning.addWidget(QLabel(_("First")))
        turning.addWidget(self.slider, 1)
        turning.addWidget(QLabel(_("Latest")))
        turning.addSpacing(12)
        turning.addWidget(self.at)
        row = QWidget()
        flow = FlowLayout(row, spacing=8)
        for key, text, picture, _states in ACTIONS:
            button = QPushButton(icon(picture), _(text))
            button.clicked.connect(partial(self.asked.emit, key))
            self.buttons[key] = button
            flow.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self.title, self.progress, self.bar):
            layout.addWidget(widget)
        layout.addLayout(pictures, 3)
        layout.addLayout(turning)
        layout.addWidget(self.curves, 2)
        layout.addWidget(self.sentence)
        layout.addWidget(row)
