"""One row of the queue and the history."""

from dataclasses import dataclass
from typing import Literal

from app.engine.events import ItemFailed, Remark

State = Literal["waiting", "running", "paused", "finished", "failed", "cancelled", "interrupted"]

OVER: frozenset[State] = frozenset({"finished", "failed", "cancelled"})
HALF_DONE: frozenset[State] = frozenset({"paused", "interrupted"})
CAN_RESUME: frozenset[State] = frozenset({"paused", "interrupted", "failed"})


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the ledger knows it.

    Attributes
    ----------
    id : int
        Never used twice.
    kind : str
        A key of `specs.KINDS`.
    state : State
    spec : object
        The spec it was submitted with; None if another version of the program wrote it.
    created, started, ended : float or None
        Seconds since 1970.
    outputs : tuple of str or None
        One path per input, None where there is none (yet).
    remarks : tuple of Remark
    failures : tuple of ItemFailed
        Inputs that could not be done.
    error, hint : str
        Why the whole job did not finish and what to do; empty if there is nothing to say.
    done, total : float
        How far it is; total 0: not known yet.
    unit : str
        What is counted, such as ``"planes"``.
    """

    id: int
    kind: str
    state: State
    spec: object
    created: float
    started: float | None = None
    ended: float | None = None
    outputs: tuple[str | None, ...] = ()
    remarks: tuple[Remark, ...] = ()
    failures: tuple[ItemFailed, ...] = ()
    error: str = ""
    hint: str = ""
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
