"""Small pictures on the disk: one JPEG each, named after what it shows, the least recently used removed.

Several windows may use the folder at once, and any file in it may vanish or be damaged at any time: that
costs no more than making a picture again.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from pathlib import Path

from PySide6.QtGui import QImage, QImageReader, QImageWriter

from app.images.listing import Entry

VERSION = 1  # raise it when pictures are made in another way
MOST_BYTES = 200_000_000
KEPT_SHARE = 0.8  # of it after tidying
TIDY_EVERY = 500  # pictures
FRESH_S = 3600.0  # a picture used within that time need not be marked as used again
QUALITY = 88
FACTS = "Micrographia"  # key of the text inside each picture
MOST_SIDE = 1024  # a picture that claims to be larger is none of ours


class PictureCache:
    """Keeps pictures under the path, time and size of what they show; all methods are for threads."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._stored = 0

    def load(self, entry: Entry) -> tuple[QImage, dict[str, object]] | None:
        """Return the picture of `entry` as it is now and the facts stored with it; None if there is none."""
        file = self.file_for(entry)
        image = _read(file)
        if image is None:
            return None
        try:
            facts = json.loads(image.text(FACTS))
        except ValueError:
            return None
        if not isinstance(facts, dict):
            return None
        _mark_as_used(file)
        return image, facts

    def store(self, entry: Entry, image: QImage, facts: dict[str, object]) -> None:
        """Keep a picture; where there is no room or permission it is simply not kept."""
        file = self.file_for(entry)
        scratch = file.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
        image = image.copy()
        image.setText(FACTS, json.dumps(facts))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            writer = QImageWriter(str(scratch), b"jpeg")
            writer.setQuality(QUALITY)
            if writer.write(image):
                scratch.replace(file)
            else:
                scratch.unlink(missing_ok=True)
        except OSError:
            return
        with self._lock:
            is_due = self._stored % TIDY_EVERY == 0
            self._stored += 1
        if is_due:
            self.tidy()

    def tidy(self) -> None:
        """Remove what was not used for longest, until the rest is well within the limit."""
        found = sorted(_files(self._folder))
        total = sum(size for _used, size, _file in found)
        if total <= self._most_bytes:
            return
        for _used, size, file in found:
            if total <= self._most_bytes * KEPT_SHARE:
                return
            try:
                file.unlink()
            except OSError:  # another window was faster, or still reads it
                continue
            total -= size

    def file_for(self, entry: Entry) -> Path:
        """Return where the picture of `entry` lies, or would lie."""
        name = f"{VERSION}\0{entry.path}\0{entry.modified_ns}\0{entry.size}"
        key = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:40]
        return self._folder / key[:2] / f"{key[2:]}.jpg"


def _read(file: Path) -> QImage | None:
    if not file.exists():
        return None
    reader = QImageReader(str(file), b"jpeg")
    size = reader.size()
    image = QImage() if max(size.width(), size.height()) > MOST_SIDE else reader.read()
    if not image.isNull():
        return image
    try:
        file.unlink(missing_ok=True)  # damaged; it is made again
    except OSError:
        return None
    return None


def _mark_as_used(file: Path) -> None:
    try:
        if time.time() - file.stat().st_mtime > FRESH_S:
            os.utime(file)
    except OSError:
        return


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    """Return time of use, size and path of all that lies in the cache."""
    found = []
    for place, _folders, names in os.walk(folder):
        for name in names:
            file = Path(place) / name
            try:
                known = file.stat()
            except OSError:
                continue
            found.append((known.st_mtime, known.st_size, file))
    return found
