"""How strong a filter should be: found from the noisy image alone, or with the truth in hand.

Blind tuning compares a filter's guess of a pixel that it could not see with that pixel. Where the noise
of neighbouring pixels is independent, the strength that guesses best is also the one closest to the truth.

References
----------
Batson and Royer, Noise2Self, ICML 2019.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models.smoothing.filters import GRIDS, Filter, Method, Plane, measured_filter, smooth
from models.smoothing.upsample import Order, upsample

Score = Callable[[Plane, Plane], float]  # (restored, truth) -> larger is better

STRIDE = 4  # every fourth pixel along y and x is hidden at a time
PHASES = ((0, 0), (1, 2), (2, 1), (3, 3))  # which of the 16 shifts of that grid are tried


def tune_blind(image: Plane, method: Method) -> float:
    """Return the parameter of `method` that guesses hidden pixels of `image`, ``(h, w)``, best."""
    return best_blind([image], [method])[0].parameter


def best_blind(
    planes: Iterable[Plane], methods: Iterable[Method], *, is_quick: bool = False
) -> tuple[Filter, float]:
    """Return the filter among `methods` that guesses hidden pixels best, and its mean squared error.

    Parameters
    ----------
    planes : iterable of (h, w) float32
        A sample of the image; noise level and range are the medians over it.
    methods : iterable of Method
        Tried in this order; a later one must be better by 0.5 % to be preferred: put fast ones first.
    is_quick : bool
        Whether to walk downhill along the strengths instead of trying all, and to hide half as many pixels.
    """
    sample = [np.asarray(plane, np.float32) for plane in planes]
    best: tuple[Filter, float] | None = None
    for method in methods:
        trials = _candidates(sample, method)
        if is_quick:
            trial, error = _lowest(trials, partial(hidden_error, sample, phases=PHASES[:2]))
        else:
            errors = [hidden_error(sample, one) for one in trials]
            error = min(errors)
            trial = trials[errors.index(error)]
        if best is None or error < 0.995 * best[1]:
            best = trial, error
    if best is None:
        raise ValueError("no method to choose from")
    return best


def _lowest(trials: Sequence[Filter], error_of: Callable[[Filter], float]) -> tuple[Filter, float]:
    """Walk downhill from the middle of `trials`, in steps of two and then of one.

    The error falls and rises once along a grid of strengths, so few of them need to be tried.
    """
    errors: dict[int, float] = {}

    def error_at(index: int) -> float:
        if index not in errors:
            errors[index] = error_of(trials[index])
        return errors[index]

    best = len(trials) // 2
    for step in (2, 1):
        while True:
            around = [index for index in (best - step, best, best + step) if 0 <= index < len(trials)]
            lowest = min(around, key=error_at)
            if lowest == best:
                break
            best = lowest
    return trials[best], errors[best]


def _candidates(sample: list[Plane], method: Method) -> list[Filter]:
    measured = [measured_filter(plane, method, 0.0) for plane in sample]
    noise_sd = float(np.median([one.noise_sd for one in measured]))
    span = float(np.median([one.span for one in measured]))
    return [Filter(method, parameter, noise_sd, span) for parameter in GRIDS[method]]


def hidden_error(
    planes: Iterable[Plane], trial: Filter, *, phases: Sequence[tuple[int, int]] = PHASES
) -> float:
    """Mean squared difference between hidden pixels and what `trial` makes of their surroundings.

    Hidden pixels are replaced by the mean of their eight neighbours, weighted 2 to 1 for the nearer ones.
    """
    total, count = 0.0, 0
    for plane in planes:
        around = _neighbours(plane)
        for top, left in phases:
            grid = (slice(top, None, STRIDE), slice(left, None, STRIDE))
            veiled = plane.copy()
            veiled[grid] = around[grid]
            differences = trial(veiled)[grid] - plane[grid]
            total += float(np.sum(differences.astype(np.float64) ** 2))
            count += differences.size
    return total / max(count, 1)


def _neighbours(plane: Plane) -> Plane:
    padded = np.pad(plane, 1, mode="reflect" if min(plane.shape) > 1 else "edge")
    height, width = plane.shape
    shifted: dict[tuple[int, int], NDArray[np.float32]] = {
        (dy, dx): padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    }
    near = shifted[-1, 0] + shifted[1, 0] + shifted[0, -1] + shifted[0, 1]
    far = shifted[-1, -1] + shifted[-1, 1] + shifted[1, -1] + shifted[1, 1]
    return np.asarray((2 * near + far) / 12, np.float32)


def tune_with_truth(
    image: Plane, truth: Plane, method: Method, score: Score, *, scale: int = 1, order: Order = "bicubic"
) -> float:
    """Return the parameter of `method` whose result scores highest against `truth`.

    Parameters
    ----------
    image : (h, w) float32
        The noisy plane.
    truth : (h * scale, w * scale) float32
    method : Method
    score : callable
        ``score(restored, truth)``, larger is better; called with the upsampled result where `scale` > 1.
    """
    return max(
        GRIDS[method],
        key=lambda parameter: score(upsample(smooth(image, method, parameter), scale, order), truth),
    )
