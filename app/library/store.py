"""The library: all models that came with the program or were added, and their checked weights."""

import hashlib
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.library.card import ModelCard, read_card
from app.library.catalogue import shipped_cards, shipped_weights
from app.library.errors import (
    ModelExists,
    PlaceUnusable,
    UnknownModel,
    UnreadableCard,
    WeightsDamaged,
    WeightsMissing,
)
from app.paths import Paths

log = logging.getLogger(__name__)

State = Literal["built in", "installed", "damaged", "missing"]

CARD_FILE = "card.toml"
KEPT_FILES = ("log.csv", "recipe.toml", "verdict.json")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with one folder per model; `is_there` is false while its drive is not connected."""

    folder: Path
    is_there: bool


class Library:
    """The models of this computer: those that came with the program and those in `places`.

    Parameters
    ----------
    paths : Paths
        Where the program keeps its data; models are kept in ``paths.data / "models"``.
    places : sequence of Path
        More folders to look for models in, such as a read-only share; never written.
    """

    def __init__(self, paths: Paths, places: Sequence[Path] = ()) -> None:
        self._own = paths.data / "models"
        self._folders = (self._own, *places)

    @property
    def places(self) -> tuple[Place, ...]:
        """Every folder that is searched, whether it can be reached now or not."""
        return tuple(Place(folder, folder.is_dir()) for folder in self._folders)

    def cards(self) -> tuple[ModelCard, ...]:
        """Return the cards of all models: those that came with the program first, then by id.

        A card that cannot be read is left out and noted in the log; it never hides the others.
        """
        return tuple(card for card, _ in self._models().values())

    def card(self, model: str) -> ModelCard:
        """Return the card with the id `model`.

        Raises
        ------
        UnknownModel
            If there is none.
        """
        return self._find(model)[0]

    def state(self, model: str) -> State:
        """Return whether `model` came with the program or was added, and whether its weights are sound."""
        _, folder = self._find(model)
        try:
            self.weights(model)
        except WeightsDamaged:
            return "damaged"
        except WeightsMissing:
            return "missing"
        return "built in" if folder is None else "installed"

    def weights(self, model: str) -> bytes:
        """Return the weights of `model`, checked against its card; empty for a model without weights.

        Raises
        ------
        UnknownModel, WeightsMissing, WeightsDamaged
        """
        card, folder = self._find(model)
        if card.weights is None:
            return b""
        content = shipped_weights(card) if folder is None else _read_weights(card, folder)
        _verify(card, content)
        return content

    def folder(self, model: str) -> Path | None:
        """Return the folder of `model`; None if it came with the program.

        Raises
        ------
        UnknownModel
            If there is none.
        """
        return self._find(model)[1]

    def add(self, folder: Path) -> ModelCard:
        """Copy the model in `folder` (a card, its weights, recipe and log) into the library.

        Adding the very same model again changes nothing.

        Raises
        ------
        UnreadableCard, WeightsMissing, WeightsDamaged
            If the folder does not hold a sound model.
        ModelExists
            If another model has its id.
        PlaceUnusable
            If the copy cannot be written; nothing is left behind.
        """
        card, content = model_in(folder)
        known = self._models().get(card.id)
        if known is not None:
            if known[0] == card:
                return card
            raise ModelExists(
                f"The library already has another model called {card.id}. It was left as it is.",
                hint=f"Give the new one another id in its {CARD_FILE} and add it again.",
                model=card.id,
            )
        try:
            self._copy(card, folder, content)
        except OSError as error:
            shutil.rmtree(self._unfinished(card), ignore_errors=True)
            raise PlaceUnusable(
                f"The model was not added: {self._own} cannot be written ({error.strerror or error}).",
                hint="Make room there or allow writing, then add the model again.",
                folder=str(self._own),
            ) from error
        return card

    def _copy(self, card: ModelCard, folder: Path, weights: bytes) -> None:
        """Write the model under its final name only once it is complete."""
        unfinished = self._unfinished(card)
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for name in (CARD_FILE, *KEPT_FILES):
            if (folder / name).is_file():
                shutil.copyfile(folder / name, unfinished / name)
        if card.weights is not None:
            (unfinished / card.weights).write_bytes(weights)
        unfinished.rename(self._own / card.id)

    def _unfinished(self, card: ModelCard) -> Path:
        return self._own / f"{card.id}.part"

    def _find(self, model: str) -> tuple[ModelCard, Path | None]:
        """Return the card and the folder of `model`; no folder if it came with the program."""
        models = self._models()
        if model not in models:
            raise UnknownModel(
                f"There is no model called {model} in the library.",
                hint="The models are: " + ", ".join(models) + ".",
                model=model,
            )
        return models[model]

    def _models(self) -> dict[str, tuple[ModelCard, Path | None]]:
        """Read all cards; the first model with an id hides later ones."""
        models: dict[str, tuple[ModelCard, Path | None]] = {card.id: (card, None) for card in shipped_cards()}
        for place in self._folders:
            for file in sorted(place.glob(f"*/{CARD_FILE}")):
                if file.parent.suffix == ".part":
                    continue
                try:
                    models.setdefault((card := _read_card(file.parent)).id, (card, file.parent))
                except UnreadableCard as error:
                    log.warning("%s", error.sentence)
        return models


def model_in(folder: Path) -> tuple[ModelCard, bytes]:
    """Return the card and the checked weights in `folder`; no weights for a model without.

    Raises
    ------
    UnreadableCard, WeightsMissing, WeightsDamaged
    """
    card = _read_card(folder)
    content = b""
    if card.weights is not None:
        content = _read_weights(card, folder)
        _verify(card, content)
    return card, content


def _read_card(folder: Path) -> ModelCard:
    """Read the card in a model folder."""
    file = folder / CARD_FILE
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableCard(
            f"There is no readable model card {CARD_FILE} in {folder}.",
            hint="Pick the folder that holds the card and its weights.",
            card=str(file),
        ) from error
    return read_card(text, name=str(file))


def _read_weights(card: ModelCard, folder: Path) -> bytes:
    """Read the weights beside a card."""
    try:
        return (folder / str(card.weights)).read_bytes()
    except OSError as error:
        raise WeightsMissing(
            f"The weights of {card.name} ({card.weights}) are not in {folder}.",
            hint="Connect the drive they lie on, or add the model again.",
            model=card.id,
        ) from error


def _verify(card: ModelCard, weights: bytes) -> None:
    """Raise unless `weights` have the checksum that `card` states."""
    if hashlib.sha256(weights).hexdigest() != card.sha256:
        raise WeightsDamaged(
            f"The weights of {card.name} are damaged: their checksum is not the one in the model's card. "
            "They were not used.",
            hint="Add the model again from where it came from, or pick another model.",
            model=card.id,
        )
