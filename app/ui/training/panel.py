"""The Train room: numbered steps on the left, the page of one step on the right, Next and Back below.

The room holds the one `Plan`. A step is a widget with ``show_plan(plan)`` and the signal
``plan_wished(Plan)``; one that shows how a finished training went has ``show_result(folder)`` and one that
ends a training the signal ``finished(Path)``. Steps are made when they are first looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.text import _
from app.ui.drop import Zone
from app.ui.icons import icon
from app.ui.jobs.words import Sign
from app.ui.lazy import Lazy
from app.ui.panels import Services
from app.ui.theme import set_role
from app.ui.training import words
from app.ui.training.plan import Plan
from models.knobs import N_

StepKey = Literal["good", "bad", "match", "learn", "verdict"]
LETTERS = 22  # of the column of steps
AIR = "\u2009"  # before each line, so that the icon does not touch it
GOOD_ZONE = Zone("good", N_("Add to the good images"), "train")
NOISY_ZONE = Zone("good", N_("Add to the noisy images"), "train")
BAD_ZONE = Zone("bad", N_("Add to the bad images"), "restore")


@dataclass(frozen=True, slots=True)
class Step:
    """One row: its title, its ``"module:Class"``, and how its state is told."""

    key: StepKey
    title: str
    target: str
    state: Callable[[Plan], Sign]

    def load(self) -> Callable[[Services], QWidget]:
        """Import the module and return what makes the widget; the import may happen in any thread."""
        module, name = self.target.split(":")
        kind: Callable[[Services], QWidget] = getattr(import_module(module), name)
        return kind


STEPS: tuple[Step, ...] = (
    Step("good", N_("Good images"), "app.ui.training.good_step:GoodStep", words.good_state),
    Step("bad", N_("Bad image"), "app.ui.training.bad_step:BadStep", words.bad_state),
    Step("match", N_("Match"), "app.ui.training.match_step:MatchStep", words.match_state),
    Step("learn", N_("Learning"), "app.ui.training.learn_step:LearnStep", words.learn_state),
    Step("verdict", N_("Verdict"), "app.ui.training.verdict_step:VerdictStep", words.verdict_state),
)


class StepButton(QToolButton):
    """One numbered step with a word of its state below."""

    def __init__(self, number: int, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = f"{number}  {title}"
        self._sign: Sign | None = None
        self.toggled.connect(self._show_sign)
        self.setProperty("role", "step")
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_sign(self, sign: Sign) -> None:
        """Show the state of the step."""
        self._sign = sign
        self.setText(f"{AIR}{self._title}\n{AIR}{sign.word}")
        self.setAccessibleName(f"{self._title}: {sign.word}")
        self._show_sign()

    def changeEvent(self, event: QEvent) -> None:
        """Let the icon grow with the text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and self._sign is not None:
            self._show_sign()

    def _show_sign(self, _is_checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a slot of `toggled`
        if self._sign is not None:
            side = self.fontMetrics().height()
            self.setIconSize(QSize(side, side))
            self.setIcon(icon(self._sign.shape, "" if self.isChecked() else self._sign.token))


class TrainPanel(QWidget):
    """Holds the plan and hands it to the steps."""

    plan_changed = Signal(object)  # Plan
    use_wished = Signal(str)  # id of a model: restore with it now

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "room")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._services = services
        self.plan = Plan()
        self.buttons: dict[str, StepButton] = {}
        self.pages: dict[str, Lazy] = {}
        self._group = QButtonGroup(self)
        self._stack = QStackedWidget()
        self.back = QPushButton(icon("left"), _("Back"))
        self.next = QPushButton(_("Next"))
        self.next.setProperty("role", "primary")
        self.earlier = QPushButton(icon("recent"), _("Earlier trainings"))
        self.earlier.setToolTip(_("Everything that was trained here, finished or not."))
        self._arrange()
        self.back.clicked.connect(partial(self._step, -1))
        self.next.clicked.connect(partial(self._step, 1))
        self.earlier.clicked.connect(self._show_earlier)
        self.go(STEPS[0].key)

    @property
    def step(self) -> str:
        """The key of the step that is looked at."""
        return STEPS[self._stack.currentIndex()].key

    def go(self, key: str) -> None:
        """Look at a step."""
        place = [step.key for step in STEPS].index(key)  # type: ignore[arg-type]
        self._stack.setCurrentIndex(place)
        self.buttons[key].setChecked(True)
        self._show_state()

    def set_plan(self, plan: Plan) -> None:
        """Take another plan over and show it in every step."""
        if plan == self.plan:
            return
        self.plan = plan
        self._show_state()
        self.plan_changed.emit(plan)

    def show_result(self, folder: Path) -> None:
        """Go to the verdict of a training that is over."""
        self.go("verdict")
        self.pages["verdict"].when_made(lambda page: page.show_result(folder))

    def zones(self) -> tuple[Zone, ...]:
        """Where files can be dropped now."""
        zones = (GOOD_ZONE, BAD_ZONE) if self.plan.way != "noisy" else (NOISY_ZONE,)
        here = tuple(zone for zone in zones if zone.key == self.step)
        return here or zones

    def take(self, zone: str, paths: list[Path]) -> None:
        """Take what was dropped on the room: ``"good"`` or ``"bad"`` images."""
        self.go(zone)
        self.pages[zone].when_made(lambda page: page.take(paths))

    def _arrange(self) -> None:
        rail = QFrame()
        rail.setProperty("role", "steps")
        column = QVBoxLayout(rail)
        column.setContentsMargins(10, 14, 10, 14)
        column.setSpacing(4)
        for number, step in enumerate(STEPS, 1):
            button = StepButton(number, _(step.title))
            button.clicked.connect(partial(self.go, step.key))
            self._group.addButton(button)
            self.buttons[step.key] = button
            column.addWidget(button)
            self.pages[step.key] = self._place(step)
            self._stack.addWidget(self.pages[step.key])
        column.addStretch(1)
        column.addWidget(self.earlier)
        rail.setMinimumWidth(self.fontMetrics().averageCharWidth() * LETTERS)
        below = QHBoxLayout()
        below.setContentsMargins(18, 8, 18, 10)
        below.addWidget(self.back)
        below.addStretch(1)
        below.addWidget(self.next)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        line = QFrame()
        line.setProperty("role", "line")
        right.addWidget(self._stack, 1)
        right.addWidget(line)
        right.addLayout(below)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(rail)
        layout.addLayout(right, 1)

    def _place(self, step: Step) -> Lazy:
        """Return the place of a step; its module is imported in a thread meanwhile."""
        place = Lazy()
        place.made.connect(self._connect)
        self._services.background.run(step.load, partial(self._fill, place))
        return place

    def _fill(self, place: Lazy, kind: Callable[[Services], QWidget]) -> None:
        place.fill_with(partial(kind, self._services))

    def _connect(self, page: Any) -> None:  # Any: its module is imported late
        page.plan_wished.connect(self.set_plan)
        self.plan_changed.connect(page.show_plan)
        if hasattr(page, "finished"):
            page.finished.connect(self.show_result)
        if hasattr(page, "step_wished"):
            page.step_wished.connect(self.go)
        if hasattr(page, "use_wished"):
            page.use_wished.connect(self.use_wished)
        if hasattr(page, "learn_wished"):
            page.learn_wished.connect(partial(self.go, "learn"))
        page.show_plan(self.plan)

    def _step(self, by: int) -> None:
        if (step := self._beside(by)) is not None:
            self.go(step.key)

    def _beside(self, by: int) -> Step | None:
        """Return the step after or before this one; one that is not needed is passed over."""
        place = self._stack.currentIndex() + by
        if not 0 <= place < len(STEPS):
            return None
        step = STEPS[place]
        return STEPS[place + by] if step.key == "match" and not self.plan.needs_match else step

    def _show_earlier(self) -> None:
        self.go("verdict")
        self.pages["verdict"].when_made(lambda page: page.show_earlier())

    def _show_state(self) -> None:
        for step in STEPS:
            self.buttons[step.key].show_sign(step.state(self.plan))
        self.back.setEnabled(self._beside(-1) is not None)
        after = self._beside(1)
        self.next.setVisible(after is not None)
        set_role(self.next, "" if self.step == "learn" else "primary")  # there Start is what comes next
        if after is not None:
            self.next.setText(_("Next: {step}").format(step=_(after.title)))
