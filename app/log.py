"""Logging: one file per process, the last lines in memory, and the stack of every thread after a crash.

Everywhere else ``getLogger(__name__)`` is enough. Names of images are logged at debug level only.
"""

import faulthandler
import logging
import os
import platform
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from app.paths import Paths

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
LINES_IN_MEMORY = 500
FILES_KEPT = 30

logger = logging.getLogger(__name__)


class _Memory(logging.Handler):
    """Keeps the last formatted lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=LINES_IN_MEMORY)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.extend(self.format(record).splitlines())


_memory = _Memory()
_memory.setFormatter(logging.Formatter(FORMAT))
_crash_file: TextIO | None = None  # faulthandler needs it open as long as the process lives


def start_logging(paths: Paths, process: str, *, level: int = logging.INFO) -> Path | None:
    """Log to a new file of this process and return it; None if the folder cannot be written.

    Parameters
    ----------
    paths : Paths
    process : str
        What this process is, such as ``"window"``; begins the file's name.
    level : int
        Lowest level that is kept.
    """
    root = logging.getLogger()
    root.setLevel(level)
    if _memory not in root.handlers:
        root.addHandler(_memory)
    target = paths.log / f"{process}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    try:
        paths.log.mkdir(parents=True, exist_ok=True)
        _forget_old_files(paths.log)
        handler = logging.FileHandler(target, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        logger.warning("No log file: %s", error)
        return None
    handler.setFormatter(logging.Formatter(FORMAT))
    root.addHandler(handler)
    logging.captureWarnings(capture=True)
    watch_for_crashes(target)
    logger.info("%s on %s, Python %s", process, platform.platform(), platform.python_version())
    return target


def watch_for_crashes(file: Path) -> None:
    """Append the stack of every thread to `file` if the process crashes from now on."""
    global _crash_file
    stream = file.open("a", encoding="utf-8")
    faulthandler.enable(stream)
    if _crash_file is not None:
        _crash_file.close()
    _crash_file = stream


@contextmanager
def also_logging_to(file: Path) -> Iterator[None]:
    """Append the log to `file` too while the block runs."""
    handler = logging.FileHandler(file, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


def recent_lines(count: int = 50) -> tuple[str, ...]:
    """Return the last `count` lines that this process logged."""
    with _locked(_memory):
        return tuple(_memory.lines)[-count:] if count else ()


@contextmanager
def _locked(handler: logging.Handler) -> Iterator[None]:
    lock = handler.lock or threading.RLock()
    with lock:
        yield


def _forget_old_files(folder: Path) -> None:
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[FILES_KEPT:]:
        try:
            file.unlink()
        except OSError:
            logger.debug("Still in use: %s", file.name)
