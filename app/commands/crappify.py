"""``micrographia crappify``: good images made bad by a recipe; one bad file never stops the others."""

import argparse

from app.commands.readings import said_about
from app.commands.recipes import read_recipe
from app.commands.restore import Batch
from app.commands.run import absolute, run_job
from app.commands.voice import DONE, FAILED, STOPPED, Voice
from app.engine import events
from app.engine.specs import CrappifySpec, Input
from app.paths import Paths
from app.text import _, ngettext
from models.errors import UserError


def make_bad(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Make every image among the inputs bad; return the exit code."""
    recipe = read_recipe(asked.recipe)
    batch = Batch()
    for error in batch.expand(asked.inputs):
        voice.warn(error)
    is_stopped = False
    if batch.files:
        try:
            is_stopped = _made_bad(asked, recipe, paths, voice, batch)
        except UserError as error:
            voice.warn(error)
            batch.fail(error)
        except KeyboardInterrupt:  # before there was a job that could be asked to stop
            is_stopped = True
    count = len(batch.failed)
    if count:
        text = ngettext("{n} image could not be made bad.", "{n} images could not be made bad.", count)
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


def _made_bad(asked: argparse.Namespace, recipe: str, paths: Paths, voice: Voice, batch: Batch) -> bool:
    """Make the files of `batch` bad; return whether the person stopped it."""

    def hear(event: events.Event) -> None:
        batch.hear(event)
        voice.hear(event)

    readings = said_about(batch.files, 0, paths, hear, as_in_file=asked.as_in_file)
    spec = CrappifySpec(
        inputs=tuple(
            Input(file, reading=reading) for file, reading in zip(batch.files, readings, strict=True)
        ),
        recipe=recipe,
        output_dir=absolute(asked.output),
        dtype=asked.dtype,
        seed=asked.seed,
    )
    return isinstance(run_job(spec, paths, hear), events.Stopped)
