"""Where a model comes from, in sentences: who made it, what it learned from, and how that can be repeated."""

from collections.abc import Iterator

from app.library.card import ModelCard
from models.knobs import N_
from models.training.verdict import Translate

SHIPPED = N_("It came with the program.")
OWN = N_("It was trained on this computer or added to it.")
LEARNED = {
    True: N_("It learned from 1 image: {first}."),
    False: N_("It learned from {count} images, the first of them {first}."),
}
UNKNOWN = N_("What it learned from is not known.")
NOTHING = N_("It learns from nothing: it is a simple filter.")
REPEATED = N_("Its recipe and the seed {seed} are kept with it, so that the training can be repeated.")
VERSION = N_("It was trained by version {commit} of the program.")
CITED = N_("To be cited: {citation}.")
LICENCE = N_("Licence: {licence}, {words}.")


def origin(card: ModelCard, *, is_shipped: bool, translate: Translate = str) -> tuple[str, ...]:
    """Return where the model of `card` comes from, one sentence each; `translate` hears every template."""
    return tuple(
        translate(template).format(**fields) for template, fields in _sentences(card, is_shipped=is_shipped)
    )


def _sentences(card: ModelCard, *, is_shipped: bool) -> Iterator[tuple[str, dict[str, object]]]:
    yield SHIPPED if is_shipped else OWN, {}
    count = len(card.trained_on)
    if count:
        yield LEARNED[count == 1], {"count": count, "first": card.trained_on[0]}
    else:
        yield NOTHING if card.weights is None else UNKNOWN, {}
    if card.training is not None and card.training.recipe:
        yield REPEATED, {"seed": card.training.seed}
        if card.training.commit:
            yield VERSION, {"commit": card.training.commit[:12]}
    if card.citation:
        yield CITED, {"citation": card.citation.rstrip(".")}
    yield LICENCE, {"licence": card.licence, "words": card.licence_words}
