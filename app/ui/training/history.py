"""What a training has written down so far: its log, the states of one unseen crop, and how it goes; no Qt."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from app.text import _
from app.ui.jobs.words import duration
from app.ui.training.develop import Slide, develop, display_range, load
from app.ui.training.plan import RunState

LOG, FOLDER = "log.csv", "history"
PATIENCE = 4  # looks without a better one after which it may be learning by heart
LITTLE_DB = 0.05  # what counts as better or worse


@dataclass(frozen=True, slots=True)
class Look:
    """One line of the log: the loss on what is learnt from, and decibels on unseen images."""

    step: int
    loss: float
    unseen: float
    simple: float


@dataclass(frozen=True, slots=True)
class History:
    """What is in the folder of a training.

    `states` are the steps at which the unseen crop was kept; `best_at` is when the best one was, in seconds
    since 1970.
    """

    folder: Path
    looks: tuple[Look, ...] = ()
    states: tuple[int, ...] = ()
    best_at: float = 0.0

    @property
    def best(self) -> Look | None:
        """The look with the best result on unseen images."""
        return max(self.looks, key=lambda look: look.unseen, default=None)


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """The unseen crop as pictures at one contrast; `good` is None where there is no good image."""

    bad: Slide
    now: Slide
    good: Slide | None


def read_history(folder: Path) -> History:
    """Read the log and list the states; what is not there yet is empty. For a thread."""
    looks = _looks(folder / LOG)
    files = {int(file.stem): file for file in (folder / FOLDER).glob("[0-9]*.npy") if file.stem.isdecimal()}
    history = History(folder, looks, tuple(sorted(files)))
    best = history.best
    at = files.get(best.step) if best is not None else None
    return History(folder, looks, history.states, at.stat().st_mtime if at is not None else 0.0)


def read_crop(folder: Path, step: int) -> Crop:
    """Read the unseen crop at a step, at the contrast of the good image. For a thread.

    Raises
    ------
    OSError, ValueError
        If it cannot be read.
    """
    place = folder / FOLDER
    bad, now = load(place / "bad.npy"), load(place / f"{step:06d}.npy")
    good = load(place / "good.npy") if (place / "good.npy").exists() else None
    shown = display_range(now if good is None else good)
    pixel = now.shape[1] / bad.shape[1]
    best = None if good is None else develop(good, shown)
    return Crop(develop(bad, shown, pixel), develop(now, shown), best)


def how_it_goes(history: History, now: float) -> tuple[str, str]:
    """Return one sentence on how the training goes, and the role of the label that says it."""
    looks, best = history.looks, history.best
    if len(looks) < 2 or best is None:
        return _("Learning; soon it is tested on unseen images for the first time."), "quiet"
    latest = looks[-1]
    since = sum(look.step > best.step for look in looks)
    has_learnt_more = latest.loss < next(look.loss for look in looks if look.step == best.step)
    if since >= PATIENCE and has_learnt_more and latest.unseen < best.unseen - LITTLE_DB:
        if not history.best_at:
            return _("Learning by heart; the best state is kept."), "warning"
        words = _("Learning by heart since {time}; the best state is kept.")
        return words.format(time=duration(max(1.0, now - history.best_at))), "warning"
    if math.isfinite(best.simple) and best.unseen < best.simple:
        below = (
            _("Below the simple filter so far, and no longer improving.")
            if since >= PATIENCE
            else _("Below the simple filter so far, but still improving.")
        )
        return below, "warning"
    if since >= PATIENCE:
        return _("No longer improving; the best state is kept."), "quiet"
    return _("Still improving."), "good"


def how_it_went(history: History, state: RunState, now: float) -> tuple[str, str]:
    """Return one sentence on a training in a state, and the role of the label that says it."""
    if state in ("waiting", "running", ""):
        return how_it_goes(history, now)
    if state in ("finished", "cancelled"):
        return _best_words(history)
    if not history.looks:
        return _("It stopped before its first test; Continue begins again."), "quiet"
    return _("What it has learnt is safe; Continue goes on from there."), "quiet"


def _best_words(history: History) -> tuple[str, str]:
    best = history.best
    if best is None:
        return "", "quiet"
    told = _("The best state was kept: {how}.").format(how=level_words(best))
    return told, "warning" if best.unseen < best.simple else "good"


def level_words(look: Look) -> str:
    """Say how well unseen images were restored: beside the best simple filter where there is one."""
    if not math.isfinite(look.simple):
        return _("{db} dB on unseen images").format(db=f"{look.unseen:.1f}")
    gain = look.unseen - look.simple
    words = (
        _("{db} dB above the best simple filter") if gain >= 0 else _("{db} dB below the best simple filter")
    )
    return words.format(db=f"{abs(gain):.1f}")


def _looks(file: Path) -> tuple[Look, ...]:
    """Read the log; a line that is only half written is left out."""
    looks = []
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            for row in csv.reader(lines):
                try:
                    step, *numbers = row
                    loss, unseen, simple = (float(text) if text else math.nan for text in numbers)
                    looks.append(Look(int(step), loss, unseen, simple))
                except ValueError:
                    continue
    except OSError:
        return ()
    return tuple(looks)
