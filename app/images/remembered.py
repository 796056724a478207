"""What a person said about a file, kept for the next time: a small JSON file, one line of thought per file.

A file is known again by its path, size and time of change: another file of the same name starts afresh.
A store that is damaged costs only itself.
"""

import json
import logging
import math
import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.images.readers.zarr_store import metadata_files
from models.errors import UserError
from models.source import PixelSize, Reading

FORMAT = "micrographia.readings/1"
STORE_NAME = "readings.json"
MOST_FILES = 1000
MOST_BYTES = 8 << 20  # a store that is larger was not written here

logger = logging.getLogger(__name__)


class NotRemembered(UserError):
    """The store cannot be written."""

    code = "images.not_remembered"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells that a file is still the same: its size in bytes and the time of its last change."""

    size: int
    changed_ns: int


def stamp_of(path: Path) -> Stamp:
    """Return the stamp of a file as it is now; for an image folder, that of its metadata all together.

    Raises
    ------
    OSError
        If it is not there or cannot be reached.
    """
    found = path.stat()
    if not stat.S_ISDIR(found.st_mode):
        return Stamp(found.st_size, found.st_mtime_ns)
    parts = [file.stat() for file in metadata_files(path)] or [found]
    return Stamp(sum(part.st_size for part in parts), max(part.st_mtime_ns for part in parts))


class RememberedReadings:
    """The store of readings; may be used from any thread, by several processes.

    Parameters
    ----------
    folder : Path
        Where the store lies; made when something is first remembered.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / STORE_NAME
        self._lock = threading.Lock()
        self._known: tuple[Stamp, dict[str, Any]] | None = None  # what was read last

    def find(self, path: Path, scene: int = 0) -> Reading | None:
        """Return what was said about an image, or None if nothing was or the file has changed since."""
        with self._lock:
            row = self._load().get(_name(path))
        if row is None:
            return None
        try:
            stamp = stamp_of(path)
            if row["stamp"] != [stamp.size, stamp.changed_ns]:
                return None
            return _reading(row["scenes"].get(str(scene)))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def remember(self, path: Path, scene: int, reading: Reading) -> None:
        """Keep what was said about an image; an empty reading is forgotten.

        Raises
        ------
        NotRemembered
            If the image is gone or the store cannot be written.
        """
        try:
            with self._lock:
                self._keep(path, stamp_of(path), scene, reading)
        except OSError as error:
            raise NotRemembered(
                f"The correction of {path.name} could not be remembered: {error.strerror or error}.",
                hint="It holds until the image is closed.",
                path=str(path),
            ) from error

    def _keep(self, path: Path, stamp: Stamp, scene: int, reading: Reading) -> None:
        rows = dict(self._load())
        row = rows.pop(_name(path), None)
        now = [stamp.size, stamp.changed_ns]
        said: dict[str, Any] = {}  # Any: what JSON holds
        if isinstance(row, dict) and row.get("stamp") == now and isinstance(row.get("scenes"), dict):
            said |= row["scenes"]
        said.pop(str(scene), None)
        if reading != Reading():
            said[str(scene)] = _plain(reading)
        if said:
            rows[_name(path)] = {"stamp": now, "scenes": said}
        self._store(dict(list(rows.items())[-MOST_FILES:]))

    def _load(self) -> dict[str, Any]:  # Any: each row is checked where it is used
        """Return all rows, read anew only if the store has changed."""
        try:
            stamp = stamp_of(self._file)
            if self._known is not None and self._known[0] == stamp:
                return self._known[1]
            if stamp.size > MOST_BYTES:
                raise ValueError("it is too large")
            found = json.loads(self._file.read_text("utf-8"))
            if found["format"] != FORMAT or not isinstance(found["files"], dict):
                raise ValueError("it is of another format")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            logger.warning("%s is left out: %s", self._file, error)
            return {}
        self._known = (stamp, found["files"])
        return self._known[1]

    def _store(self, rows: dict[str, Any]) -> None:
        """Write the store whole, or not at all."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._file.with_name(f"{STORE_NAME}.{os.getpid()}.part")
        scratch.write_text(json.dumps({"format": FORMAT, "files": rows}), "utf-8")
        scratch.replace(self._file)
        self._known = None


def _name(path: Path) -> str:
    return str(path.absolute())


def _plain(reading: Reading) -> dict[str, Any]:
    size = reading.pixel_size_um
    return {"axes": reading.axes, "um": [size.z, size.y, size.x], "interval_s": reading.time_interval_s}


def _reading(found: Any) -> Reading | None:  # Any: what stood in the store
    """Return the reading that was stored.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it makes no sense.
    """
    if found is None:
        return None
    axes = found["axes"]
    if not isinstance(axes, str):
        raise ValueError("axes are letters")
    z, y, x = (_length(number) for number in found["um"])
    return Reading(axes, PixelSize(z, y, x), _length(found["interval_s"]))


def _length(number: object) -> float | None:
    if number is None:
        return None
    if not isinstance(number, int | float) or not math.isfinite(number) or number <= 0:
        raise ValueError(f"{number!r} is no length")
    return float(number)
