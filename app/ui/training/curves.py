"""The chart of a training: unseen images and the best simple filter in decibels, the loss beside them."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.text import _
from app.ui.theme import colour
from app.ui.training.history import Look

LEAST_HIGH = 8  # lines of text


class Curves(QWidget):
    """One chart with a legend in words; up is better for all three lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = pg.PlotWidget(enableMenu=False)
        self.plot.setAccessibleName(_("How the training goes"))
        self.plot.setToolTip(
            _("Likeness to the good image, in decibels: 3 dB more, and the error is halved (its square). "
              "The learning images are drawn to their own measure, so only their direction counts.")
        )  # fmt: skip
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.hideButtons()
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.legend = QLabel(wordWrap=True)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.unseen, self.simple, self.learning = (pg.PlotDataItem(connect="finite") for _n in range(3))
        self._looks: tuple[Look, ...] = ()
        self._beside = pg.ViewBox(enableMenu=False)
        self._beside.setMouseEnabled(x=False, y=False)
        self._mark = pg.InfiniteLine(movable=False)
        self._add()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.legend)
        self._dress()
        self.show_looks(())

    def show_looks(self, looks: tuple[Look, ...], *, at: int | None = None) -> None:
        """Draw what was measured; `at` is the step whose picture is shown."""
        self._looks = looks
        steps = np.array([look.step for look in looks], float)
        for item, name in ((self.unseen, "unseen"), (self.simple, "simple"), (self.learning, "loss")):
            item.setData(steps, np.array([getattr(look, name) for look in looks], float))
            item.setSymbol("o" if len(looks) == 1 else None)  # a line needs two
        self.plot.setXRange(0, looks[-1].step if looks else 1, padding=0.02)
        for side in ("bottom", "left", "right"):
            self.plot.getAxis(side).setTicks(None if looks else [])
        self._mark.setVisible(at is not None and bool(looks))
        if at is not None:
            self._mark.setValue(at)
        best = max(looks, key=lambda look: look.unseen, default=None)
        told = "" if best is None else _("best on unseen images: {db} dB").format(db=f"{best.unseen:.1f}")
        self.plot.setAccessibleDescription(told)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme and the size of the text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_mark"):
            self._dress()

    def minimumSizeHint(self) -> QSize:
        """As narrow as one likes."""
        return QSize(120, LEAST_HIGH * self.fontMetrics().height())

    def _add(self) -> None:
        """Put the lines in: two against decibels at the left, the loss upside down at the right."""
        item = self.plot.getPlotItem()
        for line in (self.simple, self.unseen, self._mark):
            item.addItem(line)
        item.showAxis("right")
        item.scene().addItem(self._beside)
        item.getAxis("right").linkToView(self._beside)
        self._beside.setXLink(item)
        self._beside.invertY(True)
        self._beside.addItem(self.learning)
        item.vb.sigResized.connect(self._follow)
        item.setLabel("bottom", _("Steps"))
        item.setLabel("left", _("Likeness (dB)"))
        item.setLabel("right", _("Learning"))
        item.getAxis("right").setStyle(showValues=False)  # a loss has no unit to speak of

    def _follow(self) -> None:
        self._beside.setGeometry(self.plot.getPlotItem().vb.sceneBoundingRect())

    def _dress(self) -> None:
        palette = self.palette()
        self.plot.setBackground(colour("surface", palette))
        accent, quiet, warning = (colour(token, palette) for token in ("accent", "quiet", "warning"))
        self.unseen.setPen(pg.mkPen(accent, width=2))
        self.simple.setPen(pg.mkPen(warning, width=2, style=Qt.PenStyle.DashLine))
        self.learning.setPen(pg.mkPen(quiet, width=1))
        for item, tint in ((self.unseen, accent), (self.simple, warning), (self.learning, quiet)):
            item.setSymbolPen(tint)
            item.setSymbolBrush(tint)
            item.setSymbolSize(6)
        self._mark.setPen(pg.mkPen(colour("edge", palette), style=Qt.PenStyle.DotLine))
        for side in ("bottom", "left", "right"):
            axis = self.plot.getAxis(side)
            axis.setPen(colour("edge", palette))
            axis.setTextPen(colour("text", palette))
            axis.setStyle(tickFont=self.font())
            axis.enableAutoSIPrefix(False)
            axis.label.setFont(self.font())
        rows = (
            (accent, "———", _("unseen images")),
            (warning, "– – –", _("best simple filter on them")),
            (quiet, "———", _("learning images (their loss, upside down)")),
        )
        signed = (f'<span style="color:{tint.name()}">{sign}</span> {text}' for tint, sign, text in rows)
        self.legend.setText("&nbsp;&nbsp; ".join(signed))
