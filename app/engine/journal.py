"""A job's folder: its spec, the units that are committed, notes for whoever resumes it, scratch files.

After any kind of end, a power cut included, the journal is true: a unit counts once its line has reached
the disk whole. A torn last line is a unit that was not committed.
"""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.engine.errors import JournalNotWritten

SPEC_FILE = "spec.json"
JOURNAL_FILE = "journal.jsonl"
LOG_FILE = "log.txt"
SCRATCH = "scratch"


class Journal:
    """The units and notes of one job; one process at a time writes, from any of its threads.

    Parameters
    ----------
    folder : Path
        The job's own folder; made when needed.

    Raises
    ------
    JournalNotWritten
        From the constructor, `commit` and `note`, if the disk does not take it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._units: set[str] = set()
        self._notes: dict[str, str] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._length = self._load()
            # The file stays open until the job is over: one journal, one process, one run.
            self._file = (folder / JOURNAL_FILE).open("ab", buffering=0)
            self._file.truncate(self._length)
        except OSError as error:
            raise _not_written(folder, error) from error

    @property
    def scratch(self) -> Path:
        """A folder for files that only this job needs."""
        folder = self.folder / SCRATCH
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def units(self) -> frozenset[str]:
        """Everything committed so far."""
        with self._lock:
            return frozenset(self._units)

    def has(self, unit: str) -> bool:
        """Whether `unit` is committed."""
        with self._lock:
            return unit in self._units

    def commit(self, unit: str) -> None:
        """Write `unit` down; when this returns, it is on the disk."""
        with self._lock:
            if unit not in self._units:
                self._append({"unit": unit})
                self._units.add(unit)

    def note(self, name: str, text: str) -> None:
        """Write `text` down under `name`, replacing an earlier one."""
        with self._lock:
            if self._notes.get(name) != text:
                self._append({"note": name, "text": text})
                self._notes[name] = text

    def noted(self, name: str) -> str | None:
        """Return the last text under `name`."""
        with self._lock:
            return self._notes.get(name)

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        self._file.close()

    def _append(self, line: dict[str, str]) -> None:
        data = json.dumps(line).encode("ascii") + b"\n"
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):  # a torn line would hide those that come after it
                self._file.truncate(self._length)
            raise _not_written(self.folder, error) from error
        self._length += len(data)

    def _load(self) -> int:
        """Read what is there and return the length of its whole lines in bytes."""
        try:
            content = (self.folder / JOURNAL_FILE).read_bytes()
        except FileNotFoundError:
            return 0
        whole = 0
        for line in content.splitlines(keepends=True):
            if not line.endswith(b"\n") or not self._take(line):
                break
            whole += len(line)
        return whole

    def _take(self, line: bytes) -> bool:
        try:
            entry = json.loads(line)
        except ValueError:  # zeros after a power cut
            return False
        match entry:
            case {"unit": str(unit)}:
                self._units.add(unit)
            case {"note": str(name), "text": str(text)}:
                self._notes[name] = text
            case _:
                return False
        return True


def write_spec(folder: Path, spec: str) -> None:
    """Lay down what the job should do, before its worker looks for it.

    Raises
    ------
    JournalNotWritten
        If the disk does not take it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SPEC_FILE).write_text(spec, encoding="ascii")
    except OSError as error:
        raise _not_written(folder, error) from error


def committed_units(folder: Path) -> frozenset[str]:
    """Return the units that are committed in a job's folder, without changing it."""
    units = (entry.get("unit") for entry in _entries(folder))
    return frozenset(unit for unit in units if isinstance(unit, str))


def notes_in(folder: Path) -> dict[str, str]:
    """Return the last text under each name in a job's folder, without changing it."""
    notes = {}
    for entry in _entries(folder):
        match entry:
            case {"note": str(name), "text": str(text)}:
                notes[name] = text
    return notes


def last_lines(folder: Path, count: int = 50) -> tuple[str, ...]:
    """Return the end of the job's log; empty if there is none."""
    try:
        with (folder / LOG_FILE).open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 64 * 1024))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(text.splitlines()[-count:])


def discard_scratch(folder: Path) -> None:
    """Remove what only the running job needed; what is still in use stays until the job is removed."""
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)


def discard(folder: Path) -> None:
    """Remove a job's folder."""
    shutil.rmtree(folder, ignore_errors=True)


def _entries(folder: Path) -> Iterator[dict[str, object]]:
    """Yield the whole lines of a journal up to the first that is torn."""
    try:
        content = (folder / JOURNAL_FILE).read_bytes()
    except OSError:
        return
    for line in content.splitlines(keepends=True):
        try:
            entry = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            return
        if isinstance(entry, dict):
            yield entry


def _not_written(folder: Path, error: OSError) -> JournalNotWritten:
    return JournalNotWritten(
        f"The progress of the job could not be written to {folder}: {error.strerror or error}.",
        hint="What was finished before is safe. Make room or check the permissions, then resume the job.",
        path=str(folder),
    )
