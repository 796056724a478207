"""Before, simple filter, after and good of one unseen image, beside each other."""

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.text import _
from app.ui.flow import FlowLayout
from app.ui.training.gaze import Gaze
from app.ui.training.light_picture import Exhibit
from app.ui.training.trained import CasePictures
from models.knobs import N_

NAMES = (N_("Before"), N_("Best simple filter"), N_("After"), N_("Good"))
SIDE = 230


class CaseRow(QWidget):
    """The pictures of one case, which move and grow together."""

    def __init__(self, case: CasePictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gaze = Gaze(self)
        self.exhibits: list[Exhibit] = []
        heading = QLabel(_(case.title))
        heading.setProperty("role", "quiet")
        shown = [(name, slide) for name, slide in zip(NAMES, case.slides, strict=True) if slide is not None]
        pictures = QWidget()
        flow = FlowLayout(pictures, spacing=10)
        for name, slide in shown:
            exhibit = Exhibit(self.gaze, _(name))
            exhibit.picture.setFixedSize(SIDE, SIDE)
            exhibit.picture.is_scrolled_past = True
            exhibit.picture.show_slide(slide)
            self.exhibits.append(exhibit)
            flow.addWidget(exhibit)
        self.gaze.show_extent(max(s.width for _n, s in shown), max(s.height for _n, s in shown))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(heading)
        layout.addWidget(pictures)


class CaseGallery(QWidget):
    """The pictures of all cases that are shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[CaseRow] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(10)

    def show_cases(self, cases: tuple[CasePictures, ...]) -> None:
        """Show these in place of those before."""
        for row in self.rows:
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = [CaseRow(case) for case in cases]
        for row in self.rows:
            self._layout.addWidget(row)
        self.setVisible(bool(cases))
