"""What of a folder is shown, and in which order: one frozen wish, applied to entries; free of Qt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.images.listing import Entry
from app.settings import Sort
from models.knobs import N_

SizeRange = Literal["any", "small", "medium", "large"]

SORTS: tuple[tuple[Sort, str], ...] = (
    ("name", N_("Name")),
    ("date", N_("Date, newest first")),
    ("size", N_("Size, largest first")),
    ("kind", N_("Format")),
)
SIZES: tuple[tuple[SizeRange, str], ...] = (
    ("any", N_("Any size")),
    ("small", N_("Small: below 10 MB")),
    ("medium", N_("Medium: 10 MB to 1 GB")),
    ("large", N_("Large: above 1 GB")),
)
BOUNDS: dict[SizeRange, tuple[float, float]] = {
    "any": (0, float("inf")),
    "small": (0, 10e6),
    "medium": (10e6, 1e9),
    "large": (1e9, float("inf")),
}
KEYS: dict[Sort, Callable[[Entry], float | str]] = {
    "date": lambda entry: -(entry.modified_ns or 0),
    "size": lambda entry: -1 if entry.size is None else -entry.size - 1,
    "kind": lambda entry: entry.format.casefold(),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wished to be seen.

    `words` must all occur in a name; `format` is empty for all of them. Folders are left out as soon as
    a format or a size is wished for.
    """

    words: str = ""
    format: str = ""
    size: SizeRange = "any"
    sort: Sort = "name"
    is_reversed: bool = False

    @property
    def is_filter(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.words.strip() or self.format or self.size != "any")

    @property
    def needs_sizes(self) -> bool:
        """Whether sizes or times must be known."""
        return self.size != "any" or self.sort in ("date", "size")


def arranged(entries: Sequence[Entry], wish: Wish) -> tuple[Entry, ...]:
    """Return what `wish` leaves of `entries`, which stand by name with the folders first."""
    kept = _filtered(entries, wish)
    if wish.sort == "name" and not wish.is_reversed:
        return kept
    folders = [entry for entry in kept if entry.is_folder]
    images = [entry for entry in kept if not entry.is_folder]
    for part in (folders, images):
        if wish.sort in KEYS:
            part.sort(key=KEYS[wish.sort])
        if wish.is_reversed:
            part.reverse()
    return (*folders, *images)


def _filtered(entries: Sequence[Entry], wish: Wish) -> tuple[Entry, ...]:
    if not wish.is_filter:
        return tuple(entries)
    words = wish.words.casefold().split()
    low, high = BOUNDS[wish.size]
    wants_images = bool(wish.format) or wish.size != "any"

    def is_wanted(entry: Entry) -> bool:
        name = entry.name.casefold()
        if not all(word in name for word in words):
            return False
        if not wants_images:
            return True
        fits = wish.size == "any" or (entry.size is not None and low <= entry.size < high)
        return fits and not entry.is_folder and wish.format in ("", entry.format)

    return tuple(entry for entry in entries if is_wanted(entry))
