"""Pictures and the rarer formats: PNG, JPEG and BMP by Pillow, GIF, SPE and the rest by aicsimageio.

Both are imported when they are needed. aicsimageio takes seconds for that, so it is asked only for what
nothing lighter reads; this is the one module that names it.
"""

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.images.errors import (
    Damaged,
    NoPixels,
    NoSuchScene,
    TooLarge,
    Truncated,
    UnknownFormat,
    from_system,
)
from app.images.metadata import Entry
from app.images.readers import spe_cut
from app.images.scale import Scale
from models.source import Channel, Doubt, ImageInfo, ImageSource, Pixels, PixelSize, Region, Shape5

PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"BM")
PRIMARIES = (Channel("Red", "#ff0000"), Channel("Green", "#00ff00"), Channel("Blue", "#0000ff"))
GREY = {
    "1": "uint8",
    "L": "uint8",
    "LA": "uint8",
    "I;16": "uint16",
    "I;16B": "uint16",
    "I": "int32",
    "F": "float32",
}
DEEP_SAMPLES = {2: 3, 4: 2, 6: 4}  # of PNG's colour types that Pillow would cut down to 8 bits
FOREIGN = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, SyntaxError, EOFError,
    struct.error, zlib.error,
)  # fmt: skip


def open_source(path: Path, scene: int = 0, *, partial: bool = False) -> ImageSource:
    """Open image `scene` of a file; `partial` matters for SPE alone. See `app.images.open.open_image`."""
    try:
        with path.open("rb") as file:
            head = file.read(32)
    except OSError as error:
        raise from_system(error, path) from error
    if head.startswith(PICTURES):
        _check_scene(path, scene, 1)
        return PictureSource(path, head)
    cut = spe_cut.opened(path, partial=partial) if path.suffix.lower() == ".spe" else None
    return cut if cut is not None else AicsSource(path, scene)


def metadata(path: Path, scene: int = 0) -> tuple[Entry, ...]:  # noqa: ARG001 - all readers
    """Return what a picture or an SPE file says about itself; `scene` makes no difference.

    Raises
    ------
    ImageError
        If the file cannot be read.
    """
    from app.images.readers.aics_metadata import picture_metadata, spe_metadata

    with _translated(path):
        if path.suffix.lower() == ".spe":
            return spe_metadata(path)
        with _picture(path):  # refuses what is too large
            return picture_metadata(path)


class PictureSource:
    """A PNG, JPEG or BMP picture; unpacked as a whole when the first pixel is asked for."""

    def __init__(self, path: Path, head: bytes) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._pixels: NDArray[Any] | None = None  # (height, width) or (height, width, 3)
        self._deep_samples = _deep_samples(head)
        with _picture(path) as picture:
            mode, width, height = str(picture.mode), int(picture.width), int(picture.height)
        if self._deep_samples:
            dtype, is_rgb = "uint16", self._deep_samples > 2
        else:
            dtype, is_rgb = GREY.get(mode, "uint8"), mode not in GREY
        shape = (1, 3 if is_rgb else 1, 1, height, width)
        channels = PRIMARIES if is_rgb else (Channel(""),)
        self.info = _info(path, 0, ("Image 1",), shape, dtype, channels, Scale(), ())

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`; see `ImageSource.read`."""
        with self._lock:
            if self._pixels is None:
                self._pixels = self._unpacked()
            whole = self._pixels
        planes = whole[None] if whole.ndim == 2 else np.moveaxis(whole, 2, 0)  # (c, y, x)
        return np.ascontiguousarray(planes[None, :, None][region.slices])

    def close(self) -> None:
        """Forget the pixels."""
        with self._lock:
            self._pixels = None

    def _unpacked(self) -> NDArray[Any]:
        if self._deep_samples:
            import imagecodecs  # here, because few pictures need it

            with _translated(self._path):
                deep: NDArray[Any] = imagecodecs.png_decode(self._path.read_bytes())
            return deep[..., :3] if self._deep_samples > 2 else deep[..., 0]
        with _picture(self._path) as picture:
            if picture.mode == "LA":
                picture = picture.getchannel(0)
            elif picture.mode not in GREY:
                picture = picture.convert("RGB")
            return np.asarray(picture).astype(self.info.dtype)


class AicsSource:
    """An image that aicsimageio reads."""

    def __init__(self, path: Path, scene: int) -> None:
        self._path = path
        self._lock = threading.Lock()
        with _translated(path):
            from aicsimageio.aics_image import AICSImage

            self._image = AICSImage(path)
            scenes = tuple(str(name) for name in self._image.scenes)
            _check_scene(path, scene, len(scenes))
            self._image.set_scene(scene)
            dims = self._image.dims
            self._samples = int(dims.S) if "S" in dims.order else 1
            t, c, z, y, x = (int(getattr(dims, axis)) for axis in "TCZYX")
            sizes = self._image.physical_pixel_sizes
            names = [str(name) for name in self._image.channel_names or ()]
            dtype = np.dtype(self._image.dtype)
        is_rgb = self._samples >= 3 and c == 1
        self._used = 3 if is_rgb else self._samples
        count = c * self._used
        channels = PRIMARIES if is_rgb else tuple(_channel(names, index) for index in range(count))
        scale = Scale(PixelSize(sizes.Z, sizes.Y, sizes.X))
        doubts: tuple[Doubt, ...] = ("z_or_t",) if (t > 1) != (z > 1) else ()
        self.info = _info(path, scene, scenes, (t, count, z, y, x), dtype.name, channels, scale, doubts)

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`; see `ImageSource.read`."""
        with self._lock, _translated(self._path):
            order = "TCZYXS" if self._samples > 1 else "TCZYX"
            lazy = self._image.get_image_dask_data(order)
            t, c, z, y, x = region.slices
            if self._samples == 1:
                found = lazy[t, c, z, y, x].compute(scheduler="synchronous")
            else:
                planes = lazy[t, :, z, y, x, : self._used].compute(scheduler="synchronous")
                planes = np.moveaxis(planes, 5, 2)  # (t, c, s, z, y, x)
                found = planes.reshape(planes.shape[0], -1, *planes.shape[3:])[:, c]
            return np.ascontiguousarray(found, np.dtype(self.info.dtype))

    def close(self) -> None:
        """Nothing is held open between reads."""


@contextmanager
def _picture(path: Path) -> Iterator[Any]:
    """Open a picture with Pillow; its faults come out as image errors."""
    with _translated(path):
        from PIL import Image

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                picture = Image.open(path, formats=("PNG", "JPEG", "BMP"))
        except Image.DecompressionBombError as error:
            raise TooLarge(
                f"{path.name} is a picture of more than 178 million pixels, which is too large to unpack.",
                hint="Save it as TIFF, which is read piece by piece.",
                path=str(path),
            ) from error
        with picture:
            yield picture


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn what the libraries raise on bad files into image errors."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise from_system(error, path) from error
        if "truncated" in str(error) or "broken" in str(error):
            raise Truncated(
                f"{path.name} ends too early or is damaged; nothing of it can be shown.",
                hint="Copy it again from where it was recorded.",
                path=str(path),
            ) from error
        raise _damaged(path, error) from error
    except FOREIGN as error:
        raise _damaged(path, error) from error
    except Exception as error:
        if type(error).__name__ != "UnsupportedFileFormatError":  # cannot be named without the slow import
            raise
        raise UnknownFormat(
            f"{path.name} is not of a kind that can be read.",
            hint="Save it as TIFF in the program that wrote it.",
            path=str(path),
        ) from error


def _damaged(path: Path, error: BaseException) -> Damaged:
    return Damaged(
        f"{path.name} is damaged or is not what its name says.",
        hint="Copy it again from where it was recorded, or save it anew in the program that wrote it.",
        path=str(path),
        reason=str(error),
    )


def _info(
    path: Path,
    scene: int,
    scenes: tuple[str, ...],
    shape: Shape5,
    dtype: str,
    channels: tuple[Channel, ...],
    scale: Scale,
    doubts: tuple[Doubt, ...],
) -> ImageInfo:
    if 0 in shape:
        raise NoPixels(f"{path.name} has no pixels.", hint="Export it again.", path=str(path))
    is_rgb = channels == PRIMARIES
    letters = zip("TZ" if is_rgb else "TCZ", (shape[0], shape[2]) if is_rgb else shape[:3], strict=True)
    size, size_doubts = scale.settled()
    return ImageInfo(
        uri=str(path),
        scene=scene,
        scenes=scenes,
        shapes=(shape,),
        dtype=dtype,
        axes="".join(letter for letter, count in letters if count > 1) + ("YXS" if is_rgb else "YX"),
        pixel_size_um=size,
        channels=channels,
        is_rgb=is_rgb,
        doubts=doubts + size_doubts,
    )


def _check_scene(path: Path, scene: int, count: int) -> None:
    if not 0 <= scene < count:
        raise NoSuchScene(
            f"{path.name} holds {count} image{'s' if count > 1 else ''}; there is no number {scene + 1}.",
            hint="Choose one that is there.",
            path=str(path),
            scenes=count,
        )


def _channel(names: list[str], index: int) -> Channel:
    """Return the channel at `index`; a name that aicsimageio made up counts as none."""
    name = names[index] if index < len(names) else ""
    return Channel("" if name.startswith("Channel:") else name)


def _deep_samples(head: bytes) -> int:
    """Return the samples of a 16-bit PNG with several, 0 for all other pictures."""
    is_deep_png = head.startswith(b"\x89PNG") and len(head) > 25 and head[24] == 16
    return DEEP_SAMPLES.get(head[25], 0) if is_deep_png else 0
