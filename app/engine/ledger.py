"""The queue, the history and the speeds measured so far: one SQLite file, the only SQL in the house.

Window and command line may use it at once: claiming a job is a single statement, so no job is done twice.
Workers never open it.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from app.engine import owner as owners
from app.engine.codec import NotReadable, decode, encode
from app.engine.errors import LedgerNotUsable, NewerLedger, NoSuchJob
from app.engine.events import ItemFailed, Remark
from app.engine.job import Job, State
from app.paths import is_on_network

T = TypeVar("T")

FILE = "jobs.sqlite3"
HISTORY_SECONDS = 30 * 24 * 3600.0
STRANGER_SECONDS = 24 * 3600.0  # after so long in silence, a job of another computer counts as left alone
BUSY_SECONDS = 5.0

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        spec TEXT NOT NULL,
        state TEXT NOT NULL,
        owner TEXT NOT NULL,
        created REAL NOT NULL,
        started REAL,
        ended REAL,
        seen REAL NOT NULL,
        outputs TEXT NOT NULL,
        notices TEXT NOT NULL,
        error TEXT NOT NULL,
        hint TEXT NOT NULL,
        done REAL NOT NULL,
        total REAL NOT NULL,
        unit TEXT NOT NULL
    );
    CREATE INDEX jobs_by_state ON jobs (state, id);
    CREATE TABLE speeds (
        kind TEXT NOT NULL,
        model TEXT NOT NULL,
        device TEXT NOT NULL,
        seconds_per_megapixel REAL NOT NULL,
        measured REAL NOT NULL,
        PRIMARY KEY (kind, model, device)
    );
    """,
)

COLUMNS = "id, kind, spec, state, created, started, ended, outputs, notices, error, hint, done, total, unit"


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files a job has made, as they are stored."""

    paths: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Notices:
    """What a person should know about a job, as it is stored."""

    remarks: tuple[Remark, ...] = ()
    failures: tuple[ItemFailed, ...] = ()


class Ledger:
    """The job list on the disk. All methods may be called from any thread.

    Parameters
    ----------
    folder : Path
        Where the file lies or is made.
    specs : sequence of type
        The dataclasses that a job's spec may be.
    owner : str
        The process that claims jobs, see `app.engine.owner`.

    Raises
    ------
    NewerLedger
        If a newer program has written the file.
    LedgerNotUsable
        From any method, if the file cannot be read or written.
    """

    def __init__(self, folder: Path, specs: Sequence[type], *, owner: str) -> None:
        self.path = folder / FILE
        self._specs = tuple(specs)
        self._owner = owner
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_usable(self.path, error) from error
        with _told(self.path):
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            with _told(self.path):
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; nothing else may be called afterwards."""
        with self._lock:
            self._connection.close()

    def add(self, kind: str, spec: object, *, running: bool = False) -> int:
        """Store a new job of this process and return its number.

        With `running` it is claimed at once, so that nobody else takes it from the queue.
        """
        now = time.time()
        state: State = "running" if running else "waiting"
        with self._transaction() as sql:
            row = sql.execute(
                "INSERT INTO jobs (kind, spec, state, owner, created, started, seen, outputs, notices,"
                " error, hint, done, total, unit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', 0, 0, '')"
                " RETURNING id",
                (
                    kind,
                    encode(spec),
                    state,
                    self._owner,
                    now,
                    now if running else None,
                    now,
                    encode(Outputs()),
                    encode(Notices()),
                ),
            ).fetchone()
        return int(row[0])

    def claim(self) -> Job | None:
        """Take the oldest waiting job of this process, or one that nobody owns; None if there is none."""
        now = time.time()
        with self._transaction() as sql:
            row = sql.execute(
                "UPDATE jobs SET state = 'running', owner = :me, started = :now, seen = :now, ended = NULL,"
                " error = '', hint = '' WHERE id = (SELECT id FROM jobs WHERE state = 'waiting'"
                f" AND owner IN (:me, '') ORDER BY id LIMIT 1) RETURNING {COLUMNS}",
                {"me": self._owner, "now": now},
            ).fetchone()
        return None if row is None else self._job(row)

    def has_waiting(self) -> bool:
        """Whether `claim` would find a job."""
        with self._reading() as sql:
            query = "SELECT 1 FROM jobs WHERE state = 'waiting' AND owner IN (?, '') LIMIT 1"
            return sql.execute(query, (self._owner,)).fetchone() is not None

    def jobs(self) -> tuple[Job, ...]:
        """Return every job, the newest first."""
        with self._reading() as sql:
            rows = sql.execute(f"SELECT {COLUMNS} FROM jobs ORDER BY id DESC").fetchall()
        return tuple(self._job(row) for row in rows)

    def job(self, number: int) -> Job:
        """Return one job.

        Raises
        ------
        NoSuchJob
            If it was removed.
        """
        with self._reading() as sql:
            row = sql.execute(f"SELECT {COLUMNS} FROM jobs WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise NoSuchJob(f"Job {number} is not in the list any more.", job=number)
        return self._job(row)

    def change(self, number: int, before: Sequence[State], after: State) -> bool:
        """Move a job from one of the states `before` to `after`; False if it was in another one.

        A job that is set to ``"waiting"`` belongs to this process.
        """
        marks = ", ".join("?" * len(before))
        with self._transaction() as sql:
            done = sql.execute(
                f"UPDATE jobs SET state = ?, owner = ?, seen = ? WHERE id = ? AND state IN ({marks})",
                (after, self._owner, time.time(), number, *before),
            )
            return done.rowcount == 1

    def end(
        self,
        number: int,
        state: State,
        outputs: tuple[str | None, ...] = (),
        error: str = "",
        hint: str = "",
    ) -> None:
        """Write down how a job of this process ended, or that it paused."""
        now = time.time()
        with self._transaction() as sql:
            sql.execute(
                "UPDATE jobs SET state = ?, ended = ?, seen = ?, outputs = ?, error = ?, hint = ?"
                " WHERE id = ?",
                (state, now, now, encode(Outputs(outputs)), error, hint, number),
            )

    def keep_progress(self, number: int, done: float, total: float, unit: str) -> None:
        """Write down how far a job is."""
        with self._transaction() as sql:
            sql.execute(
                "UPDATE jobs SET done = ?, total = ?, unit = ?, seen = ? WHERE id = ?",
                (done, total, unit, time.time(), number),
            )

    def keep_outputs(self, number: int, outputs: tuple[str | None, ...]) -> None:
        """Write down which files a running job has made so far."""
        with self._transaction() as sql:
            sql.execute("UPDATE jobs SET outputs = ? WHERE id = ?", (encode(Outputs(outputs)), number))

    def keep_notices(
        self, number: int, remarks: tuple[Remark, ...], failures: tuple[ItemFailed, ...]
    ) -> None:
        """Write down what the person should know about a job."""
        with self._transaction() as sql:
            notices = encode(Notices(remarks, failures))
            sql.execute("UPDATE jobs SET notices = ? WHERE id = ?", (notices, number))

    def remove(self, number: int) -> bool:
        """Forget a job that does not run; False if it runs or is unknown."""
        with self._transaction() as sql:
            done = sql.execute("DELETE FROM jobs WHERE id = ? AND state != 'running'", (number,))
            return done.rowcount == 1

    def recover(self, sentence: Callable[[int], str]) -> tuple[int, ...]:
        """Mark running jobs whose process is gone as interrupted and return their numbers.

        Waiting jobs of processes that are gone are left for whoever claims first.

        Parameters
        ----------
        sentence : callable
            Gives, for a job's number, what is told about its end.
        """
        with self._reading() as sql:
            query = "SELECT id, state, owner, seen FROM jobs WHERE state IN ('running', 'waiting')"
            rows = sql.execute(query).fetchall()
        gone = [row for row in rows if not self._is_tended(owner=row[2], seen=row[3])]
        interrupted = tuple(int(row[0]) for row in gone if row[1] == "running")
        with self._transaction() as sql:
            for number, state, owner, _seen in gone:
                if state == "waiting":
                    sql.execute("UPDATE jobs SET owner = '' WHERE id = ? AND owner = ?", (number, owner))
                else:
                    sql.execute(
                        "UPDATE jobs SET state = 'interrupted', ended = seen, error = ?"
                        " WHERE id = ? AND owner = ? AND state = 'running'",
                        (sentence(number), number, owner),
                    )
        return interrupted

    def prune(self, age: float = HISTORY_SECONDS) -> tuple[int, ...]:
        """Forget jobs that were over `age` seconds ago and return their numbers."""
        with self._transaction() as sql:
            rows = sql.execute(
                "DELETE FROM jobs WHERE state IN ('finished', 'failed', 'cancelled') AND ended < ?"
                " RETURNING id",
                (time.time() - age,),
            ).fetchall()
        return tuple(int(row[0]) for row in rows)

    def keep_speed(self, kind: str, model: str, device: str, seconds_per_megapixel: float) -> None:
        """Let a measurement count half, all earlier ones the other half."""
        with self._transaction() as sql:
            sql.execute(
                "INSERT INTO speeds (kind, model, device, seconds_per_megapixel, measured)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, model, device) DO UPDATE SET"
                " seconds_per_megapixel = (seconds_per_megapixel + excluded.seconds_per_megapixel) / 2,"
                " measured = excluded.measured",
                (kind, model, device, seconds_per_megapixel, time.time()),
            )

    def speed(self, kind: str, model: str, device: str) -> float | None:
        """Return seconds per megapixel; for ``"auto"`` those of the device used last."""
        pattern = {"auto": "%", "cuda": "cuda%"}.get(device, device)
        with self._reading() as sql:
            row = sql.execute(
                "SELECT seconds_per_megapixel FROM speeds WHERE kind = ? AND model = ? AND device LIKE ?"
                " ORDER BY measured DESC LIMIT 1",
                (kind, model, pattern),
            ).fetchone()
        return None if row is None else float(row[0])

    def _is_tended(self, *, owner: str, seen: float) -> bool:
        if owner == self._owner:
            return True
        is_silent = not owners.is_here(owner) and time.time() - seen > STRANGER_SECONDS
        return owners.is_alive(owner) and not is_silent

    def _prepare(self) -> None:
        # A write-ahead log needs shared memory, which computers do not share over a network.
        journal = "DELETE" if is_on_network(self.path) else "WAL"
        self._connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        version = self._version()
        if version > len(MIGRATIONS):
            raise NewerLedger(
                f"The job list {self.path} was written by a newer version of the program.",
                hint="Install the newer version, or move the file away to begin a new list.",
                path=str(self.path),
                version=version,
            )
        self._connection.execute(f"PRAGMA journal_mode = {journal}")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        if version < len(MIGRATIONS):
            self._migrate()

    def _migrate(self) -> None:
        with self._transaction() as sql:
            for number in range(
                self._version(), len(MIGRATIONS)
            ):  # asked again: another process may be first
                for statement in MIGRATIONS[number].split(";"):
                    sql.execute(statement)
                sql.execute(f"PRAGMA user_version = {number + 1}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _told(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk rolls back by itself
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _told(self.path):
            yield self._connection

    def _job(self, row: Sequence[Any]) -> Job:  # Any: columns of several types
        number, kind, spec, state, created, started, ended, outputs, notices, *rest = row
        error, hint, done, total, unit = rest
        told = _stored(notices, Notices) or Notices()
        return Job(
            id=number,
            kind=kind,
            state=state,
            spec=_stored(spec, *self._specs),
            created=created,
            started=started,
            ended=ended,
            outputs=(_stored(outputs, Outputs) or Outputs()).paths,
            remarks=told.remarks,
            failures=told.failures,
            error=error,
            hint=hint,
            done=done,
            total=total,
            unit=unit,
        )


def _stored(text: str, *kinds: type[T]) -> T | None:
    """Return stored data; None if another version of the program wrote them."""
    try:
        return decode(text, *kinds)
    except NotReadable:
        return None


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell faults of the world in a sentence; faults of the program pass."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR:
            raise  # wrong SQL
        raise _not_usable(path, error) from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:
            raise  # a broken constraint, a closed connection
        raise _not_usable(path, error) from error


def _not_usable(path: Path, error: Exception) -> LedgerNotUsable:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    reasons = {
        sqlite3.SQLITE_FULL: ("the disk is full", "Make room, then try again."),
        sqlite3.SQLITE_BUSY: ("another program holds it", "Close the other program, then try again."),
        sqlite3.SQLITE_READONLY: ("it may only be read", "Check the permissions of its folder."),
        sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "Check the permissions of its folder."),
        sqlite3.SQLITE_IOERR: ("the disk reports a fault", "Make room or check the drive, then try again."),
        sqlite3.SQLITE_CORRUPT: ("it is damaged", "Move it away; a new one is begun."),
        sqlite3.SQLITE_NOTADB: ("it is damaged", "Move it away; a new one is begun."),
    }
    text = getattr(error, "strerror", None) or str(error)
    reason, hint = reasons.get(code, (text, "Check the folder and its permissions."))
    return LedgerNotUsable(
        f"The job list {path} cannot be used: {reason}.",
        hint=hint + " Results are not affected.",
        path=str(path),
    )
