"""OME-XML, the description inside OME-TIFF files: read with suspicion, written to the schema."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from models.source import Channel, ImageInfo, PixelSize

NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
RECORD_NAMESPACE = "urn:micrographia:provenance:1"
PIXEL_TYPES = {"float32": "float", "float64": "double"} | {
    name: name for name in ("int8", "int16", "int32", "uint8", "uint16", "uint32")
}
MICROMETRES = {
    "Ym": 1e30, "Zm": 1e27, "Em": 1e24, "Pm": 1e21, "Tm": 1e18, "Gm": 1e15, "Mm": 1e12, "km": 1e9,
    "hm": 1e8, "dam": 1e7, "m": 1e6, "dm": 1e5, "cm": 1e4, "mm": 1e3, "µm": 1.0, "μm": 1.0, "um": 1.0,
    "micron": 1.0, "nm": 1e-3, "pm": 1e-6, "fm": 1e-9, "am": 1e-12, "zm": 1e-15, "ym": 1e-18, "Å": 1e-4,
    "in": 25400.0, "ft": 304800.0, "thou": 25.4, "li": 2116.666666666667, "yd": 914400.0, "mi": 1.609344e9,
    "pt": 352.7777777777778,
}  # fmt: skip
SECONDS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Block:
    """A run of planes that lie one after the other: where in the image it starts, where in which file.

    Attributes
    ----------
    ifd : int
        Directory of the first plane in its file.
    count : int or None
        Planes of the run; None for all that the file has.
    t, c, z : int
        Position of the first plane.
    file : str
        Name of the file in the same folder; empty for the file that holds the description.
    """

    ifd: int
    count: int | None
    t: int
    c: int
    z: int
    file: str


@dataclass(frozen=True, slots=True)
class OmeImage:
    """One image of an OME-XML: sizes by axis letter, the order of its planes, and what is known of it."""

    name: str
    sizes: dict[str, int]
    order: str  # the plane axes, fastest first, such as "ZCT"
    channels: tuple[Channel, ...]
    pixel_size_um: PixelSize
    time_interval_s: float | None
    has_odd_unit: bool
    blocks: tuple[Block, ...]


def parse(text: str) -> ElementTree.Element:
    """Return the root of an OME-XML text.

    Raises
    ------
    ValueError
        If it is no XML, or declares a document type: OME-XML never does, and entities can blow up.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("a document type declaration in OME-XML")
    try:
        return ElementTree.fromstring(text.strip())
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error


def images(root: ElementTree.Element) -> tuple[OmeImage, ...]:
    """Return the images described below `root`.

    Raises
    ------
    ValueError
        If sizes or the order of planes are missing or make no sense.
    """
    own = root.get("UUID", "")
    return tuple(
        _image(image, pixels, own)
        for image in _children(root, "Image")
        for pixels in _children(image, "Pixels")
    )


def companion(root: ElementTree.Element) -> str:
    """Return the name of the file that holds the real description, or an empty text."""
    for element in _children(root, "BinaryOnly"):
        return element.get("MetadataFile", "")
    return ""


def comments(root: ElementTree.Element) -> Iterator[str]:
    """Yield the texts of all comment annotations."""
    for annotations in _children(root, "StructuredAnnotations"):
        for comment in _children(annotations, "CommentAnnotation"):
            for value in _children(comment, "Value"):
                yield value.text or ""


def description(info: ImageInfo, name: str, record: str | None) -> bytes:
    """Return the OME-XML of a file whose planes lie in the order C, Z, T, as ASCII bytes.

    Parameters
    ----------
    info : ImageInfo
    name : str
        Name of the image.
    record : str or None
        Text to carry along as a comment annotation.
    """
    t, c, z, y, x = info.shape
    root = ElementTree.Element("OME", {"xmlns": NAMESPACE, "Creator": "Micrographia"})
    image = ElementTree.SubElement(root, "Image", {"ID": "Image:0", "Name": _legal(name)})
    pixels = ElementTree.SubElement(
        image,
        "Pixels",
        {
            "ID": "Pixels:0",
            "DimensionOrder": "XYCZT",
            "Type": PIXEL_TYPES[info.dtype],
            "BigEndian": "false",
            **{f"Size{axis}": str(size) for axis, size in zip("XYZCT", (x, y, z, c, t), strict=True)},
            **_sizes(info),
        },
    )
    for index, channel in enumerate(info.channels):
        attributes = {"ID": f"Channel:0:{index}", "SamplesPerPixel": "1"}
        if channel.name:
            attributes["Name"] = _legal(channel.name)
        if channel.colour is not None:
            attributes["Color"] = str(_packed(channel.colour))
        ElementTree.SubElement(pixels, "Channel", attributes)
    ElementTree.SubElement(pixels, "TiffData", {"IFD": "0", "PlaneCount": str(t * c * z)})
    if record is not None:
        ElementTree.SubElement(image, "AnnotationRef", {"ID": "Annotation:0"})
        annotations = ElementTree.SubElement(root, "StructuredAnnotations")
        comment = ElementTree.SubElement(
            annotations, "CommentAnnotation", {"ID": "Annotation:0", "Namespace": RECORD_NAMESPACE}
        )
        ElementTree.SubElement(comment, "Value").text = _legal(record)
    text: bytes = ElementTree.tostring(root, encoding="us-ascii")
    return b'<?xml version="1.0" encoding="UTF-8"?>' + text


def _legal(text: str) -> str:
    """Return `text` without the characters that XML cannot carry."""
    return re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def _image(image: ElementTree.Element, pixels: ElementTree.Element, own: str) -> OmeImage:
    try:
        sizes = {axis: int(pixels.attrib[f"Size{axis}"]) for axis in "TCZYX"}
        order = pixels.attrib["DimensionOrder"].removeprefix("XY")
    except KeyError as missing:
        raise ValueError(f"OME-XML without {missing}") from missing
    if sorted(order) != ["C", "T", "Z"] or min(sizes.values()) < 0:
        raise ValueError("OME-XML with a wrong order of planes")
    lengths = {axis: _length(pixels, axis) for axis in "ZYX"}
    return OmeImage(
        name=image.get("Name", ""),
        sizes=sizes,
        order=order,
        channels=tuple(_channel(element) for element in _children(pixels, "Channel")),
        pixel_size_um=PixelSize(**{axis.lower(): size for axis, (size, _) in lengths.items()}),
        time_interval_s=_interval(pixels),
        has_odd_unit=any(is_odd for _, is_odd in lengths.values()),
        blocks=tuple(_block(element, own) for element in _children(pixels, "TiffData")),
    )


def _block(element: ElementTree.Element, own: str) -> Block:
    count = element.get("PlaneCount", element.get("NumPlanes"))
    if count is None and "IFD" in element.attrib:
        count = "1"
    file = ""
    for uuid in _children(element, "UUID"):
        if not own or (uuid.text or "").strip() != own:
            file = uuid.get("FileName", "")
    return Block(
        ifd=int(element.get("IFD", "0")),
        count=None if count is None else int(count),
        t=int(element.get("FirstT", "0")),
        c=int(element.get("FirstC", "0")),
        z=int(element.get("FirstZ", "0")),
        file=file,
    )


def _channel(element: ElementTree.Element) -> Channel:
    colour = None
    if "Color" in element.attrib:
        value = int(element.attrib["Color"]) & 0xFFFFFFFF
        colour = f"#{value >> 8:06x}"
    return Channel(name=element.get("Name", ""), colour=colour)


def _length(pixels: ElementTree.Element, axis: str) -> tuple[float | None, bool]:
    """Return a pixel's size along `axis` in micrometres, and whether it has a size in another unit."""
    number = _number(pixels.get(f"PhysicalSize{axis}"))
    if number is None:
        return None, False
    factor = MICROMETRES.get(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
    return (None, True) if factor is None else (number * factor, False)


def _interval(pixels: ElementTree.Element) -> float | None:
    number = _number(pixels.get("TimeIncrement"))
    factor = SECONDS.get(pixels.get("TimeIncrementUnit", "s"))
    return None if number is None or factor is None else number * factor


def _number(text: str | None) -> float | None:
    """Return the positive number that `text` holds, if it does."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _sizes(info: ImageInfo) -> dict[str, str]:
    size = info.pixel_size_um
    written = {}
    for axis, length in (("X", size.x), ("Y", size.y), ("Z", size.z)):
        if length is not None:
            written[f"PhysicalSize{axis}"] = repr(float(length))
            written[f"PhysicalSize{axis}Unit"] = "µm"
    if info.time_interval_s is not None:
        written["TimeIncrement"] = repr(float(info.time_interval_s))
        written["TimeIncrementUnit"] = "s"
    return written


def _packed(colour: str) -> int:
    """Return ``#rrggbb`` as OME's signed red, green, blue, alpha."""
    value = int(colour[1:], 16) << 8 | 0xFF
    return value - (1 << 32) if value >= 1 << 31 else value


def _children(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """Yield the children called `name`, whatever version of the schema they belong to."""
    return (child for child in element if child.tag.rpartition("}")[2] == name)
