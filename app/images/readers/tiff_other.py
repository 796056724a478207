"""All other dialects of TIFF, as tifffile groups their pages: plain, LSM, STK, slide scanners and more."""

import json
import math
import re
from typing import Any

import numpy as np

from app.images import imagej
from app.images.readers.tiff_pages import FOREIGN, Locate, Page, Segments, TiffHandle
from app.images.readers.tiff_series import (
    Level,
    Numbers,
    Series,
    check_count,
    coloured,
    located,
    numbered,
    planes_of,
    resolution,
)
from app.images.scale import Scale, from_resolution
from models.source import Channel, Doubt, PixelSize

LETTERS = {"T": "T", "Z": "Z", "C": "C", "S": "C", "E": "C"}  # S: samples, E: wavelengths


def other_series(handle: TiffHandle) -> list[Series]:
    """Return the images of a file that is neither OME-TIFF nor ImageJ's, or is badly described."""
    first = handle.first
    stated = _stated_pages(first)
    check_count(stated)
    handle.check_chain()
    with handle.awake():
        if stated > len(handle.file.pages) and not first.is_final:
            return [_plain(handle, first, stated)]
        if first.is_ome:  # tifffile would follow the description again
            return [_plain(handle, first, _alike(handle, first))]
        found = list(handle.file.series)
        if first.is_lsm:
            found = found[:1]  # the second holds thumbnails
        return [_series(handle, one) for one in found if one.dtype is not None and 0 not in one.shape]


def _series(handle: TiffHandle, found: Any) -> Series:
    key = found.keyframe
    axes = [(axis, size) for axis, size in zip(found.axes, found.shape, strict=True) if axis not in "YX"]
    pages = math.prod(size for _, size in axes) // math.prod(planes_of(key))
    numbers, doubts = _by_letters([letter for letter, _ in axes], [size for _, size in axes])
    scale, channels = _notes(handle, key)
    numbers, channels = coloured(numbers, channels, key)
    present, locate = _located(handle, found, pages)
    coarser = [
        Level(level.keyframe.imagelength, level.keyframe.imagewidth, _located(handle, level, pages)[1])
        for level in found.levels[1:]
        if planes_of(level.keyframe) == planes_of(key) and level.dtype == found.dtype
    ]
    return Series(
        name=found.name,
        key=key,
        numbers=numbers,
        pages=pages,
        present=present,
        levels=(Level(key.imagelength, key.imagewidth, locate), *coarser),
        channels=channels,
        scale=scale,
        doubts=doubts,
        file_bytes=handle.size,
    )


def _located(handle: TiffHandle, found: Any, pages: int) -> tuple[int, Locate]:
    """Return how many pages are there and where they lie."""
    key = found.keyframe
    if (pages > 1 and len(found) != pages) or (found.dataoffset is not None and key.index == 0):
        return located(handle, key, pages)

    def by_directory(index: int) -> Segments:
        with handle.awake():
            page = found[index]
        return Segments(handle, key, page.dataoffsets, page.databytecounts, page.jpegtables)

    return min(pages, len(found)), by_directory


def _stated_pages(first: Page) -> int:
    """Return how many pages tifffile's own note on the first page speaks of; 1 if there is none."""
    if not first.is_shaped:
        return 1
    try:
        shape: list[int] = json.loads(first.shaped_description)["shape"]
        return math.prod(map(int, shape)) // max(1, int(math.prod(first.shape)))
    except (ValueError, KeyError, TypeError):
        return 1


def _alike(handle: TiffHandle, first: Page) -> int:
    """Return how many pages from the first on are like it."""
    for index in range(1, handle.count()):
        try:
            handle.frame(index, first)
        except FOREIGN:
            return index
    return handle.count()


def _plain(handle: TiffHandle, first: Page, pages: int) -> Series:
    """Return a stack of `pages` pages about which nothing else is known."""
    numbers, channels = coloured(numbered({"T": 1, "C": 1, "Z": pages}, first), (), first)
    present, locate = located(handle, first, pages)
    return Series(
        name=handle.path.name,
        key=first,
        numbers=numbers,
        pages=pages,
        present=present,
        levels=(Level(first.imagelength, first.imagewidth, locate),),
        channels=channels,
        scale=Scale(),
        doubts=("axes",) if pages > 1 else (),
        file_bytes=handle.size,
    )


def _by_letters(letters: list[str], sizes: list[int]) -> tuple[Numbers, tuple[Doubt, ...]]:
    """Return plane numbers as (T, C, Z) for planes stored along `letters`, slowest first.

    An axis without a meaning becomes, from the fastest on, Z, then T, then C, whichever is free: so
    ImageJ takes a plain stack. It is doubted.
    """
    targets = [LETTERS.get(letter, "") for letter in letters]
    free = [axis for axis in "ZTC" if axis not in targets]
    doubts: set[Doubt] = set()
    for index in reversed(range(len(targets))):
        if not targets[index] and sizes[index] > 1:
            doubts.add("axes")
            targets[index] = free.pop(0) if free else "T"
    targets = [target or "T" for target in targets]
    check_count(math.prod(sizes))
    order = [index for axis in "TCZ" for index, target in enumerate(targets) if target == axis]
    shape = [math.prod(sizes[i] for i, target in enumerate(targets) if target == axis) for axis in "TCZ"]
    numbers = np.arange(math.prod(sizes)).reshape(sizes).transpose(order).reshape(shape)
    return numbers, tuple(doubts)


def _notes(handle: TiffHandle, key: Page) -> tuple[Scale, tuple[Channel, ...]]:
    """Return pixel size and channels from what LSM, STK and slide scanners store beside the pixels."""
    if handle.first.is_lsm:
        return _lsm_notes(handle.file.lsm_metadata or {})
    if key.is_stk:
        return _stk_notes(handle.file.stk_metadata or {}), ()
    match = re.search(r"\bMPP\s*=\s*([0-9.]+)", key.description) if key.is_svs else None
    if match:
        size = float(match[1]) or None
        return Scale(PixelSize(None, size, size)), ()
    return from_resolution(resolution(key), int(key.resolutionunit)), ()


def _lsm_notes(notes: dict[str, Any]) -> tuple[Scale, tuple[Channel, ...]]:
    z, y, x = (float(notes.get(f"VoxelSize{axis}") or 0) * 1e6 or None for axis in "ZYX")
    interval = float(notes.get("TimeIntervall") or 0) or None
    colours = notes.get("ChannelColors") or {}
    tints = ["#{:02x}{:02x}{:02x}".format(*colour[:3]) for colour in colours.get("Colors", ())]
    names = [str(name) for name in colours.get("ColorNames", ())]
    channels = tuple(
        Channel(name, tints[index] if index < len(tints) else None) for index, name in enumerate(names)
    )
    return Scale(PixelSize(z, y, x), interval), channels


def _stk_notes(notes: dict[str, Any]) -> Scale:
    factor = imagej.micrometres(str(notes.get("CalibrationUnits", "")))
    if not notes.get("SpatialCalibration") or factor is None:
        return Scale()
    x, y = (float(notes.get(f"{axis}Calibration") or 0) * factor or None for axis in "XY")
    return Scale(PixelSize(None, y, x))
