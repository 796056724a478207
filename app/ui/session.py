"""What is open and which image is looked at: the one object that all panels share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.ui.background import Background
from models.errors import UserError

if TYPE_CHECKING:  # NumPy must not delay the first paint of the window
    from app.images.partial import Plane
    from app.images.remembered import RememberedReadings, Stamp
    from models.source import ImageInfo, ImageSource, Reading

MANY = 50  # images opened at once; more are left to the browser


@dataclass(frozen=True, slots=True, eq=False)
class OpenImage:
    """An image that is open.

    `result_of` is the key of the image that it was restored from, `of_scene` its scene; `stamp` is that of
    the file when it was opened; `missing` are planes behind the end of a file that ends too early.
    """

    key: int
    path: Path
    source: ImageSource
    info: ImageInfo
    result_of: int | None = None
    reading: Reading | None = None
    of_scene: int = 0
    stamp: Stamp | None = None
    is_partial: bool = False
    missing: frozenset[Plane] = frozenset()


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of opening a file in a thread."""

    source: ImageSource
    reading: Reading | None
    stamp: Stamp | None
    is_partial: bool
    missing: frozenset[Plane]


class Session(QObject):
    """Opens and closes images in the background and says what is current.

    Each file is opened in a thread of its own: a drive that does not answer holds up nothing else.
    """

    image_opened = Signal(object)  # OpenImage
    image_closed = Signal(int)  # key
    current_changed = Signal(object)  # OpenImage | None
    failed = Signal(object)  # UserError
    reopen_failed = Signal(int)  # key: the image stays as it was; `failed` says why
    left_out = Signal(int)  # so many images of a folder were not opened

    def __init__(
        self,
        background: Background,
        cache_bytes: Callable[[], int],
        parent: QObject | None = None,
        *,
        readings: RememberedReadings | None = None,
    ) -> None:
        super().__init__(parent)
        self._readings = readings
        self._reopenings: dict[int, int] = {}  # key: number of the last wish to read it again
        self._background = background
        self._cache_bytes = cache_bytes
        self._keys = itertools.count(1)
        self._images: dict[int, OpenImage] = {}
        self._current: int | None = None
        self._leaving: set[ImageSource] = set()
        self._ahead: Path | None = None

    @property
    def current(self) -> OpenImage | None:
        """The raw image that is looked at."""
        return None if self._current is None else self._images[self._current]

    def images(self) -> tuple[OpenImage, ...]:
        """All open images in the order of opening, results among them."""
        return tuple(self._images[key] for key in sorted(self._images))

    def result_for(self, key: int) -> OpenImage | None:
        """The result made from the image with this key, of the scene that is looked at, if it is open.

        One that was made while the axes were read otherwise does not lie over the image.
        """
        raw = self._images.get(key)
        results = (image for image in self._images.values() if image.result_of == key)
        return next((one for one in results if raw is None or _lies_over(one, raw)), None)

    def open_paths(self, paths: Sequence[Path], *, recursive: bool = False) -> None:
        """Open files, and all images of folders; the first becomes current."""
        call = partial(expand, paths, recursive=recursive)
        self._background.run_apart(call, self._open_expanded, self._refuse)

    def open_ahead(self, path: Path, done: Callable[[OpenImage | None], None]) -> None:
        """Open a file and look at it before anybody else listens; `done` hears what came of it.

        Who comes later hears of it by `say_again`. None: it could not be opened; opening it again says why.
        """
        self._ahead = path

        def go_on(image: OpenImage) -> None:
            self._ahead = None
            self._add(image)
            self.make_current(image.key)
            done(image)

        def give_up(_error: Exception) -> None:
            self._ahead = None
            done(None)

        self._open_unless_open(path, go_on, give_up)

    def is_under_way(self, path: Path) -> bool:
        """Whether `path` is being opened ahead."""
        return path == self._ahead

    def say_again(self) -> None:
        """Tell of everything that is open, for those who have come since."""
        for image in self.images():
            self.image_opened.emit(image)
        if self.current is not None:
            self.current_changed.emit(self.current)

    def open_then(self, path: Path, done: Callable[[OpenImage], None]) -> None:
        """Open a file, unless it is open already, and hand it on; what is looked at stays."""

        def go_on(image: OpenImage) -> None:
            self._add(image)
            done(image)

        self._open_unless_open(path, go_on, self._refuse)

    def open_scene(self, path: Path, scene: int) -> None:
        """Open one of the images of a file, or look at it where the file is open already."""
        known = next((one for one in self.images() if one.path == path and one.result_of is None), None)
        if known is not None:
            self.make_current(known.key)
            if known.info.scene != scene:
                self.reopen(known.key, scene=scene)
            return

        def show(image: OpenImage) -> None:
            self._add(image)
            self.make_current(image.key)

        self._open(partial(open_file, path, scene, readings=self._readings), path, show, self._refuse)

    def open_partial(self, path: Path) -> None:
        """Open a file that ends too early, for what there is of it."""

        def show(image: OpenImage) -> None:
            self._add(image)
            self.make_current(image.key)

        call = partial(open_file, path, partial=True, readings=self._readings)
        self._open(call, path, show, self._refuse)

    def open_result(self, path: Path, of_key: int, of_scene: int | None = None) -> None:
        """Open a result as a layer of the image it was made from, in place of an older one.

        Without `of_scene` it was made from the scene that is looked at.
        """
        if of_key not in self._images:
            return
        scene = self._images[of_key].info.scene if of_scene is None else of_scene

        def show(image: OpenImage) -> None:
            if of_key not in self._images:
                self._release(image)
                return
            for older in [one for one in self.images() if (one.result_of, one.of_scene) == (of_key, scene)]:
                self.close(older.key)
            image = replace(image, result_of=of_key, of_scene=scene)
            self._images[image.key] = image
            self.image_opened.emit(image)

        self._open(partial(open_file, path), path, show, self._refuse)

    def reopen(
        self,
        key: int,
        *,
        reading: Reading | None = None,
        scene: int | None = None,
        is_quiet: bool = False,
    ) -> None:
        """Read an open image again: with a person's corrections, another scene, or as it is now.

        Of several wishes the last one counts. Corrections are remembered for the file. That it cannot be
        read is not told if `is_quiet`.
        """
        old = self._images[key]
        is_other_scene = scene is not None and scene != old.info.scene
        kept = None if is_other_scene else old.reading
        number = next(self._keys)
        self._reopenings[key] = number

        def show(image: OpenImage) -> None:
            if key not in self._images or self._reopenings.get(key) != number:
                self._release(image)
                return
            old = self._images[key]
            self._release(old)
            self._images[key] = replace(image, key=key, result_of=old.result_of, of_scene=old.of_scene)
            if reading is not None:
                self._remember(self._images[key], reading)
            self.image_opened.emit(self._images[key])
            if self._current == key:
                self.current_changed.emit(self._images[key])

        def refuse(error: Exception) -> None:
            if key in self._images and self._reopenings.get(key) == number:
                self.reopen_failed.emit(key)
                if not (is_quiet and isinstance(error, UserError)):
                    self._refuse(error)

        call = partial(
            open_file,
            old.path,
            old.info.scene if scene is None else scene,
            reading=kept if reading is None else reading,
            is_firm=reading is not None,
            partial=old.is_partial,
            readings=self._readings if old.result_of is None else None,
        )
        self._open(call, old.path, show, refuse)

    def make_current(self, key: int) -> None:
        """Look at another open image; for a result, at the image it was made from."""
        image = self._images.get(key)
        if image is None:
            return
        if image.result_of in self._images:
            key = image.result_of or key
        if key != self._current:
            self._current = key
            self.current_changed.emit(self.current)

    def close(self, key: int) -> None:
        """Close an image and its results."""
        image = self._images.pop(key, None)
        if image is None:
            return
        for layer in [other.key for other in self._images.values() if other.result_of == key]:
            self.close(layer)
        if self._current == key:
            self._current = self._neighbour(key)
            self.current_changed.emit(self.current)
        self.image_closed.emit(key)
        self._release(image)

    def close_all(self) -> None:
        """Close every image at once, for the end of the program."""
        images, self._images, self._current = self.images(), {}, None
        for source in [image.source for image in images] + list(self._leaving):
            source.close()

    def _neighbour(self, key: int) -> int | None:
        raws = [image.key for image in self.images() if image.result_of is None]
        later = [other for other in raws if other > key]
        return later[0] if later else raws[-1] if raws else None

    def _open_expanded(self, found: tuple[list[Path], list[UserError]]) -> None:
        files, failures = found
        for failure in failures:
            self.failed.emit(failure)
        if files:
            self._open_files(files)

    def _open_files(self, files: Sequence[Path]) -> None:
        """Open the first that can be opened and look at it, then all others behind it."""
        if len(files) > MANY:
            self.left_out.emit(len(files) - MANY)
        first, rest = files[0], files[1:MANY]

        def go_on(image: OpenImage) -> None:
            self._add(image)
            self.make_current(image.key)
            self._open_rest(rest)

        def try_next(error: Exception) -> None:
            self._refuse(error)
            if rest:
                self._open_files(rest)

        self._open_unless_open(first, go_on, try_next)

    def _open_rest(self, files: Sequence[Path]) -> None:
        """Open files one after another, so that the picture of the first comes before the others."""
        if not files:
            return
        first, rest = files[0], files[1:]

        def go_on(image: OpenImage) -> None:
            self._add(image)
            self._open_rest(rest)

        def skip(error: Exception) -> None:
            self._refuse(error)
            self._open_rest(rest)

        self._open_unless_open(first, go_on, skip)

    def _open_unless_open(
        self, path: Path, done: Callable[[OpenImage], None], failed: Callable[[Exception], None]
    ) -> None:
        for image in self._images.values():
            if image.path == path and image.result_of is None:
                done(image)
                return
        self._open(partial(open_file, path, readings=self._readings), path, done, failed)

    def _open(
        self,
        call: Callable[..., Opened],
        path: Path,
        done: Callable[[OpenImage], None],
        failed: Callable[[Exception], None],
    ) -> None:
        key = next(self._keys)

        def wrap(opened: Opened) -> None:
            done(
                OpenImage(
                    key,
                    path,
                    opened.source,
                    opened.source.info,
                    reading=opened.reading,
                    stamp=opened.stamp,
                    is_partial=opened.is_partial,
                    missing=opened.missing,
                )
            )

        self._background.run_apart(partial(call, cache_bytes=self._cache_bytes()), wrap, failed)

    def _remember(self, image: OpenImage, reading: Reading) -> None:
        """Keep a person's corrections for the next time that the file is opened."""
        if self._readings is not None and image.result_of is None:
            call = partial(self._readings.remember, image.path, image.info.scene, reading)
            self._background.run(call, lambda _none: None, self._refuse)

    def _add(self, image: OpenImage) -> None:
        if image.key not in self._images:
            self._images[image.key] = image
            self.image_opened.emit(image)

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, UserError):
            raise error
        self.failed.emit(error)

    def _release(self, image: OpenImage) -> None:
        """Close a file in the background, where somebody may still be reading it."""
        self._leaving.add(image.source)
        self._background.run_apart(image.source.close, lambda _none: self._leaving.discard(image.source))


def _lies_over(result: OpenImage, raw: OpenImage) -> bool:
    """Whether a result has the scene, times and planes of an image as it is read now."""
    own, other = result.info.shape, raw.info.shape
    return result.of_scene == raw.info.scene and (own[0], own[2]) == (other[0], other[2])


def expand(paths: Sequence[Path], *, recursive: bool = False) -> tuple[list[Path], list[UserError]]:
    """Return the files and the images of folders among `paths`, and what is wrong; for a thread."""
    from app.images.folders import images_in

    files, failures = images_in(paths, recursive=recursive)
    return files, list(failures)


def open_source(
    path: Path, scene: int = 0, reading: Reading | None = None, *, partial: bool = False, cache_bytes: int = 0
) -> ImageSource:
    """Open a file behind a cache of what was read last; for a thread."""
    from app.images.cache import CachedSource
    from app.images.open import open_image

    return CachedSource(open_image(path, scene, reading, partial=partial), cache_bytes)


def open_file(
    path: Path,
    scene: int = 0,
    *,
    reading: Reading | None = None,
    is_firm: bool = False,
    partial: bool = False,
    readings: RememberedReadings | None = None,
    cache_bytes: int = 0,
) -> Opened:
    """Open a file as a person said it is to be read, now or earlier; for a thread.

    A reading that does not fit is left out, unless it `is_firm`: said just now.
    """
    from app.images.errors import WrongReading
    from app.images.partial import missing_planes
    from app.images.remembered import stamp_of

    try:
        stamp = stamp_of(path)  # before it is read: what changes meanwhile counts as changed
    except OSError:
        stamp = None  # opening says what is wrong
    if reading is None and readings is not None:
        reading = readings.find(path, scene)
    try:
        source = open_source(path, scene, reading, partial=partial, cache_bytes=cache_bytes)
    except WrongReading:
        if is_firm:
            raise
        reading = None
        source = open_source(path, scene, partial=partial, cache_bytes=cache_bytes)
    return Opened(source, reading, stamp, partial, missing_planes(source))
