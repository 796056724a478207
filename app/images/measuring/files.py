"""Small files written whole: first under another name, so that a file is either there or it is not."""

import errno
import os
from collections.abc import Collection
from pathlib import Path

from app.images.errors import CannotWrite, DiskFull


def with_suffix(path: Path, suffix: str) -> Path:
    """Return `path` with `suffix` at its end, unless it ends so already."""
    return path if path.name.lower().endswith(suffix) else path.with_name(path.name + suffix)


def write_whole(path: Path, content: bytes, *, may_replace: bool, images: Collection[Path] = ()) -> None:
    """Write a file.

    Parameters
    ----------
    path : Path
    content : bytes
    may_replace : bool
        Whether the person agreed that a file of this name is replaced.
    images : collection of Path
        Files that are never replaced, whatever was agreed.

    Raises
    ------
    CannotWrite
        If the name is taken, or the folder cannot be written to.
    DiskFull
        If there is no room.
    """
    if path.exists() and (not may_replace or path in images):
        raise CannotWrite(
            f"There is a file named {path.name} already; it was not touched.",
            hint="Choose another name.",
            path=str(path),
        )
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _refused(error, path) from error


def _refused(error: OSError, path: Path) -> CannotWrite | DiskFull:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return DiskFull(
            f"There is no room left for {path.name}; nothing was written.",
            hint="Make room on the disk or choose another folder.",
            path=str(path),
        )
    return CannotWrite(
        f"{path.name} cannot be written in {path.parent.name or path.parent}: {error.strerror or error}.",
        hint="Choose another folder, or ask for the permission to write there.",
        path=str(path),
    )
