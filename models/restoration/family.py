"""What a restoring family is, as far as tiling, jobs and the window need to know."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Precision = Literal["float32", "bfloat16", "float16"]
Planes = NDArray[np.float32]  # (n, h, w), on the normalised scale of `intensity`


@dataclass(frozen=True, slots=True)
class Traits:
    """What inference must know of a restorer.

    Attributes
    ----------
    scale : int
        Output pixels per input pixel along y and x.
    halo : int
        One-sided receptive field in input pixels; beyond it an input pixel has no influence.
    multiple : int
        Tiles start at and extend over multiples of this many input pixels, so that every tile sees
        the same grid as the whole image.
    precisions : tuple of Precision
        Precisions the model was checked in, float32 always among them.
    is_stochastic : bool
        Whether two runs differ unless seeded.
    bytes_per_pixel : int
        Memory that `Restorer.run` needs at its peak, per input pixel of a tile, in float32.
    frames : int
        Frames of a movie that the model sees for one restored frame, the middle one; odd.
    """

    scale: int = 1
    halo: int = 0
    multiple: int = 1
    precisions: tuple[Precision, ...] = ("float32",)
    is_stochastic: bool = False
    bytes_per_pixel: int = 1024
    frames: int = 1


class Restorer(Protocol):
    """A model ready to run on one device in one precision."""

    traits: Traits
    device: str  # "cpu", "cuda:0", "mps"
    precision: Precision

    def tuned(self, sample: Planes) -> "Restorer":
        """Return a restorer adjusted to `sample`, a few normalised planes of the image to restore.

        Networks return themselves; the simple filters choose their strength here, from the image alone.
        """
        ...

    def run(self, tiles: Planes) -> Planes:
        """Restore ``(n, h, w)`` tiles to ``(n, h * scale, w * scale)``; h and w are multiples.

        Where ``traits.frames`` is above 1 the tiles are ``(n, frames, h, w)``.
        """
        ...

    def moved(self, device: str, precision: Precision) -> "Restorer":
        """Return the same restorer on another device or in another precision."""
        ...

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether `error` says that the device's memory was too small for the last call."""
        ...


class Family(Protocol):
    """One way of restoring; a row in `registry.FAMILIES`."""

    params: type[Any]  # a Params dataclass made with `knob`: a different type for every family

    def load(
        self,
        network: bytes,
        weights: bytes,
        params: object,
        device: str,
        precision: Precision,
        *,
        checked: tuple[Precision, ...] = ("float32",),
    ) -> Restorer:
        """Build the restorer described by `network` (JSON) from `weights` (safetensors bytes).

        `checked` are the precisions that the model's card allows.
        """
        ...
