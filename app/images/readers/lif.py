"""LIF files of Leica: every image of the tree is a scene, so is every tile of a mosaic.

The library finds the tree and the blocks of memory; the pixels are read here by the distances that the
description of each axis gives.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from app.images import xml_text
from app.images.errors import NoPixels
from app.images.metadata import Entry, Gatherer
from app.images.partial import Plane
from app.images.readers.planes import PlaneSource, check_scene, damaged, image_info, not_supported, translated
from app.images.readers.strided import FileBytes, Layout, StridedPlanes, check_present
from app.images.scale import Scale
from models.source import Channel, Doubt, Pixels, PixelSize, Region, Shape5

X, Y, Z, T, LAMBDA, EXCITATION, TILE = 1, 2, 3, 4, 5, 9, 10  # numbers of axes in the file
ROWS = (Y, Z, T, LAMBDA, EXCITATION)  # what is drawn downwards: the first of these that there is
WAVES = (LAMBDA, EXCITATION)
COLOURS = {
    "red": "#ff0000", "green": "#00ff00", "blue": "#0000ff", "cyan": "#00ffff", "magenta": "#ff00ff",
    "yellow": "#ffff00", "gray": "#ffffff", "grey": "#ffffff",
}  # fmt: skip
UM = 1e6  # µm in a metre
MOST_IMAGES = 100_000
DESCRIPTION = "./Data/Image/ImageDescription"


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its number, elements, metres or seconds from first to last, bytes from one to the next."""

    number: int
    count: int
    length: float
    unit: str
    step: int

    @property
    def distance(self) -> float | None:
        """Metres or seconds from one element to the next."""
        distance = abs(self.length) / (self.count - 1) if self.count > 1 else 0.0
        return distance if math.isfinite(distance) and distance > 0 else None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One image of the tree, or one tile of a mosaic, which are scenes."""

    name: str
    element: ElementTree.Element
    offset: int
    tile: int = 0


def open_source(path: Path, scene: int = 0, *, partial: bool = False) -> PlaneSource:
    """Open an image of a LIF file; see `app.images.open.open_image`."""
    with translated(path):
        with _leaves(path) as (leaves, _):
            check_scene(path, scene, len(leaves))
        leaf = leaves[scene]
        axes, described = _axes(leaf.element), _described(path, leaf.element)
        dtype = _dtype(path, described)
        shape, steps, scale, doubts = _understood(path, axes)
        channels, offsets, is_rgb = _channels(leaf.element, described, axes, dtype)
        shape = (shape[0], len(offsets), *shape[2:])
        names = [one.name for one in leaves]
        info = image_info(
            path, scene, names, (shape,), dtype, channels=channels, scale=scale, is_rgb=is_rgb, doubts=doubts
        )
        tiles = [axis.step for axis in axes if axis.number == TILE]
        start = leaf.offset + leaf.tile * sum(tiles)
        data = FileBytes(path)
        try:
            one: Shape5 = (shape[0], 1, *shape[2:])
            layouts = [Layout(one, dtype, start + offset, steps) for offset in offsets]
            planes = _LifPlanes(path, data, layouts)
            planes.check_complete(partial=partial)
            return PlaneSource(path, info, planes)
        except BaseException:
            data.close()
            raise


def metadata(path: Path, scene: int) -> tuple[Entry, ...]:
    """Return the description of an image as the file has it."""
    with translated(path), _leaves(path) as (leaves, _):
        check_scene(path, scene, len(leaves))
        return Gatherer().xml(leaves[scene].element).entries


class _LifPlanes:
    """Reads boxes of channels, each with a start of its own; a `app.images.readers.planes.Planes`."""

    def __init__(self, path: Path, data: FileBytes, layouts: Sequence[Layout]) -> None:
        self._path = path
        self._data = data
        self._channels = [StridedPlanes(path, data, layout) for layout in layouts]
        self._shape = layouts[0].shape

    def check_complete(self, *, partial: bool) -> None:
        """Raise `Truncated` if not all planes are there; if `partial`, only if none is."""
        missing = len(self.missing())
        planes = self._shape[0] * len(self._channels) * self._shape[2]
        check_present(self._path, planes - missing, planes, partial=partial)

    def fill(self, region: Region, out: Pixels) -> None:
        """Write the pixels of `region` into `out`."""
        for i, c in enumerate(range(*region.c)):
            one = Region(region.t, (0, 1), region.z, region.y, region.x)
            self._channels[c].fill(one, out[:, i : i + 1])

    def missing(self) -> frozenset[Plane]:
        """Return the planes (t, c, z) that do not lie within the file."""
        return frozenset((t, c, z) for c, planes in enumerate(self._channels) for t, _, z in planes.missing())

    def close(self) -> None:
        """Close the file."""
        self._data.close()


@contextmanager
def _leaves(path: Path) -> Iterator[tuple[list[Leaf], Any]]:
    """Open a file with the library; give all its images, and the library's object."""
    import liffile

    with path.open("rb") as file:
        head = file.read(8)
        xml = file.read(min(1 << 20, int.from_bytes(head[4:8], "little")))
    if "<!DOCTYPE".encode("utf-16-le") in xml or "<!ENTITY".encode("utf-16-le") in xml:
        raise damaged(path, "its description declares entities, which no microscope does")
    with liffile.LifFile(path, squeeze=False) as file:
        yield list(_all_leaves(path, file)), file


def _all_leaves(path: Path, file: Any) -> Iterator[Leaf]:
    count = 0
    end = path.stat().st_size
    for image in file.images:
        element = image.xml_element
        if element.find(f"{DESCRIPTION}/Channels/ChannelDescription") is None:
            continue
        try:
            offset = int(image.memory_block.offset)
        except (LookupError, ValueError, AttributeError):
            offset = end  # its block is beyond the end of the file
        tiles = [axis.count for axis in _axes(element) if axis.number == TILE]
        for tile in range(max(1, math.prod(tiles))):
            count += 1
            if count > MOST_IMAGES:
                return
            name = str(image.path) + (f", tile {tile + 1}" if tiles and tiles[0] > 1 else "")
            yield Leaf(name, element, offset if offset > 0 else end, tile)
    if not count:
        raise NoPixels(f"{path.name} holds no images.", hint="Open another file.", path=str(path))


def _axes(element: ElementTree.Element) -> list[Axis]:
    return [
        Axis(
            int(one.attrib["DimID"]),
            int(one.attrib["NumberOfElements"]),
            float(one.get("Length", "0")),
            one.get("Unit", ""),
            int(one.attrib["BytesInc"]),
        )
        for one in element.findall(f"{DESCRIPTION}/Dimensions/DimensionDescription")
    ]


def _described(path: Path, element: ElementTree.Element) -> list[ElementTree.Element]:
    found = element.findall(f"{DESCRIPTION}/Channels/ChannelDescription")
    if not found:
        raise damaged(path, "an image has no channels")
    return found


def _dtype(path: Path, described: Sequence[ElementTree.Element]) -> np.dtype[Any]:
    kinds = {(one.get("DataType", "0"), int(one.get("Resolution", "8"))) for one in described}
    kind = {kind for kind, _ in kinds}
    sizes = {max(8, 1 << (bits - 1).bit_length()) for _, bits in kinds if 0 < bits <= 64}
    if len(kind) != 1 or len(sizes) != 1 or not kind <= {"0", "1"}:
        raise not_supported(path, "channels of different types")
    return np.dtype(f"<{'uf'[int(kind.pop())]}{sizes.pop() // 8}")


def _understood(
    path: Path, axes: Sequence[Axis]
) -> tuple[Shape5, tuple[int, int, int, int, int], Scale, tuple[Doubt, ...]]:
    """Return shape and distances along T, C (one), Z, Y, X, and the size of a pixel.

    Where nothing was scanned along Y, as in an xzt series, what was scanned instead is drawn downwards.
    """
    by_number = {axis.number: axis for axis in axes}
    if len(by_number) < len(axes) or X not in by_number:
        raise not_supported(path, "axes that stand twice or without X")
    known = {X, Y, Z, T, *WAVES, TILE}
    if any(axis.count > 1 and axis.number not in known for axis in axes):
        raise not_supported(path, "axes other than place, time and wavelength")
    x = by_number[X]
    down = next((by_number[one] for one in ROWS if one in by_number and by_number[one].count > 1), None)
    rest = {axis.number: axis for axis in axes if axis not in (x, down)}
    t, z = rest.get(T), rest.get(Z)
    shape = tuple(axis.count if axis else 1 for axis in (t, None, z, down, x))
    steps = tuple(axis.step if axis else 0 for axis in (t, None, z, down, x))
    doubts: tuple[Doubt, ...] = ("axes",) if down is not None and down.number != Y else ()
    y_size = _micrometres(down) if down is not None else None
    scale = Scale(PixelSize(_micrometres(z), y_size, _micrometres(x)), t.distance if t else None)
    return (
        (shape[0], shape[1], shape[2], shape[3], shape[4]),
        (steps[0], steps[1], steps[2], steps[3], steps[4]),
        scale,
        doubts,
    )


def _micrometres(axis: Axis | None) -> float | None:
    is_length = axis is not None and axis.unit.lower() in ("m", "") and axis.number in (X, Y, Z)
    return axis.distance * UM if axis is not None and is_length and axis.distance else None


def _channels(
    element: ElementTree.Element,
    described: Sequence[ElementTree.Element],
    axes: Sequence[Axis],
    dtype: np.dtype[Any],
) -> tuple[list[Channel], list[int], bool]:
    """Return channels, each by each wavelength, where each begins, and whether they are red, green, blue."""
    tags = [one.get("ChannelTag", "0") for one in described]
    starts = [int(one.get("BytesInc", "0")) for one in described]
    if sorted(tags) == ["1", "2", "3"] and len(described) == 3:
        return [], [starts[tags.index(tag)] for tag in "123"], True
    scaling = element.findall("./Data/Image/Attachment[@Name='ViewerScaling']/ChannelScalingInfo")
    down = next((one for one in ROWS if any(a.number == one and a.count > 1 for a in axes)), None)
    waves = [axis for axis in axes if axis.number in WAVES and axis.count > 1 and axis.number != down]
    channels: list[Channel] = []
    offsets: list[int] = []
    for index, (one, start) in enumerate(zip(described, starts, strict=True)):
        channel = _channel(one, scaling[index] if index < len(scaling) else None, dtype)
        for place in np.ndindex(*(axis.count for axis in waves)):
            offsets.append(start + sum(i * axis.step for i, axis in zip(place, waves, strict=True)))
            note = ", ".join(f"λ {i + 1}" for i in place)
            name = f"{channel.name} {note}".strip()
            channels.append(Channel(name, channel.colour, channel.display))
            if len(offsets) > MOST_IMAGES:
                raise ValueError("absurdly many wavelengths")
    return channels, offsets, False


def _channel(one: ElementTree.Element, scaling: ElementTree.Element | None, dtype: np.dtype[Any]) -> Channel:
    name = ""
    for part in one.iter("ChannelProperty"):
        key, value = part.find("Key"), part.find("Value")
        if key is not None and value is not None and key.text == "DyeName" and value.text:
            name = value.text.strip()
    display = None
    if scaling is not None and dtype.kind == "u":
        top = (1 << int(one.get("Resolution", "8"))) - 1
        low, high = (xml_text.number(scaling.get(f"{end}Value")) for end in ("Black", "White"))
        if low is not None and high is not None and 0 <= low < high <= 1:
            display = (round(low * top, 3), round(high * top, 3))
    return Channel(name, COLOURS.get(one.get("LUTName", "").lower()), display)
