"""The good images as small pictures, one grid for each sample: what each is for, and how to change it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.text import _, ngettext
from app.ui.icons import icon
from app.ui.names import shown_name
from app.ui.theme import colour
from app.ui.training.plan import Chosen, Role
from app.ui.training.words import MENU, ROLE_HELP, ROLES, SHORT

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
CHOSEN, PICTURE, DOUBT = (Qt.ItemDataRole.UserRole + step for step in (1, 2, 3))
MIME = "application/x-micrographia-training-images"
LINES = 7.0  # of text, the side of a picture
GAP = 8
FADED = 0.35  # of a picture that is left out
ELIDE = Qt.TextElideMode.ElideRight
KEYS: dict[int, Role] = {
    Qt.Key.Key_L: "learn",
    Qt.Key.Key_C: "tune",
    Qt.Key.Key_T: "test",
    Qt.Key.Key_Delete: "left out",
}


class TilesModel(QAbstractListModel):
    """The images of one sample."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Chosen, ...] = ()
        self._pictures: Mapping[Path, QImage] = {}
        self._doubtful: frozenset[Path] = frozenset()

    def show_rows(
        self, rows: tuple[Chosen, ...], pictures: Mapping[Path, QImage], doubtful: frozenset[Path]
    ) -> None:
        """Show these images; rows that stay keep their selection."""
        is_other = [row.path for row in rows] != [row.path for row in self.rows]
        if is_other:
            self.beginResetModel()
        self.rows, self._pictures, self._doubtful = rows, pictures, doubtful
        if is_other:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """One for each image."""
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Images can be chosen and dragged."""
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # Any: as Qt has it
        """What to show of an image, and what to say of it."""
        one = self.rows[index.row()]
        told = {
            Qt.ItemDataRole.DisplayRole: shown_name(one.path.name),
            Qt.ItemDataRole.AccessibleTextRole: f"{one.path.name}, {_(ROLES[one.role].word)}",
            Qt.ItemDataRole.ToolTipRole: f"{one.path.name}\n{_(ROLE_HELP[one.role])}",
            CHOSEN: one,
            PICTURE: self._pictures.get(one.path),
            DOUBT: one.path in self._doubtful,
        }
        return told.get(role)

    def mimeTypes(self) -> list[str]:
        """Images travel between samples by their paths."""
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Return the paths of what is dragged."""
        paths = [str(self.rows[index.row()].path) for index in indexes]
        data = QMimeData()
        data.setData(MIME, json.dumps(paths).encode())
        return data


class Tile(QStyledItemDelegate):
    """Draws one image: the picture, a badge that says what it is for, its name."""

    def side(self, widget: QWidget) -> int:
        """The side of the picture's place."""
        return round(widget.fontMetrics().height() * LINES)

    def cell(self, widget: QWidget) -> QSize:
        """The size of one tile."""
        line = widget.fontMetrics().height()
        return QSize(self.side(widget) + 2 * GAP, self.side(widget) + 2 * line + 3 * GAP)

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        """The same for all."""
        return self.cell(option.widget)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the tile."""
        palette, metrics = option.palette, option.fontMetrics
        one: Chosen = index.data(CHOSEN)
        sign = ROLES[one.role]
        rect = option.rect.adjusted(2, 2, -2, -2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        has_focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        if is_selected or has_focus:
            painter.setPen(QPen(colour("accent", palette), 2 if has_focus else 1))
            painter.setBrush(colour("selection", palette) if is_selected else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(rect), 5, 5)
        side = self.side(option.widget)
        place = QRect(option.rect.left() + GAP, option.rect.top() + GAP, side, side)
        painter.fillRect(place, colour("hover", palette))
        if index.data(PICTURE) is not None:
            is_faded = one.role == "left out" and bool(one.sample)
            self._paint_picture(painter, place, index.data(PICTURE), is_faded=is_faded)
        if index.data(DOUBT):
            plate = QRect(place.right() - 25, place.top(), 26, 26)
            painter.fillRect(plate, colour("warning_fill", palette))
            icon("warning", "warning").paint(painter, plate.adjusted(3, 3, -3, -3))
        line = metrics.height()
        token = "on_selection" if is_selected else "text"
        below = QRect(place.left(), place.bottom() + 5, side, line)
        if one.sample:
            self._paint_badge(painter, below, one.role, "on_selection" if is_selected else sign.token)
            below.translate(0, line + 1)
        painter.setPen(colour(token, palette))
        name = metrics.elidedText(index.data(), Qt.TextElideMode.ElideMiddle, side)
        painter.drawText(below, 0, name)
        painter.restore()

    def _paint_badge(self, painter: QPainter, place: QRect, role: Role, token: str) -> None:
        side = place.height() - 2
        icon(ROLES[role].shape, token).paint(painter, place.left(), place.top() + 1, side, side)
        painter.setPen(colour(token, QGuiApplication.palette()))
        badge = place.adjusted(side + 5, 0, 0, 0)
        painter.drawText(badge, 0, painter.fontMetrics().elidedText(_(SHORT[role]), ELIDE, badge.width()))

    def _paint_picture(self, painter: QPainter, place: QRect, picture: QImage, *, is_faded: bool) -> None:
        ratio = painter.device().devicePixelRatioF()
        size = place.size() * ratio
        scaled = QPixmap.fromImage(picture).scaled(
            size, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
        )
        left, top = (scaled.width() - size.width()) // 2, (scaled.height() - size.height()) // 2
        painter.setOpacity(FADED if is_faded else 1.0)
        painter.drawPixmap(place, scaled, QRect(left, top, size.width(), size.height()))
        painter.setOpacity(1.0)


class TilesView(QListView):
    """A grid as high as its images need; a plain one is of images that can only be taken away."""

    role_wished = Signal(object, str)  # list of Path, Role
    sample_wished = Signal(object)  # list of Path: ask for a name
    moved_here = Signal(object)  # list of Path

    def __init__(self, parent: QWidget | None = None, *, is_plain: bool = False) -> None:
        super().__init__(parent)
        self._is_plain = is_plain
        self.setItemDelegate(Tile(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setDragEnabled(not is_plain)
        self.setAcceptDrops(not is_plain)

    def paths(self) -> list[Path]:
        """The images that are selected."""
        return [index.data(CHOSEN).path for index in self.selectionModel().selectedIndexes()]

    def fit(self) -> None:
        """Take the height that all images need at this width."""
        delegate = self.itemDelegate()
        assert isinstance(delegate, Tile)
        cell = delegate.cell(self)
        across = max(1, self.viewport().width() // cell.width())
        count = self.model().rowCount() if self.model() is not None else 0
        self.setFixedHeight(max(1, -(-count // across)) * cell.height() + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height to the new width."""
        super().resizeEvent(event)
        self.fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit the height to the size of the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.scheduleDelayedItemsLayout()
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """L, C, T and Delete say what the selected images are for; the menu key opens the menu."""
        role = KEYS.get(event.key())
        if self._is_plain and role != "left out":
            role = None
        if role is not None and self.paths() and not event.modifiers():
            self.role_wished.emit(self.paths(), role)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Menu) and self.paths():
            self._open_menu(self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center()))
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of the selected images."""
        if self.paths():
            self._open_menu(event.globalPos())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take images of another sample; files are for the window."""
        if event.mimeData().hasFormat(MIME) and event.source() is not self:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """As above."""
        event.accept() if event.mimeData().hasFormat(MIME) else event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Count the images to this sample."""
        if event.mimeData().hasFormat(MIME):
            names = json.loads(bytes(event.mimeData().data(MIME).data()))
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.moved_here.emit([Path(name) for name in names])

    def menu(self) -> QMenu:
        """Return the menu for the selected images."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        paths = self.paths()
        if self._is_plain:
            away = menu.addAction(icon("minus"), _("Remove"))
            away.setShortcut(Qt.Key.Key_Delete)
            away.triggered.connect(partial(self.role_wished.emit, paths, "left out"))
            return menu
        letters = {role: key for key, role in KEYS.items()}
        for role, sign in ROLES.items():
            action = QAction(icon(sign.shape), _(MENU[role]), menu)
            action.setToolTip(_(ROLE_HELP[role]))
            action.setShortcut(letters[role])
            action.triggered.connect(partial(self.role_wished.emit, paths, role))
            menu.addAction(action)
        menu.addSeparator()
        other = QAction(icon("settings"), _("Belongs to another sample…"), menu)
        other.triggered.connect(partial(self.sample_wished.emit, paths))
        menu.addAction(other)
        return menu

    def _open_menu(self, place: QPoint) -> None:
        self.menu().popup(place)


class SampleGroup(QWidget):
    """One sample: its name, which can be changed, how many images it has, and the images."""

    renamed = Signal(str, str)  # before, after
    role_wished = Signal(object, str)
    sample_wished = Signal(object)
    moved_here = Signal(object, str)  # list of Path, this sample

    def __init__(self, sample: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sample = sample
        self.model = TilesModel(self)
        self.view = TilesView()
        self.view.setModel(self.model)
        self.view.setAccessibleName(_("Images of {sample}").format(sample=sample))
        self.name = QLineEdit(sample)
        self.name.setCursorPosition(0)  # a long name is read from its beginning
        self.name.setAccessibleName(_("Name of the sample"))
        self.name.setToolTip(_("Type the name of another sample to make both one."))
        letter = self.fontMetrics().averageCharWidth()
        self.name.setFixedWidth(letter * 30)
        self.count = QLabel()
        self.count.setProperty("role", "quiet")
        self.more = QToolButton()
        self.more.setIcon(icon("settings"))
        self.more.setAccessibleName(_("What the whole sample is for"))
        self.more.setToolTip(_("What the whole sample is for"))
        self.more.clicked.connect(self._open_menu)
        head = QHBoxLayout()
        head.setContentsMargins(GAP, 0, 0, 0)
        head.addWidget(self.name)
        head.addWidget(self.count)
        head.addWidget(self.more)
        head.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.view)
        self.name.editingFinished.connect(self._rename)
        self.view.role_wished.connect(self.role_wished)
        self.view.sample_wished.connect(self.sample_wished)
        self.view.moved_here.connect(lambda paths: self.moved_here.emit(paths, self.sample))

    def show_images(
        self, rows: tuple[Chosen, ...], pictures: Mapping[Path, QImage], doubtful: frozenset[Path]
    ) -> None:
        """Show the images of the sample."""
        self.model.show_rows(rows, pictures, doubtful)
        self.count.setText(ngettext("{n} image", "{n} images", len(rows)).format(n=len(rows)))
        self.view.fit()

    def _rename(self) -> None:
        after = self.name.text().strip()
        if not after:
            self.name.setText(self.sample)
        elif after != self.sample:
            self.renamed.emit(self.sample, after)

    def _open_menu(self) -> None:
        self.view.selectAll()
        self.view.menu().popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
