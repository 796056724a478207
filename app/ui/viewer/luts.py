"""Colour tables under the names that Fiji gives them."""

import colorsys
from collections.abc import Callable
from functools import cache, partial
from importlib.resources import files
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

Lut = NDArray[np.uint8]  # (n, 3): red, green, blue from dark to bright
Stop = tuple[int, int, int]

SIZE = 256

# From black to one colour.
PLAIN: dict[str, Stop] = {
    "Grays": (255, 255, 255),
    "Cyan": (0, 255, 255),
    "Magenta": (255, 0, 255),
    "Green": (0, 255, 0),
    "Red": (255, 0, 0),
    "Blue": (0, 0, 255),
    "Yellow": (255, 255, 0),
}
# ImageJ's 32 stops: one for every eighth of the 256 colours.
FIRE: tuple[Stop, ...] = (
    (0, 0, 0), (0, 0, 61), (1, 0, 96), (25, 0, 130), (49, 0, 165), (73, 0, 192), (98, 0, 220), (122, 0, 227),
    (146, 0, 210), (162, 0, 181), (173, 0, 151), (184, 0, 122), (195, 0, 93), (207, 14, 64), (217, 35, 35),
    (229, 57, 5), (240, 79, 0), (252, 101, 0), (255, 117, 0), (255, 133, 0), (255, 147, 0), (255, 161, 0),
    (255, 175, 0), (255, 190, 0), (255, 205, 0), (255, 219, 0), (255, 234, 0), (255, 248, 35), (255, 255, 98),
    (255, 255, 160), (255, 255, 223), (255, 255, 255),
)  # fmt: skip
ICE: tuple[Stop, ...] = (
    (0, 156, 140), (0, 165, 147), (0, 176, 158), (0, 184, 166), (0, 190, 170), (0, 196, 176), (19, 193, 209),
    (29, 184, 220), (50, 171, 234), (48, 162, 225), (79, 146, 236), (112, 125, 246), (134, 107, 250),
    (158, 93, 251), (186, 81, 250), (201, 87, 250), (217, 92, 245), (229, 97, 230), (242, 95, 230),
    (250, 93, 222), (250, 93, 202), (250, 90, 180), (250, 85, 163), (251, 69, 142), (250, 64, 123),
    (250, 54, 114), (250, 47, 106), (250, 35, 94), (251, 19, 84), (251, 0, 64), (243, 4, 26), (230, 0, 27),
)  # fmt: skip
# From less over equal to more; not on the menus, since brightness means something else there.
DIFFERENCE = "difference"
LESS_AND_MORE: tuple[Stop, ...] = (
    (190, 232, 255), (60, 160, 225), (0, 82, 150), (0, 0, 0), (150, 62, 0), (235, 125, 30), (255, 222, 150),
)  # fmt: skip

_SEVERAL = ("Cyan", "Magenta", "Yellow", "Grays", "Blue", "Green")


def _between(stops: tuple[Stop, ...]) -> Lut:
    """Return the colours between stops at even distances, the last one included."""
    at, places = np.linspace(0, 1, SIZE), np.linspace(0, 1, len(stops))
    colours = np.array(stops, float)
    exact = np.stack([np.interp(at, places, colours[:, part]) for part in range(3)], axis=1)
    made: Lut = np.rint(exact).astype(np.uint8)
    return made


def _by_eights(stops: tuple[Stop, ...]) -> Lut:
    """Return the colours as ImageJ makes them: cut off, not rounded, and flat behind the last stop."""
    step = SIZE // len(stops)
    first = np.arange(SIZE) // step
    share = (np.arange(SIZE) % step / step)[:, None]
    colours = np.array(stops, float)
    after = np.minimum(first + 1, len(stops) - 1)
    made: Lut = ((1 - share) * colours[first] + share * colours[after]).astype(np.uint8)
    return made


def _hilo() -> Lut:
    """Return grays whose lowest is blue and whose highest is red: what is cut off stands out."""
    made = _between(((0, 0, 0), PLAIN["Grays"]))
    made[0], made[-1] = (0, 0, 255), (255, 0, 0)
    return made


def _spectrum() -> Lut:
    """Return the circle of hues."""
    hues = [colorsys.hsv_to_rgb(index / (SIZE - 1), 1, 1) for index in range(SIZE)]
    made: Lut = np.rint(np.array(hues) * 255).astype(np.uint8)
    return made


def _stored(name: str) -> Lut:
    """Return a table that comes with the program."""
    text = (files("resources") / "luts" / f"{name}.txt").read_text("utf-8")
    return np.array([rgb(colour) for colour in text.split()], np.uint8)


TABLES: dict[str, Callable[[], Lut]] = {
    **{name: partial(_between, ((0, 0, 0), brightest)) for name, brightest in PLAIN.items()},
    "Fire": partial(_by_eights, FIRE),
    "Ice": partial(_by_eights, ICE),
    "HiLo": _hilo,
    "Spectrum": _spectrum,
    **{name: partial(_stored, name) for name in ("mpl-viridis", "mpl-inferno", "mpl-magma", "mpl-plasma")},
}
NAMES = tuple(TABLES)


@cache
def table(lut: str) -> Lut:
    """Return the 256 colours of a name of `NAMES`, of `DIFFERENCE` or of a colour such as ``"#ff8800"``.

    The array is read-only.
    """
    if lut == DIFFERENCE:
        made = _between(LESS_AND_MORE)
    else:
        made = TABLES[lut]() if lut in TABLES else _between(((0, 0, 0), rgb(lut)))
    made.setflags(write=False)
    return made


def rgb(colour: str) -> Stop:
    """Return red, green and blue of ``"#rrggbb"``."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return (red, green, blue)


def brightest(lut: str) -> str:
    """Return the colour that stands for a table, as ``"#rrggbb"``: the swatch beside a channel's name."""
    is_even = lut in PLAIN or lut not in TABLES
    return "#{:02x}{:02x}{:02x}".format(*table(lut)[-1 if is_even else SIZE * 2 // 3])


def lut_for_colour(colour: str) -> str:
    """Return the name of the table that ends in `colour`, else the colour itself."""
    colour = colour.lower()
    wanted = rgb(colour)
    return next((name for name, end in PLAIN.items() if end == wanted), colour)


def default_luts(count: int) -> tuple[str, ...]:
    """Return tables for `count` channels that colour-blind eyes tell apart: never red with green."""
    return ("Grays",) if count == 1 else tuple(islice(cycle(_SEVERAL), count))
