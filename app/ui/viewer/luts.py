"""Colour tables under the names that Fiji gives them."""

from functools import cache
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

Lut = NDArray[np.uint8]  # (n, 3): red, green, blue from dark to bright
Stop = tuple[int, int, int]

# Colours at even distances from dark to bright; what lies between is interpolated.
STOPS: dict[str, tuple[Stop, ...]] = {
    "Grays": ((0, 0, 0), (255, 255, 255)),
    "Cyan": ((0, 0, 0), (0, 255, 255)),
    "Magenta": ((0, 0, 0), (255, 0, 255)),
    "Green": ((0, 0, 0), (0, 255, 0)),
    "Red": ((0, 0, 0), (255, 0, 0)),
    "Blue": ((0, 0, 0), (0, 0, 255)),
    "Yellow": ((0, 0, 0), (255, 255, 0)),
    "Fire": (
        (0, 0, 0), (24, 0, 110), (96, 0, 190), (170, 0, 140), (222, 40, 30), (252, 110, 0),
        (255, 170, 0), (255, 226, 60), (255, 255, 255),
    ),
    "Ice": (
        (0, 150, 140), (0, 170, 195), (40, 140, 240), (80, 100, 250), (130, 100, 245),
        (190, 90, 230), (230, 80, 180), (245, 50, 110), (230, 10, 30),
    ),
    "HiLo": ((0, 0, 0), (255, 255, 255)),
    "mpl-viridis": (
        (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137),
        (53, 183, 121), (109, 205, 89), (180, 222, 44), (253, 231, 37),
    ),
    "mpl-inferno": (
        (0, 0, 4), (27, 12, 65), (74, 12, 107), (120, 28, 109), (165, 44, 96), (207, 68, 70),
        (237, 105, 37), (251, 155, 6), (247, 209, 61), (252, 255, 164),
    ),
}  # fmt: skip
NAMES = tuple(STOPS)
SIZE = 256

_SEVERAL = ("Cyan", "Magenta", "Yellow", "Grays", "Blue", "Green")


@cache
def table(lut: str) -> Lut:
    """Return the 256 colours of a name of `NAMES` or of a colour such as ``"#ff8800"``; read-only."""
    stops = STOPS.get(lut) or ((0, 0, 0), rgb(lut))
    places = np.linspace(0, 1, len(stops))
    colours = np.array(stops, float)
    at = np.linspace(0, 1, SIZE)
    exact = np.stack([np.interp(at, places, colours[:, part]) for part in range(3)], axis=1)
    made: Lut = np.rint(exact).astype(np.uint8)
    if lut == "HiLo":
        made[0], made[-1] = (0, 0, 255), (255, 0, 0)
    made.setflags(write=False)
    return made


def rgb(colour: str) -> Stop:
    """Return red, green and blue of ``"#rrggbb"``."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return (red, green, blue)


def brightest(lut: str) -> str:
    """Return the colour that stands for a table, as ``"#rrggbb"``: the swatch beside a channel's name."""
    return "#{:02x}{:02x}{:02x}".format(*table(lut)[-1 if len(STOPS.get(lut, ())) <= 2 else SIZE * 2 // 3])


def lut_for_colour(colour: str) -> str:
    """Return the name of the table that ends in `colour`, else the colour itself."""
    colour = colour.lower()
    wanted = rgb(colour)
    plain = (name for name, stops in STOPS.items() if len(stops) == 2 and name != "HiLo")
    return next((name for name in plain if STOPS[name][-1] == wanted), colour)


def default_luts(count: int) -> tuple[str, ...]:
    """Return tables for `count` channels that colour-blind eyes tell apart: never red with green."""
    return ("Grays",) if count == 1 else tuple(islice(cycle(_SEVERAL), count))
