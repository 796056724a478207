"""Files that end too early: which of their planes are not there.

A source of such a file offers ``missing_planes() -> frozenset[Plane]``; all other sources are whole.
"""

from typing import Protocol, runtime_checkable

from models.source import ImageSource

Plane = tuple[int, int, int]  # t, c, z


@runtime_checkable
class Partial(Protocol):
    """A source that knows which of its planes cannot be read."""

    def missing_planes(self) -> frozenset[Plane]:
        """Return the planes (t, c, z) that the file has not."""
        ...


def missing_planes(source: ImageSource) -> frozenset[Plane]:
    """Return the planes (t, c, z) that the file of `source` has not; empty if it is whole."""
    return source.missing_planes() if isinstance(source, Partial) else frozenset()
