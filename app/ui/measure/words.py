"""Lengths, areas and gray values in words."""

from __future__ import annotations

import math

from app.images.measuring.shapes import Kind, Line, Point, Shape
from app.text import _
from app.ui.viewer.scalebar import NARROW_SPACE, length_in_words
from models.knobs import N_

KINDS: dict[Kind, str] = {
    "line": N_("Line"),
    "segmented": N_("Segmented line"),
    "rectangle": N_("Rectangle"),
    "ellipse": N_("Ellipse"),
    "polygon": N_("Polygon"),
    "freehand": N_("Freehand region"),
    "point": N_("Point"),
}


def number_in_words(value: float) -> str:
    """Return a number with as many digits as help, in groups of three; large ones with a power of ten."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size >= 1e7:
        digits, power = f"{value:.3e}".split("e")
        return f"{float(digits):g}e{int(power)}"
    if size >= 10_000 or (size >= 100 and value == round(value)):
        return f"{value:,.0f}".replace(",", NARROW_SPACE)
    return f"{value:.1f}" if size >= 100 else f"{value:.4g}"


def length(units: float, *, is_calibrated: bool) -> str:
    """Return a length of four digits with its unit."""
    if not is_calibrated:
        return f"{number_in_words(units)}{NARROW_SPACE}px"
    return length_in_words(_rounded(units)) if units else f"0{NARROW_SPACE}µm"


def area(units: float, *, is_calibrated: bool) -> str:
    """Return an area of four digits with its unit."""
    if not is_calibrated:
        return f"{number_in_words(units)}{NARROW_SPACE}px"
    for factor, unit in ((1e-6, "mm²"), (1.0, "µm²")):
        if units * factor >= 0.01 or not units:
            return f"{number_in_words(_rounded(units * factor))}{NARROW_SPACE}{unit}"
    return f"{number_in_words(_rounded(units * 1e6))}{NARROW_SPACE}nm²"


def size(shape: Shape, *, is_calibrated: bool) -> str:
    """Return how long a line is, or how wide and high a region."""
    if isinstance(shape, Point):
        place = (length(value, is_calibrated=is_calibrated) for value in (shape.x, shape.y))
        return "x {}, y {}".format(*place)
    if isinstance(shape, Line):
        return length(shape.length, is_calibrated=is_calibrated)
    box = shape.bounds
    width, height = box.right - box.left, box.bottom - box.top
    unit = "µm" if is_calibrated else "px"
    return f"{number_in_words(width)} × {number_in_words(height)}{NARROW_SPACE}{unit}"


def kind(shape: Shape) -> str:
    """Return what a shape is called."""
    return _(KINDS[shape.kind])


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
