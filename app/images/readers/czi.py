"""CZI files of Zeiss: scenes, mosaics as one picture, and the coarser levels that the file has.

The library ends the process on some damaged files, so this runs in a process of its own, see
`app.images.isolated`.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.images import xml_text
from app.images.errors import NoPixels, Truncated
from app.images.metadata import Entry, Gatherer
from app.images.partial import Plane
from app.images.readers import czi_cut
from app.images.readers.czi_head import Notes, check_head, notes
from app.images.readers.planes import (
    PlaneSource,
    check_scene,
    damaged,
    image_info,
    not_supported,
    translated,
)
from app.images.scale import Scale
from models.source import Pixels, Region, Shape5

TYPES = {
    "Gray8": ("u1", 1), "Gray16": ("u2", 1), "Gray32Float": ("f4", 1), "Bgr24": ("u1", 3), "Bgr48": ("u2", 3),
    "Bgr96Float": ("f4", 3),
}  # fmt: skip
HIDDEN = "RIHV"  # rotation, illumination, phase, view: each is a scene of its own
MOST_SCENES = 100_000
MOST_CHANNELS = 10_000
MOST_BLOCKS = 1_000_000
LARGEST = 1 << 31  # pixels along an edge
LEVELS = 16

Reader = Any  # pylibCZIrw.czi.CziReader: it is not typed


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image lies in the file.

    Attributes
    ----------
    name : str
    scene : int or None
        None where the file knows no scenes.
    left, top, width, height : int
        In pixels of the full resolution.
    hidden : dict
        Position along the axes that are neither T, C nor Z.
    """

    name: str
    scene: int | None
    left: int
    top: int
    width: int
    height: int
    hidden: dict[str, int]


def open_source(path: Path, scene: int = 0, *, partial: bool = False) -> PlaneSource:
    """Open a scene of a CZI file; see `app.images.open.open_image`."""
    with translated(path):
        try:
            reader = _opened(path)
        except Truncated:
            return czi_cut.opened(path, scene, partial=partial)
        try:
            counts = {axis: int(stop) for axis, (_, stop) in reader.total_bounding_box.items()}
            c = counts["C"]
            if not 0 < c <= MOST_CHANNELS:
                raise damaged(path, f"it claims to have {c} channels")
            kinds = [reader.get_channel_pixel_type(index) for index in range(c)]
            dtype, samples = _kind(path, kinds)
            told = _notes(reader, dtype)
            places = _places(path, reader, counts, told)
            check_scene(path, scene, len(places))
            place = places[scene]
            steps = _steps(reader, place)
            shapes: list[Shape5] = [
                (counts["T"], c * samples, counts["Z"], place.height // step, place.width // step)
                for step in steps
            ]
            channels = [channel for channel in told.channels[:c] for _ in range(samples)]
            info = image_info(
                path, scene, [one.name for one in places], shapes, dtype, channels=channels, scale=told.scale,
                is_rgb=c == 1 and samples == 3,
            )  # fmt: skip
            return PlaneSource(path, info, _CziPlanes(reader, place, kinds, samples, steps))
        except BaseException:
            reader.close()
            raise


def metadata(path: Path, scene: int) -> tuple[Entry, ...]:  # noqa: ARG001 - all readers
    """Return the XML of the file as a tree; `scene` makes no difference."""
    with translated(path):
        reader = _opened(path)
        try:
            return Gatherer().xml(xml_text.parse(reader.raw_metadata)).entries
        finally:
            reader.close()


class _CziPlanes:
    """Reads boxes put together from the tiles of a scene; a `app.images.readers.planes.Planes`."""

    def __init__(
        self, reader: Reader, place: Place, kinds: list[str], samples: int, steps: list[int]
    ) -> None:
        self._reader = reader
        self._place = place
        self._kinds = kinds
        self._samples = samples
        self._steps = steps

    def fill(self, region: Region, out: Pixels) -> None:
        """Write the pixels of `region` into `out`."""
        samples = self._samples
        first, last = region.c[0] // samples, -(-region.c[1] // samples)
        for i, t in enumerate(range(*region.t)):
            for k, z in enumerate(range(*region.z)):
                for c in range(first, last):
                    box = self._box({"T": t, "C": c, "Z": z}, region)
                    for sample in range(samples):
                        j = c * samples + sample - region.c[0]
                        if 0 <= j < out.shape[1]:
                            out[i, j, k] = box[..., samples - 1 - sample]  # blue comes first

    def missing(self) -> frozenset[Plane]:
        """Return no planes: files that end too early are read otherwise."""
        return frozenset()

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def _box(self, at: dict[str, int], region: Region) -> NDArray[Any]:
        """Return the box of one plane, shape (rows, columns, samples)."""
        step, place = self._steps[region.level], self._place
        (top, bottom), (left, right) = region.y, region.x
        roi = (place.left + left * step, place.top + top * step, (right - left) * step, (bottom - top) * step)
        found = self._reader.read(
            roi=roi,
            plane=at | place.hidden,
            scene=place.scene,
            zoom=1 / step,
            pixel_type=self._kinds[at["C"]],
        )
        rows, columns = bottom - top, right - left
        missing = (rows - found.shape[0], columns - found.shape[1])  # a pixel that rounding has lost
        if max(missing) > 0:
            found = np.pad(found, ((0, max(0, missing[0])), (0, max(0, missing[1])), (0, 0)), mode="edge")
        box: NDArray[Any] = found[:rows, :columns]
        return box


def _opened(path: Path) -> Reader:
    check_head(path)
    from pylibCZIrw import czi

    return czi.CziReader(str(path))


def _kind(path: Path, kinds: list[str]) -> tuple[np.dtype[Any], int]:
    """Return the type that holds the pixels of all channels, and the samples of each."""
    if set(kinds) == {"Invalid"}:
        raise NoPixels(f"{path.name} holds no pixels.", hint="Copy it again.", path=str(path))
    if not set(kinds) <= set(TYPES):
        raise not_supported(path, ", ".join(sorted(set(kinds) - set(TYPES)))[:60])
    samples = {TYPES[kind][1] for kind in kinds}
    if len(samples) > 1:
        raise not_supported(path, "channels in colour beside others")
    return np.result_type(*(np.dtype(TYPES[kind][0]) for kind in kinds)), samples.pop()


def _notes(reader: Reader, dtype: np.dtype[Any]) -> Notes:
    """Return what the XML says; nothing if it is damaged, for the pixels are whole."""
    top = float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0
    try:
        return notes(reader.raw_metadata, top)
    except (ValueError, RuntimeError):
        return Notes(Scale(), {}, ())


def _places(path: Path, reader: Reader, counts: dict[str, int], told: Notes) -> list[Place]:
    try:
        scenes: dict[int | None, Any] = dict(reader.scenes_bounding_rectangle_no_pyramid)
    except ValueError:  # the library finds the scenes contradictory
        scenes = {}
    scenes = scenes or {None: reader.total_bounding_rectangle_no_pyramid}
    axes = [axis for axis in HIDDEN if counts.get(axis, 1) > 1]
    many = len(scenes) * math.prod(counts[axis] for axis in axes)
    if many > MOST_SCENES:
        raise damaged(path, f"it claims to hold {many} images")
    places = []
    for index in sorted(scenes, key=lambda one: one or 0):
        box = scenes[index]
        if not (0 < box.w < LARGEST and 0 < box.h < LARGEST):
            raise damaged(path, f"its size of {box.w} x {box.h} makes no sense")
        name = told.scenes.get(index or 0, "")
        for hidden in np.ndindex(*(counts[axis] for axis in axes)):
            at = dict(zip(axes, map(int, hidden), strict=True))
            note = ", ".join(f"{axis} {place + 1}" for axis, place in at.items())
            label = f"{name or f'Scene {(index or 0) + 1}'}, {note}" if note else name
            places.append(Place(label, index, int(box.x), int(box.y), int(box.w), int(box.h), at))
    return places


def _steps(reader: Reader, place: Place) -> list[int]:
    """Return by how much each level of the file is coarser than the full resolution, beginning with 1."""
    found = {1}
    count = 0

    def note(_: int, block: Any) -> bool:
        nonlocal count
        count += 1
        stored, logical = block.physicalSize, block.logicalRect
        if 0 < stored.w < logical.w and 0 < stored.h < logical.h:
            found.add(round(min(logical.w / stored.w, logical.h / stored.h)))
        return count < MOST_BLOCKS

    box = (place.left, place.top, place.width, place.height)
    reader.enumerate_subblocks_subset(note, roi=box)
    edge = min(place.width, place.height)
    return sorted(step for step in found if step == 1 or 2 <= step <= edge // 2)[:LEVELS]
