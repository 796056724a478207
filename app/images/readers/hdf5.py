"""HDF5: every data set of numbers with two axes or more is an image; Imaris files are one image with levels.

The library ends the process on some damaged files, so this runs in a process of its own, see
`app.images.isolated`. Links into other files are never followed, nor is data that lies in other files.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from app.images.errors import NoPixels
from app.images.metadata import Entry
from app.images.partial import Plane
from app.images.readers import imaris
from app.images.readers.arrays import Axes, guess
from app.images.readers.hdf5_safety import MOST_OBJECTS, check_head, check_readable, inner_names
from app.images.readers.planes import PlaneSource, check_scene, image_info, not_supported, translated
from app.images.scale import Scale
from models.source import Pixels, PixelSize, Region

DEEPEST = 32
LONGEST_VALUE = 500
MOST_VALUES = 32  # of an attribute that is a list
NM_UM = 1e-3

Data = Any  # h5py.Dataset, Group, File: h5py is not typed


def open_source(path: Path, scene: int = 0, *, partial: bool = False) -> PlaneSource:  # noqa: ARG001 - all readers
    """Open a data set of an HDF5 file; `partial` makes no difference. See `app.images.open.open_image`."""
    with translated(path):
        file = _file(path)
        try:
            if imaris.is_imaris(file):
                return imaris.opened(path, file, scene)
            images = _images(path, file)
            check_scene(path, scene, len(images))
            names = [name for name, _ in images]
            data = images[scene][1]
            check_readable(path, data)
            axes = _axes(path, data)
            shapes = (axes.shape,)
            info = image_info(
                path, scene, names, shapes, data.dtype, scale=_scale(data, axes), is_rgb=axes.is_rgb,
                doubts=axes.doubts,
            )  # fmt: skip
            return PlaneSource(path, info, _DataPlanes(file, data, axes))
        except BaseException:
            file.close()
            raise


def metadata(path: Path, scene: int) -> tuple[Entry, ...]:  # noqa: ARG001 - all readers
    """Return groups, data sets and attributes as a tree; `scene` makes no difference."""
    with translated(path), _file(path) as file:
        budget = [MOST_OBJECTS]
        return (*_attributes(file), *_told(file, budget, DEEPEST))


class _DataPlanes:
    """Reads boxes of a data set; a `app.images.readers.planes.Planes`."""

    def __init__(self, file: Data, data: Data, axes: Axes) -> None:
        self._file = file
        self._data = data
        self._axes = axes

    def fill(self, region: Region, out: Pixels) -> None:
        """Write the pixels of `region` into `out`."""
        order = self._axes.order
        which: list[slice | int] = [0] * self._data.ndim
        for axis, span in zip(order, region.slices, strict=True):
            if axis >= 0:
                which[axis] = span
        box = np.asarray(self._data[tuple(which)])
        kept = [axis for axis, one in enumerate(which) if isinstance(one, slice)]
        box = box.transpose([kept.index(axis) for axis in order if axis >= 0])
        out[...] = box.reshape(out.shape)

    def missing(self) -> frozenset[Plane]:
        """Return no planes: a file that ends too early is not opened at all."""
        return frozenset()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _file(path: Path) -> Data:
    """Open a file after a look at its first block; the library's own look may end the process."""
    check_head(path)
    import h5py

    return h5py.File(path, "r", locking=False)


def _images(path: Path, file: Data) -> list[tuple[str, Data]]:
    images, others = [], 0
    for name, data in _data_sets(file):
        is_image = data.dtype.kind in "biuf" and len(data.shape or ()) >= 2
        if is_image and 0 not in data.shape:
            images.append((name, data))
        others += not is_image
    if not images:
        what = "whose data sets are no images" if others else "without any data set"
        raise NoPixels(
            f"{path.name} is an HDF5 file {what}.", hint="Open the file with the images.", path=str(path)
        )
    return images


def _data_sets(file: Data) -> Iterator[tuple[str, Data]]:
    """Yield the path and the object of all data sets, in the order of their names."""
    seen: set[int] = set()

    def below(group: Data, prefix: str, depth: int) -> Iterator[tuple[str, Data]]:
        import h5py

        for name in inner_names(group):
            found = group[name]
            address = h5py.h5o.get_info(found.id).addr
            if address in seen or len(seen) >= MOST_OBJECTS:
                continue
            seen.add(address)
            if isinstance(found, h5py.Dataset):
                yield prefix + name, found
            elif isinstance(found, h5py.Group) and depth:
                yield from below(found, f"{prefix}{name}/", depth - 1)

    yield from below(file, "", DEEPEST)


def _axes(path: Path, data: Data) -> Axes:
    """Return the axes that attributes name, else what they are taken for."""
    letters = _letters(data)
    guessed = guess(path, data.shape, data.dtype) if not letters else None
    if guessed is not None:
        return guessed
    order = tuple(letters.find(letter) for letter in "TCZYX")
    hidden = [axis for axis, letter in enumerate(letters) if letter not in "TCZYX"]
    if any(data.shape[axis] > 1 for axis in hidden):
        raise not_supported(path, f"an array with the axes {letters}")
    t, c, z, y, x = order
    sizes = [1 if axis < 0 else data.shape[axis] for axis in order]
    return Axes((sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]), (t, c, z, y, x), False, ())


def _letters(data: Data) -> str:
    """Return one letter per axis as ilastik or the labels of HDF5 name them; empty if they do not."""
    found = ""
    tags = data.attrs.get("axistags")
    if isinstance(tags, str | bytes):
        try:
            found = "".join(str(axis["key"])[:1] for axis in json.loads(tags)["axes"])
        except (ValueError, LookupError, TypeError, RecursionError):
            found = ""
    if not found:
        found = "".join(dimension.label[:1] for dimension in data.dims)
    found = found.upper()
    is_whole = len(found) == data.ndim and len(set(found)) == len(found)
    return found if is_whole and {"Y", "X"} <= set(found) else ""


def _scale(data: Data, axes: Axes) -> Scale:
    """Return the size of a pixel: in µm as ImageJ's plugin writes it, or in nm as is usual for electrons."""
    for name, factor, is_doubtful in (("element_size_um", 1.0, False), ("resolution", NM_UM, True)):
        numbers = _numbers(data.attrs.get(name))
        if len(numbers) == 3:
            z, y, x = (number * factor for number in numbers)
            return Scale(PixelSize(z if axes.order[2] >= 0 else None, y, x), None, is_doubtful)
    return Scale()


def _numbers(value: object) -> list[float]:
    try:
        numbers = [float(number) for number in np.ravel(np.asarray(value, np.float64))[:9]]
    except (ValueError, TypeError):
        return []
    return numbers if all(np.isfinite(number) and number > 0 for number in numbers) else []


def _told(group: Data, budget: list[int], depth: int) -> Iterator[Entry]:
    import h5py

    for name in inner_names(group):
        budget[0] -= 1
        if budget[0] < 0:
            return
        found = group[name]
        inner = _attributes(found)
        if isinstance(found, h5py.Dataset):
            yield Entry(name, f"{found.shape} {found.dtype}"[:LONGEST_VALUE], inner)
        elif isinstance(found, h5py.Group) and depth:
            yield Entry(name, "", (*inner, *_told(found, budget, depth - 1)))


def _attributes(found: Data) -> tuple[Entry, ...]:
    return tuple(Entry(str(name), _words(found, name)) for name in list(found.attrs)[:MOST_OBJECTS])


def _words(found: Data, name: str) -> str:
    value = found.attrs[name]
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "S" and value.dtype.itemsize == 1:  # so Imaris writes texts
            value = b"".join(value.ravel()[:LONGEST_VALUE].tolist())
        else:
            value = ", ".join(map(str, value.ravel()[:MOST_VALUES].tolist()))
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return str(value)[:LONGEST_VALUE]
