"""Training a restorer, from good images or as the recipe says; the result is a model folder.

The folder holds ``card.toml``, the weights, ``recipe.toml``, ``log.csv``, ``verdict.json`` and what an unseen
crop looked like on the way (``history``); while training lasts also ``checkpoint.safetensors`` and
``schedule.json``. The same command on the same folder goes on where it was interrupted. A training that is
stopped leaves the best model so far, and its checkpoint.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import nn

from app.engine.context import JobContext
from app.engine.events import Finished
from app.engine.events import Stopped as StoppedEvent
from app.engine.runners.devices import chosen_device
from app.engine.runners.learning.card import doubts
from app.engine.runners.learning.final import finish
from app.engine.runners.learning.order import Lasting, Order, Teaching
from app.engine.runners.learning.sight import Sight
from app.engine.runners.learning.ways import way_of
from app.engine.runners.model_folder import Fixed, ModelFolder
from app.engine.specs import TrainSpec
from app.library.store import Library
from models import weights
from models.errors import Stopped
from models.pssr.network import Layout, ResUNet
from models.training.growing import grow_into
from models.training.loop import Look, Plan, State, train
from models.training.pace import measure_pace, steps_within
from models.training.recipe import Recipe, RecipeUnreadable, parse


def run(spec: TrainSpec, context: JobContext) -> Finished | StoppedEvent:
    """Train as `spec` says; see the module's docstring for what is left in ``spec.output_dir``.

    Raises
    ------
    TooFewImages, OtherTraining, FolderNotUsable, RecipeUnreadable, LossNotFinite, TooLittleMemory
        And what the library and the weights raise where the recipe begins with another model.
    """
    recipe = parse(spec.recipe)
    layout = _layout(recipe)
    chosen = chosen_device(spec.device)
    context.hold_device(chosen.name)
    context.started(chosen.words)
    folder = ModelFolder(Path(spec.output_dir))
    state = folder.begin(spec.recipe)
    order = Order(spec, recipe, layout, torch.device(chosen.name), context)
    for doubt in doubts(spec.match, is_same_sample=False):
        context.remark("train.poor_match", doubt)
    try:
        context.stage("Reading the images")
        teaching = way_of(order)(order, Lasting(context) if state is not None else context)
        lesson = Lesson(order, teaching, folder, state)
        is_complete = lesson.learned()
    except Stopped:  # before there was anything to keep
        return StoppedEvent(context.job, (spec.output_dir,))
    if lesson.reached is not None:
        finish(order, teaching, folder, lesson.reached)
    if not is_complete:
        return StoppedEvent(context.job, (spec.output_dir,))
    folder.close()
    return Finished(context.job, (spec.output_dir,))


def _layout(recipe: Recipe) -> Layout:
    try:
        return Layout.from_json(json.dumps(dict(recipe.network)).encode())
    except ValueError as error:
        raise RecipeUnreadable(
            f"The recipe's part network cannot be built: {error}.",
            hint="Compare with the recipes that came with the program.",
        ) from error


class Lesson:
    """One network learning, with everything that is written down on the way.

    Attributes
    ----------
    reached : State or None
        The last checkpoint, from this run or an earlier one.
    """

    def __init__(self, order: Order, teaching: Teaching, folder: ModelFolder, state: State | None) -> None:
        self.reached = state
        self._order = order
        self._teaching = teaching
        self._folder = folder
        self._sight = Sight(teaching.score, teaching.shown, order.layout.scale, folder.folder)

    def learned(self) -> bool:
        """Learn to the end; return false if somebody stopped it after there was something to keep.

        Raises
        ------
        models.errors.Stopped
            If it was stopped before that.
        """
        order, context = self._order, self._order.context
        try:
            network = self._network()
            fixed = self._fixed(network)
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
                state=self.reached,
            )
        except Stopped:
            if self.reached is None:
                raise
            return False
        return True

    def _network(self) -> nn.Module:
        torch.manual_seed(self._order.spec.seed)  # the network's first weights
        network = ResUNet(self._order.layout)
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
            return fixed
        watch = context if self.reached is None else Lasting(context)
        context.stage("Measuring what a simple filter reaches")
        simple = teaching.simple(watch)
        steps, every = plan.steps, plan.every
        minutes = order.spec.minutes
        if minutes > 0:
            context.stage("Measuring how fast it learns here")
            pace = measure_pace(
                network, teaching.draw, teaching.criterion, teaching.score, plan,
                device=order.device, watch=context,
            )  # fmt: skip
            steps, every = steps_within(minutes, pace, every)
        fixed = Fixed(minutes, steps, every, round(simple, 4))
        self._folder.fix(fixed)
        context.note("schedule", json.dumps(asdict(fixed)))
        return fixed

    def _keep(self, state: State, look: Look, simple_db: float) -> None:
        context = self._order.context
        self._folder.keep(state, look, simple_db)
        with self._folder.told():
            seen = self._sight.keep(look.step)
        self.reached = state
        context.metric("simple", look.step, simple_db)
        context.preview(seen)
        context.commit(f"step {look.step}")
