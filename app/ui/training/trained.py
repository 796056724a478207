"""What a finished training left in its folder, and its way into the library; free of Qt, for a thread."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.library import saving
from app.library.card import ModelCard, read_card, write_card
from app.library.errors import PlaceUnusable, UnreadableCard
from app.library.saving import id_of
from app.library.store import CARD_FILE, Library
from app.ui.training.develop import Slide, develop, display_range, load
from models.errors import UserError
from models.knobs import N_
from models.training.verdict import Verdict, VerdictUnreadable, read_verdict

log = logging.getLogger(__name__)

VERDICT_FILE, HISTORY, CHECKPOINT = "verdict.json", "history", "checkpoint.safetensors"
BAD, SIMPLE, NOW, GOOD = "bad", "simple", "now", "good"
CASES = {"worst": N_("Worst case"), "median": N_("Middle case"), "": N_("An unseen image")}
PERSONAL = "not shared"


@dataclass(frozen=True, slots=True)
class Licence:
    """One choice of what others may do: its short name, and its meaning in two or three words."""

    name: str
    words: str
    title: str


LICENCES = (
    Licence(PERSONAL, N_("only for you"), N_("Only for me")),
    Licence("CC-BY-4.0", N_("free with credit"), N_("CC BY 4.0: free for everybody who names me")),
    Licence("CC0-1.0", N_("free for any use"), N_("CC0: free for any use")),
)


@dataclass(frozen=True, slots=True, eq=False)
class CasePictures:
    """One unseen image at one contrast: as it came, after the best simple filter, after the model, good.

    Any of them may be missing.
    """

    title: str
    bad: Slide | None
    simple: Slide | None
    now: Slide | None
    good: Slide | None

    @property
    def slides(self) -> tuple[Slide | None, ...]:
        """All four, from bad to good."""
        return self.bad, self.simple, self.now, self.good


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A training folder; what is missing in it is None, and `faults` say why in sentences."""

    folder: Path
    card: ModelCard | None
    verdict: Verdict | None
    pictures: tuple[CasePictures, ...]
    has_checkpoint: bool
    is_saved: bool
    faults: tuple[str, ...] = ()


def read_trained(folder: Path, library: Library, *, with_pictures: bool = True) -> Trained:
    """Return what there is in a training folder; damaged parts are told and left out."""
    card, no_card = _read_card(folder / CARD_FILE)
    verdict, no_verdict = _read_verdict(folder / VERDICT_FILE)
    faults = (no_card,) if card is None else (no_verdict,)
    is_saved = card is not None and any(one.sha256 == card.sha256 for one in library.cards())
    has_checkpoint = (folder / CHECKPOINT).is_file()
    told = tuple(fault for fault in faults if fault)
    pictures = read_pictures(folder) if with_pictures else ()
    return Trained(folder, card, verdict, pictures, has_checkpoint, is_saved, told)


def _read_card(file: Path) -> tuple[ModelCard | None, str]:
    """Return the card, or why there is none."""
    try:
        return read_card(file.read_text("utf-8")), ""
    except UnreadableCard as error:
        return None, str(error)
    except (OSError, UnicodeDecodeError):
        return None, N_("There is no model in this folder yet; go on with the training.")


def _read_verdict(file: Path) -> tuple[Verdict | None, str]:
    """Return the verdict, or why there is none."""
    if not file.is_file():
        return None, N_("The model was not yet compared with simple filters on unseen images.")
    try:
        return read_verdict(file), ""
    except VerdictUnreadable as error:
        return None, str(error)


def read_pictures(folder: Path) -> tuple[CasePictures, ...]:
    """Return the pictures of the worst and the middle case, or of the one watched while it learned."""
    found = [_read_case(folder / HISTORY / key, key) for key in ("worst", "median")]
    shown = [case for case in found if case is not None]
    if len(shown) == 1:
        shown = [replace(shown[0], title=CASES[""])]
    watched = None if shown else _read_case(folder / HISTORY, "")
    return tuple(shown) if watched is None else (watched,)


def _read_case(folder: Path, key: str) -> CasePictures | None:
    arrays = {name: _array(folder / f"{name}.npy") for name in (BAD, SIMPLE, GOOD)}
    arrays[NOW] = _array(_newest(folder))
    truth = arrays[GOOD]
    if truth is None:
        return None
    shown = display_range(truth)
    slides = {
        name: None if array is None else develop(array, shown, truth.shape[1] / array.shape[1])
        for name, array in arrays.items()
    }
    return CasePictures(CASES[key], slides[BAD], slides[SIMPLE], slides[NOW], slides[GOOD])


def _newest(folder: Path) -> Path:
    """Return the picture of the state that was kept, or else the newest numbered one."""
    named = folder / f"{NOW}.npy"
    if named.is_file():
        return named
    numbered = sorted(
        (file for file in folder.glob("*.npy") if file.stem.isdigit()), key=lambda f: int(f.stem)
    )
    return numbered[-1] if numbered else named


def _array(file: Path) -> np.ndarray | None:
    try:
        return load(file)
    except (OSError, ValueError, EOFError) as error:
        if not isinstance(error, FileNotFoundError):
            log.warning("%s is left out: %s", file, error)
        return None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person wrote on the card."""

    name: str
    purpose: str
    licence: Licence


def with_wishes(card: ModelCard, wishes: Wishes) -> ModelCard:
    """Return the card with what the person wrote; another name makes another id."""
    name = " ".join(wishes.name.split())
    return replace(
        card,
        id=card.id if name == card.name else id_of(name),
        name=name,
        purpose=wishes.purpose.strip(),
        licence=wishes.licence.name,
        licence_words=wishes.licence.words,
    )


def save(folder: Path, library: Library, wishes: Wishes) -> ModelCard:
    """Write the card and put a copy of the model into the library; the folder stays as it is otherwise.

    Where the name belongs to another model, this one gets the next free one, in the folder's card too.

    Raises
    ------
    UserError
        If card or model cannot be read or written. The folder's card is then as before.
    """
    file = folder / CARD_FILE
    before = _text_of(file)
    _write(file, write_card(with_wishes(read_card(before), wishes)))
    try:
        card = saving.save(library, folder)
    except UserError:
        _write(file, before)
        raise
    _write(file, write_card(card))
    return card


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableCard(
            "The card of this model cannot be read. Nothing was saved.",
            hint="Train on a little, so that it is written again.",
            card=file.name,
        ) from error


def _write(file: Path, text: str) -> None:
    """Replace a small file as a whole."""
    part = file.with_suffix(".part")
    try:
        part.write_text(text, "utf-8")
        os.replace(part, file)  # noqa: PTH105 - replaces in one step on every system
    except OSError as error:
        raise PlaceUnusable(
            f"The model was not saved: its folder cannot be written ({error.strerror or error}).",
            hint="Make room there or allow writing, then save it again.",
            folder=str(file.parent),
        ) from error
