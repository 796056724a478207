"""The middle of a recipe's ranges: one way of making bad, for what is shown and for the verdict."""

import math
from dataclasses import fields, replace
from typing import Any

from models.training.recipe import Crappify

SHARES = ("_share",)
WIDE = 3.0  # ranges that span more than this factor are halved on a logarithmic scale


def central(way: Crappify) -> Crappify:
    """Return `way` with every range drawn together to its middle, and with what most crops have.

    The middle of a range over several powers of ten is the geometric one, as such ranges are drawn.
    """
    changed: dict[str, Any] = {}  # Any: every field has its own type
    for field in fields(way):
        value = getattr(way, field.name)
        if field.name.endswith(SHARES):
            changed[field.name] = float(value >= 0.5)
        elif (
            isinstance(value, tuple)
            and len(value) == 2
            and all(isinstance(end, int | float) for end in value)
        ):
            middle = _middle(*value)
            changed[field.name] = (round(middle) if isinstance(value[0], int) else middle,) * 2
    return replace(way, **changed)


def _middle(low: float, high: float) -> float:
    if low > 0 and high > WIDE * low:
        return math.sqrt(low * high)
    return (low + high) / 2
