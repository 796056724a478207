"""SPE files that end too early, of which aicsimageio reads nothing: their planes follow each other."""

import struct
from pathlib import Path

import numpy as np

from app.images.readers.planes import PlaneSource, image_info, translated
from app.images.readers.strided import FileBytes, Layout, StridedPlanes
from models.source import Doubt, Shape5

HEAD = 4100
KINDS = {0: "<f4", 1: "<i4", 2: "<i2", 3: "<u2", 5: "<f8", 6: "u1", 8: "<u4"}
WIDTH, KIND, HEIGHT, FRAMES = ("<H", 42), ("<h", 108), ("<H", 656), ("<i", 1446)


def opened(path: Path, *, partial: bool) -> PlaneSource | None:
    """Return the source of a file that ends too early; None if it is whole, or no such file at all.

    Raises
    ------
    Truncated
        If it ends too early and `partial` was not asked for, or not even the first plane is there.
    """
    with translated(path):
        data = FileBytes(path)
        try:
            layout = _layout(data.read(0, HEAD))
            if layout is None or layout.present(data.size) == layout.planes:
                data.close()
                return None
            doubts: tuple[Doubt, ...] = ("z_or_t",) if layout.shape[0] > 1 else ()
            info = image_info(path, 0, ("Image:0",), (layout.shape,), layout.dtype, doubts=doubts)
            planes = StridedPlanes(path, data, layout)
            planes.check_complete(partial=partial)
            return PlaneSource(path, info, planes)
        except BaseException:
            data.close()
            raise


def _layout(head: bytes) -> Layout | None:
    if len(head) < HEAD:
        return None
    width, kind, height, frames = (
        struct.unpack_from(form, head, at)[0] for form, at in (WIDTH, KIND, HEIGHT, FRAMES)
    )
    if kind not in KINDS or min(width, height, frames) < 1:
        return None
    dtype = np.dtype(KINDS[kind])
    shape: Shape5 = (frames, 1, 1, height, width)
    row = width * dtype.itemsize
    return Layout(shape, dtype, HEAD, (height * row, 0, 0, row, dtype.itemsize))
