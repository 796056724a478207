"""Arrays of NumPy, NPY and NPZ: no names, no sizes, and never a pickled object."""

import ast
import math
import re
import struct
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from app.images.errors import Damaged, NotSupported, TooLarge
from app.images.metadata import Entry
from app.images.readers.planes import (
    FOREIGN,
    PlaneSource,
    check_kind,
    check_scene,
    damaged,
    image_info,
    not_supported,
    translated,
)
from app.images.readers.strided import Bytes, FileBytes, Layout, StridedPlanes, Strides
from models.source import Doubt, Shape5

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 1 << 16
PLAIN = re.compile(r"[<>|=]?[bBiufc][0-9]{1,2}|[<>|=]?\?")  # types that are numbers
MOST_ARRAYS = 10_000
KEPT_BYTES = 256 << 20  # of an unpacked array; larger ones are unpacked as they are read
BEST_RATIO = 1100  # Deflate does no better
SKIPPED_AT_ONCE = 1 << 20
HEAD = 30  # bytes before the name in a zip file
Foreign = (*FOREIGN, zipfile.BadZipFile, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes of an array without names are taken for.

    Attributes
    ----------
    shape : (T, C, Z, Y, X)
    order : tuple of int
        For each of T, C, Z, Y, X the axis of the array, -1 where it has none; several earlier axes of an
        array may be hidden in T.
    is_rgb : bool
    doubts : tuple of Doubt
    """

    shape: Shape5
    order: tuple[int, int, int, int, int]
    is_rgb: bool
    doubts: tuple[Doubt, ...]


def guess(path: Path, shape: Sequence[int], dtype: np.dtype[Any]) -> Axes:
    """Return what the axes of an array of `shape` (at least 2) are taken for.

    The last two are Y and X, unless the last has three or four bytes, which are colours. What comes
    before is, from the fastest on, Z, then T, then C, as ImageJ takes a plain stack. All of it is doubted.

    Raises
    ------
    NotSupported
        If there are more axes than five.
    """
    is_rgb = len(shape) > 2 and shape[-1] in (3, 4) and dtype == np.uint8 and min(shape[-3:-1]) > 4
    last = len(shape) - 1 - is_rgb
    order = {"Y": last - 1, "X": last} | ({"C": last + 1} if is_rgb else {})
    free = ["Z", "T"] if is_rgb else ["Z", "T", "C"]
    stack = [axis for axis in range(last - 1) if shape[axis] > 1] or list(range(last - 1))[-1:]
    if len(stack) > len(free):
        raise not_supported(path, f"an array with {len(shape)} axes")
    for axis, letter in zip(reversed(stack), free, strict=False):
        order[letter] = axis
    sizes = {letter: shape[axis] for letter, axis in order.items()}
    if is_rgb:
        sizes["C"] = 3  # without opacity
    five = tuple(sizes.get(letter, 1) for letter in "TCZYX")
    doubts: tuple[Doubt, ...] = ("axes",) if is_rgb or any(shape[axis] > 1 for axis in stack) else ()
    t, c, z, y, x = (order.get(letter, -1) for letter in "TCZYX")
    return Axes((five[0], five[1], five[2], five[3], five[4]), (t, c, z, y, x), is_rgb, doubts)


def open_source(path: Path, scene: int = 0, *, partial: bool = False) -> PlaneSource:
    """Open an array of an NPY or NPZ file; see `app.images.open.open_image`."""
    with translated(path):
        data = FileBytes(path)
        if data.read(0, len(MAGIC)) == MAGIC:
            return _opened(path, data, 0, ("",), partial=partial)
        data.close()
    with _archive(path) as archive:
        members = _members(path, archive)
        check_scene(path, scene, len(members))
        names = tuple(member.filename.removesuffix(".npy") for member in members)
        return _opened(path, _member_bytes(path, members[scene]), scene, names, partial=partial)


def metadata(path: Path, scene: int) -> tuple[Entry, ...]:  # noqa: ARG001 - all readers
    """Return type and shape of all arrays of a file; `scene` makes no difference."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) == MAGIC:
            return _told(path, FileBytes(path))
    with _archive(path) as archive:
        return tuple(
            Entry(member.filename, "", _told(path, _member_bytes(path, member)))
            for member in _members(path, archive)
        )


def _told(path: Path, data: Bytes) -> tuple[Entry, ...]:
    try:
        with translated(path):
            header, _ = _header(path, data)
    except (Damaged, NotSupported) as error:
        return (Entry("", str(error)),)
    finally:
        data.close()
    return tuple(Entry(str(name), str(value)[:500]) for name, value in header.items())


def _opened(path: Path, data: Bytes, scene: int, names: Sequence[str], *, partial: bool) -> PlaneSource:
    try:
        with translated(path):
            header, start = _header(path, data)
            dtype, shape = _dtype(path, header["descr"]), header["shape"]
            if len(shape) < 2:
                raise not_supported(path, f"a list of numbers with {len(shape)} axes")
            if isinstance(data, _PackedBytes) and data.size > KEPT_BYTES and header["fortran_order"]:
                raise TooLarge(
                    f"{path.name} holds an array packed so that no plane of it can be read without the rest.",
                    hint="Save it with numpy.savez, which does not pack, or in C order.",
                    path=str(path),
                )
            axes = guess(path, shape, dtype)
            layout = Layout(axes.shape, dtype, start, _strides(axes, shape, dtype, header["fortran_order"]))
            shapes = (axes.shape,)
            info = image_info(path, scene, names, shapes, dtype, is_rgb=axes.is_rgb, doubts=axes.doubts)
            planes = StridedPlanes(path, data, layout)
            planes.check_complete(partial=partial)
            return PlaneSource(path, info, planes)
    except BaseException:
        data.close()
        raise


def _header(path: Path, data: Bytes) -> tuple[dict[str, Any], int]:
    """Return the header of an NPY file and where the pixels start."""
    head = data.read(0, 12)
    version = head[6] if len(head) == 12 and head.startswith(MAGIC) else 0
    if version not in (1, 2, 3):
        raise damaged(path, "its head is no NumPy array's")
    start = 10 if version == 1 else 12
    length = struct.unpack("<H", head[8:10])[0] if version == 1 else struct.unpack("<I", head[8:12])[0]
    if length > LONGEST_HEADER:
        raise damaged(path, "its head is absurdly long")
    text = data.read(start, length).decode("utf-8" if version == 3 else "latin-1")
    header = ast.literal_eval(text.strip())
    if not isinstance(header, dict) or header.keys() != {"descr", "fortran_order", "shape"}:
        raise damaged(path, "its head lacks type or shape")
    shape = header["shape"]
    if not isinstance(shape, tuple) or len(shape) > 32 or not all(type(n) is int and n >= 0 for n in shape):
        raise damaged(path, "its shape makes no sense")
    return header, start + length


def _dtype(path: Path, description: object) -> np.dtype[Any]:
    """Return the type of pixels; one that is no number, such as a pickled object, is refused."""
    if not isinstance(description, str) or not PLAIN.fullmatch(description):
        kind = "objects of Python, which could do harm" if "O" in str(description) else str(description)[:60]
        raise not_supported(path, kind)
    dtype = np.dtype(description)
    check_kind(path, dtype)
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype


def _strides(axes: Axes, shape: Sequence[int], dtype: np.dtype[Any], is_fortran: object) -> Strides:
    sizes = list(shape) if is_fortran else list(reversed(shape))
    steps = [dtype.itemsize * math.prod(sizes[:index]) for index in range(len(sizes))]
    if not is_fortran:
        steps.reverse()
    t, c, z, y, x = (0 if axis < 0 else steps[axis] for axis in axes.order)
    return (t, c, z, y, x)


class _archive:  # noqa: N801 - used like a function
    """Open an NPZ file; its faults come out as image errors."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> zipfile.ZipFile:
        with translated(self._path):
            try:
                self._zip = zipfile.ZipFile(self._path)
            except Foreign as error:
                raise damaged(self._path, "the list of its arrays is missing", str(error)) from error
        return self._zip

    def __exit__(self, *_: object) -> None:
        self._zip.close()


def _members(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the arrays of at least two axes; if there are none, all arrays."""
    arrays = [member for member in archive.infolist() if member.filename.endswith(".npy")]
    if len(arrays) > MOST_ARRAYS:
        raise damaged(path, f"it claims to hold {len(arrays)} arrays")
    if not arrays:
        raise damaged(path, "it holds no array")
    images = [member for member in arrays if _axes_of(path, member) > 1]
    return images or arrays


def _axes_of(path: Path, member: zipfile.ZipInfo) -> int:
    data = _member_bytes(path, member)
    try:
        with translated(path):
            header, _ = _header(path, data)
            _dtype(path, header["descr"])
            return len(header["shape"])
    except (Damaged, NotSupported, TooLarge):
        return 0
    finally:
        data.close()


def _member_bytes(path: Path, member: zipfile.ZipInfo) -> Bytes:
    if member.flag_bits & 1:
        raise NotSupported(
            f"{path.name} is locked with a password.", hint="Save it without one.", path=str(path)
        )
    if member.file_size > BEST_RATIO * member.compress_size + KEPT_BYTES:
        raise damaged(path, f"{member.filename} claims to unpack to far more than it can")
    with translated(path):
        if member.compress_type == zipfile.ZIP_STORED:
            return _StoredBytes(path, member)
        return _PackedBytes(path, member)


class _StoredBytes:
    """An array that lies unpacked within a zip file."""

    def __init__(self, path: Path, member: zipfile.ZipInfo) -> None:
        self._file = FileBytes(path)
        head = self._file.read(member.header_offset, HEAD)
        if len(head) < HEAD or not head.startswith(b"PK\3\4"):
            self._file.close()
            raise damaged(path, f"{member.filename} is not where it should be")
        name, extra = struct.unpack("<HH", head[26:30])
        self._start = member.header_offset + HEAD + name + extra
        self.size = max(0, min(member.file_size, self._file.size - self._start))

    def read(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset` on, fewer at the end."""
        return self._file.read(self._start + offset, max(0, min(count, self.size - offset)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _PackedBytes:
    """An array that is packed within a zip file: unpacked from the start up to where it is read."""

    def __init__(self, path: Path, member: zipfile.ZipInfo) -> None:
        self.size = member.file_size
        self._path = path
        self._member = member
        self._lock = threading.Lock()
        self._zip: zipfile.ZipFile | None = None
        self._stream: IO[bytes] | None = None
        self._at = 0
        self._kept = b""

    def read(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset` on, fewer at the end."""
        with self._lock:
            if self._kept:
                return self._kept[offset : offset + count]
            try:
                if count > LONGEST_HEADER and self.size <= KEPT_BYTES:
                    self._restart()
                    self._kept = self._next(self.size)
                    self._close()
                    return self._kept[offset : offset + count]
                if self._stream is None or offset < self._at:
                    self._restart()
                while self._at < offset and self._next(min(SKIPPED_AT_ONCE, offset - self._at)):
                    pass
                return self._next(count)
            except Foreign as error:
                raise damaged(
                    self._path, f"{self._member.filename} cannot be unpacked", str(error)
                ) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()
            self._kept = b""

    def _next(self, count: int) -> bytes:
        assert self._stream is not None
        data = self._stream.read(count)
        self._at += len(data)
        return data

    def _restart(self) -> None:
        self._close()
        self._zip = zipfile.ZipFile(self._path)
        self._stream = self._zip.open(self._member)
        self._at = 0

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        if self._zip is not None:
            self._zip.close()
        self._stream = self._zip = None
