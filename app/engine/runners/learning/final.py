"""The end of a training: the model in its folder, then the verdict on unseen images."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.engine.runners.learning.card import draft_card
from app.engine.runners.learning.exams import Result, measured_rows, results
from app.engine.runners.learning.images import HISTORY
from app.engine.runners.learning.order import Lasting, Order, Teaching
from app.engine.runners.model_folder import ModelFolder
from models import weights
from models.restoration.registry import family
from models.training.loop import State
from models.training.verdict import conclude, to_json


def finish(order: Order, teaching: Teaching, folder: ModelFolder, reached: State, most: int) -> None:
    """Write the model that `reached` gives, try it on up to `most` unseen images, and write the verdict.

    Goes on when somebody asks to stop: the model is safe before the verdict begins.
    """
    context = order.context
    data = weights.to_bytes(reached.result(order.recipe.schedule.keep), half=True)
    card = draft_card(order, teaching, data, f"{order.recipe.about.id}.safetensors")
    folder.write_model(card, data)
    if not teaching.unseen:
        return
    context.stage("Testing on unseen images")
    exams = teaching.exams(most)
    if not exams:
        context.remark(
            "train.no_verdict",
            "None of the images that were set aside can be tested on, so there is no verdict; add others.",
        )
        return
    method = family(card.family)
    restorer = method.load(card.network.encode(), data, method.params(), order.device.type, "float32")
    found = list(results(exams, restorer, Lasting(context)))
    cases = [one.case() for one in found]
    verdict = conclude(cases, is_same_sample=teaching.is_same_sample, seed=order.spec.seed)
    with folder.told():
        keep_pictures(folder.folder, found)
    folder.judge(replace(card, measured=measured_rows(found)), to_json(verdict))


def keep_pictures(folder: Path, found: Sequence[Result]) -> None:
    """Write crops of the unseen images on which the model did worst and middling beside the simple filter.

    One unseen image is only the worst.
    """
    ranked = sorted(found, key=lambda one: one.case().gain_db)
    for name, one in {"worst": ranked[0], "median": ranked[len(ranked) // 2]}.items():
        if one is ranked[0] and name == "median":
            continue
        place = folder / HISTORY / name
        place.mkdir(parents=True, exist_ok=True)
        for side, plane in one.pictures.items():
            np.save(place / f"{side}.npy", plane)
