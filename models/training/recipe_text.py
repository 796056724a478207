"""Writes the text of a recipe from what a person chose; free of torch, for the window.

`models.training.making.crappify_of` makes the same ranges a part of a recipe.
"""

import json
from dataclasses import dataclass, field
from typing import Literal

from models.training.strengths import Strengths

Way = Literal["made bad", "pairs", "noisy"]

SPREAD = 2.0  # by which strengths vary around what was found: no two images are equally bad
UNSEEN_BLUR_PX = 1.0  # blurs below it cannot be told apart
SHRINK = {1: 2, 2: 1, 4: 1}  # of the compact network, by scale
CROP = {1: 96, 2: 96, 4: 160}  # pixels of the good image
WIDTHS, BLOCKS, BATCH = (32, 64, 128), (2, 1, 1), 16
FAST_WIDTHS, FAST_BATCH = (16, 32, 64), 8  # for a quick look: some six times as many steps in the same time
STEPS = 3000  # where no time is given
KIN = 1.25  # times finer and coarser pixels that the model is meant for


@dataclass(frozen=True, slots=True)
class Wanted:
    """What decides a recipe.

    Attributes
    ----------
    id, name : str
        Of the model.
    way : Way
        Whether good images are made bad, come with their bad ones, or are not there at all.
    strengths : Strengths
    frames : int
        Neighbouring frames that one result is made from.
    pixel_size_um : float or None
        Of the bad images.
    is_quick : bool
        Whether a small network shall do, which learns in minutes also without a graphics card.
    """

    id: str
    name: str
    way: Way = "made bad"
    strengths: Strengths = field(default_factory=Strengths)
    frames: int = 1
    pixel_size_um: float | None = None
    is_quick: bool = False


def recipe_text(wanted: Wanted) -> str:
    """Return the recipe as TOML."""
    scale = scale_of(wanted)
    about: dict[str, object] = {
        "id": wanted.id,
        "name": wanted.name,
        "purpose": PURPOSES[wanted.way],
        "noise": noise_words(wanted.strengths) if wanted.way == "made bad" else "",
    }
    if um := wanted.pixel_size_um:
        about["pixel_size_um"] = (um / KIN, um * KIN)
    widths, batch = (FAST_WIDTHS, FAST_BATCH) if wanted.is_quick else (WIDTHS, BATCH)
    network: dict[str, object] = {"scale": scale, "shrink": SHRINK[scale], "widths": widths, "blocks": BLOCKS}
    if wanted.frames > 1:
        network["frames"] = wanted.frames
    parts = [f'family = "{"n2v" if wanted.way == "noisy" else "pssr"}"\n', _table("[about]", about)]
    parts.append(_table("[network]", network))
    if wanted.way == "noisy":
        parts.append(_table("[crops]", {"size": 64}))
        parts.append(_table("[schedule]", {"steps": STEPS, "batch": batch, "every": 200, "keep": "last"}))
        return "\n".join(parts)
    crops = {"size": CROP[scale], "soften_share": 0.3 if scale == 1 else 0.0, "soften_px": (0.5, 1.5)}
    if wanted.way == "pairs":
        crops = {"size": CROP[scale], "zoom_share": 0.0, "soften_share": 0.0}
    parts.append(_table("[crops]", crops))
    if wanted.way == "made bad":
        parts.append(_table("[[degrade]]", ranges_of(wanted.strengths)))
    parts.append(_table("[schedule]", {"steps": STEPS, "batch": batch, "every": 100}))
    return "\n".join(parts)


PURPOSES: dict[Way, str] = {
    "made bad": "Restores images as bad as those it was made for.",
    "pairs": "Restores images as bad as the bad ones of the pairs it learnt from.",
    "noisy": "Takes the noise out of images like those it learnt from, without good images.",
}


def scale_of(wanted: Wanted) -> int:
    """Return by how much the network enlarges: 1, 2 or 4, the next below where it is none of them."""
    if wanted.way == "noisy":
        return 1
    return max(scale for scale in SHRINK if scale <= max(1, wanted.strengths.scale))


def ranges_of(strengths: Strengths, spread: float = SPREAD) -> dict[str, object]:
    """Return the lines of one way of making bad, every strength within a factor of `spread`.

    A blur too small to be measured becomes a range from none to what could have been seen.
    """

    def around(value: float, *, least: float = 0.0) -> tuple[float, float]:
        return (value / spread, value * spread) if value > least else (0.0, least)

    span = max(strengths.high - strengths.low, 1e-9)
    specks = 0.5 * (strengths.salt + strengths.pepper)
    is_grainy = strengths.grain_px > 0
    lines: dict[str, object] = {
        "sampling": strengths.sampling,
        "shot": "gaussian" if is_grainy else "poisson",
        "blur_px": around(strengths.blur_px, least=UNSEEN_BLUR_PX),
        "photons": around(span / strengths.gain) if strengths.gain > 0 else (0.0, 0.0),
        "background": around(max(strengths.low - strengths.offset, 0.0) / span),
        "read_noise": around(strengths.read_noise / span),
        "photon_spread": strengths.photon_spread,
        "read_tails": strengths.read_tails,
        "grain_px": around(strengths.grain_px),
        "grain_share": 1.0 if is_grainy else 0.0,
        "specks": around(specks),
        "specks_share": 0.5 if specks > 0 else 0.0,
        "line_offset": around(strengths.line_noise / span),
        "levels": round(span / strengths.step) if strengths.step > 0 else 0,
    }
    return lines


def noise_words(strengths: Strengths) -> str:
    """Say the noise in words, for the card."""
    span = max(strengths.high - strengths.low, 1e-9)
    words = []
    if strengths.gain > 0:
        words.append(f"about {span / strengths.gain:.2g} photons per pixel at full brightness")
    if strengths.read_noise > 0:
        words.append(f"noise in the dark of {100 * strengths.read_noise / span:.2g} % of the range")
    if strengths.grain_px > 0:
        words.append("grainy")
    return ", ".join(words)


def _table(title: str, values: dict[str, object]) -> str:
    return "\n".join([title, *(f"{name} = {_written(value)}" for name, value in values.items())]) + "\n"


def _written(value: object) -> str:
    """Return a value as TOML writes it; so does JSON, but for tuples."""
    if isinstance(value, tuple):
        return "[" + ", ".join(_written(one) for one in value) + "]"
    if isinstance(value, float):
        return repr(float(f"{value:.6g}"))
    return json.dumps(value, ensure_ascii=False)
