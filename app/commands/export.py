"""``micrographia export``: images in another format; one bad file never stops the others."""

import argparse

from app.commands.readings import said_about
from app.commands.restore import Batch
from app.commands.run import absolute, run_job
from app.commands.voice import DONE, FAILED, STOPPED, Voice
from app.engine import events
from app.engine.specs import ExportSpec, Input
from app.paths import Paths
from app.text import _, ngettext
from models.errors import UserError


def export_images(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Export every image among the inputs; return the exit code."""
    batch = Batch()
    for error in batch.expand(asked.inputs):
        voice.warn(error)
    is_stopped = False
    if batch.files:
        try:
            is_stopped = _exported(asked, paths, voice, batch)
        except UserError as error:
            voice.warn(error)
            batch.fail(error)
        except KeyboardInterrupt:  # before there was a job that could be asked to stop
            is_stopped = True
    count = len(batch.failed)
    if count:
        text = ngettext("{n} image could not be exported.", "{n} images could not be exported.", count)
        voice.tell(text.format(n=count) + " " + _("The originals are unchanged."))
    if is_stopped:
        kept = [output for output in batch.outputs if output is not None]
        told = (
            _("Stopped. What was finished until then is kept:") if kept else _("Stopped. No file was left.")
        )
        voice.tell("\n".join([told, *kept]))
    voice.result(batch.result(), "")
    if is_stopped:
        return STOPPED
    return FAILED if count else DONE


def _exported(asked: argparse.Namespace, paths: Paths, voice: Voice, batch: Batch) -> bool:
    """Export the files of `batch`; return whether the person stopped it."""

    def hear(event: events.Event) -> None:
        batch.hear(event)
        voice.hear(event)

    scene = asked.scene - 1
    readings = said_about(batch.files, scene, paths, hear, as_in_file=asked.as_in_file)
    spec = ExportSpec(
        inputs=tuple(
            Input(file, scene, reading) for file, reading in zip(batch.files, readings, strict=True)
        ),
        format=asked.format,
        output_dir=absolute(asked.output),
        channels=asked.channels,
        t=asked.t,
        z=asked.z,
        zarr=asked.zarr,
    )
    return isinstance(run_job(spec, paths, hear), events.Stopped)
