"""The tree of places: home, drives, recent files, samples; folders are listed when they are unfolded."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QModelIndex, QStorageInfo, Qt, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from app.text import _
from app.ui.background import Background
from app.ui.icons import icon

PATH = Qt.ItemDataRole.UserRole
PLACE = Qt.ItemDataRole.UserRole + 1

Kind = Literal["recent", "samples", "folder"]


@dataclass(frozen=True, slots=True)
class Place:
    """What the list beside the tree shows: a folder, or one of two collections."""

    kind: Kind
    folder: Path | None = None


class PlacesTree(QTreeWidget):
    """Says which place was chosen."""

    place_chosen = Signal(object)  # Place

    def __init__(self, background: Background) -> None:
        super().__init__()
        self._background = background
        self.setHeaderHidden(True)
        self.setAccessibleName(_("Places"))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._add(_("Recent"), "recent", Place("recent"))
        self._add(_("Samples"), "sample", Place("samples"))
        home = self._add(_("Home"), "home", Place("folder", Path.home()), can_unfold=True)
        self.itemExpanded.connect(self._unfold)
        self.currentItemChanged.connect(self._choose)
        self._home = home
        background.run(drives, self._add_drives, lambda _error: None)

    def show_place(self, place: Place) -> None:
        """Mark a place as chosen, if it is in sight."""
        for row in range(self.topLevelItemCount()):
            item = self.topLevelItem(row)
            if item is not None and item.data(0, PLACE) == place:
                self.setCurrentItem(item)
                return
        self.setCurrentIndex(QModelIndex())

    def _add(
        self,
        text: str,
        picture: str,
        place: Place,
        *,
        can_unfold: bool = False,
        above: QTreeWidgetItem | None = None,
    ) -> QTreeWidgetItem:
        item = QTreeWidgetItem([text])
        item.setIcon(0, icon(picture))
        item.setData(0, PLACE, place)
        if place.folder is not None:
            item.setToolTip(0, str(place.folder))
        if can_unfold:
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
        if above is None:
            self.addTopLevelItem(item)
        else:
            above.addChild(item)
        return item

    def _add_drives(self, found: list[tuple[str, Path]]) -> None:
        for name, folder in found:
            self._add(name, "drive", Place("folder", folder), can_unfold=True)

    def _unfold(self, item: QTreeWidgetItem) -> None:
        place = item.data(0, PLACE)
        if item.childCount() == 0 and place.folder is not None:
            call = partial(folders_in, place.folder)
            self._background.run(call, partial(self._show_folders, item), lambda _error: None, priority=1)

    def _show_folders(self, item: QTreeWidgetItem, folders: list[Path]) -> None:
        if item.childCount():
            return
        for folder in folders:
            self._add(folder.name, "folder", Place("folder", folder), can_unfold=True, above=item)
        if not folders:
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.DontShowIndicator)

    def _choose(self, item: QTreeWidgetItem | None, _before: object) -> None:
        if item is not None:
            self.place_chosen.emit(item.data(0, PLACE))


def folders_in(folder: Path) -> list[Path]:
    """Return the visible folders in `folder`, by name; none if it cannot be listed. For a thread.

    A folder that is an image is none of them.
    """
    from app.images.open import is_image_folder

    try:
        inner = [path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir()]
    except OSError:
        return []
    inner = [path for path in inner if not is_image_folder(path)]
    return sorted(inner, key=lambda path: path.name.lower())


def drives() -> list[tuple[str, Path]]:
    """Return the drives of this computer with their names; for a thread, since network drives are slow."""
    found = []
    for volume in QStorageInfo.mountedVolumes():
        folder = Path(volume.rootPath())
        is_system = folder.parts[1:2] in [
            (name,) for name in ("boot", "dev", "etc", "proc", "run", "snap", "sys")
        ]
        if volume.isValid() and volume.isReady() and folder.is_dir() and not is_system:
            root = str(folder)
            found.append((root if root == folder.anchor else volume.displayName() or root, folder))
    return found
