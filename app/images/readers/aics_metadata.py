"""What pictures and SPE files say about themselves: texts of PNG, EXIF of JPEG, the header of SPE."""

import struct
from pathlib import Path
from typing import Any

from app.images.metadata import Entry, Gatherer, in_words
from app.images.ome import parse

FORMATS = ("PNG", "JPEG", "BMP", "GIF")
EXIF, GPS = 0x8769, 0x8825
COMPRESSIONS = {"PNG": "Deflate", "JPEG": "JPEG", "GIF": "LZW"}
SPE_HEADER = 4100
# name, offset, format: from the description of the header of version 2
SPE_FIELDS = (
    ("Exposure time in seconds", 10, "<f"),
    ("Date", 20, "10s"),
    ("Detector temperature in °C", 36, "<f"),
    ("Width", 42, "<H"),
    ("Data type", 108, "<h"),
    ("Time", 172, "7s"),
    ("Gain", 198, "<H"),
    ("Comment 1", 200, "80s"),
    ("Comment 2", 280, "80s"),
    ("Comment 3", 360, "80s"),
    ("Comment 4", 440, "80s"),
    ("Comment 5", 520, "80s"),
    ("Height", 656, "<H"),
    ("Frames", 1446, "<i"),
    ("Header version", 1992, "<f"),
)
SPE_TYPES = {0: "32-bit decimal", 1: "32-bit", 2: "16-bit with sign", 3: "16-bit", 8: "32-bit without sign"}
SPE_FOOTER_AT = 678  # of version 3: where the XML begins
MOST_FOOTER = 16 << 20


def picture_metadata(path: Path) -> tuple[Entry, ...]:
    """Return what a PNG, JPEG, BMP or GIF says; raises OSError and ValueError on damaged files."""
    from PIL import ExifTags, Image

    gatherer = Gatherer()
    with Image.open(path, formats=FORMATS) as picture:
        found = [
            Entry("Format", str(picture.format_description or picture.format)),
            Entry("Mode", str(picture.mode)),
            Entry("Compression", COMPRESSIONS.get(str(picture.format), "None")),
        ]
        info = {
            str(name): value for name, value in picture.info.items() if name not in ("exif", "icc_profile")
        }
        if info:
            found.append(gatherer.entry("Header", info))
        exif = picture.getexif()
        tags = {ExifTags.TAGS.get(code, str(code)): value for code, value in exif.items()}
        inner = exif.get_ifd(EXIF)
        tags |= {ExifTags.TAGS.get(code, str(code)): value for code, value in inner.items()}
        if tags:
            found.append(gatherer.entry("EXIF", {name: _exif(value) for name, value in tags.items()}))
        place = {ExifTags.GPSTAGS.get(code, str(code)): _exif(one) for code, one in exif.get_ifd(GPS).items()}
        if place:
            found.append(gatherer.entry("GPS", place))
    return tuple(found)


def spe_metadata(path: Path) -> tuple[Entry, ...]:
    """Return the header of an SPE file, and the XML behind the pixels of newer ones."""
    gatherer = Gatherer()
    with path.open("rb") as file:
        header = file.read(SPE_HEADER)
        if len(header) < SPE_HEADER:
            raise ValueError("the header is cut off")
        found = [Entry(name, _spe_value(name, header, at, form)) for name, at, form in SPE_FIELDS]
        (version,) = struct.unpack_from("<f", header, 1992)
        (footer_at,) = struct.unpack_from("<Q", header, SPE_FOOTER_AT)
        text = ""
        if version >= 3 and SPE_HEADER <= footer_at < path.stat().st_size:
            file.seek(footer_at)
            text = file.read(MOST_FOOTER).decode("utf-8", "replace")
    lines = [Entry("SPE header", "", tuple(entry for entry in found if entry.value))]
    if text:
        lines.append(Entry("SPE footer", "", _footer(text, gatherer)))
    return tuple(lines)


def _footer(text: str, gatherer: Gatherer) -> tuple[Entry, ...]:
    try:
        return (gatherer.xml(parse(text)),)
    except ValueError:
        return (Entry("", "The footer makes no sense."),)


def _spe_value(name: str, header: bytes, at: int, form: str) -> str:
    (value,) = struct.unpack_from(form, header, at)
    if isinstance(value, bytes):
        return value.split(b"\0")[0].decode("latin-1").strip()
    return SPE_TYPES.get(value, str(value)) if name == "Data type" else in_words(value)


def _exif(value: Any) -> Any:  # Any: what Pillow hands out
    """Return a value of EXIF as a plain one: ratios become decimal numbers."""
    if hasattr(value, "numerator") and hasattr(value, "denominator") and not isinstance(value, int):
        return float(value) if value.denominator else ""
    return tuple(_exif(one) for one in value) if isinstance(value, tuple) else value
