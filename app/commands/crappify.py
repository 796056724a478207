"""``micrographia crappify``: good images made bad by a recipe; one bad file never stops the others."""

import argparse

from app.commands.batch import Batch, work_through
from app.commands.readings import said_about
from app.commands.recipes import read_recipe
from app.commands.run import absolute, run_job
from app.commands.voice import Voice
from app.engine import events
from app.engine.specs import CrappifySpec, Input
from app.paths import Paths
from app.text import ngettext


def make_bad(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Make every image among the inputs bad; return the exit code."""
    recipe = read_recipe(asked.recipe)

    def failed(count: int) -> str:
        text = ngettext("{n} image could not be made bad.", "{n} images could not be made bad.", count)
        return text.format(n=count)

    return work_through(
        asked.inputs, lambda batch: _made_bad(asked, recipe, paths, voice, batch), voice, failed
    )


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
