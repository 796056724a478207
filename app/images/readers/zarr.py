"""Reads OME-Zarr 0.1 to 0.5 and plain Zarr arrays: images, plates, wells, containers of several images."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from app.images.errors import NoSuchScene, TooLarge
from app.images.metadata import Entry
from app.images.readers.zarr_array import ZarrArray, codecs_of
from app.images.readers.zarr_image import Layout, layout_of
from app.images.readers.zarr_scenes import Scene, scenes_of
from app.images.readers.zarr_store import Node, Store
from models.source import AXES, ImageInfo, Pixels, Range, Region

MOST_BYTES = 1 << 36  # nobody means to read more at once
MOST_LINES = 20_000  # of the tree of metadata
SHORT = 120  # characters of a list that is told in one line


class ZarrSource:
    """One image of a Zarr hierarchy; see `models.source.ImageSource`."""

    def __init__(self, store: Store, layout: Layout, info: ImageInfo) -> None:
        self.info = info
        self._store = store
        self._layout = layout
        self._lock = threading.Lock()
        self._arrays: dict[int, ZarrArray] = {}
        self._is_closed = False
        letters = layout.letters
        self._stack = tuple(axis for axis, letter in enumerate(letters) if letter not in "YX")
        kept = [letter for letter in letters if letter != "-"]
        self._order = tuple(kept.index(letter) for letter in AXES if letter in kept)
        self._added = tuple(axis for axis, letter in enumerate(AXES) if letter not in kept)
        self._dropped = tuple(axis for axis, letter in enumerate(letters) if letter == "-")
        self._array(0)

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`.

        Raises
        ------
        Damaged
            If a chunk cannot be unpacked or is a link elsewhere.
        FileGone
            If the folder is not there any more.
        ValueError
            If `region` does not lie in the image.
        """
        self._check(region)
        if 0 in region.shape:
            return np.empty(region.shape, self.info.dtype)
        depth, full = self._layout.levels[region.level].shape[2], self.info.shape[2]
        if depth == full:
            return self._box(region.level, region.ranges)
        planes = np.arange(*region.z) * depth // full
        first = int(planes[0])
        t, c, _, y, x = region.ranges
        return self._box(region.level, (t, c, (first, int(planes[-1]) + 1), y, x))[:, :, planes - first]

    def close(self) -> None:
        """Forget the arrays; closing twice does no harm."""
        with self._lock:
            self._is_closed = True
            self._arrays.clear()

    def _box(self, level: int, ranges: tuple[Range, ...]) -> Pixels:
        along = dict(zip(AXES, ranges, strict=True))
        pixels = self._array(level).read([along.get(letter, (0, 1)) for letter in self._layout.letters])
        if self._dropped:
            pixels = pixels.squeeze(self._dropped)
        return np.expand_dims(pixels.transpose(self._order), self._added)

    def _array(self, level: int) -> ZarrArray:
        with self._lock:
            if self._is_closed:
                raise ValueError(f"{self._store.name} is closed")
            found = self._arrays.get(level)
        if found is None:
            found = ZarrArray(self._store, self._layout.levels[level].node, self._stack)
            with self._lock:
                self._arrays[level] = found
        return found

    def _check(self, region: Region) -> None:
        shape = self.info.shapes[region.level]
        if not all(0 <= low <= high <= size for (low, high), size in zip(region.ranges, shape, strict=True)):
            raise ValueError(f"{region} does not lie in an image of {shape}")
        if int(np.prod(region.shape, dtype=np.float64)) * np.dtype(self.info.dtype).itemsize > MOST_BYTES:
            raise TooLarge(
                f"This part of {self._store.name} is more than fits into memory.",
                hint="Look at single planes or smaller parts.",
                path=str(self._store.folder),
            )


def open_source(path: Path, scene: int = 0, *, partial: bool = False) -> ZarrSource:  # noqa: ARG001 - all readers
    """Open image `scene` of a Zarr folder; see `app.images.open.open_image`.

    `partial` makes no difference here: chunks that are missing count as empty.
    """
    store = Store(path)
    scenes = scenes_of(store)
    layout = layout_of(store, _chosen(store, scenes, scene))
    return ZarrSource(store, layout, _info(path, scene, scenes, layout))


def metadata(path: Path, scene: int = 0) -> tuple[Entry, ...]:
    """Return what the folder says of itself and of image `scene`: attributes, and facts of each level.

    Raises
    ------
    ImageError
        As `open_source`.
    """
    store = Store(path)
    chosen = _chosen(store, scenes_of(store), scene)
    layout = layout_of(store, chosen)
    lines = _Lines()
    found: list[Entry] = []
    for title, place in {"Folder": "", "Image": chosen.path}.items():
        node = store.node(place)
        if node is not None and node.attributes and (place or title == "Folder"):
            named = f"{title} {place}" if place else title
            found.append(Entry(named, f"Zarr format {node.version}", lines.of(node.attributes)))
    levels = tuple(_level(one.node, one.facts.dtype) for one in layout.levels)
    return (*found, Entry("Levels", str(len(levels)), levels))


class _Lines:
    """Turns attributes into lines, not more than a person could look through."""

    def __init__(self) -> None:
        self._left = MOST_LINES

    def of(self, content: dict[str, Any] | list[Any]) -> tuple[Entry, ...]:
        """Return a line for each member of `content`, with the lines below it."""
        named = content.items() if isinstance(content, dict) else enumerate(content, start=1)
        return tuple(self._entries((str(name), value) for name, value in named))

    def _entries(self, named: Iterator[tuple[str, Any]]) -> Iterator[Entry]:
        for name, value in named:
            if not self._left:
                return
            self._left -= 1
            if not isinstance(value, dict | list):
                yield Entry(name, _word(value))
            elif isinstance(value, list) and (words := _in_one_line(value)):
                yield Entry(name, words)
            else:
                yield Entry(name, "", self.of(value))


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def _in_one_line(values: list[Any]) -> str:
    if any(isinstance(value, dict | list) for value in values[:SHORT]) or len(values) > SHORT:
        return ""
    words = ", ".join(map(_word, values))
    return words if len(words) <= SHORT else ""


def _level(node: Node, dtype: str) -> Entry:
    array = node.array or {}
    inner = _Lines().of({name: value for name, value in array.items() if name != "attributes"})
    facts = (
        Entry("shape", " x ".join(map(str, array["shape"]))),
        Entry("pixel type", dtype),
        Entry("packed by", codecs_of(array, node.version)),
        Entry("array", f"Zarr format {node.version}", inner),
    )
    own = (Entry("attributes", "", _Lines().of(node.attributes)),) if node.attributes else ()
    return Entry(node.path or "array", "", facts + own)


def _chosen(store: Store, scenes: tuple[Scene, ...], scene: int) -> Scene:
    if not 0 <= scene < len(scenes):
        many = "1 image" if len(scenes) == 1 else f"{len(scenes)} images"
        raise NoSuchScene(
            f"{store.name} holds {many}; there is no number {scene + 1}.",
            hint="Choose one that is there.",
            path=str(store.folder),
            scenes=len(scenes),
        )
    return scenes[scene]


def _info(path: Path, scene: int, scenes: tuple[Scene, ...], layout: Layout) -> ImageInfo:
    full = layout.levels[0]
    t, c, z, _, _ = full.shape
    size, doubts = layout.scale.settled()
    return ImageInfo(
        uri=str(path),
        scene=scene,
        scenes=tuple(one.name or f"Image {index + 1}" for index, one in enumerate(scenes)),
        shapes=tuple((t, c, z, *level.shape[3:]) for level in layout.levels),
        dtype="uint8" if full.facts.dtype == "bool" else full.facts.dtype,
        axes="".join(axis for axis, count in zip("TCZ", (t, c, z), strict=True) if count > 1) + "YX",
        pixel_size_um=size,
        channels=layout.channels,
        time_interval_s=layout.scale.interval_s,
        doubts=layout.doubts + doubts,
    )
