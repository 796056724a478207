"""MRC files of electron microscopes: volumes, stacks of images and pictures in colour."""

import math
from pathlib import Path

from app.images.metadata import Entry
from app.images.readers.mrc_header import HEAD, Head, Order, dtype_of
from app.images.readers.planes import PlaneSource, check_scene, damaged, image_info, translated
from app.images.readers.strided import FileBytes, Layout, StridedPlanes
from app.images.scale import Scale
from models.source import Doubt, PixelSize, Shape5

ANGSTROM_UM = 1e-4
KINDS = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2", 16: "u1"}
RGB = 16
IMOD = 1146047817  # a stamp at byte 152; then bit 0 of byte 156 says that bytes have a sign
IMAGES, VOLUME_STACK = 0, 400  # kinds of stacks, told by the space group
STAMPS: dict[int, Order] = {0x44: "<", 0x11: ">"}
FIELDS = {
    "nx, ny, nz": ("3i", 0), "mode": ("i", 12), "nxstart, nystart, nzstart": ("3i", 16),
    "mx, my, mz": ("3i", 28), "cell a": ("3f", 40), "cell b": ("3f", 52), "mapc, mapr, maps": ("3i", 64),
    "dmin, dmax, dmean": ("3f", 76), "ispg": ("i", 88), "nsymbt": ("i", 92), "format version": ("i", 108),
    "origin": ("3f", 196), "rms": ("f", 216), "nlabl": ("i", 220),
}  # fmt: skip


def open_source(path: Path, scene: int = 0, *, partial: bool = False) -> PlaneSource:
    """Open an MRC file; see `app.images.open.open_image`."""
    with translated(path):
        check_scene(path, scene, 1)
        data = FileBytes(path)
        try:
            layout, scale, doubts = _understood(path, _head(path, data))
            is_rgb = layout.shape[1] == 3
            shapes = (layout.shape,)
            info = image_info(path, 0, ("",), shapes, layout.dtype, scale=scale, is_rgb=is_rgb, doubts=doubts)
            planes = StridedPlanes(path, data, layout)
            planes.check_complete(partial=partial)
            return PlaneSource(path, info, planes)
        except BaseException:
            data.close()
            raise


def metadata(path: Path, scene: int) -> tuple[Entry, ...]:  # noqa: ARG001 - all readers
    """Return the head of the file, field by field, and its labels."""
    with translated(path):
        data = FileBytes(path)
        try:
            head = _head(path, data)
        finally:
            data.close()
        fields = [Entry(name, ", ".join(map(str, head.numbers(*at)))) for name, at in FIELDS.items()]
        kind = Entry("exttyp", head.text(104, 4))
        labels = [Entry(f"Label {i + 1}", line) for i, line in enumerate(head.titles(224, 10))]
        return (*fields, kind, *labels)


def _head(path: Path, data: FileBytes) -> Head:
    """Return the head in the byte order that its stamp tells, else in the one that makes sense."""
    stamp = data.read(212, 1)
    if stamp and stamp[0] in STAMPS:
        return Head(path, data, STAMPS[stamp[0]])
    little = Head(path, data, "<")
    is_little = 0 <= little.number("i", 12) < 200 and little.number("i", 64) in (0, 1, 2, 3)
    return little if is_little else Head(path, data, ">")


def _understood(path: Path, head: Head) -> tuple[Layout, Scale, tuple[Doubt, ...]]:
    x, y, sections = head.numbers("3i", 0)
    mode, group, extra = head.number("i", 12), head.number("i", 88), head.number("i", 92)
    if min(x, y, sections, extra) < 0:
        raise damaged(path, f"its size of {x} x {y} x {sections} makes no sense")
    dtype = dtype_of(path, mode, head.order, KINDS)
    if mode == 0 and head.number("i", 152) == IMOD and not head.number("i", 156) & 1:
        dtype = dtype_of(path, RGB, head.order, KINDS)  # bytes without a sign
    samples = 3 if mode == RGB else 1
    t, z, doubts = _stack(head, sections, group)
    row = x * samples * dtype.itemsize
    shape: Shape5 = (t, samples, z, y, x)
    strides = (z * y * row, dtype.itemsize, y * row, row, samples * dtype.itemsize)
    return Layout(shape, dtype, HEAD + extra, strides), _scale(head), doubts


def _stack(head: Head, sections: int, group: int) -> tuple[int, int, tuple[Doubt, ...]]:
    """Return how many time points and depths there are, and whether that is doubtful."""
    depth = head.number("i", 36)
    if group > VOLUME_STACK and 0 < depth < sections and sections % depth == 0:
        return sections // depth, depth, ()
    if group == IMAGES and depth == 1 and sections > 1:
        return sections, 1, ("z_or_t",)
    return 1, sections, ()


def _scale(head: Head) -> Scale:
    """Return the size of a pixel: that of the cell, in Å, by the samples of it, along the file's axes."""
    sizes: list[float | None] = []
    axes = head.numbers("3i", 64)
    for axis in axes if sorted(axes) == [1, 2, 3] else (1, 2, 3):
        cell, samples = head.length(40 + 4 * (axis - 1)), head.number("i", 28 + 4 * (axis - 1))
        size = cell / samples * ANGSTROM_UM if cell and samples > 0 else None
        sizes.append(size if size and math.isfinite(size) else None)
    x, y, z = sizes
    return Scale(PixelSize(z, y, x))
