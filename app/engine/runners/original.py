"""What the record says of an original: its checksum and the range of its values, found along the way."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from app.images.digest import sha256_of
from models.source import ImageInfo, ImageSource, Pixels, Region


class Fingerprint:
    """The checksum of a file or image folder, computed in a thread while the block runs.

    Parameters
    ----------
    path : Path
        See `app.images.digest.sha256_of`; if it cannot be read the checksum is empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = ""
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._read, name="fingerprint", daemon=True)

    def sha256(self, *, wait: bool) -> str:
        """Return the checksum; empty if it is not known yet and `wait` is false, or cannot be known."""
        if wait:
            self._thread.join()
        return self._text

    def _read(self) -> None:
        try:
            self._text = sha256_of(self._path, self._enough.is_set)
        except OSError:
            return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._enough.set()
        self._thread.join()


class RangedSource:
    """A source that notes the lowest and highest finite value of what is read from it."""

    def __init__(self, source: ImageSource) -> None:
        self.info: ImageInfo = source.info
        self._source = source
        self._seen: tuple[float, float] | None = None

    @property
    def seen(self) -> tuple[float, float] | None:
        """Lowest and highest value so far; None before anything finite was read."""
        return self._seen

    def read(self, region: Region) -> Pixels:
        """Return the pixels of `region`."""
        pixels = self._source.read(region)
        values = pixels if pixels.dtype.kind in "iub" else pixels[np.isfinite(pixels)]
        if values.size:
            low, high = float(values.min()), float(values.max())
            before = self._seen or (low, high)
            self._seen = (min(low, before[0]), max(high, before[1]))
        return pixels

    def close(self) -> None:
        """Release the file."""
        self._source.close()
