"""A small picture of any image, read coarsely within bounds of bytes and time; free of Qt."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.text import _

if TYPE_CHECKING:  # NumPy comes after the first paint of the window
    from app.ui.viewer.contrast import Packed
    from app.ui.viewer.state import ViewState
    from models.source import ImageInfo, ImageSource, Pixels

MOST_BYTES = 48 << 20  # of pixels that are read for one picture
MOST_SECONDS = 2.5  # after which a picture is drawn from the rows that were read
UNPACKED_WHOLE = 400 << 20  # bytes of PNG, JPEG and the like, which cannot be read in part
WHOLE_ONLY = (".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".gif")
MOST_CHANNELS = 6
COUNT_SECONDS = 0.2  # for counting the images of a folder


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What is seen of an image at a glance.

    `pixels` are (h, w) packed colours with `side` to twice `side` pixels on the longer side; `about`
    says how deep the image is, such as ``"Z 40 · C 2"``, and is empty for a single plane.
    """

    pixels: Packed
    about: str
    is_result: bool


def glance(path: Path, side: int, scene: int = 0) -> Glance:
    """Look at the middle plane of an image; for a thread.

    Raises
    ------
    ImageError
        If it cannot be read, or not without reading far too much.
    """
    from app.images.open import open_image
    from app.ui.viewer.state import initial_state

    source = open_image(path, scene)
    try:
        info, state = source.info, initial_state(source.info)
        _check_size(path, info)
        planes = _planes(source, state.shown[:MOST_CHANNELS], side)
        return Glance(_drawn(planes, state, info), in_short(info), _is_result(path))
    finally:
        source.close()


def in_short(info: ImageInfo) -> str:
    """Return such as ``"T 5 · Z 40 · C 2"``; what there is only one of is left out."""
    t, c, z, _y, _x = info.shape
    counts = (("T", t), ("Z", z), ("C", 1 if info.is_rgb else c))
    return " · ".join(f"{axis} {count}" for axis, count in counts if count > 1)


def _check_size(path: Path, info: ImageInfo) -> None:
    from app.images.errors import TooLarge

    if path.name.lower().endswith(WHOLE_ONLY) and info.nbytes > UNPACKED_WHOLE:
        raise TooLarge(_("Too large for a small picture; it can be opened all the same."), path=str(path))


def _planes(source: ImageSource, channels: tuple[int, ...], side: int) -> list[Pixels]:
    """Return the middle plane of each channel, small."""
    info = source.info
    level = max((n for n, shape in enumerate(info.shapes) if max(shape[-2:]) >= side), default=0)
    *_tcz, height, width = info.shapes[level]
    import numpy as np

    row_bytes = width * np.dtype(info.dtype).itemsize * len(channels)
    if row_bytes * height <= MOST_BYTES:
        return [_shrunk(_read(source, channel, level, (0, height)), side) for channel in channels]
    return _sampled(source, channels, level, side, max(1, min(side, MOST_BYTES // row_bytes)))


def _read(source: ImageSource, channel: int, level: int, rows: tuple[int, int]) -> Pixels:
    from models.source import Region

    t, _c, z, _y, width = source.info.shapes[level]
    region = Region(
        (t // 2, t // 2 + 1), (channel, channel + 1), (z // 2, z // 2 + 1), rows, (0, width), level
    )
    plane: Pixels = source.read(region)[0, 0, 0]  # (h, w)
    return plane


def _sampled(
    source: ImageSource, channels: tuple[int, ...], level: int, side: int, most: int
) -> list[Pixels]:
    """Read single rows, evenly spread and ever denser, until there are `most` or the time is up."""
    import numpy as np

    *_tcz, height, width = source.info.shapes[level]
    count = max(1, min(most, height, round(side * height / max(height, width))))
    places = np.linspace(0, height - 1, count).round().astype(int)
    rows: dict[int, list[Pixels]] = {}
    until = time.monotonic() + MOST_SECONDS
    for number in _ever_denser(count):
        top = int(places[number])
        rows[number] = [_row(source, channel, level, top, side) for channel in channels]
        if time.monotonic() > until:
            break
    known = np.array(sorted(rows))
    nearest = known[np.abs(known[None] - np.arange(count)[:, None]).argmin(axis=1)]  # (count,)
    return [np.stack([rows[int(number)][place] for number in nearest]) for place in range(len(channels))]


def _row(source: ImageSource, channel: int, level: int, top: int, side: int) -> Pixels:
    """Return one row, averaged to about `side` pixels, shape (w,)."""
    row = _read(source, channel, level, (top, top + 1))[0]
    step = max(1, len(row) // side)
    means: Pixels = row[: len(row) // step * step].reshape(-1, step).mean(axis=1, dtype="float32")
    return means


def _ever_denser(count: int) -> Iterator[int]:
    """Yield 0 to `count` - 1, first far apart, then what lies between."""
    seen = set()
    stride = 1 << max(0, count - 1).bit_length()
    while stride:
        for number in range(0, count, stride):
            if number not in seen:
                seen.add(number)
                yield number
        stride //= 2


def _shrunk(plane: Pixels, side: int) -> Pixels:
    """Return the means of square blocks, so that the longer side has `side` to twice `side` pixels."""
    step = max(1, max(plane.shape) // side)
    height, width = (max(1, n // step) for n in plane.shape)
    down, across = (min(step, n) for n in plane.shape)
    blocks = plane[: height * down, : width * across].reshape(height, down, width, across)
    means: Pixels = blocks.mean(axis=(1, 3), dtype="float32")
    return means


def _drawn(planes: list[Pixels], state: ViewState, info: ImageInfo) -> Packed:
    from app.ui.viewer.composite import Look, composite
    from app.ui.viewer.contrast import auto_contrast
    from app.ui.viewer.state import Contrast

    if info.is_rgb:
        stored = state.channels[0].contrast
        ranges = [stored or auto_contrast(*planes, kind="brightfield")] * len(planes)
    else:
        ranges = [auto_contrast(plane) for plane in planes]
    luts = [state.lut(index) for index in state.shown]
    looks = [Look(lut, Contrast(one.low, one.high)) for lut, one in zip(luts, ranges, strict=False)]
    return composite(planes, looks)


def _is_result(path: Path) -> bool:
    """Whether a result's record lies in the file; only an OME-TIFF carries one."""
    if not path.name.lower().endswith((".ome.tif", ".ome.tiff")):
        return False
    from app.images.record import read_record

    return read_record(path) is not None


def count_images(folder: Path) -> int | None:
    """Return how many images lie in a folder; None where that is not cheap. For a thread."""
    from app.images.listing import format_of
    from app.paths import is_on_network

    if is_on_network(folder):
        return None
    count = 0
    until = time.monotonic() + COUNT_SECONDS
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                count += not entry.name.startswith(".") and bool(format_of(entry.name))
                if time.monotonic() > until:
                    return None
    except OSError:
        return None
    return count
