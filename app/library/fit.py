"""How well a model fits an image, in one word and one reason, from what the file says about itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from app.library.card import ModelCard
from models.source import ImageInfo

Level = Literal["good", "partly", "outside"]

ELECTRON_BELOW_UM = 0.02  # light microscopes sample coarser than this
LIGHT_ABOVE_UM = 0.06  # electron microscopes sample finer than this; between the two it may be either
FAR = 3.0  # pixels larger or smaller than the range by more than this factor are outside

ALONE = "it was made for movies; a single picture is restored without neighbours"

_KIND_WORDS = {
    "any": "any image",
    "fluorescence": "fluorescence",
    "electron": "electron microscopy",
    "brightfield": "brightfield",
}


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a model fits an image, and why: a word and half a sentence."""

    level: Level
    reason: str


def fit(card: ModelCard, info: ImageInfo) -> Fit:
    """Judge how well the model of `card` fits the image described by `info`.

    Only what the file says is used: channels, colour, pixel size. Noise is not measured here.
    """
    channels = info.shape[1]
    if card.channels_in not in (1, channels):
        return Fit("outside", f"it needs {card.channels_in} channels; your image has {channels}")
    if card.channels_in != 1:
        return Fit("outside", f"it restores {card.channels_in} channels together, which cannot be done yet")
    found = _fit_of_kind(card, info)
    if card.frames > 1 and info.shape[0] == 1 and found.level != "outside":
        return Fit("partly", ALONE)
    return found


def _fit_of_kind(card: ModelCard, info: ImageInfo) -> Fit:
    """Compare the kind of microscope and the pixel size."""
    if card.modality == "any":
        return Fit("good", "it works on any image")
    shown = _modality(info)
    if shown is not None and shown != card.modality:
        return Fit(
            "outside", f"it was made for {_KIND_WORDS[card.modality]}; yours looks like {_KIND_WORDS[shown]}"
        )
    found = _fit_of_size(card, info)
    if found.level == "good" and shown is None and card.modality == "electron":
        kind = _KIND_WORDS[card.modality]
        return Fit("partly", f"it was made for {kind} with pixels like yours, if that is what yours is")
    return found


def ranked(cards: Iterable[ModelCard], info: ImageInfo) -> tuple[tuple[ModelCard, Fit], ...]:
    """Return every card with its fit, the one to try first at the front.

    Networks that fit come first, models for any image before networks that fit only partly; between equals
    the one that keeps the pixel grid comes first, so that nothing is enlarged unasked, and for movies the one
    that was made for them.
    """
    judged = ((card, fit(card, info)) for card in cards)

    def place(pair: tuple[ModelCard, Fit]) -> tuple[int, int, int, str]:
        card, found = pair
        return _rank(card, found, info), card.scale, -card.frames, card.id

    return tuple(sorted(judged, key=place))


def _rank(card: ModelCard, found: Fit, info: ImageInfo) -> int:
    """Place in the list: small is early."""
    if found.level == "outside":
        return 4
    if card.modality == "any":
        return 2
    if found.level == "good":
        return 0
    if found.reason == ALONE:
        return 3
    is_unsure_only = info.pixel_size_um.x is None and card.scale == 1
    return 1 if is_unsure_only else 3


def _modality(info: ImageInfo) -> str | None:
    """Guess the kind of microscope from colour and pixel size; None where they do not tell."""
    if info.is_rgb:
        return "brightfield"
    size = info.pixel_size_um.x
    if size is None or size <= 0:
        return None
    if size < ELECTRON_BELOW_UM:
        return "electron"
    return "fluorescence" if size > LIGHT_ABOVE_UM or info.shape[1] > 1 else None


def _fit_of_size(card: ModelCard, info: ImageInfo) -> Fit:
    """Compare the pixel size with the range of the card."""
    kind = _KIND_WORDS[card.modality]
    if card.pixel_size_um is None:
        return Fit("good", f"it was made for {kind}")
    low, high = card.pixel_size_um
    size = info.pixel_size_um.x
    if size is None or size <= 0:
        return Fit("partly", f"it was made for {kind}; the file does not say how large its pixels are")
    if low <= size <= high:
        return Fit("good", f"it was made for {kind} with pixels like yours")
    factor, word = (size / high, "larger") if size > high else (low / size, "smaller")
    level: Level = "outside" if factor > FAR else "partly"
    return Fit(level, f"your pixels are {factor:.1f} times {word} than those it was made for")
