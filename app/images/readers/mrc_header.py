"""The head that MRC and DeltaVision files share: numbers at fixed places, in either byte order."""

import math
import struct
from pathlib import Path
from typing import Any, Literal

import numpy as np

from app.images.readers.planes import damaged, not_supported
from app.images.readers.strided import Bytes

HEAD = 1024
TITLES = 10
TITLE = 80

Order = Literal["<", ">"]


class Head:
    """The first 1024 bytes of a file.

    Parameters
    ----------
    path : Path
    data : Bytes
    order : "<" or ">"
        Byte order; also an attribute.

    Raises
    ------
    Damaged
        If the file is shorter.
    """

    def __init__(self, path: Path, data: Bytes, order: Order) -> None:
        self._data = data.read(0, HEAD)
        self.order = order
        if len(self._data) < HEAD:
            raise damaged(path, "its head is cut off")

    def numbers(self, kind: str, offset: int) -> tuple[Any, ...]:
        """Return the numbers at `offset`; `kind` is a format of `struct`."""
        return struct.unpack_from(self.order + kind, self._data, offset)

    def number(self, kind: str, offset: int) -> Any:
        """Return the one number at `offset`."""
        return self.numbers(kind, offset)[0]

    def text(self, offset: int, length: int) -> str:
        """Return the text at `offset` without what fills it up."""
        return self._data[offset : offset + length].split(b"\0")[0].decode("latin-1").strip()

    def titles(self, offset: int, count: int) -> list[str]:
        """Return the lines of text that begin at `offset`."""
        lines = (self.text(offset + TITLE * i, TITLE) for i in range(max(0, min(count, TITLES))))
        return [line for line in lines if line]

    def length(self, offset: int) -> float | None:
        """Return the positive float at `offset`, None if there is none."""
        value = float(str(np.float32(self.number("f", offset))))  # 0.1 rather than 0.10000000149
        return value if math.isfinite(value) and value > 0 else None


def dtype_of(path: Path, mode: int, order: Order, kinds: dict[int, str]) -> np.dtype[Any]:
    """Return the type of pixels that the number `mode` means, by the table `kinds`."""
    if mode not in kinds:
        raise not_supported(path, "complex numbers" if mode in (3, 4) else f"mode {mode}")
    return np.dtype(kinds[mode]).newbyteorder(order)
