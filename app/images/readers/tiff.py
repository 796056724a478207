"""Reads every kind of TIFF: OME-TIFF, ImageJ, LSM, STK, slide scanners, plain; only what a region needs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.images import ome
from app.images.errors import (
    Damaged,
    ImageError,
    NoPixels,
    NoSuchScene,
    TooLarge,
    Truncated,
    from_system,
    too_early,
)
from app.images.metadata import Entry
from app.images.partial import Plane
from app.images.readers.tiff_imagej import imagej_series, infos_of_imagej
from app.images.readers.tiff_metadata import tiff_metadata
from app.images.readers.tiff_ome import ome_series
from app.images.readers.tiff_other import other_series
from app.images.readers.tiff_pages import (
    FOREIGN,
    PageReader,
    Sample,
    Segments,
    TiffHandle,
    check_supported,
)
from app.images.readers.tiff_series import Series, check_plausible, present_pages
from models.source import ImageInfo, Pixels, Region, Shape5

MOST_BYTES = 1 << 36  # nobody means to read more at once

Place = tuple[int, int, int]  # t, c, z within a region


class TiffSource:
    """One image of a TIFF file; see `models.source.ImageSource`."""

    def __init__(self, handle: TiffHandle, series: Series, info: ImageInfo) -> None:
        self.info = info
        self._handle = handle
        self._series = series
        self._reader = PageReader(handle.path)

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`.

        Raises
        ------
        Truncated
            If the file ends before them.
        Damaged
            If they cannot be unpacked.
        ValueError
            If `region` does not lie in the image.
        """
        out = self._blank(region)
        if out.size == 0:
            return out
        for page, wanted in self._wanted(region).items():
            samples = [sample for _, sample in wanted]
            is_one = len(wanted) == 1  # is read to where it belongs
            planes = out[wanted[0][0]][None] if is_one else np.empty((len(wanted), *out.shape[3:]), out.dtype)
            self._reader.read(self._located(region.level, page), samples, region.y, region.x, planes)
            if is_one:
                continue
            for plane, (place, _) in zip(planes, wanted, strict=True):
                out[place] = plane
        return out

    def missing_planes(self) -> frozenset[Plane]:
        """Return the planes behind the end of a file that ends too early; see `app.images.partial`."""
        within = int(np.prod(self._series.per_page))
        found = np.argwhere(self._series.numbers // within >= self._series.present)
        return frozenset((int(t), int(c), int(z)) for t, c, z in found)

    def close(self) -> None:
        """Release the file; closing twice does no harm."""
        self._handle.close()

    def _blank(self, region: Region) -> Pixels:
        shape = self.info.shapes[region.level]
        if not all(0 <= low <= high <= size for (low, high), size in zip(region.ranges, shape, strict=True)):
            raise ValueError(f"{region} does not lie in an image of {shape}")
        dtype = np.dtype(self.info.dtype)
        too_large = TooLarge(
            f"This part of {self._handle.path.name} is more than fits into memory.",
            hint="Look at single planes or smaller parts.",
            path=str(self._handle.path),
        )
        if int(np.prod(region.shape, dtype=np.float64)) * dtype.itemsize > MOST_BYTES:
            raise too_large
        try:
            return np.empty(region.shape, dtype)
        except MemoryError as error:
            raise too_large from error

    def _wanted(self, region: Region) -> dict[int, list[tuple[Place, Sample]]]:
        """Return, for each page that `region` touches, which samples of it go where."""
        t, c, z, _, _ = region.slices
        numbers = self._series.numbers[t, c, z]
        pages: dict[int, list[tuple[Place, Sample]]] = {}
        per_page = self._series.per_page
        within = int(np.prod(per_page))
        for (a, b, d), number in np.ndenumerate(numbers):
            page, plane = divmod(int(number), within)
            s1, depth, s2 = np.unravel_index(plane, per_page)
            pages.setdefault(page, []).append(((a, b, d), (int(s1), int(depth), int(s2))))
        return pages

    def _located(self, level: int, page: int) -> Segments:
        try:
            if page < self._series.present:
                return self._series.levels[level].locate(page)
        except OSError as error:
            raise from_system(error, self._handle.path) from error
        except FOREIGN as error:
            raise Damaged(
                f"{self._handle.path.name} is damaged: plane {page + 1} is not where it should be.",
                hint="Copy it again from where it was recorded; other planes may be whole.",
                path=str(self._handle.path),
                plane=page,
            ) from error
        raise too_early(self._handle.path, self._series.present, self._series.pages)


def open_source(path: Path, scene: int = 0, *, partial: bool = False) -> TiffSource:
    """Open image `scene` of a TIFF file; see `app.images.open.open_image`."""
    handle = TiffHandle(path)
    try:
        return _opened(handle, scene, partial=partial)
    except FOREIGN as error:
        handle.close()
        raise Damaged(
            f"{path.name} is damaged: the list of its planes makes no sense.",
            hint="Copy it again from where it was recorded, or save it anew in the program that wrote it.",
            path=str(path),
            reason=str(error),
        ) from error
    except BaseException:
        handle.close()
        raise


def comments(path: Path) -> Iterator[str]:
    """Yield the comments in the OME-XML of a file, or what ImageJ shows as its info.

    Raises
    ------
    ImageError
        If the file cannot be opened at all.
    """
    try:
        handle = TiffHandle(path)
    except Damaged:
        return
    try:
        if handle.file.pages and handle.first.is_ome:
            yield from ome.comments(ome.parse(handle.first.description))
        elif handle.file.pages and handle.first.is_imagej:
            yield from infos_of_imagej(handle.first)
    except ValueError:
        return
    finally:
        handle.close()


def metadata(path: Path, scene: int = 0) -> tuple[Entry, ...]:
    """Return what a file says about itself, with the tags of the first page of image `scene`.

    Raises
    ------
    ImageError
        If the file cannot be opened at all.
    """
    handle = TiffHandle(path)
    try:
        try:
            found = _series_of(handle)
            key = found[scene].key if 0 <= scene < len(found) else handle.first
        except (*FOREIGN, ImageError):  # the tags may tell more than the pixels
            key = handle.first
        return tiff_metadata(handle, key)
    except OSError as error:
        raise from_system(error, path) from error
    finally:
        handle.close()


def _opened(handle: TiffHandle, scene: int, *, partial: bool) -> TiffSource:
    path = handle.path
    found = _series_of(handle)
    if not 0 <= scene < len(found):
        many = "1 image" if len(found) == 1 else f"{len(found)} images"
        raise NoSuchScene(
            f"{path.name} holds {many}; there is no number {scene + 1}.",
            hint="Choose one that is there.",
            path=str(path),
            scenes=len(found),
        )
    series = found[scene]
    check_supported(series.key, path)
    check_plausible(series, handle)
    series = replace(series, present=present_pages(series))
    if not partial:
        _check_complete(handle, series, is_only=len(found) == 1)
    names = tuple(one.name or f"Image {index + 1}" for index, one in enumerate(found))
    return TiffSource(handle, series, _info(path, scene, names, series))


def _series_of(handle: TiffHandle) -> list[Series]:
    first = handle.first
    if min(first.imagewidth, first.imagelength) <= 0:
        raise NoPixels(
            f"{handle.path.name} has {first.imagewidth} x {first.imagelength} pixels: nothing to see.",
            hint="Export it again from the program that recorded it.",
            path=str(handle.path),
        )
    check_supported(first, handle.path)
    found = ome_series(handle) if first.is_ome else []
    if not found and first.is_imagej:
        found = [imagej_series(handle)]
    found = found or other_series(handle)
    if not found:
        raise ValueError("no images")
    return found


def _check_complete(handle: TiffHandle, series: Series, *, is_only: bool) -> None:
    if series.present < series.pages:
        raise too_early(handle.path, series.present, series.pages)
    if is_only and series.pages > 1 and handle.is_cut():
        raise Truncated(
            f"{handle.path.name} ends too early. The first {series.present} planes can be shown.",
            hint="Copy it again from where it was recorded.",
            path=str(handle.path),
            plane=series.present,
        )


def _info(path: Path, scene: int, names: tuple[str, ...], series: Series) -> ImageInfo:
    t, c, z = series.numbers.shape
    shapes: tuple[Shape5, ...] = tuple((t, c, z, level.height, level.width) for level in series.levels)
    size, doubts = series.scale.settled()
    if series.is_rgb:
        axes = "".join(axis for axis, count in (("T", t), ("Z", z)) if count > 1) + "YXS"
    else:
        axes = "".join(axis for axis, count in (("T", t), ("C", c), ("Z", z)) if count > 1) + "YX"
    return ImageInfo(
        uri=str(path),
        scene=scene,
        scenes=names,
        shapes=shapes,
        dtype="uint8" if series.key.dtype.kind == "b" else series.key.dtype.name,
        axes=axes,
        pixel_size_um=size,
        channels=series.channels,
        time_interval_s=series.scale.interval_s,
        is_rgb=series.is_rgb,
        doubts=series.doubts + doubts,
    )
