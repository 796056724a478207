"""The folders of a Zarr hierarchy and what they say of themselves, read with suspicion.

Nothing heavy is imported here: listing a folder asks for every folder in it whether it is an image.
"""

import itertools
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.images.errors import Damaged, FileGone, from_system

MOST_BYTES = 32 << 20  # of one file of metadata
MOST_DEPTH = 64
LOOKED_AT = 64  # entries of a folder among which there should be an array
IMAGES = ("multiscales", "plate", "well", "bioformats2raw.layout")  # attributes that make a group an image
WORDS = re.compile(rb'"(multiscales|plate|well|bioformats2raw\.layout)"')
ELSEWHERE = re.compile(r"^/|^[A-Za-z]:|://|[\\|\0]")  # other drives, addresses, tricks
HALVES = re.compile(rb"\\u[dD][89a-fA-F]")
ATTRIBUTES, GROUP, ARRAY, BOTH = ".zattrs", ".zgroup", ".zarray", "zarr.json"
METADATA = (BOTH, ATTRIBUTES, GROUP, ARRAY)

Json = dict[str, Any]  # whatever a stranger wrote


@dataclass(frozen=True, slots=True)
class Node:
    """A group or an array of a hierarchy.

    Attributes
    ----------
    path : str
        From the folder that was opened, with ``/``; empty for that folder itself.
    version : 2 or 3
        Format of the hierarchy.
    attributes : dict
        As the file has them.
    array : dict or None
        Shape, chunks, codecs ... of an array; None for a group.
    """

    path: str
    version: Literal[2, 3]
    attributes: Json
    array: Json | None = None

    @property
    def ome(self) -> Json:
        """What OME-Zarr says; since 0.5 it stands under a name of its own."""
        inner = self.attributes.get("ome")
        return inner if isinstance(inner, dict) else self.attributes

    @property
    def is_image(self) -> bool:
        """Whether it is an array, or a group that says that it is an image or a collection of images."""
        return self.array is not None or any(name in self.ome for name in IMAGES)


class Store:
    """A folder that holds a Zarr hierarchy; nothing outside of it is ever read.

    Parameters
    ----------
    folder : Path
        Absolute.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = (folder.name or str(folder)).encode("utf-8", "replace").decode()
        self._real = os.path.realpath(folder)

    def node(self, path: str = "") -> Node | None:
        """Return the group or array at `path`, or None if there is none.

        Raises
        ------
        Damaged
            If it leads out of the folder, or its metadata make no sense.
        ImageError
            If it cannot be read.
        """
        folder = self.inside(path)
        both = self._json(folder / BOTH)
        if both is not None:
            is_array = both.get("node_type") == "array" or ("node_type" not in both and "shape" in both)
            return Node(path, 3, _dict(both.get("attributes")), both if is_array else None)
        attributes, array = self._json(folder / ATTRIBUTES), self._json(folder / ARRAY)
        if attributes is None and array is None and self._json(folder / GROUP) is None:
            return None
        return Node(path, 2, attributes or {}, array)

    def inside(self, path: str) -> Path:
        """Return the folder or file at `path`, which may not exist.

        Raises
        ------
        Damaged
            If `path`, or a link on its way, leads out of the folder that was opened.
        """
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if ".." in parts or ELSEWHERE.search(path):
            raise self.escape()
        found = self.folder.joinpath(*parts)
        self._check_real(found)
        return found

    def inner(self, path: str = "") -> list[str]:
        """Return the names of the visible folders at `path`, by name."""
        try:
            with os.scandir(self.inside(path)) as entries:
                return sorted(e.name for e in entries if not e.name.startswith(".") and e.is_dir())
        except OSError as error:
            raise from_system(error, self.folder) from error

    def escape(self) -> Damaged:
        """Return the error for metadata or links that lead elsewhere."""
        return Damaged(
            f"{self.name} refers to a file in another folder, which is not followed.",
            hint="Put all parts of the image into its own folder.",
            path=str(self.folder),
        )

    def damaged(self, what: str, **fields: str | int) -> Damaged:
        """Return the error that says `what` of the image makes no sense."""
        return Damaged(
            f"{self.name} is damaged: {what}.",
            hint="Copy the whole folder again from where it was recorded.",
            path=str(self.folder),
            **fields,
        )

    def gone(self) -> FileGone:
        """Return the error for a folder that is not there any more."""
        error = from_system(FileNotFoundError(), self.folder)
        assert isinstance(error, FileGone)
        return error

    def _json(self, file: Path) -> Json | None:
        """Return what a file of metadata holds, or None if there is no such file."""
        try:
            if file.is_symlink():
                self._check_real(file)
            text = _text(file)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise from_system(error, self.folder) from error
        if text is None:
            raise self.damaged(f"its file {file.name} is no text, or far too long", file=str(file))
        try:
            return parsed(text)
        except ValueError as error:
            raise self.damaged(f"its file {file.name} cannot be understood", file=str(file)) from error

    def _check_real(self, path: Path) -> None:
        """Refuse a path that links lead out of the folder."""
        found = os.path.realpath(path)
        if found != self._real and not found.startswith(self._real.rstrip(os.sep) + os.sep):
            raise self.escape()


def is_image(folder: Path) -> bool:
    """Whether `folder` is an image, or a plate of images, rather than a folder with images. Never raises."""
    try:
        if not any(os.access(f"{folder}/{name}", os.F_OK) for name in METADATA):  # most folders: quickly
            return False
        texts = {name: text for name in METADATA if (text := _there(folder / name)) is not None}
        if not texts:
            return False
        try:
            node = Store(folder).node()
        except Damaged:
            return any(WORDS.search(text) for text in texts.values())
        return node is not None and (node.is_image or _has_array(folder))
    except Exception:  # noqa: BLE001 - whatever is odd about a folder, it is no image then
        return False


def metadata_files(folder: Path) -> list[Path]:
    """Return the files of metadata in `folder` and in the first folders in it, where levels lie.

    Raises
    ------
    OSError
        If the folder cannot be listed.
    """
    with os.scandir(folder) as entries:
        inner = [Path(entry.path) for entry in itertools.islice(entries, LOOKED_AT) if entry.is_dir()]
    return [file for one in (folder, *sorted(inner)) for name in METADATA if (file := one / name).is_file()]


def parsed(text: bytes) -> Json:
    """Return the JSON object in `text`; halves of characters, which nothing can show, become question marks.

    Raises
    ------
    ValueError
        If it is none, or nested absurdly deep.
    """
    try:
        found = json.loads(text)
        if HALVES.search(text):
            found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(found, dict):
        raise ValueError("no object")
    layer: list[Any] = [found]
    for _ in range(MOST_DEPTH):
        inner = (one.values() if isinstance(one, dict) else one for one in layer)
        layer = [one for one in itertools.chain.from_iterable(inner) if isinstance(one, dict | list)]
        if not layer:
            return found
    raise ValueError("nested too deep")


def _has_array(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        inner = [Path(entry.path) for entry in itertools.islice(entries, LOOKED_AT) if entry.is_dir()]
    return any(_is_array(one) for one in inner)


def _is_array(folder: Path) -> bool:
    if (folder / ARRAY).is_file():
        return True
    text = _there(folder / BOTH)
    return text is not None and re.search(rb'"node_type"\s*:\s*"array"', text) is not None


def _there(file: Path) -> bytes | None:
    try:
        return _text(file)
    except OSError:
        return None


def _text(file: Path) -> bytes | None:
    """Return the bytes of a file; None if it is none that can be read to its end, or too long."""
    status = file.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
        return None
    with file.open("rb") as stream:
        text = stream.read(MOST_BYTES + 1)
    return text if len(text) <= MOST_BYTES else None


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}
