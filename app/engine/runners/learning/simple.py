"""What the best simple filter, tuned blindly, makes of the same images: the yardstick of a training."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.smoothing.filters import METHODS, Filter, Method
from models.smoothing.tuning import best_blind
from models.smoothing.upsample import upsample
from models.training.loop import Batch
from models.watch import Watch

Plane = NDArray[np.float32]

CROP_SIDE = 64  # filters for crops are tuned on their middle
PLANE_SIDE = 192  # filters for whole planes are tuned on their middle


def tuned(bad: Plane, method: Method, side: int) -> tuple[Filter, float]:
    """Return `method` as it guesses hidden pixels of the middle of `bad` best, and the error of that."""
    top, left = (max(0, (extent - side) // 2) for extent in bad.shape)
    return best_blind([bad[top : top + side, left : left + side]], [method], is_quick=True)


def best_simple(bad: Plane, scale: int, side: int = CROP_SIDE) -> Plane:
    """Return what the filter that guesses hidden pixels best makes of `bad`, enlarged to the good grid."""
    best, _ = min((tuned(bad, method, side) for method in METHODS), key=lambda found: found[1])
    return upsample(best(bad), scale, "bicubic")


def simple_score(batches: Sequence[Batch], scale: int, watch: Watch) -> float:
    """Return the mean PSNR in dB of the best simple filter on fixed pairs, as `UnseenScore` counts it."""
    reached = []
    for seen, good in batches:
        middle = seen[:, seen.shape[1] // 2].cpu().numpy()
        for bad, truth in zip(middle, good[:, 0].cpu().numpy(), strict=True):
            watch.check()
            error = float(np.mean((best_simple(bad, scale) - truth) ** 2, dtype=np.float64))
            reached.append(-10 * np.log10(max(error, 1e-12)))
    return float(np.mean(reached))


def simple_answers(bad: Plane, scale: int, watch: Watch) -> dict[str, Plane]:
    """Return what every simple method makes of `bad`, none tuned with the truth; the untouched one first."""
    answers = {"bicubic" if scale > 1 else "input": upsample(bad, scale, "bicubic")}
    for method in METHODS:
        watch.check()
        answers[method] = upsample(tuned(bad, method, PLANE_SIDE)[0](bad), scale, "bicubic")
    return answers
