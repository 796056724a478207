"""Drives the real window through its pages and takes pictures of them."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QEventLoop, QModelIndex, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QTreeView, QWidget

from app.engine.events import Finished
from app.engine.specs import Input, RestoreSpec
from app.paths import HOME_VARIABLE, find_paths
from app.settings import Settings, Theme, save_settings
from app.ui.start import House

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "resources" / "samples"
THEMES: tuple[Theme, ...] = ("light", "dark")
SIZES = (QSize(1366, 768), QSize(1920, 1080))
PATIENCE_SECONDS = 120.0
CALM_SECONDS = 1.5  # after which pictures have arrived and animations ended

SHOWN = ("welcome", "display", "restore", "curtain")  # the pages that README shows


class Theatre:
    """The window, and the means to let it work until something is so."""

    def __init__(self, application: QApplication, size: QSize) -> None:
        self.application = application
        self.house = House(application, find_paths())
        self.house.window.resize(size)
        self._is_furnished = False
        self.house.furnished = self._note_furnished
        self.house.open([])
        self.until(lambda: self._is_furnished)
        assert self.house.services is not None
        self._previews = 0  # that ended since an image was opened last
        self.house.services.bridge.finished.connect(self._count_preview)
        self.rest()
        self._hide_drives()

    def _count_preview(self, event: Finished) -> None:
        self._previews += event.job < 0

    def _note_furnished(self) -> None:
        self._is_furnished = True

    def _hide_drives(self) -> None:
        """Leave out of the browser's tree what is mounted on the computer that takes the pictures."""
        tree = self.house.window.findChild(QTreeView)
        if tree is not None:
            for row in range(tree.model().rowCount()):
                name = str(tree.model().index(row, 0).data())
                tree.setRowHidden(row, QModelIndex(), name.startswith("/") and name != "/")

    def until(self, is_so: Callable[[], bool], *, minutes: float = PATIENCE_SECONDS / 60) -> None:
        """Let the window work until `is_so`; raises TimeoutError if that does not come in so many minutes."""
        deadline = time.monotonic() + 60 * minutes
        while not is_so():
            self.application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited in vain for {is_so}")

    def rest(self, seconds: float = CALM_SECONDS) -> None:
        """Let the window work for a while."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end)

    def open(self, file: Path) -> None:
        """Open an image and wait until it is the current one."""
        assert self.house.desk is not None
        assert self.house.services is not None
        session = self.house.services.session
        self._previews = 0
        self.house.desk.open([file])
        self.until(lambda: session.current is not None and session.current.path == file)
        self.rest()

    def preview(self) -> None:
        """Go to the Restore page and wait until the box on the picture is restored."""
        assert self.house.desk is not None
        self.house.desk.inspect("restore")
        self.until(lambda: self._previews > 0)
        self.rest()

    def restore(self, model: str) -> None:
        """Restore the current image by a job and wait until the result is open."""
        assert self.house.services is not None
        services = self.house.services
        image = services.session.current
        assert image is not None
        ended: list[Path] = []
        services.bridge.item_done.connect(lambda event: ended.append(Path(event.output)))
        services.engine.submit(RestoreSpec(inputs=(Input(str(image.path)),), model=model))
        self.until(lambda: bool(ended))
        self.rest()
        if services.session.result_for(image.key) is None:
            services.session.open_result(ended[0], image.key)
        self.until(lambda: services.session.result_for(image.key) is not None)
        self.rest()

    def picture(self, widget: QWidget | None = None) -> QImage:
        """Return what the window, or one that belongs to it, looks like now."""
        return (widget or self.house.window).grab().toImage()

    def close(self) -> None:
        """Close the window and everything behind it."""
        self.house.window.may_close = lambda: True
        self.house.window.close()
        self.house.window.deleteLater()
        self.rest(0.2)


@contextmanager
def own_home(theme: Theme) -> Iterator[Path]:
    """Give the program a home that nobody else uses, with `theme`; yield a folder for images."""
    before = os.environ.get(HOME_VARIABLE)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ[HOME_VARIABLE] = folder
        save_settings(find_paths(), replace(Settings(), theme=theme))
        images = Path(folder) / "Images"
        images.mkdir()
        try:
            yield images
        finally:
            os.environ.pop(HOME_VARIABLE)
            if before is not None:
                os.environ[HOME_VARIABLE] = before


def window_with(application: QApplication, image: Path, result: Path | None) -> QImage:
    """Return a picture of the window that shows `image` and, over it, its `result`."""
    with own_home("light"):
        theatre = Theatre(application, SIZES[0])
        theatre.open(image)
        assert theatre.house.services is not None
        session = theatre.house.services.session
        if result is not None and session.current is not None:
            session.open_result(result, session.current.key)
        theatre.preview()
        picture = theatre.picture()
        theatre.close()
    return picture


def screenshots(application: QApplication, folder: Path, shown: Path) -> list[Path]:
    """Take a picture of every page in both themes and sizes; return the files."""
    made = []
    for theme in THEMES:
        for size in SIZES:
            with own_home(theme) as images:
                target = folder / f"{theme}-{size.width()}x{size.height()}"
                target.mkdir(parents=True, exist_ok=True)
                for name, picture in pages(application, size, images):
                    file = target / f"{name}.png"
                    picture.save(str(file))
                    made.append(file)
                    if theme == "light" and size == SIZES[0] and name in SHOWN:
                        shown.mkdir(exist_ok=True)
                        save_small(file, shown / file.name)
    return made


def save_small(picture: Path, target: Path) -> None:
    """Save a picture with 32 steps of each colour, for a file that is quick to load."""
    steps = [value & 0xF8 | value >> 5 for value in range(256)]
    with Image.open(picture) as full:
        full.convert("RGB").point(steps * 3).save(target, optimize=True)


def pages(application: QApplication, size: QSize, images: Path) -> Iterator[tuple[str, QImage]]:
    """Yield the name and the picture of one page after another."""
    noisy, cells = (
        Path(shutil.copy(SAMPLES / name, images))
        for name in ("actin_noisy.ome.tif", "hela_lysosomes_mitochondria_nuclei.ome.tif")
    )
    theatre = Theatre(application, size)
    desk = theatre.house.desk
    assert desk is not None
    yield "welcome", theatre.picture()
    theatre.open(cells)
    yield from _inspected(theatre, ("display", "info"))
    theatre.open(noisy)
    theatre.preview()
    yield "restore", theatre.picture()
    theatre.restore("simple-smoothing")
    for name in ("curtain", "single", "side by side"):
        yield name, theatre.picture()
        desk.call_viewer("next_comparison")
        theatre.rest()
    for room in ("models", "jobs"):
        desk.go(room)
        theatre.rest()
        yield room, theatre.picture()
    desk.go("images")
    for name, open_sheet in (("preferences", desk.show_preferences), ("keys", desk.show_keys)):
        before = set(_sheets(application))
        open_sheet()
        theatre.rest()
        for sheet in set(_sheets(application)) - before:
            yield name, theatre.picture(sheet)
            sheet.hide()
    theatre.close()


def _inspected(theatre: Theatre, names: Sequence[str]) -> Iterator[tuple[str, QImage]]:
    assert theatre.house.desk is not None
    for name in names:
        theatre.house.desk.inspect(name)
        theatre.rest()
        yield name, theatre.picture()


def _sheets(application: QApplication) -> list[QWidget]:
    return [widget for widget in application.topLevelWidgets() if widget.isVisible()]
