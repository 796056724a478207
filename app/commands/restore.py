"""``micrographia restore``: images and folders in, OME-TIFFs out; one bad file never stops the others."""

import argparse
from collections.abc import Sequence

from app.commands.batch import Batch, work_through
from app.commands.info import read_info
from app.commands.readings import said_about
from app.commands.run import Listener, absolute, run_job
from app.commands.voice import Voice
from app.engine import events
from app.engine.specs import Input, RestoreSpec
from app.library.fit import ranked
from app.library.store import Library
from app.paths import Paths
from app.settings import load_settings
from app.text import _, ngettext
from models.errors import UserError


def restore_images(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Restore every image among the inputs; return the exit code."""

    def failed(count: int) -> str:
        text = ngettext("{n} image could not be restored.", "{n} images could not be restored.", count)
        return text.format(n=count)

    return work_through(asked.inputs, lambda batch: _restored(asked, paths, voice, batch), voice, failed)


def _restored(asked: argparse.Namespace, paths: Paths, voice: Voice, batch: Batch) -> bool:
    """Restore the files of `batch`; return whether the person stopped it."""

    def hear(event: events.Event) -> None:
        batch.hear(event)
        voice.hear(event)

    settings = load_settings(paths)
    library = Library(paths)
    readings = said_about(batch.files, 0, paths, hear, as_in_file=asked.as_in_file)
    inputs = tuple(Input(file, reading=reading) for file, reading in zip(batch.files, readings, strict=True))
    spec = RestoreSpec(
        inputs=inputs,
        model=library.card(asked.model).id if asked.model else _best_model(inputs, library, hear),
        output_dir=absolute(asked.output or settings.results_dir),
        device=asked.device or settings.device,
        tile=asked.tile,
        dtype=asked.dtype,
        overwrite=asked.overwrite,
    )
    return isinstance(run_job(spec, paths, hear), events.Stopped)


def _best_model(inputs: Sequence[Input], library: Library, hear: Listener) -> str:
    """Return the model that fits the first readable file best, and say which."""
    sound = [card for card in library.cards() if library.state(card.id) in ("built in", "installed")]
    for one in inputs:
        try:
            info = read_info(one.path, one.reading)
        except UserError:
            continue
        card, found = ranked(sound, info)[0]
        sentence = _("Chosen model: {name}, as {reason}.").format(name=card.name, reason=found.reason)
        hear(events.Remark(0, "restore.model", sentence))
        return card.id
    return sound[0].id
