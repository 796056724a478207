"""The Display page: channels, colours and contrast. It changes how an image looks, never the image."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.text import _
from app.ui.icons import icon
from app.ui.inspector.kind_row import KindRow
from app.ui.viewer.compare_bar import LOCKED, UNLOCKED
from app.ui.viewer.contrast import Histogram
from app.ui.viewer.histogram import GAMMAS, HistogramView
from app.ui.viewer.layers import LayerList
from app.ui.viewer.pair import Pair, shortened
from app.ui.viewer.state import Contrast, Kind, Side, ViewState
from models.knobs import N_

COLOURINGS = (
    ("composite", N_("Composite"), N_("All channels that are switched on, over each other")),
    ("single", N_("Single"), N_("One channel at a time, in its colours")),
    ("gray", N_("Gray"), N_("One channel at a time, in gray")),
)
LONGEST = 18  # letters on a button
FAR = 10.0  # times the span of the histogram that may be typed beyond it


class DisplayPanel(QWidget):
    """Shows a `ViewState` and wishes for others."""

    state_wished = Signal(object)  # ViewState
    auto_clicked = Signal()
    auto_all_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self._state = ViewState()
        self._pair: Pair | None = None
        self._histograms: dict[Side, Histogram | None] = {"raw": None, "restored": None}
        self.colourings: dict[str, QToolButton] = {}
        self.layers = LayerList()
        self.histogram = HistogramView()
        self.log = QCheckBox(_("Logarithmic"))
        self.low = _number(_("Dark"), _("Gray value that is drawn black"))
        self.high = _number(_("Bright"), _("Gray value that is drawn brightest"))
        self.gamma = _number(_("Gamma"), _("Below 1 lifts what is faint; 1 keeps brightness in proportion"))
        self.auto = QPushButton(_("Auto"))
        self.auto_all = QPushButton(_("Auto, all channels"))
        self.kind = KindRow()
        self.lock = QCheckBox(_("Lock raw and restored"))
        self.sides: dict[Side, QToolButton] = {}
        self._side: Side = "raw"
        self.clipped = QLabel(wordWrap=True)
        self._title = QLabel()
        self._lay_out()
        self._connect()
        self.show_state(self._state)

    def show_state(self, state: ViewState) -> None:
        """Show how the image looks."""
        self._state = state
        has_image = bool(state.channels)
        self.setEnabled(has_image)
        self.layers.show_state(state)
        self.colourings[state.colouring].setChecked(True)
        for button in self.colourings.values():
            button.setVisible(len(state.channels) > 1)
        self.auto_all.setVisible(len(state.channels) > 1 and not state.is_joint)
        channel = state.channels[state.channel] if has_image else None
        is_named = channel is not None and len(state.channels) > 1 and not state.is_joint
        self._title.setText(channel_title(channel.name) if channel and is_named else _("Contrast"))
        self._show_sides()
        self._show_contrast()

    def show_pair(self, pair: Pair | None) -> None:
        """Show which two images are compared; None: there is one only."""
        self._pair = pair
        is_result = pair is None or pair.is_result
        self.lock.setText(_("Lock raw and restored") if is_result else _("Lock both images"))
        names = (_("Raw"), _("Restored")) if pair is None or is_result else pair.names
        for button, name in zip(self.sides.values(), names, strict=True):
            button.setText(shortened(name, LONGEST))
            button.setAccessibleName(name)
            button.setToolTip(_("Set the contrast of {name} alone").format(name=name))
        self.show_state(self._state)

    def show_histogram(self, found: Histogram | None) -> None:
        """Show the gray values of the active channel of the first image."""
        self._histograms["raw"] = found
        self._show_contrast()

    def show_histogram_beside(self, found: Histogram | None) -> None:
        """Show the gray values of the second image while it has a contrast of its own."""
        self._histograms["restored"] = found
        self._show_contrast()

    def minimumSizeHint(self) -> QSize:
        """Return the width that cuts no text off."""
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        return QSize(self._page.minimumSizeHint().width() + bar, super().minimumSizeHint().height())

    @property
    def _found(self) -> Kind:
        """What the active channel looks like."""
        state = self._state
        if state.is_joint:
            return "brightfield"
        found = state.channels[state.channel].found if state.channels else None
        return found or "fluorescence"

    def _show_sides(self) -> None:
        is_locked, pair = self._state.is_contrast_locked, self._pair
        self.lock.setVisible(pair is not None)
        self.lock.setEnabled(pair is not None and not pair.is_mixed)
        with QSignalBlocker(self.lock):
            self.lock.setChecked(is_locked)
        self.lock.setToolTip(_(LOCKED) if is_locked else _(UNLOCKED))
        has_two = pair is not None and not is_locked
        if not has_two:
            self._side = "raw"
        for side, button in self.sides.items():
            button.setVisible(has_two)
            button.setChecked(side == self._side)

    def _show_contrast(self) -> None:
        state = self._state
        contrast = state.contrast(state.channel, self._side) if state.channels else None
        found = self._histograms[self._side]
        self._set_limits(found, contrast)
        self.histogram.show_histogram(found)
        is_gray = state.is_joint or not state.channels
        self.histogram.show_contrast(contrast, "Grays" if is_gray else state.lut(state.channel))
        for box, value in (
            (self.low, contrast.low if contrast else 0.0),
            (self.high, contrast.high if contrast else 1.0),
            (self.gamma, contrast.gamma if contrast else 1.0),
        ):
            with QSignalBlocker(box):
                box.setValue(value)
            box.setEnabled(contrast is not None)
        self.clipped.setText("" if found is None or contrast is None else clipped_in_words(found, contrast))
        self.kind.show_kind(state.kind, self._found)

    def _set_limits(self, found: Histogram | None, contrast: Contrast | None) -> None:
        """Let all numbers be typed that make sense for the gray values, and those that are shown."""
        low, high = (found.low, found.high) if found is not None else (0.0, 0.0)
        width = found.width if found is not None else 0.0
        if contrast is not None:
            low, high = min(low, contrast.low), max(high, contrast.high)
        span = max(high - low, width) or 1.0
        for box in (self.low, self.high):
            with QSignalBlocker(box):
                box.setDecimals(0 if width == 1.0 else max(0, 4 - len(str(int(span)))) + (span < 1) * 2)
                box.setRange(low - FAR * span, high + FAR * span)
                box.setSingleStep(max(span / 100, width))

    def _wish_contrast(self, contrast: Contrast) -> None:
        self.state_wished.emit(self._state.with_contrast(self._state.channel, contrast, self._side))

    def _wish_typed(self) -> None:
        if self.low.value() < self.high.value():
            self._wish_contrast(Contrast(self.low.value(), self.high.value(), self.gamma.value()))
        else:
            self.show_state(self._state)

    def _choose_side(self, side: Side) -> None:
        self._side = side
        self.show_state(self._state)

    def _lay_out(self) -> None:
        group = QButtonGroup(self)
        colourings = QHBoxLayout()
        colourings.setSpacing(2)
        for key, title, tip in COLOURINGS:
            button = _switch(_(title), _(tip))
            button.clicked.connect(
                lambda _checked, name=key: self.state_wished.emit(replace(self._state, colouring=name))
            )
            group.addButton(button)
            colourings.addWidget(button)
            self.colourings[key] = button
        colourings.addStretch(1)
        sides = QHBoxLayout()
        sides.setSpacing(2)
        side_group = QButtonGroup(self)
        names: tuple[tuple[Side, str], ...] = (("raw", _("Raw")), ("restored", _("Restored")))
        for side, title in names:  # `show_pair` names them anew
            self.sides[side] = _switch(title, _("Set the contrast of this image alone"))
            self.sides[side].clicked.connect(lambda _checked, name=side: self._choose_side(name))
            side_group.addButton(self.sides[side])
            sides.addWidget(self.sides[side])
        sides.addStretch(1)
        for label in (channels := QLabel(_("Channels")), self._title):
            label.setProperty("role", "heading")
            label.setWordWrap(True)
        self.clipped.setProperty("role", "quiet")
        self.gamma.setRange(*GAMMAS)
        self.gamma.setDecimals(2)
        self.gamma.setSingleStep(0.05)
        self.lock.setIcon(icon("lock"))
        numbers = QGridLayout()
        numbers.setColumnStretch(1, 1)
        fields = ((_("Dark"), self.low), (_("Bright"), self.high), (_("Gamma"), self.gamma))
        for line, (text, box) in enumerate(fields):
            label = QLabel(text)
            label.setBuddy(box)
            numbers.addWidget(label, line, 0)
            numbers.addWidget(box, line, 1)
        promise = QLabel(_("Display only: your data are not changed."), wordWrap=True)
        promise.setProperty("role", "quiet")
        self._page = QWidget()
        column = QVBoxLayout(self._page)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(channels)
        column.addLayout(colourings)
        column.addWidget(self.layers)
        column.addSpacing(8)
        column.addWidget(self._title)
        column.addLayout(sides)
        column.addWidget(self.histogram)
        column.addWidget(self.clipped)
        column.addWidget(self.log)
        column.addLayout(numbers)
        column.addWidget(self.auto)
        column.addWidget(self.auto_all)
        column.addWidget(self.kind)
        column.addWidget(self.lock)
        column.addWidget(promise)
        column.addStretch(1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    def _connect(self) -> None:
        self.layers.state_wished.connect(self.state_wished)
        self.histogram.contrast_wished.connect(self._wish_contrast)
        self.log.toggled.connect(self.histogram.show_log)
        for box in (self.low, self.high, self.gamma):
            box.valueChanged.connect(self._wish_typed)
        self.auto.clicked.connect(self.auto_clicked)
        self.auto.setToolTip(_("Find the contrast of this channel (A)"))
        self.auto_all.clicked.connect(self.auto_all_clicked)
        self.auto_all.setToolTip(_("Find the contrast of every channel (Shift+A)"))
        self.kind.kind_wished.connect(lambda kind: self.state_wished.emit(self._state.with_kind(kind)))
        self.lock.toggled.connect(lambda locked: self.state_wished.emit(self._state.with_lock(locked=locked)))


def channel_title(name: str) -> str:
    """Return the heading above the contrast of one of several channels."""
    return _("Contrast of {channel}").format(channel=name)


def clipped_in_words(found: Histogram, contrast: Contrast) -> str:
    """Return how much of the plane is drawn fully black or fully bright."""
    darker, brighter = found.shares_outside(contrast)
    bright = _("{share} too bright").format(share=share_in_words(brighter)) if brighter else ""
    dark = _("{share} too dark").format(share=share_in_words(darker)) if darker else ""
    if not bright and not dark:
        return _("Nothing is too bright or too dark for this range.")
    words = _("{shares} for this range.").format(shares=", ".join(share for share in (bright, dark) if share))
    return words[0].upper() + words[1:]


def share_in_words(share: float) -> str:
    """Return a share in per cent, never rounded down to nothing."""
    percent = share * 100
    if percent < 0.1:
        return _("less than 0.1\u202f%")
    return f"{percent:.1f}\u202f%" if percent < 10 else f"{percent:.0f}\u202f%"


def _switch(title: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(title)
    button.setAccessibleName(title)
    button.setToolTip(tip)
    button.setCheckable(True)
    return button


def _number(name: str, tip: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setKeyboardTracking(False)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    return box
