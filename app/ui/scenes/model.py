"""The scenes of a file as rows, all of them or those whose names hold some words; and how a row is drawn."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QImage, QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.text import _
from app.ui.names import shown_name, tip
from app.ui.theme import colour

Index = QModelIndex | QPersistentModelIndex

SIDE = 64  # pixels of a small picture
ACROSS, DOWN = 76, 46  # the place for it
GAP = 4
LETTERS = 13  # of a name that have room


class SceneModel(QAbstractListModel):
    """Rows of scenes; a row knows its scene by `scene_at`."""

    def __init__(self, picture: Callable[[int], QImage | None]) -> None:
        super().__init__()
        self._picture = picture
        self._names: tuple[str, ...] = ()
        self._rows: Sequence[int] = ()
        self._places: dict[int, int] = {}

    def show_names(self, names: tuple[str, ...]) -> None:
        """Show the scenes of another file."""
        self._names = tuple(
            name or _("Image {number}").format(number=at + 1) for at, name in enumerate(names)
        )
        self.find("")

    def find(self, text: str) -> None:
        """Show the scenes whose names hold all words of `text`."""
        words = text.casefold().split()
        self.beginResetModel()
        folded = ((at, name.casefold()) for at, name in enumerate(self._names))
        self._rows = [at for at, name in folded if all(word in name for word in words)]
        self._places = {scene: row for row, scene in enumerate(self._rows)}
        self.endResetModel()

    def scene_at(self, row: int) -> int:
        """Return the scene of a row."""
        return self._rows[row]

    def row_of(self, scene: int) -> int | None:
        """Return the row of a scene; None if it is not among those shown."""
        return self._places.get(scene)

    def beside(self, scene: int, by: int) -> int | None:
        """Return the scene so many rows further; None behind the ends."""
        row = self._places.get(scene)
        if row is None:  # from a scene that is not shown, go to the nearest
            later = sum(one < scene for one in self._rows)
            row = later - 1 if by > 0 else later
        row += by
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def refresh(self, scene: int) -> None:
        """Draw a scene anew."""
        row = self._places.get(scene)
        if row is not None:
            index = self.index(row)
            self.dataChanged.emit(index, index)

    def rowCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        """How many scenes are shown."""
        return len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Name, picture, and the whole name where it may be cut."""
        scene = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return shown_name(self._names[scene], 200)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._names[scene]
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self._names[scene])
        if role == Qt.ItemDataRole.DecorationRole:
            return self._picture(scene)
        return None


class SceneTile(QStyledItemDelegate):
    """Draws a small picture with the name of the scene under it."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        """The same for all, so that thousands of rows cost nothing."""
        letters = option.fontMetrics.horizontalAdvance("n") * LETTERS
        return QSize(max(ACROSS, letters) + 4 * GAP, DOWN + option.fontMetrics.height() + 4 * GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one scene."""
        state, rect = option.state, option.rect.adjusted(2, 2, -2, -2)
        palette = option.palette
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(colour("selection" if is_chosen else "hover", palette))
            edge = QPen(colour("accent", palette), 2) if is_chosen else QPen(Qt.PenStyle.NoPen)
            painter.setPen(edge)
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 4, 4)
        place = QRect(rect.center().x() - ACROSS // 2, rect.top() + GAP, ACROSS, DOWN)
        self._paint_picture(painter, place, index.data(Qt.ItemDataRole.DecorationRole), palette)
        painter.setPen(colour("on_selection" if is_chosen else "text", palette))
        words = QRect(
            rect.left() + GAP, place.bottom(), rect.width() - 2 * GAP, rect.bottom() - place.bottom()
        )
        metrics = painter.fontMetrics()
        name = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, name)
        painter.restore()

    def _paint_picture(self, painter: QPainter, place: QRect, picture: object, palette: QPalette) -> None:
        if not isinstance(picture, QImage):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("line", palette))
            painter.drawRoundedRect(place, 3, 3)
            return
        size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        where = QRect(place.topLeft(), size)
        where.moveCenter(place.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(where, picture)
