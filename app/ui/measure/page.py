"""The Measure page: tools, the profile and the numbers of the shape at hand, and the list of regions."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.images.measuring.shapes import Kind, Line
from app.text import _
from app.ui.column import Column
from app.ui.flow import FlowLayout
from app.ui.icons import icon
from app.ui.measure import words
from app.ui.measure.book import Notes
from app.ui.measure.measuring import Shown
from app.ui.measure.numbers import NumberTable
from app.ui.measure.plot import ProfilePlot
from app.ui.measure.region_list import RegionList
from app.ui.measure.tools import TOOLS, tool
from app.ui.viewer.state import is_calibrated
from models.errors import UserError
from models.source import ImageInfo

WIDEST_PX = 200


class MeasurePage(QWidget):
    """Shows what is measured and says what is wished."""

    tool_wished = Signal(object)  # Kind | None
    width_wished = Signal(int)  # pixels
    keep_clicked = Signal()
    delete_clicked = Signal()
    undo_clicked = Signal()
    table_clicked = Signal()
    rois_clicked = Signal()
    import_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self._info: ImageInfo | None = None
        self.tools: dict[Kind, QToolButton] = {}
        self.hint = QLabel(wordWrap=True)
        self.width_label = QLabel(_("Line width"))
        self.width_box = QSpinBox()
        self.title = QLabel(wordWrap=True)
        self.remark = QLabel(wordWrap=True)
        self.plot = ProfilePlot()
        self.numbers = NumberTable()
        self.keep = _button(_("Keep"), "plus", _("Puts the shape into the list (T)"))
        self.list = RegionList()
        self.empty = QLabel(
            _("Regions that you keep are listed here; press T on the picture."), wordWrap=True
        )
        self.delete = _button(_("Delete"), "trash", _("Deletes the shape at hand (Del)"))
        self.undo = _button(_("Undo"), "again", _("Brings back what was deleted last (Ctrl+Z)"))
        self.table = _button(_("Save as CSV…"), "save", _("Numbers of all regions, for a spreadsheet"))
        self.rois = _button(
            _("Save for ImageJ…"), "save", _("Regions for the ROI manager of ImageJ and Fiji")
        )
        self.take_in = _button(_("Open regions…"), "open", _("Regions that ImageJ or Fiji has saved"))
        self._lay_out()
        self._connect()
        self.show_image(None)

    def minimumSizeHint(self) -> QSize:
        """As narrow as its texts allow."""
        return QSize(self.column.minimumWidth(), super().minimumSizeHint().height())

    def show_image(self, info: ImageInfo | None) -> None:
        """Show the page for another image, or that there is none."""
        self._info = info
        for button in self.tools.values():
            button.setEnabled(info is not None)
        self.take_in.setEnabled(info is not None)
        self.show_tool(None)
        self.show_shown(None)
        self.show_notes(Notes())

    def show_tool(self, key: Kind | None) -> None:
        """Show which tool is in hand, and how it is used."""
        for kind, button in self.tools.items():
            with QSignalBlocker(button):
                button.setChecked(kind == key)
        if self._info is None:
            self.hint.setText(_("Open an image to measure on it."))
        elif key is None:
            self.hint.setText(_("Choose a tool and draw on the picture."))
        else:
            self.hint.setText(f"{_(tool(key).title)}: {_(tool(key).help)} {_('Esc puts the tool down.')}")
        is_line = key in ("line", "segmented")
        for part in (self.width_label, self.width_box):
            part.setVisible(is_line)

    def show_notes(self, notes: Notes) -> None:
        """Show the list and the shape at hand."""
        info = self._info
        is_um = info is not None and is_calibrated(info)
        has_planes = info is not None and info.shape[0] * info.shape[2] > 1
        self.list.show_notes(notes, is_calibrated=is_um, has_planes=has_planes)
        self.list.setVisible(bool(notes.kept))
        self.empty.setVisible(not notes.kept and info is not None)
        shape, region = notes.shape, notes.region
        self.title.setVisible(shape is not None)
        if shape is not None:
            name = words.kind(shape) if region is None else region.name
            self.title.setText(f"{name}: {words.size(shape, is_calibrated=is_um)}")
        self.keep.setEnabled(notes.loose is not None)
        self.delete.setEnabled(shape is not None)
        self.undo.setEnabled(bool(notes.deleted))
        for button in (self.table, self.rois):
            button.setEnabled(bool(notes.kept))
        if isinstance(shape, Line) and info is not None:
            with QSignalBlocker(self.width_box):
                size = info.pixel_size_um
                pitch = min(size.x, size.y) if size.x and size.y else 1.0
                self.width_box.setValue(max(1, round(shape.width / pitch)))

    def show_shown(self, shown: Shown | None) -> None:
        """Show what was measured."""
        has_curves = shown is not None and bool(shown.measurement.curves)
        self.plot.show_shown(shown)
        self.plot.setVisible(has_curves)
        self.numbers.show_shown(shown)
        self.remark.setText(remark(shown) if shown is not None else "")
        self.remark.setVisible(bool(self.remark.text()))

    def show_error(self, error: UserError) -> None:
        """Say why nothing could be measured."""
        self.remark.setText(f"{error.sentence} {error.hint}".strip())
        self.remark.show()

    def _lay_out(self) -> None:
        tools, group = FlowLayout(spacing=2), QButtonGroup(self)
        group.setExclusive(False)
        for row in TOOLS:
            button = QToolButton()
            button.setIcon(icon(row.icon))
            button.setIconSize(QSize(22, 22))
            button.setCheckable(True)
            button.setAccessibleName(_(row.title))
            button.setToolTip(f"{_(row.title)} ({row.keys})")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(
                lambda checked, key=row.key: self.tool_wished.emit(key if checked else None)
            )
            tools.addWidget(button)
            self.tools[row.key] = button
        self.width_box.setRange(1, WIDEST_PX)
        self.width_box.setSuffix(" px")
        self.width_box.setAccessibleName(_("Line width"))
        self.width_box.setToolTip(_("The profile is the mean over so many lines side by side"))
        self.width_label.setBuddy(self.width_box)
        width = QHBoxLayout()
        width.addWidget(self.width_label)
        width.addWidget(self.width_box, 1)
        for label in (self.title, regions := QLabel(_("Regions"))):
            label.setProperty("role", "heading")
        for label in (self.hint, self.remark, self.empty):
            label.setProperty("role", "quiet")
        acts, files = FlowLayout(spacing=4), FlowLayout(spacing=4)
        for act in (self.keep, self.delete, self.undo):
            acts.addWidget(act)
        for act in (self.table, self.rois, self.take_in):
            files.addWidget(act)
        rule = QFrame()
        rule.setProperty("role", "line")
        page = QWidget()
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addLayout(tools)
        column.addWidget(self.hint)
        column.addLayout(width)
        for part in (self.title, self.plot, self.numbers, self.remark):
            column.addWidget(part)
        column.addLayout(acts)
        for below in (rule, regions, self.empty, self.list):
            column.addWidget(below)
        column.addLayout(files)
        column.addStretch(1)
        self.column = Column(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.column)

    def _connect(self) -> None:
        self.width_box.valueChanged.connect(self.width_wished)
        self.keep.clicked.connect(self.keep_clicked)
        self.delete.clicked.connect(self.delete_clicked)
        self.undo.clicked.connect(self.undo_clicked)
        self.list.delete_pressed.connect(self.delete_clicked)
        self.list.undo_pressed.connect(self.undo_clicked)
        self.table.clicked.connect(self.table_clicked)
        self.rois.clicked.connect(self.rois_clicked)
        self.take_in.clicked.connect(self.import_clicked)


def remark(shown: Shown) -> str:
    """Return what has to be known about how something was measured."""
    found = shown.measurement
    said = [_("Measured on: {what}.").format(what=found.of)] if found.of else []
    if found.step > 1:
        said.append(_("A large region: measured on every {step}. pixel each way.").format(step=found.step))
    return " ".join(said)


def _button(text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(icon(name), text)
    button.setToolTip(tip)
    return button
