"""The text of a recipe that trains with fitted strengths."""

import json
from dataclasses import dataclass, fields
from typing import Literal

from models.training.making import crappify_of
from models.training.recipe import Crappify
from models.training.strengths import Matched, Strengths

Modality = Literal["any", "fluorescence", "electron", "brightfield"]

SHRINK = {1: 2, 2: 1, 4: 1}  # of the compact network, by scale
WIDTHS, BLOCKS = (32, 64, 128), (2, 1, 1)
CROP = {1: 96, 2: 96, 4: 160}  # pixels of the good image


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the model's card shall say, and how long to learn."""

    id: str = "my-restorer"
    name: str = "My restorer"
    modality: Modality = "any"
    pixel_size_um: float | None = None
    steps: int = 3000
    batch: int = 16


def recipe_for(matched: Matched, purpose: Purpose = Purpose(), *, spread: float = 2.0) -> str:
    """Return the recipe, as TOML, that makes images bad as `matched` says, within a factor `spread`.

    `purpose.pixel_size_um` is that of the bad image.
    """
    strengths = matched.strengths
    scale = strengths.scale
    if scale not in SHRINK:
        raise ValueError("networks enlarge by 1, 2 or 4")
    um = purpose.pixel_size_um
    about: dict[str, object] = {
        "id": purpose.id,
        "name": purpose.name,
        "purpose": "Restores images as bad as the one it was fitted to.",
        "modality": purpose.modality,
        "noise": noise_words(strengths),
    }
    if um:
        about["pixel_size_um"] = (um / 1.25, um * 1.25)
    network: dict[str, object] = {"scale": scale, "shrink": SHRINK[scale], "widths": WIDTHS, "blocks": BLOCKS}
    crops: dict[str, object] = {
        "size": CROP[scale],
        "soften_share": 0.0 if scale > 1 else 0.3,
        "soften_px": (0.5, 1.5),
    }
    schedule: dict[str, object] = {
        "steps": purpose.steps,
        "batch": purpose.batch,
        "loss": "charbonnier_ssim",
        "every": 100,
    }
    parts = [
        "# Fitted to a real bad image; strengths lie within a factor of "
        f'{spread:g} of what was found.\nfamily = "pssr"\n',
        _table("[about]", about),
        _table("[network]", network),
        _table("[crops]", crops),
        _table("[[degrade]]", _changed(crappify_of(strengths, spread=spread))),
        _table("[schedule]", schedule),
    ]
    return "\n".join(parts)


def noise_words(strengths: Strengths) -> str:
    """Return the noise in words, for the card."""
    span = max(strengths.high - strengths.low, 1e-9)
    words = []
    if strengths.gain > 0:
        words.append(f"about {span / strengths.gain:.2g} photons per pixel at full brightness")
    if strengths.read_noise > 0:
        words.append(f"noise in the dark of {100 * strengths.read_noise / span:.2g} % of the range")
    if strengths.grain_px > 0:
        words.append("grainy")
    return ", ".join(words)


def _changed(way: Crappify) -> dict[str, object]:
    """Return the fields that are not as they are by themselves."""
    plain = Crappify()
    return {
        f.name: getattr(way, f.name) for f in fields(way) if getattr(way, f.name) != getattr(plain, f.name)
    }


def _table(title: str, values: dict[str, object]) -> str:
    lines = [title, *(f"{name} = {_written(value)}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    """Return a value as TOML writes it; so does JSON, but for tuples."""
    if isinstance(value, tuple):
        return "[" + ", ".join(_written(one) for one in value) + "]"
    if isinstance(value, float):
        return repr(float(f"{value:.6g}"))
    return json.dumps(value, ensure_ascii=False)
