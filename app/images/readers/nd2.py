"""ND2 files of Nikon: the library tells what is in them, the frames are read here.

For a frame that is not there the library gives black pixels; here that is an error.
"""

import dataclasses
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.images.errors import Truncated, too_early
from app.images.metadata import Entry, Gatherer
from app.images.partial import Plane
from app.images.readers.nd2_chunks import Chunks
from app.images.readers.planes import PlaneSource, check_scene, damaged, image_info, translated
from app.images.readers.strided import FileBytes, check_present
from app.images.scale import Scale
from models.source import Channel, Pixels, PixelSize, Region, Shape5

SIZES = (b"ImageAttributesLV!", b"ImageAttributes!")
LEGACY = b"\0\0\0\x0c"
TIMES = b"\0" * 8  # before the pixels of a frame, when it was taken
MOST_FRAMES = 500_000
BEST_RATIO = 1100  # Deflate does no better

File = Any  # nd2.ND2File: its types are loose


@dataclass(frozen=True, slots=True)
class Frames:
    """How the frames of a file are numbered and built.

    Attributes
    ----------
    axes : str
        Of the loops, slowest first, such as ``"TPZ"``.
    counts : tuple of int
        As many as `axes`.
    shape : (height, width, channels, samples)
        Of each frame.
    row : int
        Bytes from one row of a frame to the next.
    dtype : numpy.dtype
    is_packed : bool
    """

    axes: str
    counts: tuple[int, ...]
    shape: tuple[int, int, int, int]
    row: int
    dtype: np.dtype[Any]
    is_packed: bool

    @property
    def nbytes(self) -> int:
        """Bytes of an unpacked frame."""
        return self.row * self.shape[0]

    def number(self, place: dict[str, int]) -> int:
        """Return the number of the frame at `place`, by axis."""
        number = 0
        for axis, count in zip(self.axes, self.counts, strict=True):
            number = number * count + place.get(axis, 0)
        return number


def open_source(path: Path, scene: int = 0, *, partial: bool = False) -> PlaneSource:
    """Open a position of an ND2 file; see `app.images.open.open_image`."""
    with translated(path):
        data = FileBytes(path)
        try:
            with _library(path, data) as (file, chunks):
                frames = _frames(path, file)
                names = _scenes(file, frames)
                check_scene(path, scene, len(names))
                shape, is_rgb = _shape(frames)
                channels = [] if is_rgb else _channels(file, frames.shape[3])
                info = image_info(
                    path, scene, names, (shape,), frames.dtype, channels=channels, scale=_scale(file),
                    is_rgb=is_rgb,
                )  # fmt: skip
            if chunks is None:
                return PlaneSource(path, info, _LegacyPlanes(path, data, frames, scene))
            planes = _Nd2Planes(path, data, chunks, frames, scene, shape)
            planes.check_complete(partial=partial)
            return PlaneSource(path, info, planes)
        except BaseException:
            data.close()
            raise


def metadata(path: Path, scene: int) -> tuple[Entry, ...]:  # noqa: ARG001 - all readers
    """Return what the file says of channels, loops and the microscope; `scene` makes no difference."""
    with translated(path):
        data = FileBytes(path)
        try:
            with _library(path, data) as (file, _):
                told = {
                    "Texts": file.text_info,
                    "Attributes": file.attributes,
                    "Metadata": file.metadata,
                    "Experiment": file.experiment,
                    "Everything": _unstructured(file),
                }
                gatherer = Gatherer()
                return tuple(gatherer.entry(name, _plain(value)) for name, value in told.items() if value)
        finally:
            data.close()


class _Nd2Planes:
    """Reads frames, which hold all channels of a plane; a `app.images.readers.planes.Planes`."""

    def __init__(
        self, path: Path, data: FileBytes, chunks: Chunks, frames: Frames, scene: int, shape: Shape5
    ) -> None:
        self._path = path
        self._data = data
        self._chunks = chunks
        self._frames = frames
        self._offsets = chunks.frames()
        self._hidden = _hidden(frames, scene)
        self._shape = shape
        self._kept: tuple[int, NDArray[Any]] | None = None  # the frame unpacked last

    def check_complete(self, *, partial: bool) -> None:
        """Raise `Truncated` if a frame of this position is not there; if `partial`, if none is there."""
        wanted = sorted({self._number(t, z) for t in range(self._shape[0]) for z in range(self._shape[2])})
        there = [self._is_there(number) for number in wanted]
        first = len(there) if all(there) else there.index(False)
        if not partial or not any(there):
            check_present(self._path, first, len(there), partial=False)

    def missing(self) -> frozenset[Plane]:
        """Return the planes (t, c, z) whose frame is not there."""
        t, c, z, _, _ = self._shape
        gone = [(i, k) for i in range(t) for k in range(z) if not self._is_there(self._number(i, k))]
        return frozenset((i, j, k) for i, k in gone for j in range(c))

    def fill(self, region: Region, out: Pixels) -> None:
        """Write the pixels of `region` into `out`."""
        _, _, _, y, x = region.slices
        for i, t in enumerate(range(*region.t)):
            for k, z in enumerate(range(*region.z)):
                box = self._frame(self._number(t, z), region.y if not self._frames.is_packed else None)
                rows = box[y] if self._frames.is_packed else box
                out[i, :, k] = np.moveaxis(_samples(rows), -1, 0)[region.slices[1], :, x]

    def close(self) -> None:
        """Close the file."""
        self._data.close()
        self._kept = None

    def _number(self, t: int, z: int) -> int:
        return self._frames.number(self._hidden | {"T": t, "Z": z})

    def _is_there(self, number: int) -> bool:
        offset = self._offsets.get(number)
        if offset is None:
            return False
        try:
            start, length = self._chunks.body(offset)
        except EOFError:
            return False
        needed = length if self._frames.is_packed else len(TIMES) + self._frames.nbytes
        return start + needed <= self._data.size

    def _frame(self, number: int, rows: tuple[int, int] | None) -> NDArray[Any]:
        """Return a frame or only some `rows` of it, shape (rows, width, channels, samples)."""
        frames = self._frames
        if not self._is_there(number):
            raise too_early(self._path)
        start, length = self._chunks.body(self._offsets[number])
        if rows is not None:
            low, high = rows
            data = self._data.read(start + len(TIMES) + low * frames.row, (high - low) * frames.row)
            return _as_frame(frames, data, high - low)
        if self._kept is None or self._kept[0] != number:
            packed = self._data.read(start + len(TIMES), length - len(TIMES))
            if frames.nbytes > BEST_RATIO * max(1, len(packed)):
                raise damaged(self._path, "a plane claims to unpack to far more than it can")
            data = zlib.decompressobj().decompress(packed, frames.nbytes)
            if len(data) < frames.nbytes:
                raise damaged(self._path, "a plane unpacks to less than it should")
            self._kept = number, _as_frame(frames, data, frames.shape[0])
        return self._kept[1]


class _LegacyPlanes:
    """Frames of the old kind, JPEG 2000, which the library unpacks; a `app.images.readers.planes.Planes`."""

    def __init__(self, path: Path, data: FileBytes, frames: Frames, scene: int) -> None:
        import nd2

        self._data = data
        self._frames = frames
        self._hidden = _hidden(frames, scene)
        self._file = nd2.ND2File(path)

    def fill(self, region: Region, out: Pixels) -> None:
        """Write the pixels of `region` into `out`."""
        height, width, channels, samples = self._frames.shape
        for i, t in enumerate(range(*region.t)):
            for k, z in enumerate(range(*region.z)):
                frame = self._file.read_frame(self._frames.number(self._hidden | {"T": t, "Z": z}))
                box = np.asarray(frame).reshape(channels, height, width, samples)
                planes = np.moveaxis(box, 3, 1).reshape(channels * samples, height, width)
                out[i, :, k] = planes[region.slices[1], region.slices[3], region.slices[4]]

    def missing(self) -> frozenset[Plane]:
        """Return no planes: nobody knows."""
        return frozenset()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._data.close()


@contextmanager
def _library(path: Path, data: FileBytes) -> Iterator[tuple[File, Chunks | None]]:
    """Open a file with the library; the chunks are None for the old kind."""
    import nd2

    if data.read(0, 4) == LEGACY:
        with nd2.ND2File(path) as file:
            yield file, None
        return
    chunks = Chunks(path, data)
    if chunks.is_cut and not any(name in chunks.places for name in SIZES):
        raise Truncated(
            f"{path.name} ends too early: the size of its planes, which may stand at the end, is missing."
            " Nothing of it can be shown.",
            hint="Copy it again from where it was recorded.",
            path=str(path),
            plane=0,
        )
    whole: Any = chunks.mended() if chunks.is_cut else path  # the library has a protocol of its own
    with nd2.ND2File(whole) as file:
        yield file, chunks


def _frames(path: Path, file: File) -> Frames:
    about = file.attributes
    bits, kind = int(about.bitsPerComponentInMemory), str(about.pixelDataType or "unsigned")[0]
    if bits not in (8, 16, 32, 64) or kind not in "uf":
        raise damaged(path, f"its pixels have {bits} bits")
    dtype = np.dtype(f"<{kind}{bits // 8}")
    channels = int(about.channelCount or 1)
    samples, rest = divmod(int(about.componentCount), channels)
    height, width = int(about.heightPx), int(about.widthPx or 0)
    if min(channels, samples, height, width) < 1 or rest:
        raise damaged(path, f"its size of {width} x {height} makes no sense")
    row = max(int(about.widthBytes or 0), width * channels * samples * dtype.itemsize)
    loops = [(axis, int(count)) for axis, count in file.sizes.items() if axis not in "YXCS"]
    axes, counts = "".join(axis for axis, _ in loops), tuple(count for _, count in loops)
    if math.prod(counts) > MOST_FRAMES or min(counts, default=1) < 1:
        raise damaged(path, f"it claims to have {math.prod(counts)} planes")
    is_packed = about.compressionType == "lossless"
    return Frames(axes, counts, (height, width, channels, samples), row, dtype, is_packed)


def _shape(frames: Frames) -> tuple[Shape5, bool]:
    """Return the shape of an image, and whether it is in colour."""
    counts = dict(zip(frames.axes, frames.counts, strict=True))
    height, width, channels, samples = frames.shape
    shape = (counts.get("T", 1), channels * samples, counts.get("Z", 1), height, width)
    return shape, channels == 1 and samples == 3


def _hidden(frames: Frames, scene: int) -> dict[str, int]:
    """Return where image `scene` lies along the axes that are neither T nor Z."""
    place: dict[str, int] = {}
    for axis, count in reversed(list(zip(frames.axes, frames.counts, strict=True))):
        if axis not in "TZ":
            scene, place[axis] = divmod(scene, count)
    return place


def _scenes(file: File, frames: Frames) -> list[str]:
    """Return the names of the positions; other loops that are neither T nor Z multiply them."""
    counts = {axis: n for axis, n in zip(frames.axes, frames.counts, strict=True) if axis not in "TZ"}
    names = [""] * math.prod(counts.values())
    for loop in file.experiment:
        points = getattr(loop.parameters, "points", None)
        if loop.type == "XYPosLoop" and points is not None and counts == {"P": len(points)}:
            names = [str(point.name or f"Position {i + 1}") for i, point in enumerate(points)]
    return names


def _channels(file: File, samples: int) -> list[Channel]:
    found = []
    for one in getattr(file.metadata, "channels", None) or ():
        colour = one.channel.color
        parts = [max(0, min(255, int(part))) for part in (colour.r, colour.g, colour.b)]
        channel = Channel(str(one.channel.name or ""), "#{:02x}{:02x}{:02x}".format(*parts))
        found += [channel] * samples
    return found


def _scale(file: File) -> Scale:
    size = file.voxel_size()
    z, y, x = (
        float(one) if one and math.isfinite(one) and one > 0 else None for one in (size.z, size.y, size.x)
    )
    if "Z" not in file.sizes:
        z = None
    channels = getattr(file.metadata, "channels", None) or ()
    if channels and not any(channels[0].volume.axesCalibrated[:2]):
        x = y = None  # the library says 1 µm where nothing is known
    return Scale(PixelSize(z, y, x), _interval(file))


def _interval(file: File) -> float | None:
    """Return the seconds between time points, as planned or else as they were on average."""
    for loop in file.experiment:
        if loop.type in ("TimeLoop", "NETimeLoop"):
            parts = getattr(loop.parameters, "periods", None) or [loop.parameters]
            for part in parts[:1]:
                average = getattr(getattr(part, "periodDiff", None), "avg", None)
                for milliseconds in (getattr(part, "periodMs", None), average):
                    if milliseconds and math.isfinite(milliseconds) and milliseconds > 0:
                        return float(milliseconds) / 1000
    return None


def _as_frame(frames: Frames, data: bytes, rows: int) -> NDArray[Any]:
    _, width, channels, samples = frames.shape
    size = frames.dtype.itemsize
    strides = (frames.row, channels * samples * size, samples * size, size)
    return np.ndarray((rows, width, channels, samples), frames.dtype, data, 0, strides)


def _samples(frame: NDArray[Any]) -> NDArray[Any]:
    """Return a frame with samples and channels as one last axis."""
    return frame.reshape(*frame.shape[:2], -1)


def _plain(value: object) -> object:
    """Return dataclasses, also in a list, as mappings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _unstructured(file: File) -> dict[str, Any]:
    try:
        found: dict[str, Any] = file.unstructured_metadata()
    except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError):
        return {}
    return found
