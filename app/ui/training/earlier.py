"""Earlier trainings: every folder stays listed until it is thrown away, saved or not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QFile, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.engine.specs import TrainSpec
from app.paths import Paths
from app.text import _
from app.ui.icons import icon
from app.ui.jobs.sign import SignLabel
from app.ui.jobs.words import Sign, clock
from app.ui.names import shown_name
from app.ui.one_line import OneLine
from app.ui.panels import Services
from app.ui.training.trained import VERDICT_FILE, read_trained
from app.ui.training.verdict_words import SIGNS
from models.knobs import N_

RECIPE = "recipe.toml"
SIGN = 18
BUSY = ("waiting", "running", "paused")
UNFINISHED = Sign(N_("Not finished"), "ring", "quiet")
LEARNING = Sign(N_("Under way"), "play", "good")
UNMEASURED = Sign(N_("Not compared yet"), "ring", "quiet")


@dataclass(frozen=True, slots=True)
class Earlier:
    """One training folder as the list shows it."""

    folder: Path
    name: str
    sign: Sign
    changed: float
    is_saved: bool
    is_busy: bool


def trainings_dir(paths: Paths) -> Path:
    """Return the folder that holds one folder for each training of this person."""
    return paths.data / "trainings"


def find_earlier(root: Path, services: Services) -> tuple[Earlier, ...]:
    """Return the trainings in the folders of `root`, the newest first; for a thread."""
    busy = {
        Path(job.spec.output_dir)
        for job in services.engine.jobs()
        if isinstance(job.spec, TrainSpec) and job.state in BUSY
    }
    try:
        folders = [folder for folder in root.iterdir() if (folder / RECIPE).is_file()]
    except OSError:  # nothing was trained yet
        return ()
    found = [_look_at(folder, services, is_busy=folder in busy) for folder in folders]
    return tuple(sorted(found, key=lambda one: one.changed, reverse=True))


def throw_away(folder: Path) -> bool:
    """Move a training folder to the bin of the system and return whether that was possible; for a thread."""
    moved = QFile.moveToTrash(str(folder))
    return bool(moved[0] if isinstance(moved, tuple) else moved)


class EarlierTrainings(QWidget):
    """The list of earlier trainings with *Open* and *Throw away*."""

    opened = Signal(Path)
    thrown_away = Signal(Path)

    def __init__(self, services: Services, root: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._root = root
        self.rows: list[EarlierRow] = []
        self.heading = QLabel(_("Earlier trainings"))
        self.heading.setProperty("role", "heading")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self._layout.addWidget(self.heading)
        self._layout.addStretch(1)
        self.heading.hide()
        services.bridge.jobs_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Look again in the background."""
        call = partial(find_earlier, self._root, self._services)
        self._services.background.run(
            call, self.show_trainings, self._services.notices.show_error, priority=-1
        )

    def show_trainings(self, found: tuple[Earlier, ...]) -> None:
        """Show these."""
        if [row.training for row in self.rows] == list(found):
            return
        for row in self.rows:
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = [EarlierRow(training) for training in found]
        for row in self.rows:
            row.open.clicked.connect(partial(self.opened.emit, row.training.folder))
            row.confirmed.connect(partial(self._throw, row.training))
            self._layout.insertWidget(self._layout.count() - 1, row)
        self.heading.setVisible(bool(found))

    def _throw(self, training: Earlier) -> None:
        call = partial(throw_away, training.folder)
        self._services.background.run(
            call, partial(self._note_thrown, training), self._services.notices.show_error
        )

    def _note_thrown(self, training: Earlier, was_possible: bool) -> None:  # noqa: FBT001 - the answer of `throw_away`
        name = shown_name(training.name)
        if was_possible:
            self.thrown_away.emit(training.folder)
            said = _("The training {name} is in the bin of this computer.").format(name=name)
        else:
            said = _("The training {name} could not be moved to the bin. Nothing was deleted.").format(
                name=name
            )
        self._services.notices.tell(said)
        self.refresh()


class EarlierRow(QFrame):
    """One training: how it went, its name, when, and what to do with it."""

    confirmed = Signal()

    def __init__(self, training: Earlier, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.training = training
        sign = SignLabel(SIGN)
        sign.show_sign(training.sign)
        name = OneLine()
        name.show_text(shown_name(training.name))
        name.setProperty("role", "heading")
        about = OneLine()
        about.show_text(about_words(training))
        about.setProperty("role", "quiet")
        self.open = QPushButton(_("Open"))
        self.open.setAccessibleName(_("Open the training {name}").format(name=training.name))
        self.throw = QPushButton(icon("trash"), _("Throw away"))
        self.throw.setAccessibleName(_("Throw the training {name} away").format(name=training.name))
        self.throw.setEnabled(not training.is_busy)
        self.sure = QPushButton(_("Move it to the bin"))
        self.sure.setAccessibleName(_("Move the training {name} to the bin").format(name=training.name))
        self.keep = QPushButton(_("Keep it"))
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(name)
        texts.addWidget(about)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(texts, 1)
        for button in (self.open, self.throw, self.sure, self.keep):
            layout.addWidget(button)
        self._ask(is_asking=False)
        self.throw.clicked.connect(partial(self._ask, is_asking=True))
        self.keep.clicked.connect(partial(self._ask, is_asking=False))
        self.sure.clicked.connect(self.confirmed)

    def _ask(self, _checked: bool = False, *, is_asking: bool) -> None:  # noqa: FBT001, FBT002 - of `clicked`
        had_focus = self.throw.hasFocus()
        for button in (self.open, self.throw):
            button.setVisible(not is_asking)
        for button in (self.sure, self.keep):
            button.setVisible(is_asking)
        if is_asking and had_focus:
            self.keep.setFocus()


def about_words(training: Earlier) -> str:
    """Say how a training went, when, and whether its model is saved."""
    parts = [_(training.sign.word), clock(training.changed, now=time.time())]
    if training.is_saved:
        parts.append(_("in your models"))
    return " · ".join(parts)


def _look_at(folder: Path, services: Services, *, is_busy: bool) -> Earlier:
    trained = read_trained(folder, services.library, with_pictures=False)
    card, verdict = trained.card, trained.verdict
    if is_busy:
        sign = LEARNING
    elif verdict is not None:
        sign = SIGNS[verdict.state]
    else:
        sign = UNFINISHED if card is None else UNMEASURED
    newest = max(_changed(folder / name) for name in (RECIPE, VERDICT_FILE, "card.toml"))
    return Earlier(
        folder, folder.name if card is None else card.name, sign, newest, trained.is_saved, is_busy
    )


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
