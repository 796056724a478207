"""Saving a trained model to the library under a name and an id that are free."""

import re
import tempfile
import unicodedata
from dataclasses import replace
from pathlib import Path

from app.library.card import ModelCard, write_card
from app.library.errors import ModelExists, PlaceUnusable
from app.library.store import CARD_FILE, KEPT_FILES, Library, model_in

LONGEST_ID = 56  # letters; a number behind it must have room
NO_NAME = "my-model"


def id_of(name: str) -> str:
    """Return the id that goes with a name: small letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_ID].strip("-") or NO_NAME


def save(library: Library, folder: Path, name: str = "") -> ModelCard:
    """Copy the model in `folder` into the library and return its card.

    Where the name or the id belongs to another model, both get the next free number: "Neurons 2". Saving
    the very same model under the same name again changes nothing.

    Parameters
    ----------
    library : Library
    folder : Path
        With a card, its weights, recipe, log and verdict; it stays as it is.
    name : str
        What to call the model; empty: as its card says.

    Raises
    ------
    UnreadableCard, WeightsMissing, WeightsDamaged, PlaceUnusable
    """
    card, weights = model_in(folder)
    name = " ".join(name.split()) or card.name
    number = 1
    while True:
        wished = _numbered(card, name, number)
        known = {one.id: one for one in library.cards()}
        if known.get(wished.id) == wished:
            return wished
        if wished.id not in known and wished.name not in {one.name for one in known.values()}:
            try:
                return _added(library, folder, wished, weights)
            except ModelExists:  # somebody else took it meanwhile
                pass
        number += 1


def _numbered(card: ModelCard, name: str, number: int) -> ModelCard:
    if number == 1:
        return replace(card, id=id_of(name), name=name)
    return replace(card, id=f"{id_of(name)}-{number}", name=f"{name} {number}")


def _added(library: Library, folder: Path, card: ModelCard, weights: bytes) -> ModelCard:
    """Add the model as `card` names it, by way of a folder that goes again."""
    try:
        with tempfile.TemporaryDirectory() as place:
            renamed = Path(place)
            (renamed / CARD_FILE).write_text(write_card(card), encoding="utf-8")
            if card.weights is not None:
                (renamed / card.weights).write_bytes(weights)
            for kept in KEPT_FILES:
                if (folder / kept).is_file():
                    (renamed / kept).write_bytes((folder / kept).read_bytes())
            return library.add(renamed)
    except OSError as error:
        raise PlaceUnusable(
            f"The model was not saved: {error.strerror or error}. It is still in {folder}.",
            hint="Make room on the drive, then save it again.",
            folder=str(folder),
        ) from error
