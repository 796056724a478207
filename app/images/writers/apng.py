"""Writes an animated PNG frame by frame, without losing anything."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from app.images.picture import Picture, png
from app.images.writers.growing import GrowingFile

SIGNATURE = b"\x89PNG\r\n\x1a\n"


class ApngWriter:
    """Frames of one size become a PNG that moves and repeats for ever; others see its first frame.

    Parameters
    ----------
    path : Path
    size : (width, height)
    per_second : float
    count : int
        Frames that will come; if fewer come, the file says so.
    """

    def __init__(self, path: Path, size: tuple[int, int], *, per_second: float, count: int) -> None:
        self._size = size
        self._delay = (round(1000 / per_second), 1000)
        self._frames = 0
        self._number = 0  # of the next chunk that is counted
        self._file = GrowingFile(path, size[0] * size[1] * count)
        header = _chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
        self._file.write(SIGNATURE + header)
        self._control_at = len(SIGNATURE + header)
        self._file.write(_chunk(b"acTL", struct.pack(">II", count, 0)))

    def add(self, frame: Picture) -> None:
        """Append a frame."""
        control = struct.pack(">IIIIIHHBB", self._counted(), *self._size, 0, 0, *self._delay, 0, 0)
        self._file.write(_chunk(b"fcTL", control))
        for data in _packed(png(frame)):
            if self._frames:
                self._file.write(_chunk(b"fdAT", struct.pack(">I", self._counted()) + data))
            else:
                self._file.write(_chunk(b"IDAT", data))
        self._frames += 1

    def close(self) -> Path:
        """Finish the file and return it."""
        self._file.write(_chunk(b"IEND", b""))
        self._file.write_at(self._control_at, _chunk(b"acTL", struct.pack(">II", self._frames, 0)))
        return self._file.close()

    def abandon(self) -> None:
        """Remove what is not finished."""
        self._file.abandon()

    def _counted(self) -> int:
        self._number += 1
        return self._number - 1


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _packed(file: bytes) -> Iterator[bytes]:
    """Yield the packed pixels of a PNG file."""
    at = len(SIGNATURE)
    while at < len(file):
        (length,) = struct.unpack_from(">I", file, at)
        if file[at + 4 : at + 8] == b"IDAT":
            yield file[at + 8 : at + 8 + length]
        at += 12 + length
