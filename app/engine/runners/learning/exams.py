"""Unseen images for the verdict, and how a model does on them beside every simple filter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from app.engine.runners.learning.images import Chosen, Reader
from app.engine.runners.learning.order import Exam, Frames, Order
from app.engine.runners.learning.simple import simple_answers
from app.library.card import Measured
from models.arrays import ArraySink, ArraySource
from models.restoration.degrade import degrade
from models.restoration.family import Restorer, Traits
from models.restoration.inference import restore, result_info
from models.restoration.metrics import Scores, scores
from models.training.central import central
from models.training.pairs import draw_degradation
from models.training.patches import Plane, Specimen
from models.training.verdict import Case
from models.watch import Silent, Watch

T = TypeVar("T")

MOST_EXAMS = 24
PLANES = 2  # of an image; more say the same
SHOWN_SIDE = 256  # pixels of the good image
SIDE = 768  # pixels of the good image; larger planes are tested on their middle
SMALLEST = 11  # pixels a side, see `models.restoration.metrics.scores`
MODEL = "this model"


@dataclass(frozen=True, slots=True)
class Result:
    """What every method reached on one unseen image, averaged over its planes, and crops to look at.

    `pictures` has ``bad``, ``now``, ``simple`` (of the best simple filter) and ``good``.
    """

    exam: Exam
    reached: dict[str, Scores]
    pictures: dict[str, Plane]

    def case(self) -> Case:
        """Return what the verdict needs."""
        model, simple = self.reached[MODEL], self.reached[best_of(self.reached)]
        untouched = next(one for name, one in self.reached.items() if name != MODEL)
        return Case(
            name=self.exam.name,
            sample=self.exam.sample,
            is_real=self.exam.is_real,
            model_psnr=model.psnr_fit,
            model_ssim=model.ssim,
            simple_psnr=simple.psnr_fit,
            simple_ssim=simple.ssim,
            simple_name=best_of(self.reached),
            input_psnr=untouched.psnr_fit,
        )


def best_of(reached: Mapping[str, Scores]) -> str:
    """Return the simple method that came out best."""
    return max((name for name in reached if name != MODEL), key=lambda name: _rank(reached[name]))


def _rank(one: Scores) -> float:
    return one.psnr_fit if np.isfinite(one.psnr_fit) else -np.inf if np.isnan(one.psnr_fit) else 1e3


def made_exams(order: Order, images: Sequence[Chosen], most: int) -> list[Exam]:
    """Return up to `most` unseen good images with bad ones made at the recipe's central strengths."""
    chosen = few(images, most)
    movies = order.recipe.data.movies if order.traits.frames > 1 else None
    reader = Reader(order.context, Silent(), PLANES, len(chosen), movies)
    return [
        Exam(one.name, one.sample, is_real=False, sides=[_made(order, stack, index) for stack in stacks])
        for index, (one, specimen) in enumerate(reader.read(chosen))
        if (stacks := _tested(specimen, order.traits))
    ]


def _tested(specimen: Specimen, traits: Traits) -> list[Frames]:
    """Return the middles of a few planes or movies, (t, h, w), their sides multiples of the scale."""
    stacks = [_around_middle(run, traits.frames) for run in specimen.movies]
    stacks = stacks or [plane[None] for plane in specimen.planes]
    scale, cut = traits.scale, []
    for stack in few(stacks):
        tall, wide = (min(side, SIDE) // scale * scale for side in stack.shape[1:])
        top, left = (stack.shape[1] - tall) // 2, (stack.shape[2] - wide) // 2
        if min(tall, wide) >= SMALLEST * scale:
            cut.append(stack[:, top : top + tall, left : left + wide])
    return cut


def _around_middle(run: Frames, frames: int) -> Frames:
    start = max(0, (len(run) - frames) // 2)
    return run[start : start + frames]


def few(things: Sequence[T], most: int = PLANES) -> Sequence[T]:
    """Return up to `most` of `things`, spread over them."""
    return things[:: max(1, -(-len(things) // most))]


def _made(order: Order, good: Frames, index: int) -> tuple[Frames, Plane]:
    rng = np.random.default_rng([order.spec.seed, index])
    way = central(max(order.recipe.degrade, key=lambda one: one.weight))
    how = draw_degradation(way, order.traits.scale, rng)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    with torch.inference_mode():
        bad = degrade(torch.from_numpy(np.ascontiguousarray(good))[:, None], [how] * len(good), generator)
    return bad[:, 0].numpy(), good[len(good) // 2]


def results(exams: Sequence[Exam], restorer: Restorer, watch: Watch) -> Iterator[Result]:
    """Yield what the model, tile by tile as in real use, and every simple method reach on `exams`."""
    scale = restorer.traits.scale
    for number, exam in enumerate(exams):
        watch.progress(number, len(exams), "image")
        rows: dict[str, list[Scores]] = {}
        answers: dict[str, Plane] = {}
        for bad, truth in exam.sides:
            watch.check()
            answers[MODEL] = _restored(bad, restorer)
            answers |= simple_answers(bad[len(bad) // 2], scale, watch)
            for name, answer in answers.items():
                rows.setdefault(name, []).append(scores(truth, answer))
        reached = {name: mean(found) for name, found in rows.items()}
        yield Result(exam, reached, _pictures(bad[len(bad) // 2], truth, answers, best_of(reached), scale))
    watch.progress(len(exams), len(exams), "image")


def _restored(bad: Frames, restorer: Restorer) -> Plane:
    """Return the middle frame of `bad`, restored."""
    source = ArraySource(bad[:, None, None])
    sink = ArraySink(result_info(source.info, restorer.traits.scale))
    restore(source, sink, restorer)
    return np.asarray(sink.pixels[len(bad) // 2, 0, 0], np.float32)


def _pictures(
    bad: Plane, truth: Plane, answers: Mapping[str, Plane], simple: str, scale: int
) -> dict[str, Plane]:
    """Return crops of the most lively place."""
    whole = {"bad": bad, "now": answers[MODEL], "simple": answers[simple], "good": truth}
    height, width = (min(side, SHOWN_SIDE // scale) for side in bad.shape)
    tops = range(0, bad.shape[0] - height + 1, max(1, height // 2))
    lefts = range(0, bad.shape[1] - width + 1, max(1, width // 2))

    def crop(plane: Plane, top: int, left: int, by: int) -> Plane:
        return plane[top * by : (top + height) * by, left * by : (left + width) * by]

    top, left = max(
        ((top, left) for top in tops for left in lefts),
        key=lambda place: float(crop(truth, place[0], place[1], scale).std()),
    )
    return {
        name: np.ascontiguousarray(crop(plane, top, left, 1 if name == "bad" else scale), np.float32)
        for name, plane in whole.items()
    }


def mean(found: Sequence[Scores]) -> Scores:
    """Return the mean of every score, leaving out what is no number; NaN where nothing else is there."""

    def of(name: str) -> float:
        values = [value for one in found if np.isfinite(value := getattr(one, name))]
        return float(np.mean(values)) if values else float(getattr(found[0], name))

    return Scores(*(of(name) for name in ("psnr", "psnr_fit", "ssim", "nrmse", "gain", "shift")))


def measured_rows(all_results: Sequence[Result]) -> tuple[Measured, ...]:
    """Return the card's table: one row per method, averaged over images."""
    first = all_results[0]
    on = (
        "unseen pairs from the microscope" if first.exam.is_real else "unseen images, made bad by the program"
    )
    rows = []
    for name in first.reached:
        one = mean([result.reached[name] for result in all_results])
        rows.append(
            Measured(
                on=on,
                images=len(all_results),
                is_real=first.exam.is_real,
                method=name,
                psnr=_finite(one.psnr),
                psnr_fit=_finite(one.psnr_fit),
                ssim=_finite(one.ssim),
                nrmse=_finite(one.nrmse),
                tuned="blind" if name in ("gaussian", "nlm", "tv") else "no",
            )
        )
    return tuple(rows)


def _finite(value: float) -> float:
    return round(value, 4) if np.isfinite(value) else 0.0 if np.isnan(value) else 100.0
