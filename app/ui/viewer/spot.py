"""Where in a picture there is most to see."""

import numpy as np

from app.ui.viewer.contrast import Plane

CELL = 16  # pixels of a side of the squares that are compared


def richest_spot(plane: Plane, height: int, width: int) -> tuple[int, int]:
    """Return row and column of the `height` x `width` window with the most structure.

    Structure is the mean standard deviation within small squares, with the brightest few per cent cut
    off, so that one hot pixel or one saturated blob does not win.
    """
    rows, columns = plane.shape[0] // CELL, plane.shape[1] // CELL
    window = (max(1, height // CELL), max(1, width // CELL))
    if rows <= window[0] and columns <= window[1]:
        return (max(0, (plane.shape[0] - height) // 2), max(0, (plane.shape[1] - width) // 2))
    squares = plane[: rows * CELL, : columns * CELL].astype(np.float32)
    if plane.dtype.kind == "f":
        squares = np.nan_to_num(squares, copy=False)
    spread = squares.reshape(rows, CELL, columns, CELL).std(axis=(1, 3))
    spread = np.minimum(spread, np.percentile(spread, 97))
    sums = np.pad(spread.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    tall, wide = min(window[0], rows), min(window[1], columns)
    found = sums[tall:, wide:] - sums[:-tall, wide:] - sums[tall:, :-wide] + sums[:-tall, :-wide]
    row, column = np.unravel_index(int(found.argmax()), found.shape)
    return (
        min(int(row) * CELL, max(0, plane.shape[0] - height)),
        min(int(column) * CELL, max(0, plane.shape[1] - width)),
    )
