"""Makes good images bad by a recipe, plane by plane; each becomes an OME-TIFF.

Every plane is made bad in a way of its own, drawn from the recipe. What is random depends on the seed, the
name of the file and the place of the plane alone, and is computed by the processor: the same command makes
the same pixels again, in whatever order and company.

One bad input is a line in the report and never stops the others. What is not finished has a name ending in
``.part``; a job that is stopped, or fails, removes it.
"""

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from app.engine.context import ItemContext, JobContext
from app.engine.events import Finished
from app.engine.events import Stopped as StoppedEvent
from app.engine.runners.outputs import output_path
from app.engine.specs import CrappifySpec, Input
from app.images.errors import ImageError, NoPixels, NotSupported
from app.images.open import open_image
from app.images.writers.tiff import OmeTiffSink
from models.errors import Stopped, UserError
from models.restoration.degrade import Band, Degradation, degrade, reach_px
from models.restoration.intensity import Limits, limits_of, sample_regions
from models.source import ImageInfo, ImageSource, PixelSize, Range, Region
from models.training.pairs import draw_degradation
from models.training.recipe import Crappify, Recipe, RecipeUnreadable, parse

SUFFIXES = (".ome.tif", ".ome.tiff")
BLOCK = 8  # of lossy compression, in pixels of the bad image
BAND_PIXELS = 1 << 22  # of the good image, made bad at a time


class TooSmall(ImageError):
    """An image has fewer pixels than become one."""

    code: ClassVar[str] = "crappify.too_small"


class NoNumbers(ImageError):
    """A plane has pixels that are no numbers."""

    code: ClassVar[str] = "crappify.no_numbers"


@dataclass(frozen=True, slots=True)
class Order:
    """What is the same for all inputs of a job."""

    spec: CrappifySpec
    ways: tuple[Crappify, ...]
    scale: int


@dataclass(frozen=True, slots=True)
class Gray:
    """The gray levels of one channel: its limits, and its brightest pixel on their scale."""

    limits: Limits
    brightest: float


def run(spec: CrappifySpec, context: JobContext) -> Finished | StoppedEvent:
    """Make every input of `spec` bad.

    Raises
    ------
    RecipeUnreadable
        If the recipe is none.
    """
    recipe = parse(spec.recipe)
    order = Order(spec, recipe.degrade, scale_of(recipe))
    context.started("")
    outputs: list[str | None] = [None] * len(spec.inputs)
    is_stopped = False
    for index, one in enumerate(spec.inputs):
        item = context.item(index)
        try:
            if item.noted("part") is None:  # what was begun is removed even by a job that should stop
                context.check()
            outputs[index] = item.noted("output") or str(_made_bad(order, one, item))
        except Stopped:
            is_stopped = True
        except UserError as error:
            item.failed(one.path, error)
    return (StoppedEvent if is_stopped else Finished)(context.job, tuple(outputs))


def scale_of(recipe: Recipe) -> int:
    """Return how many pixels of the good image, along a side, become one: the scale of the network.

    Raises
    ------
    RecipeUnreadable
        If it is no whole number from 1.
    """
    scale = recipe.network.get("scale", 1)
    if not isinstance(scale, int) or isinstance(scale, bool) or not 1 <= scale <= 64:
        raise RecipeUnreadable(
            f"The recipe's network.scale cannot be {scale!r}.",
            hint="Compare with the recipes that came with the program.",
        )
    return scale


def bad_info(info: ImageInfo, scale: int, dtype: str) -> ImageInfo:
    """Return what is known of an image once it is bad; pixels that fill no larger one are left out."""
    times, channels, depths, height, width = info.shape
    size = info.pixel_size_um
    return replace(
        info,
        shapes=((times, channels, depths, height // scale, width // scale),),
        dtype=info.dtype if dtype == "input" else "float32",
        pixel_size_um=PixelSize(size.z, size.y and size.y * scale, size.x and size.x * scale),
        channels=tuple(replace(channel, display=None) for channel in info.channels),
    )


def _made_bad(order: Order, one: Input, item: ItemContext) -> Path:
    """Make one image bad and return its file."""
    source = open_image(Path(one.path), one.scene, one.reading)
    try:
        _check(source.info, order.scale)
        finished = _closed_before(item)
        if finished is None:
            grays = [_gray(source, channel) for channel in range(source.info.shape[1])]
            finished = _filled(order, one, source, grays, _sink(order, one, source.info, item), item)
    finally:
        source.close()
    item.note("output", str(finished))
    item.done(finished)
    return finished


def _check(info: ImageInfo, scale: int) -> None:
    name = PurePath(info.uri).name
    if 0 in info.shape:
        raise NoPixels(f"{name} has no pixels.", hint="Open it in the program that wrote it.", path=info.uri)
    if np.dtype(info.dtype).kind not in "biuf":
        raise NotSupported(
            f"{name} holds complex numbers, which cannot be made bad.",
            hint="Save its magnitude as an image first.",
            path=info.uri,
        )
    height, width = info.shape[3:]
    if min(height, width) < scale:
        raise TooSmall(
            f"{name} has {width} x {height} pixels; by this recipe {scale} x {scale} become one.",
            hint="Take a larger image or a recipe with a smaller scale.",
            path=info.uri,
        )


def _gray(source: ImageSource, channel: int) -> Gray:
    """Measure a channel of the whole stack, by the same bounded sample every time."""
    values = np.concatenate([source.read(one).ravel() for one in sample_regions(source.info, channel)])
    limits = limits_of(values)
    numbers = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    return Gray(limits, float(limits.normalised(numbers.max(keepdims=True))[0]))


def _closed_before(item: ItemContext) -> Path | None:
    """Return the file if an earlier process closed it but had no time to say so."""
    part = item.noted("closing")
    if part is None or Path(part).exists():
        return None
    final = Path(part.removesuffix(".part"))
    return final if final.exists() else None


def _sink(order: Order, one: Input, info: ImageInfo, item: ItemContext) -> OmeTiffSink:
    """Go on with the file that an earlier process began, or begin one."""
    part = item.noted("part")
    if part is not None and Path(part).exists():
        return OmeTiffSink.resume(Path(part))
    path = output_path(one, order.spec.name_pattern, order.spec.output_dir, SUFFIXES)
    sink = OmeTiffSink.create(path, bad_info(info, order.scale, order.spec.dtype))
    item.note("attempt", str(int(item.noted("attempt") or 0) + 1))
    item.note("part", str(sink.path))
    rest = zip(("row", "column"), (side % order.scale for side in info.shape[3:]), strict=True)
    left_out = [f"{count} {what}{'s' * (count > 1)}" for what, count in rest if count]
    if left_out:
        item.remark(
            "crappify.rest",
            f"{' and '.join(left_out)} at the lower and right edge were left out: "
            f"{order.scale} x {order.scale} pixels become one.",
        )
    return sink


def _filled(
    order: Order, one: Input, source: ImageSource, grays: list[Gray], sink: OmeTiffSink, item: ItemContext
) -> Path:
    """Make all planes bad, close the file and return it; nothing half-written remains on failure."""
    item.opened(sink.path)
    times, channels, depths, *_ = source.info.shape
    planes = [(t, c, z) for t in range(times) for z in range(depths) for c in range(channels)]
    attempt = item.noted("attempt")
    try:
        for number, (t, c, z) in enumerate(planes):
            unit = f"{attempt}: t{t}c{c}z{z}"
            if not item.is_committed(unit):
                for share in _plane(order, one, source, grays[c], sink, (t, c, z)):
                    item.check()
                    item.progress(number + share, len(planes), "planes")
                sink.flush()
                item.commit(unit)
        item.check()
        item.note("closing", str(sink.path))
        return sink.close(None)
    finally:
        sink.abandon()  # which does nothing to what was closed


def _plane(
    order: Order, one: Input, source: ImageSource, gray: Gray, sink: OmeTiffSink, place: tuple[int, int, int]
) -> Iterator[float]:
    """Make one plane bad, band by band; yield the part that is done."""
    name = PurePath(one.path).name
    key = [order.spec.seed, zlib.crc32(name.encode("utf-8", "surrogateescape")), one.scene, *place]
    rng = np.random.default_rng(key)
    weights = np.array([way.weight for way in order.ways])
    way = order.ways[rng.choice(len(weights), p=weights / weights.sum())]
    how = draw_degradation(way, order.scale, rng)
    if math.isinf(how.ceiling):
        how = replace(how, ceiling=gray.brightest)
    shared = int(rng.integers(2**62))
    height, width = sink.info.shape[3:]
    for index, rows in enumerate(bands(height, width, order.scale)):
        generator = torch.Generator().manual_seed(int(np.random.default_rng([*key, index]).integers(2**62)))
        good, top = _read(source, gray, how, place, rows, (height, width))
        band = Band(top, height * order.scale, shared)
        bad = degrade(torch.from_numpy(good)[None, None], [how], generator, band=band)[0, 0].numpy()
        above = rows[0] - top // order.scale
        values = gray.limits.original(bad[above : above + rows[1] - rows[0]], sink.info.dtype)
        (t, c, z) = place
        region = Region((t, t + 1), (c, c + 1), (z, z + 1), rows, (0, width))
        sink.write(region, values[None, None, None])
        yield rows[1] / height


def bands(height: int, width: int, scale: int) -> list[Range]:
    """Return the rows of the bad plane, `height` x `width`, that are made at a time, from top to bottom."""
    thick = max(BLOCK, BAND_PIXELS // (width * scale**2) // BLOCK * BLOCK)
    return [(top, min(top + thick, height)) for top in range(0, height, thick)]


def _read(
    source: ImageSource,
    gray: Gray,
    how: Degradation,
    place: tuple[int, int, int],
    rows: Range,
    size: tuple[int, int],
) -> tuple[NDArray[np.float32], int]:
    """Return the good rows that the bad `rows` are made from, and the first of them.

    They reach as far to either side as a pixel is seen, in whole blocks of compression.
    """
    (t, c, z), (height, width), scale = place, size, how.scale
    margin = -(-reach_px(how) // (BLOCK * scale)) * BLOCK
    top, bottom = max(0, rows[0] - margin), min(height, rows[1] + margin)
    region = Region((t, t + 1), (c, c + 1), (z, z + 1), (top * scale, bottom * scale), (0, width * scale))
    pixels = source.read(region)[0, 0, 0]
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        name = PurePath(source.info.uri).name
        raise NoNumbers(
            f"{name} has pixels that are no numbers (NaN or infinite) at time {t + 1}, channel {c + 1}, "
            f"plane {z + 1}.",
            hint="Replace them in the program that wrote it.",
            path=source.info.uri,
        )
    return gray.limits.normalised(pixels), top * scale
