"""``micrographia export``: images in another format; one bad file never stops the others."""

import argparse

from app.commands.batch import Batch, work_through
from app.commands.readings import said_about
from app.commands.run import absolute, run_job
from app.commands.voice import Voice
from app.engine import events
from app.engine.specs import ExportSpec, Input
from app.paths import Paths
from app.text import ngettext


def export_images(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Export every image among the inputs; return the exit code."""

    def failed(count: int) -> str:
        text = ngettext("{n} image could not be exported.", "{n} images could not be exported.", count)
        return text.format(n=count)

    return work_through(asked.inputs, lambda batch: _exported(asked, paths, voice, batch), voice, failed)


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
