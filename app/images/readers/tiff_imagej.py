"""TIFF files of ImageJ and Fiji: a few lines of text say what the stack is."""

import math
from typing import Any

from app.images import imagej
from app.images.readers.tiff_pages import Page, TiffHandle, is_plain
from app.images.readers.tiff_series import (
    Level,
    Series,
    check_count,
    coloured,
    located,
    numbered,
    planes_of,
    resolution,
)
from app.images.scale import from_imagej
from models.source import Doubt


def imagej_series(handle: TiffHandle) -> Series:
    """Return the stack that ImageJ's description speaks of."""
    first = handle.first
    notes = imagej.parse(first.imagej_description)
    order = notes.order.upper() if sorted(notes.order) == ["c", "t", "z"] else "CZT"
    counts, doubts = _counts(handle, first, notes)
    sizes = {axis: counts[axis] for axis in reversed(order)}
    pages = math.prod(sizes.values())
    check_count(pages)
    present, locate = located(handle, first, pages)
    numbers = numbered(sizes, first)
    ranges, luts, labels = stored_by_imagej(first)
    names = _names(labels, counts["C"]) if order[0] == "C" and counts["C"] > 1 else ()
    channels = imagej.channels_of(numbers.shape[1], notes, ranges, luts, names, first.dtype.name)
    numbers, channels = coloured(numbers, channels, first)
    return Series(
        name=handle.path.name,
        key=first,
        numbers=numbers,
        pages=pages,
        present=present,
        levels=(Level(first.imagelength, first.imagewidth, locate),),
        channels=channels,
        scale=from_imagej(notes, resolution(first)),
        doubts=doubts,
        file_bytes=handle.size,
    )


def stored_by_imagej(key: Page) -> tuple[tuple[float, ...], tuple[Any, ...], tuple[str, ...]]:
    """Return the display ranges, colour tables and labels of planes that ImageJ stored."""
    labels = tuple(str(label) for label in _stored(key, "Labels"))
    return _stored(key, "Ranges"), _stored(key, "LUTs"), labels


def infos_of_imagej(key: Page) -> tuple[str, ...]:
    """Return the texts that ImageJ shows as the image's info."""
    return tuple(str(text) for text in _stored(key, "Info"))


def _stored(key: Page, name: str) -> tuple[Any, ...]:
    """Return the entries of one name in ImageJ's block."""
    tag = key.tags.get(50839)
    stored = tag.value if tag is not None and isinstance(tag.value, dict) else {}
    value = stored.get(name, ())
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _counts(handle: TiffHandle, first: Page, notes: imagej.Notes) -> tuple[dict[str, int], tuple[Doubt, ...]]:
    """Return the pages along T, Z and C, and what is doubtful about them.

    ImageJ calls any plain stack "slices", also a time series. More images than the axes account for are
    taken for slices, as ImageJ itself does.
    """
    counts = {"T": notes.frames, "Z": notes.slices, "C": notes.channels}
    separate, _, inner = planes_of(first)
    if separate * inner > 1 and counts["C"] == separate * inner:
        counts["C"] = 1  # samples of a page, counted as channels
    pages = math.prod(counts.values())
    stated = notes.images
    if pages == stated == 1 and not is_plain(first):
        stated = handle.count()
    if stated > pages:
        if stated % pages == 0 and counts["Z"] == 1:
            counts["Z"] = stated // pages
        else:
            counts = {"T": 1, "Z": stated, "C": 1}
        return counts, ("axes",)
    is_unsure = notes.interval_s is not None or (notes.spacing is None and not notes.is_hyperstack)
    if counts["Z"] > 1 and counts["T"] == 1 and is_unsure:
        return counts, ("z_or_t",)
    return counts, ()


def _names(labels: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return the labels of the first planes as channel names, if they tell channels apart, no more."""
    names = tuple(label.strip() for label in labels[:count])
    again = tuple(label.strip() for label in labels[count : 2 * count])
    is_plain_text = all(name and "\n" not in name for name in names)
    return names if is_plain_text and len(set(names)) == count and again in ((), names) else ()
