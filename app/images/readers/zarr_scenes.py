"""Which images a Zarr hierarchy holds: found in its metadata, without opening every one of them."""

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path

from app.images import ome
from app.images.errors import Damaged, NoPixels, UnknownFormat
from app.images.folders import natural_key
from app.images.readers.zarr_store import Json, Node, Store

MOST_SCENES = 100_000
MOST_WELLS = 20_000  # of a plate
MOST_FIELDS = 10_000  # of a well
MOST_ARRAYS = 10_000  # of a plain group
MOST_LABELLED = 200  # images that are asked for their labels
MOST_XML = 64 << 20
KEPT_SECONDS = 30
READERS = 8  # wells at a time, for drives that answer late


@dataclass(frozen=True, slots=True)
class Scene:
    """One image: its name, its group or array, and which of the group's multiscale images it is."""

    name: str
    path: str
    number: int = 0


def scenes_of(store: Store) -> tuple[Scene, ...]:
    """Return all images below a folder, in an order that stays.

    Raises
    ------
    UnknownFormat
        If the folder is no Zarr hierarchy.
    NoPixels
        If it holds no image.
    Damaged
        If its metadata make no sense.
    """
    root = store.node()
    if root is None:
        raise UnknownFormat(
            f"{store.name} is a folder, not an image.", hint="Open the images in it.", path=str(store.folder)
        )
    if root.array is None and isinstance(root.ome.get("plate"), dict):
        half_minute = int(time.monotonic() // KEPT_SECONDS)
        found = _fields_of_plate(store.folder, json.dumps(root.ome["plate"]), half_minute)
    else:
        found = tuple(islice(_found(store, root), MOST_SCENES))
    if not found:
        raise NoPixels(
            f"{store.name} is a Zarr folder without images.",
            hint="Copy it again from where it was recorded; parts of it may be missing.",
            path=str(store.folder),
        )
    return found


def joined(*parts: str) -> str:
    """Return a path within a hierarchy."""
    return "/".join(part.rstrip("/") if part != "/" else part for part in parts if part)


def multiscales(node: Node) -> list[Json]:
    """Return the multiscale images of a group."""
    return _dicts(node.ome.get("multiscales"))


def _found(store: Store, root: Node) -> Iterator[Scene]:
    if root.array is not None:
        yield Scene("", "")
    elif isinstance(root.ome.get("well"), dict):
        yield from _with_labels(store, _well(root, "", store.name))
    elif multiscales(root):
        yield from _with_labels(store, _images(root))
    elif "bioformats2raw.layout" in root.ome:
        yield from _with_labels(store, _series(store))
    else:
        yield from _arrays(store)


def _images(node: Node, name: str = "") -> Iterator[Scene]:
    for number, image in enumerate(multiscales(node)):
        yield Scene(_text(image.get("name")) or name, node.path, number)


@lru_cache(maxsize=2)
def _fields_of_plate(folder: Path, plate: str, _half_minute: int) -> tuple[Scene, ...]:
    """Return the fields of a plate, remembered while a person goes from one to the next."""
    return tuple(islice(_plate(Store(folder), json.loads(plate)), MOST_SCENES))


def _plate(store: Store, plate: Json) -> Iterator[Scene]:
    """Yield the fields of a plate, well after well; the images themselves are not opened."""
    wells = [well for well in _dicts(plate.get("wells")) if _text(well.get("path"))]
    count = plate.get("field_count")
    expected = min(count, MOST_FIELDS) if type(count) is int and count > 0 else 1
    paths = [_text(well["path"]).rstrip("/") for well in sorted(wells[:MOST_WELLS], key=_place)]
    with ThreadPoolExecutor(READERS) as threads:
        for fields in threads.map(partial(_fields, store, expected=expected), paths):
            yield from fields


def _fields(store: Store, path: str, *, expected: int) -> list[Scene]:
    try:
        node = store.node(path)
    except Damaged:
        store.inside(path)  # a path that leads elsewhere is refused, a damaged well shows when it is opened
        return [Scene(_field(path, number), joined(path, str(number))) for number in range(expected)]
    return [] if node is None else list(_well(node, path, path))


def _well(node: Node, path: str, name: str) -> Iterator[Scene]:
    well = node.ome.get("well")
    images = _dicts(well.get("images") if isinstance(well, dict) else None)
    names = sorted((_text(image.get("path")) for image in images), key=natural_key)
    for number, inner in enumerate([one for one in names if one][:MOST_FIELDS]):
        yield Scene(_field(name if path else "", number), joined(path, inner))


def _field(well: str, number: int) -> str:
    return f"{well}, field {number + 1}" if well else f"Field {number + 1}"


def _place(well: Json) -> tuple[object, ...]:
    """Return where a well lies on the plate, to sort by."""
    row, column, path = well.get("rowIndex"), well.get("columnIndex"), _text(well.get("path"))
    if type(row) is int and type(column) is int:
        return (0, row, column, natural_key(path))
    letters = re.match(r"[A-Za-z]*", path)
    return (1, len(letters[0]) if letters else 0, 0, natural_key(path))


def _series(store: Store) -> Iterator[Scene]:
    """Yield the images of a container as Bio-Formats writes it: numbered groups beside their description."""
    described = store.node("OME")
    listed = described.ome.get("series") if described is not None else None
    paths = [_text(one) for one in listed] if isinstance(listed, list) else []
    if not any(paths):
        paths = sorted((name for name in store.inner() if name.isdecimal()), key=natural_key)
    names = _xml_names(store)
    for number, path in enumerate(one for one in paths if one):
        yield Scene(names[number] if number < len(names) else "", path)


def _xml_names(store: Store) -> list[str]:
    """Return the names of the series in the OME-XML of a container; none if it is of no use."""
    file = store.inside("OME/METADATA.ome.xml")
    try:
        if not file.is_file() or file.stat().st_size > MOST_XML:
            return []
        return [image.name for image in ome.images(ome.parse(file.read_text("utf-8", "replace")))]
    except (OSError, ValueError):
        return []


def _arrays(store: Store) -> Iterator[Scene]:
    """Yield the arrays in a plain group that can be images."""
    for name in sorted(store.inner(), key=natural_key)[:MOST_ARRAYS]:
        try:
            node = store.node(name)
        except Damaged:
            continue
        if node is not None and node.array is not None and len(_list(node.array.get("shape"))) >= 2:
            yield Scene(name, name)


def _with_labels(store: Store, scenes: Iterator[Scene]) -> Iterator[Scene]:
    """Yield images, and behind them the labels that belong to them."""
    images = list(scenes)
    yield from images
    paths = dict.fromkeys(image.path for image in images)
    for path in islice(paths, MOST_LABELLED):
        above = joined(path, "labels")
        try:
            group = store.node(above)
        except Damaged:
            continue
        for name in _list(group.ome.get("labels") if group is not None else None):
            if text := _text(name):
                title = f"Labels {text}" if len(paths) == 1 else f"Labels {text} of {path}"
                yield Scene(title, joined(above, text))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _dicts(value: object) -> list[Json]:
    return [one for one in _list(value) if isinstance(one, dict)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if type(value) is int else ""
