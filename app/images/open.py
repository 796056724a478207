"""Opens any image file that a reader takes: by its content first, by its name second."""

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.images.errors import EmptyFile, UnknownFormat, WrongReading, from_system
from app.images.metadata import Entry
from app.images.readers import zarr_store
from app.images.reading import corrected
from models.source import ImageSource, Reading

HEAD = 256  # bytes that are enough to know a format


@dataclass(frozen=True, slots=True)
class Reader:
    """One way of reading.

    Attributes
    ----------
    title : str
        Name of the formats, for a list of what can be read.
    suffixes : tuple of str
        Endings of file names, in lower case with the dot.
    starts : tuple of bytes
        First bytes of such files; empty if they have none in common.
    module : str
        Module with ``open_source(path, scene, *, partial) -> ImageSource``; imported when needed.
    pattern : bytes
        Regular expression that the head of such files matches, where no first bytes are enough to know them.
    is_isolated : bool
        Read in another process, because the library could end the one it runs in.
    is_folder : bool
        Whether such an image is a folder; then it is known by what lies in it.
    """

    title: str
    suffixes: tuple[str, ...]
    starts: tuple[bytes, ...]
    module: str
    pattern: bytes = b""
    is_isolated: bool = False
    is_folder: bool = False

    def takes(self, head: bytes) -> bool:
        """Whether a file that starts with `head` is of this kind."""
        if self.pattern and re.match(self.pattern, head, re.DOTALL):
            return True
        return any(head.startswith(start) for start in self.starts)


READERS: tuple[Reader, ...] = (
    Reader(
        "TIFF, OME-TIFF, ImageJ, LSM, STK, SVS",
        (".tif", ".tiff", ".btf", ".tf2", ".tf8", ".lsm", ".stk", ".svs", ".qptiff"),
        (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
        "app.images.readers.tiff",
    ),
    Reader(
        "PNG, JPEG, BMP, GIF",
        (".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".gif"),
        (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF8"),
        "app.images.readers.aics",
    ),
    Reader("Princeton SPE", (".spe",), (), "app.images.readers.aics"),
    Reader("NumPy NPY", (".npy",), (b"\x93NUMPY",), "app.images.readers.arrays"),
    Reader("NumPy NPZ", (".npz",), (), "app.images.readers.arrays"),
    Reader("DeltaVision", (".dv", ".r3d"), (), "app.images.readers.dv", rb".{96}(\xa0\xc0|\xc0\xa0)"),
    Reader(
        "Nikon ND2",
        (".nd2",),
        (b"\xda\xce\xbe\x0a", b"\0\0\0\x0cjP  \r\n\x87\n"),
        "app.images.readers.nd2",
        is_isolated=True,
    ),
    Reader("Zeiss CZI", (".czi",), (b"ZISRAWFILE",), "app.images.readers.czi", is_isolated=True),
    Reader("Leica LIF", (".lif",), (b"\x70\0\0\0",), "app.images.readers.lif"),
    Reader(
        "HDF5, Imaris",
        (".h5", ".hdf5", ".he5", ".ims"),
        (),
        "app.images.readers.hdf5",
        rb"\x89HDF\r\n\x1a\n",
        is_isolated=True,
    ),
    Reader("MRC", (".mrc", ".mrcs", ".rec", ".map", ".st"), (), "app.images.readers.mrc", rb".{208}MAP[ \0]"),
    Reader("OME-Zarr", (".zarr",), (), "app.images.readers.zarr", is_folder=True),
)


def get_ready() -> None:
    """Import what large images are read with, so that the first of them need not wait."""
    for name in ("app.images.readers.tiff", "app.images.readers.zarr", "tensorstore"):
        importlib.import_module(name)


def has_image_suffix(path: Path) -> bool:
    """Whether the name of `path` ends like an image's; a ``.part`` of a result does not count."""
    name = path.name.lower()
    return not name.startswith(".") and any(
        name.endswith(row.suffixes) for row in READERS if not row.is_folder
    )


def can_open(path: Path) -> bool:
    """Whether a reader takes `path`, judged by its first bytes, else by its name. Cheap; never raises."""
    if is_image_folder(path):
        return True
    try:
        head = _head(path)
    except OSError:
        return False
    return bool(head) and _reader(path, head) is not None


def is_image_folder(path: Path) -> bool:
    """Whether `path` is a folder that is one image, or a plate of them, by content. Cheap; never raises."""
    return zarr_store.is_image(path)


def meant_by(path: Path) -> Path:
    """Return the image that is meant by `path`: for a file of Zarr's metadata the folder it lies in."""
    is_part = path.name in zarr_store.METADATA and is_image_folder(path.parent)
    return path.parent if is_part else path


def open_image(
    path: Path, scene: int = 0, reading: Reading | None = None, *, partial: bool = False
) -> ImageSource:
    """Open one image of a file without reading its pixels.

    Parameters
    ----------
    path : Path
    scene : int
        Index of the image within the file.
    reading : Reading, optional
        A person's corrections. `Reading.axes` renames the axes of `ImageInfo.axes` one by one
        (``"TYX"`` for what was read as ``"ZYX"``); sizes that are not None replace the file's.
    partial : bool
        Open also a file that ends too early; reading what is missing raises `Truncated`.

    Raises
    ------
    ImageError
        If the file is gone, is no image, is damaged, has no such scene, or `reading` does not fit it.
    Truncated
        If the file ends too early and `partial` was not asked for.
    """
    path = meant_by(Path(path).absolute())
    row = _reader_of(path)
    if row.is_isolated:
        from app.images import isolated  # here, because most files need no process of their own

        source = isolated.open_source(row.module, path, scene, partial=partial)
    else:
        opener: Callable[..., ImageSource] = importlib.import_module(row.module).open_source
        source = opener(path, scene, partial=partial)
    try:
        return corrected(source, reading or Reading())
    except WrongReading:
        source.close()
        raise


def read_metadata(path: Path, scene: int = 0) -> tuple[Entry, ...]:
    """Return all that a file says about one of its images, for a person who looks.

    Parameters
    ----------
    path : Path
    scene : int
        Index of the image within the file.

    Returns
    -------
    tuple of Entry
        Empty where the reader knows no more than `ImageInfo` has room for.

    Raises
    ------
    ImageError
        If the file is gone, is no image, or cannot be read.
    """
    path = meant_by(Path(path).absolute())
    row = _reader_of(path)
    if row.is_isolated:
        from app.images import isolated  # see above

        return isolated.metadata(row.module, path, scene)
    module = importlib.import_module(row.module)
    teller: Callable[..., tuple[Entry, ...]] | None = getattr(module, "metadata", None)
    try:
        return teller(path, scene) if teller is not None else ()
    except OSError as error:
        raise from_system(error, path) from error


def _reader_of(path: Path) -> Reader:
    """Return the reader of a file or image folder; raises an `ImageError` if there is none."""
    return _folder_reader(path) if path.is_dir() else _file_reader(path)


def _folder_reader(path: Path) -> Reader:
    row = next(row for row in READERS if row.is_folder)
    if not is_image_folder(path) and not path.name.lower().endswith(row.suffixes):
        raise from_system(IsADirectoryError(), path)
    return row


def _file_reader(path: Path) -> Reader:
    try:
        head = _head(path)
    except OSError as error:
        raise from_system(error, path) from error
    if not head:
        raise EmptyFile(
            f"{path.name} is empty (0 bytes).",
            hint="Copy it again from where it was recorded; it may have been cut off while copying.",
            path=str(path),
        )
    row = _reader(path, head)
    if row is None:
        raise _unknown(path)
    return row


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _reader(path: Path, head: bytes) -> Reader | None:
    for row in READERS:
        if row.takes(head):
            return row
    name = path.name.lower()
    for row in READERS:
        if name.endswith(row.suffixes) and not row.starts and not row.is_folder:
            return row
    return None


def _unknown(path: Path) -> UnknownFormat:
    name = path.name.lower()
    for row in READERS:
        if name.endswith(row.suffixes):
            return UnknownFormat(
                f"{path.name} is not a {path.suffix[1:].upper()} image, although its name says so.",
                hint="Open it in the program that wrote it and save it as TIFF.",
                path=str(path),
            )
    return UnknownFormat(
        f"{path.name} is not of a kind that can be read.",
        hint="Readable are " + "; ".join(row.title for row in READERS) + ".",
        path=str(path),
    )
