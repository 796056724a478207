"""CZI files that end too early: their list of parts is lost, so the parts are found one after the other.

The library opens no such file; the tiles are unpacked here. Coarser levels and what the XML at the end said
are lost with it.
"""

import math
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.images.errors import too_early
from app.images.partial import Plane
from app.images.readers.czi_head import SEGMENT, cut
from app.images.readers.planes import PlaneSource, check_scene, damaged, image_info, not_supported
from app.images.readers.strided import FileBytes
from models.source import Pixels, Region, Shape5

KINDS = {0: ("<u1", 1), 1: ("<u2", 1), 2: ("<f4", 1), 3: ("<u1", 3), 4: ("<u2", 3), 8: ("<f4", 3)}
PLAIN, JPEG, JPEG_XR, ZSTD, ZSTD_SPLIT = 0, 1, 4, 5, 6
PART = b"ZISRAWSUBBLOCK"
HEAD = 256  # bytes of a part before its notes
MOST_PARTS = 1_000_000
MOST_EDGE = 1 << 30
MOST_TILE = 1 << 31  # bytes of an unpacked tile
KEPT_BYTES = 256 << 20

Stack = tuple[int, int, int]  # t, c, z
Key = tuple[tuple[str, int], ...]  # place along the axes that are neither T, C nor Z


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of the full resolution: where it lies in the image and in the file, how it is packed."""

    key: Key
    stack: Stack
    x: int
    y: int
    width: int
    height: int
    kind: int
    compression: int
    offset: int
    count: int


def opened(path: Path, scene: int, *, partial: bool) -> PlaneSource:
    """Return an image of a cut file.

    Raises
    ------
    Truncated
        If nothing can be shown, or `partial` was not asked for.
    """
    data = FileBytes(path)
    try:
        tiles = list(_walked(data))
        if not tiles:
            raise cut(path)
        keys = sorted({tile.key for tile in tiles})
        check_scene(path, scene, len(keys))
        own = [tile for tile in tiles if tile.key == keys[scene]]
        planes = _CutPlanes(path, data, own)
        if not partial:
            total = math.prod(planes.shape[:3])
            raise too_early(path, total - len(planes.missing()), total)
        names = [_name(key) if len(keys) > 1 else "" for key in keys]
        shape: Shape5 = planes.shape
        info = image_info(path, scene, names, (shape,), planes.dtype, is_rgb=planes.is_rgb)
        return PlaneSource(path, info, planes)
    except BaseException:
        data.close()
        raise


class _CutPlanes:
    """Puts boxes together from tiles; a `app.images.readers.planes.Planes`."""

    def __init__(self, path: Path, data: FileBytes, tiles: list[Tile]) -> None:
        self._path = path
        self._data = data
        self._tiles: dict[Stack, list[Tile]] = {}
        self._kept: OrderedDict[int, NDArray[Any]] = OrderedDict()
        for tile in tiles:
            self._tiles.setdefault(tile.stack, []).append(tile)
        kinds = {tile.kind for tile in tiles}
        if len(kinds) > 1:
            raise not_supported(path, "channels of different types")
        kind, self._samples = KINDS[kinds.pop()]
        self.dtype = np.dtype(kind)
        self._left, self._top = min(tile.x for tile in tiles), min(tile.y for tile in tiles)
        width = max(tile.x + tile.width for tile in tiles) - self._left
        height = max(tile.y + tile.height for tile in tiles) - self._top
        t, c, z = (1 + max(stack[axis] for stack in self._tiles) for axis in range(3))
        self.is_rgb = c == 1 and self._samples == 3
        self.shape: Shape5 = (t, c * self._samples, z, height, width)

    def fill(self, region: Region, out: Pixels) -> None:
        """Write the pixels of `region` into `out`."""
        for i, t in enumerate(range(*region.t)):
            for k, z in enumerate(range(*region.z)):
                for j, c in enumerate(range(*region.c)):
                    channel, sample = divmod(c, self._samples)
                    if (t, channel, z) not in self._complete():
                        raise too_early(self._path)
                    out[i, j, k] = 0
                    for tile in self._tiles[t, channel, z]:
                        self._paste(tile, self._samples - 1 - sample, region, out[i, j, k])

    def missing(self) -> frozenset[Plane]:
        """Return the planes (t, c, z) of which a tile is not there."""
        complete = self._complete()
        return frozenset(
            (t, c, z) for t, c, z in np.ndindex(self.shape[:3]) if (t, c // self._samples, z) not in complete
        )

    def close(self) -> None:
        """Close the file."""
        self._data.close()
        self._kept.clear()

    def _complete(self) -> set[Stack]:
        most = max(len(tiles) for tiles in self._tiles.values())
        return {stack for stack, tiles in self._tiles.items() if len(tiles) == most}

    def _paste(self, tile: Tile, sample: int, region: Region, out: NDArray[Any]) -> None:
        left, top = tile.x - self._left, tile.y - self._top
        rows = slice(max(region.y[0], top), min(region.y[1], top + tile.height))
        columns = slice(max(region.x[0], left), min(region.x[1], left + tile.width))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        box = self._unpacked(tile)[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left, sample
        ]
        y, x = region.y[0], region.x[0]
        out[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x] = box

    def _unpacked(self, tile: Tile) -> NDArray[Any]:
        if tile.offset not in self._kept:
            shape = (tile.height, tile.width, self._samples)
            nbytes = math.prod(shape) * self.dtype.itemsize
            if nbytes > MOST_TILE or tile.compression not in UNPACKERS:
                raise damaged(self._path, "a part of it cannot be unpacked")
            data = UNPACKERS[tile.compression](self._data.read(tile.offset, tile.count), nbytes)
            if len(data) < nbytes:
                raise damaged(self._path, "a part of it unpacks to less than it should")
            self._kept[tile.offset] = np.frombuffer(data, self.dtype, math.prod(shape)).reshape(shape)
            while len(self._kept) > 1 and sum(one.nbytes for one in self._kept.values()) > KEPT_BYTES:
                self._kept.popitem(last=False)
        return self._kept[tile.offset]


def _plain(data: bytes, _: int) -> bytes:
    return data


def _zstd(data: bytes, nbytes: int) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.zstd_decode(data, out=nbytes))


def _zstd_split(data: bytes, nbytes: int) -> bytes:
    """Unpack what may have all low bytes before all high bytes, as the head says."""
    length = data[0]
    unpacked = _zstd(data[length:], nbytes)
    if length == 3 and data[1] == 1 and data[2] & 1:
        return np.frombuffer(unpacked, np.uint8).reshape(2, -1).T.tobytes()
    return unpacked


def _jpeg(data: bytes, _: int) -> bytes:
    import imagecodecs

    found: NDArray[Any] = imagecodecs.jpeg8_decode(data)
    return (found[..., ::-1] if found.ndim == 3 else found).tobytes()


def _jpeg_xr(data: bytes, _: int) -> bytes:
    import imagecodecs

    found: NDArray[Any] = imagecodecs.jpegxr_decode(data)
    return (found[..., ::-1] if found.ndim == 3 else found).tobytes()


UNPACKERS: dict[int, Callable[[bytes, int], bytes]] = {
    PLAIN: _plain, JPEG: _jpeg, JPEG_XR: _jpeg_xr, ZSTD: _zstd, ZSTD_SPLIT: _zstd_split,
}  # fmt: skip


def _walked(data: FileBytes) -> Iterator[Tile]:
    """Yield the tiles of the full resolution that are there with all their bytes."""
    at = 0
    for _ in range(MOST_PARTS):
        head = data.read(at, SEGMENT + HEAD)
        if len(head) < SEGMENT:
            return
        (allocated,) = struct.unpack_from("<q", head, 16)
        if not head.startswith(b"ZISRAW") or allocated < 0:
            return
        if head.startswith(PART) and len(head) == SEGMENT + HEAD:
            tile = _tile(head[SEGMENT:], at + SEGMENT)
            if tile is not None and tile.offset + tile.count <= data.size:
                yield tile
        at += SEGMENT + allocated


def _tile(head: bytes, at: int) -> Tile | None:
    """Return the tile that the head of a part at `at` describes; None for one of a coarser level."""
    notes, _, count = struct.unpack_from("<iiq", head)
    schema, kind, _, _, compression, _, dimensions = struct.unpack_from("<2siqiiB5xi", head, 16)
    if schema != b"DV" or not 0 <= dimensions <= 10 or notes < 0 or count < 0 or kind not in KINDS:
        return None
    place: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for number in range(dimensions):
        axis, start, size, _, stored = struct.unpack_from("<4siifi", head, 48 + 20 * number)
        letter = axis.rstrip(b"\0").decode("latin-1")
        if letter in "XY":
            if size != stored or not 0 < size < MOST_EDGE:
                return None
            sizes[letter] = size
        elif start < 0:
            return None
        place[letter] = start
    if sizes.keys() != {"X", "Y"}:
        return None
    stack = (place.pop("T", 0), place.pop("C", 0), place.pop("Z", 0))
    x, y = place.pop("X"), place.pop("Y")
    place.pop("M", 0)
    offset = at + max(HEAD, 48 + 20 * dimensions) + notes
    key = tuple(sorted(place.items()))
    return Tile(key, stack, x, y, sizes["X"], sizes["Y"], kind, compression, offset, count)


def _name(key: Key) -> str:
    return ", ".join(f"Scene {at + 1}" if axis == "S" else f"{axis} {at + 1}" for axis, at in key)
