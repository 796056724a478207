"""The chunks of ND2 files: found by the map at the end, or one after the other if it is lost."""

import io
import struct
from pathlib import Path

from app.images.readers.planes import damaged
from app.images.readers.strided import FileBytes

MAGIC = 0x0ABECEDA
HEAD = struct.Struct("<IIQ")  # magic, length of the name, length of the data
PLACE = struct.Struct("<QQ")
MAP_NAME = b"ND2 FILEMAP SIGNATURE NAME 0001!"
END_NAME = b"ND2 CHUNK MAP SIGNATURE 0000001!"
FRAME = b"ImageDataSeq|"
MOST_CHUNKS = 5_000_000
LONGEST_NAME = 4096
ALIGNED = 4096


class Chunks:
    """Where the chunks of a file lie.

    Parameters
    ----------
    path : Path
    data : FileBytes

    Attributes
    ----------
    places : dict
        Offset of each chunk by its name.
    is_cut : bool
        The map at the end of the file is missing: what is known was found by looking.
    """

    def __init__(self, path: Path, data: FileBytes) -> None:
        self._path = path
        self._data = data
        end = data.read(max(0, data.size - 40), 40)
        self.is_cut = not end.startswith(END_NAME)
        self.places = self._walked() if self.is_cut else self._mapped(*struct.unpack("<Q", end[32:]))

    def frames(self) -> dict[int, int]:
        """Return the offset of each frame by its number."""
        found = {}
        for name, offset in self.places.items():
            digits = name[len(FRAME) : -1]
            if name.startswith(FRAME) and digits.isdigit():
                found[int(digits)] = offset
        return found

    def body(self, offset: int) -> tuple[int, int]:
        """Return where the data of the chunk at `offset` begin, and how many bytes they have."""
        head = self._data.read(offset, HEAD.size)
        if len(head) < HEAD.size:
            raise EOFError
        magic, name, length = HEAD.unpack(head)
        if magic != MAGIC or name > 1 << 20:
            raise damaged(self._path, "a plane is not where it should be")
        return offset + HEAD.size + name, length

    def mended(self) -> "MendedFile":
        """Return the file with the map that it should have at its end."""
        body = b"".join(name + PLACE.pack(offset, 0) for name, offset in self.places.items())
        body += END_NAME + PLACE.pack(self._data.size, 0)
        chunk = HEAD.pack(MAGIC, len(MAP_NAME), len(body)) + MAP_NAME + body
        return MendedFile(self._data, chunk + END_NAME + struct.pack("<Q", self._data.size))

    def _mapped(self, offset: int) -> dict[bytes, int]:
        if not 0 < offset < self._data.size:
            raise damaged(self._path, "the map of its planes is missing")
        start, length = self.body(offset)
        body = self._data.read(start, min(length, self._data.size - start))
        places: dict[bytes, int] = {}
        at = 0
        while len(places) < MOST_CHUNKS:
            stop = body.find(b"!", at, at + LONGEST_NAME) + 1
            if not stop or stop + PLACE.size > len(body):
                raise damaged(self._path, "the map of its planes makes no sense")
            name = body[at:stop]
            if name == END_NAME:
                return places
            places[name] = PLACE.unpack_from(body, stop)[0]
            at = stop + PLACE.size
        raise damaged(self._path, "the map of its planes makes no sense")

    def _walked(self) -> dict[bytes, int]:
        places: dict[bytes, int] = {}
        at = 0
        while len(places) < MOST_CHUNKS and at < self._data.size:
            head = self._data.read(at, HEAD.size)
            if len(head) < HEAD.size:
                break
            magic, name_length, length = HEAD.unpack(head)
            if magic != MAGIC:
                at = (at // ALIGNED + 1) * ALIGNED  # what fills up between chunks
                continue
            name = self._data.read(at + HEAD.size, min(name_length, LONGEST_NAME))
            if b"!" in name:
                places.setdefault(name[: name.index(b"!") + 1], at)
            at += HEAD.size + name_length + length
        return places


class MendedFile(io.RawIOBase):
    """A file that is read as if `tail` stood at its end.

    Parameters
    ----------
    data : FileBytes
        Not closed along with this.
    tail : bytes
    """

    def __init__(self, data: FileBytes, tail: bytes) -> None:
        super().__init__()
        self._data = data
        self._tail = tail
        self._at = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to `offset` from the start, the position or the end."""
        self._at = max(0, offset + (0, self._at, self._data.size + len(self._tail))[whence])
        return self._at

    def read(self, count: int = -1) -> bytes:
        """Return the next `count` bytes, fewer at the end."""
        rest = max(0, self._data.size + len(self._tail) - self._at)
        count = rest if count is None or count < 0 else min(count, rest)
        data = self._data.read(self._at, count) if self._at < self._data.size else b""
        start = max(0, self._at - self._data.size)
        data += self._tail[start : start + count - len(data)]
        self._at += len(data)
        return data
