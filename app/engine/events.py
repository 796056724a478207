"""What a job says while it runs; small, frozen, the same for window, command line and log."""

from dataclasses import dataclass

from models.errors import Field

Fields = tuple[tuple[str, Field], ...]


@dataclass(frozen=True, slots=True)
class Started:
    """A worker has taken the job; `device` in words, such as ``"CPU, 2 cores"``."""

    job: int
    device: str


@dataclass(frozen=True, slots=True)
class Stage:
    """What happens next, in words."""

    job: int
    name: str


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of input `item` (its index; -1: the whole job). Fractions are welcome."""

    job: int
    done: float
    total: float
    unit: str
    item: int = -1


@dataclass(frozen=True, slots=True)
class Committed:
    """A unit of input `item` is finished and safe; `t`, `c`, `z` name a plane, -1 where it is none."""

    job: int
    unit: str
    item: int = -1
    t: int = -1
    c: int = -1
    z: int = -1


@dataclass(frozen=True, slots=True)
class Preview:
    """An array file (.npy) to look at; made for `item` of the job."""

    job: int
    path: str
    item: int = -1


@dataclass(frozen=True, slots=True)
class Metric:
    """One point of a curve."""

    job: int
    name: str
    step: int
    value: float


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know, though the result stands."""

    job: int
    code: str
    sentence: str
    item: int = -1


@dataclass(frozen=True, slots=True)
class Opened:
    """The result of input `item` exists at `path` (still a ``.part``) and fills up plane by plane."""

    job: int
    item: int
    path: str


@dataclass(frozen=True, slots=True)
class ItemDone:
    """Input `item` is finished: `output` is its file."""

    job: int
    item: int
    output: str


@dataclass(frozen=True, slots=True)
class ItemFailed:
    """Input `item` could not be done; the others go on."""

    job: int
    item: int
    input: str
    code: str
    sentence: str
    hint: str = ""
    fields: Fields = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line for the log."""

    job: int
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is over.

    `outputs` has one path or None per input; `report` is a JSON text for kinds whose result is a report
    (evaluate, check).
    """

    job: int
    outputs: tuple[str | None, ...] = ()
    report: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The job as a whole could not be done."""

    job: int
    code: str
    sentence: str
    hint: str = ""
    fields: Fields = ()


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job ended because someone asked; `outputs` holds what is finished or kept in part."""

    job: int
    outputs: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The worker went away without a word; `safe` units are on the disk."""

    job: int
    safe: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What a model did on a device: the source of later promises.

    `model` is the id of a model or empty, `device` a name such as ``"cuda:0"``; loading is not counted.
    """

    job: int
    model: str
    device: str
    megapixels: float
    seconds: float


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The job is now `state`, a `job.State` or ``"removed"``; `Engine.jobs` tells the rest."""

    job: int
    state: str


Event = (
    Started
    | Stage
    | Progress
    | Committed
    | Preview
    | Metric
    | Remark
    | Opened
    | ItemDone
    | ItemFailed
    | Line
    | Finished
    | Failed
    | Stopped
    | Interrupted
    | Measured
    | StateChanged
)
FINAL = (Finished, Failed, Stopped, Interrupted)
