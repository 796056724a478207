"""The choices for a figure."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QSpinBox, QVBoxLayout, QWidget

from app.text import _
from app.ui.figure.frame import has_panels, size_of
from app.ui.figure.make import FigureKind
from app.ui.figure.options import AREAS, DENSITIES, DPI, FigureOptions
from app.ui.inspector.export_rows import choices, chosen, form
from app.ui.viewer.shot import Shot
from models.errors import UserError
from models.knobs import N_

CM = 2.54
WITHOUT_PREVIEW = N_("The preview box is left out.")
KINDS = (("png", "PNG"), ("svg", "SVG"))


class FigurePage(QWidget):
    """Says what the figure will be and how large."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = choices(_("Kind of file"), KINDS)
        self.kind.setToolTip(_("SVG: bar and words stay editable; the picture in it loses nothing."))
        self.area = choices(_("Part"), [(area, _(words)) for area, words in AREAS])
        self.density = choices(_("Fineness"), [(density, _(words)) for density, words in DENSITIES])
        self.density.setCurrentIndex(1)
        self.dpi = QSpinBox()
        self.dpi.setRange(50, 2400)
        self.dpi.setSingleStep(50)
        self.dpi.setValue(DPI)
        self.dpi.setSuffix(" " + _("dpi"))
        self.dpi.setAccessibleName(_("Dots per inch in print"))
        self.dpi.setToolTip(_("How large it prints; the pixels stay the same."))
        self.bar = QCheckBox(_("Scale bar"))
        self.legend = QCheckBox(_("Names of the channels"))
        self.mark = QCheckBox(_("Say what is restored"))
        self.panels = QCheckBox(_("Each channel in gray, then all"))
        self.amount = QLabel(wordWrap=True)
        self.amount.setProperty("role", "quiet")
        for box in (self.bar, self.legend, self.mark):
            box.setChecked(True)
        self._arrange()
        for combo in (self.kind, self.area, self.density):
            combo.currentIndexChanged.connect(self.changed)
        for check in (self.bar, self.legend, self.mark, self.panels):
            check.toggled.connect(self.changed)
        self.dpi.valueChanged.connect(self.changed)

    @property
    def suffix(self) -> str:
        """What the name ends in."""
        return f".{self.file_kind}"

    @property
    def file_kind(self) -> FigureKind:
        """The kind of file that is chosen."""
        kind: FigureKind = chosen(self.kind)
        return kind

    @property
    def options(self) -> FigureOptions:
        """What is chosen."""
        return FigureOptions(
            area=chosen(self.area),
            density=chosen(self.density),
            has_bar=self.bar.isChecked(),
            has_legend=self.legend.isChecked(),
            has_mark=self.mark.isChecked(),
            has_panels=self.panels.isChecked() and self.panels.isEnabled(),
            dpi=self.dpi.value(),
        )

    def show_shot(self, shot: Shot) -> str:
        """Say how large the figure of a view will be; return why there can be none, if so."""
        state = shot.state
        self.panels.setEnabled(has_panels(state))
        self.legend.setEnabled(len(state.channels) > 1 and not state.is_joint)
        try:
            width, height = size_of(shot, self.options)
        except UserError as error:
            self.amount.clear()
            return f"{_(error.sentence)} {_(error.hint)}"
        across, down = (length / self.dpi.value() * CM for length in (width, height))
        told = [
            _("{width} × {height} pixels, {across} × {down} cm in print").format(
                width=width, height=height, across=f"{across:.1f}", down=f"{down:.1f}"
            )
        ]
        if shot.has_preview:
            told.append(_(WITHOUT_PREVIEW))
        self.amount.setText("\n".join(told))
        return ""

    def _arrange(self) -> None:
        rows = form()
        rows.addRow(_("File"), self.kind)
        rows.addRow(_("Part"), self.area)
        rows.addRow(_("Fineness"), self.density)
        rows.addRow(_("Print"), self.dpi)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(rows)
        for widget in (self.bar, self.legend, self.mark, self.panels, self.amount):
            column.addWidget(widget)
        column.addStretch(1)
