"""The models that come with the program: their cards and weights, found wherever the program lies."""

from functools import cache
from importlib import resources

from app.library.card import ModelCard, read_card
from app.library.errors import WeightsMissing


@cache  # they do not change while the program runs, and are asked for with every image
def shipped_cards() -> tuple[ModelCard, ...]:
    """Return the cards that come with the program, in the order of their file names."""
    folder = resources.files("resources") / "catalogue"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name
    )
    return tuple(read_card(file.read_text(encoding="utf-8"), name=file.name) for file in files)


def shipped_weights(card: ModelCard) -> bytes:
    """Return the weights of a shipped `card` as they lie on the disk; nobody has checked them yet.

    Raises
    ------
    WeightsMissing
        If the file is not there.
    """
    file = resources.files("resources") / "weights" / str(card.weights)
    try:
        return file.read_bytes()
    except OSError as error:
        raise WeightsMissing(
            f"The file with the weights of {card.name} is not where the program keeps it.",
            hint="Install the program again; your images and your own models stay.",
            model=card.id,
        ) from error
