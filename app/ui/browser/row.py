"""Draws one entry, as a line of the list or as a tile: picture, name, and a few words about it."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.images.listing import Entry
from app.text import _
from app.ui.browser.model import ENTRY, GLIMPSE, in_few_words
from app.ui.browser.thumbnails import Glimpse
from app.ui.icons import icon
from app.ui.theme import colour

GAP = 6
KEPT = 300  # pictures kept at the size at which they are drawn
SIGN = 0.45  # of the picture's place is taken by a sign that stands for it
VEIL = QColor(0, 0, 0, 150)
ON_VEIL = QColor(255, 255, 255)
BREAKS = " _-."  # after which a long name may go on in a second line
SMALL = 0.85  # size of the second line's letters


class EntryRow(QStyledItemDelegate):
    """Draws entries in lines or, with `is_tiled`, in tiles."""

    def __init__(self, parent: object = None) -> None:
        super().__init__(parent)  # type: ignore[arg-type]
        self.is_tiled = False
        self.tile_width = 0
        self._drawn: OrderedDict[tuple[Path, int, float, object], QPixmap] = OrderedDict()

    def side(self, metrics: QFontMetrics) -> int:
        """The side of the square that a picture stands in."""
        return round(metrics.height() * (5.6 if self.is_tiled else 2.5))

    def cell(self, metrics: QFontMetrics) -> QSize:
        """The size of one entry; a line takes all the width there is."""
        side = self.side(metrics)
        if self.is_tiled:
            least = side + 2 * GAP
            return QSize(max(least, self.tile_width), side + round(2 * SMALL * metrics.height()) + 3 * GAP)
        return QSize(side + 8 * GAP, side + GAP)

    def fill(self, width: int, metrics: QFontMetrics) -> bool:
        """Let tiles fill lines of `width`; return whether anything moves."""
        least = self.side(metrics) + 2 * GAP
        before, self.tile_width = self.tile_width, width // max(1, width // least)
        return self.tile_width != before

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """The same for all."""
        return self.cell(QFontMetrics(option.font))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw ground, picture and words."""
        entry, seen = index.data(ENTRY), index.data(GLIMPSE)
        if entry is None:
            return
        painter.save()
        option.widget.style().drawPrimitive(
            QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget
        )
        metrics = QFontMetrics(option.font)
        side = self.side(metrics)
        rect: QRect = option.rect
        if self.is_tiled:
            square = QRect(rect.center().x() - side // 2, rect.top() + GAP, side, side)
        else:
            square = QRect(rect.left() + GAP // 2, rect.center().y() - side // 2, side, side)
        self._paint_picture(painter, square, entry, seen, option)
        if self.is_tiled:
            self._paint_tile(painter, square, entry, seen, option)
        else:
            self._paint_words(painter, rect.adjusted(side + 2 * GAP, 0, -GAP, 0), entry, seen, option)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(colour("accent", option.palette), 1))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        painter.restore()

    def _paint_picture(
        self,
        painter: QPainter,
        square: QRect,
        entry: Entry,
        seen: Glimpse | None,
        option: QStyleOptionViewItem,
    ) -> None:
        if seen is not None and seen.picture is not None:
            pixmap = self._pixmap(entry.path, seen, square.width(), painter.device().devicePixelRatioF())
            size = pixmap.deviceIndependentSize().toSize()
            corner = square.center() - QRect(0, 0, size.width(), size.height()).center()
            painter.drawPixmap(corner, pixmap)
            return
        name = "folder" if entry.is_folder else "warning" if seen is not None and seen.problem else "image"
        token = "quiet" if name != "folder" else ""
        side = round(square.width() * (SIGN if name != "folder" else 0.6))
        where = QRect(square.center().x() - side // 2, square.center().y() - side // 2, side, side)
        icon(name, token).paint(painter, where)
        if name == "image":  # the frame of a picture that is still to come
            painter.setPen(QPen(colour("line", option.palette), 1))
            painter.drawRect(square.adjusted(2, 2, -3, -3))

    def _pixmap(self, path: Path, seen: Glimpse, side: int, ratio: float) -> QPixmap:
        key = (path, side, ratio, seen.stamp)
        if key in self._drawn:
            self._drawn.move_to_end(key)
            return self._drawn[key]
        assert seen.picture is not None
        pixels = round(side * ratio)
        image = seen.picture.scaled(
            QSize(pixels, pixels),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(ratio)
        self._drawn[key] = pixmap
        if len(self._drawn) > KEPT:
            self._drawn.popitem(last=False)
        return pixmap

    def _paint_words(
        self,
        painter: QPainter,
        rect: QRect,
        entry: Entry,
        seen: Glimpse | None,
        option: QStyleOptionViewItem,
    ) -> None:
        strong, quiet = _pens(option)
        metrics = QFontMetrics(option.font)
        small = _small(option.font)
        lines = metrics.height() + QFontMetrics(small).height()
        top = rect.center().y() - lines // 2
        first = QRect(rect.left(), top, rect.width(), metrics.height())
        second = QRect(rect.left(), first.bottom() + 1, rect.width(), QFontMetrics(small).height())
        painter.setFont(option.font)
        painter.setPen(strong)
        name = metrics.elidedText(entry.name, Qt.TextElideMode.ElideMiddle, first.width())
        painter.drawText(first, Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(small)
        if seen is not None and seen.is_result:
            second.setLeft(_paint_badge(painter, second, _("restored"), option.palette) + GAP)
        painter.setPen(quiet)
        words = " · ".join(in_few_words(entry, seen))
        shown = QFontMetrics(small).elidedText(words, Qt.TextElideMode.ElideRight, second.width())
        painter.drawText(second, Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_tile(
        self,
        painter: QPainter,
        square: QRect,
        entry: Entry,
        seen: Glimpse | None,
        option: QStyleOptionViewItem,
    ) -> None:
        strong, _quiet = _pens(option)
        painter.setPen(strong)
        painter.setFont(_small(option.font))
        line = painter.fontMetrics().height()
        place = QRect(option.rect.left() + 2, square.bottom() + GAP, option.rect.width() - 4, line)
        for text in in_two_lines(entry.name, painter.fontMetrics(), place.width()):
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
            place.translate(0, line)
        if seen is None or entry.is_folder:
            return
        if seen.is_result:
            place = QRect(square.left() + 2, square.top() + 2, square.width() - 4, line)
            _paint_badge(painter, place, _("restored"), option.palette)
        if seen.about:
            width = min(painter.fontMetrics().horizontalAdvance(seen.about) + 8, square.width())
            veil = QRect(square.left(), square.bottom() - line, width, line + 1)
            painter.fillRect(veil, VEIL)
            painter.setPen(ON_VEIL)
            painter.drawText(veil, Qt.AlignmentFlag.AlignCenter, seen.about)


def in_two_lines(name: str, metrics: QFontMetrics, width: int) -> tuple[str, ...]:
    """Return a name in one line if it fits, else in two, of which the second may be shortened.

    The first ends where the name itself has a break, if that is not too early.
    """
    if metrics.horizontalAdvance(name) <= width:
        return (name,)
    count = len(name)
    while count > 1 and metrics.horizontalAdvance(name[:count]) > width:
        count -= 1
    breaks = [at + 1 for at, letter in enumerate(name[:count]) if letter in BREAKS]
    if breaks and breaks[-1] > count // 2:
        count = breaks[-1]
    return name[:count], metrics.elidedText(name[count:], Qt.TextElideMode.ElideMiddle, width)


def _paint_badge(painter: QPainter, place: QRect, text: str, palette: QPalette) -> int:
    """Draw a word on a ground of its own; return where it ends."""
    width = painter.fontMetrics().horizontalAdvance(text) + 10
    ground = QRect(place.left(), place.top(), width, place.height())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("accent", palette))
    painter.drawRoundedRect(ground, 3, 3)
    painter.setPen(colour("on_accent", palette))
    painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, text)
    return ground.right()


def _pens(option: QStyleOptionViewItem) -> tuple[QColor, QColor]:
    """Return the colours of the name and of the words below it."""
    if option.state & QStyle.StateFlag.State_Selected:
        on_selection = colour("on_selection", option.palette)
        return on_selection, on_selection
    return colour("text", option.palette), colour("quiet", option.palette)


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * SMALL)
    return small
