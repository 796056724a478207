"""The folder that a training fills: recipe, log and checkpoint while it lasts, then weights and card."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from app.library.card import ModelCard, write_card
from models.errors import UserError
from models.training.loop import Look, State

CHECKPOINT, CARD, RECIPE, LOG = "checkpoint.safetensors", "card.toml", "recipe.toml", "log.csv"


class OtherTraining(UserError):
    """The folder holds a finished model, or the checkpoint of another recipe."""

    code: ClassVar[str] = "train.other"


class FolderNotUsable(UserError):
    """The folder cannot be read or written."""

    code: ClassVar[str] = "train.folder"


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

    def begin(self, recipe: str) -> State | None:
        """Return where an earlier run of the same recipe stopped; else start the folder afresh.

        Raises
        ------
        OtherTraining
            If the folder holds what would be lost.
        """
        with self._told():
            self.folder.mkdir(parents=True, exist_ok=True)
            recipe_file, log, kept = (self.folder / name for name in (RECIPE, LOG, CHECKPOINT))
            if not kept.exists() and (self.folder / CARD).exists():
                raise OtherTraining(
                    f"{self.folder.name} holds a finished model, which was left as it is.",
                    hint="Choose another folder for the new model.",
                )
            if kept.exists() and not (recipe_file.exists() and recipe_file.read_text("utf-8") == recipe):
                raise OtherTraining(
                    f"{self.folder.name} holds a training that was interrupted and has another recipe.",
                    hint="Choose another folder for the new model.",
                )
            state = State.from_bytes(kept.read_bytes()) if kept.exists() else None
            rows = []
            if state is not None and log.exists():
                with log.open(newline="", encoding="utf-8") as file:
                    rows = [r for r in csv.reader(file) if r and r[0].isdigit() and int(r[0]) <= state.step]
            recipe_file.write_text(recipe, encoding="utf-8")
            with log.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([["step", "loss", "psnr_unseen_db"], *rows])
            return state

    def keep(self, reached: State, look: Look) -> None:
        """Replace the checkpoint and add a line to the log."""
        with self._told():
            _replace(self.folder / CHECKPOINT, reached.to_bytes())
            with (self.folder / LOG).open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerow([look.step, f"{look.loss:.5f}", f"{look.unseen:.3f}"])

    def finish(self, card: ModelCard, weights: bytes) -> None:
        """Write weights and card; only then the checkpoint goes."""
        with self._told():
            _replace(self.folder / str(card.weights), weights)
            _replace(self.folder / CARD, write_card(card).encode())
            (self.folder / CHECKPOINT).unlink(missing_ok=True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise FolderNotUsable(
                f"The model's folder {self.folder} cannot be used: {error.strerror or error}. "
                "The last checkpoint in it, if there is one, is safe.",
                hint="Make room or check the permissions, then give the same command again.",
                path=str(self.folder),
            ) from error


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
