"""Where the pairs of a training come from: a table of ways, each a function of the order.

Good images made bad by the recipe is the way of most trainings; real pairs need a second folder.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from app.engine.runners.learning.blind import blind_spots
from app.engine.runners.learning.exams import made_exams
from app.engine.runners.learning.images import (
    ENOUGH,
    Chosen,
    Images,
    Reader,
    fitting_crops,
    images_of,
    too_few,
)
from app.engine.runners.learning.order import Exam, Order, Teaching
from app.engine.runners.learning.simple import simple_score
from app.engine.runners.learning.twins import Twins, real_exams
from models.training.central import central
from models.training.losses import LOSSES
from models.training.pairs import Draws, Pairs, UnseenScore
from models.training.patches import Specimen
from models.training.real_pairs import RealPairs, RealSpecimen
from models.training.recipe import Recipe, RecipeUnreadable
from models.watch import Watch

SHOWN_SIDE = 256  # pixels of the good image that are shown while it learns
SHOWN_FROM = 6  # crops of which the one with most in it is shown


def made_bad(order: Order, watch: Watch) -> Teaching:
    """Learn from good images that are made bad."""
    spec, context, traits = order.spec, order.context, order.traits
    images = images_of(spec, order.recipe.data)
    n_images = len(images.learn) + len(images.tune)
    data = order.recipe.data
    movies = data.movies if traits.frames > 1 else None
    reader = Reader(context, watch, data.planes_per_channel, n_images, movies)
    kept = reader.read(images.learn), reader.read(images.tune)
    reader.say()
    crops, usable = fitting_crops(
        order.recipe.crops, [*kept[0], *kept[1]], traits.multiple * traits.scale, reader, context
    )
    recipe = replace(order.recipe, crops=crops)
    left = {one.name for one, _ in usable}
    good, other = ([pair for pair in part if pair[0].name in left] for part in kept)
    if not good or not other:
        raise too_few("The training", len(good) + len(other))
    say_if_few(order, [*good, *other], images.test, is_same_sample=images.is_same_sample)

    def pairs(part: Sequence[tuple[Chosen, Specimen]], recipe: Recipe, seed: int) -> Pairs:
        planes = [specimen for _, specimen in part]
        return Pairs(planes, recipe, scale=traits.scale, seed=seed, device=order.device, frames=traits.frames)

    unseen = UnseenScore(pairs(other, recipe, spec.seed + 1))
    largest = min(min(plane.shape) for _, one in other for plane in one.planes)
    return Teaching(
        draw=pairs(good, recipe, spec.seed).draw,
        criterion=LOSSES[recipe.schedule.loss],
        score=unseen,
        simple=partial(simple_score, unseen.batches, traits.scale),
        shown=shown_crop(
            pairs(other, to_show(recipe, largest, traits.multiple * traits.scale), spec.seed + 1)
        ),
        exams=partial(exams_of, images, partial(made_exams, order)),
        unseen=len(images.test or images.tune),
        is_same_sample=images.is_same_sample,
        about=recipe.about,
        used=tuple((one.name, one.input) for one, _ in (*good, *other)),
        pixel_sizes_um=reader.pixel_sizes_um,
    )


def real_pairs(order: Order, watch: Watch) -> Teaching:
    """Learn from a lab's own pairs of bad and good images."""
    spec, recipe, traits = order.spec, order.recipe, order.traits
    images = images_of(spec, recipe.data)
    twins = Twins(order, watch)
    good, other = twins.read(images.learn), twins.read(images.tune)
    if not good or not other:
        raise too_few("The training", len(good) + len(other))
    used = [one for one in (*images.learn, *images.tune) if one.name in twins.names]
    say_if_few(order, [(one, None) for one in used], images.test, is_same_sample=images.is_same_sample)

    def pairs(part: Sequence[RealSpecimen], recipe: Recipe, seed: int) -> RealPairs:
        return RealPairs(part, recipe, scale=traits.scale, seed=seed, device=order.device)

    unseen = UnseenScore(pairs(other, recipe, spec.seed + 1))
    largest = min(min(one.good.shape) for one in other)
    unit = traits.multiple * traits.scale
    return Teaching(
        draw=pairs(good, recipe, spec.seed).draw,
        criterion=LOSSES[recipe.schedule.loss],
        score=unseen,
        simple=partial(simple_score, unseen.batches, traits.scale),
        shown=shown_crop(pairs(other, to_show(recipe, largest, unit), spec.seed + 1)),
        exams=partial(exams_of, images, partial(real_exams, order)),
        unseen=len(images.test or images.tune),
        is_same_sample=images.is_same_sample,
        about=recipe.about,
        used=tuple((one.name, one.input) for one in used),
        pixel_sizes_um=twins.pixel_sizes_um,
    )


def exams_of(images: Images, made: Callable[[Sequence[Chosen], int], list[Exam]], most: int) -> list[Exam]:
    """Return exams from the images kept for the verdict; where none can be used, from those to choose by."""
    return (made(images.test, most) if images.test else []) or made(images.tune, most)


def say_if_few(
    order: Order, used: Sequence[tuple[Chosen, object]], test: Sequence[Chosen], *, is_same_sample: bool
) -> None:
    """Say what few images or few samples mean for the verdict."""
    names = {one.name for one, _ in used} | {one.name for one in test}
    if len(names) < ENOUGH:
        order.context.remark(
            "train.few",
            f"There are only {len(names)} good images: the model can be trained, but add more from other "
            "samples before you trust it.",
        )
    if is_same_sample:
        order.context.remark(
            "train.same_sample",
            "All images seem to be of the same sample, so the verdict cannot tell how the model does on "
            "another one.",
        )


def to_show(recipe: Recipe, largest: int, unit: int) -> Recipe:
    """Return `recipe` with large crops of the image's own pixels, made bad at the central strengths."""
    size = max(recipe.crops.size, min(SHOWN_SIDE, largest) // unit * unit)
    crops = replace(recipe.crops, size=size, zoom_share=0.0, soften_share=0.0)
    return replace(recipe, crops=crops, degrade=tuple(central(way) for way in recipe.degrade))


def shown_crop(source: Draws) -> tuple[Tensor, Tensor | None]:
    """Return the pair with most to see among a few."""
    bad, good = source.draw(0, SHOWN_FROM)
    liveliest = int(torch.argmax(good.flatten(1).std(dim=1)))
    return bad[liveliest : liveliest + 1], good[liveliest : liveliest + 1]


Way = Callable[[Order, Watch], Teaching]
WAYS: dict[str, Way] = {"pssr": made_bad, "pairs": real_pairs, "n2v": blind_spots}


def way_of(order: Order) -> Way:
    """Return the way of teaching that `order` asks for.

    Raises
    ------
    RecipeUnreadable
        If the recipe is of a family that cannot be trained.
    """
    try:
        return WAYS["pairs" if order.spec.paired_dir or order.spec.paired else order.recipe.family]
    except KeyError as error:
        raise RecipeUnreadable(
            f"The recipe's family {order.recipe.family!r} cannot be trained.",
            hint=f"Write one of {', '.join(WAYS)}.",
        ) from error
