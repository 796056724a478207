"""Which part of the noisy images is kept aside: whole planes where there are enough, else a strip of each."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from models.errors import UserError
from models.training.patches import Plane, Specimen

SMALLEST = 64  # pixels of the shorter side
ENOUGH_PLANES = 5
SHARE = 5  # one plane in so many, or one row in so many, is kept aside
GAP = 16  # rows between the two parts of a plane, belonging to neither


class TooSmall(UserError):
    """The noisy images are too small to learn from."""

    code: ClassVar[str] = "train.too_small"


Sides = tuple[list[Specimen], list[Specimen]]  # to learn from, kept aside


def learn_and_unseen(specimens: Sequence[Specimen]) -> Sides:
    """Divide noisy specimens into those to learn from and those to look at in between.

    With five planes or more every fifth is kept aside; with fewer the lowest fifth of every plane, behind a
    gap. Planes with a side under 64 pixels are left out.

    Raises
    ------
    TooSmall
        If no plane is left.
    """
    usable = [
        replace(one, planes=tuple(plane for plane in one.planes if min(plane.shape) >= SMALLEST))
        for one in specimens
    ]
    usable = [one for one in usable if one.planes]
    if not usable:
        raise TooSmall(
            f"No image has {SMALLEST} pixels along both sides; smaller ones cannot be learned from.",
            hint="Add a larger noisy image, or several planes of one.",
            smallest=SMALLEST,
        )
    if sum(len(one.planes) for one in usable) >= ENOUGH_PLANES:
        return _whole_planes(usable)
    return _strips(usable)


def _whole_planes(specimens: Sequence[Specimen]) -> Sides:
    sides: Sides = ([], [])
    count = 0
    for one in specimens:
        places = range(count, count + len(one.planes))
        count += len(one.planes)
        for side, is_unseen in zip(sides, (False, True), strict=True):
            planes = tuple(
                plane
                for place, plane in zip(places, one.planes, strict=True)
                if (place % SHARE == SHARE // 2) == is_unseen
            )
            if planes:
                side.append(replace(one, planes=planes))
    return sides


def _strips(specimens: Sequence[Specimen]) -> Sides:
    def part(plane: Plane, *, is_unseen: bool) -> Plane:
        strip = max(len(plane) // SHARE, 24)
        rows = slice(len(plane) - strip, None) if is_unseen else slice(0, len(plane) - strip - GAP)
        return np.ascontiguousarray(plane[rows])

    return (
        [replace(s, planes=tuple(part(p, is_unseen=False) for p in s.planes)) for s in specimens],
        [replace(s, planes=tuple(part(p, is_unseen=True) for p in s.planes)) for s in specimens],
    )
