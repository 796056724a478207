"""Imaris files, which are HDF5: one image in several levels, a data set for each time point and channel."""

import math
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from app.images.partial import Plane
from app.images.readers.hdf5_safety import check_readable
from app.images.readers.planes import PlaneSource, check_scene, damaged, image_info
from app.images.scale import Scale
from models.source import Channel, Pixels, PixelSize, Region, Shape5

DATA = "DataSet/ResolutionLevel {}/TimePoint {}/Channel {}"
MOST = 100_000  # time points, channels, levels

Group = Any  # h5py.Group: h5py is not typed


def is_imaris(file: Group) -> bool:
    """Whether an open HDF5 file is one of Imaris."""
    return "DataSet" in file and "DataSetInfo" in file and DATA.format(0, 0, 0) in file


def opened(path: Path, file: Group, scene: int) -> PlaneSource:
    """Return the one image of a file, which is closed along with it."""
    check_scene(path, scene, 1)
    levels = _count(file["DataSet"], "ResolutionLevel")
    t = _count(file["DataSet/ResolutionLevel 0"], "TimePoint")
    c = _count(file["DataSet/ResolutionLevel 0/TimePoint 0"], "Channel")
    shapes: list[Shape5] = []
    depths: list[int] = []
    for level in range(levels):
        z, y, x = _size(path, file, level)
        if shapes and not (0 < y <= shapes[-1][3] and 0 < x <= shapes[-1][4] and z > 0):
            break
        if shapes and (y, x) == shapes[-1][3:]:
            continue
        shapes.append((t, c, shapes[0][2] if shapes else z, y, x))
        depths.append(z)
    dtype = file[DATA.format(0, 0, 0)]["Data"].dtype
    info = image_info(
        path, 0, ("",), shapes, dtype, scale=_scale(file, shapes[0]),
        channels=[_channel(file, index) for index in range(c)],
    )  # fmt: skip
    return PlaneSource(path, info, _ImarisPlanes(path, file, depths, shapes))


class _ImarisPlanes:
    """Reads boxes out of the data sets of a file; a `app.images.readers.planes.Planes`.

    Coarser levels may have fewer planes along Z; each plane of the image is then shown by the nearest.
    """

    def __init__(self, path: Path, file: Group, depths: list[int], shapes: list[Shape5]) -> None:
        self._path = path
        self._file = file
        self._depths = depths
        self._shapes = shapes

    def fill(self, region: Region, out: Pixels) -> None:
        """Write the pixels of `region` into `out`."""
        depth, there = self._shapes[region.level][2], self._depths[region.level]
        which = [z * there // depth for z in range(*region.z)]
        for i, t in enumerate(range(*region.t)):
            for j, c in enumerate(range(*region.c)):
                data = self._file[DATA.format(region.level, t, c)]["Data"]
                check_readable(self._path, data)
                box = data[which[0] : which[-1] + 1, region.slices[3], region.slices[4]]
                out[i, j] = box[np.subtract(which, which[0])]

    def missing(self) -> frozenset[Plane]:
        """Return no planes: a file that ends too early is not opened at all."""
        return frozenset()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _count(group: Group, word: str) -> int:
    count = 0
    while count < MOST and f"{word} {count}" in group:
        count += 1
    return count


def _size(path: Path, file: Group, level: int) -> tuple[int, int, int]:
    """Return depth, height and width of a level; its data sets may be larger."""
    channel = file[DATA.format(level, 0, 0)]
    stored = channel["Data"].shape
    if len(stored) != 3:
        raise damaged(path, "its data are no volume")
    stated = [_number(channel, f"ImageSize{axis}") for axis in "ZYX"]
    z, y, x = (
        int(size) if size is not None and 0 < size <= most else most
        for size, most in zip(stated, stored, strict=True)
    )
    return z, y, x


def _scale(file: Group, shape: Shape5) -> Scale:
    notes = file.get("DataSetInfo/Image")
    sizes: list[float | None] = []
    factor = {"um": 1.0, "µm": 1.0, "nm": 1e-3, "mm": 1e3, "m": 1e6}.get(_text(notes, "Unit") or "um")
    for axis, count in enumerate(reversed(shape[2:])):  # x, y, z
        low, high = _number(notes, f"ExtMin{axis}"), _number(notes, f"ExtMax{axis}")
        has_size = low is not None and high is not None and high > low and factor is not None
        sizes.append((high - low) / count * factor if has_size else None)  # type: ignore[operator]
    x, y, z = sizes
    return Scale(PixelSize(z, y, x), _interval(file, shape[0]), has_odd_unit=factor is None)


def _interval(file: Group, count: int) -> float | None:
    notes = file.get("DataSetInfo/TimeInfo")
    try:
        first, last = (datetime.fromisoformat(_text(notes, f"TimePoint{n}")) for n in (1, count))
    except ValueError:
        return None
    seconds = (last - first).total_seconds()
    return seconds / (count - 1) if count > 1 and seconds > 0 else None


def _channel(file: Group, index: int) -> Channel:
    notes = file.get(f"DataSetInfo/Channel {index}")
    parts, limits = _numbers(_text(notes, "Color")), _numbers(_text(notes, "ColorRange"))
    colour = None
    if len(parts) == 3 and all(0 <= part <= 1 for part in parts):
        colour = "#{:02x}{:02x}{:02x}".format(*(round(255 * part) for part in parts))
    display = (limits[0], limits[1]) if len(limits) == 2 and limits[0] < limits[1] else None
    return Channel(_text(notes, "Name"), colour, display)


def _text(group: Group | None, name: str) -> str:
    """Return an attribute, which Imaris writes letter by letter, as a text; empty if there is none."""
    value = None if group is None else group.attrs.get(name)
    if isinstance(value, np.ndarray) and value.dtype.kind == "S" and value.size < MOST:
        value = b"".join(value.ravel().tolist())
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value.strip("\0 ") if isinstance(value, str) else ""


def _number(group: Group | None, name: str) -> float | None:
    numbers = _numbers(_text(group, name))
    return numbers[0] if len(numbers) == 1 else None


def _numbers(text: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split()[:9]]
    except ValueError:
        return []
    return numbers if all(map(math.isfinite, numbers)) else []
