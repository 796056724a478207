"""One row per channel: seen or not, in which colours, and which one the histogram is about."""

from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QColorDialog,
    QGridLayout,
    QMenu,
    QRadioButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from app.text import _
from app.ui.viewer import luts
from app.ui.viewer.state import ChannelView, ViewState

SWATCH = QSize(36, 12)


class LayerRow:
    """The three parts of one channel's row."""

    def __init__(self, parent: QWidget) -> None:
        self.seen = QCheckBox(parent)
        self.colours = QToolButton(parent)
        self.colours.setIconSize(SWATCH)
        self.colours.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.active = QRadioButton(parent)
        self.active.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.parts: tuple[QWidget, ...] = (self.seen, self.colours, self.active)

    def show_channel(self, channel: ChannelView, number: int) -> None:
        """Show how a channel looks."""
        name = channel.name
        self.seen.setAccessibleName(_("Show {channel}").format(channel=name))
        self.seen.setToolTip(_("Show or hide {channel} ({number})").format(channel=name, number=number))
        self.seen.setChecked(channel.is_visible)
        self.active.setText(name)
        self.active.setAccessibleName(_("Adjust {channel}").format(channel=name))
        self.active.setToolTip(name)
        self.colours.setIcon(lut_icon(channel.lut))
        self.colours.setToolTip(_("Colours: {name}").format(name=channel.lut))
        self.colours.setAccessibleName(_("Colours of {channel}").format(channel=name))


class LayerList(QWidget):
    """The channels of an image."""

    state_wished = Signal(object)  # ViewState

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = ViewState()
        self._rows: list[LayerRow] = []
        self._group = QButtonGroup(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(2, 1)

    def row(self, index: int) -> LayerRow:
        """The row of a channel."""
        return self._rows[index]

    def show_state(self, state: ViewState) -> None:
        """Show the channels of a state."""
        self._state = state
        self._make_rows(len(state.channels))
        for index, (row, channel) in enumerate(zip(self._rows, state.channels, strict=True)):
            row.show_channel(channel, index + 1)
            row.seen.setVisible(state.colouring == "composite" and len(state.channels) > 1)
            row.active.setChecked(index == state.channel)

    def _make_rows(self, count: int) -> None:
        while len(self._rows) > count:
            for part in self._rows.pop().parts:
                part.hide()
                part.deleteLater()
        while len(self._rows) < count:
            index = len(self._rows)
            row = LayerRow(self)
            row.seen.clicked.connect(lambda seen, at=index: self._wish(at, is_visible=seen))
            row.active.clicked.connect(lambda _checked, at=index: self._wish_active(at))
            row.colours.setMenu(self._menu(index))
            self._group.addButton(row.active)
            for column, part in enumerate(row.parts):
                self._grid.addWidget(part, index, column)
            self._rows.append(row)

    def _menu(self, index: int) -> QMenu:
        menu = QMenu(self)
        for name in luts.NAMES:
            action = menu.addAction(lut_icon(name), name)
            action.triggered.connect(lambda _checked=False, lut=name: self._wish(index, lut=lut))
        menu.addSeparator()
        menu.addAction(_("Other colour…")).triggered.connect(lambda: self._ask_colour(index))
        return menu

    def _ask_colour(self, index: int) -> None:
        dialog = QColorDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(lambda colour: self._wish(index, lut=luts.lut_for_colour(colour.name())))
        dialog.open()

    def _wish(self, index: int, *, is_visible: bool | None = None, lut: str | None = None) -> None:
        channel = self._state.channels[index]
        seen = channel.is_visible if is_visible is None else is_visible
        channel = replace(channel, is_visible=seen, lut=lut or channel.lut)
        self.state_wished.emit(self._state.with_channel(index, channel))

    def _wish_active(self, index: int) -> None:
        self.state_wished.emit(replace(self._state, channel=index))


def lut_icon(name: str) -> QIcon:
    """Return a strip of the colours of a table."""
    table = luts.table(name)
    image = QImage(table.tobytes(), luts.SIZE, 1, luts.SIZE * 3, QImage.Format.Format_RGB888)
    strip = image.scaled(
        SWATCH, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    return QIcon(QPixmap.fromImage(strip))
