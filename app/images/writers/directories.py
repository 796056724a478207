"""Where everything lies in a TIFF file that is written in any order: directories first, pixels after."""

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

import numpy as np
import tifffile

from models.source import ImageInfo

DESCRIPTION, STRIP_OFFSETS, STRIP_COUNTS, METADATA_COUNTS, METADATA = 270, 273, 279, 50838, 50839
NEEDED = ((DESCRIPTION, 0), (METADATA_COUNTS, 0), (METADATA, 0))
COLOUR_MAP = 320
DESCRIPTIVE = (*NEEDED, (DESCRIPTION, 1), (COLOUR_MAP, 0))
BYTE, ASCII, SHORT, LONG, RATIONAL, LONG8 = 1, 2, 3, 4, 5, 16
WIDTHS = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, LONG8: 8}
BLOB_KINDS = {DESCRIPTION: ASCII, METADATA_COUNTS: LONG, METADATA: BYTE, COLOUR_MAP: SHORT}
SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}
STRIP_BYTES = 1 << 18  # about this much in a strip
CLASSIC_LIMIT = 2 << 30  # beyond it BigTIFF: many readers take offsets for signed numbers
SPARE = 1 << 16  # room for the descriptions that are written last
ALIGNMENT = 4096  # of the first pixel

Blobs = dict[tuple[int, int], bytes]  # value of a descriptive tag by tag number and occurrence


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a directory: a tag, the type of its values, and their bytes."""

    code: int
    kind: int
    value: bytes

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.value) // WIDTHS[self.kind]


@dataclass(frozen=True, slots=True)
class Layout:
    """The plan of a file.

    Attributes
    ----------
    size : int
        Bytes of the whole file.
    is_big : bool
        BigTIFF, with 64-bit offsets.
    pixels_offset, plane_bytes : int
        Where the first plane starts and how far the next is from it.
    slots : dict
        Position in the file of the directory line of each descriptive tag.
    spare : (start, stop)
        Room for the descriptions that are written last.
    head : bytes
        Everything before the pixels; empty in a plan that was read.
    """

    size: int
    is_big: bool
    pixels_offset: int
    plane_bytes: int
    slots: dict[tuple[int, int], int]
    spare: tuple[int, int]
    head: bytes

    @classmethod
    def of(cls, info: ImageInfo, blobs: Blobs, *, may_be_big: bool = True) -> "Layout":
        """Return the plan of a file for `info`, described by `blobs` until it is finished."""
        t, c, z, y, x = info.shape
        pixels = t * c * z * y * x * np.dtype(info.dtype).itemsize
        plan = _Plan(info, blobs, is_big=False)
        if may_be_big and plan.pixels_offset + pixels > CLASSIC_LIMIT:
            plan = _Plan(info, blobs, is_big=True)
        return cls(
            size=plan.pixels_offset + pixels,
            is_big=plan.is_big,
            pixels_offset=plan.pixels_offset,
            plane_bytes=plan.plane_bytes,
            slots=plan.slots,
            spare=plan.spare,
            head=plan.head(),
        )

    @classmethod
    def read(cls, file: tifffile.TiffFile, info: ImageInfo) -> "Layout | None":
        """Return the plan of an existing file, or None if it was not made by `of`."""
        page = file.pages.first
        found = {key: page.tags.get(key[0], index=key[1]) for key in DESCRIPTIVE}
        tags = {key: tag for key, tag in found.items() if tag is not None}
        if any(found[key] is None for key in NEEDED) or page.compression != 1 or file.byteorder != "<":
            return None
        t, c, z, y, x = info.shape
        plane_bytes = y * x * np.dtype(info.dtype).itemsize
        pixels_offset = page.dataoffsets[0]
        size = pixels_offset + t * c * z * plane_bytes
        described = max(tag.valueoffset + tag.valuebytecount for tag in tags.values())
        if described > pixels_offset or file.filehandle.size < size:
            return None
        return cls(
            size=size,
            is_big=file.is_bigtiff,
            pixels_offset=pixels_offset,
            plane_bytes=plane_bytes,
            slots={key: tag.offset for key, tag in tags.items()},
            spare=(described, pixels_offset),
            head=b"",
        )

    def plane_offset(self, index: int) -> int:
        """Return where plane `index` starts."""
        return self.pixels_offset + index * self.plane_bytes

    def write(self, file: BinaryIO) -> None:
        """Write the head and extend the file to its full size; where the drive can, without filling it."""
        file.write(self.head)
        file.truncate(self.size)

    def describe(self, file: BinaryIO, blobs: Blobs) -> None:
        """Write new descriptions, first their texts, then the directory lines that point to them."""
        start, stop = self.spare
        if sum(len(blob) + 8 for blob in blobs.values()) > stop - start:
            start = file.seek(0, 2)
        lines = []
        for key, blob in blobs.items():
            entry = Entry(key[0], BLOB_KINDS[key[0]], blob)
            start = _aligned(start)
            lines.append((self.slots[key], _line(entry, start, is_big=self.is_big)))
            if len(blob) > _inline(is_big=self.is_big):
                file.seek(start)
                file.write(blob)
                start += len(blob)
        for position, line in lines:
            file.seek(position)
            file.write(line)


class _Plan:
    """The positions of everything before the pixels, worked out from front to back.

    First comes what all directories point to, then the directories, each followed by its strip offsets,
    then the descriptions and spare room for later ones.
    """

    def __init__(self, info: ImageInfo, blobs: Blobs, *, is_big: bool) -> None:
        t, c, z, height, width = info.shape
        self.is_big = is_big
        self.plane_bytes = height * width * np.dtype(info.dtype).itemsize
        self._planes = t * c * z
        self._row_bytes = self.plane_bytes // height
        self._rows = min(height, max(1, STRIP_BYTES // self._row_bytes))
        self._strips = -(-height // self._rows)
        self._blobs = blobs
        self._entries = self._common(info)

        at = 16 if is_big else 8
        self._places: dict[int, int] = {}  # of values shared by all directories
        for entry in self._entries:
            if entry.code != STRIP_OFFSETS and len(entry.value) > _inline(is_big=is_big):
                self._places[entry.code] = at
                at = _aligned(at + len(entry.value))
        self._first = at
        self._first_bytes = self._directory_bytes(len(self._entries) + len(blobs))
        self._next_bytes = self._directory_bytes(len(self._entries))
        at += self._first_bytes + (self._planes - 1) * self._next_bytes
        self._blob_places = {}
        for key, blob in blobs.items():
            self._blob_places[key] = at
            at = _aligned(at + len(blob))
        self.pixels_offset = _aligned(at + SPARE + 2 * sum(map(len, blobs.values())), ALIGNMENT)
        self.spare = (at, self.pixels_offset)
        codes = sorted([(entry.code, 0) for entry in self._entries] + list(blobs))
        lines_at, line_bytes = self._first + (8 if is_big else 2), (20 if is_big else 12)
        self.slots = {key: lines_at + codes.index(key) * line_bytes for key in blobs}

    def head(self) -> bytes:
        """Return everything before the pixels."""
        head = bytearray(self.pixels_offset)
        if self.is_big:
            struct.pack_into("<2sHHHQ", head, 0, b"II", 43, 8, 0, self._first)
        else:
            struct.pack_into("<2sHI", head, 0, b"II", 42, self._first)
        values = [
            (self._places[entry.code], entry.value) for entry in self._entries if entry.code in self._places
        ]
        values += [(self._blob_places[key], blob) for key, blob in self._blobs.items()]
        values += [(self._first, self._directory(self._first, self._first_bytes, with_blobs=True))]
        for place, value in values:
            head[place : place + len(value)] = value
        if self._planes > 1:
            self._put_other_directories(head)
        return bytes(head)

    def _common(self, info: ImageInfo) -> list[Entry]:
        """Return the directory lines that are the same for all planes, and a blank one for strip offsets."""
        *_, height, width = info.shape
        dtype = np.dtype(info.dtype)
        word = LONG8 if self.is_big else LONG
        last_rows = height - (self._strips - 1) * self._rows
        counts = [self._rows * self._row_bytes] * (self._strips - 1) + [last_rows * self._row_bytes]
        entries = [
            Entry(256, LONG, struct.pack("<I", width)),
            Entry(257, LONG, struct.pack("<I", height)),
            Entry(258, SHORT, struct.pack("<H", 8 * dtype.itemsize)),
            Entry(259, SHORT, struct.pack("<H", 1)),  # no compression
            Entry(262, SHORT, struct.pack("<H", 1)),  # black is zero
            Entry(STRIP_OFFSETS, word, bytes(self._strips * WIDTHS[word])),
            Entry(277, SHORT, struct.pack("<H", 1)),  # one sample per pixel
            Entry(278, LONG, struct.pack("<I", self._rows)),
            Entry(STRIP_COUNTS, LONG, np.array(counts, "<u4").tobytes()),
            *self._resolution(info),
            Entry(305, ASCII, b"Micrographia\0"),
            Entry(339, SHORT, struct.pack("<H", SAMPLE_FORMATS[dtype.kind])),
        ]
        return sorted(entries, key=lambda entry: entry.code)

    @staticmethod
    def _resolution(info: ImageInfo) -> list[Entry]:
        """Return pixels per micrometre; the unit stands in the descriptions, as ImageJ does it."""
        entries = [Entry(296, SHORT, struct.pack("<H", 1))]
        for code, size in ((282, info.pixel_size_um.x), (283, info.pixel_size_um.y)):
            ratio = Fraction(1 / size).limit_denominator(1_000_000) if size else Fraction(1)
            if not 0 < ratio.numerator < 1 << 32:
                ratio = Fraction(1)
            entries.append(Entry(code, RATIONAL, struct.pack("<II", ratio.numerator, ratio.denominator)))
        return entries

    def _directory_bytes(self, lines: int) -> int:
        """Return the bytes of a directory with its strip offsets."""
        offsets = self._strips * (8 if self.is_big else 4)
        own = offsets if offsets > _inline(is_big=self.is_big) else 0
        return _aligned(_aligned((16 if self.is_big else 6) + lines * (20 if self.is_big else 12)) + own)

    def _directory(self, at: int, nbytes: int, *, with_blobs: bool) -> bytes:
        """Return the directory at `at`; offsets of strips and of the next directory count from plane 0."""
        lines = [(entry, self._places.get(entry.code, 0)) for entry in self._entries]
        if with_blobs:
            for key, blob in self._blobs.items():
                lines.append((Entry(key[0], BLOB_KINDS[key[0]], blob), self._blob_places[key]))
        lines.sort(key=lambda line: line[0].code)  # stable: the first description stays first
        size = 20 if self.is_big else 12
        offsets_at = at + _aligned((16 if self.is_big else 6) + len(lines) * size)
        offsets = self._strip_offsets(1)[0].tobytes()
        directory = bytearray(struct.pack("<Q" if self.is_big else "<H", len(lines)))
        for entry, place in lines:
            if entry.code == STRIP_OFFSETS:
                own = Entry(entry.code, entry.kind, offsets)
                directory += _line(own, offsets_at, is_big=self.is_big)
            else:
                directory += _line(entry, place, is_big=self.is_big)
        following = at + nbytes if self._planes > 1 else 0
        directory += struct.pack("<Q" if self.is_big else "<I", following)
        directory = directory.ljust(offsets_at - at, b"\0")
        if len(offsets) > _inline(is_big=self.is_big):
            directory += offsets
        return bytes(directory.ljust(nbytes, b"\0"))

    def _put_other_directories(self, head: bytearray) -> None:
        """Fill in the directories of all planes but the first: copies of one that differ in offsets only."""
        start, nbytes, count = self._first + self._first_bytes, self._next_bytes, self._planes - 1
        template = np.frombuffer(self._directory(start, nbytes, with_blobs=False), np.uint8)
        table = np.tile(template, (count, 1))  # (planes, bytes)
        word = np.dtype("<u8" if self.is_big else "<u4")
        places = start + nbytes * np.arange(count, dtype=np.int64)
        lines = len(self._entries)
        entry_bytes, head_bytes = (20, 8) if self.is_big else (12, 2)
        index = [entry.code for entry in self._entries].index(STRIP_OFFSETS)
        value_at = head_bytes + (index + 1) * entry_bytes - word.itemsize
        next_at = head_bytes + lines * entry_bytes
        strips = self._strip_offsets(self._planes)[1:]  # (planes, strips)
        if self._strips > 1:
            offsets_at = _aligned(next_at + word.itemsize)
            table[:, offsets_at : offsets_at + strips.shape[1] * word.itemsize] = strips.view(np.uint8)
            _put(table, value_at, (places + offsets_at).astype(word))
        else:
            _put(table, value_at, strips[:, 0])
        _put(table, next_at, np.append(places[1:], 0).astype(word))
        head[start : start + table.size] = table.tobytes()

    def _strip_offsets(self, planes: int) -> np.ndarray:
        """Return where the strips of the first `planes` planes start, shape (planes, strips)."""
        starts = self.pixels_offset + self.plane_bytes * np.arange(planes, dtype=np.int64)
        strips = self._rows * self._row_bytes * np.arange(self._strips, dtype=np.int64)
        return (starts[:, None] + strips).astype("<u8" if self.is_big else "<u4")


def _put(table: np.ndarray, column: int, values: np.ndarray) -> None:
    """Store one number per row of a table of bytes."""
    table[:, column : column + values.itemsize] = values[:, None].view(np.uint8)


def _line(entry: Entry, place: int, *, is_big: bool) -> bytes:
    """Return a directory line whose value stands in it if it fits, else at `place`."""
    inline = _inline(is_big=is_big)
    if len(entry.value) <= inline:
        value = entry.value.ljust(inline, b"\0")
    else:
        value = struct.pack("<Q" if is_big else "<I", place)
    return struct.pack("<HHQ" if is_big else "<HHI", entry.code, entry.kind, entry.count) + value


def _inline(*, is_big: bool) -> int:
    return 8 if is_big else 4


def _aligned(position: int, step: int = 8) -> int:
    return -(-position // step) * step
