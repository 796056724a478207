"""What a long computation tells the one who waits, and asks of them."""

from typing import Protocol


class Watch(Protocol):
    """The listener of a long computation. A job's context satisfies it; tests bring their own."""

    def check(self) -> None:
        """Raise `models.errors.Stopped` if the computation should end now; cheap, call it per tile."""
        ...

    def stage(self, name: str) -> None:
        """Say in words what happens next."""
        ...

    def progress(self, done: float, total: float, unit: str) -> None:
        """Say how far it is: `done` of `total` units named `unit`; fractions of a unit are welcome."""
        ...

    def metric(self, name: str, step: int, value: float) -> None:
        """Report one point of a curve."""
        ...

    def remark(self, code: str, sentence: str) -> None:
        """Report something the person should know, though the result stands."""
        ...

    def is_committed(self, unit: str) -> bool:
        """Whether `unit` was finished before, perhaps by an earlier process."""
        ...

    def commit(self, unit: str) -> None:
        """State that `unit` is finished and safe on the disk."""
        ...


class Silent:
    """A watch that listens to nothing, for tests and small calls."""

    def check(self) -> None:
        """Never stop."""

    def stage(self, name: str) -> None:
        """Ignore."""

    def progress(self, done: float, total: float, unit: str) -> None:
        """Ignore."""

    def metric(self, name: str, step: int, value: float) -> None:
        """Ignore."""

    def remark(self, code: str, sentence: str) -> None:
        """Ignore."""

    def is_committed(self, unit: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Nothing was done before."""
        return False

    def commit(self, unit: str) -> None:
        """Ignore."""
