"""How fast a network learns here, and how many steps fit into the time that somebody gives it."""

import copy
import time
from dataclasses import dataclass, replace

import torch
from torch import nn

from models.training.loop import Criterion, Draw, Learner, Plan, Score, deterministic
from models.training.supply import Supply
from models.watch import Silent, Watch

WARM_UP = 2  # steps that are not timed
FEWEST, MOST = 3, 60  # steps that are timed
SECONDS = 4.0  # of timing, if the steps are not too few or too many for it
LOOKS = 20  # at the unseen images, over the whole training
MOST_SECONDS_APART = 60.0
LOOKING_SHARE = 0.1  # of the time, at most
VERDICT_SHARE = 0.25  # of the time, at most, where there are many unseen images
FEWEST_EXAMS = 6  # unseen images
LEARNING_SHARE = 0.5  # of the time, at least


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that one step and one look at the unseen images take."""

    step_s: float
    look_s: float


class _Aside(Silent):
    """Passes the wish to stop on and keeps quiet about steps that do not count."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def check(self) -> None:
        """Raise `models.errors.Stopped` if the job should end now."""
        self._watch.check()


def measure_pace(
    network: nn.Module,
    draw: Draw,
    criterion: Criterion,
    score: Score,
    plan: Plan,
    *,
    device: torch.device,
    watch: Watch,
) -> Pace:
    """Take some steps with a copy of `network` that do not count, at the real batch, and time them."""
    trial = replace(plan, steps=WARM_UP + MOST + 1)
    learner = Learner(copy.deepcopy(network), criterion, trial, device=device, watch=_Aside(watch))
    with deterministic(plan.is_deterministic), Supply(draw, trial.steps, device) as supply:
        for _ in range(WARM_UP):
            watch.check()
            learner.learn(supply.take(learner.done))
        _settle(device)
        begun, count = time.perf_counter(), 0
        while count < FEWEST or (count < MOST and time.perf_counter() - begun < SECONDS):
            watch.check()
            learner.learn(supply.take(learner.done))
            count += 1
        _settle(device)
        step_s = (time.perf_counter() - begun) / count
    begun = time.perf_counter()
    learner.look(score)
    learner.state()
    _settle(device)
    return Pace(step_s, time.perf_counter() - begun)


def _settle(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def budget(whole_s: float, spent_s: float, exam_s: float, exams: int) -> tuple[int, float]:
    """Return how many unseen images the verdict may take, and the seconds that are left to learn.

    The verdict gets up to a quarter of the time, but never fewer than `FEWEST_EXAMS` images; learning gets at
    least half of the time, though it all takes longer then.

    Parameters
    ----------
    whole_s : float
        What somebody wants to wait.
    spent_s : float
        Gone already.
    exam_s : float
        That one unseen image takes.
    exams : int
        Unseen images that there are.
    """
    afforded = int(VERDICT_SHARE * whole_s / exam_s) if exam_s > 0 else exams
    taken = min(exams, max(FEWEST_EXAMS, afforded))
    return taken, max(LEARNING_SHARE * whole_s, whole_s - spent_s - taken * exam_s)


def steps_within(minutes: float, pace: Pace, most_apart: int) -> tuple[int, int]:
    """Return how many steps fit into `minutes`, looks included, and how many lie between two looks.

    Parameters
    ----------
    minutes : float
    pace : Pace
    most_apart : int
        Steps between two looks at most.
    """
    seconds = max(60 * minutes, pace.step_s)
    rough = max(1, int(seconds / pace.step_s))
    apart = min(max(1, round(rough / LOOKS)), max(1, round(MOST_SECONDS_APART / pace.step_s)), most_apart)
    apart = max(apart, round(pace.look_s / (LOOKING_SHARE * pace.step_s)))
    steps = max(1, int(seconds / (pace.step_s + pace.look_s / apart)))
    return steps, min(apart, steps)
