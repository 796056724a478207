"""Lists one folder for a person who looks around: at once, bit by bit, in the order people count."""

import heapq
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from app.images.errors import from_system
from app.images.folders import UNFINISHED
from app.images.open import READERS, Reader, is_image_folder
from app.paths import is_on_network

DIGITS = re.compile(r"\d+")
CHUNK = 2048  # entries sorted in one go: while a list is sorted no other thread runs
BREATH = 256  # entries between two pauses
PAUSE_S = 0.0005  # in which the other threads come round
ZARR = ".zarr"  # in the names of folders that are worth a look even on a slow drive
FIRST_NEWS_S = 0.3  # after which a listing tells what it has so far; each further time takes twice as long


@dataclass(frozen=True, slots=True)
class Entry:
    """One folder or image that was found.

    Attributes
    ----------
    folder : Path
        Where it lies.
    name : str
    is_folder : bool
    format : str
        Such as ``"TIFF"``; empty for folders.
    size : int or None
        Bytes; None for folders and while unknown.
    modified_ns : int or None
        When it was changed last, in nanoseconds; None while unknown.
    """

    folder: Path
    name: str
    is_folder: bool = False
    format: str = ""
    size: int | None = None
    modified_ns: int | None = None

    @property
    def path(self) -> Path:
        """The whole path."""
        return self.folder / self.name


@dataclass(frozen=True, slots=True)
class Listing:
    """What is known of a folder so far: folders first, both by name.

    `is_complete` says that all names are there, `is_measured` that sizes and times are too;
    `is_on_network` that the folder lies on another computer, where asking for them is slow.
    """

    entries: tuple[Entry, ...] = ()
    is_complete: bool = True
    is_measured: bool = True
    is_on_network: bool = False


Told = Callable[[Listing], None]
IsLeft = Callable[[], bool]


def list_folder(folder: Path, told: Told, is_left: IsLeft) -> None:
    """Find the visible folders and images in `folder`, without opening any.

    `told` hears of them once if that is quick, else several times with ever more of them; then once more
    with sizes and times, unless the folder lies on another computer. The call ends early when `is_left`
    says that nobody waits any more.

    Raises
    ------
    ImageError
        If `folder` cannot be listed.
    """
    on_network = is_on_network(folder)
    folders, images = _Sorted(), _Sorted()
    raw: dict[str, os.DirEntry[str]] = {}
    news = time.monotonic() + FIRST_NEWS_S
    wait = FIRST_NEWS_S
    try:
        with os.scandir(folder) as found:
            for number, one in enumerate(found):
                if number % BREATH == 0:
                    time.sleep(PAUSE_S)
                if is_left():
                    return
                entry = _entry(folder, one, on_network=on_network)
                if entry is None:
                    continue
                raw[entry.name] = one
                (folders if entry.is_folder else images).add(entry)
                if time.monotonic() > news:
                    told(Listing((*folders, *images), is_complete=False, is_measured=False))
                    wait *= 2
                    news = time.monotonic() + wait
    except OSError as error:
        raise from_system(error, folder) from error
    entries = (*folders, *images)
    told(Listing(entries, is_measured=False, is_on_network=on_network))
    if not on_network:
        _measure(entries, raw, told, is_left)


def measured(entries: Sequence[Entry], is_left: IsLeft) -> tuple[Entry, ...]:
    """Return `entries` with size and time; what is gone meanwhile stays as it is.

    Slow on network drives: it asks for each file by itself.
    """
    found = []
    for entry in entries:
        if is_left():
            return tuple(entries)
        try:
            found.append(_with_stat(entry, entry.path.stat()))
        except OSError:
            found.append(entry)
    return tuple(found)


def entry_for(path: Path) -> Entry | None:
    """Return the entry for one file or image that is there, measured; None if it is gone."""
    try:
        return _with_stat(Entry(path.parent, path.name, format=format_of(path.name)), path.stat())
    except OSError:
        return None


def is_shown_as_image(folder: Path, *, on_network: bool) -> bool:
    """Whether a folder is an image; on a network drive only those are looked into whose name says so."""
    return (not on_network or ZARR in folder.name.lower()) and is_image_folder(folder)


def format_of(name: str) -> str:
    """Return the format that a file name speaks of, such as ``"TIFF"``; empty if no reader knows it."""
    lower = name.lower()
    at = lower.find(".")
    while at >= 0:
        format_ = _formats().get(lower[at:])
        if format_ is not None:
            return format_
        at = lower.find(".", at + 1)
    return ""


class _Sorted:
    """Entries by name, sorted in chunks so that no other thread waits for long."""

    def __init__(self) -> None:
        self._chunks: list[list[Entry]] = [[]]

    def add(self, entry: Entry) -> None:
        """Add one."""
        if len(self._chunks[-1]) >= CHUNK:
            self._chunks[-1].sort(key=_key)
            self._chunks.append([])
        self._chunks[-1].append(entry)

    def __iter__(self) -> Iterator[Entry]:
        """Yield all in order."""
        self._chunks[-1].sort(key=_key)
        for number, entry in enumerate(heapq.merge(*self._chunks, key=_key)):
            if number % BREATH == 0:
                time.sleep(PAUSE_S)
            yield entry


def _key(entry: Entry) -> str:
    """Return a key that sorts like `natural_key`, as one text: tuples by the million are a burden."""
    return DIGITS.sub(_counted, entry.name.casefold())


def _counted(found: re.Match[str]) -> str:
    """Return a number so that shorter ones come first, and all of them before any letter."""
    digits = str(int(found[0]))
    return f"\0{chr(len(digits))}{digits}"


@cache
def _formats() -> dict[str, str]:
    return {suffix: _format(row, suffix) for row in READERS if not row.is_folder for suffix in row.suffixes}


def _format(row: Reader, suffix: str) -> str:
    """Return the word of a reader's title that a suffix stands for: JPEG for ``.jpg``."""
    letters = suffix.rsplit(".", 1)[-1].upper()
    parts = [part.split()[-1] for part in row.title.split(",")]
    return next((part for part in parts if _is_short_for(letters, part.upper())), parts[0])


def _is_short_for(letters: str, word: str) -> bool:
    rest = iter(word)
    return word.startswith(letters[:1]) and all(letter in rest for letter in letters)


def _entry(folder: Path, found: os.DirEntry[str], *, on_network: bool) -> Entry | None:
    name = found.name
    if name.startswith("."):
        return None
    format_ = format_of(name)
    if found.is_dir():
        is_image = is_shown_as_image(Path(found.path), on_network=on_network)
        if is_image and name.endswith(UNFINISHED):
            return None
        return Entry(folder, name, is_folder=not is_image, format="OME-Zarr" if is_image else "")
    return Entry(folder, name, format=format_) if format_ and found.is_file() else None


def _measure(
    entries: tuple[Entry, ...], raw: dict[str, os.DirEntry[str]], told: Told, is_left: IsLeft
) -> None:
    found = []
    for number, entry in enumerate(entries):
        if number % BREATH == 0:
            time.sleep(PAUSE_S)
        if is_left():
            return
        try:
            found.append(_with_stat(entry, raw[entry.name].stat()))
        except OSError:
            found.append(entry)
    told(Listing(tuple(found)))


def _with_stat(entry: Entry, known: os.stat_result) -> Entry:
    size = None if stat.S_ISDIR(known.st_mode) else known.st_size
    return replace(entry, size=size, modified_ns=known.st_mtime_ns)
