"""The entries that the list shows, and what is known of each."""

from collections.abc import Sequence
from itertools import count
from operator import attrgetter, eq
from pathlib import Path

from PySide6.QtCore import (
    QAbstractListModel,
    QDateTime,
    QLocale,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QUrl,
)

from app.images.listing import Entry
from app.text import _
from app.ui.browser.thumbnails import Glimpse, Thumbnails
from app.ui.inspector.info import bytes_in_words
from app.ui.messages import without_home

NAME = attrgetter("name")
NOWHERE = QModelIndex()
ENTRY = Qt.ItemDataRole.UserRole  # Entry
GLIMPSE = Qt.ItemDataRole.UserRole + 1  # Glimpse | None
Index = QModelIndex | QPersistentModelIndex


class EntryModel(QAbstractListModel):
    """Folders and images of a place; images can be dragged."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._shown: tuple[Entry, ...] = ()
        self._rows: dict[str, int] = {}
        thumbnails.made.connect(self._draw_again)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show these; where only sizes and times are new, nothing moves."""
        before, self._shown = self._shown, tuple(entries)
        self._rows = {}
        is_same = len(before) == len(entries) and all(
            map(eq, map(NAME, before), map(NAME, entries))  # fast, for there may be 100 000
        )
        if is_same and entries:
            self.dataChanged.emit(self.index(0), self.index(len(entries) - 1))
        else:
            self.beginResetModel()
            self.endResetModel()

    def entries(self) -> tuple[Entry, ...]:
        """All that are shown, in order."""
        return self._shown

    def entry(self, index: Index) -> Entry | None:
        """The entry at `index`."""
        return self._shown[index.row()] if index.isValid() and index.row() < len(self._shown) else None

    def row_of(self, path: Path) -> int | None:
        """The row that shows `path`."""
        if not self._rows:
            self._rows = dict(zip(map(NAME, self._shown), count()))
        row = self._rows.get(path.name)
        if row is None or self._shown[row].folder == path.parent:
            return row
        return next((row for row, entry in enumerate(self._shown) if entry.path == path), None)

    def row_beginning_with(self, text: str, start: int) -> int | None:
        """The next row from `start` on, and round again, whose name begins with `text`."""
        wanted = text.casefold()
        total = len(self._shown)
        rows = (*range(start, total), *range(min(start, total)))
        return next((row for row in rows if self._shown[row].name.casefold().startswith(wanted)), None)

    def rowCount(self, _parent: Index = NOWHERE) -> int:
        """How many are shown."""
        return len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Name, entry, what was seen of it, or a few words about it."""
        entry = self.entry(index)
        if entry is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.name
        if role == ENTRY:
            return entry
        if role == GLIMPSE:
            return self._thumbnails.get(entry.path)
        if role == Qt.ItemDataRole.ToolTipRole:
            return in_full(entry, self._thumbnails.get(entry.path))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join((entry.name, *in_few_words(entry, self._thumbnails.get(entry.path))))
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Everything can be dragged."""
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def supportedDragActions(self) -> Qt.DropAction:
        """Files are handed on, never moved."""
        return Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        """Names of files."""
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Return the files at `indexes`, as the drop zones and other programs take them."""
        found = (self.entry(index) for index in sorted(indexes, key=QModelIndex.row))
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(entry.path)) for entry in found if entry is not None])
        return data

    def _draw_again(self, path: Path) -> None:
        row = self.row_of(path)
        if row is not None:
            self.dataChanged.emit(self.index(row), self.index(row))


def in_few_words(entry: Entry, seen: Glimpse | None) -> tuple[str, ...]:
    """Return what stands below a name, what matters most first."""
    if entry.is_folder:
        return (seen.about,) if seen is not None and seen.about else (_("Folder"),)
    size = entry.size if entry.size is not None or seen is None else seen.stamp[1]
    words = (
        seen.about if seen is not None else "",
        entry.format,
        "" if size is None else bytes_in_words(size),
    )
    return tuple(word for word in words if word)


def in_full(entry: Entry, seen: Glimpse | None) -> str:
    """Return everything about an entry, for whoever rests the pointer on it."""
    lines = [entry.name, without_home(str(entry.folder)), " · ".join(in_few_words(entry, seen))]
    if entry.modified_ns is not None:
        moment = QDateTime.fromMSecsSinceEpoch(entry.modified_ns // 1_000_000)
        lines.append(
            _("Changed {date}").format(date=QLocale().toString(moment, QLocale.FormatType.ShortFormat))
        )
    if seen is not None and seen.is_result:
        lines.append(_("Restored by this program from another image"))
    if seen is not None and seen.problem:
        lines.append(seen.problem)
    return "\n".join(lines)
