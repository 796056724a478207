"""What a figure should show and how fine it should be."""

from dataclasses import dataclass
from typing import Literal

from models.knobs import N_

Area = Literal["view", "plane"]
Density = Literal["screen", "double", "pixels"]

AREAS: tuple[tuple[Area, str], ...] = (
    ("view", N_("What is seen")),
    ("plane", N_("The whole plane")),
)
DENSITIES: tuple[tuple[Density, str], ...] = (
    ("screen", N_("As on the screen")),
    ("double", N_("Twice as fine as the screen")),
    ("pixels", N_("Every pixel of the image once")),
)
DPI = 300


@dataclass(frozen=True, slots=True)
class FigureOptions:
    """The choices of the Figure page.

    Attributes
    ----------
    area : Area
    density : Density
    has_bar, has_legend, has_mark : bool
        Scale bar; names of the channels in their colours; names of raw and restored.
    has_panels : bool
        Each channel in gray, then all together.
    dpi : int
        Dots per inch that the file states.
    """

    area: Area = "view"
    density: Density = "double"
    has_bar: bool = True
    has_legend: bool = True
    has_mark: bool = True
    has_panels: bool = False
    dpi: int = DPI
