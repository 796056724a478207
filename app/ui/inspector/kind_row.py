"""What automatic contrast takes an image for: found by itself, or said by the person."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QLabel, QPushButton, QToolButton, QWidget

from app.text import _
from app.ui.flow import FlowLayout
from app.ui.icons import icon
from app.ui.viewer.state import Kind
from models.knobs import N_

KINDS: tuple[tuple[Kind, str, str], ...] = (
    (
        "fluorescence",
        N_("Fluorescence"),
        N_("Bright structures on a dark ground: automatic contrast cuts off 0.1\u202f% at each end"),
    ),
    (
        "brightfield",
        N_("Brightfield"),
        N_("A bright ground, as in electron microscopy: automatic contrast cuts off 0.5\u202f% at each end"),
    ),
)


class KindRow(QWidget):
    """Two choices; the one that was found carries an *auto* mark until the person chooses."""

    kind_wished = Signal(object)  # Kind | None: find it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kinds: dict[Kind, QToolButton] = {}
        self.mark = QLabel(_("auto"))
        self.mark.setProperty("role", "quiet")
        self.mark.setToolTip(_("Found by the gray values of the image"))
        self.back = QPushButton(icon("auto"), _("Back to auto"))
        self.back.setProperty("role", "link")
        self.back.clicked.connect(lambda: self.kind_wished.emit(None))
        flow = FlowLayout(self, spacing=4)
        group = QButtonGroup(self)
        for kind, title, tip in KINDS:
            button = QToolButton()
            button.setText(_(title))
            button.setAccessibleName(_(title))
            button.setToolTip(_(tip))
            button.setCheckable(True)
            button.clicked.connect(lambda _checked, key=kind: self.kind_wished.emit(key))
            group.addButton(button)
            flow.addWidget(button)
            self.kinds[kind] = button
        flow.addWidget(self.mark)
        flow.addWidget(self.back)

    def show_kind(self, chosen: Kind | None, found: Kind) -> None:
        """Show what the image is taken for, and whether the person said so."""
        self.kinds[chosen or found].setChecked(True)
        self.mark.setVisible(chosen is None)
        self.back.setVisible(chosen is not None)
