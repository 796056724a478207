"""The browser: places, a path, a filter, and the images of the chosen place with small pictures."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QPushButton, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from app.images.listing import Entry, Listing
from app.text import _
from app.ui.background import Task
from app.ui.browser.cache import PictureCache
from app.ui.browser.entries import EntryList
from app.ui.browser.filters import FilterBar
from app.ui.browser.history import History
from app.ui.browser.lister import Lister
from app.ui.browser.menus import Menus
from app.ui.browser.model import EntryModel
from app.ui.browser.order import Wish, arranged
from app.ui.browser.path_bar import PathBar
from app.ui.browser.places import Place, PlacesTree
from app.ui.browser.thumbnails import Thumbnails
from app.ui.panels import Services
from models.errors import UserError

SLOW_MS = 350  # after which a folder that has not answered is said to be still listed
AT_ONCE = 3000  # entries that are filtered and sorted between two turns of the window


class BrowserPanel(QWidget):
    """Looks around and opens; what to do with an image beyond opening is asked by signal."""

    restore_wanted = Signal(object)  # list of Path
    compare_wanted = Signal(object)  # list of Path, two
    queue_wanted = Signal(object)  # list of Path
    show_wanted = Signal(object)  # Path: in the system's file manager

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self._services = services
        settings = services.settings.current
        self._place = Place("recent")
        self._listing = Listing()
        self._is_new = True
        self._arranging: Task[tuple[Entry, ...]] | None = None
        self._history = History()
        self._came_from: Path | None = None
        self.thumbnails = Thumbnails(
            services.background, PictureCache(services.paths.cache / "pictures"), self
        )
        self.lister = Lister(services.background, parent=self)
        self.tree = PlacesTree(services.background)
        self.path_bar = PathBar()
        self.filters = FilterBar(
            settings.browser_sort, settings.browser_looks, is_reversed=settings.browser_reversed
        )
        self.filter = self.filters.line
        self.model = EntryModel(self.thumbnails, self)
        self.list = EntryList(self.model)
        self.list.show_looks(settings.browser_looks)
        self.empty = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("role", "quiet")
        self.empty.setMargin(12)
        self.again = QPushButton(_("Look again"))
        self.menus = Menus(self)
        self._slow = QTimer(self, singleShot=True, interval=SLOW_MS)
        self._arrange()
        self._connect()
        self._add_keys()
        self.tree.show_pinned(settings.pinned)
        self.tree.show_recent(settings.recent_folders)
        self.show_place(Place("recent") if settings.recent else Place("samples"))

    @property
    def place(self) -> Place:
        """What is listed."""
        return self._place

    def show_place(self, place: Place) -> None:
        """List another place and remember the way back."""
        self._history.visit(place)
        self._go(place)

    def go_up(self) -> None:
        """List the folder above, with the one we came from marked."""
        folder = self._place.folder
        if folder is not None and folder.parent != folder:
            self.show_place(Place("folder", folder.parent))
            self._came_from = folder

    def step(self, by: int) -> None:
        """Go back (-1) or forward (1)."""
        place = self._history.step(by)
        if place is not None:
            self._go(place)

    def refresh(self) -> None:
        """List the same place again, and look at everything anew."""
        self.thumbnails.forget()
        self._slow.start()
        self.lister.list_again()

    def selected(self) -> list[Entry]:
        """What is selected in the list."""
        return self.list.selected()

    def toggle_pin(self, folder: Path) -> None:
        """Pin a folder, or take the pin away."""
        pinned = self._services.settings.current.pinned
        name = str(folder)
        others = tuple(other for other in pinned if other != name)
        self._services.settings.change(pinned=others if name in pinned else (*pinned, name))

    def is_pinned(self, folder: Path) -> bool:
        """Whether a folder is pinned."""
        return str(folder) in self._services.settings.current.pinned

    def open_selected(self) -> None:
        """Open the selected images, or go into the selected folder."""
        entries = self.selected()
        images = [entry.path for entry in entries if not entry.is_folder]
        if images:
            self._services.session.open_paths(images)
        elif entries:
            self.show_place(Place("folder", entries[0].path))

    def restore_selected(self) -> None:
        """Open the selected images and go to the Restore page."""
        images = [entry.path for entry in self.selected() if not entry.is_folder]
        if images:
            self.restore_wanted.emit(images)

    def _go(self, place: Place) -> None:
        self._came_from = None
        self._place = place
        self._listing = Listing(is_complete=False)
        self._is_new = True
        self.tree.show_place(place)
        self.list.clearSelection()  # of the place before, so that nobody opens from there any more
        self.filters.clear_filter()
        self._show_path()
        self._slow.start()
        self.lister.list_place(place, self._services.settings.current.recent)

    def _arrange(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch(1)
        column.addWidget(self.empty)
        column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        self._empty_page = page
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.list)
        self._stack.addWidget(page)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.filters)
        column.addWidget(holder, 1)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.tree)
        splitter.addWidget(lower)
        line = self.fontMetrics().height()
        splitter.setSizes([line * 12, line * 28])
        splitter.setStretchFactor(0, 0)
        splitter.setStretchFactor(1, 1)
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.path_bar)
        layout.addWidget(splitter, 1)

    def _connect(self) -> None:
        self.tree.place_chosen.connect(self.show_place)
        self.tree.menu_wanted.connect(self.menus.show_for_folder)
        self.tree.drives_changed.connect(self._look_at_drives)
        self.path_bar.back_clicked.connect(partial(self.step, -1))
        self.path_bar.forward_clicked.connect(partial(self.step, 1))
        self.path_bar.up_clicked.connect(self.go_up)
        self.path_bar.path_typed.connect(self._go_to_typed)
        self.path_bar.pin_clicked.connect(self._pin_here)
        self.filters.wished.connect(self._wish)
        self.filters.left.connect(self._leave_filter)
        self.filters.looks_chosen.connect(self._show_looks)
        self.list.opened.connect(self.open_selected)
        self.list.restore_clicked.connect(self.restore_selected)
        self.list.up_clicked.connect(self.go_up)
        self.list.in_sight.connect(self.thumbnails.wish)
        self.list.customContextMenuRequested.connect(self.menus.show_for_selected)
        self.again.clicked.connect(self.refresh)
        self.lister.listed.connect(self._hear)
        self.lister.failed.connect(self._show_failure)
        self._slow.timeout.connect(self._say_still_listing)
        self._services.settings.changed.connect(self._follow_settings)

    def _add_keys(self) -> None:
        for keys, act in (
            ("Alt+Left", partial(self.step, -1)),
            ("Alt+Right", partial(self.step, 1)),
            ("Alt+Up", self.go_up),
            ("F5", self.refresh),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    # What is listed

    def _hear(self, listing: Listing) -> None:
        if listing.is_complete:
            self._slow.stop()
        self._listing = listing
        self.filters.show_formats(listing.entries)
        self._apply(self.filters.wish)

    def _wish(self, wish: Wish) -> None:
        settings = self._services.settings
        settings.change(browser_sort=wish.sort, browser_reversed=wish.is_reversed)
        if self._listing.is_complete or self._listing.entries:
            self._apply(wish)

    def _apply(self, wish: Wish) -> None:
        """Filter and sort what is listed: at once if it is little, else in the background."""
        if self._arranging is not None:
            self._arranging.cancel()
        listing = self._listing
        if wish.needs_sizes and listing.is_on_network and listing.is_complete and not listing.is_measured:
            self.lister.measure(listing)
        if len(listing.entries) <= AT_ONCE or wish == Wish():
            self._show(arranged(listing.entries, wish))
        else:
            self._arranging = self._services.background.run(
                partial(arranged, listing.entries, wish), self._show, priority=3
            )

    def _show(self, entries: tuple[Entry, ...]) -> None:
        self.list.show_entries(entries, keep_place=not self._is_new)
        if self._is_new and entries:
            self._is_new = False
        self._mark_where_we_came_from()
        self.filters.show_count(entries, self._listing.entries, is_complete=self._listing.is_complete)
        self._show_or_explain()

    def _mark_where_we_came_from(self) -> None:
        row = None if self._came_from is None else self.model.row_of(self._came_from)
        if row is not None:
            self._came_from = None
            self.list.select_row(row)

    def _show_or_explain(self) -> None:
        if self.model.rowCount():
            self._stack.setCurrentWidget(self.list)
        elif not self._listing.is_complete:
            self._explain(_("Still listing…"))
        elif self.filters.wish.is_filter and self._listing.entries:
            words = self.filters.wish.words.strip()
            if words:
                self._explain(_("No name here contains “{text}”.").format(text=words))
            else:
                self._explain(_("Nothing here is of that format and size."))
        elif self._place.kind == "recent":
            self._explain(_("Images that you open are listed here."))
        else:
            self._explain(_("No image in this folder."))

    def _explain(self, sentence: str, *, can_repeat: bool = False) -> None:
        had_focus = self.list.hasFocus()
        self.empty.setText(sentence)
        self.again.setVisible(can_repeat)
        self._stack.setCurrentWidget(self._empty_page)
        if had_focus:
            self.path_bar.line.setFocus()

    def _say_still_listing(self) -> None:
        """Say that a place takes its time; whoever does not want to wait goes elsewhere."""
        if not self._is_new or self._listing.entries:
            return
        self._show(())
        name = self._place.folder.name if self._place.folder is not None else ""
        self._explain(
            _("Still listing {name}… The drive answers slowly; you can go elsewhere meanwhile.").format(
                name=f"“{name}”" if name else ""
            )
        )

    def _show_failure(self, error: UserError) -> None:
        self._slow.stop()
        self._listing, self._is_new = Listing(), True
        self.list.show_entries((), keep_place=False)
        self.filters.show_count((), (), is_complete=True)
        self._explain(" ".join(part for part in (_(error.sentence), _(error.hint)) if part), can_repeat=True)

    # Going about

    def _go_to_typed(self, typed: Path) -> None:
        """Go to a folder that was typed, or open a file; what is wrong is said in place of the list."""
        here = self._place.folder or Path.home()
        path = Path(here / typed)

        def go(is_file: bool) -> None:  # noqa: FBT001 - the answer of the thread
            if is_file:
                self._services.session.open_paths([path])
                self._show_path()
            else:
                self.show_place(Place("folder", path))
                self.list.setFocus()

        self._services.background.run_apart(path.is_file, go, lambda _error: go(False))

    def _leave_filter(self) -> None:
        self.list.setFocus()
        if not self.list.selected() and self.model.rowCount():
            self.list.select_row(0)

    def _pin_here(self) -> None:
        if self._place.folder is not None:
            self.toggle_pin(self._place.folder)

    def _show_looks(self, looks: str) -> None:
        self._services.settings.change(browser_looks=looks)
        self.list.show_looks(self._services.settings.current.browser_looks)

    def _show_path(self) -> None:
        place = self._place
        title = _("Recent images") if place.kind == "recent" else _("Samples")
        is_pinned = place.folder is not None and self.is_pinned(place.folder)
        self.path_bar.show_place(place, title, is_pinned=is_pinned)
        self.path_bar.show_ways(can_back=self._history.can_back, can_forward=self._history.can_forward)

    def _look_at_drives(self) -> None:
        """A drive came or went: what could not be listed may be there now, or the other way round."""
        if self._place.kind == "folder":
            self.lister.list_again()

    def _follow_settings(self, _settings: object) -> None:
        settings = self._services.settings.current
        self.tree.show_pinned(settings.pinned)
        self.tree.show_recent(settings.recent_folders)
        self._show_path()
        if self._place.kind == "recent":
            self.lister.list_place(self._place, settings.recent)
