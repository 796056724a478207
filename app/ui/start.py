"""The composition root of the window: everything is made here and handed on.

The window is shown first, with nothing behind it but Qt; NumPy, the engine and the panels come after its
first paint, the slow imports in a thread.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.log import start_logging
from app.paths import Paths, find_paths
from app.text import speak
from app.ui.actions import fill_menus
from app.ui.background import Background
from app.ui.crash import CrashWatch
from app.ui.heap import share_one_heap
from app.ui.notices import Notices
from app.ui.preferences.holder import SettingsHolder
from app.ui.theme import Theme
from app.ui.window import MainWindow

if TYPE_CHECKING:
    from app.engine.supervisor import Engine
    from app.library.store import Library
    from app.settings import Settings
    from app.ui.desk import Desk
    from app.ui.panels import Panel, Services
    from app.ui.session import OpenImage, Session

TRACE = "MICROGRAPHIA_TRACE_START"
SAMPLE_SIDE = 320
LEAD_MS = 60  # that the picture of a file named at the start has before all else is built
PATIENCE_MS = 600  # after which all else is built although that file is not open yet
CACHES = 16  # images that share the memory for pictures seen last


class House:
    """Holds the window and all services for as long as the program runs."""

    def __init__(self, app: QApplication, paths: Paths) -> None:
        share_one_heap()
        gc.disable()  # until all is built: what is made now stays
        self.app = app
        self.paths = paths
        self.background = Background(app)
        self.settings = SettingsHolder(paths, self.background, app)
        self.theme = Theme(app, self.settings.current)
        self.settings.changed.connect(self.theme.follow)
        store = QSettings(str(paths.config / "window.ini"), QSettings.Format.IniFormat)
        self.window = MainWindow(store)
        self.notices = Notices(self.window, self._button)
        self.crash = CrashWatch(paths, self.notices, app.quit)
        self.desk: Desk | None = None
        self.services: Services | None = None
        self.session: Session | None = None
        self.furnished: Callable[[], None] = lambda: None

    def open(self, files: Sequence[Path]) -> None:
        """Show the window, furnish it after its first paint, and open `files`."""
        self.window.stage.welcome.painted.connect(partial(self._begin, files))
        self.window.closing.connect(self.close)
        self.window.show()

    def close(self) -> None:
        """Let everything go in order: first who asks, then who answers."""
        self.background.close()
        if self.session is not None:
            self.session.close_all()
        if self.services is not None:
            self.services.session.close_all()
            self.services.bridge.close()
            self.services.engine.close()

    def _begin(self, files: Sequence[Path]) -> None:
        self.window.stage.welcome.painted.disconnect()
        if os.environ.get(TRACE):
            sys.stderr.write(f"first paint {time.time():.3f}\n")
        if files:
            self.background.run(import_viewer, lambda _none: self._open_first(files), self._cannot_start)
        else:
            self._build(files)

    def _open_first(self, files: Sequence[Path]) -> None:
        """Show the first file before all else is built; whatever is wrong with it is told afterwards."""
        from app.ui.viewer.viewer import Viewer

        self.session = session = self._new_session()
        self.window.places["viewer"].fill_with(partial(Viewer, self.background))
        begin = partial(self._build, files)
        patience = QTimer(self.app, interval=PATIENCE_MS, singleShot=True)
        patience.timeout.connect(begin)

        def go_on(image: OpenImage | None) -> None:
            if self.desk is not None and image is None:
                self.desk.open(files[:1])
            elif self.desk is None and image is not None:
                self._put_up(image)
            if patience.isActive():
                patience.stop()
                QTimer.singleShot(LEAD_MS, self.app, begin)

        patience.start()
        session.open_ahead(files[0], go_on)

    def _put_up(self, image: OpenImage) -> None:
        self.window.stage.show_images([image], image)
        viewer: Any = self.window.places["viewer"].make()  # Any: its module is imported late
        viewer.show_image(image)

    def _new_session(self) -> Session:
        from app.images.remembered import RememberedReadings
        from app.ui.session import Session

        readings = RememberedReadings(self.paths.data)
        return Session(self.background, self._cache_bytes, self.app, readings=readings)

    def _build(self, files: Sequence[Path]) -> None:
        build = partial(build_engine, self.paths, self.settings.current)
        self.background.run(build, partial(self._furnish, files), self._cannot_start)

    def _furnish(self, files: Sequence[Path], built: tuple[Engine, Library]) -> None:
        """Make services, menus and connections; panels follow one by one, each in its own turn."""
        from app.ui.bridge import EngineBridge
        from app.ui.desk import Desk
        from app.ui.panels import PANELS, Services
        from app.ui.wiring import Wiring

        engine, library = built
        session = self.session or self._new_session()
        bridge = EngineBridge(engine, self.app)
        services = Services(
            self.paths, self.settings, engine, library, session, bridge, self.background, self.notices
        )
        self.services = services
        self.desk = Desk(self.window, services)
        self.wiring = Wiring(self.window, self.desk, services)
        fill_menus(self.window.menuBar(), self.desk.actions)
        self.settings.changed.connect(engine.change_settings)
        session.say_again()
        left = [path for path in files if not session.is_under_way(path)]
        if left:
            self.desk.open(left)
        self._fill_places(list(PANELS), services)

    def _fill_places(self, rows: list[Panel], services: Services) -> None:
        """Import the first row's module in a thread, fill its place here, and go on with the others."""
        if not rows:
            self._finish()
            return
        first, *others = rows

        def fill(make: Callable[[Services], QWidget]) -> None:
            QTimer.singleShot(0, self.app, lambda: self._fill_places(others, services))
            self.window.places[first.key].fill_with(partial(make, services))

        self.background.run(first.load, fill, priority=1)

    def _finish(self) -> None:
        from app.images.open import READERS, get_ready
        from app.ui.browser.thumbnails import make_thumbnail

        welcome = self.window.stage.welcome
        welcome.show_formats(tuple(row.title for row in READERS))
        for card in welcome.cards:
            make_thumbnail(self.background, card.sample.path, SAMPLE_SIDE, card.show_thumbnail)
        gc.enable()
        self.background.run(get_ready, lambda _none: None, priority=-1)
        self.furnished()

    def _cannot_start(self, error: Exception) -> None:
        gc.enable()
        self.notices.show_error(error)

    def _cache_bytes(self) -> int:
        return int(self.settings.current.cache_gb * 1e9 / CACHES)

    def _button(self, name: str) -> tuple[str, Callable[[], None]] | None:
        return None if self.desk is None else self.desk.button(name)


def import_viewer() -> None:
    """Import what shows a picture; for a thread."""
    from app.images import cache, open  # noqa: F401, A004
    from app.ui import session  # noqa: F401
    from app.ui.viewer import viewer  # noqa: F401


def build_engine(paths: Paths, settings: Settings) -> tuple[Engine, Library]:
    """Import what is slow and open the ledger; for a thread."""
    from app.engine.supervisor import Engine
    from app.images import cache, folders, open  # noqa: F401, A004 - so that the first image need not wait
    from app.library.store import Library
    from app.ui import bridge, session, wiring  # noqa: F401 - so that the window need not wait for them
    from app.ui.measure import exchange, measuring  # noqa: F401 - likewise

    return Engine(paths, settings), Library(paths)


def open_and_close(paths: Paths, *, patience_ms: int) -> str:
    """Open the window in memory, furnish it, close it, and return what went wrong; for the self-test."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = QApplication(["micrographia"])
    house = House(app, paths)
    problems: list[str] = []
    sys.excepthook = lambda _kind, error, _trace: problems.append(repr(error))
    is_furnished = False

    def furnished() -> None:
        nonlocal is_furnished
        is_furnished = True
        house.window.close()

    house.furnished = furnished
    QTimer.singleShot(patience_ms, app, app.quit)
    house.open([])
    app.exec()
    if not is_furnished:
        problems.append("the window was not furnished in time")
    if "torch" in sys.modules:
        problems.append("the window's process has imported torch")
    return "; ".join(problems)


def main(arguments: Sequence[str]) -> int:
    """Show the window and open the files that were named; return the exit code of the program."""
    paths = find_paths()
    speak()
    app = QApplication(["micrographia", *arguments])
    app.setApplicationName("Micrographia")
    app.setDesktopFileName("micrographia")
    house = House(app, paths)
    house.furnished = gc.freeze  # what is there by now stays, and need not be looked through again and again
    house.crash.install()
    house.open([Path(name).absolute() for name in arguments])
    QTimer.singleShot(0, app, lambda: start_logging(paths, "window"))
    with_interrupts = QTimer(app, interval=300)  # lets Python hear Ctrl+C in the terminal
    with_interrupts.timeout.connect(lambda: None)
    with_interrupts.start()
    signal.signal(signal.SIGINT, lambda _number, _frame: house.window.close())
    return app.exec()
