"""Writes images in another format, whole or in part, plane by plane; no pixel is changed on the way.

One bad input is a line in the report and never stops the others. What is not finished has a name ending in
``.part``; a job that is stopped, or fails, removes it, for half an image is of use to nobody.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Protocol

import numpy as np

from app.engine.context import ItemContext, JobContext
from app.engine.events import Finished
from app.engine.events import Stopped as StoppedEvent
from app.engine.runners.outputs import output_path
from app.engine.specs import Appearance, ExportSpec, Input
from app.images.errors import ImageError, NoPixels
from app.images.open import open_image
from app.images.record import Provenance, read_record
from app.images.writers.fiji import FijiSink
from app.images.writers.tiff import OmeTiffSink
from app.images.writers.zarr import OmeZarrSink
from models.errors import Stopped, UserError
from models.source import Channel, ImageInfo, ImageSource, Pixels, Range, Region

STRIDE = 1024  # blocks begin at multiples of this: at the borders of chunks
BLOCK_BYTES = 64 << 20  # read at a time


class NotInImage(UserError):
    """A channel, plane, time or part that the image does not have."""

    code = "export.range"


class Target(Protocol):
    """What all writers have in common; see `OmeTiffSink`."""

    path: Path
    info: ImageInfo

    def write(self, region: Region, pixels: Pixels) -> None:
        """Store pixels."""

    def flush(self) -> None:
        """Return when all is on the disk."""

    def close(self, record: Provenance | None) -> Path:
        """Finish the file and return it."""

    def abandon(self) -> None:
        """Remove what is not finished."""


@dataclass(frozen=True, slots=True)
class Writer:
    """One format: how a file is begun and gone on with, and what its name may end in."""

    suffixes: tuple[str, ...]
    create: Callable[[ExportSpec, Path, ImageInfo], Target]
    resume: Callable[[ExportSpec, Path, ImageInfo], Target]


WRITERS: dict[str, Writer] = {
    "ome-tiff": Writer(
        (".ome.tif", ".ome.tiff"),
        lambda _spec, path, info: OmeTiffSink.create(path, info),
        lambda _spec, part, _info: OmeTiffSink.resume(part),
    ),
    "imagej": Writer(
        (".tif", ".tiff"),
        lambda _spec, path, info: FijiSink.create(path, info),
        lambda _spec, part, _info: FijiSink.resume(part),
    ),
    "ome-zarr": Writer(
        (".ome.zarr", ".zarr"),
        lambda spec, path, info: OmeZarrSink.create(path, info, spec.zarr),
        lambda spec, part, info: OmeZarrSink.resume(part, info, spec.zarr),
    ),
}


@dataclass(frozen=True, slots=True)
class Share:
    """The part of an image that is exported: ranges and channels of its full resolution."""

    t: Range
    channels: tuple[int, ...]
    z: Range
    y: Range
    x: Range

    @classmethod
    def of(cls, spec: ExportSpec, info: ImageInfo) -> "Share":
        """Return what `spec` asks for.

        Raises
        ------
        NotInImage
            If the image does not have it.
        """
        frames, count, slices, height, width = info.shape
        name = PurePath(info.uri).name
        channels = spec.channels or tuple(range(count))
        if not all(0 <= channel < count for channel in channels):
            raise NotInImage(
                f"{name} has {_counted(count, 'channel')}; number {max(channels) + 1} was asked for.",
                hint="Pick channels that it has.",
                channels=count,
            )
        asked = (
            ("time", spec.t, frames),
            ("plane", spec.z, slices),
            ("row", spec.y, height),
            ("column", spec.x, width),
        )
        for what, wanted, size in asked:
            if wanted is not None and not 0 <= wanted[0] < wanted[1] <= size:
                raise NotInImage(
                    f"{name} has {_counted(size, what)}; {wanted[0] + 1} to {wanted[1]} were asked for.",
                    hint="Choose a range that it has.",
                    size=size,
                )
        ranges = [(0, size) if wanted is None else wanted for _what, wanted, size in asked]
        return cls(ranges[0], channels, *ranges[1:])

    @property
    def planes(self) -> Iterator[tuple[int, int, int]]:
        """The planes t, c, z of the export, in the order in which they are written."""
        for t in range(self.t[1] - self.t[0]):
            for z in range(self.z[1] - self.z[0]):
                for c in range(len(self.channels)):
                    yield t, c, z

    def info(self, info: ImageInfo, appearances: tuple[Appearance, ...]) -> ImageInfo:
        """Return what is known of this part of an image."""
        ranges = (self.t, (0, len(self.channels)), self.z, self.y, self.x)
        t, c, z, y, x = (stop - start for start, stop in ranges)
        channels = tuple(info.channels[channel] for channel in self.channels)
        if len(appearances) == info.shape[1]:
            channels = tuple(_named(appearances[channel]) for channel in self.channels)
        is_rgb = info.is_rgb and self.channels == (0, 1, 2)
        return replace(info, shapes=((t, c, z, y, x),), channels=channels, is_rgb=is_rgb)

    def region(self, t: int, c: int, z: int, block: tuple[Range, Range]) -> Region:
        """Return where a block of a plane of the export lies in the image."""
        (y0, y1), (x0, x1) = block
        channel, top, left = self.channels[c], self.y[0], self.x[0]
        t, z = t + self.t[0], z + self.z[0]
        return Region(
            (t, t + 1), (channel, channel + 1), (z, z + 1), (top + y0, top + y1), (left + x0, left + x1)
        )


def run(spec: ExportSpec, context: JobContext) -> Finished | StoppedEvent:
    """Export every input of `spec`."""
    context.started("")
    outputs: list[str | None] = [None] * len(spec.inputs)
    is_stopped = False
    for index, one in enumerate(spec.inputs):
        item = context.item(index)
        try:
            if item.noted("part") is None:  # what was begun is removed even by a job that should stop
                context.check()
            outputs[index] = item.noted("output") or str(_exported(spec, one, item))
        except Stopped:
            is_stopped = True
        except UserError as error:
            item.failed(one.path, error)
    return (StoppedEvent if is_stopped else Finished)(context.job, tuple(outputs))


def blocks(height: int, width: int, itemsize: int) -> list[tuple[Range, Range]]:
    """Return the blocks of rows and columns in which a plane is copied, from top to bottom."""
    across = max(STRIDE, BLOCK_BYTES // (STRIDE * itemsize) // STRIDE * STRIDE)
    down = STRIDE
    if across >= width:
        across = width
        down = max(STRIDE, BLOCK_BYTES // (width * itemsize) // STRIDE * STRIDE)
    return [
        ((top, min(top + down, height)), (left, min(left + across, width)))
        for top in range(0, height, down)
        for left in range(0, width, across)
    ]


def _exported(spec: ExportSpec, one: Input, item: ItemContext) -> Path:
    """Export one image and return its file."""
    source = open_image(Path(one.path), one.scene, one.reading)
    try:
        info = source.info
        if 0 in info.shape:
            name = PurePath(info.uri).name
            raise NoPixels(
                f"{name} has no pixels.", hint="Open it in the program that wrote it.", path=info.uri
            )
        share = Share.of(spec, info)
        finished = _closed_before(item)
        if finished is None:
            finished = _filled(
                spec, source, share, _target(spec, one, share.info(info, spec.appearances), item), item
            )
    finally:
        source.close()
    item.note("output", str(finished))
    item.done(finished)
    return finished


def _closed_before(item: ItemContext) -> Path | None:
    """Return the file if an earlier process closed it but had no time to say so."""
    part = item.noted("closing")
    if part is None or Path(part).exists():
        return None
    final = Path(part.removesuffix(".part"))
    return final if final.exists() else None


def _target(spec: ExportSpec, one: Input, info: ImageInfo, item: ItemContext) -> Target:
    """Go on with the file that an earlier process began, or begin one."""
    writer = WRITERS[spec.format]
    part = item.noted("part")
    if part is not None and Path(part).exists():
        return writer.resume(spec, Path(part), info)
    target = writer.create(spec, output_path(one, spec.name_pattern, spec.output_dir, writer.suffixes), info)
    item.note("attempt", str(int(item.noted("attempt") or 0) + 1))
    item.note("part", str(target.path))
    stored = np.dtype(target.info.dtype)
    if not np.can_cast(np.dtype(info.dtype), stored, "safe"):
        item.remark(
            "export.type",
            f"Fiji has no numbers of the type {info.dtype}; they are stored as {stored.name}, "
            "rounded to seven digits.",
        )
    return target


def _filled(spec: ExportSpec, source: ImageSource, share: Share, target: Target, item: ItemContext) -> Path:
    """Copy all planes, close the file and return it; nothing half-written remains on failure."""
    item.opened(target.path)
    try:
        _copy(source, share, target, item)
        item.check()
        if isinstance(target, FijiSink):
            target.tables = _tables(spec, share)
        item.note("closing", str(target.path))
        return target.close(_record_of(source.info))
    finally:
        target.abandon()  # which does nothing to what was closed


def _copy(source: ImageSource, share: Share, target: Target, item: ItemContext) -> None:
    planes = list(share.planes)
    attempt = item.noted("attempt")
    parts = blocks(*target.info.shape[3:], np.dtype(source.info.dtype).itemsize)
    for number, (t, c, z) in enumerate(planes):
        unit = f"{attempt}: t{t}c{c}z{z}"
        if item.is_committed(unit):
            continue
        for index, (rows, columns) in enumerate(parts):
            item.check()
            item.progress(number + index / len(parts), len(planes), "planes")
            pixels = source.read(share.region(t, c, z, (rows, columns)))
            target.write(Region((t, t + 1), (c, c + 1), (z, z + 1), rows, columns), pixels)
        if isinstance(target, OmeZarrSink):
            target.coarsen(t, c, z)
        target.flush()
        item.progress(number + 1, len(planes), "planes")
        item.commit(unit)


def _record_of(info: ImageInfo) -> Provenance | None:
    """Return how the image was made, if it is one of our own results."""
    try:
        return read_record(Path(info.uri))
    except ImageError:
        return None


def _named(appearance: Appearance) -> Channel:
    return Channel(appearance.name, appearance.colour, appearance.display)


def _tables(spec: ExportSpec, share: Share) -> tuple[np.ndarray | None, ...]:
    """Return the colour tables of the exported channels that do not simply run from black to a colour."""
    if not spec.appearances:
        return ()
    texts = [spec.appearances[channel].table for channel in share.channels]
    return tuple(
        np.frombuffer(bytes.fromhex(text), np.uint8).reshape(3, 256) if text else None for text in texts
    )


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"
