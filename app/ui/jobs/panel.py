"""The room of jobs: the list on the left, one job with its images and what can be done on the right."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.engine.job import Job
from app.engine.specs import ExportSpec, RestoreSpec
from app.text import _
from app.ui.flow import FlowLayout
from app.ui.icons import icon
from app.ui.jobs.actions import Key, actions_for
from app.ui.jobs.model import ImagesModel, JobsModel
from app.ui.jobs.pace import Live
from app.ui.jobs.results import ResultOpener, show_in_folder
from app.ui.jobs.sign import SignLabel
from app.ui.jobs.watch import JobsWatch
from app.ui.jobs.words import remarks_of, sign_of, title_of
from app.ui.names import in_sentence
from app.ui.panels import Services
from app.ui.theme import set_role

STEPS = 1000
SIGN = 22


class JobDetails(QWidget):
    """One job: its state in words, how far it is, its images, its remarks, and what can be done with it."""

    asked = Signal(str)  # key of a JobAction

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "room")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.sign = SignLabel(SIGN)
        self.title = QLabel(wordWrap=True)
        self.title.setProperty("role", "title")
        self.state = QLabel(wordWrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("How far the job is"))
        self.remarks = QLabel(wordWrap=True)
        self.remarks.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.images_model = ImagesModel(self)
        self.images = _table(_("Images of the job"))
        self.images.setModel(self.images_model)
        for column in (0, 1):
            self.images.horizontalHeader().setSectionResizeMode(
                column, QHeaderView.ResizeMode.ResizeToContents
            )
        self.log = QPlainTextEdit(readOnly=True)
        self.log.setAccessibleName(_("What the job wrote down"))
        self.log.setTabChangesFocus(True)
        self.log.hide()
        self._buttons = QWidget()
        self._flow = FlowLayout(self._buttons)
        self._offered: tuple[Key, ...] = ()
        self._arrange()

    def show_job(self, job: Job, live: Live, *, sentence: str, share: float | None) -> None:
        """Show a job as it is now."""
        sign = sign_of(job)
        self.sign.show_sign(sign)
        self.title.setText(title_of(job))
        is_running = job.state == "running"
        words = [_(sign.word), live.device, sentence] if is_running else [_(sign.word), sentence]
        self.state.setText("  ·  ".join(word for word in words if word))
        set_role(self.state, sign.token)
        self.bar.setVisible(is_running)
        self.bar.setRange(0, 0 if share is None else STEPS)
        self.bar.setValue(round((share or 0.0) * STEPS))
        told = [*remarks_of(job), *(_result_words(job) if self.images_model.rowCount() == 1 else ())]
        self.remarks.setText("\n".join(told))
        self.remarks.setVisible(bool(self.remarks.text()))
        self.images_model.show_job(job, live)
        self.images.setVisible(self.images_model.rowCount() > 1)
        self._offer(job)

    def show_log(self, lines: tuple[str, ...]) -> None:
        """Unfold what the job wrote down."""
        self.log.setPlainText("\n".join(lines) or _("The job wrote nothing down."))
        self.log.show()

    def hide_log(self) -> None:
        """Fold it again."""
        self.log.hide()

    def button(self, key: Key) -> QPushButton | None:
        """The button of an action, if it is offered."""
        return self._buttons.findChild(QPushButton, key)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.title, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.setSpacing(10)
        layout.addLayout(head)
        for widget in (self.state, self.bar, self.remarks, self._buttons):
            layout.addWidget(widget)
        layout.addWidget(self.images, 1)
        layout.addWidget(self.log, 1)
        layout.addStretch(0)

    def _offer(self, job: Job) -> None:
        """Renew the buttons, but only when others are needed: a button must not vanish under a finger."""
        actions = actions_for(job)
        keys = tuple(action.key for action in actions)
        if keys == self._offered:
            return
        self._offered = keys
        while self._flow.count():
            item = self._flow.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        for action in actions:
            button = QPushButton(icon(action.icon), _(action.text), self._buttons)
            button.setObjectName(action.key)
            button.setToolTip(_(action.help))
            button.clicked.connect(partial(self._ask, action.key))
            self._flow.addWidget(button)
            button.show()
        self._buttons.updateGeometry()

    def _ask(self, key: Key, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a slot
        self.asked.emit(key)


class JobsPanel(QWidget):
    """All jobs of the last weeks: what became of them, and what can be done with each."""

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "room")
        self._engine = services.engine
        self._background = services.background
        self._session = services.session
        self._opener = ResultOpener(services.session, self)
        self._notices = services.notices
        self._watch = JobsWatch(services.engine, services.bridge, services.background, self)
        self._chosen: int | None = None
        self.model = JobsModel(self._watch, self)
        self.table = _table(_("Jobs"))
        self.table.setModel(self.model)
        self.details = JobDetails()
        self._pages = QStackedWidget()
        self._pages.addWidget(_empty_page())
        self._arrange()
        self._connect()
        self._watch.refresh()

    def choose(self, number: int) -> None:
        """Show a job on the right."""
        row = self.model.row_of(number)
        if row >= 0:
            self.table.selectRow(row)

    def _arrange(self) -> None:
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.ResizeToContents)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(self.details)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        self._pages.addWidget(split)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)

    def _connect(self) -> None:
        self._watch.changed.connect(self._follow_list)
        self._watch.moved.connect(self._follow_job)
        self.table.selectionModel().currentRowChanged.connect(self._choose_row)
        self.details.asked.connect(self._do)

    def _follow_list(self) -> None:
        self._pages.setCurrentIndex(1 if self._watch.jobs else 0)
        if self._chosen is None or self._watch.job(self._chosen) is None:
            urgent = [job for job in self._watch.jobs if job.state in ("running", "interrupted")]
            first = (urgent or list(self._watch.jobs))[:1]
            self._chosen = first[0].id if first else None
        if self._chosen is not None:
            self.choose(self._chosen)
        self._show()

    def _follow_job(self, number: int) -> None:
        if number == self._chosen:
            self._show()

    def _choose_row(self, index: QModelIndex, _before: QModelIndex) -> None:
        job = self.model.job_at(index.row())
        if job is not None and job.id != self._chosen:
            self._chosen = job.id
            self.details.hide_log()
            self._show()

    def _show(self) -> None:
        job = None if self._chosen is None else self._watch.job(self._chosen)
        self.details.setVisible(job is not None)
        if job is not None:
            brief = self.model.data(self.model.index(self.model.row_of(job.id), 2)) or ""
            sentence = self._watch.sentence(job) if job.state == "running" else brief
            live = self._watch.live(job.id)
            self.details.show_job(job, live, sentence=sentence, share=self._watch.share(job))

    def _do(self, key: Key) -> None:
        """Do what was clicked with the chosen job."""
        job = None if self._chosen is None else self._watch.job(self._chosen)
        if job is None:
            return
        match key:
            case "cancel":
                self._engine.cancel(job.id)
            case "pause":
                self._engine.pause(job.id)
            case "resume" | "retry":
                self._engine.resume(job.id)
            case "remove" | "discard":
                self._engine.remove(job.id)
            case "repeat":
                self._background.run(
                    partial(self._engine.repeat, job.id), self._choose_new, self._notices.show_error
                )
            case "log":
                self._toggle_log(job)
            case "open" | "folder":
                self._show_result(job, in_folder=key == "folder")

    def _choose_new(self, number: int) -> None:
        self._chosen = number
        self._watch.refresh()

    def _toggle_log(self, job: Job) -> None:
        if self.details.log.isVisible():
            self.details.hide_log()
        else:
            self._background.run(partial(self._engine.log_lines, job.id), self.details.show_log)

    def _show_result(self, job: Job, *, in_folder: bool) -> None:
        spec = job.spec
        row = self.details.images.currentIndex().row()
        done = [item for item, output in enumerate(job.outputs) if output]
        item = row if row in done else done[0]
        output = Path(str(job.outputs[item]))
        if isinstance(spec, ExportSpec) and not in_folder:
            self._session.open_paths([output])
        elif in_folder or not isinstance(spec, RestoreSpec):
            show_in_folder(output)
        else:
            self._opener.show(spec.inputs[item], output)


def _result_words(job: Job) -> tuple[str, ...]:
    """Say where the one result of a job lies."""
    paths = [Path(output) for output in job.outputs if output]
    return tuple(
        in_sentence(_("{name} in {folder}").format(name=path.name, folder=path.parent)) for path in paths
    )


def _table(name: str) -> QTableView:
    table = QTableView()
    table.setAccessibleName(name)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.setIconSize(QSize(16, 16))
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setStretchLastSection(True)
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return table


def _empty_page() -> QWidget:
    """What belongs here, while nothing does."""
    page = QWidget()
    title = QLabel(_("No jobs yet"), alignment=Qt.AlignmentFlag.AlignCenter)
    title.setProperty("role", "title")
    words = QLabel(
        _("Open an image and press Restore; the job and its result then stand here for 30 days."),
        alignment=Qt.AlignmentFlag.AlignCenter,
        wordWrap=True,
    )
    words.setProperty("role", "quiet")
    layout = QVBoxLayout(page)
    layout.addStretch(1)
    layout.addWidget(title)
    layout.addWidget(words)
    layout.addStretch(2)
    return page
