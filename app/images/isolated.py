"""Reads files in a process of their own where a damaged file could end or hang the one that reads it.

The library for HDF5 was seen to end the process on one damaged file in thirty, and to hang on one in a
thousand; that for CZI to end it on one in two thousand. So one process per reader does it for all files
of its kind; when it is gone, the file that it died of is called damaged, the others are opened anew.
"""

import atexit
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

from app import program
from app.images import parcel
from app.images.errors import Damaged, ReadingFailed
from app.images.metadata import Entry
from app.images.partial import Plane
from app.images.readers.planes import blank
from models.source import ImageInfo, ImageSource, Pixels, Region

SECONDS, BYTES_PER_SECOND = 60.0, 5e6  # by the clock: for any request, and for what it reads
GOODBYE_SECONDS = 2.0
LAST_SECONDS = 0.5  # for which the end of the program waits for a request that is under way


def open_source(module: str, path: Path, scene: int = 0, *, partial: bool = False) -> ImageSource:
    """Open an image as the reader `module` does, in another process; see `app.images.open.open_image`."""
    return IsolatedSource(_host(module), path, scene, is_partial=partial)


def metadata(module: str, path: Path, scene: int) -> tuple[Entry, ...]:
    """Return what the reader `module` tells of a file, found out in another process."""
    request = {"do": "metadata", "path": str(path), "scene": scene}
    return parcel.to_entries(_host(module).ask(request, path)["entries"])


class IsolatedSource:
    """An image that another process reads; see `models.source.ImageSource`.

    Parameters
    ----------
    host : Host
    path : Path
    scene : int
    is_partial : bool

    Raises
    ------
    ImageError
        If it cannot be opened.
    """

    def __init__(self, host: "Host", path: Path, scene: int, *, is_partial: bool) -> None:
        self._host = host
        self._path = path
        self._open = {"do": "open", "path": str(path), "scene": scene, "partial": is_partial}
        self._number = -1
        self._life = -1
        self._is_closed = False
        self._missing: frozenset[Plane] = frozenset()
        with host.lock:
            self.info: ImageInfo = self._opened()

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`; see `ImageSource.read`."""
        out = blank(self._path, self.info, region)
        if not out.size:
            return out
        with self._host.lock:
            if self._is_closed:
                raise ValueError(f"{self._path.name} is closed")
            if self._life != self._host.awake(self._path):
                self._opened()
            request = {"do": "read", "number": self._number, "region": parcel.from_region(region)}
            self._host.ask(request, self._path, out)
        return out

    def missing_planes(self) -> frozenset[Plane]:
        """Return the planes (t, c, z) that the file has not."""
        return self._missing

    def close(self) -> None:
        """Release the file, as soon as the other process has time; closing twice does no harm."""
        if not self._is_closed:
            self._is_closed = True
            self._host.drop(self._life, self._number)

    def _opened(self) -> ImageInfo:
        answer = self._host.ask(self._open, self._path)
        self._missing = frozenset((t, c, z) for t, c, z in answer["missing"])
        self._number, self._life = answer["number"], self._host.life
        return parcel.to_info(answer["info"])


class Host:
    """The process that reads all files of one kind; started when it is needed, and again when it is gone.

    Parameters
    ----------
    module : str
        Name of the reader's module.

    Attributes
    ----------
    lock : RLock
        Held while a request is answered.
    life : int
        Grows with each start; what was opened in an earlier life is not open any more.
    """

    def __init__(self, module: str) -> None:
        self.lock = threading.RLock()
        self.life = 0
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._dropped: list[tuple[int, int]] = []
        self._is_late = False
        self._is_over = False

    def ask(self, request: parcel.Message, path: Path, out: Pixels | None = None) -> parcel.Message:
        """Return the answer to `request` about `path`; the pixels that come with it are put into `out`.

        Raises
        ------
        ImageError
            What the reader raised; `Damaged` if the process ended over it.
        """
        request = request | {"module": self._module}
        with self.lock:
            try:
                self.awake(path)
                answer = self._answered(request, out)
            except parcel.Gone as error:
                raise self._over(path) from error
        if "error" in answer:
            raise parcel.to_error(answer["error"])
        if "fault" in answer:
            raise RuntimeError(answer["fault"])
        return answer

    def awake(self, path: Path) -> int:
        """Start the process if it is not there; return its life.

        Raises
        ------
        ReadingFailed
            If the system refuses.
        """
        with self.lock:
            if self._is_over:
                raise ReadingFailed(f"{path.name} is not read any more: the program ends.", path=str(path))
            if self._process is None or self._process.poll() is not None:
                self.end()
                try:
                    self._start()
                except OSError as error:
                    raise ReadingFailed(
                        f"{path.name} could not be read: no process can be started for it"
                        f" ({error.strerror or error}).",
                        hint="Close other programs, then try again.",
                        path=str(path),
                    ) from error
                self.life += 1
            return self.life

    def drop(self, life: int, number: int) -> None:
        """Close what is open as `number`, now or after the request that is being answered."""
        self._dropped.append((life, number))
        if self.lock.acquire(blocking=False):
            try:
                self._close_dropped()
            finally:
                self.lock.release()

    def end(self) -> None:
        """End the process; the next request starts it again."""
        with self.lock:
            process, self._process = self._process, None
            if process is None:
                return
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.close()
                process.wait(GOODBYE_SECONDS)
            except (OSError, subprocess.TimeoutExpired):
                process.kill()
                process.wait()
            process.stdout.close()

    def leave(self) -> None:
        """End the process for good, even in the middle of a request that nobody waits for any more."""
        self._is_over = True
        is_free = self.lock.acquire(timeout=LAST_SECONDS)
        process = self._process
        if not is_free and process is not None:
            process.kill()  # whoever waits for its answer is told so, and clears it away
        elif is_free:
            try:
                self.end()
            finally:
                self.lock.release()

    def _answered(self, request: parcel.Message, out: Pixels | None) -> parcel.Message:
        process = self._process
        if process is None:
            raise parcel.Gone
        assert process.stdin is not None
        assert process.stdout is not None
        self._close_dropped()
        self._is_late = False
        seconds = SECONDS + (0 if out is None else out.nbytes / BYTES_PER_SECOND)
        clock = threading.Timer(seconds, self._too_late, (process,))
        clock.daemon = True
        clock.start()
        try:
            parcel.send(process.stdin, request)
            answer = parcel.receive(process.stdout)
            if out is not None and "dtype" in answer:
                if tuple(answer["shape"]) != out.shape or np.dtype(answer["dtype"]) != out.dtype:
                    raise RuntimeError(f"pixels of {answer} in place of {out.shape} {out.dtype}")
                parcel.receive_into(process.stdout, out.data.cast("B"))
        finally:
            clock.cancel()
        return answer

    def _too_late(self, process: "subprocess.Popen[bytes]") -> None:
        self._is_late = True
        process.kill()

    def _over(self, path: Path) -> Damaged | ReadingFailed:
        """Clear away the process that has ended, and return the error that says so."""
        self.end()
        if self._is_late:
            return ReadingFailed(
                f"{path.name} could not be read within a minute.",
                hint="Check the drive or the network connection, then try again.",
                path=str(path),
            )
        return Damaged(
            f"{path.name} is damaged so badly that the part of the program that read it had to stop."
            " Nothing else is affected.",
            hint="Copy it again from where it was recorded.",
            path=str(path),
        )

    def _close_dropped(self) -> None:
        """Say what is not needed any more; whoever says so may be the window, and waits for nothing."""
        while self._dropped:
            life, number = self._dropped.pop()
            process = self._process
            if process is None or life != self.life:
                continue
            assert process.stdin is not None
            try:
                parcel.send(process.stdin, {"do": "close", "number": number})  # which is not answered
            except parcel.Gone:
                return  # then nothing is open any more

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [*program.command(), "--reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": program.search_path()},
            start_new_session=sys.platform != "win32",  # Ctrl-C is for the process that asks
            creationflags=program.quiet(),
        )


_hosts: dict[str, Host] = {}
_hosts_lock = threading.Lock()


def _host(module: str) -> Host:
    with _hosts_lock:
        return _hosts.setdefault(module, Host(module))


@atexit.register
def end_all() -> None:
    """End all processes that read files."""
    with _hosts_lock:
        for host in _hosts.values():
            host.leave()
