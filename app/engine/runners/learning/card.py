"""The card of a model that has just been trained: purpose, limits, origin, in words a biologist can read."""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from app.engine.runners.learning.order import Order, Teaching
from app.engine.runners.model_folder import LOG, RECIPE
from app.engine.specs import Input
from app.images.digest import sha256_of
from app.library.card import ModelCard, Training
from models.pssr.networks import sees_whole_tile, with_halo
from models.training.recipe import Crappify, Range

SLACK = 0.25  # a model is for pixel sizes up to this part beyond those it learned from
POOR_MATCH = 0.65  # share of patches that a classifier may sort rightly into real and made
WHOLE_TILE = (
    "The network looks at a whole tile at once: an image restored in several tiles may differ a little from "
    "one restored in one piece."
)
NOISE_WORDS = (  # what a recipe calls it, how it is counted, how it is said
    ("photons", 1, "{low} to {high} photons per pixel at full brightness"),
    ("read_noise", 100, "read noise of {low} to {high} % of the range"),
    ("blur_px", 1, "blur of {low} to {high} pixels"),
    ("specks", 100, "specks on {low} to {high} % of the pixels"),
)


def draft_card(order: Order, teaching: Teaching, data: bytes, name: str) -> ModelCard:
    """Return the card of the weights `data`, in the file `name`; nothing is measured yet."""
    about, recipe, scale = teaching.about, order.recipe, order.traits.scale
    stated = about.pixel_size_um
    return ModelCard(
        id=about.id,
        name=about.name,
        purpose=about.purpose,
        family=recipe.family,
        version="1",
        licence=about.licence,
        licence_words=about.licence_words,
        citation=about.citation,
        credits=about.credits,
        modality=about.modality,
        scale=scale,
        pixel_size_um=(
            (stated[0], stated[1]) if len(stated) == 2 else pixel_range(teaching.pixel_sizes_um, scale)
        ),
        noise=about.noise or (noise_words(recipe.degrade) if recipe.family == "pssr" else ""),
        network=with_halo(order.network, data).decode(),
        weights=name,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        trained_on=tuple(name for name, _ in teaching.used),
        sha256_trained_on=tuple(_checksum(one) for _, one in teaching.used),
        doubts=doubts(
            order.spec.match,
            is_same_sample=teaching.is_same_sample,
            sees_whole_tile=sees_whole_tile(order.network),
        ),
        samples_seen=about.samples_seen,
        training=Training(recipe=RECIPE, seed=order.spec.seed, commit=source_commit(), log=LOG),
    )


def pixel_range(sizes_um: Sequence[float], scale: int) -> tuple[float, float] | None:
    """Return the pixel sizes of bad images that suit a model which learned from good ones of `sizes_um`."""
    if not sizes_um:
        return None
    low, high = min(sizes_um) * scale * (1 - SLACK), max(sizes_um) * scale * (1 + SLACK)
    return float(f"{low:.4g}"), float(f"{high:.4g}")


def noise_words(ways: Sequence[Crappify]) -> str:
    """Return in words what the model learned to undo."""
    said = []
    for name, factor, template in NOISE_WORDS:
        low, high = _over(ways, name)
        if high > 0:
            said.append(template.format(low=f"{factor * low:.3g}", high=f"{factor * high:.3g}"))
    return ", ".join(said)


def _over(ways: Sequence[Crappify], name: str) -> Range:
    ends = [getattr(way, name) for way in ways]
    used = [end for end in ends if end[1] > 0] or [(0.0, 0.0)]
    return min(end[0] for end in used), max(end[1] for end in used)


def doubts(match: str, *, is_same_sample: bool, sees_whole_tile: bool = False) -> tuple[str, ...]:
    """Return what a person should know before trusting the model."""
    said = []
    accuracy = _accuracy(match)
    if accuracy is not None and accuracy > POOR_MATCH:
        said.append(
            "It learned from images made bad that look different from your bad image: a small classifier "
            f"told them apart in {100 * accuracy:.0f} % of cases, where 50 % would be chance."
        )
    if is_same_sample:
        said.append("It was tested on the samples that it learned from; another sample may come out worse.")
    if sees_whole_tile:
        said.append(WHOLE_TILE)
    return tuple(said)


def _accuracy(match: str) -> float | None:
    try:
        found = json.loads(match).get("accuracy") if match else None
    except (ValueError, AttributeError):
        return None
    return float(found) if isinstance(found, int | float) else None


def _checksum(one: Input) -> str:
    try:
        return sha256_of(Path(one.path))
    except OSError:
        return ""


def source_commit() -> str:
    """Return the commit of the program's own source, with ``-dirty`` if it was changed; empty if unknown."""
    here = Path(__file__).parent
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
