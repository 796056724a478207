"""The last step: what unseen images say about the model, and what can be done with it now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.engine.job import Job
from app.engine.specs import PackSpec, TrainSpec
from app.library.card import ModelCard
from app.text import _
from app.ui.column import Column
from app.ui.flow import FlowLayout
from app.ui.icons import icon
from app.ui.jobs.sign import SignLabel
from app.ui.panels import Services
from app.ui.training.case_gallery import CaseGallery
from app.ui.training.case_table import CaseTable
from app.ui.training.earlier import EarlierTrainings, trainings_dir
from app.ui.training.plan import Plan, Run
from app.ui.training.save_form import SaveForm
from app.ui.training.trained import Trained, Wishes, read_trained, save
from app.ui.training.verdict_words import SIGNS, remarks
from models.errors import UserError
from models.knobs import N_
from models.training.verdict import sentence

SIGN = 22
EMPTY = N_("Here you will see how the model does on images that it never saw, once a training is over.")
PACKED = "{name}.zip"


class VerdictStep(QWidget):
    """Shows one training folder; nothing in it is lost by leaving."""

    plan_wished = Signal(object)  # Plan
    use_wished = Signal(str)  # id of a model
    saved = Signal(str)  # id of a model
    learn_wished = Signal()  # the training goes on

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "room")
        self._services = services
        self._plan = Plan()
        self._folder: Path | None = None
        self.trained: Trained | None = None
        self._then: Callable[[str], None] | None = None  # what saving was for
        self.sign = SignLabel(SIGN)
        self.title = _text("title")
        self.sentence = _text("heading")
        self.remarks = _text("warning")
        self.gallery = CaseGallery()
        self.table = CaseTable()
        self.form = SaveForm()
        self.use = QPushButton(icon("restore"), _("Use it now"))
        self.export = QPushButton(icon("save"), _("Export as bioimage.io package…"))
        self.longer = QPushButton(icon("play"), _("Train longer"))
        self.longer.setToolTip(
            _("Goes on from the state it has reached, for as long again if it came to its end.")
        )
        self.earlier = EarlierTrainings(services, trainings_dir(services.paths))
        self.empty = _text("quiet", _(EMPTY))
        self.content = QWidget()
        self._arrange()
        self._connect()
        self._show_trained(None)

    def show_plan(self, plan: Plan) -> None:
        """Take over the plan; a training of it that is over is shown."""
        before, run, self._plan = self._plan.run, plan.run, plan
        if run is None or run == before or run.state not in ("finished", "cancelled"):
            return
        if run.folder != self._folder:
            self.show_result(run.folder)

    def show_result(self, folder: Path) -> None:
        """Show what a training left in its folder."""
        self._folder = folder
        read = partial(read_trained, folder, self._services.library)
        self._services.background.run(read, partial(self._take, folder), self._services.notices.show_error)

    def show_earlier(self) -> None:
        """Go down to the list of earlier trainings."""
        QTimer.singleShot(0, self, partial(self.column.ensureWidgetVisible, self.earlier))

    def _take(self, folder: Path, trained: Trained) -> None:
        if folder == self._folder:
            self._show_trained(trained)

    def _forget(self, folder: Path) -> None:
        """Show nothing of a training that was thrown away."""
        if folder == self._folder:
            self._folder = None
            self._show_trained(None)

    # Showing

    def _show_trained(self, trained: Trained | None) -> None:
        self.trained = trained
        self.empty.setVisible(trained is None)
        self.content.setVisible(trained is not None)
        if trained is None:
            return
        card, verdict = trained.card, trained.verdict
        self.title.setText(trained.folder.name if card is None else card.name)
        self.sign.setVisible(verdict is not None)
        if verdict is not None:
            self.sign.show_sign(SIGNS[verdict.state])
            self.table.show_verdict(verdict)
        self.sentence.setText("" if verdict is None else sentence(verdict, _))
        self.sentence.setVisible(verdict is not None)
        self.table.setVisible(verdict is not None)
        self.gallery.show_cases(trained.pictures)
        self.form.setVisible(card is not None)
        self.form.say(_("It is in your models.") if trained.is_saved else "")
        if card is not None:
            self.form.show_card(card)
        for button in (self.use, self.export):
            button.setEnabled(card is not None)
        self.longer.setVisible(trained.has_checkpoint)
        self._show_remarks(trained)

    def _show_remarks(self, trained: Trained) -> None:
        """Say what is missing, and what is known of the match while it is the one of this training."""
        run = self._plan.run
        is_own = run is not None and run.folder == trained.folder
        matched = self._plan.matched if is_own and self._plan.way == "bad image" else None
        found = [_(fault) for fault in trained.faults]
        found += remarks(matched, len(self._plan.of("learn")) if is_own else 0)
        self.remarks.setText("\n".join(found))
        self.remarks.setVisible(bool(found))

    # Doing

    def _save(self, wishes: Wishes) -> None:
        if self._folder is None:
            return
        self.form.save.setEnabled(False)
        self.form.say(_("Saving…"), "quiet")
        call = partial(save, self._folder, self._services.library, wishes)
        self._services.background.run(call, partial(self._note_saved, self._folder), self._tell_unsaved)

    def _note_saved(self, folder: Path, card: ModelCard) -> None:
        if folder == self._folder:
            self.form.say(saved_words(self.form.wishes().name, card.name))
            self.form.name.setText(card.name)
            self.form.save.setEnabled(True)
            self.title.setText(card.name)
            if self.trained is not None:
                self.trained = replace(self.trained, card=card, is_saved=True)
        self.saved.emit(card.id)
        then, self._then = self._then, None
        if then is not None:
            then(card.id)

    def _tell_unsaved(self, error: Exception) -> None:
        if not isinstance(error, UserError):
            raise error
        self._then = None
        self.form.save.setEnabled(True)
        self.form.say(f"{_(str(error))} {_(error.hint)}".strip(), "bad")
        self.form.name.setFocus()

    def _with_saved(self, act: Callable[[str], None]) -> None:
        """Do something with the model of the library; what is not in it is saved first."""
        trained = self.trained
        if trained is None or trained.card is None:
            return
        if trained.is_saved:
            act(trained.card.id)
        else:
            self._then = act
            self._save(self.form.wishes())

    def _ask_where(self) -> None:
        """Let the person say where the package goes; the dialog does not hold up the window."""
        if self.trained is None or self.trained.card is None:
            return
        model, folder = self.trained.card.id, self.trained.folder
        dialog = QFileDialog(self, _("Export as bioimage.io package"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(_("Packages (*.zip)"))
        dialog.setDefaultSuffix("zip")
        dialog.selectFile(PACKED.format(name=model))
        dialog.fileSelected.connect(partial(self.pack, model, folder))
        dialog.open()

    def pack(self, model: str, folder: Path, output: str) -> None:
        """Write a package of the model in the background, whether it is saved or not."""
        engine, notices = self._services.engine, self._services.notices
        said = _("The package is being written; Jobs shows how far it is.")
        call = partial(engine.submit, PackSpec(model, output, str(folder)))
        self._services.background.run(call, lambda _number: notices.tell(said), notices.show_error)

    def _train_longer(self) -> None:
        folder = self._folder
        if folder is None:
            return
        self.longer.setEnabled(False)
        call = partial(self._submit_again, folder)
        self._services.background.run(call, partial(self._note_longer, folder), self._tell_not_longer)

    def _submit_again(self, folder: Path) -> int | None:
        """Submit the last training of a folder once more, with more time if it had all; for a thread."""
        jobs = self._services.engine.jobs()
        last = next((job for job in jobs if folder_of(job) == folder), None)
        if last is None or not isinstance(last.spec, TrainSpec):
            return None
        spec = last.spec
        if last.state == "finished":
            spec = replace(spec, minutes=spec.minutes + first_minutes(jobs, folder))
        return self._services.engine.submit(spec)

    def _note_longer(self, folder: Path, number: int | None) -> None:
        self.longer.setEnabled(True)
        if number is None:
            self._services.notices.tell(
                _("This training is not in the history any more; begin a new one from the first step.")
            )
            return
        self.plan_wished.emit(replace(self._plan, run=Run(number, folder)))
        self.learn_wished.emit()

    def _tell_not_longer(self, error: Exception) -> None:
        self.longer.setEnabled(True)
        self._services.notices.show_error(error)

    def _connect(self) -> None:
        self.form.save_clicked.connect(self._save)
        self.use.clicked.connect(partial(self._with_saved, self.use_wished.emit))
        self.export.clicked.connect(self._ask_where)
        self.longer.clicked.connect(self._train_longer)
        self.earlier.opened.connect(self.show_result)
        self.earlier.thrown_away.connect(self._forget)
        self.saved.connect(self.earlier.refresh)

    def _arrange(self) -> None:
        told = QHBoxLayout()
        told.setSpacing(8)
        told.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        told.addWidget(self.sentence, 1)
        doing = QWidget()
        buttons = FlowLayout(doing, spacing=8)
        for button in (self.use, self.export, self.longer):
            buttons.addWidget(button)
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.title)
        layout.addLayout(told)
        for part in (self.remarks, doing, self.gallery, self.table, self.form):
            layout.addWidget(part)
        inner = QWidget()
        inner.setProperty("role", "room")
        inner.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        whole = QVBoxLayout(inner)
        whole.setContentsMargins(18, 14, 18, 14)
        whole.addWidget(self.empty)
        whole.addWidget(self.content)
        whole.addWidget(self.earlier)
        whole.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self.column = Column(inner)
        outer.addWidget(self.column)


def folder_of(job: Job) -> Path | None:
    """Return the folder that a job trains in; None if it does something else."""
    return Path(job.spec.output_dir) if isinstance(job.spec, TrainSpec) else None


def first_minutes(jobs: tuple[Job, ...], folder: Path) -> float:
    """Return for how long the first training in a folder was to last."""
    return min(
        job.spec.minutes for job in jobs if isinstance(job.spec, TrainSpec) and folder_of(job) == folder
    )


def saved_words(wished: str, name: str) -> str:
    """Say under which name a model was saved."""
    if " ".join(wished.split()) == name:
        return _("Saved in your models as {name}.").format(name=name)
    return _("You have another model called {wished}, so this one is saved as {name}.").format(
        wished=" ".join(wished.split()), name=name
    )


def _text(role: str, text: str = "") -> QLabel:
    label = QLabel(text, wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("role", role)
    return label
