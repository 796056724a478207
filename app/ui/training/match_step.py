"""The step where good images are made as bad as a real one: pictures, meters, strengths, and verdicts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.engine.specs import Input, MatchSpec
from app.text import _
from app.ui.beside import BesideLayout
from app.ui.column import Column
from app.ui.icons import icon
from app.ui.jobs.sign import SignLabel
from app.ui.panels import Services
from app.ui.training.blind_test import BlindTest
from app.ui.training.gaze import Gaze
from app.ui.training.light_picture import Exhibit
from app.ui.training.match_report import Answer
from app.ui.training.matching import Matcher, Wish
from app.ui.training.meters import Meters
from app.ui.training.odds import classifier_sign, classifier_words, scale_words
from app.ui.training.plan import Plan, Way
from app.ui.training.strengths_form import StrengthsForm, values_of
from models.knobs import N_
from models.training.strengths import Strengths

INTROS: dict[Way, str] = {
    "bad image": N_(
        "Good images are made as bad as yours; from such pairs the model learns the way back. "
        "The fit is made by itself; everything can be changed."
    ),
    "sliders": N_("Say by hand how bad your images are. With a real bad image this is measured instead."),
    "pairs": N_("Nothing needs to be made bad: your pairs show it. Go on with the next step."),
    "noisy": N_(
        "Nothing needs to be made bad: the model learns from the noise itself. Go on with the next step."
    ),
}
NEEDS_GOOD = N_("Add good images in the first step; here they are made bad.")
NEEDS_BAD = N_("Add a bad image in the step before, or say there that you set the strengths by hand.")
SIGN = 18


@dataclass(frozen=True, slots=True)
class Subject:
    """The images that a fit belongs to."""

    good: tuple[Path, ...]
    bad: tuple[Path, ...]


class MatchStep(QWidget):
    """Shows how well made-bad images match a real one, and lets a person change how they are made."""

    plan_wished = Signal(object)  # Plan

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "room")
        self._plan = Plan()
        self._subject: Subject | None = None  # what was asked about last
        self._told: Strengths | None = None  # what the plan was told last
        self._fit: Answer | None = None
        self._answer: Answer | None = None
        self.matcher = Matcher(services, self)
        self.gaze = Gaze(self)
        self.intro = QLabel(wordWrap=True)
        self.fault = QLabel(wordWrap=True)
        self.fault.setProperty("role", "bad")
        self.busy = QProgressBar(textVisible=False)
        self.busy.setRange(0, 0)
        self.busy.setAccessibleName(_("Matching"))
        keep_room = self.busy.sizePolicy()
        keep_room.setRetainSizeWhenHidden(True)
        self.busy.setSizePolicy(keep_room)
        self.again = QPushButton(icon("again"), _("Try again"))
        self.bad = Exhibit(self.gaze, _("Your bad image"))
        self.made = Exhibit(self.gaze, _("Your good image, made bad"))
        self.good = Exhibit(self.gaze, _("Good"))
        self.sign = SignLabel(SIGN)
        self.verdict = QLabel(wordWrap=True)
        self.verdict.setProperty("role", "heading")
        self.test = QPushButton(icon("eye"), _("Which one is real?"))
        self.test.setToolTip(_("Shows real and made crops in random order: can you tell them apart?"))
        self.remarks = QLabel(wordWrap=True)
        self.meters = Meters()
        self.form = StrengthsForm()
        self.blind = BlindTest()
        self.pages = QStackedWidget()
        self._arrange()
        self._connect()
        self._say("")
        self._hide_fault()
        self._show_all()

    def show_plan(self, plan: Plan) -> None:
        """Show what belongs to a plan; images that were not matched yet are, once the step is seen."""
        self._plan = plan
        if self._subject is not None and subject_of(plan) != self._subject:
            self._forget()
        elif self._told is not None and plan.is_matched and plan.strengths != self._told:
            self._forget()  # they were set in another step
        if self.isVisible():
            self._ask()
        self._show_all()

    def showEvent(self, event: QShowEvent) -> None:
        """Match what is not matched yet."""
        super().showEvent(event)
        self._ask()
        self._show_all()

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the blind test; who comes back begins with the pictures."""
        super().hideEvent(event)
        self._leave_test()

    @property
    def is_needed(self) -> bool:
        """Whether anything is to be made bad."""
        return self._plan.way in ("bad image", "sliders")

    # Asking

    def _ask(self) -> None:
        """Ask for a match of the images at hand, unless that was done."""
        subject = subject_of(self._plan)
        if not self.is_needed or subject == self._subject or self._what_lacks():
            return
        self._subject = subject
        self.matcher.want(self._wish(values_of(self._plan.strengths) if self._are_set else ()))

    @property
    def _are_set(self) -> bool:
        """Whether the plan says already how strong everything is."""
        is_by_hand = self._plan.way == "sliders" and self._plan.strengths != Strengths()
        return self._plan.is_matched or is_by_hand

    def _ask_again(self) -> None:
        self._subject = None
        self._ask()
        self._show_all()

    def _wish(self, strengths: tuple[tuple[str, bool | int | float | str], ...]) -> Wish:
        good, bad = subject_of(self._plan).good, subject_of(self._plan).bad
        spec = MatchSpec(_inputs(good), _inputs(bad), strengths=strengths)
        return Wish(spec, self._pixel_um(good), self._pixel_um(bad))

    def _pixel_um(self, paths: tuple[Path, ...]) -> float | None:
        seen = self._plan.about(paths[0]) if paths else None
        return None if seen is None else seen.pixel_size_um

    def _what_lacks(self) -> str:
        if not subject_of(self._plan).good:
            return _(NEEDS_GOOD)
        return _(NEEDS_BAD) if self._plan.way == "bad image" and not self._plan.bad else ""

    def _forget(self) -> None:
        self.matcher.stop()
        self._subject = self._told = self._fit = self._answer = None
        self._hide_fault()
        self._say_in_pictures("")
        self._leave_test()

    # Answers

    def _take(self, wish: Wish, answer: Answer) -> None:
        """Show an answer; a fit also fills the form anew."""
        if self._subject is None or wish.spec.good != _inputs(self._subject.good):
            return
        if wish.spec.bad != _inputs(self._subject.bad):
            return
        is_fit = not wish.spec.strengths
        self._answer = answer
        if is_fit or self._fit is None:
            self._fit = answer if is_fit else None
            self.form.show_strengths(answer.matched.strengths, answer.matched.meters)
        self._show_all()
        if self.matcher.wish is None:
            matched = answer.matched
            self._wish_plan(matched.strengths if is_fit else self.form.strengths(), answer)

    def _wish_plan(self, strengths: Strengths, answer: Answer | None = None) -> None:
        self._told = strengths
        matched = self._plan.matched if answer is None else answer.matched
        self.plan_wished.emit(replace(self._plan, strengths=strengths, matched=matched, is_matched=True))

    def _change(self) -> None:
        """Follow the sliders: the plan at once, the pictures after a pause."""
        if self._answer is None:
            return
        strengths = self.form.strengths()
        if self._fit is not None and not self.form.is_changed():
            self.matcher.stop()
            self._answer = self._fit
            self._show_all()
            self._wish_plan(strengths, self._fit)
            return
        self.matcher.want(self._wish(values_of(strengths)))
        self._wish_plan(strengths)

    def _fail(self, sentence: str) -> None:
        self.fault.setText(sentence)
        for widget in (self.fault, self.again):
            widget.show()
        self._say_in_pictures("")

    def _say(self, sentence: str) -> None:
        """Say what is going on: where pictures will be, or beside those there are with a moving bar."""
        self.busy.setVisible(bool(sentence))
        self.busy.setToolTip(sentence)
        if sentence:
            self._hide_fault()
        self._say_in_pictures(sentence)

    def _say_in_pictures(self, sentence: str) -> None:
        if self._answer is None:
            for exhibit in (self.bad, self.made, self.good):
                exhibit.picture.show_slide(None, sentence)

    def _hide_fault(self) -> None:
        for widget in (self.fault, self.again):
            widget.hide()

    # The blind test

    def _begin_test(self) -> None:
        if self._answer is not None and self._answer.can_be_tested:
            self.blind.start(self._answer.real, self._answer.fake)
            self.pages.setCurrentIndex(1)
            self.blind.setFocus()

    def _leave_test(self) -> None:
        if self.pages.currentIndex() == 1:
            self.pages.setCurrentIndex(0)
            self.test.setFocus()

    # Showing

    def _show_all(self) -> None:
        lacks = self._what_lacks() if self.is_needed else ""
        is_open = self.is_needed and not lacks
        self.intro.setText(lacks or _(INTROS[self._plan.way]))
        self.stage.setVisible(is_open)
        self.details.setVisible(is_open and self._answer is not None)
        if is_open:
            self._show_pictures()
            self._show_judgement()

    def _show_pictures(self) -> None:
        answer = self._answer
        self.bad.setVisible(self._plan.way == "bad image")
        if answer is None:
            return
        slides = ((self.bad, answer.bad), (self.made, answer.made), (self.good, answer.good))
        shown = [slide for _exhibit, slide in slides if slide is not None]
        unit = self._unit_um(answer)
        self.gaze.show_extent(max(s.width for s in shown), max(s.height for s in shown))
        for exhibit, slide in slides:
            exhibit.picture.show_slide(slide)
            exhibit.picture.show_unit(unit)

    def _unit_um(self, answer: Answer) -> float | None:
        """Return the size of a pixel of the good image."""
        subject = subject_of(self._plan)
        good, bad = self._pixel_um(subject.good), self._pixel_um(subject.bad)
        return good or (None if bad is None else bad / answer.matched.strengths.scale)

    def _show_judgement(self) -> None:
        answer = self._answer
        if answer is None:
            return
        matched = answer.matched
        self.meters.show_meters(matched.meters, self._unit_um(answer))
        for widget in (self.sign, self.verdict):
            widget.setVisible(answer.bad is not None)
        self.verdict.setText(classifier_words(matched.accuracy))
        self.sign.show_sign(classifier_sign(matched.accuracy))
        self.test.setVisible(answer.can_be_tested)
        told = [*(_(remark) for remark in matched.remarks), *scale_words(self.form.strengths())]
        self.remarks.setText("\n".join(told))
        self.remarks.setVisible(bool(told))

    def _connect(self) -> None:
        self.matcher.answered.connect(self._take)
        self.matcher.failed.connect(self._fail)
        self.matcher.said.connect(self._say)
        self.again.clicked.connect(self._ask_again)
        self.form.changed.connect(self._change)
        self.test.clicked.connect(self._begin_test)
        self.blind.left.connect(self._leave_test)

    def _arrange(self) -> None:
        status = QHBoxLayout()
        status.addWidget(self.fault, 1)
        status.addWidget(self.again)
        pictures = QHBoxLayout()
        pictures.setSpacing(10)
        for exhibit in (self.bad, self.made, self.good):
            pictures.addWidget(exhibit, 1)
        self.stage = QWidget()
        upper = QVBoxLayout(self.stage)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(6)
        upper.addWidget(self.busy)
        upper.addLayout(status)
        upper.addLayout(pictures, 1)
        self.details = Column(self._below())
        main = QWidget()
        layout = QVBoxLayout(main)
        layout.setContentsMargins(18, 14, 18, 8)
        layout.setSpacing(8)
        layout.addWidget(self.intro)
        layout.addWidget(self.stage, 4)
        layout.addWidget(self.details, 3)
        layout.setAlignment(self.intro, Qt.AlignmentFlag.AlignTop)
        self.pages.addWidget(main)
        self.pages.addWidget(self.blind)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.pages)

    def _below(self) -> QWidget:
        """What stands below the pictures: verdict, meters, strengths."""
        judged = QHBoxLayout()
        judged.setSpacing(8)
        judged.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        judged.addWidget(self.verdict, 1)
        judged.addWidget(self.test, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
        columns = BesideLayout((2, 3))
        columns.addWidget(self.meters)
        columns.addWidget(self.form)
        below = QWidget()
        below.setProperty("role", "room")
        below.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(below)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(8)
        layout.addLayout(judged)
        layout.addWidget(self.remarks)
        layout.addLayout(columns)
        layout.addStretch(1)
        return below


def subject_of(plan: Plan) -> Subject:
    """Return the images that are matched for a plan."""
    bad = plan.bad if plan.way == "bad image" else ()
    return Subject(tuple(one.path for one in plan.of("learn")), bad)


def _inputs(paths: tuple[Path, ...]) -> tuple[Input, ...]:
    return tuple(Input(str(path)) for path in paths)
