"""Puts the tiles of a plane together again, band by band."""

from collections.abc import Iterable

import numpy as np

from models.restoration import tiling
from models.restoration.family import Planes
from models.restoration.tiling import Plan, Range, Span


class Blend:
    """Adds up weighted tiles and gives away rows as soon as they are complete.

    Parameters
    ----------
    plan : Plan
    scale : int
        Output pixels per input pixel.
    """

    def __init__(self, plan: Plan, scale: int) -> None:
        self._plan = plan
        self._scale = scale
        self._down = tiling.windows(plan.rows, plan.blend, scale)
        self._across = tiling.windows(plan.columns, plan.blend, scale)
        self._finished = tiling.finished_rows(plan.rows)
        self._carried = np.zeros((1, 0, 0), np.float32)

    def finish(self, index: int, tiles: Iterable[tuple[int, Planes]]) -> tuple[Range, Planes]:
        """Add row `index` of the plan; rows come from top to bottom, plane after plane.

        Parameters
        ----------
        index : int
        tiles : iterable of (column, (n, h, w))
            What the model made of each tile of the row, in n planes.

        Returns
        -------
        rows : (start, stop)
            Input rows that are complete now.
        pixels : (n, rows * scale, width * scale) float32
        """
        scale, row = self._scale, self._plan.rows[index]
        tall, wide = (row.core[1] - row.core[0]) * scale, self._plan.columns[-1].core[1] * scale
        total: Planes | None = None
        for column, restored in tiles:
            if total is None:
                total = np.zeros((len(restored), tall, wide), np.float32)
            span = self._plan.columns[column]
            core = restored[:, _inside(row, scale), _inside(span, scale)]
            window = self._down[index][:, None] * self._across[column]
            total[:, :, span.core[0] * scale : span.core[1] * scale] += core * window
        assert total is not None
        if index > 0:
            total[:, : self._carried.shape[1]] += self._carried
        rows = self._finished[index]
        complete = (rows[1] - rows[0]) * scale
        self._carried = total[:, complete:].copy()
        return rows, total[:, :complete]


def _inside(span: Span, scale: int) -> slice:
    """Where the core of a span lies in what the model returned for it."""
    start = span.core[0] - span.read[0]
    return slice(start * scale, (start + span.core[1] - span.core[0]) * scale)
