"""A recipe: everything that decides a training but the images and the machine, as one TOML document.

The recipe is kept beside the trained model, so that anyone with the images can repeat the training.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

from models.errors import UserError
from models.restoration.crappify.kernel import Kernel, is_kernel

LossName = Literal["charbonnier_ssim", "charbonnier", "mse", "ms_ssim", "pssr2"]  # rows of `losses.LOSSES`
Range = tuple[float, float]
LARGEST = 1e12  # that a strength can be
T = TypeVar("T")


class RecipeUnreadable(UserError):
    """The text is not a recipe."""

    code: ClassVar[str] = "training.recipe"


@dataclass(frozen=True, slots=True)
class Crappify:
    """One way of making crops bad; strengths are drawn anew for every crop.

    Intensities are parts of the range of the good image (its 0.1 to 99.9 percentile). Ranges are drawn
    uniformly for lengths and backgrounds, log-uniformly for photons, noise and specks.

    Attributes
    ----------
    weight : float
        How often this way is taken, relative to the recipe's others.
    sampling, noise_at, shot, shot_smooth_px
        As in `models.restoration.degrade.Degradation`.
    blur_px : (low, high)
        Blur in pixels of the good image.
    photons : (low, high)
        Photons per pixel at full range; (0, 0) means no shot noise.
    background : (low, high)
        Light under the darkest part of the image.
    read_noise : (low, high)
        Standard deviation; (0, 0) means none.
    photon_spread, read_tails : float
        As in `models.restoration.degrade.Degradation`.
    grain_px, grain_share : (low, high), float
        Correlation of the noise, and the share of crops that have it.
    specks, specks_share : (low, high), float
        Salt and pepper fractions, and the share of crops that have them.
    levels : int
        Gray levels over the full range after rounding, for half of the crops; 0 means none.
    clips : bool
        Whether values are clipped to the full range.
    psf : rows of numbers
        Spread of a point of the good image, measured or typed; see `models.restoration.degrade.Degradation`.
    shade, shade_share : (low, high), float
        Part of the light that the farthest corner loses, and the share of crops that are unevenly lit; their
        brightest point lies anywhere.
    line_offset, line_shift_px, line_reach_px, lines_share : (low, high) thrice, float
        Offsets and shifts (in pixels of the bad image) of the lines of a scanner, how many neighbours go
        along, and the share of crops that have them.
    column_offset, columns_share : (low, high), float
        Offsets of the columns of a camera, and the share of crops that have them.
    drift_gain, drift_offset, drift_share : (low, high) twice, float
        Factor and level that come last, and the share of crops that have them.
    quality, quality_share : (low, high), float
        Quality of lossy compression, 1 to 100, and the share of crops that are compressed; (0, 0) means none.

    Of the steps from `psf` on, those that are not used draw no random numbers.
    """

    weight: float = 1.0
    sampling: Literal["point", "line", "area", "smooth"] = "area"
    noise_at: Literal["low", "high"] = "low"
    shot: Literal["poisson", "gaussian"] = "poisson"
    shot_smooth_px: float = 0.0
    blur_px: Range = (0.0, 0.0)
    photons: Range = (0.0, 0.0)
    background: Range = (0.0, 0.0)
    read_noise: Range = (0.0, 0.0)
    grain_px: Range = (0.0, 0.0)
    grain_share: float = 0.0
    specks: Range = (0.0, 0.0)
    specks_share: float = 0.0
    levels: int = 0
    clips: bool = False
    psf: Kernel = ()
    shade: Range = (0.0, 0.0)
    shade_share: float = 1.0
    line_offset: Range = (0.0, 0.0)
    line_shift_px: Range = (0.0, 0.0)
    line_reach_px: Range = (0.0, 0.0)
    lines_share: float = 1.0
    column_offset: Range = (0.0, 0.0)
    columns_share: float = 1.0
    drift_gain: Range = (1.0, 1.0)
    drift_offset: Range = (0.0, 0.0)
    drift_share: float = 1.0
    quality: tuple[int, int] = (0, 0)
    quality_share: float = 1.0
    photon_spread: float = 0.0
    read_tails: float = 0.0


@dataclass(frozen=True, slots=True)
class Data:
    """Which files teach, which choose the best state, which are kept for the verdict; glob patterns.

    Without `good` all images of the folder count. With neither `tune` nor `test` a fifth of the files is set
    aside to choose by and another for the verdict, whole samples where there are enough; see
    `models.training.samples`. Planes of files that match `movies` follow each other in time though the files
    do not say so.
    """

    good: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    tune: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    movies: tuple[str, ...] = ()
    planes_per_channel: int = 8


@dataclass(frozen=True, slots=True)
class Crops:
    """How crops are drawn; `size` is in pixels of the good image, see `models.training.patches.Crop`."""

    size: int = 128
    zoom: float = 2.0
    zoom_share: float = 0.5
    soften_px: Range = (0.5, 3.0)
    soften_share: float = 0.5


@dataclass(frozen=True, slots=True)
class Blind:
    """How to learn from noisy images alone; only the family ``n2v`` asks.

    Attributes
    ----------
    way : {"auto", "noise", "spots"}
        Noise on noise, or blind spots; auto decides by whether the noise is independent between pixels.
    every : int
        One pixel in every square of this side, 2 to 16, is hidden at once; only for blind spots.
    """

    way: Literal["auto", "noise", "spots"] = "auto"
    every: int = 4


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to learn and by which measure; see `models.training.loop.Plan`.

    `start` is the id of a model in the library whose weights to begin with; empty: afresh. Its network may be
    smaller, see `models.training.growing`. `deterministic` asks a GPU too for the same numbers every time,
    which is slower.
    """

    steps: int = 2000
    batch: int = 16
    loss: LossName = "charbonnier_ssim"
    learning_rate: float = 1e-3
    average: float = 0.999
    every: int = 100
    keep: Literal["best", "last"] = "best"
    start: str = ""
    deterministic: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What the finished model's card says about its purpose."""

    id: str = "my-model"
    name: str = "My model"
    purpose: str = "Trained on your own good images."
    modality: Literal["any", "fluorescence", "electron", "brightfield"] = "any"
    noise: str = ""
    pixel_size_um: tuple[float, ...] = ()
    licence: str = "not chosen"
    licence_words: str = "your choice"
    citation: str = ""
    credits: tuple[str, ...] = ()
    samples_seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """A whole recipe. `network` is the family's own description, checked by the family."""

    family: str = "pssr"
    network: Mapping[str, Any] = field(default_factory=dict)  # Any: every family has its own numbers
    about: About = About()
    data: Data = Data()
    crops: Crops = Crops()
    degrade: tuple[Crappify, ...] = (Crappify(),)
    schedule: Schedule = Schedule()
    blind: Blind = Blind()


def parse(text: str) -> Recipe:
    """Read a recipe.

    Raises
    ------
    RecipeUnreadable
        If the text is not TOML, or names something a recipe does not have.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeUnreadable(f"The recipe is not written correctly: {error}.") from error
    known = {"family", "network", "about", "data", "crops", "degrade", "schedule", "blind"}
    _refuse_unknown("recipe", set(document) - known)
    return Recipe(
        family=str(document.get("family", "pssr")),
        network=_table("network", document.get("network", {})),
        about=_about(document.get("about", {})),
        data=_part(Data, document.get("data", {})),
        crops=_part(Crops, document.get("crops", {})),
        degrade=tuple(_checked(_part(Crappify, row)) for row in _rows(document.get("degrade", [{}]))),
        schedule=_part(Schedule, document.get("schedule", {})),
        blind=_blind(document.get("blind", {})),
    )


def _about(values: Any) -> About:  # Any: what TOML has
    about = _part(About, values)
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", about.id):
        raise RecipeUnreadable(
            f"The recipe's about.id cannot be {about.id[:80]!r}.",
            hint="Use small letters, digits, dots and dashes only.",
        )
    return about


def _blind(values: Any) -> Blind:  # Any: what TOML has
    blind = _part(Blind, values)
    if not 2 <= blind.every <= 16:
        raise _wrong("blind.every", blind.every)
    return blind


def _table(where: str, values: Any) -> dict[str, Any]:  # Any: what TOML has
    if not isinstance(values, dict):
        raise _wrong(where, values)
    return values


def _rows(values: Any) -> list[Any]:  # Any: what TOML has
    if not isinstance(values, list) or not values:
        raise _wrong("degrade", values)
    return values


def _part(kind: type[T], values: Any) -> T:  # Any: what TOML has
    where = kind.__name__.lower()
    values = _table(where, values)
    hints = get_type_hints(kind)
    _refuse_unknown(where, values.keys() - hints.keys())
    return kind(**{name: _typed(hints[name], value, f"{where}.{name}") for name, value in values.items()})


def _checked(way: Crappify) -> Crappify:
    """Return `way` if its strengths can be had."""
    needs = [
        (name, "two numbers, the smaller one first", _rises(getattr(way, name), -LARGEST, LARGEST))
        for name, hint in get_type_hints(Crappify).items()
        if hint == Range
    ]
    needs += [
        ("weight", "a number above 0", 0 < way.weight < LARGEST),
        (
            "psf",
            "an odd number of rows of one odd length, with a positive sum",
            not way.psf or is_kernel(way.psf),
        ),
        ("shade", "two parts from 0 to 1, the smaller one first", _rises(way.shade, 0, 1)),
        ("quality", "two whole numbers from 1 to 100", way.quality == (0, 0) or _rises(way.quality, 1, 100)),
    ]
    for name, wanted, is_so in needs:
        if not is_so:
            raise RecipeUnreadable(
                f"The recipe's crappify.{name} needs {wanted}.",
                hint="Compare with the recipes that came with the program.",
            )
    return way


def _rises(limits: Range, least: float, most: float) -> bool:
    return least <= limits[0] <= limits[1] <= most


def _typed(hint: Any, value: Any, where: str) -> Any:  # Any: a type as typing describes it, what TOML has
    """Return `value` as the type that `hint` describes; whole numbers are numbers too."""
    choices = get_args(hint)
    if get_origin(hint) is Literal and value in choices:
        return value
    if get_origin(hint) is tuple and isinstance(value, list):
        hints = choices[:1] * len(value) if choices[-1] is Ellipsis else choices
        if len(hints) == len(value):
            return tuple(_typed(one, part, where) for one, part in zip(hints, value, strict=True))
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is hint:
        return value
    raise _wrong(where, value)


def _wrong(where: str, value: object) -> RecipeUnreadable:
    return RecipeUnreadable(
        f"The recipe's {where} cannot be {value!r}.",
        hint="Compare with the recipes that came with the program.",
    )


def _refuse_unknown(where: str, names: set[str]) -> None:
    if names:
        raise RecipeUnreadable(
            f"The recipe's part {where} has lines that are not known: {', '.join(sorted(names))}.",
            hint="Compare with the recipes that came with the program.",
        )
