"""The browser: places, a filter, and the images of the chosen place with small pictures."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.text import _
from app.ui.background import Task
from app.ui.browser.thumbnails import Thumbnails
from app.ui.browser.tree import Place, PlacesTree, folders_in
from app.ui.icons import icon
from app.ui.panels import Services
from app.ui.welcome import SAMPLES

SIDE = 44  # of a small picture
MOST = 5000  # entries listed of one folder

NOWHERE = QModelIndex()
Entry = tuple[Path, bool]  # path, whether it is a folder


class EntryModel(QAbstractListModel):
    """Folders and images of a place; asks for the pictures of those that are drawn."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._all: list[Entry] = []
        self._shown: list[Entry] = []
        self._pixmaps: dict[int, QPixmap] = {}
        self._filter = ""
        thumbnails.made.connect(self._draw_again)

    def show_entries(self, entries: list[Entry]) -> None:
        """Show another place."""
        self._all = entries
        self.filter_by(self._filter)

    def filter_by(self, text: str) -> None:
        """Keep the names that contain `text`."""
        self.beginResetModel()
        self._filter = text
        wanted = text.strip().lower()
        self._shown = [entry for entry in self._all if wanted in entry[0].name.lower()]
        self.endResetModel()

    def entry(self, index: QModelIndex) -> Entry | None:
        """The entry at `index`."""
        return self._shown[index.row()] if index.isValid() and index.row() < len(self._shown) else None

    def rowCount(self, _parent: QModelIndex | QPersistentModelIndex = NOWHERE) -> int:
        """How many are shown."""
        return len(self._shown)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> object:
        """Name, picture or path of an entry."""
        path, is_folder = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return path.name or str(path)
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(path)
        if role == Qt.ItemDataRole.DecorationRole:
            if is_folder:
                return icon("folder")
            picture = self._thumbnails.get(path)
            return icon("image", "line") if picture is None else _squared(picture)
        return None

    def _draw_again(self, path: Path) -> None:
        for row, (shown, _is_folder) in enumerate(self._shown):
            if shown == path:
                self.dataChanged.emit(self.index(row), self.index(row), [Qt.ItemDataRole.DecorationRole])
                return


class EntryList(QListView):
    """The list; Enter opens what is selected."""

    opened = Signal()
    scrolled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(_("Images"))
        self.setIconSize(QSize(SIDE, SIDE))
        self.setUniformItemSizes(True)
        self.setSpacing(1)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(lambda _index: self.opened.emit())
        self.verticalScrollBar().valueChanged.connect(lambda _value: self.scrolled.emit())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        else:
            super().keyPressEvent(event)


class BrowserPanel(QWidget):
    """Looks around and opens; what to do with an image beyond opening is asked by signal."""

    restore_wanted = Signal(object)  # list of Path
    show_wanted = Signal(object)  # Path: in the system's file manager

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self._services = services
        self._place = Place("recent")
        self._listing: Task[list[Entry]] | None = None
        self.thumbnails = Thumbnails(services.background, SIDE * 2, self)
        self.tree = PlacesTree(services.background)
        self.filter = QLineEdit(placeholderText=_("Filter by name"), clearButtonEnabled=True)
        self.filter.setAccessibleName(_("Filter by name"))
        self.filter.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.model = EntryModel(self.thumbnails, self)
        self.list = EntryList()
        self.list.setModel(self.model)
        self.empty = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("role", "quiet")
        self.empty.setMargin(12)
        self._settle = QTimer(self, singleShot=True, interval=150)
        self._arrange()
        self._connect()
        recent = services.settings.current.recent
        self.tree.show_place(Place("recent") if recent else Place("samples"))

    def show_place(self, place: Place) -> None:
        """List another place."""
        self._place = place
        if self._listing is not None:
            self._listing.cancel()
        recent = self._services.settings.current.recent
        self._listing = self._services.background.run(
            partial(entries_of, place, recent), self._show_entries, priority=1
        )

    def selected(self) -> list[Entry]:
        """What is selected in the list."""
        found = (self.model.entry(index) for index in self.list.selectionModel().selectedIndexes())
        return [entry for entry in found if entry is not None]

    def _arrange(self) -> None:
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self.empty)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(6, 6, 6, 0)
        column.setSpacing(6)
        column.addWidget(self.filter)
        column.addWidget(holder, 1)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.tree)
        splitter.addWidget(lower)
        splitter.setSizes([200, 400])
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def _connect(self) -> None:
        self.tree.place_chosen.connect(self.show_place)
        self.filter.textChanged.connect(self._filter)
        self.list.opened.connect(self._open_selected)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.scrolled.connect(self._settle.start)
        self._settle.timeout.connect(self._forget_unseen)
        self._services.settings.changed.connect(self._refresh_recent)

    def _filter(self, text: str) -> None:
        self.model.filter_by(text)
        self._show_or_explain()

    def _show_entries(self, entries: list[Entry]) -> None:
        self.model.show_entries(entries)
        self._show_or_explain()

    def _show_or_explain(self) -> None:
        if self.model.rowCount():
            self._stack.setCurrentWidget(self.list)
            return
        if self.filter.text():
            words = _("No name here contains “{text}”.").format(text=self.filter.text())
        elif self._place.kind == "recent":
            words = _("Images that you open are listed here.")
        else:
            words = _("No image in this folder.")
        self.empty.setText(words)
        self._stack.setCurrentWidget(self.empty)

    def _refresh_recent(self, _settings: object) -> None:
        if self._place.kind == "recent":
            self.show_place(self._place)

    def _open_selected(self) -> None:
        entries = self.selected()
        images = [path for path, is_folder in entries if not is_folder]
        if images:
            self._services.session.open_paths(images)
        elif entries:
            self.tree.show_place(Place("folder", entries[0][0]))
            self.show_place(Place("folder", entries[0][0]))

    def _show_menu(self, point: QPoint) -> None:
        entries = self.selected()
        if not entries:
            return
        paths = [path for path, _is_folder in entries]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icon("open"), _("Open"), self._open_selected)
        if not any(is_folder for _path, is_folder in entries):
            menu.addAction(icon("restore"), _("Open and restore"), partial(self.restore_wanted.emit, paths))
        menu.addAction(icon("folder"), _("Show in folder"), partial(self.show_wanted.emit, paths[0]))
        menu.popup(self.list.viewport().mapToGlobal(point))

    def _forget_unseen(self) -> None:
        """Cancel the small pictures that were scrolled away before they were made."""
        area = self.list.viewport().rect()
        first = self.list.indexAt(area.topLeft() + QPoint(5, 5)).row()
        last = self.list.indexAt(area.bottomLeft() + QPoint(5, -5)).row()
        last = last if last >= 0 else self.model.rowCount() - 1
        seen = (self.model.entry(self.model.index(row)) for row in range(max(first, 0), last + 1))
        self.thumbnails.keep_only(entry[0] for entry in seen if entry is not None)


def entries_of(place: Place, recent: tuple[str, ...]) -> list[Entry]:
    """Return what a place holds, folders first; for a thread."""
    if place.kind == "recent":
        return [(Path(name), False) for name in recent if Path(name).exists()]
    from app.images.errors import ImageError
    from app.images.folders import list_images

    folder = place.folder or SAMPLES[0].path.parent
    entries = [(inner, True) for inner in folders_in(folder)]
    try:
        entries += [(path, False) for path in list_images(folder)]
    except ImageError:
        return entries
    return entries[:MOST]


def _squared(picture: QImage) -> QPixmap:
    """Return the picture on a transparent square, so that all names begin at the same place."""
    square = QPixmap(SIDE, SIDE)
    square.fill(Qt.GlobalColor.transparent)
    scaled = QPixmap.fromImage(picture).scaled(
        SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    painter = QPainter(square)
    painter.drawPixmap((SIDE - scaled.width()) // 2, (SIDE - scaled.height()) // 2, scaled)
    painter.end()
    return square
