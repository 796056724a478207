"""The other process: takes one job after the other from its supervisor and does it. Never imports Qt.

It ends when the supervisor hangs up, whatever it is doing, and when its job is paused. Between jobs it
stays alive and keeps what runners put on the shelf, such as a loaded model.
"""

import ctypes
import faulthandler
import gc
import importlib
import logging
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn

from app import log
from app.engine import events
from app.engine.codec import decode
from app.engine.context import JobContext, Shelf, Wishes
from app.engine.journal import LOG_FILE, SPEC_FILE, Journal
from app.engine.kinds import kind_of, load_kinds
from app.engine.link import Gone, Link, enter
from app.engine.messages import Hello, Pause, Paused, Run, Stop, Stopping, Warm
from app.paths import Paths
from models.errors import Stopped, UserError

STANDARD_OUTPUT, STANDARD_ERROR = 1, 2

logger = logging.getLogger(__name__)


def main(address: str) -> None:
    """Serve the supervisor that waits at `address` until it hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, who then asks to stop
    try:
        link = enter(address)
        hello = link.receive(Hello)
    except Gone:
        return
    _be_modest()
    Worker(link, hello).serve()


class Worker:
    """Does what comes over `link`, one order after the other.

    Parameters
    ----------
    link : Link
    hello : Hello
        The supervisor's first word.
    """

    def __init__(self, link: Link, hello: Hello) -> None:
        self._link = link
        self._kinds = load_kinds(hello.kinds)
        self._paths = Paths(Path(hello.data), Path(hello.config), Path(hello.cache), Path(hello.log))
        self._shelf = Shelf()
        self._orders: queue.SimpleQueue[Run | Warm] = queue.SimpleQueue()
        self._wishes: dict[int, Wishes] = {}
        log.start_logging(self._paths, "worker")
        faulthandler.enable(STANDARD_ERROR)  # which is the log of the running job

    def serve(self) -> NoReturn:
        """Take orders until the supervisor hangs up."""
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        while True:
            order = self._orders.get()
            if isinstance(order, Warm):
                self._warm_up(order)
            else:
                self._run(order)

    def _listen(self) -> None:
        try:
            while True:
                self._hear(self._link.receive(Run, Warm, Stop, Pause))
        except Gone:
            logger.info("The supervisor has hung up.")
        finally:
            _leave()

    def _hear(self, message: object) -> None:
        match message:
            case Warm():
                self._orders.put(message)
            case Run(job):
                self._wishes[job] = Wishes()
                if message.is_stopped:
                    self._wishes[job].stop.set()
                self._orders.put(message)
            case Stop(job) if job in self._wishes:
                self._wishes[job].stop.set()
            case Pause(job) if job in self._wishes:
                self._wishes[job].pause.set()

    def _warm_up(self, order: Warm) -> None:
        for kind in order.kinds:
            try:
                importlib.import_module(self._kinds[kind][1])
            except Exception:  # the job itself will tell the person
                logger.exception("The runner of %s cannot be loaded", kind)

    def _run(self, order: Run) -> None:
        folder = Path(order.folder)
        with log.also_logging_to(folder / LOG_FILE), _streams_into(folder / LOG_FILE):
            final = self._outcome(order, folder)
        del self._wishes[order.job]
        self._send(final)
        _give_memory_back()

    def _outcome(self, order: Run, folder: Path) -> events.Event:
        """Do the job and return its last event, whatever happens: this is one of the doors of the house."""
        logger.info("Job %s begins", order.job)
        try:
            final = self._done(order, folder)
        except Stopped:
            final = events.Stopped(order.job)
        except UserError as error:
            logger.info("%s: %s", error.code, error.sentence, exc_info=error)
            final = events.Failed(
                order.job, error.code, error.sentence, error.hint, tuple(error.fields.items())
            )
        except MemoryError:
            logger.exception("Out of memory")
            self._shelf.clear()
            final = events.Failed(
                order.job,
                "engine.memory",
                "The computer's memory is too small for this job. What was finished is safe.",
                "Close other programs or choose a smaller tile, then repeat the job.",
            )
        except Exception as error:
            logger.exception("A fault of the program")
            place = traceback.extract_tb(error.__traceback__)[-1]
            final = events.Failed(
                order.job,
                "bug",
                "The program made a mistake and could not go on. What was finished is safe.",
                "The job's log has the details; please send them to the developers.",
                (
                    ("kind", type(error).__name__),
                    ("text", str(error)),
                    ("place", f"{place.name}:{place.lineno}"),
                ),
            )
        logger.info("Job %s ends: %s", order.job, type(final).__name__)
        return final

    def _done(self, order: Run, folder: Path) -> events.Event:
        journal = Journal(folder)
        context = JobContext(
            order.job,
            journal,
            paths=self._paths,
            settings=order.settings,
            send=self._send,
            wishes=self._wishes[order.job],
            shelf=self._shelf,
            leave=partial(self._leave_paused, order.job),
            acknowledge=partial(self._send, Stopping(order.job)),
        )
        try:
            classes: list[type[object]] = [spec for spec, _runner in self._kinds.values()]
            spec = decode((folder / SPEC_FILE).read_bytes(), *classes)
            _spec, runner = self._kinds[kind_of(spec, self._kinds)]
            final: events.Event = importlib.import_module(runner).run(spec, context)
            if not isinstance(final, events.FINAL):
                raise TypeError(f"{runner} returned {final!r}")
            return final
        finally:
            context.finish()
            context.release_device()
            journal.close()

    def _send(self, message: object) -> None:
        try:
            self._link.send(message)
        except Gone:
            _leave()

    def _leave_paused(self, job: int) -> NoReturn:
        logger.info("Job %s pauses", job)
        self._send(Paused(job))
        _leave()


def _leave() -> NoReturn:
    """End the process at once, from any thread: what is committed is on the disk."""
    logging.shutdown()
    os._exit(0)


def _be_modest() -> None:
    """Let the window and other programs go first."""
    if sys.platform != "win32":  # there the supervisor says so when it starts the process
        os.nice(5)


def _give_memory_back() -> None:
    """Return to the system what the job no longer uses; the C library keeps it otherwise."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # GNU only
        if trim is not None:
            trim(0)


@contextmanager
def _streams_into(file: Path) -> Iterator[None]:
    """Append what libraries and crashes print to `file` while the block runs."""
    target = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    saved = {stream: os.dup(stream) for stream in (STANDARD_OUTPUT, STANDARD_ERROR)}
    for stream in saved:
        os.dup2(target, stream)
    os.close(target)
    try:
        yield
    finally:
        for stream, original in saved.items():
            os.dup2(original, stream)
            os.close(original)
