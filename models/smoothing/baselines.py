"""What simple methods make of the same image: the yardstick beside every score of a network.

Every filter appears twice: tuned blindly, from the bad image alone as in real use, and tuned with the truth
in hand, which nobody has but which shows what the filter could do at best.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.restoration.metrics import intensity_range, psnr_fit
from models.smoothing.filters import GRIDS, METHODS, Filter, Plane, measured_filter
from models.smoothing.tuning import best_blind
from models.smoothing.upsample import upsample

TUNING_SIDE = 384  # filters are tuned on the middle of the image, this many pixels a side

Tuned = Literal["no", "blind", "truth"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """One simple method's answer.

    Attributes
    ----------
    name : str
        ``input``, ``nearest``, ``bilinear``, ``bicubic``, ``lanczos``, ``gaussian``, ``nlm`` or ``tv``.
    tuned : {"no", "blind", "truth"}
    parameter : float
        The filter's strength, as in `models.smoothing.filters.Filter`; 0 where there is none.
    image : (h * scale, w * scale) float32
    """

    name: str
    tuned: Tuned
    parameter: float
    image: Plane

    @property
    def key(self) -> str:
        """Name that tells the two ways of tuning apart, such as ``gaussian`` and ``gaussian_with_truth``."""
        return f"{self.name}_with_truth" if self.tuned == "truth" else self.name


def baselines(low: Plane, truth: Plane, scale: int, *, truth_side: int = TUNING_SIDE) -> Iterator[Baseline]:
    """Yield what every simple method makes of `low`.

    Parameters
    ----------
    low : (h, w) float32
    truth : (h * scale, w * scale) float32
        Only used to tune the methods marked ``truth``.
    scale : int
        Filters are followed by bicubic interpolation where it is above 1.
    truth_side : int
        Methods marked ``truth`` are tuned on the middle of the image, this many pixels of `low` a side.
    """
    if scale == 1:
        yield Baseline("input", "no", 0.0, np.asarray(low, np.float32))
    else:
        for order in ("nearest", "bilinear", "bicubic", "lanczos"):
            yield Baseline(order, "no", 0.0, upsample(low, scale, order))
    crop = _middle(low, TUNING_SIDE)
    large, true_large = _middle(low, truth_side), _middle(truth, truth_side * scale)
    data_range = intensity_range(truth)
    for method in METHODS:
        blind = best_blind([crop], [method])[0]
        yield Baseline(method, "blind", blind.parameter, upsample(blind(low), scale, "bicubic"))
        measured = measured_filter(crop, method, 0.0)
        trials = [Filter(method, p, measured.noise_sd, measured.span) for p in GRIDS[method]]

        def reached(trial: Filter) -> float:
            return psnr_fit(true_large, upsample(trial(large), scale, "bicubic"), data_range)

        best = max(trials, key=reached)
        yield Baseline(method, "truth", best.parameter, upsample(best(low), scale, "bicubic"))


def _middle(plane: Plane, side: int) -> Plane:
    top, left = (max(0, (extent - side) // 2) for extent in plane.shape)
    return plane[top : top + side, left : left + side]
