"""Everything about a file that must be read to be known: for a thread, one call for the whole page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.engine.methods import methods_text
from app.images.errors import ImageError, from_system
from app.images.metadata import Entry, find
from app.images.record import Provenance, read_record

if TYPE_CHECKING:
    from app.library.store import Library

MOST_PARTS = 100_000  # files of an image that is a folder
COMPRESSION = ("Compression", "compressor", "codec")
RECORDED = (
    "AcquisitionDate", "DateTimeOriginal", "AcquisitionDateAndTime", "DateTime", "CreationDate", "Date",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """How a result was made: its record, the model's name, and the paragraph for a Methods section."""

    record: Provenance
    model: str
    methods: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a file tells.

    Attributes
    ----------
    nbytes : int
        Of the file, or of all files of a folder.
    changed : float
        Time of its last change in seconds since 1970.
    entries : tuple of Entry
        The tree of its metadata.
    compression, recorded : str
        Picked from the tree; empty if it does not say.
    origin : Origin or None
        For our own results.
    trouble : str
        Why there is no tree, as a sentence.
    """

    nbytes: int
    changed: float
    entries: tuple[Entry, ...] = ()
    compression: str = ""
    recorded: str = ""
    origin: Origin | None = None
    trouble: str = ""


def tell(path: Path, scene: int, library: Library) -> Told:
    """Return what a file tells about one of its images.

    Raises
    ------
    ImageError
        If it is gone.
    """
    from app.images.open import read_metadata

    try:
        changed, nbytes = path.stat().st_mtime, size_of(path)
    except OSError as error:
        raise from_system(error, path) from error
    try:
        entries, trouble = read_metadata(path, scene), ""
    except ImageError as error:
        entries, trouble = (), error.sentence
    return Told(
        nbytes,
        changed,
        entries,
        find(entries, *COMPRESSION),
        find(entries, *RECORDED),
        origin_of(path, library),
        trouble,
    )


def origin_of(path: Path, library: Library) -> Origin | None:
    """Return how the result at `path` was made; None if it is not one of ours."""
    try:
        record = read_record(path)
    except (ImageError, OSError):
        return None
    if record is None:
        return None
    card = next((card for card in library.cards() if card.id == record.model_id), None)
    citation = card.citation if card is not None else ""
    return Origin(
        record, card.name if card is not None else record.model_id, methods_text([record], citation)
    )


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of the files in a folder as far as they are counted."""
    if not path.is_dir():
        return path.stat().st_size
    parts = (part for part, _number in zip(path.rglob("*"), range(MOST_PARTS), strict=False))
    return sum(part.stat().st_size for part in parts if part.is_file())
