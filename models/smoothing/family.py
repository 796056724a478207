"""Simple smoothing as a restoring family: no weights, no training, the yardstick for everything else."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from models.restoration.family import Planes, Precision, Restorer, Traits
from models.smoothing.filters import Filter, Method, Plane
from models.smoothing.params import Params
from models.smoothing.tuning import best_blind

BYTES_PER_PIXEL = 160  # non-local means in double precision, the greediest
TUNING_SIDE = 128  # of each crop; more would take seconds and choose the same
FASTEST_FIRST: tuple[Method, ...] = ("gaussian", "tv", "nlm")


class SmoothingRestorer:
    """A filter whose strength an image has set; satisfies `Restorer`. Always on the processor."""

    device = "cpu"
    precision: Precision = "float32"

    def __init__(self, params: Params, chosen: Filter | None = None) -> None:
        self._params = params
        self._filter = chosen
        self.traits = Traits(halo=chosen.reach if chosen else 0, bytes_per_pixel=BYTES_PER_PIXEL)

    @property
    def filter(self) -> Filter | None:
        """The filter that `tuned` has chosen."""
        return self._filter

    def tuned(self, sample: Planes) -> Restorer:
        """Choose method and strength by how well hidden pixels of `sample` are guessed."""
        methods = [one for one in FASTEST_FIRST if self._params.method in ("auto", one)]
        top, left = (max(0, (side - TUNING_SIDE) // 2) for side in sample.shape[1:])
        crops = sample[:, top : top + TUNING_SIDE, left : left + TUNING_SIDE]
        best = best_blind(crops, methods)[0]
        return SmoothingRestorer(
            self._params, replace(best, parameter=best.parameter * self._params.strength)
        )

    def run(self, tiles: Planes) -> Planes:
        """Filter ``(n, h, w)`` normalised tiles, on all processor cores.

        Raises
        ------
        ValueError
            Before `tuned` has chosen a filter.
        """
        if self._filter is None:
            raise ValueError("a filter is run before it was tuned")
        filtered, chosen = np.empty_like(tiles), self._filter
        cores = os.cpu_count() or 1
        strips = list(_strips(tiles.shape[1], -(-cores // len(tiles)), chosen.reach))
        work = [(tile, rows) for tile in range(len(tiles)) for rows in strips]
        with ThreadPoolExecutor(cores) as threads:
            pieces = threads.map(lambda one: _filtered_rows(tiles[one[0]], one[1], chosen), work)
            for (tile, (top, bottom)), piece in zip(work, pieces, strict=True):
                filtered[tile, top:bottom] = piece
        return filtered

    def moved(self, device: str, precision: Precision) -> Restorer:  # noqa: ARG002 - there is nowhere to go
        """Return itself."""
        return self

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether `error` says that memory was too small."""
        return isinstance(error, MemoryError)


def _strips(height: int, count: int, reach: int) -> Iterator[tuple[int, int]]:
    """Yield `count` ranges of rows, or fewer where the rows read twice would outweigh the gain."""
    count = max(1, min(count, height // (4 * reach)))
    for index in range(count):
        yield index * height // count, (index + 1) * height // count


def _filtered_rows(tile: Plane, rows: tuple[int, int], chosen: Filter) -> Plane:
    """Return some rows of `tile` as they are when the whole tile is filtered."""
    top, bottom = max(0, rows[0] - chosen.reach), min(tile.shape[0], rows[1] + chosen.reach)
    return chosen(tile[top:bottom])[rows[0] - top : rows[1] - top]


class Smoothing:
    """The family's row in the registry; satisfies `models.restoration.family.Family`."""

    params = Params

    def load(
        self,
        network: bytes,  # noqa: ARG002 - a filter has no network
        weights: bytes,  # noqa: ARG002 - and no weights
        params: object,
        device: str,  # noqa: ARG002 - and knows one device
        precision: Precision,  # noqa: ARG002
        *,
        checked: tuple[Precision, ...] = ("float32",),  # noqa: ARG002
    ) -> Restorer:
        """Return a filter that waits for a sample of the image, whatever the device."""
        assert isinstance(params, Params)
        return SmoothingRestorer(params)
