"""What all readers but those of TIFF share: the source around a box reader, and what is said on faults."""

import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree

import numpy as np

from app.images.errors import Damaged, NoPixels, NoSuchScene, NotSupported, TooLarge, from_system
from app.images.partial import Plane
from app.images.scale import Scale
from models.source import Channel, Doubt, ImageInfo, Pixels, Region, Shape5

MOST_PIXELS = 1 << 62
MOST_PLANES = 2_000_000
MOST_CHANNELS = 100_000
MOST_BYTES = 1 << 36  # nobody means to read more at once
PRIMARIES = (Channel("Red", "#ff0000"), Channel("Green", "#00ff00"), Channel("Blue", "#0000ff"))
# What parsers and decoders raise on files that contradict themselves.
FOREIGN = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, AssertionError,
    NameError, EOFError, SyntaxError, struct.error, zlib.error, ElementTree.ParseError,
)  # fmt: skip


class Planes(Protocol):
    """Whatever gives the pixels of an opened file."""

    def fill(self, region: Region, out: Pixels) -> None:
        """Write the pixels of `region`, which lies in the image, into `out`; one thread at a time."""
        ...

    def missing(self) -> frozenset[Plane]:
        """Return the planes (t, c, z) that the file has not."""
        ...

    def close(self) -> None:
        """Release the file; closing twice does no harm."""
        ...


class PlaneSource:
    """An image whose pixels come from `planes`; see `models.source.ImageSource`.

    Parameters
    ----------
    path : Path
    info : ImageInfo
    planes : Planes
        Closed along with the source.
    """

    def __init__(self, path: Path, info: ImageInfo, planes: Planes) -> None:
        self.info = info
        self._path = path
        self._planes = planes
        self._lock = threading.Lock()
        self._is_closed = False

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`.

        Raises
        ------
        ImageError
            If the file is damaged there, ends before, or memory is short.
        ValueError
            If `region` does not lie in the image, or the source is closed.
        """
        out = blank(self._path, self.info, region)
        if out.size:
            with self._lock:
                if self._is_closed:
                    raise ValueError(f"{self._path.name} is closed")
                with translated(self._path):
                    self._planes.fill(region, out)
        return out

    def missing_planes(self) -> frozenset[Plane]:
        """Return the planes (t, c, z) that the file has not."""
        return self._planes.missing()

    def close(self) -> None:
        """Release the file; closing twice does no harm."""
        with self._lock:
            self._is_closed = True
            self._planes.close()


def blank(path: Path, info: ImageInfo, region: Region) -> Pixels:
    """Return an empty array for `region`.

    Raises
    ------
    TooLarge
        If it is more than fits into memory.
    ValueError
        If `region` does not lie in the image.
    """
    shape = info.shapes[region.level]
    if not all(0 <= low <= high <= size for (low, high), size in zip(region.ranges, shape, strict=True)):
        raise ValueError(f"{region} does not lie in an image of {shape}")
    if int(np.prod(region.shape, dtype=np.float64)) * np.dtype(info.dtype).itemsize <= MOST_BYTES:
        try:
            return np.empty(region.shape, info.dtype)
        except MemoryError:
            pass
    raise TooLarge(
        f"This part of {path.name} is more than fits into memory.",
        hint="Look at single planes or smaller parts.",
        path=str(path),
    )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what libraries raise on bad files into image errors."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise from_system(error, path) from error
        raise damaged(path, reason=str(error)) from error
    except MemoryError as error:
        raise TooLarge(
            f"{path.name} needs more memory to unpack than there is.",
            hint="Close other programs. If the file is small, it is damaged: copy it again.",
            path=str(path),
        ) from error
    except RecursionError as error:
        raise damaged(path, reason="nested too deep") from error
    except FOREIGN as error:
        raise damaged(path, reason=str(error)) from error


def damaged(path: Path, what: str = "what it says about itself makes no sense", reason: str = "") -> Damaged:
    """Return the error for a file that contradicts itself."""
    return Damaged(
        f"{path.name} is damaged: {what}.",
        hint="Copy it again from where it was recorded, or save it anew in the program that wrote it.",
        path=str(path),
        reason=reason[:500],
    )


def check_scene(path: Path, scene: int, count: int) -> None:
    """Raise `NoSuchScene` unless there is an image at index `scene` of `count`."""
    if not 0 <= scene < count:
        raise NoSuchScene(
            f"{path.name} holds {count} image{'s' if count > 1 else ''}; there is no number {scene + 1}.",
            hint="Choose one that is there.",
            path=str(path),
            scenes=count,
        )


def check_kind(path: Path, dtype: np.dtype[np.generic]) -> None:
    """Raise `NotSupported` unless pixels of `dtype` are real numbers."""
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        kind = "complex numbers" if dtype.kind == "c" else str(dtype)[:60]
        raise not_supported(path, kind)


def not_supported(path: Path, kind: str) -> NotSupported:
    """Return the error for pixels of a `kind` that nobody here can show."""
    return NotSupported(
        f"{path.name} has pixels of a kind that cannot be read ({kind}).",
        hint="Save it with 8, 16 or 32 bits per pixel in the program that wrote it.",
        path=str(path),
    )


def image_info(
    path: Path,
    scene: int,
    scenes: Sequence[str],
    shapes: Sequence[Shape5],
    dtype: np.dtype[np.generic],
    *,
    channels: Sequence[Channel] = (),
    scale: Scale | None = None,
    is_rgb: bool = False,
    doubts: Sequence[Doubt] = (),
) -> ImageInfo:
    """Return the description of an image; names for scenes and channels that have none are made up.

    Raises
    ------
    NoPixels
        If the image is empty.
    NotSupported
        If its pixels are no real numbers.
    ValueError
        If sizes are negative or beyond all reason.
    """
    check_kind(path, dtype)
    t, c, z, y, x = shapes[0]
    if min(min(shape) for shape in shapes) < 0 or t * c * z * y * x > MOST_PIXELS:
        raise ValueError(f"an image of {shapes[0]}")
    if 0 in shapes[0]:
        empty = f"{x} x {y} pixels: nothing to see" if 0 in (y, x) else "no planes"
        raise NoPixels(
            f"{path.name} has {empty}.",
            hint="Export it again from the program that recorded it.",
            path=str(path),
        )
    if t * c * z > MOST_PLANES or c > MOST_CHANNELS:
        raise ValueError(f"{t * c * z} planes of {c} channels")
    size, size_doubts = (scale or Scale()).settled()
    counts = {"T": t, "C": 1 if is_rgb else c, "Z": z}
    return ImageInfo(
        uri=str(path),
        scene=scene,
        scenes=tuple(name or f"Image {index + 1}" for index, name in enumerate(scenes)),
        shapes=tuple(shapes),
        dtype="uint8" if dtype.kind == "b" else dtype.newbyteorder("=").name,
        axes="".join(axis for axis, count in counts.items() if count > 1) + ("YXS" if is_rgb else "YX"),
        pixel_size_um=size,
        channels=PRIMARIES if is_rgb else (*channels, *(Channel("") for _ in range(c - len(channels))))[:c],
        time_interval_s=scale.interval_s if scale else None,
        is_rgb=is_rgb,
        doubts=tuple(doubts) + size_doubts,
    )
