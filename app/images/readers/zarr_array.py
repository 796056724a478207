"""The pixels of one Zarr array, format 2 or 3, through tensorstore: only the chunks that a box needs.

Chunks that are not there are the fill value, as the format wants it. Which chunk files a read will touch is
known beforehand; each is looked at first, since it may be a link or a pipe, or claim to unpack to anything.
"""

import math
import os
import stat
import struct
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.images.cache import TILE
from app.images.errors import ImageError, NoPermission, NotSupported, ReadingFailed, TooLarge, from_system
from app.images.readers.zarr_store import ARRAY, BOTH, Json, Node, Store
from models.source import Range

MOST_CHUNK = 1 << 30  # unpacked bytes of a chunk
LARGE_CHUNK = 64 << 20  # such are unpacked one at a time
MOST_INNER = 1 << 22  # chunks within a shard, whose index is read whole
MOST_CHUNKS = 1 << 20  # of one read
KEPT_BYTES = 64 << 20  # of unpacked chunks that hold more than was asked for
REMEMBERED = 4096  # folders of chunks that were looked at
THREADS = min(4, os.cpu_count() or 1)
FILES = 8  # read at a time, for drives that answer late
KINDS = "biuf"
BLOSC_HEAD = struct.Struct("<4x3I")  # unpacked bytes, block, packed bytes
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the metadata of an array say, checked: shape, shape of chunks (or shards), NumPy's pixel type."""

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: str


def facts_of(node: Node, store: Store) -> Facts:
    """Return what the metadata of the array `node` say.

    Raises
    ------
    Damaged
        If they contradict themselves.
    NotSupported
        If pixels are no real numbers.
    """
    array = node.array or {}
    shape = _sizes(array.get("shape"))
    chunks = _sizes(array.get("chunks") if node.version == 2 else _grid(array))
    if shape is None or chunks is None or len(shape) != len(chunks) or 0 in chunks:
        raise store.damaged("the size of its pixels or chunks makes no sense", array=node.path)
    named = array.get("dtype") if node.version == 2 else array.get("data_type")
    try:
        dtype = np.dtype(named if isinstance(named, str) else "V")
    except (TypeError, ValueError, SyntaxError):
        dtype = np.dtype("V")
    if dtype.kind not in KINDS or dtype.itemsize > 8:
        raise NotSupported(
            f"{store.name} has pixels of a kind that cannot be read ({str(named)[:40]}).",
            hint="Save it with 8, 16 or 32 bits per pixel in the program that wrote it.",
            path=str(store.folder),
        )
    return Facts(shape, chunks, dtype.name)


class ZarrArray:
    """One array, opened; may be read from any thread.

    Parameters
    ----------
    store : Store
    node : Node
        An array.
    stack : tuple of int
        The axes that are not rows or columns. Unpacked chunks are remembered for a while where one read
        after another needs the same ones, because they reach over several planes or tiles.

    Raises
    ------
    NotSupported
        If it is packed in a way that cannot be unpacked.
    Damaged
        If its metadata contradict themselves.
    """

    def __init__(self, store: Store, node: Node, stack: tuple[int, ...]) -> None:
        self.facts = facts_of(node, store)
        self._store = store
        self._path = node.path
        self._folder = store.inside(node.path)
        self._sign = self._folder / (BOTH if node.version == 3 else ARRAY)
        self._joined = _joiner(node)
        self._is_blosc = _is_blosc(node)
        self._checked: set[str] = set()
        self._lock = threading.Lock()
        self._opened = self._open(node, stack)

    def read(self, box: Sequence[Range]) -> NDArray[Any]:
        """Return the pixels of `box`, one half-open range per axis of the array, in native byte order.

        Raises
        ------
        ImageError
            If a chunk is damaged, is a link elsewhere, or if the folder is gone.
        """
        self._check_chunks(box)
        try:
            found: NDArray[Any] = self._opened[tuple(slice(*one) for one in box)].read(order="C").result()
        except (ValueError, OverflowError, RuntimeError) as error:
            raise self._told(error) from error
        except MemoryError as error:
            raise self._too_large() from error
        if not self._sign.exists():  # without the folder every chunk seems to be one that was left out
            raise self._store.gone()
        return found.view(np.uint8) if found.dtype == bool else found

    def _open(self, node: Node, stack: tuple[int, ...]) -> Any:  # tensorstore carries no types
        import tensorstore

        try:
            self._folder.as_posix().encode()
        except UnicodeEncodeError as error:
            raise NotSupported(
                f"The name of {self._store.name} has signs that cannot be read.",
                hint="Give the folder another name.",
                path=self._store.name,
            ) from error
        driver = "zarr" if node.version == 2 else "zarr3"
        where = {"driver": "file", "path": self._folder.as_posix() + "/"}
        spec = {"driver": driver, "kvstore": where, "recheck_cached_metadata": "open"}
        if node.version == 2:
            self._check_sizes(self.facts.chunks)
        try:
            layout = _opened(tensorstore, spec, _context(0, THREADS, FILES)).chunk_layout
            inner = tuple(int(length) for length in layout.read_chunk.shape)
            nbytes = self._check_sizes(inner)
            kept = KEPT_BYTES if self._is_shared(inner, stack) and nbytes <= KEPT_BYTES else 0
            threads, files = (1, 1) if nbytes > LARGE_CHUNK else (THREADS, FILES)
            return _opened(tensorstore, spec, _context(kept, threads, files))
        except (ValueError, OverflowError, RuntimeError) as error:
            raise self._told(error) from error

    def _check_sizes(self, inner: tuple[int, ...]) -> int:
        """Return the bytes of an unpacked chunk, unless it is far too large."""
        nbytes = math.prod(inner) * np.dtype(self.facts.dtype).itemsize
        shards = math.prod(self.facts.chunks) // max(1, math.prod(inner))
        if nbytes > MOST_CHUNK or shards > MOST_INNER:
            raise TooLarge(
                f"{self._store.name} is stored in pieces that are too large to unpack.",
                hint="Save it in smaller chunks, such as 1024 x 1024 pixels of one plane.",
                path=str(self._store.folder),
                bytes=nbytes,
            )
        return nbytes

    def _is_shared(self, inner: tuple[int, ...], stack: tuple[int, ...]) -> bool:
        """Whether a chunk holds parts of several planes, or of several of the tiles that are looked at."""
        return any(
            length > 1 if axis in stack else length < size and TILE % length > 0
            for axis, (length, size) in enumerate(zip(inner, self.facts.shape, strict=True))
        )

    def _check_chunks(self, box: Sequence[Range]) -> None:
        """Look at every file that `box` needs, without reading it."""
        spans = [
            range(low // size, -(-high // size))
            for (low, high), size in zip(box, self.facts.chunks, strict=True)
        ]
        if math.prod(len(span) for span in spans) > MOST_CHUNKS:
            raise TooLarge(
                f"This part of {self._store.name} lies in more than a million files.",
                hint="Look at a smaller part, or save the image in larger chunks.",
                path=str(self._store.folder),
            )
        for place in product(*spans):
            self._check_chunk(self._joined(place))

    def _check_chunk(self, key: str) -> None:
        self._check_folder(key.rpartition("/")[0])
        file = f"{self._folder}/{key}"  # no Path: this is done before each read
        try:
            status = os.lstat(file)
            if stat.S_ISLNK(status.st_mode):
                self._store.inside(f"{self._path}/{key}")
                status = Path(file).stat()
            if not stat.S_ISREG(status.st_mode):
                raise self._damaged(key)
            if self._is_blosc:
                self._check_blosc(file, key)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise from_system(error, self._store.folder) from error

    def _check_folder(self, folder: str) -> None:
        """Look once whether a folder of chunks is a link that leads elsewhere."""
        if not folder or folder in self._checked:
            return
        self._check_folder(folder.rpartition("/")[0])
        if (self._folder / folder).is_symlink():
            self._store.inside(f"{self._path}/{folder}")
        with self._lock:
            if len(self._checked) >= REMEMBERED:
                self._checked.clear()
            self._checked.add(folder)

    def _check_blosc(self, file: str, key: str) -> None:
        """Refuse a chunk that claims to unpack to more than a chunk is: room for it would be made first."""
        handle = os.open(file, OPEN_FLAGS)
        try:
            head = os.read(handle, 16)
        finally:
            os.close(handle)
        expected = math.prod(self.facts.chunks) * np.dtype(self.facts.dtype).itemsize
        if len(head) == BLOSC_HEAD.size and BLOSC_HEAD.unpack(head)[0] > expected:
            raise self._damaged(key)

    def _damaged(self, key: str, reason: str = "") -> ImageError:
        return self._store.damaged("a part of it cannot be unpacked", chunk=key, reason=reason)

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"This part of {self._store.name} is more than fits into memory.",
            hint="Look at single planes or smaller parts.",
            path=str(self._store.folder),
        )

    def _told(self, error: Exception) -> ImageError:
        """Return what tensorstore means, for a person."""
        text, name = str(error), self._store.name
        if not self._sign.exists():
            return self._store.gone()
        if "PERMISSION_DENIED" in text or "Permission denied" in text:
            denied = from_system(PermissionError(), self._store.folder)
            assert isinstance(denied, NoPermission)
            return denied
        if "RESOURCE_EXHAUSTED" in text:
            return self._too_large()
        if "Error opening" in text and (
            "not registered" in text or "not supported" in text or "nsupported" in text
        ):
            return NotSupported(
                f"{name} is packed by a method that cannot be read.",
                hint="Save it with Blosc, Zstandard or GZip in the program that wrote it.",
                path=str(self._store.folder),
                reason=text[:500],
            )
        if "Error opening" in text:
            return self._store.damaged("the description of its pixels makes no sense", reason=text[:500])
        if "Input/output error" in text or "DATA_LOSS" in text:
            return ReadingFailed(
                f"{name} could not be read: the drive or the network gave up.",
                hint="Check the drive or the network connection, then try again.",
                path=str(self._store.folder),
            )
        return self._damaged("", text[:500])


def codecs_of(array: Json, version: int) -> str:
    """Return how the chunks of an array are packed, in the words of its metadata."""
    if version == 3:
        codecs = array.get("codecs")
        names = (str(one.get("name", "")) for one in _flat(codecs if isinstance(codecs, list) else []))
        return ", ".join(name for name in names if name)
    compressor = array.get("compressor")
    if not isinstance(compressor, dict):
        return "uncompressed"
    return " ".join(
        str(compressor[name]) for name in ("id", "cname", "clevel", "level") if name in compressor
    )


def _flat(codecs: list[Any]) -> Iterator[Json]:
    """Yield codecs and the codecs within shards."""
    for one in codecs:
        if isinstance(one, dict):
            yield one
            settings = one.get("configuration")
            inner = settings.get("codecs") if isinstance(settings, dict) else None
            yield from _flat(inner if isinstance(inner, list) else [])


def _opened(tensorstore: Any, spec: Json, context: Any) -> Any:
    return tensorstore.open(spec, read=True, write=False, open=True, context=context).result()


@cache
def _context(kept: int, threads: int, files: int) -> Any:
    """Return the threads and the memory that arrays share; made once for the whole process."""
    import tensorstore

    return tensorstore.Context(
        {
            "cache_pool": {"total_bytes_limit": kept},
            "file_io_concurrency": {"limit": files},
            "data_copy_concurrency": {"limit": threads},
        }
    )


def _sizes(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list) or not all(type(one) is int and one >= 0 for one in value):
        return None
    return tuple(value)


def _grid(array: Json) -> object:
    grid = array.get("chunk_grid")
    settings = grid.get("configuration") if isinstance(grid, dict) else None
    return settings.get("chunk_shape") if isinstance(settings, dict) else None


def _joiner(node: Node) -> Any:
    """Return the function from the place of a chunk in the grid to the name of its file."""
    array = node.array or {}
    if node.version == 2:
        dot = "/" if array.get("dimension_separator") == "/" else "."
        return lambda place: dot.join(map(str, place))
    encoding = array.get("chunk_key_encoding")
    encoding = encoding if isinstance(encoding, dict) else {}
    settings = encoding.get("configuration")
    settings = settings if isinstance(settings, dict) else {}
    is_old = encoding.get("name") == "v2"
    dot = settings.get("separator", "." if is_old else "/")
    dot = dot if dot in (".", "/") else "/"
    if is_old:
        return lambda place: dot.join(map(str, place)) or "0"
    return lambda place: dot.join(("c", *map(str, place)))


def _is_blosc(node: Node) -> bool:
    """Whether the outermost packing is Blosc."""
    array = node.array or {}
    if node.version == 2:
        compressor = array.get("compressor")
        return isinstance(compressor, dict) and compressor.get("id") == "blosc"
    codecs = array.get("codecs")
    last = codecs[-1] if isinstance(codecs, list) and codecs else None
    return isinstance(last, dict) and last.get("name") == "blosc"
