"""The second step: what the images look like that shall be restored, in one of four ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.images.errors import ImageError
from app.text import _
from app.ui.column import Column
from app.ui.panels import Services
from app.ui.theme import set_role
from app.ui.training import choices
from app.ui.training.by_hand import ByHand, first_strengths
from app.ui.training.choice_cards import Choice, ChoiceCards
from app.ui.training.drop_zone import DropZone, FilesRow, failure_words, images_of
from app.ui.training.pairs_table import PairsTable, registration_sentence
from app.ui.training.plan import Chosen, Plan, Seen, Way
from app.ui.training.surveyor import Surveyor
from app.ui.training.tiles import TilesModel, TilesView
from models.knobs import N_
from models.training.strengths import Strengths

FRAMES = 5  # neighbouring frames that one result is made from

WAYS: tuple[Choice, ...] = (
    Choice("bad image", N_("I have images as bad as those I want to restore"),
           N_("The best way: how bad they are is measured. They need not show the same place.")),
    Choice("sliders", N_("I set it myself"),
           N_("Less light, fewer pixels, blurrier, specks: a guess that can be looked at.")),
    Choice("pairs", N_("I have pairs"),
           N_("Every good image has a bad one of the very same place, taken right before or after it.")),
    Choice("noisy", N_("I have no good images at all"),
           N_("A model learns from the noise of your images alone. It takes noise away, nothing else.")),
)  # fmt: skip


class BadStep(QWidget):
    """Four ways as cards, and below them what the chosen one needs."""

    plan_wished = Signal(object)  # Plan
    step_wished = Signal(str)  # key of a step to go to

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._plan = Plan()
        self.surveyor = Surveyor(services, self)
        self.ways = ChoiceCards(WAYS, across=2)
        self.ways.setAccessibleName(_("How bad the images are"))
        self.row = FilesRow(services, _("Bad images"))
        self.pairs_row = FilesRow(services, _("Bad images of the pairs"))
        self.clear = self.row.add_button(_("Remove all"), self._clear)
        self.clear_pairs = self.pairs_row.add_button(_("Remove all"), self._clear)
        self.by_hand = ByHand()
        self.table = PairsTable()
        self.registration = QLabel(wordWrap=True)
        self.model = TilesModel(self)
        self.view = TilesView(is_plain=True)
        self.view.setModel(self.model)
        self.view.setAccessibleName(_("Bad images"))
        self.told = QLabel(wordWrap=True)
        self.movies = QCheckBox(_("Use neighbouring frames (movies)"))
        self.movies_about = _quiet(
            _("Each frame is restored from {n} frames around it: less noise and less flicker. A single image "
              "is still restored, with a remark.").format(n=FRAMES)
        )  # fmt: skip
        self.pages: list[QWidget] = []  # one for each way
        self._arrange()
        self._connect()

    def show_plan(self, plan: Plan) -> None:
        """Show the plan, and look at images that were not looked at."""
        self._plan = plan
        self.ways.show_choice(plan.way)
        for way, page in zip(WAYS, self.pages, strict=True):
            page.setVisible(way.key == plan.way)
        self.by_hand.show_strengths(plan.strengths)
        self.table.show_plan(plan)
        self._show_bad()
        sentence, role = registration_sentence(plan)
        self.registration.setText(sentence)
        set_role(self.registration, role)
        self.registration.setVisible(bool(sentence))
        self.clear_pairs.setVisible(bool(plan.paired))
        for widget in (self.movies, self.movies_about):
            widget.setVisible(plan.has_frames)
        self.movies.setChecked(plan.frames > 1)
        self._survey()

    def take(self, paths: Sequence[Path]) -> None:
        """Add bad images: files, and the images of folders."""
        self._services.background.run(partial(images_of, tuple(paths)), self._add)

    def _show_bad(self) -> None:
        rows = tuple(Chosen(path, "", "left out") for path in self._plan.bad)
        self.model.show_rows(rows, self.surveyor.pictures, frozenset())
        self.view.fit()
        self.view.setVisible(bool(rows))
        self.clear.setVisible(bool(rows))

    def _survey(self) -> None:
        """Look at the bad images, or at the pairs."""
        if self._plan.way == "pairs":
            partners = self._plan.partners
            good = [one.path for one, _bad in partners]
            self.surveyor.want(good, role="pairs", partners=[bad for _one, bad in partners])
        else:
            self.surveyor.want(self._plan.bad if self._plan.way == "bad image" else (), role="bad")

    def _connect(self) -> None:
        self.ways.picked.connect(self._take_way)
        for row in (self.row, self.pairs_row):
            row.chosen.connect(self.take)
        self.view.role_wished.connect(self._remove)
        self.by_hand.edited.connect(self._set_by_hand)
        self.movies.clicked.connect(self._use_frames)
        self.surveyor.found.connect(self._learn)
        self.surveyor.said.connect(self._say)

    def _take_way(self, key: str) -> None:
        plan = choices.take_way(self._plan, cast("Way", key))
        if key == "sliders":
            strengths = plan.strengths if plan.strengths.high > 1 else first_strengths()
            plan = replace(plan, strengths=strengths, is_matched=True)
        self._say("", "")
        self.plan_wished.emit(plan)

    def _set_by_hand(self, strengths: Strengths) -> None:
        self.plan_wished.emit(replace(self._plan, strengths=strengths, is_matched=True, matched=None))

    def _use_frames(self, is_wanted: bool) -> None:  # noqa: FBT001 - a slot of `clicked`
        self.plan_wished.emit(replace(self._plan, frames=FRAMES if is_wanted else 1))

    def _add(self, found: tuple[list[Path], list[ImageError]]) -> None:
        paths, failures = found
        self._say(failure_words(failures), "warning" if failures else "")
        if not paths:
            return
        if self._plan.way == "pairs":
            paired = tuple(dict.fromkeys((*self._plan.paired, *paths)))
            self.plan_wished.emit(replace(self._plan, paired=paired))
        else:
            plan = choices.take_way(self._plan, "bad image")
            self.plan_wished.emit(choices.set_bad(plan, (*plan.bad, *paths)))

    def _learn(self, seen: tuple[Seen, ...], _low: float, _high: float) -> None:
        failed = {one.path: one.error for one in seen if one.error}
        plan = self._plan
        if failed and plan.way == "bad image":
            plan = choices.set_bad(plan, [path for path in plan.bad if path not in failed])
        plan = choices.learn_of(plan, [one for one in seen if one.path not in failed])
        if failed:
            self._say(_("Left out: {why}").format(why=_(next(iter(failed.values())))), "warning")
        self._show_bad()
        self.plan_wished.emit(plan)

    def _remove(self, paths: list[Path], _role: str) -> None:
        left = [path for path in self._plan.bad if path not in paths]
        self.plan_wished.emit(choices.set_bad(self._plan, left))

    def _clear(self) -> None:
        if self._plan.way == "pairs":
            self.plan_wished.emit(replace(self._plan, paired=()))
        else:
            self.plan_wished.emit(choices.set_bad(self._plan, ()))

    def _say(self, sentence: str, role: str) -> None:
        self.told.setText(sentence)
        set_role(self.told, role)
        self.told.setVisible(bool(sentence))

    def _arrange(self) -> None:
        zone = DropZone(
            _("Drop images as bad as those you want to restore"),
            _("One is enough, three are better. They need not show the same place as the good ones."),
            self.row,
        )
        pairs = DropZone(
            _("Drop the bad images of your pairs"),
            _("The good ones are those of the first step. Pairs are found by name, else by their order."),
            self.pairs_row,
        )
        title = QLabel(_("What shall be restored?"))
        title.setProperty("role", "title")
        to_first = QPushButton(_("Go to the noisy images"))
        to_first.clicked.connect(partial(self.step_wished.emit, "good"))
        noisy = _text(
            _("Add the noisy images themselves in the first step: stacks and movies are best. "
              "Some of them are set aside to choose the best state by.")
        )  # fmt: skip
        for parts in ((zone, self.view), (self.by_hand,), (pairs, self.registration, self.table)):
            self.pages.append(_page(*parts))
        to_first.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.pages.append(_page(noisy, to_first))
        inner = QWidget()
        inner.setProperty("role", "room")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(10)
        for part in (self.ways, self.movies, self.movies_about, self.told, *self.pages):
            column.addWidget(part)
        column.addStretch(1)
        self.told.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 14, 20, 10)
        layout.setSpacing(8)
        layout.addWidget(title)
        layout.addWidget(Column(inner), 1)


def _page(*parts: QWidget) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    for part in parts:
        layout.addWidget(part)
    layout.addStretch(1)
    return page


def _text(text: str) -> QLabel:
    return QLabel(text, wordWrap=True)


def _quiet(text: str) -> QLabel:
    label = _text(text)
    label.setProperty("role", "quiet")
    return label
