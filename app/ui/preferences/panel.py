"""Preferences: every change holds at once and is stored at once; what the facility fixed has a lock."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.settings import Settings
from app.text import _
from app.ui.icons import icon
from app.ui.preferences.holder import SettingsHolder
from models.knobs import N_

THEMES = (("system", N_("As the system")), ("light", N_("Light")), ("dark", N_("Dark")))
DEVICES = (
    ("auto", N_("Automatic: the fastest there is")),
    ("cpu", N_("Processor (CPU)")),
    ("cuda", N_("NVIDIA graphics card (CUDA)")),
    ("mps", N_("Apple graphics (MPS)")),
)
SCALES = (1.0, 1.1, 1.25, 1.5)


class Preferences(QDialog):
    """A window beside the window; it can stay open."""

    def __init__(self, settings: SettingsHolder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._form = QFormLayout()
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setVerticalSpacing(14)
        self.setWindowTitle(_("Preferences"))
        self._add_choices()
        self._add_numbers()
        self._add_switches()
        self._arrange()
        settings.changed.connect(self.show_settings)
        self.show_settings(settings.current)

    def show_settings(self, settings: Settings) -> None:
        """Show what holds."""
        _quietly(self.folder, lambda: self.folder.setText(settings.results_dir))
        _quietly(self.device, lambda: _choose(self.device, settings.device))
        _quietly(self.theme, lambda: _choose(self.theme, settings.theme))
        _quietly(self.scale, lambda: _choose(self.scale, settings.text_scale))
        _quietly(self.memory, lambda: self.memory.setValue(settings.memory_limit_gb))
        _quietly(self.cache, lambda: self.cache.setValue(settings.cache_gb))
        _quietly(self.network, lambda: self.network.setChecked(settings.network))

    def _add_choices(self) -> None:
        self.theme = _combo(THEMES)
        self.theme.activated.connect(lambda _row: self._settings.change(theme=self.theme.currentData()))
        self._add_row("theme", _("Colours"), self.theme)
        self.scale = QComboBox()
        for scale in SCALES:
            self.scale.addItem(f"{scale:.0%}", scale)
        self.scale.activated.connect(lambda _row: self._settings.change(text_scale=self.scale.currentData()))
        self._add_row("text_scale", _("Size of text"), self.scale)
        self.folder = QLineEdit(placeholderText=_("Beside each original"))
        self.folder.editingFinished.connect(self._take_folder)
        choose = QPushButton(_("Choose…"))
        choose.clicked.connect(self._choose_folder)
        self._add_row("results_dir", _("Folder for results"), self.folder, choose)
        self.device = _combo(DEVICES)
        self.device.activated.connect(lambda _row: self._settings.change(device=self.device.currentData()))
        self._add_row("device", _("Compute on"), self.device)

    def _add_numbers(self) -> None:
        self.memory = _spin(0.0, 1024.0)
        self.memory.setSpecialValueText(_("Automatic, by free memory"))
        self.memory.valueChanged.connect(lambda value: self._settings.change(memory_limit_gb=value))
        self._add_row("memory_limit_gb", _("Memory for a job, at most"), self.memory)
        self.cache = _spin(0.1, 64.0)
        self.cache.valueChanged.connect(lambda value: self._settings.change(cache_gb=value))
        self._add_row("cache_gb", _("Memory for pictures seen last"), self.cache)

    def _add_switches(self) -> None:
        self.network = QCheckBox(_("The program may use the network"))
        self.network.toggled.connect(lambda on: self._settings.change(network=on))
        self._add_row(
            "network", _("Network"), self.network, note=_("Only to fetch models, and only when you click.")
        )

    def _add_row(self, key: str, title: str, *widgets: QWidget, note: str = "") -> None:
        """Add one setting; a lock and a word stand beside one that the facility fixed."""
        widgets[0].setAccessibleName(title)
        cell = QWidget()
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        line = QHBoxLayout()
        for place, widget in enumerate(widgets):
            line.addWidget(widget, 1 if place == 0 else 0)
        column.addLayout(line)
        is_locked = key in self._settings.locked
        if is_locked:
            lock = QLabel()
            lock.setPixmap(icon("lock", "quiet").pixmap(16, 16))
            lock.setAccessibleName(_("Locked"))
            line.addWidget(lock)
            note = _("Set by your facility.")
        for widget in widgets:
            widget.setEnabled(not is_locked)
        if note:
            words = QLabel(note, wordWrap=True)
            words.setProperty("role", "quiet")
            column.addWidget(words)
        self._form.addRow(QLabel(title), cell)

    def _arrange(self) -> None:
        page = QWidget()
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(20, 18, 20, 12)
        column.addLayout(self._form)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(page)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setText(_("Close"))
        close.setIcon(QIcon())
        buttons.rejected.connect(self.close)
        words = QLabel(_("Changes hold at once."))
        words.setProperty("role", "quiet")
        bottom = QHBoxLayout()
        bottom.setContentsMargins(20, 8, 20, 14)
        bottom.addWidget(words, 1)
        bottom.addWidget(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area, 1)
        layout.addLayout(bottom)
        wide = self.fontMetrics().horizontalAdvance("0") * 76
        self.resize(wide, min(page.sizeHint().height() + 90, 640))

    def _take_folder(self) -> None:
        self._settings.change(results_dir=self.folder.text().strip())

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, _("Folder for results"), self.folder.text() or str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda folder: self._settings.change(results_dir=folder))
        dialog.open()


def _combo(rows: tuple[tuple[str, str], ...]) -> QComboBox:
    box = QComboBox()
    for key, text in rows:
        box.addItem(_(text), key)
    return box


def _spin(low: float, high: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(low, high)
    box.setDecimals(1)
    box.setSingleStep(0.5)
    box.setSuffix(" GB")
    box.setKeyboardTracking(False)
    box.lineEdit().setTextMargins(4, 0, 0, 0)
    return box


def _choose(box: QComboBox, value: object) -> None:
    """Choose `value`; one that is not offered, such as ``cuda:1``, is added as it is."""
    row = box.findData(value)
    if row < 0:
        box.addItem(f"{value:.0%}" if isinstance(value, float) else str(value), value)
        row = box.count() - 1
    box.setCurrentIndex(row)


def _quietly(widget: QWidget, act: Callable[[], None]) -> None:
    before = widget.blockSignals(True)
    act()
    widget.blockSignals(before)
