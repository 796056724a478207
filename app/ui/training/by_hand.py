"""How bad the images are, set by hand in words of the microscope: light, pixels, blur, specks."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from app.text import _
from app.ui.training.slider_number import SliderNumber, Span
from models.training.strengths import Strengths

ENOUGH_LIGHT = 1000.0  # photons in the brightest parts
SOME_LIGHT = 50.0
DARK_NOISE = 1.5  # photons, of a usual camera
SCALES = (1, 2, 4)  # that networks can enlarge by


class ByHand(QWidget):
    """Four rows; what they say is a `Strengths` in which one gray level is one photon."""

    edited = Signal(object)  # Strengths

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strengths = first_strengths()
        light = Span(ENOUGH_LIGHT, _("photons"), bend=3.0, decimals=0)
        self.light = SliderNumber(SOME_LIGHT, light, _("Light"))
        self.light.setToolTip(_("Photons per pixel in the brightest parts: fewer mean more noise."))
        self.pixels = QComboBox()
        self.pixels.setAccessibleName(_("Fewer pixels"))
        for scale in SCALES:
            self.pixels.addItem(
                _("as many") if scale == 1 else _("{n} times fewer along each side").format(n=scale), scale
            )
        self.blur = SliderNumber(0.0, Span(8.0, "px", bend=1.5, decimals=1), _("Blurrier"))
        self.blur.setToolTip(_("How much further light is spread, in pixels of the good image."))
        self.specks = SliderNumber(0.0, Span(5.0, "%", factor=100.0, bend=2.0, decimals=2), _("Specks"))
        self.specks.setToolTip(_("Share of pixels that are black or white by chance."))
        self._arrange()
        self.light.edited.connect(self._tell)
        self.blur.edited.connect(self._tell)
        self.specks.edited.connect(self._tell)
        self.pixels.activated.connect(self._tell)

    def show_strengths(self, strengths: Strengths) -> None:
        """Show what is set, without telling of it: only what a person changes is set by hand."""
        if strengths == self._strengths:
            return
        self._strengths = strengths
        gain = strengths.gain or 1.0
        self.pixels.setCurrentIndex(max(0, self.pixels.findData(strengths.scale)))
        for row, value in (
            (self.light, (strengths.high - strengths.low) / gain),
            (self.blur, strengths.blur_px),
            (self.specks, strengths.salt + strengths.pepper),
        ):
            row.blockSignals(True)
            row.write(value)
            row.blockSignals(False)

    def strengths(self) -> Strengths:
        """What the rows say."""
        half = self.specks.read() / 2
        return replace(
            self._strengths,
            scale=int(self.pixels.currentData()),
            blur_px=self.blur.read(),
            low=0.0,
            high=max(1.0, self.light.read()),
            offset=0.0,
            gain=1.0,
            read_noise=DARK_NOISE,
            salt=half,
            pepper=half,
        )

    def _tell(self, _value: object = None) -> None:
        self._strengths = self.strengths()
        self.edited.emit(self._strengths)

    def _arrange(self) -> None:
        rows = (
            (_("Less light"), self.light),
            (_("Fewer pixels"), self.pixels),
            (_("Blurrier"), self.blur),
            (_("Specks"), self.specks),
        )
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(14)
        layout.setVerticalSpacing(8)
        layout.setColumnStretch(1, 1)
        for number, (text, widget) in enumerate(rows):
            label = QLabel(text)
            label.setBuddy(widget)
            layout.addWidget(label, number, 0)
            if isinstance(widget, SliderNumber):
                layout.addWidget(widget.slider, number, 1)
                layout.addWidget(widget.number, number, 2)
                label.setBuddy(widget.slider)
            else:
                layout.addWidget(widget, number, 1, 1, 2)


def first_strengths() -> Strengths:
    """Return what is assumed before anything is set: little light and nothing else."""
    return Strengths(high=SOME_LIGHT, gain=1.0, read_noise=DARK_NOISE)
