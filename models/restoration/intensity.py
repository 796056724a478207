"""One invertible map per channel between the intensities of a file and the scale of the models.

Robust limits of the input, the 0.1 and the 99.9 percentile of a bounded sample, become 0 and 1. Nothing is
clipped: brighter pixels lie above 1 and come back as they were. The limits belong to a whole stack, never
to a plane or tile, so that a result can be measured.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from models.errors import UserError
from models.restoration.family import Planes
from models.source import ImageInfo, ImageSource, Pixels, Region

LOW_PERCENT, HIGH_PERCENT = 0.1, 99.9
SAMPLE_PIXELS = 1 << 20
SAMPLE_PLANES = 8
SAMPLE_BANDS = 8  # of each plane too large to be read whole


class NoValues(UserError):
    """Every sampled pixel of a channel is NaN or infinite."""

    code = "restoration.no_values"


@dataclass(frozen=True, slots=True)
class Limits:
    """The intensities that become 0 and 1; `high` is always above `low`."""

    low: float
    high: float

    @property
    def span(self) -> float:
        """Distance between the limits."""
        return self.high - self.low

    def normalised(self, pixels: Pixels) -> NDArray[np.float32]:
        """Return `pixels` on the scale of the models, same shape, float32, not clipped."""
        if np.can_cast(pixels.dtype, np.float32):
            return (pixels.astype(np.float32) - np.float32(self.low)) / np.float32(self.span)
        return ((pixels.astype(np.float64) - self.low) / self.span).astype(np.float32)

    def original(self, planes: NDArray[np.float32], dtype: DTypeLike = np.float32) -> NDArray[Any]:
        """Undo `normalised`; integers are rounded and clipped to the range of `dtype`."""
        wanted = np.dtype(dtype)
        values: NDArray[Any]
        if np.can_cast(wanted, np.float32):
            values = planes * np.float32(self.span) + np.float32(self.low)
        else:
            values = planes.astype(np.float64) * self.span + self.low
        if wanted.kind not in "iu":
            return values.astype(wanted, copy=False)
        bounds = np.iinfo(wanted)
        over = values >= bounds.max  # the largest 64-bit integer has no equal among floats
        whole = np.where(over, 0, np.maximum(np.rint(values), bounds.min)).astype(wanted)
        whole[over] = bounds.max
        return whole


def limits_of(values: ArrayLike) -> Limits:
    """Return the limits of an array of any shape; values that are not finite are left out.

    Where the percentiles coincide (a few spots on black) the extremes are taken, and where those
    coincide too, `high` lies 1 above `low`.

    Raises
    ------
    NoValues
        If no value is finite.
    """
    array = np.asarray(values)
    if array.dtype.kind == "f":
        array = array[np.isfinite(array)]
    if not array.size:
        raise NoValues(
            "The image holds no numbers: every pixel that was looked at is NaN or infinite.",
            hint="Open it in the viewer and choose another file or channel.",
        )
    low, high = (float(value) for value in np.percentile(array, (LOW_PERCENT, HIGH_PERCENT)))
    if high <= low:
        low, high = float(array.min()), float(array.max())
    if np.float32(high) <= np.float32(low):
        high = low + max(1.0, abs(low) * 1e-6)
    return Limits(low, high)


def measure_limits(source: ImageSource, channel: int) -> Limits:
    """Return the limits of one channel of a stack, from the same bounded sample every time.

    Raises
    ------
    NoValues
        If the sample holds no finite value.
    """
    return limits_of(
        np.concatenate([source.read(one).ravel() for one in sample_regions(source.info, channel)])
    )


def sample_planes(info: ImageInfo, count: int) -> tuple[tuple[int, int], ...]:
    """Return up to `count` pairs (t, z), evenly spread over the stack."""
    times, _, depths, _, _ = info.shape
    total = times * depths
    chosen = sorted({(2 * step + 1) * total // (2 * count) for step in range(count)})
    return tuple(divmod(index, depths) for index in chosen)


def sample_regions(info: ImageInfo, channel: int) -> tuple[Region, ...]:
    """Return the regions that stand for a channel: about `SAMPLE_PIXELS` at most, spread over t, z and y."""
    planes = sample_planes(info, SAMPLE_PLANES)
    *_, height, width = info.shape
    rows = max(1, SAMPLE_PIXELS // len(planes) // width)
    bands = [(0, height)]
    if rows < height:
        count = min(SAMPLE_BANDS, rows)
        thick = rows // count
        bands = [(top, top + thick) for top in np.linspace(0, height - thick, count).astype(int).tolist()]
    return tuple(
        Region((t, t + 1), (channel, channel + 1), (z, z + 1), band, (0, width))
        for t, z in planes
        for band in bands
    )


def sample_crops(
    source: ImageSource, channel: int, limits: Limits, *, side: int = 256, count: int = 3
) -> Planes:
    """Return a few normalised crops, (n, h, w) with h and w at most `side`, for tuning a filter.

    They lie at the centre and on the diagonal of planes spread over the stack; values that are not
    finite are replaced by 0.
    """
    *_, height, width = source.info.shape
    tall, wide = min(side, height), min(side, width)
    crops = []
    planes = sample_planes(source.info, count)
    for step in range(count):
        t, z = planes[step % len(planes)]
        share = (0.5, 0.2, 0.8)[step % 3]
        top, left = int((height - tall) * share), int((width - wide) * share)
        box = Region((t, t + 1), (channel, channel + 1), (z, z + 1), (top, top + tall), (left, left + wide))
        crops.append(filled(limits.normalised(source.read(box)[0, 0, 0]))[0])
    return np.stack(crops)


def filled(planes: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    """Replace values that are not finite by 0, the low limit; also return where they were, if anywhere."""
    missing = ~np.isfinite(planes)
    if not missing.any():
        return planes, None
    return np.where(missing, np.float32(0), planes), missing
