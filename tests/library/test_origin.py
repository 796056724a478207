"""Where a model comes from is told from its card alone."""

from dataclasses import replace

import pytest

from app.library.card import Training
from app.library.catalogue import shipped_cards
from app.library.origin import origin


def card(name):
    return next(card for card in shipped_cards() if card.id == name)


def test_a_trained_model_tells_its_images_its_recipe_and_its_version():
    own = replace(
        card("pssr-fluorescence"),
        trained_on=("a.tif", "b.tif"),
        training=Training("recipe.toml", 7, "0123456789abcdef"),
        citation="Somebody 2020.",
        licence="not chosen",
        licence_words="your choice",
    )
    assert origin(own, is_shipped=False) == (
        "It was trained on this computer or added to it.",
        "It learned from 2 images, the first of them a.tif.",
        "Its recipe and the seed 7 are kept with it, so that the training can be repeated.",
        "It was trained by version 0123456789ab of the program.",
        "To be cited: Somebody 2020.",
        "Licence: not chosen, your choice.",
    )


@pytest.mark.parametrize("one", shipped_cards(), ids=lambda one: one.id)
def test_every_shipped_model_tells_where_it_is_from(one):
    said = origin(one, is_shipped=True)
    assert said[0] == "It came with the program."
    assert any(sentence.startswith("It learn") for sentence in said)
    assert said[-1].startswith("Licence: ")


def test_what_is_not_known_is_said():
    said = origin(replace(card("pssr-fluorescence"), trained_on=(), training=None), is_shipped=False)
    assert "What it learned from is not known." in said
