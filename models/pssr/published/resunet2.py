"""PSSR2's default network, by its published shape (Stites and Manor, BMC Methods 2024).

The names of all parameters are those of its checkpoints. For input ``x`` of shape (n, channels, h, w)::

    norm            255 x / 128 - 1, then batch norm
    encoder         residual blocks of 3x3 convolutions, a 2x2 maximum between levels
    decoder         pixel shuffle by 2, the encoder's map of that size beside it, a residual block
    reconstruction  the input beside it, 3x3 convolution, pixel shuffle to `scale`, 3x3 convolution
    output          (128 y + 128) / 255
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor, nn

LEVELS = 255  # gray levels of PSSR2 between our 0 and 1


@dataclass(frozen=True, slots=True)
class ResUNet2Shape:
    """The numbers of the network.

    Attributes
    ----------
    channels : int
        Frames that are seen together; one comes out.
    hidden : tuple of int
        Channels per level, finest first.
    scale : int
        Output pixels per input pixel along each side.
    depth : int
        3x3 convolutions of a block after the first.
    """

    channels: int = 1
    hidden: tuple[int, ...] = (64, 128, 256, 512, 1024)
    scale: int = 4
    depth: int = 3

    def __post_init__(self) -> None:
        check_decoder(self.channels, self.hidden, self.scale, self.depth)

    @property
    def multiple(self) -> int:
        """Input sides must be multiples of this."""
        return int(2 ** (len(self.hidden) - 1))

    @property
    def bytes_per_pixel(self) -> int:
        """Memory for one input pixel while the network runs in float32, rounded up generously."""
        return 4 * (8 * self.hidden[0] + 3 * self.hidden[0] * self.scale**2)

    @property
    def sees_whole_tile(self) -> bool:
        """Whether a pixel depends on all of its tile: it does not."""
        return False

    def build(self) -> nn.Module:
        """Return the network with random weights."""
        return ResUNet2(self)


def check_decoder(channels: int, hidden: tuple[int, ...], scale: int, depth: int) -> None:
    """Raise ValueError for numbers that no such network has."""
    if not 1 <= channels <= 16 or scale not in (1, 2, 3, 4, 8) or not 1 <= depth <= 8:
        raise ValueError("channels lie in 1..16, depth in 1..8, and scale is 1, 2, 3, 4 or 8")
    if not 2 <= len(hidden) <= 7 or not all(8 <= n <= 2048 and n % 4 == 0 for n in hidden):
        raise ValueError("hidden has 2 to 7 numbers, multiples of 4 in 8..2048")


class ResBlock(nn.Module):
    """``relu(convolutions(x) + respass(x))``, batch norm after every convolution."""

    def __init__(self, n_in: int, n_out: int, depth: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for place in range(depth + 1):
            layers += [nn.Conv2d(n_out if place else n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out)]
            if place < depth:
                layers.append(nn.ReLU())
        self.conv = nn.Sequential(*layers)
        self.respass = nn.Conv2d(n_in, n_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, n_out, h, w)``."""
        return F.relu(self.conv(x) + self.respass(x))


class Reconstruction(nn.Module):
    """From the finest map and the input beside it to the image, `scale` times as large."""

    def __init__(self, n_in: int, width: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.pre = nn.Conv2d(n_in, width * scale**2, 3, padding=1)
        self.conv = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, 1, h * scale, w * scale)``."""
        restored: Tensor = self.conv(F.pixel_shuffle(F.relu(self.pre(x)), self.scale))
        return restored


class ResUNet2(nn.Module):
    """See the module's docstring."""

    def __init__(self, shape: ResUNet2Shape) -> None:
        super().__init__()
        hidden, depth = shape.hidden, shape.depth
        self.norm = nn.BatchNorm2d(shape.channels)
        self.encoder = nn.ModuleList(
            ResBlock(n_in, n_out, depth) for n_in, n_out in pairwise((shape.channels, *hidden))
        )
        self.decoder = nn.ModuleList(
            ResBlock(below // 4 + beside, beside, depth) for beside, below in reversed([*pairwise(hidden)])
        )
        self.reconstruction = Reconstruction(hidden[0] + shape.channels, hidden[0], shape.scale)

    def forward(self, x: Tensor) -> Tensor:
        """Restore ``(n, channels, h, w)``, sides multiples of the shape's `multiple`."""
        x = self.norm(x * (LEVELS / 128) - 1)
        y, skips = x, []
        for level, block in enumerate(self.encoder):
            y = block(F.max_pool2d(y, 2) if level else y)  # (n, hidden[level], h / 2^level, ...)
            skips.append(y)
        skips.pop()
        for block in self.decoder:
            y = block(torch.cat([F.pixel_shuffle(y, 2), skips.pop()], dim=1))
        restored: Tensor = self.reconstruction(torch.cat([y, x], dim=1))
        return (restored + 1) * (128 / LEVELS)
