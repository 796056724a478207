"""Before, simple filter, after and good of one unseen image, beside each other."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.text import _
from app.ui.training.gaze import Gaze
from app.ui.training.light_picture import Exhibit
from app.ui.training.trained import CasePictures
from models.knobs import N_

NAMES = (N_("Before"), N_("Best simple filter"), N_("After"), N_("Good"))
SMALLEST, LARGEST = 110, 220  # pixels of the screen along a side
GAP = 10


class CaseRow(QWidget):
    """The pictures of one case, which move and grow together."""

    def __init__(self, case: CasePictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gaze = Gaze(self)
        self.exhibits: list[Exhibit] = []
        heading = QLabel(_(case.title))
        heading.setProperty("role", "quiet")
        shown = [(name, slide) for name, slide in zip(NAMES, case.slides, strict=True) if slide is not None]
        pictures = QHBoxLayout()
        pictures.setSpacing(GAP)
        for name, slide in shown:
            exhibit = Exhibit(self.gaze, _(name))
            exhibit.picture.setMaximumWidth(LARGEST)
            exhibit.setMaximumWidth(LARGEST)
            exhibit.picture.is_scrolled_past = True
            exhibit.picture.show_slide(slide)
            self.exhibits.append(exhibit)
            pictures.addWidget(exhibit, 1)
        pictures.addStretch(0)
        self.gaze.show_extent(max(s.width for _n, s in shown), max(s.height for _n, s in shown))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(heading)
        layout.addLayout(pictures)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the pictures square."""
        super().resizeEvent(event)
        count = len(self.exhibits)
        side = (event.size().width() - GAP * (count - 1)) // count
        for exhibit in self.exhibits:
            exhibit.picture.setFixedHeight(min(max(side, SMALLEST), LARGEST))


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
