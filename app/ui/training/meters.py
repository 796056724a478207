"""The meters: how noise, grain, sharpness and specks of the real image compare with those of the made one."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.text import _
from app.ui.flow import FlowLayout
from app.ui.theme import colour
from app.ui.training.meter_words import HELP, TITLES, Track, tracks
from models.training.strengths import Meter

GROOVE = 0.45  # of the height of a line
NARROWEST = 90


class TrackBar(QWidget):
    """A track with two marks: a wedge for what was measured, a ring for what is produced."""

    def __init__(self, track: Track, *, is_measured: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.track = track
        self.is_measured = is_measured
        self.setAccessibleName(track.words)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A little higher than a line of text."""
        return QSize(NARROWEST * 2, round(self.fontMetrics().height() * 1.15))

    def minimumSizeHint(self) -> QSize:
        """Wide enough to compare two marks."""
        return QSize(NARROWEST, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint groove, bar and marks."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        groove = _groove(QRectF(self.rect()))
        paint_bar(painter, self, groove, 1.0, "hover", is_solid=True)
        if self.is_measured and self.track.measured is not None:
            paint_bar(painter, self, groove, self.track.measured, "accent", is_solid=True)
        elif self.track.produced is not None:
            paint_bar(painter, self, groove, self.track.produced, "quiet", is_solid=False)
        if self.track.measured is not None:
            paint_wedge(painter, self, _place(groove, self.track.measured))
        if self.track.produced is not None:
            paint_ring(painter, self, _place(groove, self.track.produced))
        painter.end()


class MarkSign(QWidget):
    """One of the marks by itself, for the legend."""

    def __init__(self, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As high as a track."""
        high = round(self.fontMetrics().height() * 1.15)
        return QSize(high if self._kind in ("wedge", "ring") else 2 * high, high)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        groove = _groove(QRectF(self.rect()))
        if self._kind == "wedge":
            paint_wedge(painter, self, groove.center())
        elif self._kind == "ring":
            paint_ring(painter, self, groove.center())
        else:
            is_solid = self._kind == "solid"
            paint_bar(painter, self, groove, 1.0, "accent" if is_solid else "quiet", is_solid=is_solid)
        painter.end()


class MeterView(QWidget):
    """One meter: its name, its tracks with values, and why it is assumed where it is."""

    def __init__(self, meter: Meter, unit_um: float | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.meter = meter
        self.bars: list[TrackBar] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 6)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(0, 1)
        title = QLabel(_(TITLES[meter.name]))
        title.setProperty("role", "heading")
        title.setToolTip(_(HELP[meter.name]))
        grid.addWidget(title, 0, 0)
        row = 1
        for track in tracks(meter, unit_um):
            words = _quiet(track.words)
            words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if track.caption:
                grid.addWidget(_quiet(track.caption), row, 0)
                grid.addWidget(words, row, 1)
                row += 1
            else:
                grid.addWidget(words, 0, 1)
            bar = TrackBar(track, is_measured=meter.is_measured)
            self.bars.append(bar)
            grid.addWidget(bar, row, 0, 1, 2)
            row += 1
        untold = "" if meter.is_measured else _("This is assumed.")
        reason = _(meter.reason) if meter.reason else untold
        self.reason = _quiet(reason, wraps=True)
        if reason:
            grid.addWidget(self.reason, row, 0, 1, 2)


class Meters(QWidget):
    """All meters with the legend of their marks."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views: list[MeterView] = []
        self.legend = QWidget()
        flow = FlowLayout(self.legend, spacing=12)
        words = {
            "wedge": _("your bad image"),
            "ring": _("made bad"),
            "solid": _("measured"),
            "hatched": _("assumed"),
        }
        self.entries = {kind: _entry(kind, text) for kind, text in words.items()}
        for entry in self.entries.values():
            flow.addWidget(entry)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(8)
        self._rows.addWidget(self.legend)
        self._rows.addStretch(1)
        self.legend.hide()

    def show_meters(self, meters: tuple[Meter, ...], unit_um: float | None = None) -> None:
        """Show these; `unit_um` is the size of a pixel of the good image."""
        for view in self.views:
            self._rows.removeWidget(view)
            view.hide()
            view.deleteLater()
        self.views = [MeterView(meter, unit_um) for meter in meters]
        for place, view in enumerate(self.views):
            self._rows.insertWidget(place + 1, view)
        self.legend.setVisible(bool(meters))
        for kind in ("wedge", "solid"):
            self.entries[kind].setVisible(any(meter.is_measured for meter in meters))
        self.entries["hatched"].setVisible(any(not meter.is_measured for meter in meters))


def paint_bar(
    painter: QPainter, widget: QWidget, groove: QRectF, share: float, token: str, *, is_solid: bool
) -> None:
    """Fill a part of a groove, solid or hatched."""
    bar = QRectF(groove.left(), groove.top(), groove.width() * share, groove.height())
    style = Qt.BrushStyle.SolidPattern if is_solid else Qt.BrushStyle.BDiagPattern
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(colour(token, widget.palette()), style))
    painter.drawRoundedRect(bar, 2, 2)


def paint_wedge(painter: QPainter, widget: QWidget, at: QPointF) -> None:
    """Paint the mark of what was measured: a wedge that points down onto the groove."""
    side = widget.height() * 0.26
    top = at.y() - widget.height() * 0.46
    painter.setPen(QPen(colour("surface", widget.palette()), 1))
    painter.setBrush(colour("text", widget.palette()))
    painter.drawPolygon(
        QPolygonF(
            [QPointF(at.x() - side, top), QPointF(at.x() + side, top), QPointF(at.x(), at.y() + side / 2)]
        )
    )


def paint_ring(painter: QPainter, widget: QWidget, at: QPointF) -> None:
    """Paint the mark of what is produced: a ring on the groove."""
    radius = widget.height() * 0.27
    painter.setPen(QPen(colour("bad", widget.palette()), max(2.0, radius * 0.45)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(at, radius, radius)


def _groove(room: QRectF) -> QRectF:
    high = room.height() * GROOVE
    return QRectF(room.left() + 8, room.center().y() - high / 2 + 1, room.width() - 16, high)


def _place(groove: QRectF, share: float) -> QPointF:
    return QPointF(groove.left() + groove.width() * share, groove.center().y())


def _quiet(text: str, *, wraps: bool = False) -> QLabel:
    label = QLabel(text, wordWrap=wraps)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "quiet")
    return label


def _entry(kind: str, text: str) -> QWidget:
    entry = QWidget()
    layout = QHBoxLayout(entry)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    layout.addWidget(MarkSign(kind))
    layout.addWidget(_quiet(text))
    return entry
