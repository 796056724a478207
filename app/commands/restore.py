"""``micrographia restore``: images and folders in, OME-TIFFs out; one bad file never stops the others."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.commands.info import read_info
from app.commands.readings import said_about
from app.commands.run import Listener, absolute, run_job
from app.commands.voice import DONE, FAILED, STOPPED, Failure, Result, Voice, failure
from app.engine import events
from app.engine.specs import Input, RestoreSpec
from app.images.folders import images_in
from app.library.fit import ranked
from app.library.store import Library
from app.paths import Paths
from app.settings import load_settings
from app.text import _, ngettext
from models.errors import UserError


@dataclass(slots=True)
class Batch:
    """What became of each input of one restore command, in the order given."""

    inputs: list[str] = field(default_factory=list)
    outputs: list[str | None] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    remarks: list[Failure] = field(default_factory=list)
    files: list[str] = field(default_factory=list)  # what the job is given: those that are files
    places: list[int] = field(default_factory=list)  # the place of each of them among `inputs`

    def expand(self, paths: Sequence[str]) -> Iterator[UserError]:
        """Take the files in `paths`; yield what is wrong with those that are none."""
        for path in paths:
            files, failures = images_in([Path(path)])
            given = Path(path).absolute()
            for error in failures:
                where = str(error.fields["path"])  # the path itself, or a folder somewhere in it
                self._add(path if where == str(given) else where)
                self.failed.append(failure(self.inputs[-1], error.code, error.sentence))
                yield error
            for file in files:
                self.files.append(str(file))
                self.places.append(len(self.inputs))
                self._add(path if file == given else str(file))

    def _add(self, path: str) -> None:
        self.inputs.append(path)
        self.outputs.append(None)

    def hear(self, event: events.Event) -> None:
        """Note what an event says about one of the inputs."""
        match event:
            case events.ItemDone(item=item, output=output):
                self.outputs[self.places[item]] = output
            case events.ItemFailed(item=item, code=code, sentence=sentence):
                self.failed.append(failure(self.inputs[self.places[item]], code, sentence))
            case events.Remark(item=item, code=code, sentence=sentence):
                about = self.inputs[self.places[item]] if item >= 0 else ""
                self.remarks.append(failure(about, code, sentence))
            case events.Finished(outputs=outputs) | events.Stopped(outputs=outputs):
                for place, final in zip(self.places, outputs, strict=False):
                    self.outputs[place] = final

    def fail(self, error: UserError) -> None:
        """Note that the job as a whole failed: every input that has neither result nor reason."""
        told = {one["input"] for one in self.failed}
        for path, result in zip(self.inputs, self.outputs, strict=True):
            if result is None and path not in told:
                self.failed.append(failure(path, error.code, error.sentence))

    def result(self) -> Result:
        """The last line of ``restore --json``."""
        return {"outputs": self.outputs, "failed": self.failed, "remarks": self.remarks}


def restore_images(asked: argparse.Namespace, paths: Paths, voice: Voice) -> int:
    """Restore every image among the inputs; return the exit code."""
    batch = Batch()
    for error in batch.expand(asked.inputs):
        voice.warn(error)
    is_stopped = False
    if batch.files:
        try:
            is_stopped = _restored(asked, paths, voice, batch)
        except UserError as error:
            voice.warn(error)
            batch.fail(error)
        except KeyboardInterrupt:  # before there was a job that could be asked to stop
            is_stopped = True
    count = len(batch.failed)
    if count:
        text = ngettext("{n} image could not be restored.", "{n} images could not be restored.", count)
        voice.tell(text.format(n=count) + " " + _("The originals are unchanged."))
    if is_stopped:
        kept = [output for output in batch.outputs if output is not None]
        voice.tell("\n".join([_("Stopped. What was finished until then is kept:"), *kept]))
    voice.result(batch.result(), "")
    if is_stopped:
        return STOPPED
    return FAILED if count else DONE


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
