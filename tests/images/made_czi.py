"""CZI files made by hand, for structures of which no small real file was found."""

import struct
from dataclasses import dataclass, field

import numpy as np

TYPES = {"uint8": 0, "uint16": 1, "float32": 2}


@dataclass
class Block:
    """One tile: its pixels (rows, columns) or (rows, columns, 3), where it lies, how much it is shrunk."""

    pixels: np.ndarray
    x: int = 0
    y: int = 0
    shrunk: int = 1
    places: dict = field(default_factory=dict)  # axis letter: index
    packed: bytes = b""
    compression: int = 0


def segment(name: bytes, data: bytes) -> bytes:
    data += bytes(-len(data) % 32)
    return struct.pack("<16sqq", name, len(data), len(data)) + data


def entry(block: Block, position: int) -> bytes:
    kind = TYPES[block.pixels.dtype.name] if block.pixels.ndim == 2 else 3
    rows, columns = block.pixels.shape[:2]
    sizes = [
        (b"X", block.x, columns * block.shrunk, columns),
        (b"Y", block.y, rows * block.shrunk, rows),
        *((axis.encode(), index, 1, 1) for axis, index in block.places.items()),
    ]
    pyramid = 0 if block.shrunk == 1 else 2
    head = struct.pack("<2siqiiBxxxxxi", b"DV", kind, position, 0, block.compression, pyramid, len(sizes))
    return head + b"".join(
        struct.pack("<4siifi", axis, at, size, 0, stored) for axis, at, size, stored in sizes
    )


def czi(blocks: list[Block], xml: str = "<ImageDocument/>") -> bytes:
    """Return a CZI file."""
    data = bytes(544)  # room for the start
    positions = []
    for block in blocks:
        positions.append(len(data))
        own = entry(block, len(data))
        body = block.packed or np.ascontiguousarray(block.pixels).tobytes()
        head = struct.pack("<iiq", 0, 0, len(body)) + own
        data += segment(b"ZISRAWSUBBLOCK", head + bytes(256 - len(head)) + body)
    directory = len(data)
    entries = b"".join(entry(block, at) for block, at in zip(blocks, positions, strict=True))
    data += segment(b"ZISRAWDIRECTORY", struct.pack("<i124x", len(blocks)) + entries)
    notes = len(data)
    text = xml.encode()
    data += segment(b"ZISRAWMETADATA", struct.pack("<ii248x", len(text), 0) + text)
    start = struct.pack("<iiii16s16siqqiq", 1, 0, 0, 0, bytes(16), bytes(16), 0, directory, notes, 0, 0)
    return segment(b"ZISRAWFILE", start + bytes(512 - len(start))) + data[544:]
