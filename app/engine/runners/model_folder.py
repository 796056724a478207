"""The folder that a training fills: recipe, log and checkpoint while it lasts, then weights and card.

A training that was stopped leaves both: a model that can be used, and the checkpoint from which it goes on.
So does one that was given some minutes, when they are over: with more minutes it goes on.
"""

import csv
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar

from app.library.card import ModelCard, write_card
from models.errors import UserError
from models.training.loop import Look, State

CHECKPOINT, CARD, RECIPE, LOG = "checkpoint.safetensors", "card.toml", "recipe.toml", "log.csv"
SCHEDULE, VERDICT, MATCH = "schedule.json", "verdict.json", "match.json"
COLUMNS = ("step", "loss", "psnr_unseen_db", "psnr_simple_db")


class OtherTraining(UserError):
    """The folder holds a finished model, or the checkpoint of another recipe."""

    code: ClassVar[str] = "train.other"


class FolderNotUsable(UserError):
    """The folder cannot be read or written."""

    code: ClassVar[str] = "train.folder"


@dataclass(frozen=True, slots=True)
class Fixed:
    """What was measured when a training began and holds until its end, so that it can go on as planned.

    Attributes
    ----------
    minutes : float
        What was asked for; 0: as many steps as the recipe says.
    steps, every : int
        As in `models.training.loop.Plan`.
    simple_db : float
        What the best simple filter reaches on the unseen pairs.
    exams : int
        How many unseen images the verdict may take.
    is_complete : bool
        Whether the end was reached and everything is written down.
    """

    minutes: float
    steps: int
    every: int
    simple_db: float
    exams: int = 24
    is_complete: bool = False


class ModelFolder:
    """A model in the making; whatever is in it is whole, also after a power cut.

    Parameters
    ----------
    folder : Path
        Made by `begin` when needed.

    Raises
    ------
    FolderNotUsable
        From any method, if the drive refuses.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, recipe: str, minutes: float = 0.0) -> State | None:
        """Return where an earlier run of the same recipe stopped; else start the folder afresh.

        A training that reached its end goes on only if it is given more `minutes` than it had.

        Raises
        ------
        OtherTraining
            If the folder holds what would be lost.
        """
        with self.told():
            self.folder.mkdir(parents=True, exist_ok=True)
            recipe_file, log, kept = (self.folder / name for name in (RECIPE, LOG, CHECKPOINT))
            if not kept.exists() and (self.folder / CARD).exists():
                raise _finished(self.folder)
            if kept.exists() and not (recipe_file.exists() and recipe_file.read_text("utf-8") == recipe):
                raise OtherTraining(
                    f"{self.folder.name} holds a training that was interrupted and has another recipe.",
                    hint="Choose another folder for the new model.",
                )
            state = State.from_bytes(kept.read_bytes()) if kept.exists() else None
            if state is not None and self._has_reached_its_end(minutes):
                raise _finished(self.folder)
            if state is None:
                (self.folder / SCHEDULE).unlink(missing_ok=True)
                (self.folder / MATCH).unlink(missing_ok=True)
            rows = []
            if state is not None and log.exists():
                with log.open(newline="", encoding="utf-8") as file:
                    rows = [r for r in csv.reader(file) if r and r[0].isdigit() and int(r[0]) <= state.step]
            recipe_file.write_text(recipe, encoding="utf-8")
            with log.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([COLUMNS, *rows])
            return state

    def matched(self, match: str) -> str:
        """Return what fitting found, as JSON: `match`, or that of the beginning where it is empty."""
        file = self.folder / MATCH
        with self.told():
            if match:
                _replace(file, match.encode())
        try:
            return match or file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def _has_reached_its_end(self, minutes: float) -> bool:
        fixed = self.fixed()
        return fixed is not None and fixed.is_complete and minutes <= fixed.minutes

    def fixed(self) -> Fixed | None:
        """Return what was fixed when the training in this folder began; None if it begins now."""
        try:
            return Fixed(**json.loads((self.folder / SCHEDULE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def fix(self, fixed: Fixed) -> None:
        """Write down what holds until the end."""
        with self.told():
            _replace(self.folder / SCHEDULE, json.dumps(asdict(fixed)).encode())

    def keep(self, reached: State, look: Look, simple_db: float) -> None:
        """Replace the checkpoint and add a line to the log."""
        with self.told():
            _replace(self.folder / CHECKPOINT, reached.to_bytes())
            with (self.folder / LOG).open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerow(
                    [look.step, f"{look.loss:.5f}", f"{look.unseen:.3f}", f"{simple_db:.3f}"]
                )

    def interrupt(self, reached: State) -> None:
        """Replace the checkpoint by that of a training which was stopped between two looks."""
        with self.told():
            _replace(self.folder / CHECKPOINT, reached.to_bytes())

    def write_model(self, card: ModelCard, weights: bytes) -> None:
        """Write weights and card: from now on the folder holds a model."""
        with self.told():
            _replace(self.folder / str(card.weights), weights)
            _replace(self.folder / CARD, write_card(card).encode())
            (self.folder / VERDICT).unlink(missing_ok=True)

    def judge(self, card: ModelCard, verdict: str) -> None:
        """Write the verdict, and the card with what was measured."""
        with self.told():
            _replace(self.folder / VERDICT, verdict.encode())
            _replace(self.folder / CARD, write_card(card).encode())

    def close(self) -> None:
        """Say that the training is complete; only one of some minutes can go on, when given more."""
        fixed = self.fixed()
        if fixed is not None and fixed.minutes > 0:
            self.fix(replace(fixed, is_complete=True))
            return
        with self.told():
            (self.folder / CHECKPOINT).unlink(missing_ok=True)
            (self.folder / SCHEDULE).unlink(missing_ok=True)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what the drive refuses within the block into a sentence."""
        try:
            yield
        except OSError as error:
            raise FolderNotUsable(
                f"The model's folder {self.folder} cannot be used: {error.strerror or error}. "
                "The last checkpoint in it, if there is one, is safe.",
                hint="Make room or check the permissions, then give the same command again.",
                path=str(self.folder),
            ) from error


def _finished(folder: Path) -> OtherTraining:
    return OtherTraining(
        f"{folder.name} holds a finished model, which was left as it is.",
        hint="Choose another folder for the new model.",
    )


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
