"""XML of strangers: parsed with suspicion, and shown to a person as a tree."""

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from app.images.metadata import Entry

MOST_ENTRIES = 20_000
DEEPEST = 40
LONGEST = 500


def parse(text: str) -> ElementTree.Element:
    """Return the root of an XML text.

    Raises
    ------
    ValueError
        If it is no XML, or declares a document type: no maker of microscopes does, and entities can blow up.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("a document type declaration")
    try:
        return ElementTree.fromstring(text.strip("\0 \t\r\n\ufeff"))
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error


def entries(root: ElementTree.Element) -> tuple[Entry, ...]:
    """Return attributes and children of `root` as a tree, bounded in depth, number and length."""
    return tuple(_children(root, [MOST_ENTRIES], DEEPEST))


def from_mapping(mapping: Mapping[str, object]) -> tuple[Entry, ...]:
    """Return nested mappings and lists as a tree, bounded in depth, number and length."""
    budget = [MOST_ENTRIES]
    return tuple(_named(str(name), value, budget, DEEPEST) for name, value in mapping.items())


def number(text: str | None) -> float | None:
    """Return the finite number that `text` holds, if it does."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _children(element: ElementTree.Element, budget: list[int], depth: int) -> Iterator[Entry]:
    for name, value in element.attrib.items():
        yield Entry(_short(name), value[:LONGEST])
    for child in element:
        budget[0] -= 1
        if budget[0] < 0:
            return
        inner = tuple(_children(child, budget, depth - 1)) if depth else ()
        yield Entry(_short(child.tag), (child.text or "").strip()[:LONGEST], inner)


def _short(name: str) -> str:
    return name.rpartition("}")[2][:LONGEST]


def _named(name: str, value: object, budget: list[int], depth: int) -> Entry:
    budget[0] -= 1
    if isinstance(value, Mapping):
        inner: list[tuple[str, object]] = [(str(key), one) for key, one in value.items()]
    elif isinstance(value, list | tuple) and any(isinstance(one, Mapping | list | tuple) for one in value):
        inner = [(str(index + 1), one) for index, one in enumerate(value)]
    else:
        return Entry(name[:LONGEST], str(value)[:LONGEST])
    if depth == 0 or budget[0] < 0:
        return Entry(name[:LONGEST])
    inner = inner[: max(0, budget[0])]
    return Entry(name[:LONGEST], "", tuple(_named(key, one, budget, depth - 1) for key, one in inner))
