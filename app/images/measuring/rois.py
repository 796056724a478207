"""Regions as ImageJ keeps them: ``.roi`` for one, ``.zip`` for several. Shapes here are in pixels.

In ImageJ the coordinates of areas count from the corner of the first pixel, as here, but those of lines and
points from its centre. Its rectangles and ellipses lie on whole pixels when they are measured; one that does
not is written as a polygon, for which ImageJ counts the pixels whose centre lies inside, as we do.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.images.errors import Damaged, TooLarge, from_system
from app.images.measuring.shapes import Ellipse, Line, Place, Point, Polygon, Rectangle, Shape

MOST_BYTES = 64 << 20  # of a file, and of all that is packed in it
MOST_ROIS = 10_000
MOST_POINTS = 200_000  # of one outline
FARTHEST = 1e7  # pixels; what lies beyond is no coordinate
LARGEST_INTEGER = 60_535  # the format has no room for larger whole coordinates
CENTRE = 0.5
STACK = (1, 1, 1)


@dataclass(frozen=True, slots=True)
class Roi:
    """A region and the channel, plane and time it belongs to, from 0; None: to any."""

    name: str
    shape: Shape
    c: int | None = None
    z: int | None = None
    t: int | None = None


def as_roi(roi: Roi) -> bytes:
    """Return the content of a ``.roi`` file."""
    content: bytes = _packed(roi).tobytes()
    return content


def as_zip(rois: Sequence[Roi]) -> bytes:
    """Return the content of a ``.zip`` file; names that come twice get a number."""
    packed = io.BytesIO()
    taken: set[str] = set()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for roi in rois:
            name = _file_name(roi.name, taken)
            archive.writestr(f"{name}.roi", as_roi(replace(roi, name=name)))
    return packed.getvalue()


def read_rois(path: Path, stack: tuple[int, int, int] = STACK) -> tuple[list[Roi], int]:
    """Read a ``.roi`` or a ``.zip`` of them; for a thread.

    Parameters
    ----------
    path : Path
    stack : (channels, planes, times)
        Of the image they belong to: older regions only say which picture of the whole stack it was.

    Returns
    -------
    rois : list of Roi
    left_out : int
        How many are of a kind that is not a shape here, such as a text.

    Raises
    ------
    FileGone, NoPermission, ReadingFailed
        If the file cannot be read.
    Damaged
        If it holds no regions.
    TooLarge
        If it is too large for regions.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise from_system(error, path) from error
    if len(content) > MOST_BYTES:
        raise _too_large(path)
    found: list[Roi] = []
    left_out = 0
    for name, packed in _unpacked(content, path):
        shapes = _shapes(packed, name, stack)
        found += shapes
        left_out += not shapes
    if not found and not left_out:
        raise Damaged(
            f"There are no regions in {path.name}.",
            hint="Save them again from the ROI manager of ImageJ.",
            path=str(path),
        )
    return found, left_out


# Writing


def _packed(roi: Roi) -> Any:  # Any: the library's own class
    from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

    shape = roi.shape
    if isinstance(shape, Rectangle | Ellipse) and _is_whole(shape):
        packed = _box(shape, ROI_TYPE.RECT if isinstance(shape, Rectangle) else ROI_TYPE.OVAL)
    elif isinstance(shape, Line) and len(shape.points) == 2:
        packed = ImagejRoi()
        packed.roitype = ROI_TYPE.LINE
        (x1, y1), (x2, y2) = shape.points
        packed.x1, packed.y1, packed.x2, packed.y2 = (value - CENTRE for value in (x1, y1, x2, y2))
        packed.left, packed.right = math.floor(min(x1, x2)), math.ceil(max(x1, x2))
        packed.top, packed.bottom = math.floor(min(y1, y2)), math.ceil(max(y1, y2))
    else:
        points, kind = _outline(shape)
        packed = ImagejRoi.frompoints(np.array(points, np.float64), name=roi.name)
        packed.roitype = ROI_TYPE[kind]
    packed.options = ROI_OPTIONS.SUB_PIXEL_RESOLUTION
    packed.version = 227  # what ImageJ 1.5 and every Fiji since reads
    packed.name = "".join(letter if ord(letter) < 0x10000 else "?" for letter in roi.name)
    if isinstance(shape, Line) and shape.width > 1:
        packed.stroke_width = min(round(shape.width), 10_000)
    packed.c_position, packed.z_position, packed.t_position = (
        0 if place is None else place + 1 for place in (roi.c, roi.z, roi.t)
    )
    return packed


def _is_whole(shape: Rectangle | Ellipse) -> bool:
    box = shape.bounds
    edges = (box.left, box.top, box.right, box.bottom)
    return all(abs(edge - round(edge)) < 1e-6 and 0 <= edge < LARGEST_INTEGER for edge in edges)


def _box(shape: Rectangle | Ellipse, kind: Any) -> Any:
    from roifile import ImagejRoi

    box = shape.bounds
    packed = ImagejRoi()
    packed.roitype = kind
    packed.left, packed.top, packed.right, packed.bottom = (
        round(edge) for edge in (box.left, box.top, box.right, box.bottom)
    )
    packed.xd, packed.yd = float(packed.left), float(packed.top)
    packed.widthd, packed.heightd = float(packed.right - packed.left), float(packed.bottom - packed.top)
    return packed


def _outline(shape: Shape) -> tuple[tuple[Place, ...], str]:
    """Return coordinates as ImageJ counts them, and its word for the kind."""
    if isinstance(shape, Line):
        return tuple((x - CENTRE, y - CENTRE) for x, y in shape.points), "POLYLINE"
    if isinstance(shape, Point):
        return ((shape.x - CENTRE, shape.y - CENTRE),), "POINT"
    if isinstance(shape, Ellipse):
        return shape.corners(max(96, min(10_000, round(2 * shape.length)))), "POLYGON"
    is_freehand = isinstance(shape, Polygon) and shape.is_freehand
    return shape.outline, "FREEHAND" if is_freehand else "POLYGON"


def _file_name(name: str, taken: set[str]) -> str:
    """Return a name that no other region of the file has, without the signs that separate folders."""
    clean = "".join("_" if letter in '/\\:*?"<>|' or ord(letter) < 32 else letter for letter in name).strip()
    clean = clean[:120] or "region"
    free, number = clean, 1
    while free.lower() in taken:
        number += 1
        free = f"{clean} ({number})"
    taken.add(free.lower())
    return free


# Reading


def _unpacked(content: bytes, path: Path) -> list[tuple[str, bytes]]:
    """Return name and content of every region of a file."""
    if not content.startswith(b"PK"):
        return [(path.stem, content)]
    found, total = [], 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [one for one in archive.infolist() if one.filename.lower().endswith(".roi")]
            if len(entries) > MOST_ROIS:
                raise _too_large(path)
            for entry in entries:
                with archive.open(entry) as file:
                    packed = file.read(MOST_BYTES - total + 1)
                total += len(packed)
                if total > MOST_BYTES:
                    raise _too_large(path)
                found.append((entry.filename.rsplit("/", 1)[-1][:-4], packed))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Damaged(
            f"{path.name} is damaged: the regions in it cannot be unpacked.",
            hint="Copy the file again, or save the regions again from the ROI manager of ImageJ.",
            path=str(path),
        ) from error
    return found


def _shapes(packed: bytes, name: str, stack: tuple[int, int, int]) -> list[Roi]:
    """Return the shapes of one region of ImageJ: none if it is of another kind or damaged."""
    from roifile import ImagejRoi

    try:
        roi = ImagejRoi.frombytes(packed)
        if roi.n_coordinates > MOST_POINTS:
            return []
        shapes = _converted(roi)
    except (ValueError, TypeError, IndexError, OverflowError, struct.error):
        return []
    shapes = [shape for shape in shapes if _is_possible(shape)]
    c, z, t = _position(roi, stack)
    called = str(roi.name or name)[:200]
    several = len(shapes) > 1
    return [
        Roi(f"{called} {number}" if several else called, shape, c, z, t)
        for number, shape in enumerate(shapes, start=1)
    ]


def _converted(roi: Any) -> list[Shape]:
    from roifile import ROI_SUBTYPE, ROI_TYPE

    kind, subtype = roi.roitype, roi.subtype
    if subtype in (ROI_SUBTYPE.TEXT, ROI_SUBTYPE.IMAGE) or roi.composite:
        return []
    if kind in (ROI_TYPE.RECT, ROI_TYPE.OVAL):
        x, y, width, height = roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top
        if roi.subpixelrect:
            x, y, width, height = roi.xd, roi.yd, roi.widthd, roi.heightd
        made = Rectangle if kind == ROI_TYPE.RECT else Ellipse
        return [made(float(x), float(y), float(width), float(height))]
    width = float(roi.stroke_width) if roi.stroke_width > 1 else 0.0
    if kind == ROI_TYPE.LINE:
        ends = ((roi.x1 + CENTRE, roi.y1 + CENTRE), (roi.x2 + CENTRE, roi.y2 + CENTRE))
        return [Line(ends, width)]
    points = tuple((float(x), float(y)) for x, y in np.asarray(roi.coordinates(), np.float64).reshape(-1, 2))
    from_corner = tuple((x + CENTRE, y + CENTRE) for x, y in points)
    if kind in (ROI_TYPE.POLYLINE, ROI_TYPE.FREELINE, ROI_TYPE.ANGLE) and len(points) > 1:
        return [Line(from_corner, width)]
    if kind == ROI_TYPE.POINT:
        return [Point(x, y) for x, y in from_corner[:MOST_ROIS]]
    if kind in (ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED) and len(points) > 2:
        return [Polygon(points, is_freehand=kind != ROI_TYPE.POLYGON)]
    return []


def _is_possible(shape: Shape) -> bool:
    box = shape.bounds
    edges = (box.left, box.top, box.right, box.bottom)
    is_near = all(math.isfinite(edge) and abs(edge) < FARTHEST for edge in edges)
    is_large = isinstance(shape, Point | Line) or (box.right > box.left and box.bottom > box.top)
    return is_near and is_large


def _position(roi: Any, stack: tuple[int, int, int]) -> tuple[int | None, int | None, int | None]:
    """Return channel, plane and time, from 0."""
    named = (roi.c_position, roi.z_position, roi.t_position)
    if any(place > 0 for place in named):
        c, z, t = (place - 1 if place > 0 else None for place in named)
        return c, z, t
    if roi.position <= 0:
        return None, None, None
    channels, planes, _times = stack
    number = roi.position - 1
    return number % channels, number // channels % planes, number // (channels * planes)


def _too_large(path: Path) -> TooLarge:
    return TooLarge(
        f"{path.name} is larger than any list of regions should be; nothing was taken from it.",
        hint="Save fewer regions at a time from the ROI manager of ImageJ.",
        path=str(path),
    )
