"""From gray values to brightness: automatic ranges, histograms and the tables that drawing uses."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.ui.viewer.luts import SIZE, table
from app.ui.viewer.state import Contrast, Kind
from models.source import Pixels

Plane = Pixels  # (h, w) of any numeric type
Packed = NDArray[np.uint32]  # 0xFFRRGGBB, which Qt draws without converting it

PERCENTILES: dict[Kind, tuple[float, float]] = {
    "fluorescence": (0.1, 99.9),  # few bright structures on a dark ground
    "brightfield": (0.5, 99.5),  # the ground is bright and counts for nothing
}
GROUND = (0.4, 0.6)  # of the range, where the middle gray value lies: a dark ground below, a bright one above
SPREAD = 0.5  # of the bright end: in between, gray values of transmitted light and of electrons cover more
CALM = 4  # neighbours along each side whose mean has little noise left
MARGIN_GAP = 0.02  # of the bright end: zeros below a gap of this width are no signal
SAMPLE = 1 << 19  # pixels that are enough for percentiles
BINS = 1024  # of a histogram whose gray values are too many to be counted one by one
STEPS = 1 << 16  # gray values that are told apart in drawing
OPAQUE = 0xFF000000


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How often gray values occur; bin i stands for those around ``low + i * width``."""

    low: float
    width: float
    counts: NDArray[np.int64]

    @property
    def high(self) -> float:
        """The gray values of the last bin."""
        return self.low + self.width * (len(self.counts) - 1)

    def shares_outside(self, contrast: Contrast) -> tuple[float, float]:
        """Return the shares of pixels darker than the range and brighter than it, 0 to 1."""
        values = self.low + self.width * np.arange(len(self.counts))
        total = max(1, int(self.counts.sum()))
        darker, brighter = self.counts[values < contrast.low].sum(), self.counts[values > contrast.high].sum()
        return (float(darker) / total, float(brighter) / total)


def sampled(plane: Plane, most: int = SAMPLE) -> Plane:
    """Return evenly spaced pixels of `plane`, at most about `most`; finite ones only, one-dimensional."""
    step = max(1, int(np.ceil(np.sqrt(plane.size / most))))
    values: Plane = plane[::step, ::step].ravel()
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def percentiles(values: Plane, *wanted: float) -> tuple[float, ...]:
    """Return such percentiles of one-dimensional values, at least one, as `numpy.percentile` would.

    That one first imports a package of its own, which would hold up the first picture.
    """
    places = [percent / 100 * (values.size - 1) for percent in wanted]
    ends = [(math.floor(place), math.ceil(place)) for place in places]
    ranked = np.partition(values, sorted({rank for pair in ends for rank in pair}))
    return tuple(
        float(ranked[below]) + (place - below) * (float(ranked[above]) - float(ranked[below]))
        for place, (below, above) in zip(places, ends, strict=True)
    )


def kind_of(*planes: Plane) -> Kind:
    """Return what an image is, by its gray values (h, w): whether the ground is dark or bright.

    In fluorescence most pixels are ground, near the lower end of the range. In transmitted light and in
    electron microscopy they are in its middle or above. Noise lies evenly around its middle, too, but its
    gray values are close together: what is not clearly bright is fluorescence.
    """
    taken = _without_margins(np.concatenate([_calmed(plane) for plane in planes]))
    if not taken.size:
        return "fluorescence"
    low, middle, high = percentiles(taken, 1, 50, 99)
    dark, bright = (low + share * (high - low) for share in GROUND)
    is_bright = middle > bright or (middle > dark and high - low > SPREAD * high)
    return "brightfield" if is_bright else "fluorescence"


def auto_contrast(*planes: Plane, kind: Kind | None = None) -> Contrast:
    """Return the range that shows `planes` well, one for all of them.

    Without a `kind` the gray values decide what the image is. Zeros that lie far from all other values are
    margins left by stitching or turning, and do not count.
    """
    values = np.concatenate([sampled(plane) for plane in planes])
    if not values.size:
        return Contrast(0.0, 1.0)
    low, high = percentiles(_without_margins(values), *PERCENTILES[kind or kind_of(*planes)])
    if low >= high:
        low, high = float(values.min()), float(values.max())
    if low >= high:
        high = low + 1.0
    return Contrast(low, high)


def _calmed(plane: Plane) -> Plane:
    """Return means of neighbours at evenly spaced places, at most about `SAMPLE` of them; finite ones."""
    step = max(CALM, int(np.ceil(np.sqrt(plane.size / SAMPLE))))
    height, width = (size - CALM + 1 for size in plane.shape)
    if height <= 0 or width <= 0:
        return sampled(plane).astype(np.float64)
    total = np.zeros((len(range(0, height, step)), len(range(0, width, step))))
    with np.errstate(invalid="ignore"):  # infinities of both signs
        for y in range(CALM):
            for x in range(CALM):
                total += plane[y : y + height : step, x : x + width : step]
    return sampled(total / CALM**2)


def _without_margins(values: Plane) -> Plane:
    taken: Plane = values[values != 0]
    if not 0 < taken.size < values.size:
        return values
    low, top = percentiles(taken, *PERCENTILES["fluorescence"])
    return taken if low > MARGIN_GAP * top else values


def histogram(plane: Plane) -> Histogram:
    """Count the gray values of a plane: each one where they are few, else in `BINS` bins."""
    values = sampled(plane, 1 << 22)
    if not values.size:
        return Histogram(0.0, 1.0, np.zeros(1, np.int64))
    low, high = values.min().item(), values.max().item()
    if values.dtype.kind in "uib" and high - low < STEPS:
        return Histogram(float(low), 1.0, np.bincount(values.astype(np.int64) - int(low)))
    high = high if high > low else low + 1.0
    counts, _edges = np.histogram(values, BINS, (low, high))
    width = (high - low) / BINS
    return Histogram(low + width / 2, width, counts.astype(np.int64))


def ramp(values: NDArray[np.float64], contrast: Contrast) -> NDArray[np.float64]:
    """Return the brightness of gray values, 0 to 1."""
    span = contrast.high - contrast.low
    if span <= 0:
        return (values >= contrast.high).astype(float)
    return np.clip((values - contrast.low) / span, 0.0, 1.0) ** contrast.gamma


@lru_cache(maxsize=64)
def colours(lut: str, contrast: Contrast, dtype: str) -> Packed:
    """Return the packed colour of every gray value of a type; read-only.

    For types of up to 16 bits the table is indexed by the bits of the value, read as unsigned; for all
    others by the value's place between low and high in `STEPS` steps.
    """
    kind = np.dtype(dtype)
    if is_counted(kind):
        unsigned = np.dtype(f"u{kind.itemsize}")
        values = np.arange(1 << (8 * kind.itemsize)).astype(unsigned).view(kind).astype(float)
        bright = ramp(values, contrast)
    else:
        bright = np.linspace(0.0, 1.0, STEPS) ** contrast.gamma
    chosen = table(lut)[np.rint(bright * (SIZE - 1)).astype(np.intp)].astype(np.uint32)  # (n, 3)
    packed: Packed = chosen @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    packed |= np.uint32(OPAQUE)
    packed.setflags(write=False)
    return packed


def as_rgb(packed: Packed) -> NDArray[np.uint8]:
    """Return red, green and blue of packed colours, (h, w, 3)."""
    parts = [(packed >> np.uint32(shift)).astype(np.uint8) for shift in (16, 8, 0)]
    return np.stack(parts, axis=-1)


def is_counted(dtype: np.dtype[np.generic]) -> bool:
    """Whether a type has so few values that a table holds them all."""
    return dtype.kind in "ui" and dtype.itemsize <= 2
