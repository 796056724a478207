"""The tree of places: recent, samples, pinned folders, home, desktop, drives; unfolded in the background."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QModelIndex, QPoint, QStandardPaths, Qt, QTimer, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from app.text import _
from app.ui.background import Background
from app.ui.browser.drives import Drive, are_missing, find_drives
from app.ui.icons import icon
from app.ui.messages import without_home

PLACE = Qt.ItemDataRole.UserRole
NAME = Qt.ItemDataRole.UserRole + 1
LOOK_EVERY_MS = 4000  # for drives that come and go
MOST_FOLDERS = 2000  # shown below one folder of the tree
PICTURES = {"disk": "drive", "removable": "removable", "network": "network"}

Kind = Literal["recent", "samples", "folder"]


@dataclass(frozen=True, slots=True)
class Place:
    """What the list shows: a folder, or one of two collections."""

    kind: Kind
    folder: Path | None = None


class PlacesTree(QTreeWidget):
    """Says which place was chosen."""

    place_chosen = Signal(object)  # Place
    menu_wanted = Signal(object, QPoint)  # Path of a folder, where on the screen
    drives_changed = Signal()

    def __init__(self, background: Background, look: Callable[[], tuple[Drive, ...]] = find_drives) -> None:
        super().__init__()
        self._background = background
        self._look = look
        self._drives: dict[Path, Drive] = {}
        self._connected: frozenset[Path] = frozenset()
        self._missing: dict[bool, frozenset[Path]] = {False: frozenset(), True: frozenset()}
        self._under_way: set[str] = set()
        self._pins: list[QTreeWidgetItem] = []
        self.setHeaderHidden(True)
        self.setAccessibleName(_("Places"))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setIndentation(self.fontMetrics().height())
        self._add(_("Recent images"), "recent", Place("recent"))
        self._recent = self._add(_("Recent folders"), "folder", None, can_unfold=True)
        self._add(_("Samples"), "sample", Place("samples"))
        self._first_fixed = self._add(_("Home"), "home", Place("folder", Path.home()), can_unfold=True)
        desktop = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DesktopLocation)
        if desktop and Path(desktop) != Path.home():
            self._add(_("Desktop"), "desktop", Place("folder", Path(desktop)), can_unfold=True)
        self.itemExpanded.connect(self._unfold)
        self.currentItemChanged.connect(self._choose)
        self.customContextMenuRequested.connect(self._ask_for_menu)
        self._timer = QTimer(self, interval=LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look_if_seen)
        self._timer.start()
        self.look_round()

    def show_place(self, place: Place) -> None:
        """Mark a place as chosen, if it is in sight."""
        current = self.currentItem()
        if current is not None and current.data(0, PLACE) == place:
            return
        self.blockSignals(True)
        item = self._item_of(place)
        if item is None:
            self.setCurrentIndex(QModelIndex())
        else:
            self.setCurrentItem(item)
        self.blockSignals(False)

    def show_pinned(self, folders: Sequence[str]) -> None:
        """Offer these folders."""
        if [str(item.data(0, PLACE).folder) for item in self._pins] == list(folders):
            return
        for item in self._pins:
            self.takeTopLevelItem(self.indexOfTopLevelItem(item))
        at = self.indexOfTopLevelItem(self._first_fixed)
        self._pins = []
        for name in folders:
            folder = Path(name)
            item = _item(folder.name or name, "pinned", Place("folder", folder), can_unfold=True)
            self.insertTopLevelItem(at + len(self._pins), item)
            self._pins.append(item)
        self._mark_missing()
        self.look_round()

    def show_recent(self, folders: Sequence[str]) -> None:
        """Offer these below "Recent folders"."""
        self._recent.setHidden(not folders)
        below = (self._recent.child(row) for row in range(self._recent.childCount()))
        if [str(_folder_of(item)) for item in below] == list(folders):
            return
        self._recent.takeChildren()
        for name in folders:
            self._recent.addChild(_item(Path(name).name or name, "folder", Place("folder", Path(name))))

    def look_round(self) -> None:
        """Look for drives that came or went, and for pinned folders that are not there."""
        pins = [item.data(0, PLACE).folder for item in self._pins]
        self._ask("drives", self._look, self._show_drives)
        for on_network in (False, True):
            call = partial(are_missing, pins, on_network=on_network)
            self._ask(f"pins {on_network}", call, partial(self._show_missing, on_network))

    def _ask(self, name: str, call: Callable[[], object], done: Callable[..., None]) -> None:
        """Ask something unless it was asked already and is still unanswered."""
        if name in self._under_way:
            return
        self._under_way.add(name)

        def hear(answer: object) -> None:
            self._under_way.discard(name)
            done(answer)

        self._background.run_apart(call, hear, lambda _error: self._under_way.discard(name))

    def _look_if_seen(self) -> None:
        if self.isVisible() and self.window().isActiveWindow():
            self.look_round()

    def _show_drives(self, found: Iterable[Drive]) -> None:
        drives = {drive.folder: drive for drive in found}
        for folder, drive in drives.items():
            if folder not in self._drives:
                self._add(drive.name, PICTURES[drive.kind], Place("folder", folder), can_unfold=True)
        is_changed = frozenset(drives) != self._connected and bool(self._connected)
        self._drives |= drives
        self._connected = frozenset(drives)
        self._mark_missing()
        if is_changed:
            self.drives_changed.emit()

    def _show_missing(self, on_network: bool, missing: frozenset[Path]) -> None:  # noqa: FBT001 - a slot
        is_changed = missing != self._missing[on_network]
        self._missing[on_network] = missing
        self._mark_missing()
        if is_changed:
            self.drives_changed.emit()

    def _mark_missing(self) -> None:
        """Say of drives and pinned folders whether they are connected."""
        missing = self._missing[False] | self._missing[True] | (frozenset(self._drives) - self._connected)
        for row in range(self.topLevelItemCount()):
            item = self.topLevelItem(row)
            folder = _folder_of(item)
            if item is None or folder is None or not (item in self._pins or folder in self._drives):
                continue
            name = item.data(0, NAME)
            text = _("{name}: not connected").format(name=name) if folder in missing else name
            if item.text(0) != text:
                item.setText(0, text)

    def _item_of(self, place: Place) -> QTreeWidgetItem | None:
        for row in range(self.topLevelItemCount()):
            item = self.topLevelItem(row)
            if item is not None and item.data(0, PLACE) == place:
                return item
        return None

    def _add(
        self, text: str, picture: str, place: Place | None, *, can_unfold: bool = False
    ) -> QTreeWidgetItem:
        item = _item(text, picture, place, can_unfold=can_unfold)
        self.addTopLevelItem(item)
        return item

    def _unfold(self, item: QTreeWidgetItem) -> None:
        folder = _folder_of(item)
        if item.childCount() == 0 and folder is not None:
            self._background.run_apart(partial(folders_in, folder), partial(self._show_folders, item))

    def _show_folders(self, item: QTreeWidgetItem, folders: list[Path]) -> None:
        if item.childCount():
            return
        item.addChildren(
            [
                _item(folder.name, "folder", Place("folder", folder), can_unfold=True)
                for folder in folders[:MOST_FOLDERS]
            ]
        )
        if not folders:
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.DontShowIndicator)

    def _choose(self, item: QTreeWidgetItem | None, _before: object) -> None:
        place = None if item is None else item.data(0, PLACE)
        if place is not None:
            self.place_chosen.emit(place)

    def _ask_for_menu(self, point: QPoint) -> None:
        folder = _folder_of(self.itemAt(point))
        if folder is not None:
            self.menu_wanted.emit(folder, self.viewport().mapToGlobal(point))


def folders_in(folder: Path) -> list[Path]:
    """Return the visible folders in `folder`, by name; none if it cannot be listed. For a thread.

    A folder that is an image is none of them.
    """
    from app.images.folders import natural_key
    from app.images.listing import is_shown_as_image
    from app.paths import is_on_network

    on_network = is_on_network(folder)
    try:
        inner = [path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir()]
    except OSError:
        return []
    inner = [path for path in inner if not is_shown_as_image(path, on_network=on_network)]
    return sorted(inner, key=lambda path: natural_key(path.name))


def _item(text: str, picture: str, place: Place | None, *, can_unfold: bool = False) -> QTreeWidgetItem:
    item = QTreeWidgetItem([text])
    item.setIcon(0, icon(picture))
    item.setData(0, PLACE, place)
    item.setData(0, NAME, text)
    if place is not None and place.folder is not None:
        item.setToolTip(0, without_home(str(place.folder)))
    if can_unfold:
        item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
    return item


def _folder_of(item: QTreeWidgetItem | None) -> Path | None:
    place = None if item is None else item.data(0, PLACE)
    folder: Path | None = None if place is None else place.folder
    return folder
