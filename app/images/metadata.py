"""Everything that a file says about itself, as a tree that a person can search.

A reader that knows more than `ImageInfo` has room for offers ``metadata(path, scene) -> tuple[Entry, ...]``
in its module; it is asked only when somebody looks. `Gatherer` makes the lines, within bounds.
"""

import datetime
import enum
import operator
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

import numpy as np

MOST_LINES = 100_000
DEEPEST = 24
LONGEST = 20_000  # characters of a value
IN_A_BUNDLE = 400
IN_A_LINE = 32  # numbers that are written out


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the tree: a name, what the file says, and the lines below it.

    Attributes
    ----------
    name : str
        As the file writes it.
    value : str
        In words; empty for a mere heading.
    entries : tuple of Entry
    """

    name: str
    value: str = ""
    entries: tuple["Entry", ...] = ()


class Gatherer:
    """Makes lines out of what libraries hand out; no file makes more of them than a person could use."""

    def __init__(self, most: int = MOST_LINES) -> None:
        self._left = most

    def entry(self, name: str, value: Any, depth: int = 0) -> Entry:  # Any: whatever a library hands out
        """Return the line of a value, with those below it if it holds several."""
        self._left -= 1
        name = str(name)[:LONGEST]
        if isinstance(value, Mapping):
            return Entry(name, "", self._below(value.items(), depth))
        if isinstance(value, list | tuple) and not _is_line(value):
            numbered = ((str(index + 1), one) for index, one in enumerate(value))
            return Entry(name, "", self._below(numbered, depth))
        return Entry(name, in_words(value))

    def xml(self, element: ElementTree.Element, depth: int = 0) -> Entry:
        """Return an element of XML with its attributes and children; a name or id stands on its line."""
        self._left -= 1
        told = element.get("Name") or element.get("ID") or ""
        text = (element.text or "").strip()
        lines: list[Entry] = []
        for name, value in element.attrib.items():
            self._left -= 1
            lines.append(Entry(_local(name), value[:LONGEST]))
        for child in element:
            if self._is_enough(depth):
                lines.append(_rest())
                break
            lines.append(self.xml(child, depth + 1))
        return Entry(_local(element.tag), (text or told)[:LONGEST], tuple(lines))

    def lines(self, text: str, separator: str = "=") -> tuple[Entry, ...]:
        """Return the lines of a text, each with what stands before the separator as its name."""
        found: list[Entry] = []
        for line in text.splitlines():
            if self._is_enough(0):
                found.append(_rest())
                break
            if line.strip():
                self._left -= 1
                name, is_named, value = line.partition(separator)
                name, value = (name, value) if is_named else ("", name)
                found.append(Entry(name.strip()[:LONGEST], value.strip()[:LONGEST]))
        return tuple(found)

    def _below(self, items: Any, depth: int) -> tuple[Entry, ...]:
        found: list[Entry] = []
        for name, value in items:
            if self._is_enough(depth):
                found.append(_rest())
                break
            found.append(self.entry(name, value, depth + 1))
        return tuple(found)

    def _is_enough(self, depth: int) -> bool:
        return self._left <= 0 or depth >= DEEPEST


def in_words(value: Any) -> str:  # Any: whatever a library hands out
    """Return a single value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return _text_of(value)
    if isinstance(value, np.ndarray):
        if value.size > IN_A_LINE:
            return " × ".join(str(length) for length in value.shape) + f" numbers ({value.dtype})"
        return ", ".join(in_words(one) for one in value.ravel().tolist())
    if isinstance(value, list | tuple):
        if len(value) > IN_A_LINE:
            return ", ".join(in_words(one) for one in value[:3]) + f", … ({len(value)} in all)"
        return ", ".join(in_words(one) for one in value)
    if isinstance(value, enum.Enum) and not isinstance(value, enum.IntFlag):
        return value.name or str(value.value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return f"{float(value):.10g}"
    return str(value)[:LONGEST].strip("\0 ")


def find(entries: Collection[Entry], *names: str) -> str:
    """Return the first value under one of `names`, lines near the root first; empty if there is none."""
    wanted = {_plain(name) for name in names}
    level = list(entries)
    while level:
        for entry in level:
            if entry.value and _plain(entry.name) in wanted:
                return entry.value
        level = [below for entry in level for below in entry.entries]
    return ""


def matching(entries: Collection[Entry], text: str) -> tuple[Entry, ...]:
    """Return the lines that hold all words of `text`, in themselves or above them, with what is around.

    Everything above a line that is found stays, and everything below it.
    """
    words = frozenset(text.casefold().split())
    return tuple(_matching(entries, words)) if words else tuple(entries)


def in_bundles(entries: Collection[Entry], size: int = IN_A_BUNDLE) -> tuple[Entry, ...]:
    """Return the tree with long lists of lines in bundles, which can be looked at one by one."""
    found = tuple(_bundled(entry, size) if entry.entries else entry for entry in entries)
    while len(found) > size:
        bundles = (found[at : at + size] for at in range(0, len(found), size))
        found = tuple(Entry(f"{_first(one[0])} … {_last(one[-1])}", "", one) for one in bundles)
    return found


def count(entries: Collection[Entry]) -> int:
    """Return how many lines there are in all."""
    return sum(1 + count(entry.entries) for entry in entries)


def as_text(entries: Collection[Entry], indent: str = "") -> str:
    """Return the tree as lines of text, each level further to the right."""
    return "\n".join(_text_lines(entries, indent))


def _matching(entries: Collection[Entry], words: frozenset[str]) -> Iterator[Entry]:
    for entry in entries:
        own = f"{entry.name} {entry.value}".casefold()
        left = frozenset(word for word in words if word not in own)
        if not left:
            yield entry
            continue
        below = tuple(_matching(entry.entries, left)) if entry.entries else ()
        if below:
            yield replace(entry, entries=below)


def _text_lines(entries: Collection[Entry], indent: str) -> Iterator[str]:
    for entry in entries:
        value = entry.value.replace("\n", "\n" + indent + "  ")
        yield f"{indent}{entry.name}: {value}" if entry.name and value else f"{indent}{entry.name}{value}"
        yield from _text_lines(entry.entries, indent + "  ")


def _bundled(entry: Entry, size: int) -> Entry:
    """Return the very same line if nothing below it is long: new ones cost time in all threads."""
    below = in_bundles(entry.entries, size)
    is_same = len(below) == len(entry.entries) and all(map(operator.is_, below, entry.entries))
    return entry if is_same else replace(entry, entries=below)


def _first(entry: Entry) -> str:
    return entry.name.split(" … ")[0]


def _last(entry: Entry) -> str:
    return entry.name.split(" … ")[-1]


def _rest() -> Entry:
    return Entry("…", "more than can be listed here")


def _is_line(values: Collection[Any]) -> bool:
    return all(not isinstance(one, Mapping | list | tuple | np.ndarray) for one in values)


def _text_of(value: bytes) -> str:
    text = value[:LONGEST].rstrip(b"\0").decode("utf-8", "replace")
    is_text = all(letter.isprintable() or letter in "\r\n\t" for letter in text) and "\ufffd" not in text
    return text.strip() if is_text else f"{len(value)} bytes"


def _local(tag: str) -> str:
    """Return a name of XML without its namespace."""
    return str(tag).rpartition("}")[2][:LONGEST]


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
