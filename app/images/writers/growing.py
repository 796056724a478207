"""A file that grows from its beginning to its end under a name in ``.part``."""

import os
from pathlib import Path

from app.images.errors import CannotWrite, DiskFull
from app.images.writers.places import check_room, refusal, renamed, started


class GrowingFile:
    """Takes bytes one after the other; an existing name is never taken.

    Parameters
    ----------
    path : Path
        The name wished for; a number is added if it is taken.
    size : int
        Bytes to expect; room for them is looked for at once.

    Raises
    ------
    DiskFull, CannotWrite
        From the constructor and every method.
    """

    def __init__(self, path: Path, size: int) -> None:
        path = Path(path).absolute()
        check_room(path, size)
        self._size = size
        self.path, self._file = started(path, size)

    def write(self, data: bytes) -> None:
        """Append `data`."""
        try:
            self._file.write(data)
        except OSError as error:
            raise self._refused(error) from error

    def write_at(self, position: int, data: bytes) -> None:
        """Replace what was written at `position`; the end stays where it is."""
        try:
            end = self._file.tell()
            self._file.seek(position)
            self._file.write(data)
            self._file.seek(end)
        except OSError as error:
            raise self._refused(error) from error

    def close(self) -> Path:
        """Give the file its name and return it."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            return renamed(self.path, self.path.with_name(self.path.name.removesuffix(".part")))
        except OSError as error:
            raise self._refused(error) from error

    def abandon(self) -> None:
        """Close and remove what is not finished."""
        try:
            self._file.close()
        except OSError:  # what was still to be written finds no room either
            self._file.close()
        self.path.unlink(missing_ok=True)

    def _refused(self, error: OSError) -> CannotWrite | DiskFull:
        return refusal(error, self.path, self._size)


def write_whole(path: Path, data: bytes) -> Path:
    """Write a file in one go and return its name, with a number if the one wished for was taken.

    Raises
    ------
    DiskFull, CannotWrite
        If the drive refuses; nothing half-written remains.
    """
    file = GrowingFile(path, len(data))
    try:
        file.write(data)
        return file.close()
    finally:
        file.abandon()
