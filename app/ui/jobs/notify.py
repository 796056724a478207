"""Says in the corner of the window how jobs ended, with buttons for what is likely wanted next."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from app.engine.events import Failed, Finished, Interrupted, Stopped
from app.engine.specs import RestoreSpec
from app.text import _, ngettext
from app.ui.jobs.results import ResultOpener, show_in_folder
from app.ui.jobs.watch import JobsWatch
from app.ui.panels import Services

Button = tuple[str, Callable[[], None]]


class JobNotices(QObject):
    """Tells of every restoring job that ends while the window is open."""

    def __init__(self, services: Services, watch: JobsWatch, show_jobs: Callable[[], None]) -> None:
        super().__init__(watch)
        self._notices = services.notices
        self._engine = services.engine
        self._opener = ResultOpener(services.session, self)
        self._watch = watch
        self._show_jobs = show_jobs
        bridge = services.bridge
        for signal in (bridge.finished, bridge.failed, bridge.stopped, bridge.interrupted):
            signal.connect(self._tell)

    def _tell(self, event: Finished | Failed | Stopped | Interrupted) -> None:
        job = self._watch.job(event.job)
        if event.job < 0 or job is None or not isinstance(job.spec, RestoreSpec):
            return
        match event:
            case Finished(outputs=outputs):
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

    def _tell_stopped(self, spec: RestoreSpec, outputs: tuple[str | None, ...]) -> None:
        if any(outputs):
            words = _("Cancelled. Everything that was finished is kept.")
        else:
            words = _("Cancelled. Nothing was finished yet, so no file was left behind.")
        self._notices.tell(words, self._buttons(spec, outputs), seconds=12)

    def _buttons(self, spec: RestoreSpec, outputs: tuple[str | None, ...]) -> list[Button]:
        for one, output in zip(spec.inputs, outputs, strict=False):
            if output is not None:
                show = partial(self._opener.show, Path(one.path), Path(output))
                folder = partial(show_in_folder, Path(output))
                return [(_("Show"), show), (_("Show in folder"), folder)]
        return []
