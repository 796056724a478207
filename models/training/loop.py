"""The training loop of all families: draw, predict, compare, step; keep the best by unseen specimens.

The state after any step is data (tensors and numbers). Nothing random outlives a step, so continuing from a
checkpoint takes the very steps that an undisturbed run would have taken, bit for bit on the same processor.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from models import weights
from models.watch import Watch

Batch = tuple[Tensor, Tensor]  # what the network sees, what it should answer
Draw = Callable[[int], Batch]  # step -> batch, from the seed and the step alone
Criterion = Callable[[Tensor, Tensor], Tensor]
Score = Callable[[nn.Module], float]  # on unseen specimens, higher is better


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
    """

    steps: int
    learning_rate: float = 1e-3
    warmup: float = 0.05
    weight_decay: float = 1e-4
    average: float = 0.999
    every: int = 100
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    keep: Literal["best", "last"] = "best"


@dataclass(frozen=True, slots=True)
class State:
    """Everything needed to go on: tensors by name, the step reached, the best score so far."""

    tensors: dict[str, Tensor]
    step: int
    best: float

    def to_bytes(self) -> bytes:
        """Return the state as safetensors bytes."""
        numbers = torch.tensor([float(self.step), self.best], dtype=torch.float64)
        return weights.to_bytes({**self.tensors, "numbers": numbers})

    @classmethod
    def from_bytes(cls, data: bytes) -> "State":
        """Read what `to_bytes` wrote."""
        tensors = weights.from_bytes(data)
        step, best = tensors.pop("numbers").tolist()
        return cls(tensors, int(step), best)


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
    state: State | None = None,
) -> dict[str, Tensor]:
    """Train `network` and return its averaged weights, by default those that scored best.

    Parameters
    ----------
    network : nn.Module
        Changed in place; moved to `device`.
    draw : step -> (input, target)
    criterion : (output, target) -> scalar
    score : network -> float
        Higher is better; called with the averaged weights loaded and gradients off.
    plan : Plan
    device : torch.device
    watch : Watch
        Asked every step whether to stop; hears ``loss`` and ``unseen`` metrics.
    save : (State, Look) -> None
        Called after every look at the unseen specimens; what it stores is a checkpoint.
    state : State, optional
        A checkpoint to go on from.

    Raises
    ------
    models.errors.Stopped
        When the watch says so; the last checkpoint stands.
    FloatingPointError
        If the loss stops being a finite number.
    """
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    decay = [p for p in network.parameters() if p.ndim > 1]
    rest = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decay, "weight_decay": plan.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=plan.learning_rate, betas=(0.9, 0.99))
    average = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    best_weights = {name: tensor.clone() for name, tensor in average.items()}
    best, first = -math.inf, 0
    if state is not None:
        best, first = state.best, state.step
        _restore(network, optimiser, average, best_weights, state)
    half = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}[plan.precision]
    scaler = torch.amp.GradScaler(device.type, enabled=half is torch.float16)
    recent, last_look = 0.0, first
    for step in range(first, plan.steps):
        watch.check()
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(plan, step)
        seen, wanted = draw(step)
        with torch.autocast(device.type, dtype=half, enabled=half is not None):
            output = network(seen.contiguous(memory_format=torch.channels_last))
        loss = criterion(output.float(), wanted)
        optimiser.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.unscale_(optimiser)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        scaler.step(optimiser)
        scaler.update()
        _follow(average, network, min(plan.average, (step + 1) / (step + 10)))
        recent += float(loss.detach())
        done = step + 1
        if done % plan.every == 0 or done == plan.steps:
            if not math.isfinite(recent):
                raise FloatingPointError(f"the loss is {recent} after {done} steps")
            loss_mean, recent, last_look = recent / (done - last_look), 0.0, done
            watch.metric("loss", done, loss_mean)
            reached = _scored(network, average, score)
            watch.metric("unseen", done, reached)
            if reached > best:
                best = reached
                best_weights = {name: tensor.clone() for name, tensor in average.items()}
            look = Look(done, loss_mean, reached)
            save(_state(network, optimiser, average, best_weights, done, best), look)
        watch.progress(done, plan.steps, "step")
    return best_weights if plan.keep == "best" else average


def _follow(average: dict[str, Tensor], network: nn.Module, decay: float) -> None:
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            average[name].lerp_(tensor, 1 - decay)


def _scored(network: nn.Module, average: dict[str, Tensor], score: Score) -> float:
    """Score the averaged weights, then put the current ones back."""
    current = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.load_state_dict(average)
    network.eval()
    with torch.inference_mode():
        reached = score(network)
    network.train()
    network.load_state_dict(current)
    return reached


def _state(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor],
    best_weights: dict[str, Tensor],
    step: int,
    best: float,
) -> State:
    tensors: dict[str, Tensor] = {}
    for kind, values in (("now", network.state_dict()), ("average", average), ("best", best_weights)):
        tensors.update({f"{kind}/{name}": tensor.clone() for name, tensor in values.items()})
    for name, parameter in network.named_parameters():
        moments = optimiser.state[parameter]
        for moment in ("exp_avg", "exp_avg_sq", "step"):
            tensors[f"{moment}/{name}"] = moments[moment].clone()
    return State(tensors, step, best)


def _restore(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor],
    best_weights: dict[str, Tensor],
    state: State,
) -> None:
    def part(kind: str) -> dict[str, Tensor]:
        prefix = f"{kind}/"
        return {n.removeprefix(prefix): t for n, t in state.tensors.items() if n.startswith(prefix)}

    network.load_state_dict(part("now"))
    for target, kind in ((average, "average"), (best_weights, "best")):
        for name, tensor in part(kind).items():
            target[name].copy_(tensor)
    moments = {kind: part(kind) for kind in ("exp_avg", "exp_avg_sq", "step")}
    for name, parameter in network.named_parameters():
        optimiser.state[parameter] = {
            kind: values[name].to("cpu" if kind == "step" else parameter.device).clone()
            for kind, values in moments.items()
        }
