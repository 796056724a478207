"""Writes Zarr folders with nothing but JSON, zlib and bytes, so that readers are tested by the format."""

import json
import zlib
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

AXES = [
    {"name": "t", "type": "time", "unit": "second"},
    {"name": "c", "type": "channel"},
    {"name": "z", "type": "space", "unit": "micrometer"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]


def write_json(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")
    return path


def write_group(folder: Path, attributes: dict | None = None, version: int = 2) -> Path:
    if version == 3:
        document = {"zarr_format": 3, "node_type": "group", "attributes": attributes or {}}
        write_json(folder / "zarr.json", document)
    else:
        write_json(folder / ".zgroup", {"zarr_format": 2})
        write_json(folder / ".zattrs", attributes or {})
    return folder


def write_array(
    folder: Path, pixels: NDArray, chunks: tuple[int, ...] = (), version: int = 2, dtype: str = "", **changes
) -> Path:
    """Write `pixels`, packed by zlib in format 2, as they are in format 3; `changes` go into the metadata."""
    chunks = chunks or pixels.shape
    kind = np.dtype(dtype or pixels.dtype)
    if version == 3:
        document = {
            "zarr_format": 3, "node_type": "array", "shape": pixels.shape, "data_type": kind.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
            "fill_value": 0, "attributes": {},
        }  # fmt: skip
        write_json(folder / "zarr.json", document | changes)
    else:
        document = {
            "zarr_format": 2, "shape": pixels.shape, "chunks": chunks, "dtype": kind.str, "order": "C",
            "compressor": {"id": "zlib", "level": 1}, "filters": None, "fill_value": kind.type(0).item(),
            "dimension_separator": "/",
        }  # fmt: skip
        write_json(folder / ".zarray", document | changes)
    counts = [-(-size // chunk) for size, chunk in zip(pixels.shape, chunks, strict=True)]
    for place in product(*map(range, counts)):
        box = tuple(slice(i * n, (i + 1) * n) for i, n in zip(place, chunks, strict=True))
        whole = np.zeros(chunks, kind)
        part = pixels[box]
        whole[tuple(slice(n) for n in part.shape)] = part
        file = folder.joinpath(*(("c",) if version == 3 else ()), *map(str, place))
        file.parent.mkdir(parents=True, exist_ok=True)
        data = whole.tobytes()
        file.write_bytes(data if version == 3 else zlib.compress(data))
    return folder


def multiscale(
    axes: list, count: int = 1, scale: tuple[float, ...] | None = None, name: str = "", **more: object
) -> dict:
    """Return one entry of ``multiscales`` whose levels are called 0, 1, 2 ..."""
    datasets: list[dict] = [{"path": str(level)} for level in range(count)]
    if scale is not None:
        for dataset in datasets:
            dataset["coordinateTransformations"] = [{"type": "scale", "scale": list(scale)}]
    return {"version": "0.4", "axes": axes, "datasets": datasets, "name": name, **more}


def write_image(
    folder: Path,
    pixels: NDArray,
    *,
    axes: list | None = None,
    levels: int = 1,
    version: int = 2,
    scale: tuple[float, ...] | None = None,
    chunks: tuple[int, ...] = (),
    name: str = "",
    **more: object,
) -> Path:
    """Write an OME-Zarr image; each level holds every second row and column of the one before."""
    axes = AXES[-pixels.ndim :] if axes is None else axes
    said = {"multiscales": [multiscale(axes, levels, scale, name)], **more}
    write_group(folder, {"ome": {"version": "0.5", **said}} if version == 3 else said, version)
    for level in range(levels):
        step = 1 << level
        write_array(folder / str(level), pixels[..., ::step, ::step], chunks, version)
    return folder
