"""Says in the corner of the window how jobs ended, with buttons for what is likely wanted next."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from app.engine.events import Failed, Finished, Interrupted, ItemFailed, Stopped
from app.engine.specs import ExportSpec, RestoreSpec
from app.text import _, ngettext
from app.ui.jobs.results import ResultOpener, show_in_folder
from app.ui.jobs.watch import JobsWatch
from app.ui.jobs.words import BATCHES, FORMATS
from app.ui.names import shown_name
from app.ui.panels import Services

Button = tuple[str, Callable[[], None]]


class JobNotices(QObject):
    """Tells of every job with images that ends while the window is open."""

    def __init__(self, services: Services, watch: JobsWatch, show_jobs: Callable[[], None]) -> None:
        super().__init__(watch)
        self._notices = services.notices
        self._engine = services.engine
        self._opener = ResultOpener(services.session, self)
        self._watch = watch
        self._show_jobs = show_jobs
        self._reasons: dict[int, ItemFailed] = {}  # why an image could not be done, by job
        bridge = services.bridge
        bridge.item_failed.connect(self._note)
        for signal in (bridge.finished, bridge.failed, bridge.stopped, bridge.interrupted):
            signal.connect(self._tell)

    def _note(self, event: ItemFailed) -> None:
        self._reasons[event.job] = event

    def _tell(self, event: Finished | Failed | Stopped | Interrupted) -> None:
        job = self._watch.job(event.job)
        reason = self._reasons.pop(event.job, None)
        if event.job < 0 or job is None or not isinstance(job.spec, BATCHES):
            return
        match event:
            case Finished(outputs=outputs):
                if isinstance(job.spec, ExportSpec):
                    self._tell_exported(job.spec, outputs, reason)
                else:
                    self._tell_finished(job.spec, outputs)
            case Stopped(outputs=outputs):
                self._tell_stopped(job.spec, outputs)
            case Failed(sentence=sentence, hint=hint):
                words = f"{_(sentence)} {_(hint)}".strip()
                self._notices.tell(words, [(_("Show jobs"), self._show_jobs)], seconds=30)
            case Interrupted(sentence=sentence):
                resume = (_("Resume"), partial(self._engine.resume, job.id))
                self._notices.tell(
                    _("Interrupted: {why}").format(why=_(sentence)),
                    [resume, (_("Show jobs"), self._show_jobs)],
                    seconds=60,
                )

    def _tell_finished(self, spec: RestoreSpec, outputs: tuple[str | None, ...]) -> None:
        made = sum(output is not None for output in outputs)
        missed = len(spec.inputs) - made
        if missed:
            words = _("{made} of {all} images are restored; {missed} could not be.").format(
                made=made, all=len(spec.inputs), missed=missed
            )
            self._notices.tell(words, [(_("Show jobs"), self._show_jobs)], seconds=30)
            return
        what = ngettext("Restored.", "{n} images restored.", made).format(n=made)
        words = _("{what} Counts and intensities in it are not tested: compare with raw.").format(what=what)
        self._notices.tell(words, self._buttons(spec, outputs), seconds=20)

    def _tell_exported(
        self, spec: ExportSpec, outputs: tuple[str | None, ...], reason: ItemFailed | None
    ) -> None:
        made = [Path(output) for output in outputs if output is not None]
        missed = len(spec.inputs) - len(made)
        if missed:
            words = ngettext("{n} image could not be exported.", "{n} images could not be exported.", missed)
            told = words.format(n=missed)
            if len(spec.inputs) == 1 and reason is not None:
                told = f"{_(reason.sentence)} {_(reason.hint)}".strip()
            self._notices.tell(told, [(_("Show jobs"), self._show_jobs)], seconds=30)
        else:
            words = ngettext("Exported as {format}: {name}", "{n} images exported as {format}.", len(made))
            told = words.format(n=len(made), format=_(FORMATS[spec.format]), name=shown_name(made[0].name))
            self._notices.tell(told, [(_("Show in folder"), partial(show_in_folder, made[0]))], seconds=20)

    def _tell_stopped(self, spec: RestoreSpec | ExportSpec, outputs: tuple[str | None, ...]) -> None:
        if any(outputs):
            words = _("Cancelled. Everything that was finished is kept.")
        else:
            words = _("Cancelled. Nothing was finished yet, so no file was left behind.")
        self._notices.tell(words, self._buttons(spec, outputs), seconds=12)

    def _buttons(self, spec: RestoreSpec | ExportSpec, outputs: tuple[str | None, ...]) -> list[Button]:
        for one, output in zip(spec.inputs, outputs, strict=False):
            if output is not None:
                show = partial(self._opener.show, one, Path(output))
                folder = partial(show_in_folder, Path(output))
                if isinstance(spec, ExportSpec):
                    return [(_("Show in folder"), folder)]
                return [(_("Show"), show), (_("Show in folder"), folder)]
        return []
