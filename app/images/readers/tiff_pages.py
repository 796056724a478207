"""Pixels out of the pages of TIFF files: only the bytes that a region needs, from any thread."""

import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from app.images.errors import Damaged, NotSupported, TooLarge, Truncated, from_system, too_early, too_good
from models.source import Pixels, Range

# What the parser and the decoders raise on files that contradict themselves.
FOREIGN = (
    tifffile.TiffFileError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError,
    AssertionError, EOFError, MemoryError, struct.error, zlib.error,
)  # fmt: skip
KEPT_BYTES = 64 << 20  # of unpacked strips and tiles
SAFE_SEGMENT = 256 << 20  # a strip or tile that claims more must be plausible:
BEST_RATIO = 2000  # no packing of real pixels does better
CLASSIC = 42  # version of TIFF files below 4 GB
GAP = 4  # rows are read apart if the crop is this much narrower than the image

Page = Any  # tifffile.TiffPage or TiffFrame: tifffile is not typed strictly
Sample = tuple[int, int, int]  # separate sample, depth, interleaved sample within a page


@dataclass(frozen=True, slots=True)
class Segments:
    """Where the strips or tiles of one page lie.

    Attributes
    ----------
    file : TiffHandle
    key : Page
        The page that says how its likes are packed.
    offsets, counts : sequences of int
        One per strip or tile; a page whose rows all follow each other may have just one.
    tables : bytes or None
        Tables shared by JPEG tiles.
    is_whole : bool
        All rows follow each other from ``offsets[0]`` on, unpacked.
    """

    file: "TiffHandle"
    key: Page
    offsets: Sequence[int]
    counts: Sequence[int]
    tables: bytes | None = None
    is_whole: bool = False


Locate = Callable[[int], Segments]  # page number within one image -> where it lies


class TiffHandle:
    """An open TIFF file; one thread at a time reads it, all may decode.

    Attributes
    ----------
    path : Path
    lock : RLock
        Held by whoever touches `file`.
    file : tifffile.TiffFile
    size : int
        Bytes of the file.
    followers : dict
        The other files of a set by name, closed along with this one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        try:
            self.file = tifffile.TiffFile(path)
        except OSError as error:
            raise from_system(error, path) from error
        except FOREIGN as error:
            raise _unreadable(path) from error
        self.size: int = self.file.filehandle.size
        self.followers: dict[str, TiffHandle] = {}
        self._is_chain = False  # found out when it matters
        self._is_closed = False

    @property
    def first(self) -> Page:
        """The first page; raises `Truncated` if even its directory is beyond the end of the file."""
        if not self.file.pages:
            raise Truncated(
                f"{self.path.name} ends too early: the list of its planes is missing.",
                hint="Copy it again from where it was recorded.",
                path=str(self.path),
                plane=0,
            )
        return self.file.pages.first

    def count(self) -> int:
        """Return how many pages the file has; raises ValueError if they follow each other in a circle."""
        self.check_chain()
        with self.awake():
            return len(self.file.pages)

    def check_chain(self) -> None:
        """Raise ValueError if the pages follow each other in a circle, which tifffile may follow for ever."""
        if self._is_chain:
            return
        tiff = self.file.tiff
        seen: set[int] = set()
        with self.awake():
            at = self._number_at(4 if tiff.version == CLASSIC else 8, tiff.offsetformat)
            while at and at not in seen:
                seen.add(at)
                tags = self._number_at(at, tiff.tagnoformat)
                at = self._number_at(at + tiff.tagnosize + tags * tiff.tagsize, tiff.offsetformat)
        if at:
            raise ValueError("the pages follow each other in a circle")
        self._is_chain = True

    def _number_at(self, offset: int, form: str) -> int:
        """Return the number at `offset`, 0 beyond the end of the file."""
        data = self.bytes_at(offset, struct.calcsize(form))
        return int(struct.unpack(form, data)[0]) if len(data) == struct.calcsize(form) else 0

    def has_second(self) -> bool:
        """Whether there is more than one page, found out without looking at all."""
        with self.awake():
            return bool(self.file.pages.is_multipage)

    def is_cut(self) -> bool:
        """Whether the last page names a next one that lies beyond the end of the file."""
        with self.awake():
            at = self.file.pages.next_page_offset
            following = self.bytes_at(at or self.size, self.file.tiff.offsetsize)
            if at is None:
                return False
            if len(following) < self.file.tiff.offsetsize:
                return True
            return bool(struct.unpack(self.file.tiff.offsetformat, following)[0] >= self.size)

    def page(self, index: int) -> Page:
        """Return the full page at `index`."""
        with self.awake():
            return self.file.pages.get(index, aspage=True, cache=True)

    def frame(self, index: int, key: Page) -> Page:
        """Return page `index`, read lightly because it is packed like `key`, a page of the same file."""
        with self.awake():
            pages = self.file.pages
            pages.useframes = True
            pages.set_keyframe(key.index)
            return pages[index]

    def sub_page(self, offset: int, index: tuple[int, int], key: Page | None) -> Page:
        """Return the page of a coarser level at `offset`; lightly if it is packed like `key`."""
        with self.awake():
            self.file.filehandle.seek(offset)
            if key is None:
                return tifffile.TiffPage(self.file, index)
            return tifffile.TiffFrame(self.file, index, offset=offset, keyframe=key)

    def bytes_at(self, offset: int, count: int) -> bytes:
        """Return `count` bytes, fewer at the end of the file."""
        if not 0 <= offset < self.size:
            return b""
        with self.awake():
            self.file.filehandle.seek(offset)
            data: bytes = self.file.filehandle.read(min(count, self.size - offset))
        return data

    def read_into(self, offset: int, out: NDArray[Any]) -> bool:
        """Fill `out`, whose rows follow each other in memory, with bytes of the file; False if it ends."""
        if not 0 <= offset <= self.size - out.nbytes:
            return False
        with self.awake():
            self.file.filehandle.seek(offset)
            return bool(self.file.filehandle.readinto(out.reshape(-1).view(np.uint8)) == out.nbytes)

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Hold the lock, with the file open."""
        with self.lock:
            if self._is_closed:
                raise ValueError(f"{self.path.name} is closed")
            if self.file.filehandle.closed:
                self.file.filehandle.open()
            yield

    def rest(self) -> None:
        """Give the system's handle back until it is needed again."""
        with self.lock:
            self.file.filehandle.close()

    def close(self) -> None:
        """Close the file; twice does no harm."""
        with self.lock:
            self._is_closed = True
            self.file.close()
            for follower in self.followers.values():
                follower.close()


class PageReader:
    """Reads boxes out of pages and remembers the strips and tiles unpacked last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, int, int], NDArray[Any]] = OrderedDict()
        self._nbytes = 0

    def read(self, page: Segments, samples: Sequence[Sample], y: Range, x: Range, out: Pixels) -> None:
        """Fill ``out[i]`` (rows, columns) with the box of ``samples[i]``.

        Raises
        ------
        Truncated
            If the file ends before the box; `out` is then filled in part.
        Damaged
            If bytes cannot be unpacked.
        ReadingFailed
            If the drive gave up.
        """
        try:
            is_in_rows = is_plain(page.key) and not page.key.is_tiled and all(page.offsets)
            if page.is_whole or is_in_rows:
                self._read_rows(page, samples, y, x, out)
            else:
                self._read_segments(page, samples, y, x, out)
        except OSError as error:
            raise from_system(error, self._path) from error
        except MemoryError as error:
            raise TooLarge(
                f"A part of {self._path.name} needs more memory to unpack than there is.",
                hint="Close other programs, or save the image uncompressed or in tiles.",
                path=str(self._path),
            ) from error
        except FOREIGN as error:
            raise Damaged(
                f"{self._path.name} is damaged: a part of it cannot be unpacked.",
                hint="Copy it again from where it was recorded; other planes may be whole.",
                path=str(self._path),
                reason=str(error),
            ) from error

    def _read_rows(self, page: Segments, samples: Sequence[Sample], y: Range, x: Range, out: Pixels) -> None:
        _, depth, _, width, inner = page.key.shaped
        dtype = np.dtype(page.file.file.byteorder + page.key.dtype.char)
        pixel = inner * dtype.itemsize
        is_as_it_lies = inner == 1 and x == (0, width) and out.dtype.itemsize == dtype.itemsize
        for outer in sorted({sample[:2] for sample in samples}):
            top = 0
            for offset, rows in _runs(page, outer[0] * depth + outer[1], y, width * pixel):
                if is_as_it_lies and len(samples) == 1 and out.flags.c_contiguous:
                    self._lay(page, offset, dtype, out[0, top : top + rows])
                    top += rows
                    continue
                if (x[1] - x[0]) * GAP < width:
                    starts = range(offset + x[0] * pixel, offset + rows * width * pixel, width * pixel)
                    data = b"".join(self._exactly(page, start, (x[1] - x[0]) * pixel) for start in starts)
                    box = np.frombuffer(data, dtype).reshape(rows, x[1] - x[0], inner)
                else:
                    data = self._exactly(page, offset, rows * width * pixel)
                    box = np.frombuffer(data, dtype).reshape(rows, width, inner)[:, x[0] : x[1]]
                for index, sample in enumerate(samples):
                    if sample[:2] == outer:
                        out[index, top : top + rows] = box[..., sample[2]]
                top += rows

    def _lay(self, page: Segments, offset: int, dtype: np.dtype[Any], out: Pixels) -> None:
        """Read rows to where they belong, without a copy in between."""
        if out.size and not page.file.read_into(offset, out):
            raise too_early(self._path)
        if not dtype.isnative:
            out.byteswap(inplace=True)

    def _exactly(self, page: Segments, offset: int, count: int) -> bytes:
        data = page.file.bytes_at(offset, count)
        if len(data) < count:
            raise too_early(self._path)
        return data

    def _read_segments(
        self, page: Segments, samples: Sequence[Sample], y: Range, x: Range, out: Pixels
    ) -> None:
        for index, (outer, depth, top, left), (d, h, w) in _overlapping(page.key, samples, y, x):
            rows = slice(max(y[0], top), min(y[1], top + h))
            columns = slice(max(x[0], left), min(x[1], left + w))
            segment = self._segment(page, index)
            for i, (s1, z, s2) in enumerate(samples):
                if s1 != outer or not depth <= z < depth + d:
                    continue
                target = out[
                    i, rows.start - y[0] : rows.stop - y[0], columns.start - x[0] : columns.stop - x[0]
                ]
                if segment is None:
                    target[...] = page.key.nodata
                else:
                    target[...] = segment[
                        z - depth,
                        rows.start - top : rows.stop - top,
                        columns.start - left : columns.stop - left,
                        s2,
                    ]

    def _segment(self, page: Segments, index: int) -> NDArray[Any] | None:
        """Return strip or tile `index` as (depth, rows, columns, samples); None if it is left out."""
        offset, count = page.offsets[index], page.counts[index]
        if offset == 0 or count == 0:
            return None
        name = (id(page.file), offset, index)
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        self._check_claim(page.key, count)
        data = self._exactly(page, offset, count)
        segment: NDArray[Any]
        segment, _, _ = page.key.decode(data, index, jpegtables=page.tables)
        self._keep(name, segment)
        return segment

    def _check_claim(self, key: Page, count: int) -> None:
        depth, rows, columns, samples = _segment_shape(key)
        claimed = depth * rows * columns * samples * key.dtype.itemsize
        if claimed > SAFE_SEGMENT and claimed > BEST_RATIO * count:
            raise too_good(self._path)

    def _keep(self, name: tuple[int, int, int], segment: NDArray[Any]) -> None:
        with self._lock:
            if name in self._kept:
                return
            self._kept[name] = segment
            self._nbytes += segment.nbytes
            while self._nbytes > KEPT_BYTES and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._nbytes -= dropped.nbytes


def is_plain(key: Page) -> bool:
    """Whether pixels of pages like `key` lie in the file as they are."""
    return bool(
        key.compression == 1 and key.predictor == 1 and key.fillorder == 1 and not key.is_subsampled
        and key.bitspersample in (8, 16, 32, 64) and key.sampleformat in (1, 2, 3)
        and key.dtype is not None and key.dtype.itemsize * 8 == key.bitspersample
    )  # fmt: skip


def check_supported(key: Page, path: Path) -> None:
    """Raise `NotSupported` if pages like `key` are packed in a way that nobody here can unpack."""
    if key.dtype is None or key.dtype.kind == "c":
        raise NotSupported(
            f"{path.name} has pixels of a kind that cannot be read"
            f" ({'complex numbers' if key.dtype is not None else f'{key.bitspersample} bits'}).",
            hint="Save it with 8, 16 or 32 bits per pixel in the program that wrote it.",
            path=str(path),
        )
    if key.compression == 1 and key.predictor == 1:
        return
    compressions, predictors = tifffile.TIFF.DECOMPRESSORS, tifffile.TIFF.UNPREDICTORS
    try:
        if key.compression != 1:
            compressions[key.compression]
        if key.predictor != 1:
            predictors[key.predictor]
    except (KeyError, ImportError) as error:
        try:
            name = tifffile.COMPRESSION(key.compression).name
        except ValueError:
            name = f"number {int(key.compression)}"
        raise NotSupported(
            f"{path.name} is packed by a method that cannot be read ({name}).",
            hint="Save it uncompressed, or with LZW or Deflate, in the program that wrote it.",
            path=str(path),
            compression=int(key.compression),
        ) from error


def _runs(page: Segments, layer: int, y: Range, row_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield (offset, rows) of the stretches of the file that hold rows `y` of one layer of a page."""
    _, _, height, _, _ = page.key.shaped
    if page.is_whole:
        yield page.offsets[0] + (layer * height + y[0]) * row_bytes, y[1] - y[0]
        return
    rows = min(page.key.rowsperstrip, height)
    per_layer = -(-height // rows)
    pending: tuple[int, int] | None = None
    for strip in range(y[0] // rows, -(-y[1] // rows)):
        top, bottom = max(y[0], strip * rows), min(y[1], (strip + 1) * rows)
        offset = page.offsets[layer * per_layer + strip] + (top - strip * rows) * row_bytes
        if pending is not None and pending[0] + pending[1] * row_bytes == offset:
            pending = (pending[0], pending[1] + bottom - top)
            continue
        if pending is not None:
            yield pending
        pending = (offset, bottom - top)
    if pending is not None:
        yield pending


def _segment_shape(key: Page) -> tuple[int, int, int, int]:
    """Return the (depth, rows, columns, samples) of a strip or tile."""
    _, _, height, width, samples = key.shaped
    if key.is_tiled:
        return key.tiledepth, key.tilelength, key.tilewidth, samples
    return 1, min(key.rowsperstrip, height), width, samples


def _overlapping(
    key: Page, samples: Sequence[Sample], y: Range, x: Range
) -> Iterator[tuple[int, tuple[int, int, int, int], tuple[int, int, int]]]:
    """Yield number, origin (sample, depth, top, left) and shape of all strips or tiles that meet the box."""
    _, depths, height, width, _ = key.shaped
    d, h, w, _ = _segment_shape(key)
    layers, down, across = -(-depths // d), -(-height // h), -(-width // w)
    for outer, layer in sorted({(s1, z // d) for s1, z, _ in samples}):
        for row in range(y[0] // h, -(-y[1] // h)):
            for column in range(x[0] // w, -(-x[1] // w)):
                index = ((outer * layers + layer) * down + row) * across + column
                yield index, (outer, layer * d, row * h, column * w), (d, h, w)


def _unreadable(path: Path) -> Damaged:
    return Damaged(
        f"{path.name} is damaged: it starts like a TIFF file, but what follows makes no sense.",
        hint="Copy it again from where it was recorded, or save it anew in the program that wrote it.",
        path=str(path),
    )
