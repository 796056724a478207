"""Training a restorer, from good images or as the recipe says; the result is a model folder.

The folder holds ``card.toml``, the weights, ``recipe.toml``, ``log.csv``, ``verdict.json`` and what an unseen
crop looked like on the way (``history``); while training lasts also ``checkpoint.safetensors`` and
``schedule.json``. The same command on the same folder goes on where it was interrupted. A training that is
stopped leaves the best model so far, and its checkpoint. One that was given minutes keeps its checkpoint at
the end too: the same command with more minutes goes on.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic

import torch
from torch import nn

from app.engine.context import JobContext
from app.engine.events import Finished
from app.engine.events import Stopped as StoppedEvent
from app.engine.runners.devices import chosen_device
from app.engine.runners.learning.card import WHOLE_TILE, doubts
from app.engine.runners.learning.exams import MOST_EXAMS, PLANES
from app.engine.runners.learning.final import finish
from app.engine.runners.learning.order import Lasting, Order, Teaching
from app.engine.runners.learning.sight import Sight
from app.engine.runners.learning.ways import way_of
from app.engine.runners.model_folder import Fixed, ModelFolder
from app.engine.specs import TrainSpec
from app.library.store import Library
from models import weights
from models.errors import Stopped
from models.pssr.networks import built, described, sees_whole_tile
from models.restoration.family import Traits
from models.training.growing import grow_into
from models.training.loop import Look, Plan, State, train
from models.training.pace import Pace, budget, measure_pace, steps_within
from models.training.recipe import Recipe, RecipeUnreadable, parse

SIMPLE_SHARE = 0.7  # of what the simple filters take for the looks, they take for a plane of the verdict
LOOK_SHARE = 2.0  # of the time of a look, the network takes for a plane of the verdict


def run(spec: TrainSpec, context: JobContext) -> Finished | StoppedEvent:
    """Train as `spec` says; see the module's docstring for what is left in ``spec.output_dir``.

    Raises
    ------
    TooFewImages, OtherTraining, FolderNotUsable, RecipeUnreadable, LossNotFinite, TooLittleMemory
        And what the library and the weights raise where the recipe begins with another model.
    """
    began = monotonic()
    recipe = parse(spec.recipe)
    network, traits = _network(recipe, is_paired=bool(spec.paired or spec.paired_dir))
    chosen = chosen_device(spec.device)
    context.hold_device(chosen.name)
    context.started(chosen.words)
    folder = ModelFolder(Path(spec.output_dir))
    state = folder.begin(spec.recipe, spec.minutes)
    spec = replace(spec, match=folder.matched(spec.match))
    order = Order(spec, recipe, network, traits, torch.device(chosen.name), context)
    for doubt in doubts(spec.match, is_same_sample=False):
        context.remark("train.poor_match", doubt)
    if sees_whole_tile(network):
        context.remark("train.whole_tile", WHOLE_TILE)
    has_result = state is not None and state.has_result
    try:
        context.stage("Reading the images")
        teaching = way_of(order)(order, Lasting(context) if has_result else context)
        lesson = Lesson(order, teaching, folder, state, began)
        is_complete = lesson.learned()
    except Stopped:  # before there was anything to keep
        _say_nothing_yet(context)
        return StoppedEvent(context.job, (spec.output_dir,))
    if lesson.reached is not None and lesson.reached.has_result:
        finish(order, teaching, folder, lesson.reached, lesson.exams)
    else:
        _say_nothing_yet(context)
    if not is_complete:
        return StoppedEvent(context.job, (spec.output_dir,))
    folder.close()
    return Finished(context.job, (spec.output_dir,))


def _say_nothing_yet(context: JobContext) -> None:
    context.remark(
        "train.no_model_yet",
        "It was stopped before its first look at unseen images: there is no model yet, and it can go on.",
    )


def _network(recipe: Recipe, *, is_paired: bool) -> tuple[bytes, Traits]:
    """Return the description of the recipe's network, complete, and its traits.

    Raises
    ------
    RecipeUnreadable
        If it cannot be built, or does not go together with the rest of the recipe.
    """
    text = json.dumps(dict(recipe.network)).encode()
    try:
        _, traits = built(text)
        for wrong in _contradictions(recipe, traits, is_paired=is_paired):
            raise ValueError(wrong)
    except ValueError as error:
        raise RecipeUnreadable(
            f"The recipe's part network cannot be used: {error}.",
            hint="Compare with the recipes that came with the program.",
        ) from error
    return described(text).to_json(), traits


def _contradictions(recipe: Recipe, traits: Traits, *, is_paired: bool) -> Iterator[str]:
    unit = traits.multiple * traits.scale
    if recipe.crops.size % unit:
        yield f"it needs crops whose size is a multiple of {unit}, not of {recipe.crops.size} pixels"
    if traits.frames % 2 == 0:
        yield f"it sees {traits.frames} frames, and only an odd number has a middle one"
    if is_paired and traits.frames > 1:
        yield "it sees several frames, and real pairs have one"
    if recipe.family == "n2v" and (traits.scale, traits.frames) != (1, 1):
        yield "learning from noisy images alone keeps their pixels and sees one frame"


class Lesson:
    """One network learning, with everything that is written down on the way.

    Attributes
    ----------
    reached : State or None
        The last checkpoint, from this run or an earlier one.
    exams : int
        How many unseen images the verdict may take.
    """

    def __init__(
        self, order: Order, teaching: Teaching, folder: ModelFolder, state: State | None, began: float
    ) -> None:
        self.reached = state
        self.exams = MOST_EXAMS
        self._began = began
        self._order = order
        self._teaching = teaching
        self._folder = folder
        self._sight = Sight(teaching.score, teaching.shown, order.traits.scale, folder.folder)

    def learned(self) -> bool:
        """Learn to the end; return false if somebody stopped it after something was learned.

        Raises
        ------
        models.errors.Stopped
            If it was stopped before that.
        """
        order, context = self._order, self._order.context
        try:
            network = self._network()
            fixed = self._fixed(network)
            self.exams = fixed.exams
            with self._folder.told():
                self._sight.begin(self.reached.step if self.reached else 0)
            context.stage("Learning")
            train(
                network,
                self._teaching.draw,
                self._teaching.criterion,
                self._sight,
                replace(self._plan(), steps=fixed.steps, every=fixed.every),
                device=order.device,
                watch=context,
                save=lambda state, look: self._keep(state, look, fixed.simple_db),
                interrupted=self._interrupt,
                state=self.reached,
            )
        except Stopped:
            if self.reached is None:
                raise
            return False
        return True

    def _network(self) -> nn.Module:
        torch.manual_seed(self._order.spec.seed)  # the network's first weights
        network, _ = built(self._order.network)
        if start := self._order.recipe.schedule.start:
            grow_into(network, weights.from_bytes(Library(self._order.context.paths).weights(start)))
        return network

    def _plan(self) -> Plan:
        schedule = self._order.recipe.schedule
        return Plan(
            steps=schedule.steps,
            learning_rate=schedule.learning_rate,
            average=schedule.average,
            every=schedule.every,
            keep=schedule.keep,
            precision="bfloat16" if self._order.device.type == "cuda" else "float32",
            is_deterministic=schedule.deterministic,
        )

    def _fixed(self, network: nn.Module) -> Fixed:
        """Return what holds for the whole training, measured when it begins."""
        order, context, teaching, plan = self._order, self._order.context, self._teaching, self._plan()
        if self.reached is not None and (fixed := self._folder.fixed()) is not None:
            return self._longer(fixed)
        watch = context if self.reached is None else Lasting(context)
        context.stage("Measuring what a simple filter reaches")
        started = monotonic()
        simple = teaching.simple(watch)
        simple_s = monotonic() - started
        steps, every, exams = plan.steps, plan.every, MOST_EXAMS
        minutes = order.spec.minutes
        if minutes > 0:
            context.stage("Measuring how fast it learns here")
            pace = measure_pace(
                network, teaching.draw, teaching.criterion, teaching.score, plan,
                device=order.device, watch=context,
            )  # fmt: skip
            exams, left_s = self._time_left(pace, simple_s)
            steps, every = steps_within(left_s / 60, pace, every)
        fixed = Fixed(minutes, steps, every, round(simple, 4), exams)
        self._folder.fix(fixed)
        context.note("schedule", json.dumps(asdict(fixed)))
        return fixed

    def _time_left(self, pace: Pace, simple_s: float) -> tuple[int, float]:
        """Return how many unseen images the verdict may take, and the seconds that are left to learn."""
        exam_s = PLANES * (SIMPLE_SHARE * simple_s + LOOK_SHARE * pace.look_s)
        minutes, spent_s = self._order.spec.minutes, monotonic() - self._began
        return budget(60 * minutes, spent_s, exam_s, min(self._teaching.unseen, MOST_EXAMS))

    def _interrupt(self, state: State) -> None:
        self._folder.interrupt(state)
        self.reached = state

    def _longer(self, fixed: Fixed) -> Fixed:
        """Return what was fixed, with more steps where somebody gives more minutes than there were."""
        minutes = self._order.spec.minutes
        if not 0 < fixed.minutes < minutes:
            return fixed
        longer = replace(
            fixed,
            minutes=minutes,
            steps=round(fixed.steps * minutes / fixed.minutes),
            is_complete=False,
        )
        self._folder.fix(longer)
        return longer

    def _keep(self, state: State, look: Look, simple_db: float) -> None:
        context = self._order.context
        self._folder.keep(state, look, simple_db)
        with self._folder.told():
            seen = self._sight.keep(look.step)
        self.reached = state
        context.metric("simple", look.step, simple_db)
        context.preview(seen)
        context.commit(f"step {look.step}")
