"""A table of kinds for tests: small jobs that do what their spec says, in a real worker process."""

from dataclasses import dataclass

from app.engine.specs import PreviewSpec


@dataclass(frozen=True, slots=True)
class FakeSpec:
    """A job of `units` units that misbehaves at one of them."""

    units: int = 3
    fault: str = ""
    at: int = 1
    gate: str = ""  # the unit after which the job waits until this file exists


KINDS = {
    "fake": (FakeSpec, "fake_runner"),
    "preview": (PreviewSpec, "fake_preview"),
}
