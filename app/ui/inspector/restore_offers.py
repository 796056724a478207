"""Which models are offered for an image, and which of them cannot be used; no Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.library.card import ModelCard
from app.library.fit import Fit, ranked
from app.library.store import Library
from app.text import _
from models.source import ImageInfo

AT_FIRST = 3
YARDSTICK = "smoothing"  # the family that is always offered

Offer = tuple[ModelCard, Fit]


@dataclass(frozen=True, slots=True)
class Offers:
    """The models for an image, the best first; `faults` says by id why one cannot be used at all."""

    ranked: tuple[Offer, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """The cards in order."""
        return tuple(card for card, _fit in self.ranked)

    def fit(self, model: str) -> Fit | None:
        """How well a model fits; None for one that is not offered."""
        return next((fit for card, fit in self.ranked if card.id == model), None)

    def fault(self, model: str) -> str:
        """Why a model cannot be used; empty if it can."""
        return dict(self.faults).get(model, "")


def find_offers(library: Library, info: ImageInfo) -> Offers:
    """Look through the library; for a thread."""
    found = ranked(library.cards(), info)
    faults = ((card.id, _fault(library, card, info)) for card, _fit in found)
    return Offers(found, tuple((model, fault) for model, fault in faults if fault))


def at_most_three(offers: Sequence[Offer]) -> tuple[Offer, ...]:
    """Return the first three offers; the simple filter is always among them, for comparison."""
    first = tuple(offers[:AT_FIRST])
    if any(card.family == YARDSTICK for card, _fit in first):
        return first
    simple = [offer for offer in offers if offer[0].family == YARDSTICK]
    return (*first[: AT_FIRST - 1], *simple[:1]) if simple else first


def _fault(library: Library, card: ModelCard, info: ImageInfo) -> str:
    if card.channels_in not in (1, info.shape[1]):
        return _("This model needs {needed} channels; the image has {found}.").format(
            needed=card.channels_in, found=info.shape[1]
        )
    match library.state(card.id):
        case "damaged":
            return _("The file of this model is damaged. Pick another model, or install this one again.")
        case "missing":
            return _("The file of this model is not there. Connect its drive, or pick another model.")
        case _:
            return ""
