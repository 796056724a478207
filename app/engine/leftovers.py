"""What an unfinished job has left where its results were to be: the files that still end in ``.part``."""

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from app.engine import journal

SUFFIX = ".part"
NOTE, DONE = "part", "output"  # names under which runners note what they write and what is finished

logger = logging.getLogger(__name__)


def unfinished_files(folder: Path) -> frozenset[Path]:
    """Return what the journal in a job's folder names as begun and not as finished, and what is still there.

    Parameters
    ----------
    folder : Path
        The job's own folder.
    """
    notes = journal.notes_in(folder)
    parts = set()
    for name, text in notes.items():
        item, _slash, note = name.rpartition("/")
        done = f"{item}/{DONE}" if item else DONE
        if note == NOTE and done not in notes and _is_part(Path(text)):
            parts.add(Path(text))
    return frozenset(parts)


def discard_unfinished(folder: Path, others: Iterable[Path]) -> None:
    """Remove the unfinished files of a job that will not go on, before its folder goes.

    Parameters
    ----------
    folder : Path
        The job's own folder.
    others : iterable of Path
        The folders of all other jobs; what one of them is writing stays.
    """
    parts = unfinished_files(folder)
    if not parts:
        return
    taken = frozenset[Path]().union(*(unfinished_files(other) for other in others if other != folder))
    for part in parts - taken:
        try:
            shutil.rmtree(part) if part.is_dir() else part.unlink()
        except OSError as error:
            logger.warning("The unfinished %s stays: %s", part, error)


def _is_part(path: Path) -> bool:
    try:
        return path.is_absolute() and path.suffix == SUFFIX and not path.is_symlink() and path.exists()
    except (OSError, ValueError):
        return False
