"""The training loop of all families: draw, predict, compare, step; keep the best by unseen specimens.

The state after any step is data (tensors and numbers). Nothing random outlives a step, so continuing from a
checkpoint takes the very steps that an undisturbed run would have taken, bit for bit on the same processor.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from models import weights
from models.errors import Stopped, UserError
from models.training.supply import Supply, is_out_of_memory, too_little_memory
from models.watch import Watch

Batch = tuple[Tensor, Tensor]  # what the network sees, what it should answer
Draw = Callable[[int], Batch]  # step -> batch, from the seed and the step alone
Criterion = Callable[[Tensor, Tensor], Tensor]
Score = Callable[[nn.Module], float]  # on unseen specimens, higher is better
MOMENTS = ("exp_avg", "exp_avg_sq", "step")


class LossNotFinite(UserError):
    """The loss stopped being a number, also after learning half as fast."""

    code: ClassVar[str] = "train.loss"


class CheckpointDamaged(UserError):
    """The bytes are not the checkpoint of a training."""

    code: ClassVar[str] = "train.checkpoint"


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to learn.

    Attributes
    ----------
    steps : int
    learning_rate : float
        The highest; reached after `warmup` of the steps, then falling as a cosine to a hundredth.
    warmup : float
        Share of the steps.
    weight_decay : float
        On convolution kernels.
    average : float
        Decay of the exponential moving average of the weights, which is what is kept.
    every : int
        Steps between two looks at the unseen specimens, each followed by a checkpoint.
    precision : {"float32", "bfloat16", "float16"}
        Of the network's computation; the weights stay float32.
    keep : {"best", "last"}
        Which averaged weights are the result: those that scored best on the unseen specimens, or the last
        ones, for when the unseen specimens are too unlike the purpose to choose by.
    is_deterministic : bool
        Whether a GPU too must give the same numbers every time; slower there.
    """

    steps: int
    learning_rate: float = 1e-3
    warmup: float = 0.05
    weight_decay: float = 1e-4
    average: float = 0.999
    every: int = 100
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    keep: Literal["best", "last"] = "best"
    is_deterministic: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Everything needed to go on.

    Attributes
    ----------
    tensors : name -> tensor
    step : int
        The step reached.
    best : float
        The best score so far; minus infinity before the first look.
    rate : float
        The part of the planned learning rate that is used: a half after the loss was no number.
    loss : float
        Sum of the losses since the last look.
    looked : int
        The step of the last look.
    """

    tensors: dict[str, Tensor]
    step: int
    best: float
    rate: float = 1.0
    loss: float = 0.0
    looked: int = 0

    @property
    def has_result(self) -> bool:
        """Whether there was a look at the unseen specimens, and with it a model worth keeping."""
        return self.looked > 0

    @property
    def is_sound(self) -> bool:
        """Whether all numbers are finite, so that training can go on from here."""
        return math.isfinite(self.loss) and all(
            bool(tensor.isfinite().all()) for tensor in self.tensors.values()
        )

    def to_bytes(self) -> bytes:
        """Return the state as safetensors bytes."""
        values = [float(self.step), self.best, self.rate, self.loss, float(self.looked)]
        return weights.to_bytes({**self.tensors, "numbers": torch.tensor(values, dtype=torch.float64)})

    @classmethod
    def from_bytes(cls, data: bytes) -> "State":
        """Read what `to_bytes` wrote, now or in earlier versions, which wrote only at looks.

        Raises
        ------
        CheckpointDamaged
        """
        try:
            tensors = weights.from_bytes(data)
            step, best, *more = tensors.pop("numbers").tolist()
        except (weights.WeightsUnreadable, KeyError, ValueError) as error:
            raise CheckpointDamaged(
                "The checkpoint of the training is damaged; it cannot go on from there.",
                hint="Train again in another folder.",
            ) from error
        rate, loss, looked = more + [1.0, 0.0, step][len(more) :]
        return cls(tensors, int(step), best, rate, loss, int(looked))

    def part(self, kind: str) -> dict[str, Tensor]:
        """Return the tensors of one kind, such as the weights that scored ``"best"``, by their own names."""
        prefix = f"{kind}/"
        return {n.removeprefix(prefix): t for n, t in self.tensors.items() if n.startswith(prefix)}

    def result(self, keep: Literal["best", "last"]) -> dict[str, Tensor]:
        """Return the weights that a training which ends here would give."""
        return self.part("best" if keep == "best" else "average")


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one look at the unseen specimens: mean loss since the last one, and the score."""

    step: int
    loss: float
    unseen: float


def learning_rate(plan: Plan, step: int) -> float:
    """Return the rate of `step`: linear warm-up, then a cosine to a hundredth of the highest."""
    warm = max(1, round(plan.warmup * plan.steps))
    if step < warm:
        return plan.learning_rate * (step + 1) / warm
    share = (step - warm) / max(1, plan.steps - warm)
    return plan.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))


def train(
    network: nn.Module,
    draw: Draw,
    criterion: Criterion,
    score: Score,
    plan: Plan,
    *,
    device: torch.device,
    watch: Watch,
    save: Callable[[State, Look], None],
    interrupted: Callable[[State], None] = lambda _: None,
    state: State | None = None,
) -> dict[str, Tensor]:
    """Train `network` and return its averaged weights, by default those that scored best.

    Parameters
    ----------
    network : nn.Module
        Changed in place; moved to `device`.
    draw : step -> (input, target)
        Called from a thread, a few steps ahead.
    criterion : (output, target) -> scalar
        A mean over the batch.
    score : network -> float
        Higher is better; called with the averaged weights loaded and gradients off.
    plan : Plan
    device : torch.device
    watch : Watch
        Asked every step whether to stop; hears ``loss`` and ``unseen`` metrics.
    save : (State, Look) -> None
        Called after every look at the unseen specimens; what it stores is a checkpoint.
    interrupted : State -> None
        Called when the watch stops the training between two looks, with all that was learned until then.
    state : State, optional
        A checkpoint to go on from.

    Raises
    ------
    models.errors.Stopped
        When the watch says so.
    LossNotFinite
        If the loss stops being a number, and again at half the learning rate; the last checkpoint stands.
    models.training.supply.TooLittleMemory
        If a single crop does not fit into memory.
    """
    learner = Learner(network, criterion, plan, device=device, watch=watch)
    with deterministic(plan.is_deterministic), Supply(draw, plan.steps, device) as supply:
        if state is not None:
            learner.restore(state)
        sound = learner.state()
        while learner.done < plan.steps:
            try:
                watch.check()
            except Stopped:
                if learner.done > sound.step and (now := learner.state()).is_sound:
                    interrupted(now)
                raise
            if not learner.learn(supply.take(learner.done)):
                supply.draw_less()
            if learner.done % plan.every == 0 or learner.done == plan.steps:
                look = learner.look(score)
                if look is None:
                    learner.fall_back(sound)
                    continue
                sound = learner.state()
                save(sound, look)
            watch.progress(learner.done, plan.steps, "step")
    return learner.state().result(plan.keep)


@contextmanager
def deterministic(wanted: bool) -> Iterator[None]:  # noqa: FBT001 - a switch
    """Have torch take only ways of computing that always give the same numbers, while the block runs."""
    before = torch.are_deterministic_algorithms_enabled()
    if wanted:
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


class Learner:
    """A network that learns step by step; see `train` for the parameters.

    Attributes
    ----------
    done : int
        Steps so far.
    """

    def __init__(
        self, network: nn.Module, criterion: Criterion, plan: Plan, *, device: torch.device, watch: Watch
    ) -> None:
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        decay = [p for p in network.parameters() if p.ndim > 1]
        rest = [p for p in network.parameters() if p.ndim <= 1]
        groups = [{"params": decay, "weight_decay": plan.weight_decay}, {"params": rest, "weight_decay": 0.0}]
        self.done = 0
        self._network = network
        self._criterion = criterion
        self._plan = plan
        self._device = device
        self._watch = watch
        self._optimiser = torch.optim.AdamW(groups, lr=plan.learning_rate, betas=(0.9, 0.99))
        self._half = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}[plan.precision]
        self._scaler = torch.amp.GradScaler(device.type, enabled=self._half is torch.float16)
        self._average = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        self._best_weights = {name: tensor.clone() for name, tensor in self._average.items()}
        self._best, self._rate = -math.inf, 1.0
        self._parts = 1
        self._loss, self._last_look = self._nothing(), 0

    def _nothing(self) -> Tensor:
        return torch.zeros(
            (), dtype=torch.float32 if self._device.type == "mps" else torch.float64, device=self._device
        )

    def learn(self, batch: Batch) -> bool:
        """Take one step; return whether the whole batch fits into memory at once.

        Where it does not, its parts are taken one after another and their gradients added up, so that the
        step is the same but for rounding.

        Raises
        ------
        TooLittleMemory
            If not even one crop fits.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * learning_rate(self._plan, self.done)
        while not self._fits(batch):
            self._take_smaller_parts(len(batch[0]))
        self._scaler.unscale_(self._optimiser)
        nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self._follow(min(self._plan.average, (self.done + 1) / (self.done + 10)))
        self.done += 1
        return self._parts == 1

    def _fits(self, batch: Batch) -> bool:
        """Compute the gradients; return false if that needs more memory than there is."""
        self._optimiser.zero_grad(set_to_none=True)
        try:
            loss = self._gradients(batch)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            return False
        self._loss += loss
        return True

    def _gradients(self, batch: Batch) -> Tensor:
        total = self._nothing()
        parts = zip(*(tensor.chunk(self._parts) for tensor in batch), strict=True)
        for seen, wanted in parts:
            with torch.autocast(self._device.type, dtype=self._half, enabled=self._half is not None):
                output = self._network(seen.contiguous(memory_format=torch.channels_last))
            loss = self._criterion(output.float(), wanted)
            if self._parts > 1:
                loss = loss * (len(seen) / len(batch[0]))
            self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    def _take_smaller_parts(self, crops: int) -> None:
        self._optimiser.zero_grad(set_to_none=True)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        if self._parts >= crops:
            raise too_little_memory()
        if self._parts == 1:
            self._watch.remark(
                "train.smaller_batch",
                f"The memory is too small for {crops} crops at once: they are taken in smaller parts, which "
                "is slower but teaches the same.",
            )
        self._parts = min(2 * self._parts, crops)

    def _follow(self, decay: float) -> None:
        with torch.no_grad():
            for name, tensor in self._network.state_dict().items():
                if tensor.is_floating_point():
                    self._average[name].lerp_(tensor, 1 - decay)
                else:
                    self._average[name].copy_(tensor)

    def look(self, score: Score) -> Look | None:
        """Score the averaged weights on unseen specimens; return None if the loss is no number."""
        loss = float(self._loss)
        if not math.isfinite(loss):
            return None
        loss_mean = loss / max(1, self.done - self._last_look)
        self._loss, self._last_look = self._nothing(), self.done
        self._watch.metric("loss", self.done, loss_mean)
        reached = self._scored(score)
        self._watch.metric("unseen", self.done, reached)
        if reached > self._best:
            self._best = reached
            self._best_weights = {name: tensor.clone() for name, tensor in self._average.items()}
        return Look(self.done, loss_mean, reached)

    def _scored(self, score: Score) -> float:
        """Score the averaged weights, then put the current ones back."""
        current = {name: tensor.clone() for name, tensor in self._network.state_dict().items()}
        self._network.load_state_dict(self._average)
        self._network.eval()
        with torch.inference_mode():
            reached = score(self._network)
        self._network.train()
        self._network.load_state_dict(current)
        return reached

    def fall_back(self, sound: State) -> None:
        """Go back to `sound` and learn half as fast from there.

        Raises
        ------
        LossNotFinite
            If that was done before.
        """
        if self._rate < 1:
            raise LossNotFinite(
                f"The training failed after {self.done} steps: its loss is no number any more, also at half "
                "the learning rate. The last checkpoint, if there is one, is safe.",
                hint="Look for images with unusual values, or choose a recipe with a lower learning rate.",
                step=self.done,
            )
        self._watch.remark(
            "train.fell_back",
            f"After {self.done} steps the loss was no number any more: the training went back to step "
            f"{sound.step} and learns half as fast from there.",
        )
        self.restore(sound)
        self._rate = 0.5

    def state(self) -> State:
        """Return a copy of everything needed to go on from here."""
        tensors: dict[str, Tensor] = {}
        kinds = (
            ("now", self._network.state_dict()),
            ("average", self._average),
            ("best", self._best_weights),
        )
        for kind, values in kinds:
            tensors.update({f"{kind}/{name}": tensor.clone() for name, tensor in values.items()})
        for name, parameter in self._network.named_parameters():
            moments = self._optimiser.state.get(parameter, {})
            tensors.update({f"{m}/{name}": moments[m].clone() for m in MOMENTS if m in moments})
        return State(tensors, self.done, self._best, self._rate, float(self._loss), self._last_look)

    def restore(self, state: State) -> None:
        """Go on from `state`."""
        self.done, self._best, self._rate = state.step, state.best, state.rate
        self._loss, self._last_look = self._nothing() + state.loss, state.looked
        self._network.load_state_dict(state.part("now"))
        for target, kind in ((self._average, "average"), (self._best_weights, "best")):
            for name, tensor in state.part(kind).items():
                target[name].copy_(tensor)
        self._optimiser.state.clear()
        moments = {kind: state.part(kind) for kind in MOMENTS}
        for name, parameter in self._network.named_parameters():
            if name in moments["step"]:
                self._optimiser.state[parameter] = {
                    kind: values[name].to("cpu" if kind == "step" else parameter.device).clone()
                    for kind, values in moments.items()
                }
