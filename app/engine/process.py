"""One worker process as its supervisor sees it: start it, tell it, hear it, see it end."""

import logging
import os
import subprocess
import sys
import threading
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app import program
from app.engine.codec import NotReadable
from app.engine.errors import WorkerNotStarted
from app.engine.events import Event
from app.engine.link import KEY_VARIABLE, Door, Gone, Link
from app.engine.messages import Hello, Paused, Stopping

GOODBYE_SECONDS = 5.0
LINES_KEPT = 50

HEARD: tuple[type[object], ...] = (*typing.get_args(Event), Stopping, Paused)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """The process is gone; `lines` are the last ones it printed outside of jobs."""

    code: int
    has_come_in: bool
    lines: tuple[str, ...]


class WorkerProcess:
    """A worker that is starting or running.

    Parameters
    ----------
    hello : Hello
        The first word to it.
    hear : callable
        Called on a thread of this object with the worker, and each event, `Stopping`, `Paused`; last of
        all with `Ended`, exactly once.
    print_file : Path
        What the process prints outside of jobs; removed when it has ended.

    Raises
    ------
    WorkerNotStarted
        If the system refuses.
    """

    def __init__(
        self, hello: Hello, hear: Callable[["WorkerProcess", object], None], print_file: Path
    ) -> None:
        self._hear = hear
        self._print_file = print_file
        self._lock = threading.Lock()
        self._waiting: list[object] = [hello]  # what is said before the worker has come in
        self._link: Link | None = None
        try:
            self._door, self._process = _start(print_file)
        except OSError as error:
            raise WorkerNotStarted(
                f"The process that does the work cannot be started: {error.strerror or error}.",
                hint="Check that the program is installed completely and is not blocked by other software.",
            ) from error
        self._listener = threading.Thread(target=self._listen, name=f"worker {self.pid}", daemon=True)
        self._listener.start()
        threading.Thread(target=self._watch_the_door, name=f"door {self.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def send(self, message: object) -> None:
        """Tell the worker something; what is said too early or too late does no harm."""
        with self._lock:
            if self._link is None:
                self._waiting.append(message)
                return
            try:
                self._link.send(message)
            except Gone:
                logger.debug("Worker %s is gone", self.pid)  # `Ended` will say so

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def end(self) -> None:
        """End the process at once and return when nothing of it is left."""
        self.kill()
        self._listener.join(GOODBYE_SECONDS)

    def _listen(self) -> None:
        try:
            try:
                link = self._door.wait()
            finally:
                self._door.close()
            with self._lock:
                for message in self._waiting:
                    link.send(message)
                self._link = link
            while True:
                self._hear(self, link.receive(*HEARD))
        except Gone:
            logger.debug("Worker %s has hung up", self.pid)
        except NotReadable:
            logger.exception("Worker %s says what cannot be understood", self.pid)
            self.kill()
        finally:
            self._wait()
            if self._link is not None:
                self._link.close()
            ended = Ended(self._process.returncode, self._link is not None, self._last_lines())
            self._hear(self, ended)

    def _wait(self) -> None:
        """Return when the process, which has hung up, is gone."""
        try:
            self._process.wait(GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _watch_the_door(self) -> None:
        self._process.wait()
        if self._link is None:
            self._door.give_up()

    def _last_lines(self) -> tuple[str, ...]:
        try:
            text = self._print_file.read_text("utf-8", "replace")
            self._print_file.unlink()
        except OSError:
            return ()
        return tuple(text.splitlines()[-LINES_KEPT:])


def _start(print_file: Path) -> "tuple[Door, subprocess.Popen[bytes]]":
    """Open a door and start the process that comes in by it; the door is closed again if it cannot."""
    print_file.parent.mkdir(parents=True, exist_ok=True)
    door = Door()
    try:
        with print_file.open("wb") as output:
            process = subprocess.Popen(
                [*program.command(), "--worker", door.address],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=print_file.parent,
                env=environment() | {KEY_VARIABLE: door.key},
                start_new_session=sys.platform != "win32",  # Ctrl-C is for the supervisor alone
                creationflags=_quiet_and_modest(),
            )
    except OSError:
        door.close()
        raise
    return door, process


def _quiet_and_modest() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    return 0


def environment() -> dict[str, str]:
    """Return the environment of a worker: this one's, and what makes it find the program and be fast.

    Without the malloc variables the kernel clears the memory of every layer of a network anew.
    """
    changed = dict(os.environ)
    for name, value in {
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": str(4 * 1024**3),
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": str(physical_cores()),
    }.items():
        changed.setdefault(name, value)
    changed["PYTHONPATH"] = program.search_path()
    return changed


def physical_cores() -> int:
    """Return how many cores this process may use, not counting twice those that do two things at once."""
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    try:
        import psutil
    except ImportError:
        return allowed
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))
