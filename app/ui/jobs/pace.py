"""How far a running job is and when it will be done, told from its events; no Qt."""

from dataclasses import dataclass, field

from app.engine.events import Progress
from app.text import _
from app.ui.jobs.words import clock, counted, duration
from models.knobs import N_

ENOUGH_UNITS = 2.0  # seen to the end before any time is promised: the third unit says when it will be done
SOON = 90.0  # seconds; what is nearer than that is not told by the clock

PLACES: dict[str, str] = {
    "plane": N_("plane {done} of {total}"),
    "planes": N_("plane {done} of {total}"),
    "step": N_("step {done} of {total}"),
    "steps": N_("step {done} of {total}"),
    "pair": N_("pair {done} of {total}"),
    "pairs": N_("pair {done} of {total}"),
}


@dataclass(frozen=True, slots=True)
class Pace:
    """Progress since the first that was seen: what was done before does not make the promise rosier."""

    since: float
    first: float
    latest: float
    done: float
    total: float
    unit: str

    @classmethod
    def begin(cls, progress: Progress, now: float) -> "Pace":
        """Start measuring with the first progress of a job or of one of its images."""
        return cls(now, progress.done, now, progress.done, progress.total, progress.unit)

    def on(self, progress: Progress, now: float) -> "Pace":
        """Return the pace after further progress; begins again when the unit or the count starts anew."""
        if progress.unit != self.unit or progress.done < self.done or progress.total != self.total:
            return Pace.begin(progress, now)
        return Pace(self.since, self.first, now, progress.done, progress.total, progress.unit)

    @property
    def seconds_each(self) -> float | None:
        """Seconds per unit; None before two units were seen."""
        seen = self.done - self.first
        return (self.latest - self.since) / seen if seen >= ENOUGH_UNITS else None

    @property
    def done_at(self) -> float | None:
        """When the last unit will be done, in seconds since 1970; None if it cannot be told yet."""
        each = self.seconds_each
        return None if each is None or self.total <= 0 else self.latest + (self.total - self.done) * each

    @property
    def share(self) -> float | None:
        """The finished share from 0 to 1; None while the length is unknown."""
        return min(1.0, self.done / self.total) if self.total > 0 else None

    def sentence(self, now: float) -> str:
        """Say it: ``"plane 12 of 40, 4 s each, done about 14:32"``."""
        parts = [self.place()]
        each, end = self.seconds_each, self.done_at
        if each is not None and each >= 1:
            parts.append(_("{time} each").format(time=duration(each)))
        if end is not None and end - now < SOON:
            parts.append(_("done in about {time}").format(time=duration(max(1.0, end - now))))
        elif end is not None:
            parts.append(_("done about {time}").format(time=clock(end, now=now)))
        return ", ".join(parts)

    def place(self) -> str:
        """Say only where it is: ``"plane 12 of 40"``."""
        if self.total <= 0:
            return counted(self.done, self.unit)
        now_at = min(int(self.total), int(self.done) + 1)
        place = PLACES.get(self.unit)
        if place is None:
            return _("{done} of {total}").format(done=now_at, total=counted(self.total, self.unit))
        return _(place).format(done=now_at, total=int(self.total))


@dataclass(slots=True)
class Live:
    """What is known of a running job beyond its row in the ledger."""

    stage: str = ""
    device: str = ""
    item: int = -1
    whole: Pace | None = None  # of the job
    part: Pace | None = None  # of the image at work
    finished: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)

    def note(self, progress: Progress, now: float) -> None:
        """Take in one event."""
        if progress.item < 0:
            self.whole = self.whole.on(progress, now) if self.whole else Pace.begin(progress, now)
            return
        same = self.part is not None and progress.item == self.item
        self.part = self.part.on(progress, now) if self.part and same else Pace.begin(progress, now)
        self.item = progress.item

    def share(self, inputs: int) -> float | None:
        """The finished share of a job with so many inputs; None while it is unknown."""
        if self.whole is not None:
            return self.whole.share
        part = self.part.share if self.part else None
        if part is None:
            return None
        over = len(self.finished | self.failed)
        return min(1.0, (over + (0.0 if self.item in self.finished | self.failed else part)) / max(1, inputs))

    def sentence(self, inputs: int, now: float) -> str:
        """Say how far it is and when it will be done, in one line."""
        pace = self.part or self.whole
        return self._placed(inputs, pace.sentence(now) if pace is not None else "")

    def place(self, inputs: int) -> str:
        """Say only where it is."""
        pace = self.part or self.whole
        return self._placed(inputs, pace.place() if pace is not None else "")

    def _placed(self, inputs: int, words: str) -> str:
        """Name the image of a batch, or the stage while there is nothing to count."""
        words = words or _(self.stage)
        if inputs > 1 and self.item >= 0:
            place = _("image {done} of {total}").format(done=self.item + 1, total=inputs)
            words = f"{place}, {words}" if words else place
        return words or _("Preparing")
