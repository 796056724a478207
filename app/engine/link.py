"""The wire between supervisor and worker: JSON bytes over a local connection; nothing is unpickled."""

import os
import secrets
import sys
import tempfile
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import TypeVar

from app.engine.codec import decode, encode

T = TypeVar("T")

KEY_VARIABLE = "MICROGRAPHIA_WORKER_KEY"
LONGEST_SOCKET_NAME = 100  # macOS allows 104 bytes


class Gone(Exception):
    """The other side has hung up."""


class Link:
    """One end of an open wire; any thread may send, one thread receives."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, message: object) -> None:
        """Send a frozen dataclass.

        Raises
        ------
        Gone
            If nobody listens any more.
        """
        content = encode(message).encode("ascii")
        try:
            with self._lock:
                self._connection.send_bytes(content)
        except OSError as error:
            raise Gone from error

    def receive(self, *kinds: type[T]) -> T:
        """Wait for a message, which must be one of `kinds`.

        Raises
        ------
        Gone
            If the other side has hung up.
        """
        try:
            content = self._connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise Gone from error
        return decode(content, *kinds)

    def close(self) -> None:
        """Hang up; closing twice does no harm."""
        self._connection.close()


class Door:
    """The supervisor's side before a worker has come in: an address and a key for one worker."""

    def __init__(self) -> None:
        self.key = secrets.token_hex(32)
        self._folder: Path | None = None
        if sys.platform == "win32":
            self._listener = Listener(family="AF_PIPE", authkey=self.key.encode())
        else:
            self._folder = _private_folder()
            self._listener = Listener(str(self._folder / "door"), family="AF_UNIX", authkey=self.key.encode())
        self.address = str(self._listener.address)

    def wait(self) -> Link:
        """Wait for the worker, however long it takes.

        Raises
        ------
        Gone
            If `give_up` was called meanwhile, or whoever came in did not know the key.
        """
        try:
            return Link(self._listener.accept())
        except (AuthenticationError, EOFError, OSError) as error:
            raise Gone from error

    def give_up(self) -> None:
        """Let `wait` end, because the worker has died before it came in."""
        try:  # accepting knows no time limit, so knock at the own door
            Client(self.address).close()
        except OSError:
            return  # nobody waits any more

    def close(self) -> None:
        """Take the address away."""
        self._listener.close()
        if self._folder is not None and self._folder.exists():
            self._folder.rmdir()


def enter(address: str) -> Link:
    """Come in as the worker: connect to `address` with the key from the environment.

    Raises
    ------
    Gone
        If the supervisor has died meanwhile.
    """
    key = os.environ.pop(KEY_VARIABLE, "")
    try:
        return Link(Client(address, authkey=key.encode()))
    except (OSError, EOFError) as error:
        raise Gone from error


def _private_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="micrographia-"))
    if len(os.fsencode(folder)) < LONGEST_SOCKET_NAME - len("/door"):
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="micrographia-", dir="/tmp"))
