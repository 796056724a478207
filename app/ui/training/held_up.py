"""Why looking at images and matching them wait; no Qt."""

from app.engine.job import Job
from app.engine.specs import TrainSpec
from app.engine.supervisor import Engine
from app.text import _


def what_holds_up(engine: Engine) -> str:
    """Say which job comes first and what to do about it; empty if none does. For a thread."""
    running = next((job for job in engine.jobs() if job.state == "running"), None)
    return "" if running is None else words(running)


def words(running: Job) -> str:
    """Say that images wait for this job."""
    if isinstance(running.spec, TrainSpec):
        return _(
            "A training runs, so these images wait until it is over; nothing is lost. "
            "To go on now, pause the training in Jobs."
        )
    return _(
        "Another job runs, so these images wait until it is over; nothing is lost. "
        "To go on now, pause the job in Jobs."
    )
