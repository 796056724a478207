"""One picture out of many planes: maximum, mean, sum and their like, taken in plane by plane.

Never more than one plane and the running result are in memory, however deep the stack is.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from app.images.cache import CachedSource
from app.images.errors import NoPixels
from app.images.partial import missing_planes
from models.knobs import N_
from models.source import ImageInfo, ImageSource, Pixels, Range, Region

Kind = Literal["maximum", "minimum", "mean", "sum", "deviation"]

_NONE_THERE = "{name} ends too early: none of these planes is in it."
_TAKE_OTHERS = "Choose planes nearer to the beginning, or copy the file again from where it was recorded."

KEPT_BYTES = 64 << 20  # results that a source remembers
KEPT_SHARE = 0.5  # of the memory for pictures: a stack beyond it is read without being remembered


@dataclass(frozen=True, slots=True)
class Projection:
    """Which planes become one, and how.

    Attributes
    ----------
    kind : Kind
        A key of `KINDS`.
    planes : (first, stop) or None
        Half-open range along Z; None: all planes.
    """

    kind: Kind = "maximum"
    planes: Range | None = None

    def over(self, count: int) -> Range:
        """Return the planes taken of a stack of `count`: at least one of them."""
        first, stop = self.planes or (0, count)
        first = min(max(first, 0), count - 1)
        return first, min(max(stop, first + 1), count)

    def is_all(self, count: int) -> bool:
        """Whether every plane of a stack of `count` is taken."""
        return self.over(count) == (0, count)


class Gatherer(Protocol):
    """Takes in planes one by one."""

    def add(self, plane: Pixels) -> None:
        """Take in a plane; all are of equal shape and type."""
        ...

    def result(self) -> Pixels:
        """Return a new array: what the planes taken in so far amount to. What is no number is left out."""
        ...


class Extreme:
    """The largest or the smallest value of each pixel, in the type of the planes."""

    def __init__(self, choose: np.ufunc, _dtype: np.dtype[Any]) -> None:
        self._choose = choose
        self._found: Pixels | None = None

    def add(self, plane: Pixels) -> None:
        """Take in a plane."""
        if self._found is None:
            self._found = plane.copy()
        else:
            self._choose(self._found, plane, out=self._found)

    def result(self) -> Pixels:
        """Return what was found so far."""
        assert self._found is not None
        return self._found.copy()


class Total:
    """The sum of each pixel, or its mean, in a type that does not overflow."""

    def __init__(self, dtype: np.dtype[Any], *, is_mean: bool) -> None:
        self._dtype = mean_type(dtype) if is_mean else sum_type(dtype)
        self._is_mean = is_mean
        self._total: Pixels | None = None
        self._count: int | NDArray[np.int32] = 0

    def add(self, plane: Pixels) -> None:
        """Take in a plane."""
        numbers, is_number = _numbers(plane)
        if self._total is None:
            self._total = np.zeros(plane.shape, sum_type(plane.dtype))
        np.add(self._total, numbers, out=self._total, casting="unsafe")
        self._count = self._count + is_number

    def result(self) -> Pixels:
        """Return the sum or the mean so far; the mean of no number at all is none."""
        assert self._total is not None
        if not self._is_mean:
            return self._total.copy()
        with np.errstate(invalid="ignore", divide="ignore"):
            return (self._total / self._count).astype(self._dtype)


class Deviation:
    """The standard deviation of each pixel (over n - 1; of a single plane 0).

    References
    ----------
    Welford, Technometrics 4(3), 1962, pages 419-420.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._dtype = mean_type(dtype)
        self._mean: NDArray[np.float64] | None = None
        self._squares: NDArray[np.float64] | None = None
        self._count: int | NDArray[np.int32] = 0

    def add(self, plane: Pixels) -> None:
        """Take in a plane."""
        if self._mean is None or self._squares is None:
            self._mean, self._squares = np.zeros(plane.shape), np.zeros(plane.shape)
        _zeros, is_number = _numbers(plane)
        self._count = self._count + is_number
        away = plane - self._mean
        if isinstance(is_number, np.ndarray):
            away[is_number == 0] = 0.0
        self._mean += away / np.maximum(self._count, 1)
        away *= np.where(is_number, plane - self._mean, 0.0)
        self._squares += away

    def result(self) -> Pixels:
        """Return the deviation so far."""
        assert self._squares is not None
        spread = np.sqrt(np.maximum(self._squares, 0.0) / np.maximum(self._count - 1, 1))
        if isinstance(self._count, np.ndarray):
            spread[self._count == 0] = np.nan
        return spread.astype(self._dtype)


@dataclass(frozen=True, slots=True)
class Row:
    """One kind: its name, what it is called with its planes, its result's type and who gathers it."""

    key: Kind
    title: str
    words: str
    dtype: Callable[[np.dtype[Any]], np.dtype[Any]]
    gather: Callable[[np.dtype[Any]], Gatherer]


def sum_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return a type that the sum of very many values of a type fits in."""
    if dtype.kind == "f" or dtype.itemsize > 4:
        return np.dtype(np.float64)
    wide = 8 if dtype.itemsize == 4 else 4
    return np.dtype(f"i{wide}" if dtype.kind == "i" else f"u{wide}")


def mean_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type of a mean: single precision where that holds every digit of the values."""
    is_small = dtype.itemsize <= 2 or (dtype.kind == "f" and dtype.itemsize <= 4)
    return np.dtype(np.float32 if is_small else np.float64)


def _same(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype


# To add a kind, write a row.
KINDS: tuple[Row, ...] = (
    Row("maximum", N_("Maximum"), N_("Maximum of {planes}"), _same, lambda dtype: Extreme(np.fmax, dtype)),
    Row("minimum", N_("Minimum"), N_("Minimum of {planes}"), _same, lambda dtype: Extreme(np.fmin, dtype)),
    Row("mean", N_("Mean"), N_("Mean of {planes}"), mean_type, lambda dtype: Total(dtype, is_mean=True)),
    Row("sum", N_("Sum"), N_("Sum of {planes}"), sum_type, lambda dtype: Total(dtype, is_mean=False)),
    Row("deviation", N_("Standard deviation"), N_("Standard deviation of {planes}"), mean_type, Deviation),
)


def row_of(kind: Kind) -> Row:
    """Return the row of a kind."""
    return next(row for row in KINDS if row.key == kind)


class Stream:
    """A projection under way: reads planes for a while, shows what there is, and goes on when asked.

    Parameters
    ----------
    source : ImageSource
        The whole stack.
    region : Region
        What to project; its range along Z counts for nothing.
    projection : Projection
        Planes that the file has not are left out.
    """

    def __init__(self, source: ImageSource, region: Region, projection: Projection) -> None:
        self._read = _reader(source, region, projection)
        self._region = region
        self._uri = source.info.uri
        self._planes = _planes(source, region, projection)
        self._gatherer = row_of(projection.kind).gather(np.dtype(source.info.dtype))
        self.total = len(self._planes)
        self._lock = threading.Lock()  # who draws and who measures may ask for the same pixels
        self.done = 0
        self._result: Pixels | None = None

    def go_on(self, seconds: float = math.inf) -> None:
        """Take in at least one plane more, and as many as there is time for.

        Raises
        ------
        NoPixels
            If the file has none of the planes.
        """
        if not self._planes:
            raise NoPixels(
                _NONE_THERE.format(name=Path(self._uri).name), hint=_TAKE_OTHERS, path=self._uri, plane=0
            )
        end = time.monotonic() + seconds
        with self._lock:
            while self.done < self.total:
                at = self._planes[self.done]
                self._gatherer.add(self._read(replace(self._region, z=(at, at + 1))))
                self.done += 1
                self._result = None
                if time.monotonic() >= end:
                    break

    def result(self) -> Pixels:
        """Return the projection of the planes taken in so far, one plane deep, read-only."""
        with self._lock:
            if self._result is None:
                self._result = self._gatherer.result()
                self._result.setflags(write=False)
            return self._result


class ProjectedSource:
    """An image source whose stacks are one plane deep: the projection of another one's.

    Parameters
    ----------
    source : ImageSource
        Stays open when this one is closed.
    projection : Projection
    seconds : float
        How long one call of `read` may gather; what it returns then is the projection of some planes
        only, and the next call goes on. By default `read` returns when all planes are in.
    """

    def __init__(self, source: ImageSource, projection: Projection, seconds: float = math.inf) -> None:
        self._source = source
        self._projection = projection
        self._seconds = seconds
        self._lock = threading.Lock()
        self._streams: OrderedDict[Region, Stream] = OrderedDict()
        self.info: ImageInfo = projected_info(source.info, projection)

    def read(self, region: Region) -> Pixels:
        """Return the projection of `region`, as far as it has come; read-only."""
        with self._lock:
            stream = self._streams.setdefault(region, Stream(self._source, region, self._projection))
            self._streams.move_to_end(region)
            self._drop()
        if stream.done < stream.total or not stream.total:
            stream.go_on(self._seconds)
        return stream.result()

    def progress(self, region: Region) -> tuple[int, int]:
        """Return how many planes of `region` are in, and of how many."""
        with self._lock:
            stream = self._streams.get(region)
        if stream is not None:
            return stream.done, stream.total
        return 0, len(_planes(self._source, region, self._projection))

    def forget(self) -> None:
        """Begin anew: the file has changed."""
        with self._lock:
            self._streams.clear()

    def close(self) -> None:
        """Forget everything; who opened the file closes it."""
        self.forget()

    def _drop(self) -> None:
        """Keep what was asked for last, within bounds."""
        size = np.dtype(self.info.dtype).itemsize
        nbytes = sum(math.prod(region.shape) * size for region in self._streams)
        while nbytes > KEPT_BYTES and len(self._streams) > self.info.shape[1]:
            region, _stream = self._streams.popitem(last=False)
            nbytes -= math.prod(region.shape) * size


def projected_info(info: ImageInfo, projection: Projection) -> ImageInfo:
    """Return what is known about the projection of an image."""
    shapes = tuple((t, c, 1, height, width) for t, c, _z, height, width in info.shapes)
    dtype = row_of(projection.kind).dtype(np.dtype(info.dtype))
    return replace(info, shapes=shapes, dtype=dtype.name)


def _planes(source: ImageSource, region: Region, projection: Projection) -> tuple[int, ...]:
    """Return the planes to take: those of the range that the file has."""
    missing = missing_planes(source)
    wanted = range(*projection.over(source.info.shapes[region.level][2]))
    if not missing:
        return tuple(wanted)
    places = [(t, c) for t in range(*region.t) for c in range(*region.c)]
    return tuple(z for z in wanted if all((t, c, z) not in missing for t, c in places))


def _reader(source: ImageSource, region: Region, projection: Projection) -> Callable[[Region], Pixels]:
    """Return how to read planes: a stack that would drive all else out of the memory is not remembered."""
    if not isinstance(source, CachedSource):
        return source.read
    first, stop = projection.over(source.info.shapes[region.level][2])
    nbytes = source.nbytes_of(region) * (stop - first) * source.info.shape[1]
    return source.read if nbytes <= source.limit * KEPT_SHARE else source.read_once


def _numbers(plane: Pixels) -> tuple[Pixels, int | NDArray[np.int32]]:
    """Return the plane with zeros for what is no number, and 1 for every number."""
    if plane.dtype.kind != "f":
        return plane, 1
    is_number = ~np.isnan(plane)
    if is_number.all():
        return plane, 1
    return np.where(is_number, plane, 0), is_number.astype(np.int32)
