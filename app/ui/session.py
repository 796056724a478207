"""What is open and which image is looked at: the one object that all panels share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.ui.background import Background
from models.errors import UserError
from models.source import ImageInfo, ImageSource, Reading

MANY = 50  # images that are opened at once; more are left to the browser


@dataclass(frozen=True, slots=True, eq=False)
class OpenImage:
    """An image that is open; `result_of` is the key of the image that it was restored from."""

    key: int
    path: Path
    source: ImageSource
    info: ImageInfo
    result_of: int | None = None
    reading: Reading = Reading()


class Session(QObject):
    """Opens and closes images in the background and says what is current."""

    image_opened = Signal(object)  # OpenImage
    image_closed = Signal(int)  # key
    current_changed = Signal(object)  # OpenImage | None
    failed = Signal(object)  # UserError

    @property
    def current(self) -> OpenImage | None:
        """The raw image that is looked at."""

    def images(self) -> tuple[OpenImage, ...]:
        """All open images in the order of opening, results among them."""

    def result_for(self, key: int) -> OpenImage | None:
        """The newest result made from the image with this key."""

    def open_paths(self, paths: Sequence[Path], *, recursive: bool = False) -> None:
        """Open files, and all images of folders; the first becomes current."""

    def open_result(self, path: Path, of_key: int) -> None:
        """Open a result as a layer of the image it was made from, in place of an older one."""

    def reopen(self, key: int, *, reading: Reading | None = None, scene: int | None = None) -> None:
        """Read an open image again with a person's corrections or another scene."""

    def make_current(self, key: int) -> None:
        """Look at another open image."""

    def close(self, key: int) -> None:
        """Close an image and its results."""
