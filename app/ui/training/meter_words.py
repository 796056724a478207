"""Meters in words and numbers: what stands at each track and how long the track is. Free of Qt."""

from dataclasses import dataclass

from app.text import _
from app.ui.viewer.scalebar import NARROW_SPACE, length_in_words
from models.knobs import N_
from models.training.strengths import Meter, MeterName

TITLES: dict[MeterName, str] = {
    "noise": N_("Noise against brightness"),
    "grain": N_("Grain"),
    "sharpness": N_("Sharpness"),
    "specks": N_("Specks"),
    "lines": N_("Stripes"),
}
HELP: dict[MeterName, str] = {
    "noise": N_("How far gray levels scatter where it is dark, in between, and where it is bright."),
    "grain": N_("How far neighbouring pixels share their noise."),
    "sharpness": N_("How wide the blur is, in pixels of the good image."),
    "specks": N_("The share of pixels that are far too bright or too dark."),
    "lines": N_("How far whole lines are brighter or darker than their neighbours."),
}
PARTS = (N_("in the dark"), N_("in between"), N_("in bright parts"))
SHORTEST: dict[MeterName, float] = {
    "noise": 0.0,
    "grain": 0.5,
    "sharpness": 3.0,
    "specks": 0.002,
    "lines": 0.001,
}
ROOM = 1.25  # of the largest value, so that a mark never stands at the end
LEAST = 1e-4  # gray levels; less is nothing
FINEST = 1.0  # pixels of blur below which nothing more can be said


@dataclass(frozen=True, slots=True)
class Track:
    """One track: where on it (0 to 1) the marks stand, and the same in words."""

    caption: str
    measured: float | None
    produced: float | None
    words: str


def tracks(meter: Meter, unit_um: float | None = None) -> tuple[Track, ...]:
    """Return the tracks of a meter: one for each brightness, or a single one."""
    count = max(len(meter.measured), len(meter.produced), 1)
    values = (*meter.measured, *meter.produced)
    longest = max((*values, SHORTEST[meter.name])) * ROOM or 1.0
    made = []
    for place in range(count):
        measured, produced = _at(meter.measured, place), _at(meter.produced, place)
        made.append(
            Track(
                _caption(meter, place),
                None if measured is None else min(max(measured / longest, 0.0), 1.0),
                None if produced is None else min(max(produced / longest, 0.0), 1.0),
                _words(meter.name, measured, produced, unit_um),
            )
        )
    return tuple(made)


def value_words(name: MeterName, value: float, unit_um: float | None = None) -> str:
    """Say one value with its unit."""
    if name == "sharpness":
        if value < FINEST:
            return _("less than 1 px")
        pixels = f"{value:.1f}{NARROW_SPACE}px"
        return pixels if unit_um is None else f"{pixels} ({length_in_words(_rounded(value * unit_um))})"
    if name == "specks":
        return f"{_rounded(value * 100, 2):g}{NARROW_SPACE}%"
    if name == "grain":
        return f"{round(value, 2) + 0.0:.2f}"  # never "-0.00"
    return f"{_rounded(value):g}" if value >= LEAST else "0"


def _words(name: MeterName, measured: float | None, produced: float | None, unit_um: float | None) -> str:
    shown = "–" if produced is None else value_words(name, produced, unit_um)
    if measured is None:
        return _("made {made}").format(made=shown)
    return _("real {real}, made {made}").format(real=value_words(name, measured, unit_um), made=shown)


def _caption(meter: Meter, place: int) -> str:
    """Name the brightness; where there are not three, by its gray level."""
    if len(meter.at) == len(PARTS):
        return _("{part} (gray level {level})").format(
            part=_(PARTS[place]), level=f"{_rounded(meter.at[place]):.12g}"
        )
    if place < len(meter.at):
        return _("at gray level {level}").format(level=f"{_rounded(meter.at[place]):.12g}")
    return ""


def _at(values: tuple[float, ...], place: int) -> float | None:
    return values[place] if place < len(values) else None


def _rounded(value: float, digits: int = 3) -> float:
    return float(f"{value:.{digits}g}")
