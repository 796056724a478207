"""The choices for a movie."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QLabel, QVBoxLayout, QWidget

from app.text import _, ngettext
from app.ui.figure.movie import KINDS, MovieOrder
from app.ui.figure.options import AREAS, DENSITIES, FigureOptions
from app.ui.inspector.export_figure import WITHOUT_PREVIEW
from app.ui.inspector.export_rows import Span, choices, chosen, form
from app.ui.viewer.dims import AXES, duration_in_words
from app.ui.viewer.shot import Shot
from app.ui.viewer.state import Axis
from models.errors import UserError
from models.source import ImageInfo

PER_SECOND = 10.0


class MoviePage(QWidget):
    """Says what the movie will be and how long."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lengths: dict[Axis, int] = {}
        self.kind = choices(_("Kind of file"), [(kind, _(words)) for kind, (words, _end) in KINDS.items()])
        self.axis = choices(_("Through"), ())
        self.span = Span(_("frame"))
        self.speed = QDoubleSpinBox()
        self.speed.setRange(0.2, 50.0)
        self.speed.setDecimals(1)
        self.speed.setValue(PER_SECOND)
        self.speed.setAccessibleName(_("Frames per second"))
        self.area = choices(_("Part"), [(area, _(words)) for area, words in AREAS])
        self.density = choices(_("Fineness"), [(density, _(words)) for density, words in DENSITIES])
        self.bar = QCheckBox(_("Scale bar"))
        self.stamp = QCheckBox(_("Time or plane in the corner"))
        self.legend = QCheckBox(_("Names of the channels"))
        self.mark = QCheckBox(_("Say what is restored"))
        self.amount = QLabel(wordWrap=True)
        self.amount.setProperty("role", "quiet")
        self.no_film = QLabel(_("MP4 films need the program ffmpeg, which is not installed."), wordWrap=True)
        self.no_film.setProperty("role", "quiet")
        self.no_film.hide()
        for box in (self.bar, self.stamp, self.mark):
            box.setChecked(True)
        self._arrange()
        self._connect()

    @property
    def suffix(self) -> str:
        """What the name ends in."""
        return KINDS[chosen(self.kind)][1]

    def show_ffmpeg(self, program: str | None) -> None:
        """Offer films if there is a program that makes them."""
        rows = self.kind.model()
        assert isinstance(rows, QStandardItemModel)
        film = rows.item(self.kind.findData("mp4"))
        film.setEnabled(program is not None)
        self.no_film.setVisible(program is None)
        if program is None and chosen(self.kind) == "mp4":
            self.kind.setCurrentIndex(self.kind.findData("gif"))

    def show_image(self, info: ImageInfo | None) -> None:
        """Offer the axes that an image has."""
        axes: tuple[Axis, ...] = ("T", "Z")
        shape = (1,) * 5 if info is None else info.shape
        lengths = {axis: shape[AXES[axis]] for axis in axes if shape[AXES[axis]] > 1}
        if lengths == self._lengths:
            return
        self._lengths = lengths
        words = {"T": _("Time"), "Z": _("Planes")}
        self.axis.blockSignals(True)
        self.axis.clear()
        for axis in lengths:
            self.axis.addItem(words[axis], axis)
        self.axis.blockSignals(False)
        self._show_axis()

    def order(self, shot: Shot, path: Path) -> MovieOrder | None:
        """Return what to make of a view; None where nothing moves."""
        if not self._lengths:
            return None
        axis: Axis = chosen(self.axis)
        return MovieOrder(
            shots=tuple(shot.at(axis, position).settled() for position in self.span.positions),
            options=FigureOptions(
                area=chosen(self.area),
                density=chosen(self.density),
                has_bar=self.bar.isChecked(),
                has_legend=self.legend.isChecked(),
                has_mark=self.mark.isChecked(),
            ),
            axis=axis,
            per_second=self.speed.value(),
            kind=chosen(self.kind),
            path=path,
            has_stamp=self.stamp.isChecked(),
        )

    def show_shot(self, shot: Shot) -> str:
        """Say how long and large the movie of a view will be; return why there can be none, if so."""
        self.legend.setEnabled(len(shot.state.channels) > 1 and not shot.state.is_joint)
        order = self.order(shot, Path())
        self.amount.clear()
        if order is None:
            return _("This image has one plane and one time: nothing moves in it.")
        if order.axis == "Z" and shot.state.projection is not None:
            return _("All planes are in the projection: film through time, or show single planes.")
        try:
            width, height = order.size()
        except UserError as error:
            return f"{_(error.sentence)} {_(error.hint)}"
        count = len(order.shots)
        told = ngettext("{count} frame", "{count} frames", count)
        lines = [
            _("{frames}, {time}, {width} × {height} pixels").format(
                frames=told.format(count=count),
                time=duration_in_words(count / order.per_second),
                width=width,
                height=height,
            )
        ]
        if shot.has_preview:
            lines.append(_(WITHOUT_PREVIEW))
        self.amount.setText("\n".join(lines))
        return ""

    def _show_axis(self) -> None:
        axis = chosen(self.axis)
        self.span.show_length(self._lengths.get(axis, 1))
        self.changed.emit()

    def _connect(self) -> None:
        self.axis.currentIndexChanged.connect(self._show_axis)
        for combo in (self.kind, self.area, self.density):
            combo.currentIndexChanged.connect(self.changed)
        for check in (self.bar, self.stamp, self.legend, self.mark):
            check.toggled.connect(self.changed)
        for box in (self.span.first, self.span.last):
            box.valueChanged.connect(self.changed)
        self.speed.valueChanged.connect(self.changed)

    def _arrange(self) -> None:
        rows = form()
        rows.addRow(_("File"), self.kind)
        rows.addRow(_("Through"), self.axis)
        rows.addRow(_("From"), self.span)
        rows.addRow(_("Per second"), self.speed)
        rows.addRow(_("Part"), self.area)
        rows.addRow(_("Fineness"), self.density)
        rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(rows)
        for widget in (self.bar, self.stamp, self.legend, self.mark, self.amount, self.no_film):
            column.addWidget(widget)
        column.addStretch(1)
