"""What computes: an entry in the status bar that is always there, and the sheet *This computer* behind it."""

import json
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.engine.events import Failed, Finished, Interrupted, Started, Stopped
from app.engine.specs import CheckSpec
from app.settings import Settings
from app.text import _
from app.ui.computer import Computer, probe
from app.ui.icons import icon
from app.ui.panels import Services
from app.ui.theme import set_role


class ComputerSheet(QDialog):
    """Device, memory, driver, and why the GPU is not used; all of it as a text for the IT department."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("This computer"))
        self.setModal(False)
        self.title = QLabel(wordWrap=True)
        self.title.setProperty("role", "title")
        self.reason = QLabel(wordWrap=True)
        self.outcome = QLabel(wordWrap=True)
        self.outcome.hide()
        self.copy = QPushButton(icon("copy"), _("Copy text for IT"))
        self.check = QPushButton(icon("again"), _("Check this computer"))
        self.check.setToolTip(_("Reads, restores, compares, writes and measures the speed; takes seconds."))
        self.close_button = QPushButton(_("Close"))
        self._text = ""
        self._rows = QFormLayout()
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._arrange()
        self.copy.clicked.connect(self._copy)
        self.close_button.clicked.connect(self.hide)

    def show_computer(self, computer: Computer, settings: Settings, worker: str) -> None:
        """Show what was found; `worker` is what the last job said it ran on."""
        self.title.setText(computer.device_words)
        self.reason.setText(computer.why_no_gpu(settings.device))
        self.reason.setVisible(bool(self.reason.text()))
        facts = computer.facts(worker)
        self._text = "\n".join([*(f"{name}: {value}" for name, value in facts), self.reason.text()]).strip()
        while self._rows.rowCount():
            self._rows.removeRow(0)
        for name, value in facts:
            label = QLabel(name)
            label.setProperty("role", "quiet")
            shown = QLabel(value, wordWrap=True)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._rows.addRow(label, shown)

    def show_outcome(self, sentence: str, role: str) -> None:
        """Say what the check found."""
        self.outcome.setText(sentence)
        set_role(self.outcome, role)
        self.outcome.setVisible(bool(sentence))
        self.adjustSize()

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy)
        buttons.addWidget(self.check)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 16)
        layout.setSpacing(12)
        layout.addWidget(self.title)
        layout.addWidget(self.reason)
        layout.addLayout(self._rows)
        layout.addWidget(self.outcome)
        layout.addStretch(1)
        layout.addLayout(buttons)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 72)

    def _copy(self) -> None:
        text = [self._text, self.outcome.text()]
        QGuiApplication.clipboard().setText("\n".join(part for part in text if part))


class DeviceEntry(QToolButton):
    """What computes, and whether it does so now; a click opens *This computer*."""

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._computer: Computer | None = None
        self._worker = ""
        self._busy: set[int] = set()
        self._check: int | None = None
        self.sheet: ComputerSheet | None = None
        self.setIcon(icon("device"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setToolTip(_("What does the computing. Click for more about this computer."))
        self.clicked.connect(self.open_sheet)
        bridge = services.bridge
        bridge.started.connect(self._note_start)
        for signal in (bridge.finished, bridge.failed, bridge.stopped, bridge.interrupted):
            signal.connect(self._note_end)
        services.settings.changed.connect(self._show)
        self._show()
        services.background.run(probe, self._take, priority=-1)

    def open_sheet(self) -> None:
        """Open *This computer* beside the window."""
        if self.sheet is None:
            self.sheet = ComputerSheet(self.window())
            self.sheet.check.clicked.connect(self._run_check)
        self._fill_sheet()
        self.sheet.show()
        self.sheet.raise_()

    def _take(self, computer: Computer) -> None:
        self._computer = computer
        self._show()

    def _note_start(self, event: Started) -> None:
        self._worker = event.device
        self._busy.add(event.job)
        self._show()

    def _note_end(self, event: Finished | Failed | Stopped | Interrupted) -> None:
        self._busy.discard(event.job)
        if event.job == self._check:
            self._check = None
            self._show_check(event)
        self._show()

    def _show(self, _settings: Settings | None = None) -> None:
        known = self._computer.device_words if self._computer else _("This computer")
        words = self._worker if self._busy else known
        text = _("{device}, in use").format(device=words) if self._busy else words
        self.setText(text)
        self.setAccessibleName(_("Computes on: {device}").format(device=text))
        self._fill_sheet()

    def _fill_sheet(self) -> None:
        if self.sheet is not None and self._computer is not None:
            self.sheet.show_computer(self._computer, self._services.settings.current, self._worker)

    def _run_check(self) -> None:
        services = self._services
        spec = CheckSpec(services.settings.current.device)
        services.background.run(
            partial(services.engine.submit, spec), self._note_check, services.notices.show_error
        )
        if self.sheet is not None:
            self.sheet.check.setEnabled(False)
            self.sheet.show_outcome(_("Checking…"), "quiet")

    def _note_check(self, number: int) -> None:
        self._check = number

    def _show_check(self, event: Finished | Failed | Stopped | Interrupted) -> None:
        if self.sheet is None:
            return
        self.sheet.check.setEnabled(True)
        if isinstance(event, Finished):
            self.sheet.show_outcome(*outcome_words(event.report))
        elif isinstance(event, Stopped):
            self.sheet.show_outcome(_("The check was cancelled."), "quiet")
        else:
            self.sheet.show_outcome(_(event.sentence), "bad")


def outcome_words(report: str) -> tuple[str, str]:
    """Return the report of a check as lines to read, and the role to show them in."""
    try:
        found: Any = json.loads(report)  # Any: what a job reports
        checks = found["checks"]
        marks = {True: "✓", False: "✗"}
        told = [f"{marks[check['passed']]} {_(check['name'])}: {check['detail']}" for check in checks]
        text = "\n".join([*told, _(found["reason"])])
        is_good = all(check["passed"] for check in checks)
    except (ValueError, KeyError, TypeError):
        return (_("The check is finished; its report stands under Jobs."), "")
    return (text, "" if is_good else "bad")
