"""Reading what a model sees of a plane: a box of it, and for models of movies that box of its neighbours too.

The movie is mirrored at its ends, so every frame has neighbours and the result is as long as the input. A
drift of the whole picture is undone to whole pixels by reading the neighbours' box where the picture went.
Where things move farther than a pixel of their own from frame to frame, neighbours would not show the same
any more: the frame stands in for them and is restored as a single picture.
"""

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from models.restoration import intensity, motion, tiling
from models.restoration.family import Planes
from models.restoration.intensity import Limits
from models.restoration.motion import Motion
from models.restoration.tiling import Range
from models.source import ImageInfo, ImageSource, Region

Place = tuple[int, int]  # t and z of a plane
Missing = NDArray[np.bool_]
Box = tuple[NDArray[np.float32], Missing | None]
Motions = dict[Place, Motion]  # from the frame at (t, z) to the next

TOO_FAR_PX = 1.0  # own motion from frame to frame beyond which neighbours do not help

STILL_IMAGE = (
    "restoration.still",
    "The model was made for movies; this image has no other time points and is restored as a single picture.",
)
FEWER_NEIGHBOURS = (
    "restoration.fewer_neighbours",
    "The first and last time points have fewer neighbours in time, so a little more noise may be left.",
)
MOVES_FAR = (
    "restoration.moves_far",
    "Where things move by more than a pixel between time points, neighbours do not help: those time points "
    "are restored as single pictures.",
)


def remark_on(info: ImageInfo, frames: int) -> tuple[str, str] | None:
    """Return code and sentence of what must be said before a movie model restores the image, if anything."""
    if frames == 1:
        return None
    return STILL_IMAGE if info.shape[0] == 1 else FEWER_NEIGHBOURS


class Neighbours:
    """Reads boxes of one channel for a model that sees `frames` frames at once; used by one thread.

    Parameters
    ----------
    source : ImageSource
    channel : int
    limits : Limits
    frames : int
        Odd; 1 reads the box alone.
    keep_bytes : int
        Memory for boxes that the next frames will ask for again.
    motions : Motions
        What is known of the motion; grows.
    """

    def __init__(
        self,
        source: ImageSource,
        channel: int,
        limits: Limits,
        *,
        frames: int = 1,
        keep_bytes: int = 0,
        motions: Motions | None = None,
    ) -> None:
        self.moves_far = False  # whether any frame stood in for its neighbours because of motion
        self._source = source
        self._channel = channel
        self._limits = limits
        self._reach = frames // 2
        self._keep_bytes = keep_bytes
        self._motions = {} if motions is None else motions
        self._kept: OrderedDict[tuple[Place, Range, Range], Box] = OrderedDict()
        self._blocks: OrderedDict[Place, Planes] = OrderedDict()

    def read(self, place: Place, rows: Range, columns: Range) -> Box:
        """Return a box that may reach outside the image, and where its frame holds no numbers.

        Returns
        -------
        (h, w), or (frames, h, w) for several frames, normalised and filled; and (h, w) or None
        """
        if not self._reach:
            return self._box(place, rows, columns)
        own, missing = self._box(place, rows, columns)
        t, z = place
        times = self._source.info.shape[0]
        if times == 1 or self._is_far(place):
            return np.repeat(own[None], 2 * self._reach + 1, axis=0), missing
        seen = tiling.mirrored((t - self._reach, t + self._reach + 1), times).tolist()
        boxes = [own if other == t else self._moved((other, z), t, rows, columns) for other in seen]
        return np.stack(boxes), missing

    def _is_far(self, place: Place) -> bool:
        t, z = place
        steps = [step for step in (t - 1, t) if 0 <= step < self._source.info.shape[0] - 1]
        is_far = any(self._motion((step, z)).own_px > TOO_FAR_PX for step in steps)
        self.moves_far = self.moves_far or is_far
        return is_far

    def _moved(self, other: Place, t: int, rows: Range, columns: Range) -> NDArray[np.float32]:
        """Read the neighbour's box where what is in the box of frame `t` went."""
        first, last = sorted((t, other[0]))
        drifts = [self._motion((step, other[1])).drift for step in range(first, last)]
        sign = 1 if other[0] > t else -1
        down, across = (sign * round(float(total)) for total in np.sum(drifts, axis=0))
        return self._box(other, _shifted(rows, down), _shifted(columns, across))[0]

    def _motion(self, place: Place) -> Motion:
        """Return the motion from the frame at `place` to the next."""
        if place not in self._motions:
            t, z = place
            self._motions[place] = motion.measure(self._blocks_of(place), self._blocks_of((t + 1, z)))
        return self._motions[place]

    def _blocks_of(self, place: Place) -> Planes:
        """Read the blocks of a frame by which motion is measured, (n, h, w)."""
        if place not in self._blocks:
            *_, height, width = self._source.info.shape
            tall, wide = min(motion.BLOCK, height), min(motion.BLOCK, width)
            bands = [
                read_box(self._source, self._channel, place, (top, top + tall), (0, width), self._limits)[0]
                for top in motion.block_starts(height)
            ]
            blocks = [band[:, left : left + wide] for band in bands for left in motion.block_starts(width)]
            self._blocks[place] = np.stack(blocks)
            if len(self._blocks) > 2:
                self._blocks.popitem(last=False)
        return self._blocks[place]

    def _box(self, place: Place, rows: Range, columns: Range) -> Box:
        wanted = (place, rows, columns)
        if wanted in self._kept:
            self._kept.move_to_end(wanted)
            return self._kept[wanted]
        box = read_box(self._source, self._channel, place, rows, columns, self._limits)
        if box[0].nbytes <= self._keep_bytes and self._reach:
            self._kept[wanted] = box
            while sum(pixels.nbytes for pixels, _ in self._kept.values()) > self._keep_bytes:
                self._kept.popitem(last=False)
        return box


def read_box(
    source: ImageSource, channel: int, place: Place, rows: Range, columns: Range, limits: Limits
) -> Box:
    """Read a box that may reach outside the image; normalised, with missing values filled."""
    *_, height, width = source.info.shape
    (t, z), down, across = place, tiling.mirrored(rows, height), tiling.mirrored(columns, width)
    y, x = (int(down.min()), int(down.max()) + 1), (int(across.min()), int(across.max()) + 1)
    box = Region((t, t + 1), (channel, channel + 1), (z, z + 1), y, x)
    pixels, missing = intensity.filled(limits.normalised(source.read(box)[0, 0, 0]))
    if pixels.shape == (len(down), len(across)):
        return pixels, missing
    places = np.ix_(down - y[0], across - x[0])
    return pixels[places], None if missing is None else missing[places]


def _shifted(span: Range, by: int) -> Range:
    return span[0] + by, span[1] + by
