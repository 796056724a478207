"""Writes an OME-Zarr, format 0.4 or 0.5: chunked, compressed, with coarser copies of every plane.

Five axes always, in the order T, C, Z, Y, X; one chunk holds up to 1024 × 1024 pixels of one plane. While it
grows its name ends in ``.part``.
"""

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from app.images.errors import CannotWrite, DiskFull, NotSupported
from app.images.folders import stem
from app.images.record import RECORD_KEY, Provenance
from app.images.writers.places import check_room, numbered, refusal
from app.images.writers.tiff import PRIMARIES
from models.source import Channel, ImageInfo, Pixels, Region, Shape5

Version = Literal["0.4", "0.5"]

CHUNK = 1024
BLOCK = 4 * CHUNK  # rows and columns that are made coarser at a time
SAMPLE_PLANES = 16  # coarse planes that are looked at to choose a display range
SYSTEM_WORDS = {
    "NOT_FOUND": errno.ENOENT,
    "No space left": errno.ENOSPC,
    "quota exceeded": errno.EDQUOT,
    "Permission denied": errno.EACCES,
    "Read-only": errno.EROFS,
    "name too long": errno.ENAMETOOLONG,
    "No such file": errno.ENOENT,
}


class OmeZarrSink:
    """An image folder that is written in any order; see the module's text.

    Attributes
    ----------
    path : Path
        The folder while it grows, ending in ``.part``.
    info : ImageInfo
        What is written, with the shapes of all levels.

    Notes
    -----
    All methods may be called from any thread.
    """

    SUFFIX = ".ome.zarr"

    def __init__(self, path: Path, info: ImageInfo, version: Version, *, is_new: bool) -> None:
        self.path = path
        self.info = info
        self.version = version
        try:
            self._levels = [
                _array(path / str(level), shape, info.dtype, version, is_new=is_new)
                for level, shape in enumerate(info.shapes)
            ]
            if is_new:
                self._describe(tuple(channel.display for channel in info.channels), None)
        except (OSError, ValueError) as error:
            raise self._refused(error) from error

    @classmethod
    def create(cls, path: Path, info: ImageInfo, version: Version = "0.4") -> "OmeZarrSink":
        """Start a new folder that will become `path`, or `path` with a number if that name is taken.

        Parameters
        ----------
        path : Path
            The name wished for, ending in ``.ome.zarr``.
        info : ImageInfo
            What will be written; of its shapes the first counts. Where `Channel.display` is None,
            `close` chooses a range.
        version : Version

        Raises
        ------
        DiskFull
            If the image would not fit on the drive now, though nothing of it could be compressed.
        CannotWrite
            If the folder is missing or may not be written to.
        NotSupported
            If Zarr has no such pixel type.
        """
        if np.dtype(info.dtype).kind not in "buifc":
            raise NotSupported(f"OME-Zarr cannot store pixels of the type {info.dtype}.", dtype=info.dtype)
        path = Path(path).absolute()
        check_room(path, info.nbytes)
        part = _started(path, info.nbytes)
        try:
            return cls(part, replace(info, shapes=shapes_of(info.shape)), version, is_new=True)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise

    @classmethod
    def resume(cls, path: Path, info: ImageInfo, version: Version = "0.4") -> "OmeZarrSink":
        """Go on with a ``.part`` that an earlier process began for the same `info`.

        Raises
        ------
        ImageError
            If it is gone or holds something else.
        """
        return cls(Path(path), replace(info, shapes=shapes_of(info.shape)), version, is_new=False)

    def write(self, region: Region, pixels: Pixels) -> None:
        """Store `pixels` (shape ``region.shape``) at `region` of level 0.

        Raises
        ------
        DiskFull
            If the drive has no room; what was written before is kept.
        CannotWrite
            If the drive refuses otherwise.
        ValueError
            If the shape is wrong or `region` does not lie in the image.
        """
        inside = all(stop <= size for (_, stop), size in zip(region.ranges, self.info.shape, strict=True))
        if pixels.shape != region.shape or region.level != 0 or not inside:
            raise ValueError(f"pixels of shape {pixels.shape} for {region} of an image of {self.info.shape}")
        self._store(0, region, pixels)

    def coarsen(self, t: int, c: int, z: int) -> None:
        """Make the coarser copies of a plane that is written."""
        for level in range(1, len(self.info.shapes)):
            *_, height, width = self.info.shapes[level]
            for top in range(0, height, BLOCK // 2):
                for left in range(0, width, BLOCK // 2):
                    rows = (top, min(top + BLOCK // 2, height))
                    columns = (left, min(left + BLOCK // 2, width))
                    region = Region((t, t + 1), (c, c + 1), (z, z + 1), rows, columns, level)
                    self._store(level, region, halved(self._fetch(level - 1, region)))

    def flush(self) -> None:
        """Return when everything written so far is on the disk: it is, for `write` waits for that."""

    def close(self, record: Provenance | None) -> Path:
        """Write `record`, names, sizes and display ranges, and give the folder its final name.

        Returns
        -------
        Path
            Where the result lies now; with a number if the name was taken meanwhile.
        """
        try:
            self._describe(self._displays(), record)
            return _renamed(self.path)
        except (OSError, ValueError) as error:
            raise self._refused(error) from error

    def abandon(self) -> None:
        """Remove the unfinished folder."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _store(self, level: int, region: Region, pixels: Pixels) -> None:
        try:
            self._levels[level][region.slices].write(pixels.astype(self.info.dtype, copy=False)).result()
        except (OSError, ValueError) as error:
            raise self._refused(error) from error

    def _fetch(self, level: int, coarser: Region) -> Pixels:
        """Return the pixels of a level that lie below a region of the next coarser one."""
        *_, height, width = self.info.shapes[level]
        (y0, y1), (x0, x1) = coarser.y, coarser.x
        below = replace(coarser, y=(2 * y0, min(2 * y1, height)), x=(2 * x0, min(2 * x1, width)))
        try:
            found: Pixels = self._levels[level][below.slices].read().result()
        except (OSError, ValueError) as error:
            raise self._refused(error) from error
        return found

    def _describe(self, displays: tuple[tuple[float, float] | None, ...], record: Provenance | None) -> None:
        name = stem(self.path.with_name(self.path.name.removesuffix(".part")))
        ome = attributes(self.info, name, displays, self.version)
        extra = {} if record is None else {RECORD_KEY: json.loads(record.to_json())}
        if self.version == "0.4":
            _write_json(self.path / ".zgroup", {"zarr_format": 2})
            _write_json(self.path / ".zattrs", ome | extra)
        else:
            group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome} | extra}
            _write_json(self.path / "zarr.json", group)

    def _displays(self) -> tuple[tuple[float, float], ...]:
        channels = self.info.channels
        found = [channel.display or self._seen_range(index) for index, channel in enumerate(channels)]
        if tuple(channel.colour for channel in channels) == PRIMARIES:  # one range, or the colours change
            lows, highs = zip(*found, strict=True)
            return ((min(lows), max(highs)),) * len(found)
        return tuple(found)

    def _seen_range(self, c: int) -> tuple[float, float]:
        """Return a range that shows channel `c` well: nearly all of the values of a few coarse planes."""
        frames, _, slices, *_ = self.info.shape
        steps = np.unique(np.linspace(0, frames * slices - 1, SAMPLE_PLANES).astype(int))
        planes = [
            self._levels[-1][step // slices, c, step % slices].read().result()[:CHUNK, :CHUNK]
            for step in steps
        ]
        values = np.concatenate([plane.ravel() for plane in planes])
        values = np.abs(values) if values.dtype.kind == "c" else values.astype(np.float64)
        values = values[np.isfinite(values)]
        if not values.size:
            return (0.0, 1.0)
        low, high = (float(value) for value in np.percentile(values, (0.1, 99.9)))
        return (low, high) if low < high else (low, low + 1.0)

    def _refused(self, error: Exception) -> CannotWrite | DiskFull:
        """Say what the drive, or the library in between, has refused."""
        if not isinstance(error, OSError):
            text = str(error)
            number = next((code for words, code in SYSTEM_WORDS.items() if words in text), None)
            if number is None and not text.startswith(("NOT_FOUND", "FAILED_PRECONDITION")):
                raise error  # a mistake of ours
            error = OSError(number or errno.EIO, os.strerror(number or errno.EIO))
        return refusal(error, self.path, self.info.nbytes)


def shapes_of(shape: Shape5) -> tuple[Shape5, ...]:
    """Return the shapes of all levels: each half as high and wide, until a plane is one chunk."""
    t, c, z, height, width = shape
    shapes = [shape]
    while max(height, width) > CHUNK:
        height, width = -(-height // 2), -(-width // 2)
        shapes.append((t, c, z, height, width))
    return tuple(shapes)


def halved(pixels: Pixels) -> Pixels:
    """Return the means of 2 × 2 pixels, in the type of `pixels`; a last odd row or column stands alone."""
    height, width = pixels.shape[-2:]
    margin = [(0, 0)] * (pixels.ndim - 2) + [(0, height % 2), (0, width % 2)]
    whole = np.pad(pixels, margin, mode="edge") if height % 2 or width % 2 else pixels
    kind = whole.dtype.kind
    exact = np.float64 if whole.dtype.itemsize > 2 or kind == "f" else np.float32
    wide: Pixels = whole.astype(np.complex128 if kind == "c" else exact)
    mean: Pixels = (
        wide[..., ::2, ::2] + wide[..., 1::2, ::2] + wide[..., ::2, 1::2] + wide[..., 1::2, 1::2]
    ) / 4
    rounded: Pixels = np.rint(mean) if kind in "ui" else mean >= 0.5 if kind == "b" else mean
    return rounded.astype(pixels.dtype)


def attributes(
    info: ImageInfo, name: str, displays: tuple[tuple[float, float] | None, ...], version: Version
) -> dict[str, Any]:  # Any: JSON
    """Return what OME-Zarr says about an image: axes, sizes of all levels, colours and ranges."""
    size, interval = info.pixel_size_um, info.time_interval_s
    lengths = {"t": interval, "c": None, "z": size.z, "y": size.y, "x": size.x}
    axes: list[dict[str, str]] = []
    for letter, length in lengths.items():
        kind = {"t": "time", "c": "channel"}.get(letter, "space")
        unit = {} if length is None else {"unit": "second" if letter == "t" else "micrometer"}
        axes.append({"name": letter, "type": kind, **unit})
    datasets = []
    for level, shape in enumerate(info.shapes):
        factors = (1.0, 1.0, 1.0, info.shape[3] / shape[3], info.shape[4] / shape[4])
        scale = [(length or 1.0) * factor for length, factor in zip(lengths.values(), factors, strict=True)]
        shift = [0.0] * 3 + [
            0.5 * (new - (old or 1.0)) for new, old in zip(scale[3:], (size.y, size.x), strict=True)
        ]
        steps: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
        if level:
            steps.append({"type": "translation", "translation": shift})
        datasets.append({"path": str(level), "coordinateTransformations": steps})
    multiscale = {"name": name, "axes": axes, "datasets": datasets, "type": "mean"}
    said = {"version": version}
    omero = {"name": name, "channels": _channels(info, displays), "rdefs": _defaults(info)}
    if version == "0.5":
        return {"version": version, "multiscales": [multiscale], "omero": omero}
    return {"multiscales": [multiscale | said], "omero": omero | said}


def _defaults(info: ImageInfo) -> dict[str, Any]:  # Any: JSON
    return {"defaultT": 0, "defaultZ": info.shape[2] // 2, "model": "color"}


def _channels(
    info: ImageInfo, displays: tuple[tuple[float, float] | None, ...]
) -> list[dict[str, Any]]:  # Any: JSON
    dtype = np.dtype(info.dtype)
    limits = (np.iinfo(dtype).min, np.iinfo(dtype).max) if dtype.kind in "ui" else None
    told = []
    for channel, display in zip(info.channels, displays, strict=True):
        low, high = display or limits or (0.0, 1.0)
        least, most = limits or (low, high)
        told.append(
            {
                **({"label": channel.name} if channel.name else {}),
                "color": _colour(channel),
                "active": True,
                "coefficient": 1,
                "family": "linear",
                "inverted": False,
                "window": {"start": low, "end": high, "min": min(least, low), "max": max(most, high)},
            }
        )
    return told


def _colour(channel: Channel) -> str:
    return (channel.colour or "#ffffff")[1:].upper()


def _array(path: Path, shape: Shape5, dtype: str, version: Version, *, is_new: bool) -> Any:  # Any: not typed
    import tensorstore  # here, because it costs a quarter of a second

    chunk = [1, 1, 1, min(shape[3], CHUNK), min(shape[4], CHUNK)]
    packing = {"cname": "zstd", "clevel": 3}
    if version == "0.4":
        metadata: dict[str, Any] = {
            "shape": list(shape),
            "chunks": chunk,
            "dtype": np.dtype(dtype).newbyteorder("<").str,
            "dimension_separator": "/",
            "compressor": {"id": "blosc", "shuffle": 1, "blocksize": 0, **packing},
            "fill_value": {"b": False, "c": [0.0, 0.0]}.get(np.dtype(dtype).kind, 0),
            "order": "C",
        }
    else:
        blosc = {"shuffle": "shuffle", "typesize": np.dtype(dtype).itemsize, "blocksize": 0, **packing}
        metadata = {
            "shape": list(shape),
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
            "chunk_key_encoding": {"name": "default"},
            "data_type": np.dtype(dtype).name,
            "codecs": [
                {"name": "bytes", "configuration": {"endian": "little"}},
                {"name": "blosc", "configuration": blosc},
            ],
            "dimension_names": list("tczyx"),
            "fill_value": {"b": False, "c": [0.0, 0.0]}.get(np.dtype(dtype).kind, 0),
        }
    spec = {
        "driver": "zarr" if version == "0.4" else "zarr3",
        "kvstore": {"driver": "file", "path": f"{path}/"},
        "metadata": metadata,
    }
    return tensorstore.open(spec, create=is_new, open=not is_new).result()


def _write_json(file: Path, content: dict[str, Any]) -> None:  # Any: JSON
    with file.open("w", encoding="utf-8") as text:
        json.dump(content, text, indent=1, ensure_ascii=False)
        text.flush()
        os.fsync(text.fileno())


def _started(path: Path, size: int) -> Path:
    """Make the ``.part`` of `path`, or of the first name with a number that nobody has taken."""
    candidate, number = path, 1
    while True:
        part = candidate.with_name(candidate.name + ".part")
        try:
            if not candidate.exists():
                part.mkdir()
                return part
        except FileExistsError:
            pass
        except OSError as error:
            raise refusal(error, part, size) from error
        number += 1
        candidate = numbered(path, number)


def _renamed(part: Path) -> Path:
    """Give a finished folder its name or the next free one."""
    wished = part.with_name(part.name.removesuffix(".part"))
    final, number = wished, 1
    while True:
        try:
            if os.name == "posix":  # elsewhere a folder cannot take the place of an empty one
                final.mkdir()
            part.rename(final)
        except FileExistsError:
            number += 1
            final = numbered(wished, number)
        else:
            return final
