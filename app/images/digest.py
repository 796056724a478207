"""The checksum by which a result names its original: of a file, or of a folder that is an image."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from app.images.readers.zarr_store import METADATA, MOST_BYTES

CHUNK = 1 << 20
MOST_FILES = 200_000


def sha256_of(path: Path, is_enough: Callable[[], bool] = lambda: False) -> str:
    """Return the SHA-256 of `path` as 64 hexadecimal digits.

    A file's is that of all its bytes. A folder may hold millions of files and terabytes, so its checksum is
    that of a text: for each of its files, folder after folder by name, the first `MOST_FILES` of them, a line
    ``path size`` (path from the folder with ``/``, size in bytes), which the bytes of the file follow if it
    is one of Zarr's files of metadata. Pixels that are replaced by others of the same packed size go
    unnoticed.

    Parameters
    ----------
    path : Path
    is_enough : callable
        Asked again and again; the answer true ends the work.

    Returns
    -------
    str
        Empty if `is_enough` ended it.

    Raises
    ------
    OSError
        If something cannot be read.
    """
    found = hashlib.sha256()
    for part in _of_folder(path) if path.is_dir() else _bytes(path):
        if is_enough():
            return ""
        found.update(part)
    return found.hexdigest()


def _of_folder(folder: Path) -> Iterator[bytes]:
    for count, file in enumerate(_files(folder)):
        if count == MOST_FILES:
            return
        size = file.lstat().st_size
        yield f"{file.relative_to(folder).as_posix()} {size}\n".encode("utf-8", "surrogateescape")
        if file.name in METADATA and size <= MOST_BYTES and file.is_file() and not file.is_symlink():
            yield file.read_bytes()


def _files(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(where, name) for name in sorted(files))


def _bytes(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
