"""The step of learning: how long, what it is called, Start; then the training, until it is over."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.engine.events import Metric, Preview
from app.engine.job import Job
from app.engine.specs import TrainSpec
from app.text import _
from app.ui.icons import icon
from app.ui.jobs.watch import JobsWatch
from app.ui.jobs.words import duration, remarks_of
from app.ui.panels import Services
from app.ui.theme import set_role
from app.ui.training import words
from app.ui.training.choice_cards import Choice, ChoiceCards
from app.ui.training.learning_view import LearningView
from app.ui.training.ordering import order
from app.ui.training.plan import MINUTES, Length, Plan, Run
from app.ui.training.recalling import plan_of
from models.knobs import N_

LENGTHS: tuple[Choice, ...] = (
    Choice("quick", N_("Quick look"), N_("To see whether it goes the right way.")),
    Choice("normal", N_("Normal"), N_("Enough for most images.")),
    Choice("long", N_("Long"), N_("For the last bit of quality; over lunch, say.")),
)
GOES_ON = ("waiting", "running", "paused", "interrupted")
ENDED = ("finished", "cancelled")
MISSING: dict[str, str] = {
    "good": N_("Add at least two good images in the first step."),
    "bad image": N_("Add a bad image in the second step, or say there that you set it yourself."),
    "pairs": N_("Every good image needs its bad one; see the second step."),
}


class LearnStep(QWidget):
    """Starts a training, follows it, and hands a finished one on."""

    plan_wished = Signal(object)  # Plan
    finished = Signal(object)  # Path: the folder of a training that is over

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._plan = Plan()
        self._followed: int | None = None  # the job that was seen to run
        self._set_apart: set[int] = set()  # trainings that wait while another one is set up
        self._is_starting = False
        self.watch = JobsWatch(services.engine, services.bridge, services.background, self)
        self.lengths = ChoiceCards(LENGTHS, across=3)
        self.name = QLineEdit()
        self.name.setAccessibleName(_("Name of the model"))
        self.name.setPlaceholderText(_("My restorer"))
        self.name.setMaxLength(60)
        self.start = QPushButton(icon("play", "on_accent"), "")
        self.start.setProperty("role", "primary")
        self.start.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.summary = QLabel(wordWrap=True)
        self.summary.setProperty("role", "heading")
        self.lacking = QLabel(wordWrap=True)
        self.view = LearningView(services.background)
        self.remarks = QLabel(wordWrap=True)
        self._pages = QStackedWidget()
        self._arrange()
        self._connect()
        self.watch.refresh()

    def show_plan(self, plan: Plan) -> None:
        """Show what is chosen, or the training that was started."""
        self._plan = plan
        self.lengths.show_choice(plan.length)
        if self.name.text() != plan.name:
            self.name.setText(plan.name)
        self._turn(0 if plan.run is None else 1)
        self._show_promise()
        self._show_run()

    def _turn(self, page: int) -> None:
        """Turn to the choices or to the training; the keyboard comes along."""
        if page == self._pages.currentIndex():
            return
        had_keys = self._pages.isAncestorOf(QApplication.focusWidget() or self)
        self._pages.setCurrentIndex(page)
        if had_keys:
            (self.name if page == 0 else self.view.title).setFocus()

    def _show_promise(self) -> None:
        for card in self.lengths.cards.values():
            time = promise(cast("Length", card.choice.key), self.watch.jobs)
            card.about.setText(f"{time[:1].upper()}{time[1:]}. {_(card.choice.about)}")
        self.start.setText(_("Start - {time}").format(time=promise(self._plan.length, self.watch.jobs)))
        lack = what_lacks(self._plan)
        self.summary.setText("" if lack else words.summary(self._plan))
        self.summary.setVisible(not lack)
        self.start.setEnabled(not lack)  # also while it begins, or the keyboard would be sent elsewhere
        self.lacking.setText(_(lack))
        set_role(self.lacking, "warning" if lack else "")
        self.lacking.setVisible(bool(lack))

    def _show_run(self) -> None:
        run = self._plan.run
        if run is None:
            return
        job = self.watch.job(run.job)
        is_running = job is not None and job.state == "running"
        progress = self.watch.sentence(job) if job is not None and is_running else ""
        share = self.watch.share(job) if job is not None and is_running else None
        if run.state == "waiting":
            progress = _("Other jobs come first. Jobs shows them; there this training can be moved up.")
        self.view.show_run(run.folder, run.state, progress, share)
        told = "\n".join(remarks_of(job)) if job is not None else ""
        self.remarks.setText(told)
        set_role(self.remarks, "bad" if run.state == "failed" else "quiet")
        self.remarks.setVisible(bool(told))

    def _follow(self) -> None:
        """Take over what became of the training; one that an earlier session left is found again."""
        run = self._plan.run
        job = self.watch.job(run.job) if run is not None else left_over(self.watch.jobs, self._set_apart)
        if job is None or not isinstance(job.spec, TrainSpec):
            self._show_promise()
            return
        folder = Path(job.spec.output_dir)
        was_going_on = self._followed == job.id
        self._followed = job.id if job.state in GOES_ON else None
        is_bare = not (self._plan.good or self._plan.bad)  # as in a window that was just opened
        plan = plan_of(job.spec) if run is None and is_bare else self._plan
        self.plan_wished.emit(replace(plan, run=Run(job.id, folder, job.state)))
        self._show_promise()
        self._show_run()
        if was_going_on and job.state in ENDED:
            self.finished.emit(folder)

    def _begin(self) -> None:
        if what_lacks(self._plan) or self._is_starting:
            return
        self._is_starting = True
        plan, services = self._plan, self._services
        name = plan.name.strip() or _("My restorer")
        device = services.settings.current.device

        def submit() -> Run:
            spec = order(plan, services.paths, name, device)
            return Run(services.engine.submit(spec), Path(spec.output_dir))

        services.background.run(submit, self._begun, self._not_begun)

    def _begun(self, run: Run) -> None:
        self._is_starting = False
        self._followed = run.job
        self.plan_wished.emit(replace(self._plan, run=run))
        self.watch.refresh()

    def _not_begun(self, error: Exception) -> None:
        self._is_starting = False
        self._services.notices.show_error(error)

    def _act(self, key: str) -> None:
        run, engine = self._plan.run, self._services.engine
        if run is None:
            return
        acts = {
            "pause": partial(engine.pause, run.job),
            "go on": partial(engine.resume, run.job),
            "stop": partial(engine.cancel, run.job),
            "verdict": partial(self.finished.emit, run.folder),
            "anew": partial(self.plan_wished.emit, replace(self._plan, run=None)),
        }
        if key == "anew":
            self._set_apart.add(run.job)
        acts[key]()

    def _connect(self) -> None:
        self.lengths.picked.connect(
            lambda key: self.plan_wished.emit(replace(self._plan, length=cast("Length", key)))
        )
        self.name.textEdited.connect(lambda text: self.plan_wished.emit(replace(self._plan, name=text)))
        self.start.clicked.connect(self._begin)
        self.view.asked.connect(self._act)
        self.watch.changed.connect(self._follow)
        self.watch.moved.connect(self._show_if_mine)
        bridge = self._services.bridge
        bridge.previewed.connect(self._look_again)
        bridge.plotted.connect(self._look_again)

    def _show_if_mine(self, number: int) -> None:
        if self._plan.run is not None and self._plan.run.job == number:
            self._show_run()

    def _look_again(self, event: Preview | Metric) -> None:
        if self._plan.run is not None and self._plan.run.job == event.job:
            self.view.refresh()

    def _arrange(self) -> None:
        title = QLabel(_("How long shall it learn?"))
        title.setProperty("role", "title")
        about = QLabel(
            _("It can be paused, goes on after a crash, and the best state is kept. Other rooms stay usable. "
              "The computer is asked to stay awake while it learns."),
            wordWrap=True,
        )  # fmt: skip
        about.setProperty("role", "quiet")
        naming = QHBoxLayout()
        label = QLabel(_("Name of the model"))
        label.setBuddy(self.name)
        naming.addWidget(label)
        naming.addWidget(self.name, 1)
        naming.addStretch(1)
        begin = QHBoxLayout()
        begin.addWidget(self.start)
        begin.addWidget(self.lacking, 1)
        begin.addStretch(1)
        choice = QWidget()
        column = QVBoxLayout(choice)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for widget in (title, about, self.summary, self.lengths):
            column.addWidget(widget)
        column.addLayout(naming)
        column.addLayout(begin)
        column.addStretch(1)
        going = QWidget()
        below = QVBoxLayout(going)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.view, 1)
        below.addWidget(self.remarks)
        self._pages.addWidget(choice)
        self._pages.addWidget(going)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 14, 20, 10)
        layout.addWidget(self._pages)


def what_lacks(plan: Plan) -> str:
    """Return what must be done before a training can begin: a sentence, empty if nothing."""
    if not plan.can_learn:
        return MISSING["good"]
    return "" if plan.is_ready else MISSING.get(plan.way, MISSING["good"])


def left_over(jobs: tuple[Job, ...], apart: set[int]) -> Job | None:
    """Return the newest training that an earlier session left, or that runs; none of those set apart."""
    mine = (job for job in jobs if isinstance(job.spec, TrainSpec) and job.spec.learn and job.id not in apart)
    return next((job for job in mine if job.state in GOES_ON), None)


def promise(length: Length, jobs: tuple[Job, ...]) -> str:
    """Say how long a training takes: as trainings here took, else as was asked for."""
    minutes = MINUTES[length]
    ratios = [
        (job.ended - job.started) / (60 * job.spec.minutes)
        for job in jobs
        if isinstance(job.spec, TrainSpec) and job.spec.minutes and job.state == "finished"
        and job.started is not None and job.ended is not None
    ]  # fmt: skip
    usual = sorted(ratios)[len(ratios) // 2] if ratios else 1.0
    return _("about {time}").format(time=duration(60 * minutes * usual))
