"""Restores images one after another; each becomes an OME-TIFF that carries its recipe.

One bad input is a line in the report and never stops the others. A result is written under a name ending in
``.part`` and gets its own name when it is closed; a job that is stopped keeps finished planes.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

import numpy as np

from app.engine.codec import encode
from app.engine.context import ItemContext, JobContext
from app.engine.events import Finished
from app.engine.events import Stopped as StoppedEvent
from app.engine.runners.devices import Device
from app.engine.runners.loading import device_for, loaded
from app.engine.runners.original import Fingerprint, RangedSource
from app.engine.runners.outputs import output_path
from app.engine.specs import Input, RestoreSpec
from app.images.errors import NoPixels, NotSupported
from app.images.open import open_image
from app.images.record import Provenance, read_record
from app.images.writers.tiff import OmeTiffSink
from app.library.card import ModelCard
from app.library.fit import fit
from app.library.store import Library
from app.version import VERSION
from models.errors import Stopped, UserError
from models.restoration.family import Restorer
from models.restoration.inference import Restoration, Used, result_info
from models.source import ImageInfo

SUFFIXES = (".ome.tif", ".ome.tiff")


class WrongChannels(UserError):
    """The image and the model do not agree on the number of channels."""

    code = "restore.channels"


class NameTaken(UserError):
    """A result with this name exists and may not be joined by another."""

    code = "restore.name_taken"


@dataclass(frozen=True, slots=True)
class Order:
    """What is the same for all inputs of a job."""

    spec: RestoreSpec
    card: ModelCard
    device: Device
    context: JobContext

    def restorer(self) -> Restorer:
        """Return the model, which stays loaded from input to input."""
        return loaded(self.spec.model, self.spec.values, self.device, self.context)


class Ended(Stopped):
    """The job was stopped; `output` is what was kept of the input that was being restored."""

    def __init__(self, output: Path) -> None:
        super().__init__()
        self.output = output


class Attempt:
    """The watch of one input that remembers what the record must know.

    A job that failed may be resumed after its unfinished result was removed: then planes that were
    committed for the file that is gone do not count, and a new attempt begins.
    """

    def __init__(self, item: ItemContext, number: int) -> None:
        self.remarks: list[str] = []
        self._item = item
        self._number = number

    def check(self) -> None:
        """Raise `models.errors.Stopped` if the job should end now."""
        self._item.check()

    def stage(self, name: str) -> None:
        """Say in words what happens next."""
        self._item.stage(name)

    def progress(self, done: float, total: float, unit: str) -> None:
        """Say how far this input is."""
        self._item.progress(done, total, unit)

    def metric(self, name: str, step: int, value: float) -> None:
        """Report one point of a curve."""
        self._item.metric(name, step, value)

    def remark(self, code: str, sentence: str) -> None:
        """Pass a remark on and keep it for the record."""
        self.remarks.append(sentence)
        self._item.remark(code, sentence)

    def is_committed(self, unit: str) -> bool:
        """Whether `unit` was finished before in this attempt."""
        if self._number == 1:
            return self._item.is_committed(unit)
        return self._item.noted(unit) == str(self._number)

    def commit(self, unit: str) -> None:
        """State that `unit` is finished and safe on the disk."""
        if self._number > 1:
            self._item.note(unit, str(self._number))
        self._item.commit(unit)


def run(spec: RestoreSpec, context: JobContext) -> Finished | StoppedEvent:
    """Restore every input of `spec`.

    Raises
    ------
    UserError
        If nothing can be restored at all: no such model, damaged weights, no such device.
    """
    card = Library(context.paths).card(spec.model)
    device = device_for(card, spec.device, context.settings)
    context.hold_device(device.name)
    context.started(device.words)
    order = Order(spec, card, device, context)
    order.restorer()
    outputs: list[str | None] = [None] * len(spec.inputs)
    is_stopped = False
    for index, one in enumerate(spec.inputs):
        item = context.item(index)
        try:
            if item.noted("part") is None:  # what was begun is closed even by a job that should stop
                context.check()
            outputs[index] = item.noted("output") or str(_restored(order, one, item))
        except Ended as end:
            outputs[index], is_stopped = str(end.output), True
        except Stopped:
            is_stopped = True
        except UserError as error:
            item.failed(one.path, error)
    return (StoppedEvent if is_stopped else Finished)(context.job, tuple(outputs))


def check_fits(card: ModelCard, info: ImageInfo, channels: tuple[int, ...]) -> None:
    """Raise a `UserError` if `channels` of the image (empty: all) cannot be restored by the model."""
    name, count = PurePath(info.uri).name, info.shape[1]
    if 0 in info.shape:
        raise NoPixels(f"{name} has no pixels.", hint="Open it in the program that wrote it.", path=info.uri)
    if np.dtype(info.dtype).kind not in "biuf":
        raise NotSupported(
            f"{name} holds complex numbers, which cannot be restored.",
            hint="Save its magnitude as an image first.",
            path=info.uri,
        )
    if any(not 0 <= channel < count for channel in channels):
        raise WrongChannels(
            f"{name} has {_in_words(count)}; channel {max(channels) + 1} was asked for.",
            hint="Pick the channels to restore.",
            channels=count,
        )
    if card.channels_in != 1:
        together = f"this model restores {card.channels_in} together"
        raise WrongChannels(
            f"{name} has {_in_words(count)}; {together}."
            if count != card.channels_in
            else f"{name} was left as it is: {together}, which this version of the program cannot do.",
            hint="Pick another model.",
            channels=count,
            needed=card.channels_in,
        )


def _in_words(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"


def _restored(order: Order, one: Input, item: ItemContext) -> Path:
    """Restore one image and return its result."""
    source = RangedSource(open_image(Path(one.path), one.scene, one.reading))
    try:
        check_fits(order.card, source.info, order.spec.channels)
        finished = _closed_before(order, item)
        if finished is None:
            sink, attempt = _sink(order, one, source.info, item)
            item.opened(sink.path)
            _remark_on_fit(order.card, source.info, attempt)
            finished = _filled(order, one, source, sink, attempt)
    finally:
        source.close()
    item.note("output", str(finished))
    item.done(finished)
    return finished


def _closed_before(order: Order, item: ItemContext) -> Path | None:
    """Return the result if an earlier process closed it but had no time to say so."""
    part = item.noted("part")
    final = Path(part.removesuffix(".part")) if part else None
    if part is None or final is None or Path(part).exists() or not final.is_file():
        return None
    record = read_record(final)
    return final if record is not None and record.spec == encode(order.spec) and record.complete else None


def _sink(order: Order, one: Input, info: ImageInfo, item: ItemContext) -> tuple[OmeTiffSink, Attempt]:
    """Go on with the result that an earlier process began, or begin one."""
    number = int(item.noted("attempt") or 0)
    part = item.noted("part")
    if part is not None and Path(part).exists():
        return OmeTiffSink.resume(Path(part)), Attempt(item, number)
    folder = order.spec.output_dir or order.context.settings.results_dir
    path = output_path(one, order.spec.name_pattern, folder, SUFFIXES)
    if order.spec.overwrite == "never" and path.exists():
        raise NameTaken(
            f"{path.name} exists already; it was left as it is.",
            hint="Choose another name or folder, or let results be numbered.",
            path=str(path),
        )
    scale = order.restorer().traits.scale
    dtype = info.dtype if order.spec.dtype == "input" else "float32"
    sink = OmeTiffSink.create(path, result_info(info, scale, order.spec.channels, dtype=dtype))
    item.note("attempt", str(number + 1))
    item.note("part", str(sink.path))
    return sink, Attempt(item, number + 1)


def _remark_on_fit(card: ModelCard, info: ImageInfo, attempt: Attempt) -> None:
    found = fit(card, info)
    if found.level == "outside":
        attempt.remark(
            "restore.outside", f"This image lies outside what the model was made for: {found.reason}."
        )


def _filled(order: Order, one: Input, source: RangedSource, sink: OmeTiffSink, attempt: Attempt) -> Path:
    """Fill `sink`, close it and return its file; nothing half-written remains on failure."""
    restorer = order.restorer()
    restoration = Restoration(
        source,
        sink,
        restorer,
        channels=order.spec.channels,
        tile=order.spec.tile,
        budget=order.device.budget(order.context.settings),
        dtype=sink.info.dtype,
        watch=attempt,
    )
    left = source.info.shape[0] * source.info.shape[2] * sink.info.shape[1] - restoration.finished_planes
    started = time.monotonic()
    with Fingerprint(Path(one.path)) as fingerprint:
        try:
            restoration.run()
            seconds = time.monotonic() - started
            used, sha256 = restoration.used, fingerprint.sha256(wait=True)
            output = sink.close(
                _record(order, one, used, sha256, source.seen, attempt.remarks, complete=True)
            )
        except Stopped:
            if not restoration.finished_planes:
                raise
            attempt.remark("restore.stopped", "The job was stopped; planes that were not restored are empty.")
            used, sha256 = restoration.used, fingerprint.sha256(wait=False)
            record = _record(order, one, used, sha256, source.seen, attempt.remarks, complete=False)
            raise Ended(sink.close(record)) from None
        finally:
            sink.abandon()  # removes what was not closed, after whatever kind of fault
            if (restoration.used.device, restoration.used.precision) != (restorer.device, restorer.precision):
                order.context.forget_kept()
    height, width = source.info.shape[3:]
    order.context.measured(
        model=order.card.id,
        device=order.device.name,
        megapixels=left * height * width / 1e6,
        seconds=seconds,
    )
    return output


def _record(
    order: Order,
    one: Input,
    used: Used,
    sha256: str,
    seen: tuple[float, float] | None,
    remarks: list[str],
    *,
    complete: bool,
) -> Provenance:
    return Provenance(
        version=VERSION,
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
        spec=encode(order.spec),
        model_id=order.card.id,
        model_version=order.card.version,
        model_sha256=order.card.sha256,
        device=used.device,
        precision=used.precision,
        tile=max(used.tile),
        halo=used.halo,
        seed=order.spec.seed,
        input_path=one.path,
        input_sha256=sha256,
        input_scene=one.scene,
        input_range=seen,
        remarks=tuple(remarks),
        complete=complete,
    )
