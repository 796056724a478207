"""Everything that a file says about itself, as a tree that a person can search.

A reader that knows more than `ImageInfo` has room for offers ``metadata(path, scene) -> tuple[Entry, ...]``
in its module; it is asked only when somebody looks.
"""

from dataclasses import dataclass


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
