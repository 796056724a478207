"""The first step: the good images, grouped by sample, some of them set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QInputDialog,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.images.errors import ImageError
from app.images.samples import samples_folder
from app.text import _
from app.ui.column import Column
from app.ui.panels import Services
from app.ui.theme import set_role
from app.ui.training import choices, words
from app.ui.training.doubt_list import DoubtList
from app.ui.training.doubts import Doubt, doubts_about
from app.ui.training.drop_zone import DropZone, FilesRow, failure_words, images_of
from app.ui.training.plan import Plan, Role, Seen
from app.ui.training.surveyor import Surveyor
from app.ui.training.tiles import SampleGroup

SAMPLES = (
    "actin_clean.ome.tif",
    "cell_dna_microtubules_actin.ome.tif",
    "hela_lysosomes_mitochondria_nuclei.ome.tif",
    "hippocampal_neuron.ome.tif",
    "nuclei_field.ome.tif",
    "schwann_cells_dapi_er_actin.ome.tif",
)
AT_ONCE = 4  # samples whose grid is made in one go; the window breathes in between


class GoodStep(QWidget):
    """Drop images, see them at one contrast, answer what is doubtful, change what each is for."""

    plan_wished = Signal(object)  # Plan

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._plan = Plan()
        self.groups: dict[str, SampleGroup] = {}
        self.surveyor = Surveyor(services, self)
        self.title = QLabel(wordWrap=True)
        self.title.setProperty("role", "title")
        self.about = QLabel(wordWrap=True)
        self.about.setProperty("role", "quiet")
        self.empty_row, self.row = (FilesRow(services, _("Good images")) for _number in range(2))
        self.samples = self.empty_row.add_button(_("Try it with the samples"), self.use_samples)
        self.give_back = self.row.add_button(_("Choose for me again"), self._give_back)
        self.clear = self.row.add_button(_("Remove all"), self._clear)
        self.zone = DropZone(
            _("Drop your best images, at least five"),
            _("Files or folders; of several samples if you can. Your files are only read, never changed."),
            self.empty_row,
        )
        self.summary = QLabel(wordWrap=True)
        self.told = QLabel(wordWrap=True)
        self.doubts = DoubtList()
        self._pages = QStackedWidget()
        self._others = QTimer(self, singleShot=True, interval=0)
        self._others.timeout.connect(lambda: self._show_groups(self._plan))
        self._arrange()
        for row in (self.empty_row, self.row):
            row.chosen.connect(self.take)
        self.doubts.left_out.connect(self._leave_out)
        self.doubts.kept.connect(self._keep)
        self.surveyor.found.connect(self._learn)
        self.surveyor.said.connect(self._say)

    def show_plan(self, plan: Plan) -> None:
        """Show the plan, and look at images that were not looked at."""
        self._plan = plan
        is_noisy = plan.way == "noisy"
        self.title.setText(_("Noisy images") if is_noisy else _("Good images"))
        self.about.setText(
            _("The images that you want to restore: a model learns from their noise alone.")
            if is_noisy
            else _("What you want yours to look like: sharp, with enough light, of the same kind of sample.")
        )
        self._pages.setCurrentIndex(1 if plan.good else 0)
        self.summary.setText(words.summary(plan))
        self.doubts.show_doubts(doubts_about(plan))
        self.give_back.setVisible(any(one.is_by_hand and one.role != "left out" for one in plan.good))
        self._show_groups(plan)
        self.surveyor.want([one.path for one in plan.good])

    def take(self, paths: Sequence[Path]) -> None:
        """Add files, and the images of folders."""
        self._services.background.run(partial(images_of, tuple(paths)), self._add)

    def use_samples(self) -> None:
        """Add images that come with the program."""
        folder = samples_folder()
        self.take([folder / name for name in SAMPLES])

    def wish_role(self, paths: Sequence[Path], role: Role) -> None:
        """Say what images are for, unless nothing would be set aside any more: then say why not."""
        reason = choices.why_not(self._plan, paths, role)
        if reason:
            self._say(_(words.WHY_NOT[reason]), "warning")
            return
        self._say("", "")
        self.plan_wished.emit(choices.give_role(self._plan, paths, role))

    def _arrange(self) -> None:
        full = QWidget()
        full.setProperty("role", "room")
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.summary.setProperty("role", "heading")
        self._grid = QVBoxLayout()
        self._grid.setSpacing(12)
        for part in (self.row, self.summary, self.doubts):
            column.addWidget(part)
        column.addLayout(self._grid)
        column.addStretch(1)
        self._pages.addWidget(self.zone)
        self._pages.addWidget(Column(full))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 14, 20, 10)
        layout.setSpacing(8)
        for part in (self.title, self.about, self.told):
            layout.addWidget(part)
        self.told.hide()
        layout.addWidget(self._pages, 1)

    def _show_groups(self, plan: Plan) -> None:
        """Show a grid for each sample; grids that stay are not made anew."""
        doubtful = frozenset(one.path for one in doubts_about(plan) if one.path is not None)
        samples = list(dict.fromkeys(one.sample for one in plan.good))
        for sample in [name for name in self.groups if name not in samples]:
            group = self.groups.pop(sample)
            group.hide()
            group.deleteLater()
        new = 0
        for place, sample in enumerate(samples):
            if sample not in self.groups:
                if new == AT_ONCE:
                    self._others.start()
                    break
                new += 1
                self.groups[sample] = self._new_group(sample)
                self._grid.insertWidget(place, self.groups[sample])
            rows = tuple(one for one in plan.good if one.sample == sample)
            self.groups[sample].show_images(rows, self.surveyor.pictures, doubtful)

    def _new_group(self, sample: str) -> SampleGroup:
        group = SampleGroup(sample)
        group.renamed.connect(lambda before, after: self._wish(choices.rename_sample, before, after))
        group.role_wished.connect(self.wish_role)
        group.moved_here.connect(lambda paths, name: self._wish(choices.give_sample, paths, name))
        group.sample_wished.connect(self._ask_sample)
        return group

    def _wish(self, change: object, *values: object) -> None:
        assert callable(change)
        self.plan_wished.emit(change(self._plan, *values))

    def _ask_sample(self, paths: list[Path]) -> None:
        dialog = QInputDialog(self)
        dialog.setWindowTitle(_("Another sample"))
        dialog.setLabelText(_("Name of the sample that these images show:"))
        dialog.setComboBoxItems(list(self.groups))
        dialog.setComboBoxEditable(True)
        dialog.textValueSelected.connect(lambda name: self._wish(choices.give_sample, paths, name))
        dialog.open()

    def _add(self, found: tuple[list[Path], list[ImageError]]) -> None:
        paths, failures = found
        self._say(failure_words(failures), "warning" if failures else "")
        if paths:
            self.plan_wished.emit(choices.add_good(self._plan, paths))

    def _learn(self, seen: tuple[Seen, ...], low: float, high: float) -> None:
        plan = replace(choices.learn_of(self._plan, seen), low=low, high=high)
        if plan == self._plan:
            self._show_groups(plan)  # the pictures are new all the same
        self.plan_wished.emit(plan)

    def _leave_out(self, doubt: Doubt) -> None:
        if doubt.path is not None:
            self.wish_role([doubt.path], "left out")

    def _keep(self, doubt: Doubt) -> None:
        self.plan_wished.emit(choices.keep_warning(self._plan, doubt.path, doubt.key))

    def _give_back(self) -> None:
        self.plan_wished.emit(choices.give_back(self._plan))

    def _clear(self) -> None:
        self.plan_wished.emit(choices.remove_good(self._plan, [one.path for one in self._plan.good]))

    def _say(self, sentence: str, role: str) -> None:
        self.told.setText(sentence)
        set_role(self.told, role)
        self.told.setVisible(bool(sentence))
