"""One job per GPU on the whole machine: a locked file that the system frees when its process dies."""

import logging
import os
import re
import sys
from pathlib import Path
from typing import ClassVar

logger = logging.getLogger(__name__)


class Lane:
    """The right to use one device; sessions of other people on this machine count too.

    Parameters
    ----------
    device : str
        Such as ``"cuda:0"``; ``"cuda"`` means the first one.
    folder : Path, optional
        Where the locked files lie; by default a place that all users of the machine share.
    """

    RETRY_SECONDS: ClassVar[float] = 0.5

    def __init__(self, device: str, folder: Path | None = None) -> None:
        self.device = device
        name = re.sub(r"[^a-z0-9]", "-", "cuda:0" if device == "cuda" else device)
        self._path = (folder or _shared_folder()) / f"micrographia-{name}.lock"
        self._file: int | None = None

    def take(self) -> bool:
        """Take the device if it is free; True if this object holds it now."""
        if self._file is not None:
            return True
        try:
            file = _open_for_all(self._path)
        except OSError as error:
            logger.warning("Sessions of other people are not seen: %s", error)
            return True
        if not _lock(file):
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let others have the device; releasing twice does no harm."""
        if self._file is not None:
            os.close(self._file)  # closing unlocks
            self._file = None


def _shared_folder() -> Path:
    if sys.platform == "win32":
        folder = Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "micrographia"
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    return Path("/tmp")  # the one folder that all users of a machine share


def _open_for_all(path: Path) -> int:
    """Open the file, which another user may have made: systems refuse to create over it then."""
    try:
        return os.open(path, os.O_RDWR)
    except FileNotFoundError:
        pass
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return os.open(path, os.O_RDWR)
    if sys.platform != "win32":
        os.fchmod(file, 0o666)  # whatever the umask says
    return file


def _lock(file: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
