"""Lists one place at a time in a thread of its own, and looks again when something changes there."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from app.images.listing import IsLeft, Listing, Told, entry_for, list_folder, measured
from app.images.samples import samples_folder
from app.paths import is_on_network
from app.ui.background import Background, Task
from app.ui.browser.places import Place
from models.errors import UserError

AGAIN_MS = 700  # after something changed in the folder: files come in flocks
POLL_MS = 10_000  # how often a folder on the network, which tells nothing by itself, is looked at
PATIENCE = 5.0  # times a listing's own duration that pass before the next one

ListFolder = Callable[[Path, Told, IsLeft], None]


class Lister(QObject):
    """Tells what a place holds, as soon and as often as it knows more; a place that never answers is left."""

    listed = Signal(object)  # Listing
    failed = Signal(object)  # UserError
    _heard = Signal(object, object)  # token of the listing, Listing

    def __init__(
        self, background: Background, list_folder: ListFolder = list_folder, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._list_folder = list_folder
        self._place: Place | None = None
        self._recent: tuple[str, ...] = ()
        self._task: Task[None] | None = None
        self._token: object = None
        self._began = self._took = 0.0
        self._modified: int | None = None
        self._is_changed = False
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(lambda _folder: self._note_change())
        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self.list_again)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._ask_whether_changed)
        self._heard.connect(self._hear)

    def list_place(self, place: Place, recent: tuple[str, ...]) -> None:
        """Leave the place before and list another."""
        watched = self._watcher.directories()
        if watched:
            self._watcher.removePaths(watched)
        self._poll.stop()
        self._place, self._recent, self._modified = place, recent, None
        self.list_again()

    def list_again(self) -> None:
        """List the same place anew."""
        if self._place is None:
            return
        if self._task is not None:
            self._task.cancel()
        self._again.stop()
        self._is_changed = False
        self._began = time.monotonic()
        self._token = token = object()
        told = partial(self._heard.emit, token)

        def is_left() -> bool:
            return self._token is not token

        call = partial(_list, self._place, self._recent, self._list_folder, told, is_left)
        self._task = self._background.run_apart(call, self._end, self._give_up)

    def measure(self, listing: Listing) -> None:
        """Find out sizes and times of a folder on the network, which is slow."""
        token = self._token

        def call() -> Listing:
            entries = measured(listing.entries, lambda: self._token is not token)
            return Listing(entries, is_on_network=listing.is_on_network)

        self._background.run_apart(call, partial(self._hear, token), lambda _error: None)

    def _hear(self, token: object, listing: Listing) -> None:
        if token is self._token:
            self.listed.emit(listing)
            if listing.is_complete and self._place is not None and self._place.folder is not None:
                self._watch(self._place.folder, on_network=listing.is_on_network)

    def _watch(self, folder: Path, *, on_network: bool) -> None:
        if on_network:
            self._poll.start()
        elif not self._watcher.directories():
            self._watcher.addPath(str(folder))

    def _note_change(self) -> None:
        """Look again soon, and not at once again after that."""
        if self._task is not None:
            self._is_changed = True
            return
        if not self._again.isActive():
            self._again.start(max(AGAIN_MS, round(self._took * PATIENCE * 1000)))

    def _ask_whether_changed(self) -> None:
        place = self._place
        if place is None or place.folder is None or self._task is not None:
            return
        token = self._token

        def compare(modified: int) -> None:
            if token is self._token:
                is_other = self._modified not in (None, modified)
                self._modified = modified
                if is_other:
                    self.list_again()

        self._background.run_apart(
            lambda: place.folder.stat().st_mtime_ns if place.folder else 0, compare, lambda _error: None
        )

    def _end(self, _none: None) -> None:
        self._task = None
        self._took = time.monotonic() - self._began
        if self._is_changed:
            self._note_change()

    def _give_up(self, error: Exception) -> None:
        self._task = None
        if not isinstance(error, UserError):
            raise error
        self.failed.emit(error)


def _list(
    place: Place, recent: tuple[str, ...], list_folder: ListFolder, told: Told, is_left: IsLeft
) -> None:
    if place.kind == "recent":
        _list_recent(recent, told)
    else:
        list_folder(place.folder or samples_folder(), told, is_left)


def _list_recent(names: tuple[str, ...], told: Told) -> None:
    """Tell of the files that are still there, first those of this computer."""
    found = {}
    for on_network in (False, True):
        asked = [name for name in names if is_on_network(Path(name)) == on_network]
        for name in asked:
            entry = entry_for(Path(name))
            if entry is not None:
                found[name] = entry
        is_last = on_network or len(asked) == len(names)
        told(Listing(tuple(found[name] for name in names if name in found), is_complete=is_last))
        if is_last:
            return
