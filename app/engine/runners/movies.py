"""Movies as images to learn from: runs of consecutive frames of every channel."""

import numpy as np
from numpy.typing import NDArray

from app.images.reading import corrected
from models.source import ImageSource, Range, Reading, Region
from models.training.patches import normalised

RUNS = 3  # per channel, spread over a long movie
RUN = 16  # frames
FEWEST = 3  # frames that make a movie


def in_time(source: ImageSource) -> ImageSource:
    """Return `source` with its planes as time points, if it has planes in depth and no time points."""
    times, _, depths, *_ = source.info.shape
    if times > 1 or depths < FEWEST or "T" in source.info.axes:
        return source
    return corrected(source, Reading(axes=source.info.axes.replace("Z", "T")))


def movies_of(source: ImageSource, y: Range, x: Range) -> tuple[NDArray[np.float32], ...]:
    """Return runs of frames, (t, h, w), of a box of every channel; none where there are too few time points.

    Each is normalised as a whole. Of a movie in depth every run shows another plane. Runs in which a pixel is
    no number, or all have one value, are left out.
    """
    times, channels, depths, *_ = source.info.shape
    if times < FEWEST:
        return ()
    length = min(RUN, times)
    starts = np.unique(
        np.linspace(0, times - length, min(RUNS, times // length)).round().astype(int)
    ).tolist()
    planes = np.linspace(0, depths - 1, len(starts) + 2).round().astype(int)[1:-1].tolist()
    found = []
    for c in range(channels):
        for start, z in zip(starts, planes, strict=True):
            run = source.read(Region((start, start + length), (c, c + 1), (z, z + 1), y, x))[:, 0, 0]
            if np.isfinite(run).all() and run.min() < run.max():
                found.append(normalised(run))
    return tuple(found)
