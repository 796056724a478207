"""What stands where the picture will be: a place to drop files, samples to try, what can be read."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.text import _
from app.ui.theme import colour
from models.knobs import N_

THUMBNAIL = QSize(148, 92)


@dataclass(frozen=True, slots=True)
class Sample:
    """An image that comes with the program."""

    file: str
    title: str
    about: str

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(str(files("resources") / "samples" / self.file))


SAMPLES: tuple[Sample, ...] = (
    Sample("actin_noisy.ome.tif", N_("Noisy actin"), N_("Fluorescence, very little light")),
    Sample("em_mitochondria_er.ome.tif", N_("Electron microscopy"), N_("Mitochondria and reticulum")),
    Sample("yeast_mitochondria_3d_timelapse.ome.tif", N_("3-D time series"),
           N_("Mitochondria in living yeast")),
)  # fmt: skip


class SampleCard(QFrame):
    """One sample: a small picture, its name, a line about it. Opens by click, Enter or Space."""

    chosen = Signal(object)  # Path

    def __init__(self, sample: Sample) -> None:
        super().__init__()
        self.sample = sample
        self.setProperty("role", "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(_("Open the sample: {title}").format(title=_(sample.title)))
        self.picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.picture.setFixedHeight(THUMBNAIL.height())
        self.picture.setMinimumWidth(THUMBNAIL.width())
        title = QLabel(_(sample.title))
        title.setProperty("role", "heading")
        about = QLabel(_(sample.about), wordWrap=True)
        about.setProperty("role", "quiet")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.addWidget(self.picture)
        layout.addWidget(title)
        layout.addWidget(about, 1, Qt.AlignmentFlag.AlignTop)

    def show_thumbnail(self, image: QImage) -> None:
        """Show the small picture, cut to the card."""
        ratio = self.devicePixelRatioF()
        size = self.picture.size() * ratio
        scaled = QPixmap.fromImage(image).scaled(
            size, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
        )
        left, top = (scaled.width() - size.width()) // 2, (scaled.height() - size.height()) // 2
        cut = scaled.copy(left, top, size.width(), size.height())
        cut.setDevicePixelRatio(ratio)
        self.picture.setPixmap(cut)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open by click."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.sample.path)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open by Enter or Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.sample.path)
        else:
            super().keyPressEvent(event)


class DropArea(QWidget):
    """The dashed area; dropping itself is the window's, all over."""

    open_clicked = Signal()
    folder_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        title = QLabel(_("Drop an image, a stack or a folder here"), alignment=Qt.AlignmentFlag.AlignCenter)
        title.setProperty("role", "title")
        title.setWordWrap(True)
        hint = QLabel(_("Your files are only read, never changed."), alignment=Qt.AlignmentFlag.AlignCenter)
        hint.setProperty("role", "quiet")
        hint.setWordWrap(True)
        self.open_button = QPushButton(_("Open files…"))
        self.open_button.setProperty("role", "primary")
        self.open_button.clicked.connect(self.open_clicked)
        self.folder_button = QPushButton(_("Open a folder…"))
        self.folder_button.clicked.connect(self.folder_clicked)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.folder_button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 26, 24, 26)
        layout.setSpacing(12)
        layout.addStretch(1)
        layout.addWidget(title)
        layout.addWidget(hint)
        layout.addLayout(buttons)
        layout.addStretch(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the dashed frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(colour("edge", self.palette()), 1.6, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 10, 10)
        painter.end()


class Welcome(QScrollArea):
    """The empty window: drop, open or try a sample."""

    open_clicked = Signal()
    folder_clicked = Signal()
    sample_chosen = Signal(object)  # Path
    painted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.drop_area = DropArea()
        self.drop_area.open_clicked.connect(self.open_clicked)
        self.drop_area.folder_clicked.connect(self.folder_clicked)
        self.cards = tuple(SampleCard(sample) for sample in SAMPLES)
        self.formats = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignHCenter)
        self.formats.setProperty("role", "quiet")
        self._arrange()

    def show_formats(self, titles: tuple[str, ...]) -> None:
        """Say which formats can be read."""
        self.formats.setText(_("Reads {formats}.").format(formats=", ".join(titles)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell when there is something to see."""
        super().paintEvent(event)
        self.painted.emit()

    def _arrange(self) -> None:
        try_it = QLabel(_("Or try a sample"))
        try_it.setProperty("role", "heading")
        row = QHBoxLayout()
        row.setSpacing(14)
        for card in self.cards:
            card.chosen.connect(self.sample_chosen)
            row.addWidget(card, 1)
        inner = QWidget()
        inner.setMaximumWidth(860)
        column = QVBoxLayout(inner)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(14)
        column.addWidget(self.drop_area, 1)
        column.addWidget(try_it)
        column.addLayout(row)
        column.addWidget(self.formats)
        page = QWidget()
        page.setProperty("role", "room")
        outer = QHBoxLayout(page)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addStretch(1)
        outer.addWidget(inner, 100)
        outer.addStretch(1)
        self.setWidget(page)
