"""Whether the two images of a real pair lie on each other: shift, distortion and gray levels. Free of torch.

The whole images tell first whether they belong together and by how many pixels they are off: a phase
correlation, in which every frequency has a vote and few loud ones cannot shout. Then nine regions refine it,
each frequency weighted by how well the two images agree there, and their median is the shift. All lengths
are pixels of the good image.

References
----------
Kuglin and Hines, Proc. IEEE Conf. Cybernetics and Society 163 (1975): phase correlation. Knapp and Carter,
IEEE Trans. ASSP 24, 320 (1976): the weights of the most likely delay.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage, signal

from models.errors import UserError

Plane = NDArray[np.float32]
Spectrum = NDArray[np.complex128]
Places = NDArray[np.int64]

SMALLEST = 32  # pixels of the bad image a side
LARGEST = 1024  # of the whole, the middle is looked at
TILE = 128
REGIONS = 3  # a side, each of 2 x 2 tiles
ROUNDS = 4
FAR = 0.25  # shifts are looked for up to this share of a side
NEAR_PX = 8.0  # regions may differ by this much from what all say together
TELLING = 6.0  # a region whose peak stands out less says nothing by itself
SURE = 8.0  # how far the peak must stand out of the rest, in standard deviations
WARN_PX = 1.0
DISTORTED_PX = 1.0
STILL_PX = 0.1  # smaller shifts are as good as none
FINE_PX = 0.02  # rounds end when less than this is left


class OtherSides(UserError):
    """The good image does not have the sides that go with the bad one."""

    code: ClassVar[str] = "pairs.sides"


class TooSmallToCompare(UserError):
    """A pair is too small to tell whether it fits together."""

    code: ClassVar[str] = "pairs.small"


@dataclass(frozen=True, slots=True)
class Registration:
    """How the good image of a pair lies against the bad one.

    Attributes
    ----------
    shift_px : (dy, dx)
        How far the good image must be moved down and to the right to lie on the bad one.
    bend_px : float
        How much the shift differs over the field: the 80 % range over regions along the worse axis.
    is_found : bool
        Whether the images belong together; otherwise the other numbers mean nothing.
    surety : float
        How far the best place stands out of all others, in standard deviations.
    gain, offset : float
        ``gain * good + offset`` are the gray levels of the bad image.
    """

    shift_px: tuple[float, float]
    bend_px: float
    is_found: bool
    surety: float
    gain: float = 1.0
    offset: float = 0.0

    @property
    def distance_px(self) -> float:
        """Length of the shift."""
        return math.hypot(*self.shift_px)


def register(bad: Plane, good: Plane, scale: int = 1) -> Registration:
    """Compare the two planes of a pair.

    Parameters
    ----------
    bad : (h, w) float32
    good : (h * scale, w * scale) float32
    scale : int

    Raises
    ------
    OtherSides, TooSmallToCompare
    """
    check_sides(bad.shape, good.shape, scale)
    binned = binned_by(good, scale)
    whole, surety = _coarse(*(_middle(_flattened(plane), LARGEST) for plane in (bad, binned)))
    if surety < SURE:
        return Registration((0.0, 0.0), 0.0, is_found=False, surety=surety)
    shifts = _refined(_flattened(bad), _flattened(binned), whole)
    shift = np.median(shifts, axis=0)
    low, high = np.percentile(shifts, (10, 90), axis=0)
    dy, dx = (float(one) * scale for one in shift)
    a, b = _relation(bad, binned, (float(shift[0]), float(shift[1])))
    bend = float((high - low).max()) * scale
    return Registration((dy, dx), bend, is_found=a > 0, surety=surety, gain=a, offset=b)


def check_sides(bad: tuple[int, ...], good: tuple[int, ...], scale: int) -> None:
    """Raise unless the sides of a pair, (h, w) each, are large enough and fit together.

    Raises
    ------
    OtherSides, TooSmallToCompare
    """
    if good != tuple(side * scale for side in bad):
        (h, w), (gh, gw) = bad, good
        raise OtherSides(
            f"The bad image has {w} × {h} pixels and its good one {gw} × {gh}; "
            f"{w * scale} × {h * scale} go with it.",
            hint="Both must show the same field, the good one with as many pixels as the result.",
            width=gw,
            height=gh,
        )
    if min(bad) < SMALLEST:
        raise TooSmallToCompare(
            f"The bad image has {bad[1]} × {bad[0]} pixels; {SMALLEST} a side are needed to "
            "compare it with its good one.",
            hint="Use larger images.",
            smallest=SMALLEST,
        )


def remarks(found: Registration, name: str) -> tuple[str, ...]:
    """Return what a person should know about the pair `name`, one sentence each."""
    if not found.is_found:
        return (
            f"The two images of {name} do not show the same place: nothing in them lies on each other. "
            "The pair was left out.",
        )
    said = []
    if found.distance_px > WARN_PX:
        dy, dx = found.shift_px
        down, right = ("down" if dy > 0 else "up"), ("right" if dx > 0 else "left")
        said.append(
            f"The good image of {name} is moved by {abs(dy):.1f} px {down} and {abs(dx):.1f} px {right} "
            "to lie on the bad one."
        )
    if found.bend_px > DISTORTED_PX:
        said.append(
            f"The images of {name} are distorted against each other: the shift differs by "
            f"{found.bend_px:.1f} px over the field, which makes what is learned less sharp."
        )
    return tuple(said)


def aligned(bad: Plane, good: Plane, found: Registration, scale: int = 1) -> tuple[Plane, Plane]:
    """Return both planes of a pair where they overlap; only the good one is ever interpolated.

    Shifts below `STILL_PX` leave the planes as they are.
    """
    if found.distance_px < STILL_PX:
        return bad, good
    moved = ndimage.shift(np.asarray(good, np.float32), found.shift_px, order=5, mode="nearest")
    (top, bottom), (left, right) = (
        _overlap(one, side, scale) for one, side in zip(found.shift_px, bad.shape, strict=True)
    )
    inner = moved[top * scale : bottom * scale, left * scale : right * scale]
    return bad[top:bottom, left:right], np.asarray(inner, np.float32)


def binned_by(good: Plane, scale: int) -> Plane:
    """Return the means of blocks of `scale` by `scale` pixels."""
    if scale == 1:
        return good
    height, width = (side // scale for side in good.shape)
    blocks = good[: height * scale, : width * scale].reshape(height, scale, width, scale)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)


def _overlap(shift: float, side: int, scale: int) -> tuple[int, int]:
    """Return the rows or columns of the bad image over which the moved good one has pixels of its own."""
    return math.ceil(max(shift, 0) / scale), side - math.ceil(max(-shift, 0) / scale)


def _flattened(plane: Plane) -> Plane:
    """Take away what is broader than structures, as illumination is, and rein in single bright pixels."""
    values = np.asarray(plane, np.float32)
    missing = ~np.isfinite(values)
    if missing.any():
        values = np.where(missing, np.float32(0 if missing.all() else np.median(values[~missing])), values)
    low, high = np.percentile(values, (0.1, 99.9))
    values = np.clip(values, low, high)
    width = max(3, min(plane.shape) // 6)
    broad = ndimage.uniform_filter(ndimage.uniform_filter(values, width), width)
    return np.asarray(values - broad, np.float32)


def _middle(plane: Plane, side: int) -> Plane:
    top, left = (max(0, (extent - side) // 2) for extent in plane.shape)
    return plane[top : top + side, left : left + side]


def _windowed(plane: Plane) -> Spectrum:
    """Return the spectrum of `plane` with edges faded out."""
    fades = [signal.windows.tukey(side, 0.5) for side in plane.shape]
    return np.asarray(fft.fft2((plane - plane.mean()) * fades[0][:, None] * fades[1][None, :]))


def _radius(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the frequency of every place of a spectrum, in cycles per pixel."""
    y, x = (fft.fftfreq(side) for side in shape)
    return np.asarray(np.hypot(y[:, None], x[None, :]))


def _coarse(bad: Plane, good: Plane) -> tuple[tuple[int, int], float]:
    """Return the shift in whole pixels, and how far its peak stands out.

    Fine structure drowns in noise and is outvoted by the rest: frequencies fade out as a Gaussian. Several
    widths of it are tried, for it depends on the light how much is left.
    """
    product = _windowed(bad) * np.conj(_windowed(good))
    phases = product / np.maximum(np.abs(product), 1e-30)
    radius = _radius(bad.shape)
    near = [np.minimum(np.arange(side), side - np.arange(side)) <= side * FAR for side in bad.shape]
    inside = near[0][:, None] & near[1][None, :]
    best, surety = (0, 0), 0.0
    for width in (0.25, 0.1, 0.04):
        surface = fft.ifft2(phases * np.exp(-((radius / width) ** 2) / 2)).real
        height = np.where(inside, surface, -np.inf)
        y, x = np.unravel_index(int(height.argmax()), surface.shape)
        stands_out = float(surface[y, x] / max(float(surface.std()), 1e-30))
        if stands_out > surety:
            surety = stands_out
            best = (_signed(int(y), bad.shape[0]), _signed(int(x), bad.shape[1]))
    return best, surety


def _signed(index: int, side: int) -> int:
    return index if index <= side // 2 else index - side


def _refined(bad: Plane, good: Plane, whole: tuple[int, int]) -> NDArray[np.float64]:
    """Return the shift of each region, (n, 2), in pixels of both.

    Every round moves the tiles of the good image by what was found so far: fading out the edges of tiles
    draws towards no shift, which then is what is right.
    """
    side = min(TILE, *(extent // 2 for extent in bad.shape))
    total = np.array(whole, np.float64)
    for _round in range(ROUNDS):
        moved = np.rint(total).astype(int)
        tops, lefts = (
            np.unique(np.linspace(max(0, off), extent - side + min(0, off), REGIONS * 2).astype(int))
            for off, extent in zip(moved, bad.shape, strict=True)
        )
        regions = [
            _Tiles.of(bad, good, side, tops[i : i + 2], lefts[j : j + 2], total)
            for i in range(0, len(tops), 2)
            for j in range(0, len(lefts), 2)
        ]
        weights = _weights(regions, _radius((side, side)))
        left_over = _left_over(np.stack([region.product for region in regions]) * weights)
        common = np.median(left_over, axis=0)
        total = total + common
        if np.abs(common).max() < FINE_PX:
            break
    return np.asarray(total + left_over - common)


def _left_over(products: Spectrum) -> NDArray[np.float64]:
    """Return what is left of the shift in each region that tells, or in all if fewer than half do."""
    side = products.shape[-1]
    together, _surety = _peak(products.sum(axis=0), FAR * side)
    ramp = np.exp(2j * np.pi * (fft.fftfreq(side)[:, None] * together[0] + fft.fftfreq(side) * together[1]))
    found = [_peak(product * ramp, min(NEAR_PX, FAR * side)) for product in products]
    telling = [place + together for place, surety in found if surety >= TELLING]
    return np.array(telling if 2 * len(telling) > len(found) else [together])


@dataclass(frozen=True, slots=True)
class _Tiles:
    """What tiles of a region have in common, and their powers, by frequency; sums over tiles."""

    product: Spectrum
    bad: NDArray[np.float64]
    good: NDArray[np.float64]

    @classmethod
    def of(
        cls, bad: Plane, good: Plane, side: int, tops: Places, lefts: Places, shift: NDArray[np.float64]
    ) -> "_Tiles":
        """Sum over the tiles whose corners are given; those of the good image are moved by `shift`."""
        product = np.zeros((side, side), np.complex128)
        powers = np.zeros((2, side, side))
        dy, dx = (int(one) for one in np.rint(shift))
        parts = [np.exp(-2j * np.pi * fft.fftfreq(side) * rest) for rest in shift - np.rint(shift)]
        ramp = parts[0][:, None] * parts[1][None, :]
        for top in tops:
            for left in lefts:
                one = _windowed(bad[top : top + side, left : left + side])
                other = _windowed(good[top - dy : top - dy + side, left - dx : left - dx + side]) * ramp
                product += one * np.conj(other)
                powers += np.abs(one) ** 2, np.abs(other) ** 2
        return cls(product, powers[0], powers[1])


def _weights(regions: list[_Tiles], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weight of every frequency: how much of the good image is left there, over the noise."""
    rings = np.rint(radius * len(radius)).astype(int).ravel()

    def ring_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(rings, values.ravel()), np.float64)

    common = ring_sums(np.sum([region.product.real for region in regions], axis=0))
    bad = ring_sums(np.sum([region.bad for region in regions], axis=0))
    good = np.maximum(ring_sums(np.sum([region.good for region in regions], axis=0)), 1e-30)
    left = np.maximum(common / good, 0)
    shared = np.maximum(common, 0) ** 2 / np.maximum(bad * good, 1e-30)
    weights = left / np.maximum(bad * np.maximum(1 - shared, 0.02), 1e-30) * np.bincount(rings)
    weights[:1] = 0  # the mean says nothing
    return np.asarray(weights[rings].reshape(radius.shape))


def _peak(product: Spectrum, far: float) -> tuple[NDArray[np.float64], float]:
    """Return where the correlation is highest, no further than `far`, and by how much it stands out."""
    side = len(product)
    surface = fft.ifft2(product).real
    near = np.minimum(np.arange(side), side - np.arange(side)) <= far
    y, x = np.unravel_index(int(np.where(near[:, None] & near, surface, -np.inf).argmax()), surface.shape)
    place = np.array([_signed(int(y), side), _signed(int(x), side)], np.float64)
    for step in (0.1, 0.01):
        around = np.arange(-10, 11) * step
        rows, columns = (
            np.exp(2j * np.pi * np.outer(one + around, fft.fftfreq(side))) for one in place
        )  # (21, side) each
        fine = (rows @ product @ columns.T).real
        best = np.unravel_index(int(fine.argmax()), fine.shape)
        place = place + around[list(best)]
    return place, float(surface[y, x] / max(float(surface.std()), 1e-30))


def _relation(bad: Plane, good: Plane, shift: tuple[float, float]) -> tuple[float, float]:
    """Return a, b that minimise ``mean((bad - a * good - b)²)`` where the moved good image has pixels."""
    place = Registration(shift, 0.0, is_found=True, surety=0.0)
    below, above = aligned(_middle(bad, LARGEST), _middle(good, LARGEST), place)
    y, x = (np.asarray(plane, np.float64).ravel() for plane in (below, above))
    usable = np.isfinite(y) & np.isfinite(x)
    y, x = y[usable], x[usable]
    variance = float(x.var()) if x.size else 0.0
    a = float(np.mean((y - y.mean()) * (x - x.mean())) / variance) if variance > 0 else 0.0
    return a, float(y.mean() - a * x.mean()) if x.size else 0.0
