"""What CZI files say at their start and in their XML, looked at before the library gets to see them."""

import struct
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from app.images import xml_text
from app.images.errors import Truncated
from app.images.readers.planes import damaged
from app.images.scale import Scale
from models.source import Channel, PixelSize

START = b"ZISRAWFILE"
SEGMENT = 32  # bytes before the data of each segment: 16 of its name, sizes
DIRECTORY = 52
POSITIONS = {DIRECTORY: b"ZISRAWDIRECTORY", 60: b"ZISRAWMETADATA"}  # where the start says that these lie
ENTRIES = 128  # bytes of the directory before its entries
MOST_DIMENSIONS = 64
INFORMATION = "Metadata/Information/Image"
DISPLAY = "Metadata/DisplaySetting/Channels/Channel"
UM = 1e6  # µm in a metre


@dataclass(frozen=True, slots=True)
class Notes:
    """What the XML says of an image: size of pixels, names of scenes by their index, channels."""

    scale: Scale
    scenes: dict[int, str]
    channels: tuple[Channel, ...]


def check_head(path: Path) -> None:
    """Raise an `ImageError` unless the directory is there and everything it lists lies within the file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(SEGMENT + 80)
        if not head.startswith(START) or len(head) < SEGMENT + 80:
            raise damaged(path, "its start is no CZI file's")
        for at, name in POSITIONS.items():
            (position,) = struct.unpack_from("<q", head, SEGMENT + at)
            if position == 0 and at == DIRECTORY:
                raise cut(path)  # the microscope's computer stopped before it was written
            if position == 0:
                continue
            if position < 0 or position + SEGMENT > size:
                raise cut(path)
            file.seek(position)
            segment = file.read(SEGMENT + ENTRIES)
            if not segment.startswith(name):
                raise damaged(path, "a part of it is not where it should be")
            (used,) = struct.unpack_from("<q", segment, 24)
            if used < 0 or position + SEGMENT + used > size:
                raise cut(path)
            if at == DIRECTORY:
                (count,) = struct.unpack_from("<i", segment, SEGMENT)
                if count < 0 or count * 32 > used:
                    raise damaged(path, f"it claims to have {count} parts")
                file.seek(position + SEGMENT + ENTRIES)
                _check_entries(path, file.read(max(0, used - ENTRIES)), count, size)


def notes(text: str, top: float) -> Notes:
    """Return what the XML of a file says; `top` is the highest value of a pixel.

    Raises
    ------
    ValueError
        If it is no XML.
    """
    root = xml_text.parse(text)
    image = root.find(INFORMATION)
    image = ElementTree.Element("Image") if image is None else image
    sizes: dict[str, float | None] = {"X": None, "Y": None, "Z": None}
    for distance in root.findall("Metadata/Scaling/Items/Distance"):
        value = xml_text.number(distance.findtext("Value"))
        if distance.get("Id") in sizes and value is not None and value > 0:
            sizes[distance.get("Id", "")] = value * UM
    interval = xml_text.number(image.findtext("Dimensions/T/Positions/Interval/Increment"))
    scale = Scale(
        PixelSize(sizes["Z"], sizes["Y"], sizes["X"]), interval if interval and interval > 0 else None
    )
    scenes = {
        int(scene.get("Index", "-1")): scene.get("Name", "")
        for scene in image.findall("Dimensions/S/Scenes/Scene")
        if scene.get("Index", "").isdigit()
    }
    shown = root.findall(DISPLAY)
    named = image.findall("Dimensions/Channels/Channel")
    channels = tuple(
        _channel(channel, _matching(channel, index, shown), top) for index, channel in enumerate(named)
    )
    return Notes(scale, scenes, channels)


def _matching(
    channel: ElementTree.Element, index: int, shown: list[ElementTree.Element]
) -> ElementTree.Element | None:
    for one in shown:
        if one.get("Id") and one.get("Id") == channel.get("Id"):
            return one
    return shown[index] if index < len(shown) and not shown[index].get("Id") else None


def _channel(channel: ElementTree.Element, shown: ElementTree.Element | None, top: float) -> Channel:
    name = channel.get("Name") or channel.findtext("Fluor") or ""
    if shown is None:
        return Channel(name, _colour(channel.findtext("Color")))
    low, high = (xml_text.number(shown.findtext(end)) for end in ("Low", "High"))
    low = 0.0 if low is None else low
    has_range = high is not None and 0 <= low < high <= 1 and (low, high) != (0, 1)
    display = (round(low * top, 3), round(high * top, 3)) if has_range and high is not None else None
    return Channel(name, _colour(shown.findtext("Color") or channel.findtext("Color")), display)


def _colour(text: str | None) -> str | None:
    """Return ``#AARRGGBB`` or ``#RRGGBB`` as ``#rrggbb``."""
    digits = (text or "").strip().lstrip("#").lower()
    is_colour = len(digits) in (6, 8) and all(digit in "0123456789abcdef" for digit in digits)
    return f"#{digits[-6:]}" if is_colour else None


def _check_entries(path: Path, entries: bytes, count: int, size: int) -> None:
    at = 0
    for _ in range(count):
        if at + 32 > len(entries) or entries[at : at + 2] != b"DV":
            raise damaged(path, "the list of its parts makes no sense")
        (position,) = struct.unpack_from("<q", entries, at + 6)
        (dimensions,) = struct.unpack_from("<i", entries, at + 28)
        if not 0 <= dimensions <= MOST_DIMENSIONS or at + 32 + 20 * dimensions > len(entries):
            raise damaged(path, "the list of its parts makes no sense")
        for number in range(dimensions):
            length, _, stored = struct.unpack_from("<ifi", entries, at + 32 + 20 * number + 8)
            if length < 0 or stored < 0:
                raise damaged(path, "a part of it has a size that makes no sense")
        if not SEGMENT <= position <= size - SEGMENT:
            raise damaged(path, "a part of it is not where it should be")
        at += 32 + 20 * dimensions


def cut(path: Path) -> Truncated:
    """Return the error for a file of which nothing can be shown because its end is missing."""
    return Truncated(
        f"{path.name} ends too early: the list of its parts, which stands at its end, is missing."
        " Nothing of it can be shown.",
        hint="Copy it again from where it was recorded.",
        path=str(path),
        plane=0,
    )
