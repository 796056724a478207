"""How long a scale bar is and what stands at it."""

import math
from dataclasses import dataclass

from app.text import _

NARROW_SPACE = "\u202f"  # narrow and not to be broken
STEPS = (5.0, 2.0, 1.0)


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """`length` in units; `text` says how long that is."""

    length: float
    text: str


def choose(longest: float, *, is_calibrated: bool) -> ScaleBar | None:
    """Return the longest bar of 1, 2 or 5 times a power of ten that is no longer than `longest` units."""
    if not math.isfinite(longest) or longest <= 0 or (longest < 1 and not is_calibrated):
        return None
    decade = 10.0 ** math.floor(math.log10(longest))
    if decade > longest:  # the logarithm was rounded up
        decade /= 10
    length = next(step * decade for step in STEPS if step * decade <= longest)
    if is_calibrated:
        return ScaleBar(length, length_in_words(length))
    return ScaleBar(length, _("{length} px, uncalibrated").format(length=f"{length:g}"))


def length_in_words(length_um: float) -> str:
    """Return a length in the unit that suits it: nm, µm, mm or cm."""
    for factor, unit in ((1e-4, "cm"), (1e-3, "mm"), (1.0, "µm")):
        if length_um * factor >= 1 - 1e-9:
            return f"{length_um * factor:.12g}{NARROW_SPACE}{unit}"
    return f"{length_um * 1000:.12g}{NARROW_SPACE}nm"
