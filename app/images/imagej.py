"""ImageJ's own notes in a TIFF file: a description in lines, and a block of ranges, colours and labels."""

import math
from dataclasses import dataclass

import numpy as np
import tifffile
from numpy.typing import NDArray

from app.images.ome import MICROMETRES
from models.source import Channel, ImageInfo

MOST_LABELS = 20_000  # of more planes, the names would weigh more than they help
MOST_COMPOSED = 7  # ImageJ shows no more channels at once
WHITE = "#ffffff"
SIGNED_SHIFT = 32768.0  # ImageJ keeps signed 16-bit values as unsigned ones

Display = tuple[float, float]  # lowest and highest value shown
Table = NDArray[np.uint8]  # (3, 256): red, green and blue from the lowest to the highest value shown


@dataclass(frozen=True, slots=True)
class Notes:
    """What ImageJ says about a stack.

    Attributes
    ----------
    images, channels, slices, frames : int
        `images` is 1 where it is not said, the others 1 where the stack has no such axis.
    order : str
        Plane axes, fastest first: "czt" unless said otherwise.
    is_hyperstack : bool
    unit : str
        As in the file, with escapes resolved; empty if there is none.
    spacing : float or None
        Distance of slices in `unit`.
    interval_s : float or None
        Time between frames.
    display : (low, high) or None
    """

    images: int
    channels: int
    slices: int
    frames: int
    order: str
    is_hyperstack: bool
    unit: str
    unit_y: str
    unit_z: str
    spacing: float | None
    interval_s: float | None
    display: Display | None


def parse(text: str) -> Notes:
    """Return what ImageJ's description says; nonsense counts as not said."""
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    unit = _unescaped(lines.get("unit", ""))
    low, high = _float(lines.get("min")), _float(lines.get("max"))
    return Notes(
        images=_count(lines.get("images")),
        channels=_count(lines.get("channels")),
        slices=_count(lines.get("slices")),
        frames=_count(lines.get("frames")),
        order=lines.get("order", "czt").strip().lower().replace("default", "czt"),
        is_hyperstack=lines.get("hyperstack", "").strip() == "true",
        unit=unit,
        unit_y=_unescaped(lines.get("yunit", "")) or unit,
        unit_z=_unescaped(lines.get("zunit", "")) or unit,
        spacing=_positive(_float(lines.get("spacing"))),
        interval_s=_positive(_float(lines.get("finterval"))),
        display=None if low is None or high is None or not low < high else (low, high),
    )


def micrometres(unit: str) -> float | None:
    """Return the length of `unit` in micrometres, None if it is not a length.

    ImageJ knows several spellings; "pixel" and an empty text are no lengths.
    """
    name = unit.strip()
    known = {
        "microns": 1.0,
        "micrometer": 1.0,
        "micrometre": 1.0,
        "nanometer": 1e-3,
        "inch": 25400.0,
        "inches": 25400.0,
        "meter": 1e6,
        "millimeter": 1e3,
        "angstrom": 1e-4,
        "a": 1e-4,
        "å": 1e-4,
    }
    return MICROMETRES.get(name, known.get(name.lower()))


def is_no_length(unit: str) -> bool:
    """Whether `unit` says that the image is not calibrated."""
    return unit.strip().lower() in ("", "pixel", "pixels", "px", "null", "none")


def description(info: ImageInfo, display: Display | None) -> bytes:
    """Return ImageJ's description of a file whose planes lie in the order C, Z, T."""
    t, c, z, _, _ = info.shape
    size = info.pixel_size_um
    lines = ["ImageJ=1.53t", f"images={t * c * z}"]
    lines += [
        f"{name}={count}" for name, count in (("channels", c), ("slices", z), ("frames", t)) if count > 1
    ]
    if sum(count > 1 for count in (t, c, z)) > 1:
        lines.append("hyperstack=true")
    if c > 1:
        lines.append(f"mode={'composite' if c <= MOST_COMPOSED else 'color'}")
    if size.x is not None:
        lines.append("unit=micron")
        if size.z is not None:
            lines.append(f"spacing={size.z!r}")
    if info.time_interval_s is not None:
        lines.append(f"finterval={info.time_interval_s!r}")
    lines.append("loop=false")
    if display is not None:
        low, high = (_shown(value, info.dtype) for value in display)
        lines += [f"min={low!r}", f"max={high!r}"]
    return "\n".join([*lines, ""]).encode("ascii")


def metadata(
    info: ImageInfo,
    displays: tuple[Display | None, ...],
    *,
    tables: tuple[Table | None, ...] = (),
    text: str = "",
) -> tuple[bytes, bytes]:
    """Return ImageJ's block of ranges, colours and names of planes, and the lengths of its parts.

    A range that is not known yet is stored as one without extent, which `channels_of` takes for none.

    Parameters
    ----------
    info : ImageInfo
    displays : tuple of (low, high) or None
    tables : tuple of (3, 256) uint8 or None
        Colours that do not simply run from black to the channel's; one per channel, or none at all.
    text : str
        What ImageJ shows as the image's info.
    """
    t, c, z, _, _ = info.shape
    parts: dict[str, object] = {}
    if c > 1:
        known = (display or (0.0, 0.0) for display in displays)
        parts["Ranges"] = tuple(_shown(value, info.dtype) for display in known for value in display)
    tables = tables or (None,) * c
    if any(channel.colour not in (None, WHITE) for channel in info.channels) or any(
        table is not None for table in tables
    ):
        parts["LUTs"] = [
            ramp(channel.colour or WHITE) if table is None else table
            for channel, table in zip(info.channels, tables, strict=True)
        ]
    if any(channel.name for channel in info.channels) and t * c * z <= MOST_LABELS:
        parts["Labels"] = [channel.name for _ in range(t * z) for channel in info.channels]
    if text or not parts:
        parts["Info"] = text or "Micrographia"
    block, counts = tifffile.tifffile.imagej_metadata_tag(parts, "<")
    return _bytes_of(block), _bytes_of(counts)


def colour_of(lut: np.ndarray) -> str | None:
    """Return the colour of a (3, 256) table that runs straight from black to it, else None."""
    if lut.shape != (3, 256):
        return None
    top = lut[:, 255].astype(int)
    straight = top[:, None] * np.arange(256) / 255
    if not top.any() or np.abs(lut - straight).max() > 2:
        return None
    return "#{:02x}{:02x}{:02x}".format(*top)


def channels_of(
    count: int,
    notes: Notes,
    ranges: tuple[float, ...],
    luts: tuple[np.ndarray, ...],
    names: tuple[str, ...],
    dtype: str,
) -> tuple[Channel, ...]:
    """Return `count` channels with the names, colours and display ranges that ImageJ stored."""
    shift = SIGNED_SHIFT if dtype == "int16" else 0.0
    channels = []
    for index in range(count):
        display = notes.display if count == 1 else None
        if len(ranges) == 2 * count and ranges[2 * index] < ranges[2 * index + 1]:
            display = (float(ranges[2 * index]), float(ranges[2 * index + 1]))
        channels.append(
            Channel(
                name=names[index] if index < len(names) else "",
                colour=colour_of(luts[index]) if index < len(luts) else None,
                display=None if display is None else (display[0] - shift, display[1] - shift),
            )
        )
    return tuple(channels)


def _shown(value: float, dtype: str) -> float:
    """Return a display limit as ImageJ stores it: signed 16-bit values are shifted to unsigned ones."""
    return float(value) + (SIGNED_SHIFT if dtype == "int16" else 0.0)


def ramp(colour: str) -> Table:
    """Return the (3, 256) table that runs straight from black to `colour`."""
    top = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)])
    return np.rint(top[:, None] * np.arange(256) / 255).astype(np.uint8)  # (3, 256)


def _bytes_of(tag: tuple[int, int, int, object, bool]) -> bytes:
    value = tag[3]
    if isinstance(value, bytes):
        return value
    return np.asarray(value, "<u4").tobytes()


def _unescaped(text: str) -> str:
    r"""Return `text` with escapes such as ``\u00B5`` resolved, which ImageJ writes for what is not ASCII."""
    try:
        return text.strip().encode("latin-1").decode("unicode_escape") if "\\u" in text else text.strip()
    except UnicodeError:
        return text.strip()


def _count(text: str | None) -> int:
    number = _float(text)
    return int(number) if number is not None and number >= 1 else 1


def _float(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _positive(number: float | None) -> float | None:
    return number if number is not None and number > 0 else None
