"""The strip above the picture of a file with several images: which there are, which is shown."""

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QSizePolicy,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.text import _
from app.ui.background import Background
from app.ui.icons import icon
from app.ui.scenes.model import SIDE, SceneModel, SceneTile
from app.ui.scenes.pictures import ScenePictures
from app.ui.session import OpenImage

MANY = 20  # with more of them there is a field to search in
PAUSE_MS = 120  # keys that follow each other faster are one wish
BEYOND = 2  # scenes beside those in sight whose pictures are made too


class SceneStrip(QWidget):
    """Shows the images of one file and lets the person choose one; hidden where there is only one."""

    scene_wished = Signal(int, int)  # key, scene

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAccessibleName(_("Images of this file"))
        self._image: OpenImage | None = None
        self._wished = 0
        self.pictures = ScenePictures(background, SIDE, self)
        self.model = SceneModel(self.pictures.get)
        self.list = _SceneList()
        self.list.setModel(self.model)
        self.back = self._arrow("left", _("Image before (Ctrl+Page Up)"))
        self.forth = self._arrow("right", _("Image after (Ctrl+Page Down)"))
        self.place = QLabel()
        self.place.setProperty("role", "quiet")
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Find an image"))
        self.search.setAccessibleName(_("Find an image of this file"))
        self.search.setClearButtonEnabled(True)
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._arrange()
        self._connect()
        self.hide()

    def show_image(self, image: OpenImage | None) -> None:
        """Show the images of another file, or which one of them is shown now."""
        old, self._image = self._image, image
        is_many = image is not None and len(image.info.scenes) > 1
        self.setVisible(is_many)
        if image is None or not is_many:
            self.pictures.open(None)
            return
        if old is None or (old.key, old.info.scenes, old.stamp) != (
            image.key,
            image.info.scenes,
            image.stamp,
        ):
            self.pictures.open(image.path)
            self.search.clear()
            self.search.setVisible(len(image.info.scenes) > MANY)
            self.model.show_names(image.info.scenes)
        self._timer.stop()
        self._wished = image.info.scene
        self._mark()
        self._make_pictures()

    def step(self, by: int) -> None:
        """Go to the image so many places further."""
        scene = self.model.beside(self._wished, by) if self.isVisible() else None
        if scene is not None:
            self._wish(scene, at_once=False)

    def give_up(self, key: int) -> None:
        """Mark the image that is shown: the one wished for could not be read."""
        if self._image is not None and self._image.key == key:
            self._wished = self._image.info.scene
            self._mark()

    def _arrange(self) -> None:
        side = QVBoxLayout()
        side.setSpacing(4)
        side.addWidget(self.search)
        side.addWidget(self.place, 0, Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 6, 4)
        row.setSpacing(4)
        row.addWidget(self.back)
        row.addWidget(self.list, 1)
        row.addWidget(self.forth)
        row.addLayout(side)
        self.search.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * 18)

    def _connect(self) -> None:
        self.back.clicked.connect(lambda: self.step(-1))
        self.forth.clicked.connect(lambda: self.step(1))
        self.search.textChanged.connect(self._find)
        self.list.clicked.connect(self._choose_clicked)
        self.list.moved.connect(self._choose_moved)
        self.list.horizontalScrollBar().valueChanged.connect(self._make_pictures)
        self.list.resized.connect(self._make_pictures)
        self.pictures.made.connect(self.model.refresh)
        self._timer.timeout.connect(self._tell)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with the pictures once it is seen."""
        super().showEvent(event)
        QTimer.singleShot(0, self, self._mark)

    def _find(self, text: str) -> None:
        self.model.find(text)
        self._mark()
        self._make_pictures()

    def _choose_clicked(self, index: QModelIndex) -> None:
        self._wish(self.model.scene_at(index.row()), at_once=True)

    def _choose_moved(self, row: int) -> None:
        self._wish(self.model.scene_at(row), at_once=False)

    def _wish(self, scene: int, *, at_once: bool) -> None:
        self._wished = scene
        self._mark()
        if at_once:
            self._tell()
        else:
            self._timer.start()

    def _tell(self) -> None:
        self._timer.stop()
        if self._image is not None and self._wished != self._image.info.scene:
            self.scene_wished.emit(self._image.key, self._wished)

    def _mark(self) -> None:
        """Mark the scene that is shown, or about to be."""
        if self._image is None:
            return
        count = len(self._image.info.scenes)
        self.place.setText(f"{self._wished + 1} / {count}")
        self.back.setEnabled(self.model.beside(self._wished, -1) is not None)
        self.forth.setEnabled(self.model.beside(self._wished, 1) is not None)
        row = self.model.row_of(self._wished)
        if row is None:
            self.list.clearSelection()
        else:
            self.list.mark(row)

    def _make_pictures(self, _change: object = None) -> None:
        if self.isVisible():
            self.pictures.make(self._in_sight)

    def _in_sight(self) -> list[int]:
        """The scenes in sight, then those just beside them."""
        if not self.isVisible() or not self.model.rowCount():
            return []
        viewport = self.list.viewport()
        first = max(0, self.list.indexAt(QPoint(1, viewport.height() // 2)).row())
        wide, across = viewport.width(), max(1, self.list.tile.width())
        last = min(self.model.rowCount(), first + wide // across + 1 + BEYOND)
        return [self.model.scene_at(row) for row in range(first, last)]

    def _arrow(self, name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.setAutoRepeat(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        return button


class _SceneList(QListView):
    """One line of tiles; arrow keys move along it."""

    moved = Signal(int)  # row that the person moved to by key
    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(_("Images of this file"))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(SceneTile(self))
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def mark(self, row: int) -> None:
        """Select a row and bring it into sight, without it being a wish."""
        before = self.blockSignals(True)
        self.setCurrentIndex(self.model().index(row, 0))
        self.blockSignals(before)
        self.scrollTo(self.currentIndex(), QListView.ScrollHint.EnsureVisible)
        self.viewport().update()

    @property
    def tile(self) -> QSize:
        """The size of one scene."""
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        return self.itemDelegate().sizeHint(option, QModelIndex())

    def sizeHint(self) -> QSize:
        """As high as one line of tiles and the bar below it."""
        bar = self.horizontalScrollBar().sizeHint().height()
        return QSize(4 * self.tile.width(), self.tile.height() + bar + 4)

    def minimumSizeHint(self) -> QSize:
        """One tile at least."""
        return QSize(self.tile.width(), self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with the arrows, and say so."""
        before = self.currentIndex()
        super().keyPressEvent(event)
        if self.currentIndex() != before and self.currentIndex().isValid():
            self.moved.emit(self.currentIndex().row())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say that more or fewer are in sight."""
        super().resizeEvent(event)
        self.resized.emit()
