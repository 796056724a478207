"""The table of restoring families; a row is text, so that reading it costs no torch."""

from importlib import import_module
from typing import cast

from models.restoration.family import Family

FAMILIES: dict[str, str] = {
    "smoothing": "models.smoothing.family:Smoothing",
    "pssr": "models.pssr.family:Pssr",
    "n2v": "models.n2v.family:N2v",
}


def family(name: str) -> Family:
    """Return the family called `name`; imports what it needs.

    Raises
    ------
    KeyError
        If there is no such row.
    """
    module, attribute = FAMILIES[name].split(":")
    return cast("Family", getattr(import_module(module), attribute)())  # cast: a row is only text
