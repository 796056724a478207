"""How large tiles and batches may be: as large as the memory allows, since small ones waste work on halos."""

from dataclasses import dataclass
from functools import partial
from math import isqrt

import numpy as np

from models.restoration import tiling
from models.restoration.family import Traits
from models.restoration.tiling import BLEND, Plan
from models.source import ImageInfo

CPU_BATCH_PIXELS = 1 << 19  # more at once is not faster on a processor
LARGEST_BATCH = 64


@dataclass(frozen=True, slots=True)
class Budget:
    """Memory that may be used: by the model while it restores a tile, and for rows read and written."""

    tile_bytes: int = 900 << 20
    band_bytes: int = 500 << 20

    def kept_bytes(self, traits: Traits) -> int:
        """Return the part of `band_bytes` for frames that their neighbours will need again."""
        return self.band_bytes // 4 if traits.frames > 1 else 0


def chosen_plan(info: ImageInfo, traits: Traits, budget: Budget, *, tile: int = 0) -> Plan:
    """Return the plan with the largest tiles that the budget allows; one tile for small planes.

    Parameters
    ----------
    info : ImageInfo
    traits : Traits
    budget : Budget
    tile : int
        Side of the tiles if a person chose it, halo included; enlarged only if the model could make no
        headway with it. 0: by the budget.
    """
    *_, height, width = info.shape
    halo, multiple = traits.halo, traits.multiple
    smallest = tiling.smallest_tile(halo, BLEND, multiple)
    if tile:
        side = max(tile, smallest)
        return tiling.plan_tiles(height, width, tile=(side, side), halo=halo, multiple=multiple)
    pixels = budget.tile_bytes // traits.bytes_per_pixel
    rows = _row_limit(info, traits, budget)
    even = partial(tiling.even_tile, halo=halo, multiple=multiple)
    tall = even(height, min(max(isqrt(pixels), smallest), rows))
    wide = even(width, max(pixels // tall, smallest))
    tall = even(
        height, min(max(pixels // wide, smallest), rows)
    )  # a narrow plane leaves room for taller ones
    return tiling.plan_tiles(height, width, tile=(tall, wide), halo=halo, multiple=multiple)


def chosen_batch(plan: Plan, traits: Traits, budget: Budget, *, device: str) -> int:
    """Return how many tiles of `plan` the model gets at once."""
    pixels = budget.tile_bytes // traits.bytes_per_pixel
    if device == "cpu":
        pixels = min(pixels, CPU_BATCH_PIXELS)
    tall, wide = plan.tile
    return min(max(pixels // (tall * wide), 1), LARGEST_BATCH)


def _row_limit(info: ImageInfo, traits: Traits, budget: Budget) -> int:
    """Return how many rows a band may have: three are in memory as they are read, four as results."""
    width = info.shape[-1]
    read = 3 * (4 * traits.frames + np.dtype(info.dtype).itemsize)
    written = 4 * 4 * traits.scale**2
    return max(1, (budget.band_bytes - budget.kept_bytes(traits)) // (width * (read + written)))
