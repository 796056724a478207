"""Drives the real window through its pages and takes pictures of them."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

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
PREVIEW_SECONDS = 8.0

# Pictures that README shows: page -> name in docs/images.
SHOWN = {"welcome": "welcome", "restore": "restore", "compared": "compare", "restored": "restored"}


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
        self.rest()

    def _note_furnished(self) -> None:
        self._is_furnished = True

    def until(self, is_so: Callable[[], bool]) -> None:
        """Let the window work until `is_so`; raises TimeoutError if that never comes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
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
        self.house.desk.open([file])
        self.until(lambda: session.current is not None and session.current.path == file)
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
        assert theatre.house.desk is not None
        theatre.house.desk.inspect("restore")
        theatre.rest(PREVIEW_SECONDS)
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
                        shutil.copyfile(file, shown / f"{SHOWN[name]}.png")
    return made


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
    desk.inspect("restore")
    theatre.rest(PREVIEW_SECONDS)
    yield "restore", theatre.picture()
    theatre.restore("simple-smoothing")
    yield "restored", theatre.picture()
    desk.call_viewer("next_comparison")
    theatre.rest()
    yield "compared", theatre.picture()
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
