"""From a source to a sink through any model: tile by tile, with bounded memory, restartable.

For each channel: measure its limits and let the model look at a sample. For each plane: read a band of
tile rows, normalise it, restore tile after tile, fade neighbours into each other, write the rows that are
complete, and commit the plane when it is on the disk. Reading and writing go on in threads beside.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.errors import Stopped, UserError
from models.restoration import intensity, tiling
from models.restoration.blending import Blend
from models.restoration.budget import Budget, chosen_batch, chosen_plan
from models.restoration.family import Planes, Precision, Restorer
from models.restoration.frames import MOVES_FAR, Missing, Motions, Neighbours, Place, remark_on
from models.restoration.intensity import Limits
from models.restoration.overlap import Behind, ahead
from models.restoration.tiling import BLEND, Plan, Range
from models.source import ImageInfo, ImageSink, ImageSource, PixelSize, Region
from models.watch import Silent, Watch

Wanted = tuple[tuple[Place, ...], int]  # planes, and which row of tiles of them
Item = TypeVar("Item")

SMALLEST_SIDE = 128  # automatic tiles do not shrink below it when memory is short


class NotEnoughMemory(UserError):
    """Even the smallest tile does not fit into memory."""

    code = "restoration.memory"


class NoUsableResult(UserError):
    """The model answers with values that are not numbers."""

    code = "restoration.not_finite"


@dataclass(frozen=True, slots=True)
class Used:
    """What the restoration ran with in the end, for the record."""

    device: str
    precision: Precision
    tile: tuple[int, int]
    halo: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known about one channel before its first plane is restored."""

    limits: Limits
    restorer: Restorer
    motions: Motions = field(default_factory=dict)  # between frames, as far as it was measured


@dataclass(frozen=True, slots=True)
class _Band:
    """A row of tiles, read: of one plane, or of several where a plane is a single tile."""

    places: tuple[Place, ...]
    row: int  # index into the plan's rows
    pixels: Planes  # (planes, h, w) or (planes, frames, h, w), normalised; all columns, margin included
    missing: Missing | None  # (planes, rows of the core, width of the image)


def result_info(
    info: ImageInfo, scale: int, channels: Sequence[int] = (), *, dtype: str = "float32"
) -> ImageInfo:
    """Return what a result is like: `channels` of `info` (empty: all), `scale` times as fine in y and x."""
    chosen = tuple(channels) or tuple(range(info.shape[1]))
    times, _, depths, height, width = info.shape
    size = info.pixel_size_um
    return replace(
        info,
        shapes=((times, len(chosen), depths, height * scale, width * scale),),
        dtype=dtype,
        pixel_size_um=PixelSize(size.z, size.y and size.y / scale, size.x and size.x / scale),
        channels=tuple(info.channels[channel] for channel in chosen),
        is_rgb=info.is_rgb and len(chosen) == info.shape[1],
    )


def prepare(source: ImageSource, channel: int, restorer: Restorer) -> Prepared:
    """Measure a channel's limits and let the model adjust itself to a sample of it.

    Raises
    ------
    intensity.NoValues
        If no pixel of the sample is finite.
    """
    limits = intensity.measure_limits(source, channel)
    return Prepared(limits, restorer.tuned(intensity.sample_crops(source, channel, limits)))


def restore_box(
    source: ImageSource, prepared: Prepared, *, t: int, c: int, z: int, y: Range, x: Range
) -> NDArray[np.float32]:
    """Return the restored pixels of a box of one plane, (h * scale, w * scale), on the file's scale.

    The same as that part of the whole plane restored; for boxes that fit into one tile.
    """
    traits = prepared.restorer.traits
    *_, height, width = source.info.shape
    rows = tiling.box_range(y, height, traits.halo, traits.multiple)
    columns = tiling.box_range(x, width, traits.halo, traits.multiple)
    frames = Neighbours(source, c, prepared.limits, frames=traits.frames, motions=prepared.motions)
    pixels, missing = frames.read((t, z), rows, columns)
    top, left = (y[0] - rows[0]) * traits.scale, (x[0] - columns[0]) * traits.scale
    tall, wide = (y[1] - y[0]) * traits.scale, (x[1] - x[0]) * traits.scale
    restored = prepared.restorer.run(pixels[None])[0, top : top + tall, left : left + wide]
    values: NDArray[np.float32] = prepared.limits.original(restored)
    if missing is not None:
        values[_enlarged(missing, traits.scale)[top : top + tall, left : left + wide]] = np.nan
    return values


def restore(
    source: ImageSource,
    sink: ImageSink,
    restorer: Restorer,
    *,
    channels: Sequence[int] = (),
    tile: int = 0,
    budget: Budget | None = None,
    dtype: str = "float32",
    watch: Watch | None = None,
) -> Used:
    """Restore an image plane by plane; see `Restoration` for the parameters."""
    restoration = Restoration(
        source, sink, restorer, channels=channels, tile=tile, budget=budget, dtype=dtype, watch=watch
    )
    restoration.run()
    return restoration.used


class Restoration:
    """One image on its way from a source to a sink.

    Parameters
    ----------
    source : ImageSource
    sink : ImageSink
        As `result_info` describes it.
    restorer : Restorer
    channels : sequence of int
        Channels to restore, in the order of the result; empty: all.
    tile : int
        Side of a tile in input pixels, halo included; 0: by the budget. Never exceeded unless the model
        needs more to make headway.
    budget : Budget
    dtype : str
        Pixel type of the result. Integers are rounded and limited to their range.
    watch : Watch
        Units are planes of the result, named like ``"t0c1z2"``; those committed before are skipped.
    """

    def __init__(
        self,
        source: ImageSource,
        sink: ImageSink,
        restorer: Restorer,
        *,
        channels: Sequence[int] = (),
        tile: int = 0,
        budget: Budget | None = None,
        dtype: str = "float32",
        watch: Watch | None = None,
    ) -> None:
        self._source = source
        self._sink = sink
        self._restorer = restorer
        self._channels = tuple(channels) or tuple(range(source.info.shape[1]))
        self._manual_tile = tile
        self._budget = budget or Budget()
        self._dtype = dtype
        self._watch = watch or Silent()
        times, _, depths, *_ = source.info.shape
        self._places = [(t, z) for t in range(times) for z in range(depths)]
        if restorer.traits.frames > 1:
            self._places.sort(key=lambda place: place[::-1])  # neighbours in time after each other
        self._plan: Plan | None = None
        self._done = 0.0
        self._told: set[str] = set()

    @property
    def used(self) -> Used:
        """Device, precision and tiles of the last plane."""
        tile = self._plan.tile if self._plan else (0, 0)
        return Used(self._restorer.device, self._restorer.precision, tile, self._restorer.traits.halo)

    @property
    def finished_planes(self) -> int:
        """How many planes of the result are committed."""
        return sum(len(self._places) - len(self._uncommitted(c)) for c in range(len(self._channels)))

    def run(self) -> None:
        """Restore and commit every plane that is not committed yet.

        Raises
        ------
        Stopped
            If the watch says so; planes that are finished are committed.
        NoValues, NotEnoughMemory, NoUsableResult
        """
        if (said := remark_on(self._source.info, self._restorer.traits.frames)) is not None:
            self._tell(*said)
        for position, channel in enumerate(self._channels):
            todo = self._uncommitted(position)
            self._progress(len(self._places) - len(todo))
            if not todo:
                continue
            self._watch.check()
            prepared = prepare(self._source, channel, self._restorer)
            self._restorer = prepared.restorer
            while not self._restored(position, channel, prepared):
                self._step_down()

    def _uncommitted(self, position: int) -> list[Place]:
        return [(t, z) for t, z in self._places if not self._watch.is_committed(_unit(t, position, z))]

    def _restored(self, position: int, channel: int, prepared: Prepared) -> bool:
        """Restore what is left of a channel; False if memory was too short."""
        traits, limits = self._restorer.traits, prepared.limits
        self._plan = plan = chosen_plan(self._source.info, traits, self._budget, tile=self._manual_tile)
        batch = chosen_batch(plan, traits, self._budget, device=self._restorer.device)
        is_whole = len(plan.rows) == len(plan.columns) == 1
        groups = _chunks(self._uncommitted(position), batch if is_whole else 1)
        wanted = ((places, row) for places in groups for row in range(len(plan.rows)))
        frames = Neighbours(
            self._source,
            channel,
            limits,
            frames=traits.frames,
            keep_bytes=self._budget.kept_bytes(traits),
            motions=prepared.motions,
        )
        load = partial(self._load, frames, plan)
        with Behind[tuple[Place, ...]]() as writer, closing(ahead(load, wanted)) as bands:
            try:
                blend = Blend(plan, traits.scale)
                for band in bands:
                    self._tell_of(band, frames)
                    tiles_at_once = max(1, batch // len(band.places))
                    rows, restored = blend.finish(band.row, self._run_tiles(band, plan, tiles_at_once))
                    writer.hand_over(
                        partial(self._write, position, limits, band, rows, restored, row_count=len(plan.rows))
                    )
                    self._commit(position, writer.finished())
                self._commit(position, writer.drain())
            except (Stopped, RuntimeError, MemoryError) as error:
                self._commit(position, writer.drain())
                if isinstance(error, Stopped) or not self._restorer.is_out_of_memory(error):
                    raise
                return False
        return True

    def _load(self, frames: Neighbours, plan: Plan, wanted: Wanted) -> _Band:
        places, row = wanted
        span = plan.rows[row]
        columns = (plan.columns[0].read[0], plan.columns[-1].read[1])
        *_, width = self._source.info.shape
        pieces = [frames.read(place, span.read, columns) for place in places]
        missing = None
        if any(one is not None for _, one in pieces):
            top, left = span.core[0] - span.read[0], -columns[0]
            missing = np.stack([np.zeros(p.shape[-2:], bool) if one is None else one for p, one in pieces])
            missing = missing[:, top : top + span.core[1] - span.core[0], left : left + width]
        return _Band(places, row, np.stack([pixels for pixels, _ in pieces]), missing)

    def _run_tiles(self, band: _Band, plan: Plan, at_once: int) -> Iterator[tuple[int, Planes]]:
        """Yield the index of a column and what the model made of that tile in every plane of the band."""
        left = plan.columns[0].read[0]
        count = len(band.places)
        share = count / len(plan.rows) / len(plan.columns)
        for columns in _chunks(range(len(plan.columns)), at_once):
            self._watch.check()
            reads = [plan.columns[column].read for column in columns]
            tiles = np.concatenate([band.pixels[..., a - left : b - left] for a, b in reads])
            restored = self._run(tiles)
            for step, column in enumerate(columns):
                yield column, restored[step * count : (step + 1) * count]
            self._progress(share * len(columns))

    def _run(self, tiles: Planes) -> Planes:
        restored = self._restorer.run(tiles)
        if _is_finite(restored):
            return restored
        if self._restorer.precision != "float32":
            self._restorer = self._restorer.moved(self._restorer.device, "float32")
            self._watch.remark(
                "restoration.full_precision",
                "Half precision was too coarse for this image; the rest is restored in full precision.",
            )
            restored = self._restorer.run(tiles)
        if not _is_finite(restored):
            raise NoUsableResult(
                "The model answers this image with values that are not numbers.",
                hint="Pick another model; this one may be damaged or made for something else.",
            )
        return restored

    def _write(
        self, position: int, limits: Limits, band: _Band, rows: Range, restored: Planes, *, row_count: int
    ) -> tuple[Place, ...]:
        """Write finished rows, in the writer's thread; return the planes that are on the disk as a whole."""
        scale = self._restorer.traits.scale
        values = limits.original(restored, self._dtype)
        if band.missing is not None and values.dtype.kind == "f":
            values[_enlarged(band.missing[:, : rows[1] - rows[0]], scale)] = np.nan
        y, x = (rows[0] * scale, rows[1] * scale), (0, restored.shape[-1])
        for (t, z), plane in zip(band.places, values, strict=True):
            region = Region((t, t + 1), (position, position + 1), (z, z + 1), y, x)
            self._sink.write(region, plane[None, None, None])
        if band.row < row_count - 1:
            return ()
        self._sink.flush()
        return band.places

    def _commit(self, position: int, finished: list[tuple[Place, ...]]) -> None:
        for places in finished:
            for t, z in places:
                self._watch.commit(_unit(t, position, z))

    def _progress(self, planes: float) -> None:
        self._done += planes
        total = len(self._places) * len(self._channels)
        self._watch.progress(min(self._done, total), total, "plane")

    def _tell_of(self, band: _Band, frames: Neighbours) -> None:
        if band.missing is not None:
            self._tell(
                "restoration.missing_values",
                "Some pixels hold no numbers (NaN or infinite); they hold none in the result either.",
            )
        if frames.moves_far:
            self._tell(*MOVES_FAR)

    def _tell(self, code: str, sentence: str) -> None:
        """Remark on something once."""
        if code not in self._told:
            self._told.add(code)
            self._watch.remark(code, sentence)

    def _step_down(self) -> None:
        """Need less memory: smaller tiles, then half precision, then the processor.

        Raises
        ------
        NotEnoughMemory
            If there is nothing left to try.
        """
        self._done = self.finished_planes
        restorer, traits = self._restorer, self._restorer.traits
        assert self._plan is not None
        smallest = max(SMALLEST_SIDE, tiling.smallest_tile(traits.halo, BLEND, traits.multiple))
        halves = [one for one in traits.precisions if one != "float32"]
        if not self._manual_tile and max(self._plan.tile) > smallest:
            area = self._plan.tile[0] * self._plan.tile[1]
            self._budget = replace(self._budget, tile_bytes=area * traits.bytes_per_pixel // 4)
            self._watch.remark("restoration.smaller_tiles", "Memory was short: smaller pieces are used.")
        elif restorer.device != "cpu" and restorer.precision == "float32" and halves:
            self._restorer = restorer.moved(restorer.device, halves[0])
            self._watch.remark("restoration.half_precision", "Memory was short: half precision is used.")
        elif restorer.device != "cpu":
            self._restorer = restorer.moved("cpu", "float32")
            self._watch.remark(
                "restoration.processor",
                "The GPU's memory was too small: the processor is used, which is slower.",
            )
        else:
            raise NotEnoughMemory(
                "The computer's memory is too small to restore this image with this model.",
                hint="Close other programs or choose a smaller tile. Finished planes are safe.",
            )


def _enlarged(mask: Missing, scale: int) -> Missing:
    """Repeat every pixel of the last two axes."""
    return mask.repeat(scale, -2).repeat(scale, -1) if scale > 1 else mask


def _is_finite(planes: Planes) -> bool:
    # One NaN or infinity makes the sum one; quicker than looking at every pixel.
    return bool(np.isfinite(np.sum(planes, dtype=np.float64)))


def _unit(t: int, c: int, z: int) -> str:
    return f"t{t}c{c}z{z}"


def _chunks(items: Sequence[Item], size: int) -> Iterator[tuple[Item, ...]]:
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])
