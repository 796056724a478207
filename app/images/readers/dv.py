"""DeltaVision files: planes in one of three orders behind a head like that of MRC."""

from pathlib import Path

from app.images.metadata import Entry
from app.images.readers.mrc_header import HEAD, Head, dtype_of
from app.images.readers.planes import PlaneSource, check_scene, damaged, image_info, translated
from app.images.readers.strided import FileBytes, Layout, StridedPlanes
from app.images.scale import Scale
from models.source import Channel, PixelSize

LITTLE, BIG = b"\xa0\xc0", b"\xc0\xa0"  # -16224 at byte 96
KINDS = {0: "u1", 1: "i2", 2: "f4", 5: "i2", 6: "u2", 7: "i4"}
ORDERS = {0: "ZTC", 1: "CZT", 2: "ZCT"}  # the fastest first
MOST_WAVES = 5  # have a wavelength in the head
FIELDS = {
    "Width, height, sections": ("3i", 0), "Pixel type": ("i", 12), "Start": ("3i", 16),
    "Pixel size": ("3f", 40), "Angles": ("3f", 52), "Minimum, maximum, mean": ("3f", 76),
    "Extended header": ("i", 92), "Integers per section": ("h", 128), "Floats per section": ("h", 130),
    "Lens": ("h", 162), "Time points": ("h", 180), "Image sequence": ("h", 182), "Tilt": ("3f", 184),
    "Wavelengths": ("h", 196), "Wavelengths in nm": ("5h", 198), "Origin z, x, y": ("3f", 208),
}  # fmt: skip


def open_source(path: Path, scene: int = 0, *, partial: bool = False) -> PlaneSource:
    """Open a DeltaVision file; see `app.images.open.open_image`."""
    with translated(path):
        check_scene(path, scene, 1)
        data = FileBytes(path)
        try:
            head = _head(path, data)
            layout = _layout(path, head)
            x, y, z = (head.length(offset) for offset in (40, 44, 48))
            scale, channels = Scale(PixelSize(z, y, x)), _channels(head, layout.shape[1])
            info = image_info(path, 0, ("",), (layout.shape,), layout.dtype, scale=scale, channels=channels)
            planes = StridedPlanes(path, data, layout)
            planes.check_complete(partial=partial)
            return PlaneSource(path, info, planes)
        except BaseException:
            data.close()
            raise


def metadata(path: Path, scene: int) -> tuple[Entry, ...]:  # noqa: ARG001 - all readers
    """Return the head of the file, field by field, and its titles."""
    with translated(path):
        data = FileBytes(path)
        try:
            head = _head(path, data)
        finally:
            data.close()
        fields = [Entry(name, ", ".join(map(str, head.numbers(*at)))) for name, at in FIELDS.items()]
        titles = [Entry(f"Title {i + 1}", line) for i, line in enumerate(head.titles(224, 10))]
        return (*fields, *titles)


def _head(path: Path, data: FileBytes) -> Head:
    stamp = data.read(96, 2)
    if stamp not in (LITTLE, BIG):
        raise damaged(path, "its head is no DeltaVision file's")
    return Head(path, data, "<" if stamp == LITTLE else ">")


def _layout(path: Path, head: Head) -> Layout:
    x, y, sections = head.numbers("3i", 0)
    extra, sequence = head.number("i", 92), head.number("h", 182)
    t, c = max(1, head.number("h", 180)), max(1, head.number("h", 196))
    if min(x, y, sections, extra) < 0:
        raise damaged(path, f"its size of {x} x {y} x {sections} makes no sense")
    if sections % (t * c) or sequence not in ORDERS:
        raise damaged(path, f"{sections} sections do not make {t} time points of {c} channels")
    dtype = dtype_of(path, head.number("i", 12), head.order, KINDS)
    sizes = {"T": t, "C": c, "Z": sections // (t * c)}
    steps, step = {}, x * y * dtype.itemsize
    for axis in ORDERS[sequence]:
        steps[axis] = step
        step *= sizes[axis]
    strides = (steps["T"], steps["C"], steps["Z"], x * dtype.itemsize, dtype.itemsize)
    return Layout((t, c, sizes["Z"], y, x), dtype, HEAD + extra, strides)


def _channels(head: Head, count: int) -> list[Channel]:
    waves = head.numbers(f"{MOST_WAVES}h", 198)[:count]
    return [Channel(f"{wave}\u202fnm" if wave > 0 else "") for wave in waves]
