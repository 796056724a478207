"""Finds images in folders: lazily, in the order a person counts, and in pairs.

A folder that is an image (OME-Zarr) is listed like a file, and nobody looks into it.
"""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from app.images.errors import FileGone, ImageError, NoImages, NoPartner, from_system
from app.images.open import has_image_suffix, is_image_folder, meant_by

UNFINISHED = ".part"  # the end of the name of a result that is being written


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which ``plane2`` comes before ``plane10``."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts)


def list_images(
    folder: Path, *, recursive: bool = False, passed_over: Callable[[ImageError], None] | None = None
) -> Iterator[Path]:
    """Yield the images of `folder` by name, without opening any; folder after folder.

    Hidden files and folders are left out; a folder's own images come before those of its subfolders.
    A link to a folder is not followed, unless that folder is an image.

    Parameters
    ----------
    folder : Path
    recursive : bool
        Whether images in subfolders count.
    passed_over : callable, optional
        Takes what is wrong with a subfolder that cannot be listed; the others are listed all the same.

    Raises
    ------
    ImageError
        If `folder` itself cannot be listed.
    """
    files, folders = _entries(folder)
    yield from files
    if recursive:
        for inner in folders:
            try:
                yield from list_images(inner, recursive=True, passed_over=passed_over)
            except ImageError as failure:
                if passed_over is not None:
                    passed_over(failure)


def images_in(paths: Iterable[Path], *, recursive: bool = True) -> tuple[list[Path], list[ImageError]]:
    """Expand files and folders to images.

    Files are taken as they are, also those that no reader will take: opening them says why. A folder that
    is an image is one image; a file of metadata inside it (``.zattrs``, ``zarr.json``) means that image.

    Returns
    -------
    inputs : list of Path
        Without repetitions, in the order given.
    failures : list of ImageError
        One for each path that is gone, cannot be listed, or is a folder without images, and for each
        subfolder that cannot be listed; each has the field ``path``.
    """
    inputs: dict[Path, None] = {}
    failures: list[ImageError] = []
    for path in paths:
        try:
            inputs.update(dict.fromkeys(_expand(Path(path).absolute(), failures, recursive=recursive)))
        except ImageError as failure:
            failures.append(failure)
    return list(inputs), failures


def files_below(folder: Path) -> Iterator[Path]:
    """Yield all files below `folder`, whatever they are; a folder that is an image counts as a file."""
    for where, folders, files in os.walk(folder):
        images = [name for name in folders if is_image_folder(Path(where, name))]
        folders[:] = [name for name in folders if name not in images]
        yield from (Path(where, name) for name in (*files, *images))


def pair_by_name(low_dir: Path, high_dir: Path) -> list[tuple[Path, Path]]:
    """Return the pairs of images with the same name in two folders, whatever the suffix.

    Raises
    ------
    NoImages
        If a folder has none.
    NoPartner
        If an image is alone, or two images of a folder have the same name but for their suffix.
    """
    low, high = _by_stem(low_dir), _by_stem(high_dir)
    alone = sorted(low.keys() ^ high.keys(), key=natural_key)
    if alone:
        name = alone[0]
        has, lacks = (low_dir, high_dir) if name in low else (high_dir, low_dir)
        more = f", and {len(alone) - 1} more" if len(alone) > 1 else ""
        raise NoPartner(
            f"{(low | high)[name].name} in {has.name} has no image of the same name in {lacks.name}{more}.",
            hint="Give both images of a pair the same name; each folder holds one of them.",
            path=str(has),
            count=len(alone),
        )
    return [(low[name], high[name]) for name in sorted(low, key=natural_key)]


def stem(path: Path) -> str:
    """Return the name of `path` without its suffix, ``.ome.tif`` and ``.ome.zarr`` being one suffix."""
    name = path.name
    inner = re.sub(r"\.ome\.(tiff?|zarr)$", "", name, flags=re.IGNORECASE)
    return inner if inner != name else path.stem


def _expand(path: Path, failures: list[ImageError], *, recursive: bool) -> Iterator[Path]:
    if not _is_folder(path):
        yield meant_by(path)
        return
    if is_image_folder(path):
        yield path
        return
    count, known = 0, len(failures)
    for image in list_images(path, recursive=recursive, passed_over=failures.append):
        count += 1
        yield image
    if not count and len(failures) == known:
        raise _no_images(path)


def _is_folder(path: Path) -> bool:
    """Whether `path`, which must be there, is a folder."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError) or error.errno == errno.ENAMETOOLONG:
            raise FileGone(
                f"There is no {path.name} in {path.parent}.",
                hint="Look for typing mistakes, or whether its drive is connected.",
                path=str(path),
            ) from error
        raise from_system(error, path) from error


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    files: list[Path] = []
    folders: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                path = Path(entry.path)
                if entry.is_dir():
                    if is_image_folder(path):
                        files += [] if entry.name.endswith(UNFINISHED) else [path]
                    elif not entry.is_symlink():
                        folders.append(path)
                elif has_image_suffix(path) and entry.is_file():
                    files.append(path)
    except OSError as error:
        raise from_system(error, folder) from error
    return sorted(files, key=_path_key), sorted(folders, key=_path_key)


def _path_key(path: Path) -> tuple[tuple[tuple[int, int, str], ...], str]:
    return natural_key(path.name), path.name


def _by_stem(folder: Path) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in list_images(folder):
        name = stem(path)
        if name in named:
            raise NoPartner(
                f"{named[name].name} and {path.name} in {folder.name} have the same name but for the suffix.",
                hint="Remove or rename one of them.",
                path=str(folder),
            )
        named[name] = path
    if not named:
        raise _no_images(folder)
    return named


def _no_images(folder: Path) -> NoImages:
    return NoImages(
        f"There are no images in the folder {folder.name or folder}.",
        hint="Choose a folder that holds TIFF, PNG, JPEG or OME-Zarr images, or one of its parents.",
        path=str(folder),
    )
