"""Faults of the world around jobs.

UserError
└── EngineError
    ├── LedgerNotUsable        disk full, read-only, locked by another program
    ├── NewerLedger            a newer program has written the job list
    ├── JournalNotWritten      a job's folder cannot be written
    ├── NoSuchJob              removed meanwhile
    ├── SpecNotReadable        a job stored by another version of the program
    └── WorkerNotStarted       the second process ends before it says a word
"""

from models.errors import UserError


class EngineError(UserError):
    """A job cannot be stored or run."""

    code = "engine"


class LedgerNotUsable(EngineError):
    """The job list cannot be read or written."""

    code = "engine.ledger"


class NewerLedger(EngineError):
    """The job list was written by a newer version of the program."""

    code = "engine.newer_ledger"


class JournalNotWritten(EngineError):
    """What a job has finished cannot be written down."""

    code = "engine.journal"


class NoSuchJob(EngineError):
    """The job is not in the list (any more), or not in a state that allows what was asked."""

    code = "engine.no_such_job"


class SpecNotReadable(EngineError):
    """The job's description comes from another version of the program."""

    code = "engine.spec"


class WorkerNotStarted(EngineError):
    """The process that does the work ended before it could take a job."""

    code = "engine.worker"
