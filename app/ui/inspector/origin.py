"""How a result of ours was made, in words: model, settings, original, remarks, and the Methods text."""

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.engine.methods import settings_of
from app.images.record import Provenance
from app.text import _
from app.ui.flow import FlowLayout
from app.ui.inspector.told import Origin
from app.ui.names import breakable, in_sentence, tip


class OriginSection(QWidget):
    """Tells how one result was made."""

    original_clicked = Signal(object, int)  # Path, scene

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._origin: Origin | None = None
        self.title = QLabel()
        self.title.setProperty("role", "heading")
        self._rows = QFormLayout()
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.methods = QLabel(wordWrap=True)
        self.methods.setTextFormat(Qt.TextFormat.PlainText)
        self.methods.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy = QPushButton(_("Copy the Methods text"))
        self.original = QPushButton(_("Open the original"))
        self.copy.clicked.connect(self._copy)
        self.original.clicked.connect(self._open)
        buttons = QWidget()
        flow = FlowLayout(buttons)
        flow.addWidget(self.original)
        flow.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addLayout(self._rows)
        layout.addWidget(self.methods)
        layout.addWidget(buttons)
        self.hide()

    def show_origin(self, origin: Origin | None, *, title: str, is_original_shown: bool = False) -> None:
        """Tell how a result was made; None: nothing is known."""
        self._origin = origin
        self.setVisible(origin is not None)
        while self._rows.rowCount():
            self._rows.removeRow(0)
        if origin is None:
            return
        self.title.setText(title)
        for name, value in rows(origin):
            left, right = QLabel(name), QLabel(value, wordWrap=True)
            left.setProperty("role", "quiet")
            right.setTextFormat(Qt.TextFormat.PlainText)
            self._rows.addRow(left, right)
        self.methods.setText(in_sentence(origin.methods))
        self.original.setVisible(bool(origin.record.input_path) and not is_original_shown)
        self.original.setToolTip(tip(origin.record.input_path))

    def _copy(self) -> None:
        if self._origin is not None:
            QGuiApplication.clipboard().setText(self._origin.methods)

    def _open(self) -> None:
        if self._origin is not None:
            record = self._origin.record
            self.original_clicked.emit(Path(record.input_path), record.input_scene)


def rows(origin: Origin) -> list[tuple[str, str]]:
    """Return what is told: name and value."""
    record = origin.record
    version = f" {record.model_version}" if record.model_version else ""
    settings = ", ".join(f"{name} {value}" for name, value in settings_of(record))
    found = [
        (_("Model"), f"{origin.model}{version}"),
        (_("Program"), f"{record.program} {record.version}".strip()),
        (_("Made"), _when(record.created)),
        (_("Ran on"), _where(record)),
        (_("Settings"), settings or _("the model's own")),
        (_("Original"), breakable(Path(record.input_path).name)),
        (_("Noted"), " ".join(in_sentence(remark) for remark in record.remarks)),
    ]
    if not record.complete:
        found.append((_("Unfinished"), _("It was ended early; some planes are missing.")))
    return [(name, value) for name, value in found if value]


def _when(created: str) -> str:
    try:
        return f"{datetime.fromisoformat(created).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return created


def _where(record: Provenance) -> str:
    device = record.device
    if not device:
        return ""
    name = _("the processor") if device.lower().startswith("cpu") else device
    return f"{name}, {record.precision}" if record.precision else name
