"""What can be done with a job, one row each: its words, its icon and the states in which it makes sense."""

from dataclasses import dataclass, replace
from typing import Literal

from app.engine.job import HALF_DONE, OVER, Job, State
from app.engine.specs import ExportSpec
from models.knobs import N_

Key = Literal["cancel", "pause", "resume", "retry", "open", "folder", "repeat", "log", "remove", "discard"]

ANY: frozenset[State] = OVER | {"waiting", "running", "paused", "interrupted"}


@dataclass(frozen=True, slots=True)
class JobAction:
    """One row; `states` are those in which it is offered, `needs_output` if there must be a result."""

    key: Key
    text: str
    icon: str
    states: frozenset[State]
    help: str
    needs_output: bool = False


JOB_ACTIONS: tuple[JobAction, ...] = (
    JobAction("open", N_("Show result"), "eye", ANY, N_("Opens the image and its result."), True),
    JobAction("folder", N_("Show in folder"), "folder", ANY, N_("Opens the folder of the result."), True),
    JobAction("resume", N_("Resume"), "play", HALF_DONE,
              N_("Goes on where it was; nothing that is finished is done twice.")),
    JobAction("retry", N_("Try again"), "again", frozenset({"failed"}),
              N_("Goes on with what is not finished.")),
    JobAction("pause", N_("Pause"), "pause", frozenset({"running"}),
              N_("Stops after this plane and gives the memory back.")),
    JobAction("cancel", N_("Cancel"), "stop", frozenset({"waiting", "running", "paused", "interrupted"}),
              N_("Ends it; what is finished is kept as a file.")),
    JobAction("repeat", N_("Repeat"), "again", OVER | {"interrupted"},
              N_("Does the same again, into a new file.")),
    JobAction("log", N_("Details"), "file", ANY, N_("What the job wrote down, for a problem report.")),
    JobAction("discard", N_("Discard"), "trash", HALF_DONE,
              N_("Removes the job and its unfinished file.")),
    JobAction("remove", N_("Remove from the list"), "close", OVER, N_("Your files stay.")),
)  # fmt: skip


# What a row means for one kind of job where that differs.
HELP: dict[tuple[type, Key], str] = {
    (ExportSpec, "open"): N_("Opens the exported file."),
    (ExportSpec, "cancel"): N_("Ends it; no unfinished file is left behind."),
}


def actions_for(job: Job) -> tuple[JobAction, ...]:
    """Return what can be done with a job now."""
    has_output = any(job.outputs)
    return tuple(
        replace(action, help=HELP.get((type(job.spec), action.key), action.help))
        for action in JOB_ACTIONS
        if job.state in action.states and (has_output or not action.needs_output)
    )
