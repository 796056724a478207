"""What the unseen images say about a model beside the best simple filter. Free of torch.

The unit that counts is the sample where there are at least three of them, else the image; never a tile.
Differences are paired within a unit. A word such as "better" is said only with five units or more, if the
95 % interval of the median difference leaves out zero and the difference is worth mentioning.

References
----------
Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from models.errors import UserError
from models.knobs import N_

Unit = Literal["sample", "image"]
State = Literal["better", "no better", "worse", "too few"]
Interval = tuple[float, float]
Translate = Callable[[str], str]

FLOOR_DB = 0.3  # smaller differences are not worth mentioning
FEWEST_UNITS = 5  # fewer give values and no word
FEWEST_SAMPLES = 3  # from here on samples are the units, below images
RESAMPLES = 2000
LARGEST_DB = 100.0  # what equal images count as; their PSNR is infinite
LONGEST_FILE = 16 << 20


class VerdictUnreadable(UserError):
    """A file that should hold a verdict holds something else."""

    code: ClassVar[str] = "training.verdict"


@dataclass(frozen=True, slots=True)
class Case:
    """One unseen image: what the model, the best simple filter and the untouched image reach.

    Attributes
    ----------
    name, sample : str
        Of the image, and of the sample that it shows.
    is_real : bool
        Whether the bad image came from a microscope; otherwise the program made it.
    model_psnr, simple_psnr, input_psnr : float
        PSNR after the best gain and offset, in dB; the input enlarged where the model enlarges. NaN where
        the image has nothing in common with the truth.
    model_ssim, simple_ssim : float
    simple_name : str
        A name from `models.smoothing.baselines`.
    """

    name: str
    sample: str
    is_real: bool
    model_psnr: float
    model_ssim: float
    simple_psnr: float
    simple_ssim: float
    simple_name: str
    input_psnr: float

    @property
    def gain_db(self) -> float:
        """How far the model is above the simple filter; nothing in common with the truth counts as 0 dB."""
        return _counted(self.model_psnr) - _counted(self.simple_psnr)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the cases say together.

    Attributes
    ----------
    cases : tuple of Case
        At least one; all real or all made.
    unit : {"sample", "image"}
        What was counted.
    is_same_sample : bool
        Whether the model has learned from other images of the very samples it is tested on.
    gain_db : float
        Median over units of the mean difference within a unit.
    interval : (low, high) or None
        95 % interval of `gain_db`; None with fewer than five units.
    state : {"better", "no better", "worse", "too few"}
    """

    cases: tuple[Case, ...]
    unit: Unit
    is_same_sample: bool
    gain_db: float
    interval: Interval | None
    state: State

    @property
    def differences(self) -> tuple[float, ...]:
        """The difference in dB of every unit, in the order of the cases."""
        return _differences(self.cases, self.unit)

    @property
    def n_samples(self) -> int:
        """How many samples the cases show."""
        return len({case.sample for case in self.cases})

    @property
    def is_real(self) -> bool:
        """Whether the bad images came from a microscope."""
        return self.cases[0].is_real

    @property
    def worst(self) -> Case:
        """The case that speaks most against the model."""
        return min(self.cases, key=lambda case: case.gain_db)


def conclude(cases: Sequence[Case], *, is_same_sample: bool = False, seed: int = 0) -> Verdict:
    """Return what `cases` say.

    Parameters
    ----------
    cases : sequence of Case
        One per unseen image, all real or all made: simulated and real images get verdicts of their own.
    is_same_sample : bool
        Whether the model has learned from other images of the same samples.
    seed : int
        Of the resampling.

    Raises
    ------
    ValueError
        Without cases, or if some are real and some are not.
    """
    if not cases or len({case.is_real for case in cases}) > 1:
        raise ValueError("a verdict needs cases, all real or all made")
    unit: Unit = "sample" if len({case.sample for case in cases}) >= FEWEST_SAMPLES else "image"
    differences = _differences(cases, unit)
    gain = float(np.median(differences))
    if len(differences) < FEWEST_UNITS:
        return Verdict(tuple(cases), unit, is_same_sample, gain, None, "too few")
    interval = interval_of_median(differences, seed=seed)
    return Verdict(tuple(cases), unit, is_same_sample, gain, interval, _state(gain, interval))


def interval_of_median(differences: Sequence[float], *, seed: int, resamples: int = RESAMPLES) -> Interval:
    """Return the 95 % interval of the median of `differences`, one per unit, from resampled units.

    The plain percentiles are too narrow for few units (they cover 88 to 94 % below 20), so they are widened
    as the t distribution is wider than the normal one. Covers 95 to 97 % from 9 units on, 97 to 98 % for 6
    to 8, and 94 % for 5, where it reaches from the smallest to the largest and cannot be wider.

    References
    ----------
    Hesterberg, The American Statistician 69, 371 (2015): the expanded percentile interval.
    """
    from scipy.special import ndtr, stdtrit

    n = len(differences)
    outside = int(ndtr(-math.sqrt(n / (n - 1)) * stdtrit(n - 1, 0.975)) * resamples)
    values = np.asarray(differences, np.float64)
    chosen = np.random.default_rng(seed).integers(n, size=(resamples, n))
    medians = np.sort(np.median(values[chosen], axis=1))
    return float(medians[outside]), float(medians[-1 - outside])


def _state(gain: float, interval: Interval) -> State:
    if gain >= FLOOR_DB and interval[0] > 0:
        return "better"
    return "worse" if gain <= -FLOOR_DB and interval[1] < 0 else "no better"


def _differences(cases: Sequence[Case], unit: Unit) -> tuple[float, ...]:
    if unit == "image":
        return tuple(case.gain_db for case in cases)
    samples: dict[str, list[float]] = {}
    for case in cases:
        samples.setdefault(case.sample, []).append(case.gain_db)
    return tuple(float(np.mean(gains)) for gains in samples.values())


def _counted(psnr: float) -> float:
    return 0.0 if math.isnan(psnr) else min(max(psnr, -LARGEST_DB), LARGEST_DB)


SIMPLE_WORDS = {
    "input": N_("the untouched image"),
    "nearest": N_("plain enlarging"),
    "bilinear": N_("plain enlarging"),
    "bicubic": N_("plain enlarging"),
    "lanczos": N_("plain enlarging"),
    "gaussian": N_("smoothing"),
    "nlm": N_("non-local means"),
    "tv": N_("total variation"),
}
SIMPLE = N_("the best simple filter")
FINDINGS: dict[State, str] = {
    "better": N_("Better than {simple} by {gain} dB (95 % interval {low} to {high}) on {tested}."),
    "no better": N_("No better than {simple}: {gain} dB (95 % interval {low} to {high}) on {tested}."),
    "worse": N_("Worse than {simple} by {gain} dB (95 % interval {low} to {high}) on {tested}."),
}
ABOVE = N_("{values} dB above {simple} on {tested}: too few for a verdict; add more before you publish.")
BELOW = N_("{values} dB below {simple} on {tested}: too few for a verdict; add more before you publish.")
BESIDE = N_(
    "{values} dB compared with {simple} on {tested}: too few for a verdict; add more before you publish."
)
TESTED = {
    (False, False): N_("{images} images from {samples} samples"),
    (False, True): N_("{images} images from 1 sample"),
    (True, True): N_("1 image"),
}
LIST = N_("{first} and {last}")
SAME_SAMPLE = N_("It learned from the same sample, so another one may come out worse.")
MADE = N_(
    "The program made these bad images, so this tells how well that is undone, not yet how it is "
    "at the microscope."
)


def sentence(verdict: Verdict, translate: Translate = str) -> str:
    """Return `verdict` in plain words; `translate` hears every template before it is filled in.

    Says the values alone where there are too few units, and always what was tested, whether the samples are
    new to the model, and whether the images are real.
    """
    names = {case.simple_name for case in verdict.cases}
    words = {SIMPLE_WORDS.get(name, SIMPLE) for name in names}
    simple = translate(words.pop() if len(words) == 1 else SIMPLE)
    images, samples = len(verdict.cases), verdict.n_samples
    tested = translate(TESTED[images == 1, samples == 1]).format(images=images, samples=samples)
    said = [_finding(verdict, simple, tested, translate)]
    if verdict.is_same_sample:
        said.append(translate(SAME_SAMPLE))
    if not verdict.is_real:
        said.append(translate(MADE))
    return " ".join(said)


def _finding(verdict: Verdict, simple: str, tested: str, translate: Translate) -> str:
    if verdict.interval is None:
        template, values = _values(verdict.differences, translate)
        return translate(template).format(values=values, simple=simple, tested=tested)
    low, high = verdict.interval
    gain = verdict.gain_db
    if verdict.state == "worse":
        gain, low, high = -gain, -high, -low
    return translate(FINDINGS[verdict.state]).format(
        simple=simple, gain=_number(gain), low=_number(low), high=_number(high), tested=tested
    )


def _values(differences: Sequence[float], translate: Translate) -> tuple[str, str]:
    """Return the template that fits the signs of `differences`, and the values for it."""
    rounded = [round(value, 1) for value in differences]
    template = ABOVE if min(rounded) >= 0 else BELOW if max(rounded) < 0 else BESIDE
    shown = [_number(abs(value) if template is BELOW else value) for value in rounded]
    if len(shown) == 1:
        return template, shown[0]
    return template, translate(LIST).format(first=", ".join(shown[:-1]), last=shown[-1])


def _number(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}".replace("-", "−")


def to_json(verdict: Verdict) -> str:
    """Return `verdict` as JSON; what is no number is null there."""
    return json.dumps(_plain(asdict(verdict)), indent=1, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else math.copysign(LARGEST_DB, value)
    return value


def from_json(text: str) -> Verdict:
    """Read what `to_json` wrote.

    Raises
    ------
    VerdictUnreadable
        If it is anything else.
    """
    try:
        table = json.loads(text)
        rows = table.pop("cases")
        if not isinstance(rows, list) or not rows:
            raise ValueError("it has no cases")
        verdict = Verdict(tuple(_case(row) for row in rows), **_checked(table))
        if len({case.is_real for case in verdict.cases}) > 1:
            raise ValueError("some images are real and some are not")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VerdictUnreadable(
            "The verdict beside the model cannot be read. The model itself is not touched by that.",
            hint="Measure the model again.",
        ) from error
    return verdict


def read_verdict(file: Path) -> Verdict:
    """Read a verdict from a file.

    Raises
    ------
    VerdictUnreadable
        If there is no such file or it is none.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(LONGEST_FILE + 1)
        text = content.decode("utf-8") if len(content) <= LONGEST_FILE else ""
    except (OSError, UnicodeDecodeError):
        text = ""
    return from_json(text)


def _checked(table: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON
    interval = table["interval"]
    values: dict[str, Any] = {
        "unit": _one_of(get_args(Unit), table["unit"]),
        "is_same_sample": _flag(table["is_same_sample"]),
        "gain_db": _finite(table["gain_db"]),
        "interval": None if interval is None else tuple(_finite(end) for end in interval),
        "state": _one_of(get_args(State), table["state"]),
    }
    if set(table) != set(values):
        raise ValueError("it has other entries")
    if interval is not None and (len(interval) != 2 or interval[0] > interval[1]):
        raise ValueError("an interval has two ends")
    if (interval is None) != (values["state"] == "too few"):
        raise ValueError("only too few images have no interval")
    return values


def _case(row: Mapping[str, Any]) -> Case:  # Any: JSON
    readers: dict[type, Callable[[Any], Any]] = {str: _text, bool: _flag, float: _psnr}
    kinds = {field.name: field.type for field in fields(Case)}
    if set(row) != set(kinds):
        raise ValueError("a case has other entries")
    return Case(**{name: readers[kind](row[name]) for name, kind in kinds.items()})  # type: ignore[index]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a name is text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("it is true or false")
    return value


def _psnr(value: Any) -> float:
    return math.nan if value is None else _finite(value)


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("it is a number")
    return float(value)


def _one_of(choices: tuple[str, ...], value: Any) -> str:
    if value not in choices:
        raise ValueError("it is not among the choices")
    return str(value)
