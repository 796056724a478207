"""One multiscale image of OME-Zarr: what its axes, levels, sizes and channels mean."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.images.errors import Damaged, NoPixels, NotSupported
from app.images.ome import MICROMETRES, SECONDS
from app.images.readers.zarr_array import Facts, facts_of
from app.images.readers.zarr_scenes import Scene, joined, multiscales
from app.images.readers.zarr_store import Json, Node, Store
from app.images.scale import Scale
from models.source import AXES, Channel, Doubt, PixelSize, Shape5

MOST_PLANES = 2_000_000
MOST_CHANNELS = 10_000
MOST_LEVELS = 64
MOST_BYTES = 1 << 60  # an image that claims more is none
COLOURS = (3, 4)  # samples per pixel
LETTERS = {2: "YX", 3: "ZYX", 4: "CZYX", 5: "TCZYX"}  # of arrays that do not name their axes
KINDS = {"time": "T", "channel": "C"}
LENGTHS = MICROMETRES | {
    "angstrom": 1e-4, "attometer": 1e-12, "centimeter": 1e4, "decimeter": 1e5, "femtometer": 1e-9,
    "foot": 304800.0, "hectometer": 1e8, "inch": 25400.0, "kilometer": 1e9, "megameter": 1e12, "meter": 1e6,
    "micrometer": 1.0, "micrometre": 1.0, "micron": 1.0, "microns": 1.0, "mile": 1.609344e9,
    "millimeter": 1e3, "nanometer": 1e-3, "nanometre": 1e-3, "picometer": 1e-6, "yard": 914400.0,
}  # fmt: skip
TIMES = SECONDS | {
    "day": 86400.0, "hour": 3600.0, "microsecond": 1e-6, "millisecond": 1e-3, "minute": 60.0,
    "nanosecond": 1e-9, "second": 1.0, "seconds": 1.0, "sec": 1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution: its array, and its shape along TCZYX; depth may be coarser than that of the image."""

    node: Node
    facts: Facts
    shape: Shape5


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of one image.

    Attributes
    ----------
    letters : str
        For each axis of the arrays the letter of the axis that it is; ``-`` for one of length 1 that is
        none of them.
    levels : tuple of Level
        The full resolution first.
    channels : tuple of Channel
    scale : Scale
    doubts : tuple of Doubt
        About axes.
    """

    letters: str
    levels: tuple[Level, ...]
    channels: tuple[Channel, ...]
    scale: Scale
    doubts: tuple[Doubt, ...]


def layout_of(store: Store, scene: Scene) -> Layout:
    """Return what the metadata of one image say.

    Raises
    ------
    Damaged
        If they contradict themselves, or lead out of the folder.
    NoPixels
        If the image is empty.
    NotSupported
        If it has axes or pixels that have no place here.
    """
    group = store.node(scene.path)
    if group is None:
        raise store.damaged(f"the image {scene.path} is missing", image=scene.path)
    if group.array is not None:
        return _plain(store, group)
    images = multiscales(group)
    if scene.number >= len(images):
        raise store.damaged(f"{scene.path or 'its description'} describes no image", image=scene.path)
    return _multiscale(store, group, images[scene.number])


def axes_of(described: object, shape: Sequence[int]) -> tuple[str, tuple[Doubt, ...]]:
    """Return the letter of each axis as `Layout.letters` has them, and whether that is doubtful.

    Parameters
    ----------
    described : object
        The ``axes`` of a multiscale image: names (0.3), or objects with ``name`` and ``type`` (0.4).
    shape : sequence of int
        Lengths of the axes.

    Raises
    ------
    ValueError
        If the axes have no place among T, C, Z, Y, X.
    """
    if not isinstance(described, list) or len(described) != len(shape):
        return _guessed(shape), ("axes",)
    axes = [one if isinstance(one, dict) else {"name": one} for one in described]
    letters = [str(one.get("name", "")).upper() for one in axes]
    letters = [letter if letter in tuple(AXES) else "" for letter in letters]
    if len(set(letters) - {""}) != len([letter for letter in letters if letter]):
        raise ValueError("an axis twice")
    for index, one in enumerate(axes):
        kind = KINDS.get(str(one.get("type")))
        if not letters[index] and kind and kind not in letters:
            letters[index] = kind
    for letter in "XYZ":  # lengths with other names: the last one is X
        free = [i for i, one in enumerate(axes) if not letters[i] and one.get("type") == "space"]
        if letter not in letters and free:
            letters[free[-1]] = letter
    doubts: tuple[Doubt, ...] = ()
    for index, length in enumerate(shape):
        if letters[index]:
            continue
        left = [letter for letter in "TZC" if letter not in letters]
        if length != 1 and not left:
            raise ValueError("more axes than there is room for")
        letters[index] = left[0] if length != 1 else "-"
        doubts = ("axes",) if length != 1 else doubts
    if not {"Y", "X"} <= set(letters):
        raise ValueError("no rows or no columns")
    return "".join(letters), doubts


def _guessed(shape: Sequence[int]) -> str:
    """Return letters for axes without names: leading ones of length 1 do not count, colours come last."""
    count = len(shape)
    extra = max(0, count - 5)
    if any(length != 1 for length in shape[:extra]) or count < 2:
        raise ValueError("more axes than there is room for")
    is_last_colour = count == 3 and shape[-1] in COLOURS and min(shape[:2]) > max(COLOURS)
    return "-" * extra + ("YXC" if is_last_colour else LETTERS[count - extra])


def _plain(store: Store, node: Node) -> Layout:
    """Return the layout of an array that nobody describes; its axes may have names."""
    facts = facts_of(node, store)
    named = (node.array or {}).get("dimension_names") or node.attributes.get("_ARRAY_DIMENSIONS")
    letters, doubts = _axes(store, _initials(named), facts)
    level = Level(node, facts, _shape(letters, facts.shape))
    _check(store, level)
    channels = (Channel(""),) * level.shape[1]
    return Layout(letters, (level,), channels, Scale(), doubts)


def _initials(named: object) -> object:
    """Return names of axes of which each is a known letter, or None."""
    is_known = isinstance(named, list) and all(str(one).upper() in tuple(AXES) for one in named)
    return named if is_known else None


def _multiscale(store: Store, group: Node, image: Json) -> Layout:
    datasets = [one for one in _list(image.get("datasets"))[:MOST_LEVELS] if isinstance(one, dict)]
    paths = [joined(group.path, str(one.get("path", ""))) for one in datasets]
    for one in datasets:
        store.inside(str(one.get("path", "")))
    first = store.node(paths[0]) if paths else None
    if first is None or first.array is None:
        raise store.damaged("its full resolution is missing", image=group.path)
    facts = facts_of(first, store)
    letters, doubts = _axes(store, image.get("axes"), facts)
    full = Level(first, facts, _shape(letters, facts.shape))
    _check(store, full)
    return Layout(
        letters=letters,
        levels=(full, *_coarser(store, full, letters, [_array(store, path) for path in paths[1:]])),
        channels=_channels(group, full.shape[1]),
        scale=_scale(letters, image, datasets[0], full.shape),
        doubts=doubts,
    )


def _array(store: Store, path: str) -> Node | None:
    """Return the array at `path`; None if it is missing or damaged."""
    try:
        node = store.node(path)
    except Damaged:
        return None
    return node if node is not None and node.array is not None else None


def _axes(store: Store, described: object, facts: Facts) -> tuple[str, tuple[Doubt, ...]]:
    try:
        return axes_of(described, facts.shape)
    except ValueError as error:
        raise NotSupported(
            f"{store.name} has axes that cannot be shown as an image ({error}).",
            hint="Save it with the axes T, C, Z, Y and X, or some of them.",
            path=str(store.folder),
        ) from error


def _shape(letters: str, lengths: Sequence[int]) -> Shape5:
    along = dict(zip(letters, lengths, strict=True))
    t, c, z, y, x = (along.get(letter, 1) for letter in AXES)
    return (t, c, z, y, x)


def _check(store: Store, level: Level) -> None:
    t, c, z, _, _ = level.shape
    if 0 in level.facts.shape:
        raise NoPixels(f"{store.name} has no pixels.", hint="Export it again.", path=str(store.folder))
    if t * c * z > MOST_PLANES or c > MOST_CHANNELS or math.prod(level.shape) > MOST_BYTES:
        raise store.damaged("it claims to hold more planes or pixels than any image has")


def _coarser(store: Store, full: Level, letters: str, nodes: Sequence[Node | None]) -> list[Level]:
    """Return the coarser levels that are there and fit the full one, the finest first."""
    found = []
    for node in nodes:
        try:
            facts = facts_of(node, store) if node is not None else None
        except (Damaged, NotSupported):
            continue
        if node is None or facts is None or len(facts.shape) != len(letters) or 0 in facts.shape:
            continue
        level = Level(node, facts, _shape(letters, facts.shape))
        fits = facts.dtype == full.facts.dtype and level.shape[:2] == full.shape[:2]
        if fits and level.shape[2] <= full.shape[2]:
            found.append(level)
    levels = [full]
    for level in sorted(found, key=lambda one: -one.shape[3] * one.shape[4]):
        (height, width), (above, left) = level.shape[3:], levels[-1].shape[3:]
        if height <= above and width <= left and height * width < above * left:
            levels.append(level)
    return levels[1:]


def _scale(letters: str, image: Json, dataset: Json, shape: Shape5) -> Scale:
    """Return pixel size and time interval out of the transformations of image and full resolution."""
    numbers = [1.0] * len(letters)
    is_said = False
    for where in (image, dataset):
        for step in _list(where.get("coordinateTransformations")):
            factors = _numbers(step.get("scale"), len(letters)) if isinstance(step, dict) else None
            if factors is not None:
                numbers = [number * factor for number, factor in zip(numbers, factors, strict=True)]
                is_said = True
    if not is_said:
        return Scale()
    described = _list(image.get("axes"))
    units = [str(one.get("unit") or "") if isinstance(one, dict) else "" for one in described]
    units += [""] * (len(letters) - len(units))
    known: dict[str, float] = {}
    is_odd = False
    for letter, number, unit in zip(letters, numbers, units, strict=False):
        factor = (TIMES if letter == "T" else LENGTHS).get(unit.strip() if unit else "")
        if factor is not None:
            known[letter] = number * factor
        elif letter in "YX" and (unit not in ("", "pixel", "pixels") or number != 1.0):
            is_odd = True
    interval = known.get("T") if shape[0] > 1 else None
    is_possible = interval is not None and math.isfinite(interval) and interval > 0
    size = PixelSize(known.get("Z"), known.get("Y"), known.get("X"))
    return Scale(size, interval if is_possible else None, is_odd)


def _numbers(value: object, count: int) -> list[float] | None:
    if not isinstance(value, list) or len(value) != count:
        return None
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in value):
        return None
    try:
        return [float(one) for one in value]
    except OverflowError:
        return None


def _channels(group: Node, count: int) -> tuple[Channel, ...]:
    omero = group.ome.get("omero")
    described = _list(omero.get("channels") if isinstance(omero, dict) else None)
    found = tuple(_channel(one) for one in described[:count])
    return found + (Channel(""),) * (count - len(found))


def _channel(described: Any) -> Channel:
    """Return one channel of ``omero``: label, colour, and the window that it is shown with."""
    if not isinstance(described, dict):
        return Channel("")
    label, colour, window = described.get("label"), described.get("color"), described.get("window")
    is_colour = isinstance(colour, str) and re.fullmatch(r"#?[0-9A-Fa-f]{6}", colour)
    ends = _numbers([window.get("start"), window.get("end")], 2) if isinstance(window, dict) else None
    is_range = ends is not None and all(map(math.isfinite, ends)) and ends[0] < ends[1]
    return Channel(
        name=label.strip()[:200] if isinstance(label, str) else "",
        colour="#" + str(colour).lstrip("#").lower() if is_colour else None,
        display=(ends[0], ends[1]) if ends is not None and is_range else None,
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
