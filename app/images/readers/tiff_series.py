"""One image inside a TIFF file: which planes it has and on which pages they lie."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from app.images.errors import Damaged, NoPixels, too_good
from app.images.readers.tiff_pages import FOREIGN, Locate, Page, Segments, TiffHandle, is_plain
from app.images.scale import Resolution, Scale
from models.source import Channel, Doubt

MOST_PLANES = 2_000_000
PLAUSIBLE_BYTES = 1 << 30  # a file may claim so much whatever its size,
PLAUSIBLE_RATIO = 2000  # else this many times its size
COLOURS = (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR)
PRIMARIES = (Channel("Red", "#ff0000"), Channel("Green", "#00ff00"), Channel("Blue", "#0000ff"))

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution of an image: its size, and where each page of it lies."""

    height: int
    width: int
    locate: Locate


@dataclass(frozen=True, slots=True)
class Series:
    """One image of a file.

    Attributes
    ----------
    name : str
    key : Page
        A page like all others of the full resolution.
    numbers : (T, C, Z) int64
        Number of each plane: ``page * planes per page + plane within the page``.
    pages, present : int
        How many pages the image should have, and how many of the first are there.
    levels : tuple of Level
    channels : tuple of Channel
        As many as `numbers` has.
    scale : Scale
    doubts : tuple of Doubt
        About axes.
    file_bytes : int
        Size of all files that hold the image.
    """

    name: str
    key: Page
    numbers: Numbers
    pages: int
    present: int
    levels: tuple[Level, ...]
    channels: tuple[Channel, ...]
    scale: Scale
    doubts: tuple[Doubt, ...]
    file_bytes: int

    @property
    def per_page(self) -> tuple[int, int, int]:
        """Planes within a page: (separate samples, depth, interleaved samples)."""
        return planes_of(self.key)

    @property
    def is_rgb(self) -> bool:
        """The channels are red, green and blue."""
        return self.channels == PRIMARIES


def planes_of(key: Page) -> tuple[int, int, int]:
    """Return how many planes a page holds: (separate samples, depth, interleaved samples)."""
    separate, depth, _, _, inner = key.shaped
    return separate, depth, inner


def numbered(sizes: dict[str, int], key: Page) -> Numbers:
    """Return the (T, C, Z) numbers of planes whose pages lie along the axes `sizes`, slowest first.

    Within a page samples count along C and depth along Z.
    """
    axes = list(sizes)
    pages = math.prod(sizes.values())
    check_count(pages * math.prod(planes_of(key)))
    numbers = np.arange(pages).reshape(list(sizes.values())).transpose([axes.index(axis) for axis in "TCZ"])
    t, c, z = numbers.shape
    separate, depth, inner = planes_of(key)
    within = np.arange(separate * depth * inner).reshape(separate, depth, inner)
    planes = numbers[:, :, :, None, None, None] * within.size + within  # (t, c, z, separate, depth, inner)
    return planes.transpose(0, 1, 3, 5, 2, 4).reshape(t, c * separate * inner, z * depth)


def check_count(planes: int) -> None:
    """Raise ValueError if a file claims more planes than any has; nothing is allocated for them."""
    if planes > MOST_PLANES:
        raise ValueError(f"{planes} planes")


def coloured(
    numbers: Numbers, channels: tuple[Channel, ...], key: Page
) -> tuple[Numbers, tuple[Channel, ...]]:
    """Return planes and channels of an image: red, green, blue without opacity if it is in colour."""
    separate, _, inner = planes_of(key)
    samples = separate * inner
    is_colour = key.photometric in COLOURS and not key.is_lsm  # LSM calls all its channels so
    if is_colour and samples in (3, 4) and numbers.shape[1] == samples:
        return numbers[:, :3], PRIMARIES
    return numbers, (channels + (Channel(""),) * numbers.shape[1])[: numbers.shape[1]]


def located(handle: TiffHandle, first: Page, pages: int) -> tuple[int, Locate]:
    """Return how many of `pages` pages are there, and where each lies, beginning with `first`.

    ImageJ and others put all planes behind each other after the first directory, and write no further
    directories at all if the file is large.
    """
    start = first.dataoffsets[0] if first.dataoffsets else 0
    if start and is_plain(first) and first.is_final and _is_in_a_row(handle, first, start, pages):

        def in_a_row(index: int) -> Segments:
            return Segments(handle, first, (start + index * first.nbytes,), (first.nbytes,), is_whole=True)

        return max(0, min(pages, (handle.size - start) // first.nbytes)), in_a_row

    def by_directory(index: int) -> Segments:
        found = first if index == 0 else handle.frame(first.index + index, first)
        return Segments(handle, first, found.dataoffsets, found.databytecounts, found.jpegtables)

    return (1 if pages == 1 else min(pages, handle.count() - first.index)), by_directory


def resolution(key: Page) -> Resolution:
    """Return pixels per unit along y and x as the file has them."""

    def ratio(code: int) -> float | None:
        tag = key.tags.get(code)
        value: Any = tag.value if tag is not None else None
        if not isinstance(value, tuple) or len(value) != 2 or not value[0] or not value[1]:
            return None
        return float(value[0]) / float(value[1])

    return ratio(283), ratio(282)


def check_plausible(series: Series, handle: TiffHandle) -> None:
    """Raise an `ImageError` if an image is empty or claims more than its files can hold."""
    if series.numbers.size == 0:
        raise NoPixels(f"{handle.path.name} has no planes.", path=str(handle.path))
    level = series.levels[0]
    claimed = series.numbers.size * level.height * level.width * series.key.dtype.itemsize
    is_open_end = series.present < series.pages
    if claimed <= PLAUSIBLE_BYTES or claimed <= PLAUSIBLE_RATIO * series.file_bytes or is_open_end:
        return
    if claimed * _filled_share(series) > PLAUSIBLE_RATIO * series.file_bytes:
        raise too_good(handle.path)


def present_pages(series: Series) -> int:
    """Return how many of the first pages have all their bytes."""
    locate = series.levels[0].locate

    def is_there(index: int) -> bool:
        try:
            found = locate(index)
        except FOREIGN:
            return False
        ends = [offset + count for offset, count in zip(found.offsets, found.counts, strict=False)]
        return max(ends, default=0) <= found.file.size

    low, high = 0, series.present  # pages before low are there, from high on they are not
    if high and is_there(high - 1):
        return high
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if is_there(middle) else (low, middle)
    return low


def unlike(path_name: str) -> Damaged:
    """Return the error for a file of a set whose planes differ from those of the others."""
    return Damaged(
        f"{path_name} does not fit the other files of its set: its planes have another size or type.",
        hint="Put the files of one image, and no others, into the folder.",
    )


def _filled_share(series: Series) -> float:
    """Return the share of the first page's strips or tiles that were not left out as empty."""
    first = series.levels[0].locate(0)
    filled = sum(1 for offset, count in zip(first.offsets, first.counts, strict=False) if offset and count)
    return filled / max(1, len(first.counts))


def _is_in_a_row(handle: TiffHandle, first: Page, start: int, pages: int) -> bool:
    if pages == 1 or not handle.has_second():
        return True
    try:
        second = handle.frame(first.index + 1, first)
    except FOREIGN:
        return True  # the directory is lost, the planes may not be
    return bool(second.dataoffsets[0] == start + first.nbytes)
