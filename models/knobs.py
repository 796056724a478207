"""Metadata for the fields of a family's Params dataclass: label, unit, limits, help.

A form, the command line and the documentation of a family are all made from these.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar

Value = bool | int | float | str
P = TypeVar("P")


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """Mark `text` for translation where it is written; the window translates where it is shown."""
    return text


@dataclasses.dataclass(frozen=True, slots=True)
class Knob:
    """How one parameter is shown: label, unit, limits, choices, help, and whether it is folded away."""

    label: str
    help: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    advanced: bool = False


def knob(default: Value, label: str, **options: Any) -> Any:  # Any: stands for the field's own type
    """Return a dataclass field with `default` and a `Knob` made from `label` and `options`."""
    return dataclasses.field(default=default, metadata={"knob": Knob(label, **options)})


def knobs_of(params: type) -> dict[str, Knob]:
    """Return the knobs of a Params dataclass by field name."""
    return {f.name: f.metadata["knob"] for f in dataclasses.fields(params) if "knob" in f.metadata}


def with_values(params: type[P], values: Iterable[tuple[str, Value]]) -> P:
    """Return ``params()`` with `values`, each converted to its field's type.

    Raises
    ------
    ValueError
        For a name that `params` does not have or a value outside its knob's limits or choices.
    """
    knobs = knobs_of(params)
    defaults = params()
    changes: dict[str, Value] = {}
    for name, value in values:
        if name not in knobs:
            raise ValueError(f"{params.__name__} has no parameter {name!r}")
        kind = type(getattr(defaults, name))
        converted = kind(value)
        shown = knobs[name]
        if shown.choices and converted not in shown.choices:
            raise ValueError(f"{name} must be one of {', '.join(shown.choices)}")
        if shown.low is not None and converted < shown.low:
            raise ValueError(f"{name} must be at least {shown.low}")
        if shown.high is not None and converted > shown.high:
            raise ValueError(f"{name} must be at most {shown.high}")
        changes[name] = converted
    return dataclasses.replace(defaults, **changes)  # type: ignore[type-var]
