"""Checks this computer: restore with and without a network, write, reopen, speed. Touches nothing else.

The report is one JSON object: ``device`` and ``reason`` in words; ``checks``, one entry per check with
``name``, ``passed`` and ``detail``; ``failed``, how many did not pass; ``megapixels_per_s`` by model.
"""

import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.engine.context import JobContext
from app.engine.events import Finished
from app.engine.runners.devices import Device, chosen_device, free_memory
from app.engine.runners.loading import device_for, loaded
from app.engine.specs import CheckSpec
from app.images.errors import in_words
from app.images.open import open_image
from app.images.record import Provenance, read_record
from app.images.writers.tiff import OmeTiffSink
from app.library.card import ModelCard
from app.library.store import Library
from app.version import VERSION
from models.arrays import ArraySource
from models.errors import UserError
from models.restoration.inference import Prepared, prepare, restore_box

SIDE = 256
NOISE = 0.15  # of the range of the test picture
DIFFICULT_NAME = "a long folder with spaces, µ and ü"
CLOSE = 0.02  # how far a device may be from the processor, as a share of the range
Detail = str


class NotAsExpected(UserError):
    """A check ran through but its result is wrong."""

    code = "check.result"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    passed: bool
    detail: Detail


@dataclass
class _Report:
    device: Device
    checks: list[Check] = field(default_factory=list)
    speeds: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, work: Callable[[], Detail]) -> None:
        """Do one check; a fault of the world is a line, not the end."""
        try:
            self.checks.append(Check(name, passed=True, detail=work()))
        except UserError as error:
            self.checks.append(Check(name, passed=False, detail=f"{error.sentence} {error.hint}".strip()))

    def to_json(self) -> str:
        failed = sum(not check.passed for check in self.checks)
        return json.dumps(
            {
                "program": f"Micrographia {VERSION}",
                "system": platform.platform(),
                "device": self.device.words,
                "reason": self.device.reason,
                "free_memory": in_words(free_memory()),
                "checks": [asdict(check) for check in self.checks],
                "failed": failed,
                "megapixels_per_s": self.speeds,
            },
            ensure_ascii=False,
        )


def run(spec: CheckSpec, context: JobContext) -> Finished:
    """Do every check and report them all.

    Raises
    ------
    NoSuchDevice
        If a device that was asked for by name cannot be used.
    """
    device = chosen_device(spec.device, context.settings)
    context.hold_device(device.name)
    context.started(device.words)
    report = _Report(device)
    cards = Library(context.paths).cards()
    for done, card in enumerate(cards):
        context.check()
        context.stage(f"Checking {card.name}")
        context.progress(done, len(cards) + 1, "checks")
        report.add(f"Restore with {card.name}", lambda card=card: _restores(card, spec, context, report))  # type: ignore[misc]
    context.check()
    context.stage("Writing and reopening a file")
    report.add("Write and reopen under a difficult name", lambda: _writes(context))
    context.progress(len(cards) + 1, len(cards) + 1, "checks")
    return Finished(context.job, report=report.to_json())


def sample_picture(side: int) -> NDArray[np.float32]:
    """Return a smooth picture between 0 and 1: rings and spots, the same on every computer."""
    y, x = np.mgrid[:side, :side].astype(np.float32) / SIDE
    rings = 0.5 + 0.5 * np.cos(40 * np.hypot(y - 0.5, x - 0.5))
    spots = np.sin(21 * y) * np.sin(17 * x) > 0.8
    return np.asarray(np.clip(0.6 * rings + 0.4 * spots, 0, 1), np.float32)


def _restores(card: ModelCard, spec: CheckSpec, context: JobContext, report: _Report) -> Detail:
    device = device_for(card, spec.device, context.settings)
    restorer = loaded(card.id, (), device, context)
    clean = sample_picture(SIDE)
    noise = np.random.default_rng(1).normal(0, NOISE, clean.shape).astype(np.float32)
    source = ArraySource(((clean + noise) * 1000 + 2000)[None, None, None])
    prepared = prepare(source, 0, restorer)
    _whole(source, prepared)
    started = time.monotonic()
    restored = _whole(source, prepared)
    speed = restored.size / 1e6 / (time.monotonic() - started)
    report.speeds[card.id] = round(speed, 3)
    result = (restored - 2000) / 1000
    if not np.isfinite(result).all():
        raise NotAsExpected("The result holds values that are not numbers.")
    scale = prepared.restorer.traits.scale
    back = result.reshape(SIDE, scale, SIDE, scale).mean(axis=(1, 3))
    before, after = float(noise.std()), float((back - clean).std())
    if after >= before:
        raise NotAsExpected(
            f"The result is farther from the expected picture ({after:.3f}) than the input ({before:.3f}).",
            hint="Choose another device, or install the model again.",
        )
    if device.name != "cpu":
        _compare_with_processor(card, context, source, restored)
    return f"{device.words}, {restorer.precision}: error {before:.3f} → {after:.3f}, {speed:.2f} MP/s"


def _whole(source: ArraySource, prepared: Prepared) -> NDArray[np.float32]:
    return restore_box(source, prepared, t=0, c=0, z=0, y=(0, SIDE), x=(0, SIDE))


def _compare_with_processor(
    card: ModelCard, context: JobContext, source: ArraySource, restored: NDArray[np.float32]
) -> None:
    """Raise unless the device agrees with the processor."""
    reference = prepare(source, 0, loaded(card.id, (), chosen_device("cpu"), context))
    expected = _whole(source, reference)
    apart = float(np.abs(expected - restored).max() / np.ptp(expected))
    if apart > CLOSE:
        raise NotAsExpected(
            f"The device and the processor disagree by {apart:.1%} of the range.",
            hint="Update the driver of the graphics card, or choose the processor.",
        )


def _writes(context: JobContext) -> Detail:
    folder = context.scratch / DIFFICULT_NAME
    folder.mkdir(parents=True, exist_ok=True)
    source = ArraySource((sample_picture(SIDE) * 60000).astype(np.uint16)[None, None, None])
    sink = OmeTiffSink.create(folder / "Prüfung µ.ome.tif", source.info)
    try:
        sink.write(source.info.whole(), source.read(source.info.whole()))
        output = sink.close(Provenance(version=VERSION, remarks=("Written by the check of this computer.",)))
    finally:
        sink.abandon()
    reopened = open_image(output)
    try:
        is_same = np.array_equal(reopened.read(reopened.info.whole()), source.read(source.info.whole()))
    finally:
        reopened.close()
    if not is_same or read_record(output) is None:
        raise NotAsExpected("The file that was written does not hold what was written to it.")
    size = output.stat().st_size
    output.unlink()
    return f"{in_words(size)} written, reopened and the same"
