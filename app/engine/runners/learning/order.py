"""What is the same for all parts of a training job, and what its ways of teaching have in common."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.engine.context import JobContext
from app.engine.specs import Input, TrainSpec
from models.errors import Stopped, UserError
from models.restoration.family import Traits
from models.training.loop import Criterion, Draw, Score
from models.training.recipe import About, Recipe
from models.watch import Silent, Watch

Frames = NDArray[np.float32]  # (t, h, w): one frame, or the neighbouring frames of a movie


class TooFewImages(UserError):
    """Not enough good images to learn from and to test on."""

    code: ClassVar[str] = "train.too_few"


@dataclass(frozen=True, slots=True)
class Order:
    """One training: what was asked for, and where it is computed.

    Attributes
    ----------
    network : bytes
        The network's description, as `models.pssr.networks` reads it.
    traits : Traits
        What inference must know of it; the halo of a published network is not measured yet.
    """

    spec: TrainSpec
    recipe: Recipe
    network: bytes
    traits: Traits
    device: torch.device
    context: JobContext


@dataclass(frozen=True, slots=True)
class Exam:
    """One unseen image for the verdict.

    Attributes
    ----------
    name, sample : str
    is_real : bool
        Whether the bad side came from a microscope.
    sides : sequence of (bad, good)
        Bad frames, (t, h, w), and the good plane of the middle one, (h * scale, w * scale).
    """

    name: str
    sample: str
    is_real: bool
    sides: Sequence[tuple[Frames, NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class Teaching:
    """Everything that a way of teaching brings to a training.

    Attributes
    ----------
    draw : step -> (input, target)
    criterion : (output, target) -> scalar
    score : network -> float
        In dB on unseen pairs.
    simple : watch -> float
        What the best simple filter, tuned blindly, reaches on the same pairs, in dB.
    shown : (input, target or None)
        One unseen crop to show, (1, frames, h, w) and (1, 1, h * scale, w * scale).
    exams : most -> exams
        Up to that many unseen images for the verdict; none where nothing good is there to compare with.
    unseen : int
        How many there are.
    is_same_sample : bool
        Whether the model learns from other images of the samples it is tested on.
    about : About
        What the card says.
    used : tuple of (name, Input)
        What was learned from and chosen by.
    pixel_sizes_um : tuple of float
        Of the images that results shall look like.
    """

    draw: Draw
    criterion: Criterion
    score: Score
    simple: Callable[[Watch], float]
    shown: tuple[Tensor, Tensor | None]
    exams: Callable[[int], Sequence[Exam]]
    unseen: int
    is_same_sample: bool
    about: About
    used: tuple[tuple[str, Input], ...]
    pixel_sizes_um: tuple[float, ...]


class Lasting(Silent):
    """A watch for what must be finished though somebody asked to stop: it goes on and says that it lives."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def check(self) -> None:
        """Tell who waits that the job has heard."""
        with suppress(Stopped):
            self._watch.check()
