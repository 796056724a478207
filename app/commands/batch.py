"""Many images given to one command: what became of each; one bad file never stops the others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.commands.voice import DONE, FAILED, STOPPED, Failure, Result, Voice, failure
from app.engine import events
from app.images.folders import images_in
from app.text import _
from models.errors import UserError


@dataclass(slots=True)
class Batch:
    """What became of each input of one command, in the order given."""

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
        """Return the last line of the command with ``--json``."""
        return {"outputs": self.outputs, "failed": self.failed, "remarks": self.remarks}


def work_through(
    inputs: Sequence[str], work: Callable[[Batch], bool], voice: Voice, failed: Callable[[int], str]
) -> int:
    """Do `work` on the images among the inputs; return the exit code.

    Parameters
    ----------
    inputs : sequence of str
        Files and folders as a person names them.
    work : Batch -> bool
        Runs the job and returns whether the person stopped it; only called if there are images.
    voice : Voice
    failed : int -> str
        Says that so many images failed.
    """
    batch = Batch()
    for error in batch.expand(inputs):
        voice.warn(error)
    is_stopped = False
    if batch.files:
        try:
            is_stopped = work(batch)
        except UserError as error:
            voice.warn(error)
            batch.fail(error)
        except KeyboardInterrupt:  # before there was a job that could be asked to stop
            is_stopped = True
    if count := len(batch.failed):
        voice.tell(failed(count) + " " + _("The originals are unchanged."))
    if is_stopped:
        kept = [output for output in batch.outputs if output is not None]
        told = (
            _("Stopped. What was finished until then is kept:") if kept else _("Stopped. No file was left.")
        )
        voice.tell("\n".join([told, *kept]))
    voice.result(batch.result(), "")
    if is_stopped:
        return STOPPED
    return FAILED if batch.failed else DONE
