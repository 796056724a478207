"""A layout that puts widgets beside each other where there is room for them, and else below each other."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class BesideLayout(QLayout):
    """Gives each widget its share of the width, or the whole width where the shares are too small."""

    def __init__(
        self, shares: tuple[int, ...], parent: QWidget | None = None, *, gap: int = 28, below: int = 12
    ) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._shares = shares
        self._gap = gap
        self._below = below
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Add at the end."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The item at `index`."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove and return the item at `index`."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It takes the width there is."""
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        """Narrower means higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of all widgets at `width`."""
        return max((place.bottom() + 1 for place in self._places(QRect(0, 0, width, 0))), default=0)

    def setGeometry(self, rect: QRect) -> None:
        """Place everything within `rect`."""
        super().setGeometry(rect)
        for item, place in zip(self._shown(), self._places(rect), strict=True):
            item.setGeometry(place)

    def sizeHint(self) -> QSize:
        """The size beside each other."""
        sizes = [item.sizeHint() for item in self._shown()]
        wide = sum(size.width() for size in sizes) + self._gap * max(0, len(sizes) - 1)
        return QSize(wide, max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:
        """The size of the widest widget."""
        size = QSize()
        for item in self._shown():
            size = size.expandedTo(item.minimumSize())
        return size

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _places(self, rect: QRect) -> list[QRect]:
        """Where each widget goes."""
        shown = self._shown()
        shares = [share for share, item in zip(self._shares, self._items, strict=True) if not item.isEmpty()]
        room = rect.width() - self._gap * (len(shown) - 1)
        widths = [room * share // sum(shares) for share in shares]
        if all(width >= item.minimumSize().width() for width, item in zip(widths, shown, strict=True)):
            places, x = [], rect.x()
            for item, width in zip(shown, widths, strict=True):
                places.append(QRect(x, rect.y(), width, _height(item, width)))
                x += width + self._gap
            return places
        places, y = [], rect.y()
        for item in shown:
            high = _height(item, rect.width())
            places.append(QRect(rect.x(), y, rect.width(), high))
            y += high + self._below
        return places


def _height(item: QLayoutItem, width: int) -> int:
    return item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
