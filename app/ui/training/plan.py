"""What the Train room knows, as one frozen value that every step shows and wishes to change; no Qt.

A step is handed the whole plan and answers with another one; what follows from a change (which images are set
aside, whether a fit still holds) is worked out here, so that no two steps can disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.training.strengths import Matched, Strengths

Role = Literal["learn", "tune", "test", "left out"]
Way = Literal["bad image", "sliders", "pairs", "noisy"]
Length = Literal["quick", "normal", "long"]
RunState = Literal["", "waiting", "running", "paused", "interrupted", "failed", "cancelled", "finished"]

ENOUGH = 5  # good images that a training should have
LEAST = 2  # below which there is nothing to learn from, or nothing to test on
MINUTES: dict[Length, float] = {"quick": 2.0, "normal": 20.0, "long": 120.0}


@dataclass(frozen=True, slots=True)
class Seen:
    """What looking at one image found; see the report of `app.engine.runners.survey`.

    `same_as` is the path of an image of the same field, `error` a sentence if the file cannot be used,
    `noise` the standard deviation of the noise as part of the range, `shift_px` how far the bad image of a
    pair lies beside the good one, (y, x) in pixels of the bad one; without `is_pair` nothing in the two lies
    on each other.
    """

    path: Path
    shape: tuple[int, ...] = ()
    dtype: str = ""
    pixel_size_um: float | None = None
    saturated: float = 0.0
    sharpness: float = 0.0
    is_out_of_focus: bool = False
    same_as: Path | None = None
    is_rgb: bool = False
    nan: float = 0.0
    is_constant: bool = False
    thumbnail: str = ""
    error: str = ""
    noise: float = 0.0
    shift_px: tuple[float, float] | None = None
    is_pair: bool = True


@dataclass(frozen=True, slots=True)
class Chosen:
    """One good image: the sample it shows, what it is for, and which warnings the person has answered.

    `is_by_hand` says that the person chose its role, which then stays.
    """

    path: Path
    sample: str
    role: Role = "learn"
    is_by_hand: bool = False
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Run:
    """The training that was started: its job, its folder, and how far it is."""

    job: int
    folder: Path
    state: RunState = "waiting"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides a training.

    Attributes
    ----------
    good : tuple of Chosen
        In the way ``"noisy"`` these are the noisy images themselves.
    bad : tuple of Path
        Real bad images, of any place.
    paired : tuple of Path
        In the way ``"pairs"``: the bad image of each good one, by the same name or in the same order.
    way : Way
        Where the making bad comes from.
    strengths : Strengths
        How the good images are made bad.
    is_matched : bool
        Whether `strengths` were fitted to `bad` or seen and agreed to; cleared when images change.
    matched : Matched or None
        What the fit found.
    frames : int
        Neighbouring frames that one result is made from; 1: each by itself.
    length, name
        How long to learn, and what the model will be called.
    kept : frozenset of str
        Warnings about the images as a whole that the person has answered.
    seen : tuple of Seen
        What is known of good and bad images.
    low, high : float
        The common display range of the good images.
    run : Run or None
    """

    good: tuple[Chosen, ...] = ()
    bad: tuple[Path, ...] = ()
    paired: tuple[Path, ...] = ()
    way: Way = "bad image"
    strengths: Strengths = Strengths()  # noqa: RUF009 - it is frozen
    is_matched: bool = False
    matched: Matched | None = None
    frames: int = 1
    length: Length = "normal"
    name: str = ""
    kept: frozenset[str] = frozenset()
    seen: tuple[Seen, ...] = ()
    low: float = 0.0
    high: float = 1.0
    run: Run | None = None

    def about(self, path: Path) -> Seen | None:
        """What is known of an image; None while it was not looked at."""
        return next((one for one in self.seen if one.path == path), None)

    def of(self, *roles: Role) -> tuple[Chosen, ...]:
        """The good images with one of these roles."""
        return tuple(one for one in self.good if one.role in roles)

    @property
    def used(self) -> tuple[Chosen, ...]:
        """The good images that are not left out."""
        return self.of("learn", "tune", "test")

    @property
    def samples(self) -> tuple[str, ...]:
        """The samples of the images in use, in their order."""
        return tuple(dict.fromkeys(one.sample for one in self.used))

    @property
    def partners(self) -> tuple[tuple[Chosen, Path], ...]:
        """Good images in use with their bad ones, in the way ``"pairs"``."""
        return pairs_of(self.used, self.paired)

    @property
    def needs_match(self) -> bool:
        """Whether good images are made bad, which can be compared with real bad ones."""
        return self.way in ("bad image", "sliders")

    @property
    def to_restore(self) -> tuple[Path, ...]:
        """One image as bad as those that the model is for, if there is any."""
        noisy = tuple(one.path for one in (*self.of("test"), *self.used)) if self.way == "noisy" else ()
        by_way = {"bad image": self.bad, "pairs": self.paired, "noisy": noisy}
        return by_way.get(self.way, ())[:1]

    @property
    def has_frames(self) -> bool:
        """Whether every good image is a movie, so that neighbouring frames can be used."""
        shapes = [seen.shape for one in self.used if (seen := self.about(one.path)) is not None]
        return bool(shapes) and all(len(shape) == 5 and shape[0] >= 3 for shape in shapes)

    @property
    def can_learn(self) -> bool:
        """Whether something is there to learn from, and something else to test on."""
        return bool(self.of("learn")) and bool(self.of("test"))

    @property
    def choosing(self) -> tuple[Chosen, ...]:
        """The images that the best state is chosen by: those to test on where only one was set aside."""
        return self.of("tune") or self.of("test")

    @property
    def is_ready(self) -> bool:
        """Whether a training can begin."""
        return (
            self.can_learn
            and {
                "bad image": bool(self.bad),
                "sliders": True,
                "pairs": len(self.partners) == len(self.used),
                "noisy": True,
            }[self.way]
        )


def pairs_of(good: tuple[Chosen, ...], bad: tuple[Path, ...]) -> tuple[tuple[Chosen, Path], ...]:
    """Return good images with their bad ones: by name where every name is there once, else in their order."""
    named = {path.stem: path for path in bad}
    names = [one.path.stem for one in good]
    if len(named) == len(bad) and len(set(names)) == len(names) and named.keys() >= set(names):
        return tuple((one, named[one.path.stem]) for one in good)
    return tuple(zip(good, bad, strict=False)) if len(good) == len(bad) else ()
