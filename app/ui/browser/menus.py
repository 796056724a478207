"""What can be done with entries and folders of the browser, as menus."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from app.text import _
from app.ui.browser.places import Place
from app.ui.icons import icon

if TYPE_CHECKING:
    from app.ui.browser.panel import BrowserPanel


class Menus(QObject):
    """Makes the menus of a browser."""

    def __init__(self, browser: BrowserPanel) -> None:
        super().__init__(browser)
        self._browser = browser

    def show_for_selected(self, point: QPoint) -> None:
        """Offer what can be done with the selected entries."""
        browser = self._browser
        entries = browser.selected()
        if not entries:
            return
        paths = [entry.path for entry in entries]
        menu = self._menu()
        menu.addAction(icon("open"), _("Open"), browser.open_selected)
        if not any(entry.is_folder for entry in entries):
            menu.addAction(
                icon("restore"), _("Open and restore"), partial(browser.restore_wanted.emit, paths)
            )
            if len(paths) == 2:
                menu.addAction(
                    icon("compare"), _("Compare the two"), partial(browser.compare_wanted.emit, paths)
                )
        menu.addAction(icon("queue"), _("Add to queue"), partial(browser.queue_wanted.emit, paths))
        menu.addSeparator()
        if len(entries) == 1 and entries[0].is_folder:
            self._add_pin(menu, paths[0])
        self._add_shared(menu, paths)
        menu.popup(browser.list.viewport().mapToGlobal(point))

    def show_for_folder(self, folder: Path, point: QPoint) -> None:
        """Offer what can be done with a folder of the tree."""
        menu = self._menu()
        menu.addAction(icon("open"), _("Open"), partial(self._browser.show_place, Place("folder", folder)))
        self._add_pin(menu, folder)
        self._add_shared(menu, [folder])
        menu.popup(point)

    def _menu(self) -> QMenu:
        menu = QMenu(self._browser)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _add_pin(self, menu: QMenu, folder: Path) -> None:
        is_pinned = self._browser.is_pinned(folder)
        menu.addAction(
            icon("pinned" if is_pinned else "pin"),
            _("Unpin this folder") if is_pinned else _("Pin this folder"),
            partial(self._browser.toggle_pin, folder),
        )

    def _add_shared(self, menu: QMenu, paths: Sequence[Path]) -> None:
        menu.addAction(icon("folder"), _("Show in folder"), partial(self._browser.show_wanted.emit, paths[0]))
        text = _("Copy path") if len(paths) == 1 else _("Copy paths")
        menu.addAction(icon("copy"), text, partial(_copy, paths))


def _copy(paths: Sequence[Path]) -> None:
    QGuiApplication.clipboard().setText("\n".join(str(path) for path in paths))
