"""What supervisor and worker say to each other beside events."""

from dataclasses import dataclass

from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Hello:
    """First word to a worker: which table of kinds, and where things lie."""

    kinds: str
    data: str
    config: str
    cache: str
    log: str


@dataclass(frozen=True, slots=True)
class Warm:
    """Load the runners of these kinds while there is nothing to do."""

    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Run the spec that lies in `folder`; `is_stopped`: only finalise what an earlier run left."""

    job: int
    folder: str
    settings: Settings
    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the job at the next check."""

    job: int


@dataclass(frozen=True, slots=True)
class Pause:
    """End the process after the current unit of the job."""

    job: int


@dataclass(frozen=True, slots=True)
class Stopping:
    """The job has noticed that it should stop and is finalising."""

    job: int


@dataclass(frozen=True, slots=True)
class Paused:
    """The last word of a worker whose job was paused."""

    job: int
