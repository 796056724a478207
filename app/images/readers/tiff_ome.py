"""OME-TIFF: the description in XML says which plane lies on which page of which file."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.images import imagej, ome
from app.images.errors import Damaged, FileGone, NoPixels
from app.images.readers.tiff_imagej import stored_by_imagej
from app.images.readers.tiff_pages import FOREIGN, Locate, Page, Segments, TiffHandle
from app.images.readers.tiff_series import Level, Series, check_count, coloured, numbered, planes_of, unlike
from app.images.scale import from_ome
from models.source import Channel

MOST_COMPANION_BYTES = 256 << 20
MOST_OPEN = 32  # files of a set at a time


def ome_series(handle: TiffHandle) -> list[Series]:
    """Return the images that the file's OME-XML describes; none if the description is of no use.

    Raises
    ------
    FileGone
        If the image lies in several files and one is missing.
    Damaged
        If the description is used to reach files elsewhere, or claims the impossible.
    """
    try:
        root = ome.parse(handle.first.description)
        companion = ome.companion(root)
        if companion:
            root = ome.parse(_companion_text(handle.path, companion))
        images = ome.images(root)
    except ValueError:
        return []  # the pixels may still be read without a description
    files = _Files(handle)
    found = (_series(files, image) for image in images)
    return [series for series in found if series is not None]


class _Files:
    """The files of a set: opened when they are needed, a few kept open at a time."""

    def __init__(self, own: TiffHandle) -> None:
        self._own = own

    def __getitem__(self, name: str) -> TiffHandle:
        if self.is_own(name):
            return self._own
        followers = self._own.followers
        with self._own.lock:
            handle = followers.pop(name, None) or TiffHandle(self.path(name))
            followers[name] = handle  # the one used last comes last
            for idle in list(followers.values())[:-MOST_OPEN]:
                idle.rest()
        return handle

    def is_own(self, name: str) -> bool:
        """Whether `name` means the file with the description."""
        return not name or name == self._own.path.name

    def path(self, name: str) -> Path:
        """Return where the file called `name` lies; that it is missing is said now, not amid the work."""
        if self.is_own(name):
            return self._own.path
        path = _beside(self._own.path, name)
        if not path.is_file():
            raise FileGone(
                f"{self._own.path.name} belongs to a set of files of which {name} is missing.",
                hint="Put all files of the set into one folder, under their own names.",
                path=str(path),
            )
        return path


@dataclass(frozen=True, slots=True)
class _Table:
    """File (index into `names`, -1 where it is missing) and directory of each page of an image."""

    names: list[str]
    file: NDArray[np.int32]
    ifd: NDArray[np.int64]

    @property
    def present(self) -> int:
        """How many of the first pages are there."""
        missing = np.flatnonzero(self.file < 0)
        return int(missing[0]) if missing.size else len(self.file)


def _series(files: _Files, image: ome.OmeImage) -> Series | None:
    """Return the image that OME-XML describes, or None if its first page is not there."""
    own = files[""]
    if not image.blocks:
        image = replace(image, blocks=(ome.Block(0, None, 0, 0, 0, ""),))
    if 0 in image.sizes.values():
        raise NoPixels(f"{own.path.name} says that its image is empty.", path=str(own.path))
    start = image.blocks[0]
    if start.ifd >= files[start.file].count():
        return None
    key = files[start.file].page(start.ifd)
    separate, depth, inner = planes_of(key)
    if image.sizes["C"] % (separate * inner) or image.sizes["Z"] % depth:
        return None
    counts = image.sizes | {"C": image.sizes["C"] // (separate * inner), "Z": image.sizes["Z"] // depth}
    sizes = {axis: counts[axis] for axis in reversed(image.order)}
    check_count(math.prod(sizes.values()))
    table = _table(files, image, sizes)
    page = _pages(files, table, key)

    def locate(index: int) -> Segments:
        owner, own_key, found = page(index)
        return Segments(owner, own_key, found.dataoffsets, found.databytecounts, found.jpegtables)

    numbers, channels = coloured(numbered(sizes, key), _channels(image, separate * inner), key)
    return Series(
        name=image.name,
        key=key,
        numbers=numbers,
        pages=len(table.file),
        present=table.present,
        levels=(Level(key.imagelength, key.imagewidth, locate), *_coarser(files[start.file], key, page)),
        channels=_with_ranges(channels, key),
        scale=from_ome(image),
        doubts=(),
        file_bytes=sum(files.path(name).stat().st_size for name in table.names),
    )


def _table(files: _Files, image: ome.OmeImage, sizes: dict[str, int]) -> _Table:
    """Return where each page lies; `sizes` are its axes, slowest first."""
    pages = math.prod(sizes.values())
    table = _Table([], np.full(pages, -1, np.int32), np.zeros(pages, np.int64))
    lengths: dict[str, int] = {}
    for block in image.blocks:
        if block.file not in lengths:
            files.path(block.file)
            table.names.append(block.file)
            lengths[block.file] = files[block.file].count() if files.is_own(block.file) else -1
        start = 0
        for axis, size in sizes.items():
            start = start * size + {"T": block.t, "C": block.c, "Z": block.z}[axis]
        if min(block.t, block.c, block.z, block.ifd) < 0:
            continue
        count = block.count
        if count is None and lengths[block.file] < 0:
            lengths[block.file] = files[block.file].count()
        if lengths[block.file] >= 0:
            there = lengths[block.file] - block.ifd
            count = there if count is None else min(count, there)
        stop = min(pages, start + (count or 0))
        if start < stop:
            table.file[start:stop] = table.names.index(block.file)
            table.ifd[start:stop] = block.ifd + np.arange(stop - start)
    return table


def _pages(files: _Files, table: _Table, key: Page) -> Callable[[int], tuple[TiffHandle, Page, Page]]:
    """Return a function from page number to its file, a page of that file that it is like, and itself."""
    keys: dict[int, Page] = {int(table.file[0]): key}

    def page(index: int) -> tuple[TiffHandle, Page, Page]:
        which, ifd = int(table.file[index]), int(table.ifd[index])
        owner = files[table.names[which]]
        with owner.lock:
            if which not in keys:
                other = owner.page(ifd)
                if other.shaped != key.shaped or other.dtype != key.dtype:
                    raise unlike(owner.path.name)
                keys[which] = other
            own_key = keys[which]
            return owner, own_key, own_key if ifd == own_key.index else owner.frame(ifd, own_key)

    return page


def _coarser(
    owner: TiffHandle, key: Page, page: Callable[[int], tuple[TiffHandle, Page, Page]]
) -> tuple[Level, ...]:
    """Return the coarser levels that hang below each page."""
    levels: list[Level] = []
    height, width = key.imagelength, key.imagewidth
    for number, offset in enumerate(key.subifds or ()):
        try:
            sub = owner.sub_page(offset, (key.index, number), None)
        except FOREIGN:
            break
        is_alike = sub.dtype == key.dtype and planes_of(sub) == planes_of(key)
        if not (is_alike and 0 < sub.imagelength < height and 0 < sub.imagewidth < width):
            break
        height, width = sub.imagelength, sub.imagewidth
        levels.append(Level(height, width, _coarser_locate(page, number, sub)))
    return tuple(levels)


def _coarser_locate(page: Callable[[int], tuple[TiffHandle, Page, Page]], number: int, key: Page) -> Locate:
    def locate(index: int) -> Segments:
        owner, _, found = page(index)
        sub = owner.sub_page(found.subifds[number], (found.index, number), key)
        return Segments(owner, key, sub.dataoffsets, sub.databytecounts, sub.jpegtables)

    return locate


def _channels(image: ome.OmeImage, samples: int) -> tuple[Channel, ...]:
    """Return one channel per plane: a channel of several samples counts several times."""
    count = image.sizes["C"]
    if samples > 1 and len(image.channels) * samples == count:
        return tuple(channel for channel in image.channels for _ in range(samples))
    return (image.channels + (Channel(""),) * count)[:count]


def _with_ranges(channels: tuple[Channel, ...], key: Page) -> tuple[Channel, ...]:
    """Return `channels` with the display ranges that ImageJ's description has, which may stand second."""
    text = key.imagej_description
    if not text:
        return channels
    ranges, _, _ = stored_by_imagej(key)
    found = imagej.channels_of(len(channels), imagej.parse(text), ranges, (), (), key.dtype.name)
    return tuple(
        replace(channel, display=other.display) for channel, other in zip(channels, found, strict=True)
    )


def _beside(path: Path, name: str) -> Path:
    """Return the file called `name` in the folder of `path`.

    Raises
    ------
    Damaged
        If `name` leads elsewhere: a file must not make the program read any other file of the person.
    """
    if name in (".", "..") or re.search(r"[\\/:\0]", name):
        raise Damaged(
            f"{path.name} refers to a file in another folder, which is not followed.",
            hint="Put all files of the set into one folder and save the image anew.",
            path=str(path),
        )
    return path.with_name(name)


def _companion_text(path: Path, name: str) -> str:
    file = _beside(path, name)
    try:
        if file.stat().st_size > MOST_COMPANION_BYTES:
            raise ValueError("a companion file of senseless size")
        return file.read_text("utf-8", "replace")
    except OSError as error:
        raise ValueError(str(error)) from error
