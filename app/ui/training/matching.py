"""Asks the engine for matches, a moment after the last change; the newest wish wins."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from app.engine.events import Failed, Finished, Interrupted, Stage, Started, Stopped
from app.engine.specs import MatchSpec
from app.text import _
from app.ui.panels import Services
from app.ui.training.held_up import what_holds_up
from app.ui.training.match_report import Answer, read_answer
from models.errors import UserError

PAUSE_MS = 250  # a slider that is being moved asks only once it rests


@dataclass(frozen=True, slots=True)
class Wish:
    """A match that is wanted, with the pixel sizes that the files state."""

    spec: MatchSpec
    good_um: float | None = None
    bad_um: float | None = None


class Matcher(QObject):
    """Wants one match at a time and reads its pictures back."""

    answered = Signal(object, object)  # Wish, Answer
    failed = Signal(str)  # sentence
    said = Signal(str)  # what is going on; empty: nothing

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = services.engine
        self._background = services.background
        self._wish: Wish | None = None
        self._number: int | None = None
        self._has_started = False
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._ask)
        bridge = services.bridge
        bridge.started.connect(self._if_mine(self._say_start))
        bridge.staged.connect(self._if_mine(self._say_stage))
        bridge.finished.connect(self._if_mine(self._fetch))
        for signal in (bridge.failed, bridge.interrupted, bridge.stopped):
            signal.connect(self._if_mine(self._give_up))

    @property
    def wish(self) -> Wish | None:
        """What is wanted and not yet answered."""
        return self._wish

    def want(self, wish: Wish) -> None:
        """Match as soon as wishes stop coming."""
        if wish == self._wish:
            return
        self._wish = wish
        self._timer.start()

    def stop(self) -> None:
        """Want nothing any more."""
        self._timer.stop()
        if self._number is not None:
            self._engine.cancel(self._number)
        self._wish = self._number = None
        self.said.emit("")

    def _ask(self) -> None:
        if self._wish is None:
            return
        self._has_started = False
        words = _("Making the good image bad…") if self._wish.spec.strengths else _("Measuring and fitting…")
        self.said.emit(words)
        self._number = self._engine.preview(self._wish.spec)
        tell = partial(self._say_held_up, self._number)
        self._background.run(partial(what_holds_up, self._engine), tell)

    def _say_held_up(self, number: int, reason: str) -> None:
        if reason and number == self._number and not self._has_started:
            self.said.emit(reason)

    def _if_mine(self, listener: Callable[..., None]) -> Callable[..., None]:
        def listen(event: Started | Stage | Finished | Failed | Interrupted | Stopped) -> None:
            if event.job == self._number:
                listener(event)

        return listen

    def _say_start(self, _event: Started) -> None:
        self._has_started = True
        self.said.emit(_("Looking at the images…"))

    def _say_stage(self, event: Stage) -> None:
        self.said.emit(_("{stage}…").format(stage=_(event.name)))

    def _fetch(self, event: Finished) -> None:
        wish = self._wish
        if wish is not None:
            read = partial(read_answer, event.report, wish.good_um, wish.bad_um)
            show, refuse = partial(self._show, event.job, wish), partial(self._refuse, event.job)
            self._background.run(read, show, refuse, priority=1)

    def _show(self, number: int, wish: Wish, answer: Answer) -> None:
        if number != self._number:
            return
        self._number = None
        if wish == self._wish:
            self._wish = None
            self.said.emit("")
        self.answered.emit(wish, answer)

    def _refuse(self, number: int, error: Exception) -> None:
        if not isinstance(error, OSError | ValueError | UserError):
            raise error
        if number == self._number:
            self._end(_("The pictures of the match could not be read back. Your images are unchanged."))

    def _give_up(self, event: Failed | Interrupted | Stopped) -> None:
        if isinstance(event, Stopped):
            self._end("")
            return
        hint = _(event.hint) if isinstance(event, Failed) and event.hint else ""
        self._end(f"{_(event.sentence)} {hint}".strip())

    def _end(self, sentence: str) -> None:
        """Want nothing any more, so that the same can be asked for again."""
        self._number = None
        if not self._timer.isActive():
            self._wish = None
        self.said.emit("")
        if sentence:
            self.failed.emit(sentence)
