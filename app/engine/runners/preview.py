"""Restores one small box of one plane, quickly: the model and what is known of the image stay warm."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.engine.context import JobContext
from app.engine.events import Finished
from app.engine.runners.loading import device_for, loaded
from app.engine.runners.restore import check_fits
from app.engine.specs import PreviewSpec
from app.images.open import open_image
from app.images.remembered import stamp_of
from app.library.store import Library
from models.errors import UserError
from models.restoration.family import Restorer
from models.restoration.inference import Prepared, prepare, restore_box
from models.source import ImageSource, Range


class NothingThere(UserError):
    """The box or the plane lies outside the image."""

    code = "preview.outside"


@dataclass
class Known:
    """What earlier previews found out about one image with one model; grows channel by channel."""

    channels: dict[int, Prepared] = field(default_factory=dict)

    def prepared(self, source: ImageSource, channel: int, restorer: Restorer) -> Prepared:
        """Return what is known of `channel`, measured at the first call."""
        if channel not in self.channels:
            self.channels[channel] = prepare(source, channel, restorer)
        return self.channels[channel]


def run(spec: PreviewSpec, context: JobContext) -> Finished:
    """Restore the box, write it as ``(channels, h * scale, w * scale)`` float32 and announce the file.

    Raises
    ------
    UserError
        If the image cannot be read, does not fit the model or has nothing at that place.
    """
    card = Library(context.paths).card(spec.model)
    device = device_for(card, spec.device, context.settings)
    context.hold_device(device.name)
    context.started(device.words)
    restorer = loaded(spec.model, spec.values, device, context)
    path = Path(spec.input.path)
    source = open_image(path, spec.input.scene, spec.input.reading)
    try:
        check_fits(card, source.info, spec.channels)
        y, x = _box(spec, source)
        changed = stamp_of(path)
        known = context.keep(("seen", spec.input, changed, spec.model, spec.values, device.name), Known)
        channels = spec.channels or tuple(range(source.info.shape[1]))
        pixels = []
        for channel in channels:
            context.check()
            prepared = known.prepared(source, channel, restorer)
            pixels.append(restore_box(source, prepared, t=spec.t, c=channel, z=spec.z, y=y, x=x))
    finally:
        source.close()
    file = context.folder / "preview.npy"
    np.save(file, np.stack(pixels))
    context.preview(file)
    return Finished(context.job, (str(file),))


def _box(spec: PreviewSpec, source: ImageSource) -> tuple[Range, Range]:
    """Return the part of the box that lies in the image."""
    times, _, depths, height, width = source.info.shape
    y = (max(0, spec.y[0]), min(height, spec.y[1]))
    x = (max(0, spec.x[0]), min(width, spec.x[1]))
    if y[0] >= y[1] or x[0] >= x[1] or not 0 <= spec.t < times or not 0 <= spec.z < depths:
        raise NothingThere("The preview frame lies outside the image.", hint="Move it onto the picture.")
    return y, x
