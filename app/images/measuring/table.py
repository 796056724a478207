"""The table of measurements as CSV: one line per region and channel, units in the header."""

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.images.measuring.measure import Measurement
from app.images.measuring.shapes import Line, Point
from app.images.measuring.statistics import Statistics

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute what begins so

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Entry:
    """A region and what was measured of it, for one block of lines."""

    number: int
    name: str
    measurement: Measurement


# Title, with the unit of length or its square, and value; once for each image.
NUMBERS: tuple[tuple[str, Callable[[Statistics], Cell]], ...] = (
    ("Mean", lambda found: found.mean),
    ("Standard deviation", lambda found: found.deviation),
    ("Minimum", lambda found: found.low),
    ("Maximum", lambda found: found.high),
    ("Median", lambda found: found.median),
    ("Area ({unit}²)", lambda found: found.area),
    ("Pixels", lambda found: found.pixels),
    ("Integrated density (mean × {unit}²)", lambda found: found.density),
    ("Sum", lambda found: found.total),
)


def as_csv(
    entries: Sequence[Entry],
    *,
    file: str,
    scene: str,
    channels: Sequence[str],
    names: Sequence[str],
    is_calibrated: bool,
) -> bytes:
    """Return the table, in UTF-8 with the mark by which spreadsheets know it.

    Parameters
    ----------
    entries : sequence of Entry
        All measured on the same images.
    file, scene : str
        Where the image comes from.
    channels : sequence of str
        Names of the channels of the first image.
    names : sequence of str
        What the images are called: every number has a column for each.
    is_calibrated : bool
        Whether lengths are micrometres, else pixels.
    """
    unit = "µm" if is_calibrated else "px"
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["File", "Image", "Region", "Name", "Kind", "Z", "T", "Channel"]
        + [f"{title} ({unit})" for title in ("X", "Y", "Width", "Height", "Length of line or outline")]
        + [f"{title.format(unit=unit)}, {name}" for title, _value in NUMBERS for name in names]
        + ["Measured every n-th pixel"]
    )
    for entry in entries:
        for line in _lines(entry, channels, len(names)):
            writer.writerow([_harmless(cell) for cell in (file, scene, *line)])
    return text.getvalue().encode("utf-8-sig")


def _lines(entry: Entry, channels: Sequence[str], count: int) -> list[list[Cell]]:
    found = entry.measurement
    shape, box = found.shape, found.shape.bounds
    place: list[Cell] = [
        (box.left + box.right) / 2,
        (box.top + box.bottom) / 2,
        box.right - box.left,
        box.bottom - box.top,
        "" if isinstance(shape, Point) else shape.length,
    ]
    lines: list[list[Cell]] = []
    for row in found.rows:
        of = (*row.of, *(None,) * (count - len(row.of)))
        numbers = [_number(value(one) if one else "") for _title, value in NUMBERS for one in of]
        if isinstance(shape, Line):  # the places along a line have no area
            numbers = [
                "" if "Area" in title or "density" in title else numbers[at * count + of_image]
                for at, (title, _value) in enumerate(NUMBERS)
                for of_image in range(count)
            ]
        head: list[Cell] = [entry.number, entry.name, shape.kind, found.of or found.z + 1, found.t + 1]
        lines.append([*head, channels[row.channel], *(_number(cell) for cell in place), *numbers, found.step])
    return lines


def _number(cell: Cell) -> Cell:
    """Nine digits, as many as the numbers deserve; nothing for what is no number."""
    if not isinstance(cell, float):
        return cell
    return f"{cell:.9g}" if math.isfinite(cell) else ""


def _harmless(cell: Cell) -> Cell:
    """Keep spreadsheets from computing a name."""
    if isinstance(cell, str) and cell.startswith(FORMULA) and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
