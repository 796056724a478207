"""Makes images larger than memory, for benchmarks and tests: ``python -m benchmarks.giant FOLDER``.

A plane of 100 000 x 100 000 pixels with all its coarser levels, as OME-Zarr and as OME-TIFF, of which only
the places along the diagonal hold data and the coarse levels all over; and a stack of 2000 planes as the TIFF
that ImageJ writes, as plain TIFF and as OME-Zarr. What lies in the folder already is used again.
"""

import argparse
import json
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

SIDE = 100_000  # pixels of the plane
TILE = 512
FULL = 12_500  # levels up to this size hold data all over
BAND = 1  # tiles beside the diagonal
VARIANTS = 8  # different tiles
PLANES, EDGE = 2000, 1024  # of the stack
BASES = 16  # different planes, which are rolled

Dtype = Literal["uint8", "uint16"]
Tag = tuple[int, int, tuple[int, ...] | bytes]  # code, type, values
SHORT, LONG, LONG8, ASCII = 3, 4, 16, 2
SIZES = {SHORT: "H", LONG: "I", LONG8: "Q"}


def sides(side: int = SIDE) -> list[int]:
    """Return the side of each level, the full resolution first, the last below 1024."""
    found = [side]
    while found[-1] >= 1024:
        found.append(-(-found[-1] // 2))
    return found


def has_data(level: int, row: int, column: int, side: int = SIDE) -> bool:
    """Whether a tile of a sparse plane holds data rather than nothing."""
    return sides(side)[level] <= FULL or abs(row - column) <= BAND


@cache
def tile(number: int, dtype: Dtype = "uint16") -> NDArray[np.unsignedinteger]:
    """Return one of the `VARIANTS` tiles: blobs and the noise of a camera."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[:TILE, :TILE]
    light = np.full((TILE, TILE), 12.0)
    for _ in range(30):
        top, left, size = rng.uniform(0, TILE), rng.uniform(0, TILE), rng.uniform(5, 25)
        light += rng.uniform(10, 50) * np.exp(-((y - top) ** 2 + (x - left) ** 2) / (2 * size**2))
    noisy = rng.poisson(light) * (1 if dtype == "uint8" else 16)
    return np.minimum(noisy, np.iinfo(dtype).max).astype(dtype)


def variant(level: int, row: int, column: int) -> int:
    """Return which of the tiles lies at a place."""
    return (level + 3 * row + 5 * column) % VARIANTS


def sparse_zarr(folder: Path, *, side: int = SIDE, dtype: Dtype = "uint16") -> Path:
    """Return the sparse plane as OME-Zarr 0.4, made if it is not there."""
    path = folder / f"plane_{side}_{dtype}.ome.zarr"
    return path if path.exists() else _renamed(path, lambda part: _write_sparse_zarr(part, side, dtype))


def sparse_tiff(folder: Path, *, side: int = SIDE, dtype: Dtype = "uint16") -> Path:
    """Return the sparse plane as pyramidal OME-TIFF, whose empty tiles have neither place nor bytes."""
    path = folder / f"plane_{side}_{dtype}.ome.tif"
    return path if path.exists() else _renamed(path, lambda part: _write_sparse_tiff(part, side, dtype))


def plane(z: int, edge: int = EDGE) -> NDArray[np.uint16]:
    """Return one plane of the stack."""
    return np.roll(_base(z % BASES, edge), (37 * z) % edge, axis=0)


def stack_tiff(
    folder: Path, kind: Literal["imagej", "plain"] = "imagej", *, planes: int = PLANES, edge: int = EDGE
) -> Path:
    """Return the stack as one file whose planes follow each other, made if it is not there.

    ImageJ writes a single directory before all planes if they are more than 4 GB; the plain file is a BigTIFF
    with a directory for each plane.
    """
    path = folder / f"stack_{planes}x{edge}_{kind}.tif"
    write = _write_imagej if kind == "imagej" else _write_plain
    return path if path.exists() else _renamed(path, lambda part: write(part, planes, edge))


def stack_zarr(folder: Path, *, planes: int = PLANES, edge: int = EDGE) -> Path:
    """Return the stack as OME-Zarr 0.4, a chunk per plane, packed by Blosc with LZ4."""
    path = folder / f"stack_{planes}x{edge}.ome.zarr"
    return path if path.exists() else _renamed(path, lambda part: _write_stack_zarr(part, planes, edge))


def _renamed(path: Path, write: Callable[[Path], None]) -> Path:
    """Write under another name first, so that what was interrupted is not taken for whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{time.time_ns()}.part")
    write(part)
    return part.rename(path)


@cache
def _base(number: int, edge: int) -> NDArray[np.uint16]:
    rng = np.random.default_rng(1000 + number)
    y, x = np.mgrid[:edge, :edge]
    light = 100 + 80 * np.sin(x / 41 + number) * np.cos(y / 29)
    return rng.poisson(light).astype(np.uint16)


def _tiles(level: int, side: int) -> Iterator[tuple[int, int]]:
    """Yield the places of all tiles that hold data, row after row."""
    across = -(-sides(side)[level] // TILE)
    for row in range(across):
        if sides(side)[level] <= FULL:
            yield from ((row, column) for column in range(across))
        else:
            yield from ((row, c) for c in range(max(0, row - BAND), min(across, row + BAND + 1)))


def _write_sparse_zarr(path: Path, side: int, dtype: Dtype) -> None:
    import numcodecs

    packing = numcodecs.Blosc("lz4", clevel=5, shuffle=numcodecs.Blosc.BITSHUFFLE)
    packed = [packing.encode(tile(number, dtype)) for number in range(VARIANTS)]
    _write_group(path, "yx", len(sides(side)))
    for level, length in enumerate(sides(side)):
        _write_array(path / str(level), (length, length), (TILE, TILE), dtype, packing.get_config())
        made = -1
        for row, column in _tiles(level, side):
            folder = path / str(level) / str(row)
            if row != made:
                folder.mkdir()
                made = row
            (folder / str(column)).write_bytes(packed[variant(level, row, column)])


def _write_stack_zarr(path: Path, planes: int, edge: int) -> None:
    import numcodecs

    packing = numcodecs.Blosc("lz4", clevel=5, shuffle=numcodecs.Blosc.SHUFFLE)
    _write_group(path, "zyx", 1)
    _write_array(path / "0", (planes, edge, edge), (1, edge, edge), "uint16", packing.get_config())
    for z in range(planes):
        folder = path / "0" / str(z) / "0"
        folder.mkdir(parents=True)
        (folder / "0").write_bytes(packing.encode(plane(z, edge)))


def _write_group(path: Path, axes: str, levels: int) -> None:
    path.mkdir()
    described = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in axes]
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [
                {"type": "scale", "scale": [0.5 if axis == "z" else 0.1 * 2**level for axis in axes]}
            ],
        }
        for level in range(levels)
    ]
    said = {"multiscales": [{"version": "0.4", "axes": described, "datasets": datasets}]}
    (path / ".zgroup").write_text('{"zarr_format": 2}')
    (path / ".zattrs").write_text(json.dumps(said))


def _write_array(
    path: Path, shape: tuple[int, ...], chunks: tuple[int, ...], dtype: str, packing: dict
) -> None:
    path.mkdir()
    facts = {
        "zarr_format": 2, "shape": shape, "chunks": chunks, "dtype": np.dtype(dtype).str, "order": "C",
        "compressor": packing, "filters": None, "fill_value": 0, "dimension_separator": "/",
    }  # fmt: skip
    (path / ".zarray").write_text(json.dumps(facts))


def _write_sparse_tiff(path: Path, side: int, dtype: Dtype) -> None:
    packed = [zlib.compress(tile(number, dtype).tobytes(), 1) for number in range(VARIANTS)]
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        f'<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="{dtype}" SizeX="{side}" '
        f'SizeY="{side}" SizeZ="1" SizeC="1" SizeT="1" PhysicalSizeX="0.1" PhysicalSizeY="0.1">'
        '<TiffData IFD="0" PlaneCount="1"/></Pixels></Image></OME>'
    )
    with path.open("wb") as file:
        file.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0))
        places: list[int] = []
        for level, length in reversed(
            list(enumerate(sides(side)))
        ):  # coarse ones first: the full one names them
            across = -(-length // TILE)
            offsets, counts = [0] * across**2, [0] * across**2
            for row, column in _tiles(level, side):
                data = packed[variant(level, row, column)]
                offsets[row * across + column], counts[row * across + column] = file.tell(), len(data)
                file.write(data)
            tags: list[Tag] = [
                (254, LONG, (int(level > 0),)), (256, LONG, (length,)), (257, LONG, (length,)),
                (258, SHORT, (np.dtype(dtype).itemsize * 8,)), (259, SHORT, (8,)), (262, SHORT, (1,)),
                (277, SHORT, (1,)), (322, LONG, (TILE,)), (323, LONG, (TILE,)),
                (324, LONG8, tuple(offsets)), (325, LONG8, tuple(counts)), (339, SHORT, (1,)),
            ]  # fmt: skip
            if level == 0:
                tags += [(270, ASCII, xml.encode() + b"\0"), (330, LONG8, tuple(places))]
            places.insert(0, _write_directory(file, tags, 0))
        file.seek(8)
        file.write(struct.pack("<Q", places[0]))


def _write_imagej(path: Path, planes: int, edge: int) -> None:
    text = f"ImageJ=1.54f\nimages={planes}\nslices={planes}\nunit=micron\nspacing=0.5\nloop=false\n".encode()
    start = 1024
    tags: list[Tag] = [
        *_plane_tags(edge), (270, ASCII, text + b"\0"), (273, LONG, (start,)), (278, LONG, (edge,)),
        (279, LONG, (edge * edge * 2,)), (282, LONG, (10, 1)), (283, LONG, (10, 1)),
    ]  # fmt: skip
    with path.open("wb") as file:
        tags.sort()
        at = 8 + 2 + 12 * len(tags) + 4  # what does not fit into an entry
        file.write(struct.pack("<2sHIH", b"II", 42, 8, len(tags)))
        extra = b""
        for code, kind, values in tags:
            is_ratio = code in (282, 283)
            data = (
                values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{SIZES[kind]}", *values)
            )
            count = 1 if is_ratio else len(values)
            if len(data) > 4:
                where = struct.pack("<I", at + len(extra))
                extra += data
            else:
                where = data.ljust(4, b"\0")
            file.write(struct.pack("<HHI", code, 5 if is_ratio else kind, count) + where)
        file.write(b"\0" * 4 + extra)
        file.seek(start)
        for z in range(planes):
            file.write(plane(z, edge))


def _write_plain(path: Path, planes: int, edge: int) -> None:
    nbytes = edge * edge * 2
    with path.open("wb") as file:
        file.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16 + planes * nbytes))
        for z in range(planes):
            file.write(plane(z, edge))
        for z in range(planes):
            place: list[Tag] = [
                (273, LONG8, (16 + z * nbytes,)),
                (278, LONG, (edge,)),
                (279, LONG8, (nbytes,)),
            ]
            tags = _plane_tags(edge) + place
            after = file.tell() + 8 + 20 * len(tags) + 8
            _write_directory(file, tags, after if z + 1 < planes else 0)


def _plane_tags(edge: int) -> list[Tag]:
    return [
        (256, LONG, (edge,)), (257, LONG, (edge,)), (258, SHORT, (16,)), (259, SHORT, (1,)),
        (262, SHORT, (1,)), (277, SHORT, (1,)),
    ]  # fmt: skip


def _write_directory(file: BinaryIO, tags: list[Tag], following: int) -> int:
    """Write a directory of a BigTIFF, with what does not fit into its entries before it; return its place."""
    entries = b""
    for code, kind, values in sorted(tags):
        data = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{SIZES[kind]}", *values)
        if len(data) > 8:
            where = struct.pack("<Q", file.tell())
            file.write(data)
        else:
            where = data.ljust(8, b"\0")
        entries += struct.pack("<HHQ", code, kind, len(values)) + where
    place = file.tell()
    file.write(struct.pack("<Q", len(tags)) + entries + struct.pack("<Q", following))
    return place


MAKERS: dict[str, Callable[[Path], Path]] = {
    "plane-zarr": sparse_zarr,
    "plane-tiff": sparse_tiff,
    "stack-imagej": lambda folder: stack_tiff(folder, "imagej"),
    "stack-plain": lambda folder: stack_tiff(folder, "plain"),
    "stack-zarr": stack_zarr,
}


def main(arguments: list[str]) -> int:
    """Make what is asked for and print where it lies."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.giant", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MAKERS)}; all unless named")
    asked = parser.parse_args(arguments)
    unknown = set(asked.names) - set(MAKERS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    for name in asked.names or MAKERS:
        started = time.perf_counter()
        path = MAKERS[name](asked.folder)
        print(f"{path}  ({time.perf_counter() - started:.1f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
