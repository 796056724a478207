"""One row that says which entries are wished for, and below it how many that are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Any

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QActionGroup, QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.images.listing import Entry
from app.settings import Looks, Sort
from app.text import _, ngettext
from app.ui.browser.order import SIZES, SORTS, Wish
from app.ui.icons import icon

IS_FOLDER, FORMAT = attrgetter("is_folder"), attrgetter("format")  # fast, for there may be 100 000


class NameLine(QLineEdit):
    """The words to look for; the arrow down goes on to the list, Escape clears."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave for the list, or clear."""
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class FilterBar(QWidget):
    """Says what is wished for; remembers nothing beyond that."""

    wished = Signal(object)  # Wish
    looks_chosen = Signal(str)
    left = Signal()

    def __init__(self, sort: Sort, looks: Looks, *, is_reversed: bool) -> None:
        super().__init__()
        self.wish = Wish(sort=sort, is_reversed=is_reversed)
        self._looks: Looks = looks
        self._formats: tuple[str, ...] = ()
        self.line = NameLine(placeholderText=_("Filter by name"), clearButtonEnabled=True)
        self.line.setAccessibleName(_("Filter by name"))
        self.line.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * 7)
        self.filter = _menu_button("filter", _("Filter by format and size"), self._fill_filter)
        self.sort = _menu_button("sort", _("Sort"), self._fill_sort)
        self.looks = QToolButton()
        self.looks.setProperty("role", "compact")
        self.looks.clicked.connect(self._turn_looks)
        self.count = QLabel()
        self.count.setProperty("role", "quiet")
        self.count.setProperty("elides", True)
        self.count.setMinimumWidth(1)
        self.clear = QPushButton(_("Clear"))
        self.clear.setAccessibleName(_("Clear the filter"))
        self.clear.setProperty("role", "link")
        self.clear.clicked.connect(self.clear_filter)
        self.clear.hide()
        self.line.textChanged.connect(lambda text: self._change(words=text))
        self.line.left.connect(self.left)
        self._arrange()
        self._show_looks()

    def clear_filter(self) -> None:
        """Show everything again."""
        self.line.blockSignals(True)
        self.line.clear()
        self.line.blockSignals(False)
        self._change(words="", format="", size="any")

    def show_formats(self, entries: Iterable[Entry]) -> None:
        """Offer the formats that occur."""
        found = set(map(FORMAT, entries)) - {""}
        self._formats = tuple(
            sorted(found | ({self.wish.format} if self.wish.format else set()), key=str.casefold)
        )

    def show_count(self, shown: Sequence[Entry], total: Sequence[Entry], *, is_complete: bool) -> None:
        """Say how many images are shown, of how many."""
        images, everything = (len(part) - sum(map(IS_FOLDER, part)) for part in (shown, total))
        if not is_complete:
            text = _("Still listing… {count} so far").format(count=_number(everything))
        elif self.wish.is_filter:
            text = _("{shown} of {count} shown").format(shown=_number(images), count=_number(everything))
        else:
            words = ngettext("{count} image", "{count} images", everything)
            text = words.format(count=_number(everything)) if everything else ""
        self.count.setText(text)
        self.clear.setVisible(self.wish.is_filter)

    def _arrange(self) -> None:
        upper = QHBoxLayout()
        upper.setSpacing(2)
        upper.addWidget(self.line, 1)
        for button in (self.filter, self.sort, self.looks):
            upper.addWidget(button)
        lower = QHBoxLayout()
        lower.setSpacing(4)
        lower.addWidget(self.count, 1)
        lower.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 2)
        column.setSpacing(3)
        column.addLayout(upper)
        column.addLayout(lower)

    def _fill_filter(self, menu: QMenu) -> None:
        formats = [("", _("Any format")), *((name, name) for name in self._formats)]
        _add_choices(menu, formats, self.wish.format, lambda name: self._change(format=name))
        menu.addSeparator()
        sizes = [(key, _(text)) for key, text in SIZES]
        _add_choices(menu, sizes, self.wish.size, lambda size: self._change(size=size))

    def _fill_sort(self, menu: QMenu) -> None:
        _add_choices(menu, [(key, _(text)) for key, text in SORTS], self.wish.sort, self._sort_by)
        menu.addSeparator()
        action = menu.addAction(_("Turn the order round"))
        action.setCheckable(True)
        action.setChecked(self.wish.is_reversed)
        action.triggered.connect(lambda checked: self._change(is_reversed=checked))

    def _sort_by(self, sort: str) -> None:
        self._change(sort=sort)

    def _change(self, **values: Any) -> None:  # Any: each field has its own type
        wish = replace(self.wish, **values)
        if wish == self.wish:
            return
        self.wish = wish
        is_set = bool(wish.format) or wish.size != "any"
        self.filter.setIcon(icon("filter", "accent" if is_set else ""))
        self.wished.emit(wish)

    def _turn_looks(self) -> None:
        self._looks = "list" if self._looks == "tiles" else "tiles"
        self._show_looks()
        self.looks_chosen.emit(self._looks)

    def _show_looks(self) -> None:
        is_list = self._looks == "list"
        words = _("Show as tiles") if is_list else _("Show as a list")
        self.looks.setIcon(icon("tiles" if is_list else "rows"))
        self.looks.setToolTip(words)
        self.looks.setAccessibleName(words)


def _menu_button(picture: str, name: str, fill: Callable[[QMenu], None]) -> QToolButton:
    """Return a button whose menu is filled anew each time it opens."""
    button = QToolButton()
    button.setIcon(icon(picture))
    button.setToolTip(name)
    button.setAccessibleName(name)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setProperty("role", "compact")
    menu = QMenu(button)
    menu.aboutToShow.connect(partial(_fill_anew, menu, fill))
    button.setMenu(menu)
    return button


def _fill_anew(menu: QMenu, fill: Callable[[QMenu], None]) -> None:
    menu.clear()
    fill(menu)


def _add_choices(
    menu: QMenu, rows: Sequence[tuple[str, str]], chosen: str, choose: Callable[[str], None]
) -> None:
    group = QActionGroup(menu)
    for value, text in rows:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(value == chosen)
        action.setActionGroup(group)
        action.triggered.connect(partial(_choose, choose, value))


def _choose(choose: Callable[[str], None], value: str, _checked: bool = False) -> None:  # noqa: FBT001, FBT002
    choose(value)


def _number(count: int) -> str:
    return QLocale().toString(count)
