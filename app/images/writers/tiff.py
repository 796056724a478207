"""Writes an OME-TIFF piece by piece, in any order, so that it opens in Fiji and everywhere else.

The file is laid out before the first pixel comes: directories, room for descriptions, then all planes one
after the other (channel fastest, then z, then time), uncompressed in strips, empty at first. While it grows
its name ends in ``.part``. Two descriptions lie side by side, as Micro-Manager does it: OME-XML first, where
readers of OME-TIFF look for it, and ImageJ's own second, which ImageJ alone obeys; to ImageJ it is a stack.
"""

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import tifffile
from numpy.typing import NDArray

from app.images import imagej, ome
from app.images.errors import CannotWrite, Damaged, DiskFull, NotSupported
from app.images.folders import stem
from app.images.readers.tiff import open_source
from app.images.record import Provenance
from app.images.writers.directories import DESCRIPTION, METADATA, METADATA_COUNTS, Blobs, Layout
from app.images.writers.places import check_room, refusal, renamed, started
from models.source import ImageInfo, Pixels, Range, Region

SHRUNK = {"float16": "float32", "bool": "uint8"}  # what OME has no name for is stored in the next larger
PRIMARIES = ("#ff0000", "#00ff00", "#0000ff")  # a colour image taken apart
SAMPLE_PIXELS = 1 << 22  # looked at to choose the display range
SAMPLE_PLANES = 16


class OmeTiffSink:
    """An image file that is written in any order; see the module's text.

    Attributes
    ----------
    path : Path
        The file while it grows, ending in ``.part``; `app.images.open.open_image` can read it.
    info : ImageInfo
        What is written, in the pixel type that is stored.

    Notes
    -----
    All methods may be called from any thread.
    """

    SUFFIX = ".ome.tif"

    def __init__(self, path: Path, info: ImageInfo, layout: Layout) -> None:
        self.path = path
        self.info = info
        self._layout = layout
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        try:
            self._file = path.open("r+b", buffering=0)
        except OSError as error:
            raise self._refused(error) from error

    @classmethod
    def create(cls, path: Path, info: ImageInfo) -> Self:
        """Start a new file that will become `path`, or `path` with a number if that name is taken.

        Parameters
        ----------
        path : Path
            The name wished for, ending in ``.ome.tif``.
        info : ImageInfo
            Shape, pixel type, pixel size and channels of what will be written. `Channel.display` is
            kept where it is set; where it is None, `close` chooses a range.

        Raises
        ------
        DiskFull
            If the whole file would not fit on the drive now.
        CannotWrite
            If the folder is missing or may not be written to.
        NotSupported
            If OME-TIFF has no such pixel type.
        """
        info = replace(info, dtype=cls._stored(info.dtype), shapes=info.shapes[:1])
        path = Path(path).absolute()
        known = tuple(channel.display for channel in info.channels)
        layout = cls._laid_out(path, info, cls._blobs(info, stem(path), None, known))
        check_room(path, layout.size)
        part, file = started(path, layout.size)
        try:
            with file:
                layout.write(file)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise refusal(error, part, layout.size) from error
        return cls(part, info, layout)

    @classmethod
    def resume(cls, path: Path) -> Self:
        """Reopen a ``.part`` that an earlier process left behind.

        Raises
        ------
        ImageError
            If it is gone or is not such a file.
        """
        path = Path(path).absolute()
        source = open_source(path)
        source.close()
        with tifffile.TiffFile(path) as file:
            layout = Layout.read(file, source.info)
        if layout is None:
            raise Damaged(
                f"{path.name} is not an unfinished result of this program.",
                hint="Start the restoration again; the original is untouched.",
                path=str(path),
            )
        return cls(path, source.info, layout)

    def write(self, region: Region, pixels: Pixels) -> None:
        """Store `pixels` (shape ``region.shape``) at `region` of level 0.

        Numbers of another type are converted: to whole numbers by rounding and limiting to what the type
        holds, not-a-number becoming 0.

        Raises
        ------
        DiskFull
            If the drive has no room; what was written before is kept.
        CannotWrite
            If the drive refuses otherwise.
        ValueError
            If the shape is wrong or `region` does not lie in the image.
        """
        self._check(region, pixels)
        stored = _converted(pixels, np.dtype(self.info.dtype))
        (t0, t1), (c0, c1), (z0, z1), y, x = region.ranges
        with self._lock:
            for t in range(t0, t1):
                for c in range(c0, c1):
                    for z in range(z0, z1):
                        self._write_plane(t, c, z, y, x, stored[t - t0, c - c0, z - z0])

    def flush(self) -> None:
        """Return when everything written so far is on the disk."""
        with self._lock:
            try:
                os.fsync(self._open().fileno())
            except OSError as error:
                raise self._refused(error) from error

    def close(self, record: Provenance | None) -> Path:
        """Write `record`, names, sizes and display ranges into the file and give it its final name.

        Parameters
        ----------
        record : Provenance or None
            How the pixels were made; None for those of somebody else's file.

        Returns
        -------
        Path
            Where the result lies now; with a number if the name was taken meanwhile.
        """
        displays = self._displays()
        final = self.path.with_name(self.path.name.removesuffix(".part"))
        text = None if record is None else record.to_json()
        blobs = self._last_blobs(stem(final), text, displays)
        try:
            with self._lock:
                self._layout.describe(self._open(), blobs)
                os.fsync(self._open().fileno())
                self._shut()
            final = renamed(self.path, final)
        except OSError as error:
            raise self._refused(error) from error
        return final

    def abandon(self) -> None:
        """Close and remove the unfinished file."""
        with self._lock:
            self._shut()
        self.path.unlink(missing_ok=True)

    def detach(self) -> None:
        """Close the unfinished file and leave it for `resume`."""
        with self._lock:
            self._shut()

    @staticmethod
    def _stored(dtype: str) -> str:
        """Return the pixel type that is stored for `dtype`."""
        dtype = SHRUNK.get(dtype, dtype)
        if dtype not in ome.PIXEL_TYPES:
            raise NotSupported(
                f"OME-TIFF cannot store pixels of the type {dtype}.",
                hint="Choose float32 for a result; an export can be an OME-Zarr.",
                dtype=dtype,
            )
        return dtype

    @staticmethod
    def _laid_out(_path: Path, info: ImageInfo, blobs: Blobs) -> Layout:
        """Return the plan of the file."""
        return Layout.of(info, blobs)

    @staticmethod
    def _blobs(
        info: ImageInfo, name: str, record: str | None, displays: tuple[imagej.Display | None, ...]
    ) -> Blobs:
        """Return the values of the descriptive tags."""
        block, counts = imagej.metadata(info, displays)
        return {
            (DESCRIPTION, 0): ome.description(info, name, record) + b"\0",
            (DESCRIPTION, 1): imagej.description(info, displays[0]) + b"\0",
            (METADATA_COUNTS, 0): counts,
            (METADATA, 0): block,
        }

    def _last_blobs(self, name: str, record: str | None, displays: tuple[imagej.Display, ...]) -> Blobs:
        """Return the values of the descriptive tags once everything is known."""
        return self._blobs(self.info, name, record, displays)

    def _check(self, region: Region, pixels: Pixels) -> None:
        if pixels.shape != region.shape:
            raise ValueError(f"pixels of shape {pixels.shape} for a region of {region.shape}")
        inside = all(
            0 <= low <= high <= size for (low, high), size in zip(region.ranges, self.info.shape, strict=True)
        )
        if region.level != 0 or not inside:
            raise ValueError(f"{region} is not in an image of {self.info.shape}")

    def _write_plane(self, t: int, c: int, z: int, y: Range, x: Range, rows: Pixels) -> None:
        _, channels, slices, _, width = self.info.shape
        start = self._layout.plane_offset((t * slices + z) * channels + c)
        itemsize = rows.dtype.itemsize
        try:
            if x == (0, width):
                self._write_at(start + y[0] * width * itemsize, rows.tobytes())
            else:
                for index, row in enumerate(rows):
                    self._write_at(start + ((y[0] + index) * width + x[0]) * itemsize, row.tobytes())
        except OSError as error:
            raise self._refused(error) from error

    def _write_at(self, offset: int, data: bytes) -> None:
        file = self._open()
        file.seek(offset)
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]

    def _displays(self) -> tuple[imagej.Display, ...]:
        channels = self.info.channels
        found = [channel.display or self._seen_range(index) for index, channel in enumerate(channels)]
        if tuple(channel.colour for channel in channels) == PRIMARIES:  # one range, or the colours change
            lows, highs = zip(*found, strict=True)
            return ((min(lows), max(highs)),) * len(found)
        return tuple(found)

    def _seen_range(self, c: int) -> imagej.Display:
        """Return a range that shows channel `c` well: nearly all of the values of a few planes."""
        frames, channels, slices, height, width = self.info.shape
        steps = np.unique(np.linspace(0, frames * slices - 1, SAMPLE_PLANES).astype(int))
        rows = range(0, height, max(1, height * width * len(steps) // SAMPLE_PIXELS))
        seen = []
        for step in steps:
            start = self._layout.plane_offset(int(step) * channels + c)
            values = self._rows(start, rows, width)
            if values.any():  # a plane never written is all zeros
                seen.append(values[np.isfinite(values)])
        seen = [values for values in seen if values.size]
        if not seen:
            return (0.0, 1.0)
        low, high = np.percentile(np.concatenate(seen), (0.1, 99.9))
        return (float(low), float(high)) if low < high else (float(low), float(low) + 1.0)

    def _rows(self, start: int, rows: range, width: int) -> NDArray[np.float64]:
        """Return some rows of the plane that starts at `start`."""
        dtype = np.dtype(self.info.dtype).newbyteorder("<")
        read = []
        with self._lock:
            file = self._open()
            for row in rows:
                file.seek(start + row * width * dtype.itemsize)
                read.append(file.read(width * dtype.itemsize))
        return np.frombuffer(b"".join(read), dtype).astype(np.float64)

    def _open(self) -> BinaryIO:
        if self._file is None:
            raise ValueError(f"{self.path.name} is closed")
        return self._file

    def _shut(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _refused(self, error: OSError) -> CannotWrite | DiskFull:
        return refusal(error, self.path, self._layout.size)


def _converted(pixels: Pixels, dtype: np.dtype) -> Pixels:
    if dtype.kind in "iu" and pixels.dtype != dtype:
        limits = np.iinfo(dtype)
        if pixels.dtype.kind == "f":
            pixels = np.rint(
                np.nan_to_num(pixels.astype(np.float64), nan=0.0, posinf=limits.max, neginf=limits.min)
            )
        pixels = np.clip(pixels, limits.min, limits.max)
    return pixels.astype(dtype.newbyteorder("<"), copy=False)
