"""Jobs, and the images of a batch, as tables for Qt's views: word, shape and colour for each state."""

import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication

from app.engine.job import Job
from app.text import _
from app.ui.icons import icon
from app.ui.jobs.pace import Live
from app.ui.jobs.watch import JobsWatch
from app.ui.jobs.words import (
    BATCHES,
    SIGNS,
    WITH_REMARKS,
    Sign,
    clock,
    duration,
    remarks_of,
    sign_of,
    title_of,
)
from app.ui.theme import colour
from models.knobs import N_

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()

JOB_COLUMNS = (N_("State"), N_("Job"), N_("How far"), N_("Begun"))
IMAGE_COLUMNS = (N_("State"), N_("File"), N_("Remark"))


class JobsModel(QAbstractTableModel):
    """All jobs, the newest on top."""

    def __init__(self, watch: JobsWatch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watch = watch
        self._jobs: tuple[Job, ...] = ()
        watch.changed.connect(self._reload)
        watch.moved.connect(self._touch)

    def job_at(self, row: int) -> Job | None:
        """The job in a row."""
        return self._jobs[row] if 0 <= row < len(self._jobs) else None

    def row_of(self, number: int) -> int:
        """The row of a job; -1 if there is none."""
        return next((row for row, job in enumerate(self._jobs) if job.id == number), -1)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """One row for each job."""
        return 0 if parent.isValid() else len(self._jobs)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """As many as there are headings."""
        return 0 if parent.isValid() else len(JOB_COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The headings."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _(JOB_COLUMNS[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # Any: as Qt has it
        """What to show in a cell."""
        job = self.job_at(index.row())
        if job is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (_(sign_of(job).word), title_of(job), self._how_far(job), self._begun(job))[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(remarks_of(job)) or title_of(job)
        return _sign_data(sign_of(job), index.column(), role)

    def _how_far(self, job: Job) -> str:
        if job.state == "running":
            return self._watch.place(job)
        if job.state in ("paused", "interrupted", "cancelled") and job.total > 0:
            return _("{done} of {total} safe").format(done=int(job.done), total=int(job.total))
        if job.state == "finished" and job.started and job.ended:
            return _("took {time}").format(time=duration(job.ended - job.started))
        return ""

    def _begun(self, job: Job) -> str:
        return clock(job.started or job.created, now=time.time())

    def _reload(self) -> None:
        """Take over the list; rows that stay keep their place, so that a chosen row stays chosen."""
        jobs = self._watch.jobs
        if [job.id for job in jobs] == [job.id for job in self._jobs]:
            self._jobs = jobs
            if jobs:
                self.dataChanged.emit(self.index(0, 0), self.index(len(jobs) - 1, len(JOB_COLUMNS) - 1))
            return
        self.beginResetModel()
        self._jobs = jobs
        self.endResetModel()

    def _touch(self, number: int) -> None:
        row = self.row_of(number)
        if row >= 0:
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(JOB_COLUMNS) - 1))


class ImagesModel(QAbstractTableModel):
    """The images of one job: file, state, remark. One bad file is a line, not a stop."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[tuple[Sign, str, str], ...] = ()

    def show_job(self, job: Job | None, live: Live) -> None:
        """Show the images of a job."""
        rows = () if job is None else tuple(_image_rows(job, live))
        if len(rows) == len(self._rows):
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(IMAGE_COLUMNS) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """One row for each image."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """As many as there are headings."""
        return 0 if parent.isValid() else len(IMAGE_COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The headings."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _(IMAGE_COLUMNS[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # Any: as Qt has it
        """What to show in a cell."""
        sign, name, remark = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return (_(sign.word), name, remark)[index.column()]
        return _sign_data(sign, index.column(), role)


def _sign_data(sign: Sign, column: int, role: int) -> Any:  # Any: as Qt has it
    """Shape and colour of the first column."""
    if column != 0:
        return None
    if role == Qt.ItemDataRole.DecorationRole:
        return icon(sign.shape, sign.token)
    if role == Qt.ItemDataRole.ForegroundRole:
        return colour(sign.token, QGuiApplication.palette())
    return None


def _image_rows(job: Job, live: Live) -> list[tuple[Sign, str, str]]:
    if not isinstance(job.spec, BATCHES):
        return []
    failures = {failure.item: failure for failure in job.failures}
    remarks = {remark.item: remark.sentence for remark in job.remarks}
    rows = []
    for item, image in enumerate(job.spec.inputs):
        output = job.outputs[item] if item < len(job.outputs) else None
        if item in failures:
            failure = failures[item]
            sign, remark = SIGNS["failed"], f"{_(failure.sentence)} {_(failure.hint)}".strip()
        elif item in live.failed:
            sign, remark = SIGNS["failed"], ""
        elif output is not None or item in live.finished:
            is_whole = job.state != "cancelled" or item in live.finished
            sign = (
                (WITH_REMARKS if item in remarks else SIGNS["finished"]) if is_whole else SIGNS["cancelled"]
            )
            remark = _(remarks[item]) if item in remarks else Path(output).name if output else ""
        else:
            at_work = job.state == "running" and item == live.item
            sign = SIGNS["running"] if at_work else SIGNS["waiting" if job.state == "running" else job.state]
            remark = ""
        rows.append((sign, Path(image.path).name, remark))
    return rows
