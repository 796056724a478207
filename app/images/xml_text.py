"""XML of strangers and the numbers in it, read with suspicion."""

import math
from xml.etree import ElementTree

from app.images import ome


def parse(text: str) -> ElementTree.Element:
    """Return the root of an XML text, which may be filled up with zeros.

    Raises
    ------
    ValueError
        If it is no XML, or declares a document type: no microscope does, and entities can blow up.
    """
    return ome.parse(text.strip("\0 \t\r\n\ufeff"))


def number(text: str | None) -> float | None:
    """Return the finite number that `text` holds, if it does."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
