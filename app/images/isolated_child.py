"""The process that reads files whose library could end or hang a process; `app.images.isolated` asks it.

It lives as long as somebody has a file open, and a little longer. Whatever a file makes of it, only this
process is gone: too much time of the processor or too much memory for one request end it too.
"""

import importlib
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from app.images import parcel
from app.images.partial import missing_planes
from models.errors import UserError
from models.source import ImageSource

ROOM = "app.images.readers."
IDLE_SECONDS = 30.0
SECONDS, BYTES_PER_SECOND = 8.0, 20e6  # of the processor: for any request, and for what it reads
SPARE_BYTES, COPIES = 1500 << 20, 4  # of memory: for any request, and for what it reads


def serve() -> None:
    """Answer requests until nobody asks any more."""
    warnings.simplefilter("ignore")  # libraries warn of odd files; nobody would see it
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # whatever libraries print must not get among the answers
    reader = _Reader(answers)
    while True:
        try:
            reader.answer(parcel.receive(requests))
        except parcel.Gone:
            return


class _Reader:
    """All open files of this process."""

    def __init__(self, answers: IO[bytes]) -> None:
        self._answers = answers
        self._sources: dict[int, ImageSource] = {}
        self._number = 0
        self._idle: threading.Timer | None = None
        self._rest()

    def answer(self, request: parcel.Message) -> None:
        """Do what `request` asks for and answer."""
        if self._idle is not None:
            self._idle.cancel()
        if request["do"] == "close":
            self._close(request["number"])
            return
        data = None
        try:
            answer, data = self._done(request)
        except UserError as error:
            answer = {"error": parcel.from_error(error)}
        except Exception:  # noqa: BLE001 - it is raised again in the process that asked
            answer = {"fault": traceback.format_exc()}
        parcel.send(self._answers, answer, data)
        self._rest()

    def _done(self, request: parcel.Message) -> tuple[parcel.Message, memoryview | None]:
        match request["do"]:
            case "open":
                with _limits(0):
                    source: ImageSource = _module(request).open_source(
                        Path(request["path"]), request["scene"], partial=request["partial"]
                    )
                self._number += 1
                self._sources[self._number] = source
                missing = sorted(missing_planes(source))
                return {
                    "number": self._number,
                    "info": parcel.from_info(source.info),
                    "missing": missing,
                }, None
            case "read":
                region, source = parcel.to_region(request["region"]), self._sources[request["number"]]
                with _limits(int(np.prod(region.shape)) * np.dtype(source.info.dtype).itemsize):
                    pixels = np.ascontiguousarray(source.read(region))
                return {"shape": pixels.shape, "dtype": pixels.dtype.str}, pixels.data.cast("B")
            case "metadata":
                with _limits(0):
                    entries = _module(request).metadata(Path(request["path"]), request["scene"])
                return {"entries": parcel.from_entries(entries)}, None
        raise ValueError(request["do"])

    def _close(self, number: int) -> None:
        """Close what is open as `number`; nobody waits for an answer."""
        found = self._sources.pop(number, None)
        if found is not None:
            with suppress(Exception):  # nobody is there who could be told
                found.close()
        self._rest()

    def _rest(self) -> None:
        if not self._sources:
            self._idle = threading.Timer(IDLE_SECONDS, os._exit, (0,))
            self._idle.daemon = True
            self._idle.start()


def _module(request: parcel.Message) -> Any:  # a reader, which is a module
    name = request["module"]
    if not name.startswith(ROOM):
        raise ValueError(name)
    return importlib.import_module(name)


@contextmanager
def _limits(nbytes: int) -> Iterator[None]:
    """Let this process end if a request that reads `nbytes` takes absurdly long; bound its memory.

    Windows has no such limits; there only the asking process looks at the clock.
    """
    if sys.platform == "win32":
        yield
        return
    import resource
    import signal

    signal.setitimer(signal.ITIMER_PROF, SECONDS + nbytes / BYTES_PER_SECOND)  # its signal ends the process
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    room = _address_space()
    if room:
        wanted = room + SPARE_BYTES + COPIES * nbytes
        known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_AS, (min([wanted, *known]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.setitimer(signal.ITIMER_PROF, 0)


def _address_space() -> int:
    """Return how many bytes this process has claimed, 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
