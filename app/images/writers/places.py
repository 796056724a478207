"""Where a new file may lie: names that nobody has taken, room on the drive, and what a refusal means.

What is written grows under a name ending in ``.part`` and gets its own at the end; an existing name is never
taken.
"""

import errno
import logging
import os
import shutil
from pathlib import Path
from typing import BinaryIO

from app.images.errors import CannotWrite, DiskFull, in_words
from app.images.folders import stem

logger = logging.getLogger(__name__)


def started(path: Path, size: int) -> tuple[Path, BinaryIO]:
    """Create the ``.part`` of `path`, or of the first name with a number that nobody has taken."""
    candidate, number = path, 1
    while True:
        part = candidate.with_name(candidate.name + ".part")
        try:
            if not candidate.exists():
                return part, part.open("xb")
        except FileExistsError:
            pass
        except OSError as error:
            raise refusal(error, part, size) from error
        number += 1
        candidate = numbered(path, number)


def numbered(path: Path, number: int) -> Path:
    """Return `path` with a number before its suffix."""
    base = stem(path)
    return path.with_name(f"{base}_{number}{path.name[len(base) :]}")


def renamed(part: Path, wished: Path) -> Path:
    """Give a finished file its name or the next free one; return when the name, too, is on the disk."""
    final = claimed(wished)
    try:
        part.replace(final)
    except OSError:
        final.unlink()  # which is empty
        raise
    if os.name == "posix":
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        except OSError:  # network drives need not be able to
            logger.debug("The folder of a result could not be synchronised")
        finally:
            os.close(folder)
    return final


def claimed(path: Path) -> Path:
    """Take the name `path`, or the next free one, by making an empty file; nobody else can take it then."""
    candidate, number = path, 1
    while True:
        try:
            candidate.open("xb").close()
        except FileExistsError:
            number += 1
            candidate = numbered(path, number)
        else:
            return candidate


def free_name(path: Path) -> Path:
    """Return `path`, or the first name with a number, that nobody has taken and nobody is writing."""
    candidate, number = path, 1
    while candidate.exists() or candidate.with_name(candidate.name + ".part").exists():
        number += 1
        candidate = numbered(path, number)
    return candidate


def check_room(path: Path, size: int) -> None:
    """Raise `DiskFull` if a file of `size` bytes called `path` would not fit on the drive now."""
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise refusal(error, path, size) from error
    if free < size:
        raise _disk_full(path, size - free)


def _disk_full(path: Path, missing: int) -> DiskFull:
    return DiskFull(
        f"The disk is nearly full: {in_words(missing)} missing for {path.name.removesuffix('.part')}.",
        hint="Make room on the drive or choose another folder for results. The original is untouched.",
        path=str(path),
        missing=missing,
    )


def refusal(error: OSError, path: Path, size: int) -> CannotWrite | DiskFull:
    """Return the image error that says what `error` means for writing `path` of `size` bytes."""
    name = path.name.removesuffix(".part")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _disk_full(path, _missing(path, size))
    if error.errno == errno.EFBIG:
        return CannotWrite(
            f"{name} would be {in_words(size)}; the drive cannot hold files that large.",
            hint="Choose a folder on another drive; memory sticks are often formatted so (FAT32).",
            path=str(path),
        )
    if error.errno == errno.ENAMETOOLONG:
        return CannotWrite(
            f"A result cannot be called {name}: the name is too long for the drive.",
            hint="Choose a shorter name, or give a copy of the original one.",
            path=str(path),
        )
    if isinstance(error, FileNotFoundError):
        return CannotWrite(
            f"There is no folder {path.parent} any more to write {name} to.",
            hint="Choose another folder for results, or connect its drive.",
            path=str(path),
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return CannotWrite(
            f"{name} may not be written to the folder {path.parent.name or path.parent}.",
            hint="Choose another folder for results.",
            path=str(path),
        )
    return CannotWrite(
        f"{name} could not be written: {error.strerror or error}.",
        hint="Check the drive or choose another folder for results. The original is untouched.",
        path=str(path),
    )


def _missing(path: Path, size: int) -> int:
    """Return how many bytes of a half-written file still lack room; at least 1."""
    try:
        status = path.stat()
        taken = getattr(status, "st_blocks", 0) * 512
        return max(1, size - taken - shutil.disk_usage(path.parent).free)
    except OSError:
        return size
