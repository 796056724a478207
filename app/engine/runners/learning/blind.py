"""Learning from noisy images alone."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from app.engine.runners.learning.images import Chosen, Reader
from app.engine.runners.learning.order import Order, Teaching, TooFewImages
from app.engine.runners.learning.simple import Plane, best_simple
from app.engine.specs import Input, TrainSpec
from app.images.folders import images_in
from models.n2v.noise import measure_noise
from models.n2v.pairs import BlindPairs, BlindScore, blind_loss
from models.n2v.split import learn_and_unseen
from models.n2v.words import about
from models.training.patches import Specimen
from models.watch import Watch

SHOWN_SIDE = 256  # pixels that are shown while it learns


def blind_spots(order: Order, watch: Watch) -> Teaching:
    """Learn from noisy images alone, by asking for values that the network does not see."""
    spec, recipe, context = order.spec, order.recipe, order.context
    images = noisy_images(spec)
    reader = Reader(context, watch, recipe.data.planes_per_channel, len(images))
    read = reader.read(images)
    reader.say()
    if not read:
        raise TooFewImages(
            "None of the noisy images can be used.", hint="Add an image of at least 64 x 64 pixels."
        )
    learn, unseen = learn_and_unseen([specimen for _, specimen in read])
    noise = measure_noise([plane for one in learn for plane in one.planes])
    if noise.remark:
        context.remark("train.correlated_noise", noise.remark)

    def pairs(part: Sequence[Specimen], seed: int) -> BlindPairs:
        crops, schedule = recipe.crops, recipe.schedule
        return BlindPairs(
            part, recipe.blind, noise, size=crops.size, batch=schedule.batch, seed=seed, device=order.device
        )

    score = BlindScore(pairs(unseen, spec.seed + 1))
    return Teaching(
        draw=pairs(learn, spec.seed).draw,
        criterion=blind_loss,
        score=score,
        simple=lambda watch: score.of_filter(partial(_simple, watch=watch)),
        shown=(_noisy_crop(unseen, order.traits.multiple), None),
        exams=lambda _most: (),
        unseen=0,
        is_same_sample=False,
        about=about(recipe.about, noise, len(read)),
        used=tuple((one.name, one.input) for one, _ in read),
        pixel_sizes_um=reader.pixel_sizes_um,
    )


def _noisy_crop(unseen: Sequence[Specimen], unit: int) -> Tensor:
    """Return the middle of the liveliest unseen plane, (1, 1, h, w)."""
    plane = max((plane for one in unseen for plane in one.planes), key=lambda one: float(one.std()))
    lacks = [max(0, unit - side) for side in plane.shape]
    plane = np.pad(plane, [(0, lack) for lack in lacks], mode="symmetric") if any(lacks) else plane
    tall, wide = (min(side, SHOWN_SIDE) // unit * unit for side in plane.shape)
    top, left = (plane.shape[0] - tall) // 2, (plane.shape[1] - wide) // 2
    return torch.from_numpy(plane[top : top + tall, left : left + wide].copy())[None, None]


def noisy_images(spec: TrainSpec) -> list[Chosen]:
    """Return the images that `spec` names, or all in its folder."""
    inputs = (*spec.learn, *spec.tune, *spec.test)
    inputs = inputs or tuple(Input(str(path)) for path in images_in([Path(spec.good_dir)])[0])
    return [Chosen(one, Path(one.path).name, "") for one in dict.fromkeys(inputs)]


def _simple(plane: Plane, watch: Watch) -> Plane:
    watch.check()
    return best_simple(plane, 1)
