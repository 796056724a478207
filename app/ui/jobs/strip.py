"""One line at the foot of the window: what runs, how far it is, and when it will be done."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from app.engine.job import Job
from app.text import _, ngettext
from app.ui.jobs.notify import JobNotices
from app.ui.jobs.sign import SignLabel
from app.ui.jobs.watch import JobsWatch
from app.ui.jobs.words import sign_of, title_of
from app.ui.one_line import OneLine
from app.ui.panels import Services
from app.ui.theme import set_role

STEPS = 1000
ICON = 16


class JobsStrip(QWidget):
    """What runs, how far, when done; a job that was interrupted while nothing runs; a way to the list."""

    jobs_clicked = Signal()

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._engine = services.engine
        self._watch = JobsWatch(services.engine, services.bridge, services.background, self)
        self._told = JobNotices(services, self._watch, self.jobs_clicked.emit)
        self._job: Job | None = None
        self.setAccessibleName(_("Jobs in one line"))
        self.sign = SignLabel(ICON)
        self.sentence = OneLine()
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(self.fontMetrics().averageCharWidth() * 24)
        self.bar.setAccessibleName(_("How far the job is"))
        self.cancel = _button(_("Cancel"), _("Ends the job; what is finished is kept."))
        self.resume = _button(_("Resume"), _("Goes on where the job was."))
        self.jobs = _button(_("All jobs"), _("Shows the list of jobs."))
        self._arrange()
        self._connect()
        self._show()
        self._watch.refresh()

    def _arrange(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 3, 6, 3)
        layout.setSpacing(8)
        layout.addWidget(self.sign)
        layout.addWidget(self.sentence, 1)
        for widget in (self.bar, self.cancel, self.resume, self.jobs):
            layout.addWidget(widget)

    def _connect(self) -> None:
        self._watch.changed.connect(self._show)
        self._watch.moved.connect(self._move)
        self.cancel.clicked.connect(partial(self._ask, self._engine.cancel))
        self.resume.clicked.connect(partial(self._ask, self._engine.resume))
        self.jobs.clicked.connect(self.jobs_clicked)

    def _ask(self, act: Callable[[int], None], _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a slot
        if self._job is not None:
            act(self._job.id)

    def _show(self) -> None:
        self._job = _most_urgent(self._watch.jobs)
        job = self._job
        self.sign.setVisible(job is not None)
        self.cancel.setVisible(job is not None and job.state == "running")
        self.resume.setVisible(job is not None and job.state in ("paused", "interrupted"))
        self.bar.setVisible(job is not None and job.state == "running")
        set_role(self.sentence, "" if job is not None else "quiet")
        if job is None:
            self.sentence.show_text(_("No jobs are running."))
            return
        sign = sign_of(job)
        self.sign.show_sign(sign)
        self._write(job)

    def _move(self, number: int) -> None:
        if self._job is not None and self._job.id == number:
            self._write(self._job)

    def _write(self, job: Job) -> None:
        if job.state == "running":
            share = self._watch.share(job)
            self.bar.setRange(0, 0 if share is None else STEPS)
            self.bar.setValue(round((share or 0.0) * STEPS))
            others = sum(other.state == "waiting" for other in self._watch.jobs)
            more = ngettext("{n} more waits", "{n} more wait", others).format(n=others) if others else ""
            words = f"{title_of(job)}: {self._watch.sentence(job)}"
            self.sentence.show_text(f"{words}  ·  {more}" if more else words)
        elif job.state in ("interrupted", "paused"):
            safe = _("{done} of {total} are safe").format(done=int(job.done), total=int(job.total))
            word = _(sign_of(job).word)
            told = f"{word}: {title_of(job)}"
            self.sentence.show_text(f"{told}, {safe}." if job.total > 0 else f"{told}.")
        else:
            self.sentence.show_text(f"{_(sign_of(job).word)}: {title_of(job)}")


def _most_urgent(jobs: tuple[Job, ...]) -> Job | None:
    """The job to speak of: one that runs, else one that was interrupted or paused, else one that waits."""
    for state in ("running", "interrupted", "paused", "waiting"):
        found = [job for job in jobs if job.state == state]
        if found:
            return found[-1] if state == "waiting" else found[0]
    return None


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", "link")
    button.setToolTip(tip)
    return button
