"""PSSR2's network with a densely connected encoder, by its published shape.

Stites and Manor, BMC Methods 2024. The encoder is that of RDNet (Kim et al., ECCV 2024, arXiv:2403.19588).
The names of all parameters are those of PSSR2's checkpoints. For ``x`` of shape (n, channels, h, w)::

    norm            255 x / 128 - 1, then batch norm
    stem            patches of `patch` x `patch` pixels become channels
    dense stages    blocks whose output is put beside their input; between stages fewer channels, and half
                    the size where `halves` says so
    decoder         residual blocks as in `resunet2`, from the last map at every size
    output          as in `resunet2`

Where `gated` says so a block weighs its channels by their mean over the *whole tile*: what comes out depends
a little on what else the tile shows.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor, nn

from models.pssr.published.resunet2 import LEVELS, Reconstruction, ResBlock, check_decoder


@dataclass(frozen=True, slots=True)
class RDResUNetShape:
    """The numbers of the network; per stage where there are several.

    Attributes
    ----------
    channels, scale, depth : int
        As in `ResUNet2Shape`.
    hidden : tuple of int
        Channels of the decoder, coarsest first; one more than there are sizes after the first.
    first : int
        Channels after the stem.
    growth, blocks : tuple of int
        Channels that a block adds, and blocks.
    halves, gated : tuple of int
        0 or 1: whether the size is halved before the stage, whether its blocks weigh their channels.
    patch : int
        Side of a patch.
    bottleneck : int
        Inner channels of a block per channel of its input.
    """

    channels: int = 1
    hidden: tuple[int, ...] = (1024, 1024, 512, 256)
    scale: int = 4
    depth: int = 3
    first: int = 128
    growth: tuple[int, ...] = (64, 104, 128, 128, 128, 128, 224)
    blocks: tuple[int, ...] = (3, 3, 3, 3, 3, 3, 3)
    halves: tuple[int, ...] = (0, 1, 1, 0, 0, 0, 1)
    gated: tuple[int, ...] = (0, 0, 1, 1, 1, 1, 1)
    patch: int = 2
    bottleneck: int = 4

    def __post_init__(self) -> None:
        check_decoder(self.channels, self.hidden, self.scale, self.depth)
        stages = {len(self.growth), len(self.blocks), len(self.halves), len(self.gated)}
        if len(stages) != 1 or not 1 <= len(self.growth) <= 12:
            raise ValueError("growth, blocks, halves and gated need one number per stage, 12 at most")
        if not all(8 <= n <= 512 for n in self.growth) or not all(1 <= n <= 8 for n in self.blocks):
            raise ValueError("growth lies in 8..512 and blocks in 1..8")
        if not {*self.halves, *self.gated} <= {0, 1} or self.halves[0]:
            raise ValueError("halves and gated are 0 or 1, and the first stage keeps its size")
        if not 8 <= self.first <= 1024 or self.patch not in (2, 4) or not 1 <= self.bottleneck <= 8:
            raise ValueError("first lies in 8..1024, bottleneck in 1..8, and patch is 2 or 4")
        if len(self.hidden) != sum(self.halves) + 1:
            raise ValueError("hidden needs one number per size")

    @property
    def multiple(self) -> int:
        """Input sides must be multiples of this."""
        return int(self.patch * 2 ** sum(self.halves))

    @property
    def bytes_per_pixel(self) -> int:
        """Memory for one input pixel while the network runs in float32, rounded up generously."""
        dense = (self.first + self.blocks[0] * self.growth[0]) * (self.bottleneck + 4) / self.patch**2
        return round(4 * (2 * dense + 3 * self.hidden[-1] / self.patch**2 * self.scale**2))

    @property
    def sees_whole_tile(self) -> bool:
        """Whether a pixel depends on all of its tile: where blocks are gated."""
        return any(self.gated)

    def build(self) -> nn.Module:
        """Return the network with random weights."""
        return RDResUNet(self)


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of ``(n, c, h, w)``, every pixel by itself."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the normed map."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class Gate(nn.Module):
    """Weighs channels by their means over the tile."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the weighed map."""
        return x * F.hardsigmoid(self.fc(x.mean((2, 3), keepdim=True)))


class Layers(nn.Module):
    """A named holder of layers in a row."""

    def __init__(self, *layers: nn.Module, name: str) -> None:
        super().__init__()
        self.name = name
        self.add_module(name, nn.Sequential(*layers))

    def forward(self, x: Tensor) -> Tensor:
        """Run the layers."""
        y: Tensor = self.get_submodule(self.name)(x)
        return y


class DenseBlock(nn.Module):
    """New channels beside the old ones, faded in by `gamma`."""

    def __init__(self, n_in: int, growth: int, bottleneck: int, *, is_gated: bool) -> None:
        super().__init__()
        inner = n_in * bottleneck
        self.layers = Layers(
            nn.Conv2d(n_in, n_in, 7, padding=3, groups=n_in),
            ChannelNorm(n_in, eps=1e-6),
            nn.Conv2d(n_in, inner, 1),
            nn.GELU(),
            nn.Conv2d(inner, growth, 1),
            *([Gate(growth)] if is_gated else []),
            name="layers",
        )
        self.gamma = nn.Parameter(torch.full((growth,), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, n_in + growth, h, w)``."""
        return torch.cat([x, self.layers(x) * self.gamma.view(1, -1, 1, 1)], dim=1)


class DenseStage(nn.Module):
    """Dense blocks one after another."""

    def __init__(self, n_in: int, growth: int, shape: RDResUNetShape, stage: int) -> None:
        super().__init__()
        for place in range(shape.blocks[stage]):
            block = DenseBlock(
                n_in + place * growth, growth, shape.bottleneck, is_gated=bool(shape.gated[stage])
            )
            self.add_module(f"dense_block{place}", block)

    def forward(self, x: Tensor) -> Tensor:
        """Return the map with all new channels."""
        for block in self.children():
            x = block(x)
        return x


class Encoder(nn.Module):
    """Stem and dense stages; `widths` are the channels of the maps it gives, finest first."""

    def __init__(self, shape: RDResUNetShape) -> None:
        super().__init__()
        stem = nn.Conv2d(shape.channels, shape.first, shape.patch, stride=shape.patch)
        self.stem = Layers(stem, ChannelNorm(shape.first, eps=1e-6), name="stem")
        self.halves = shape.halves
        self.widths: list[int] = []
        stages, width = [], shape.first
        for stage, growth in enumerate(shape.growth):
            layers: list[nn.Module] = []
            if stage:
                fewer = width // 2 // 8 * 8
                side = 2 if shape.halves[stage] else 1
                layers = [ChannelNorm(width, eps=1e-6), nn.Conv2d(width, fewer, side, stride=side)]
                if side == 2:
                    self.widths.append(width)
                width = fewer
            stages.append(nn.Sequential(*layers, DenseStage(width, growth, shape, stage)))
            width += shape.blocks[stage] * growth
        self.widths.append(width)
        self.dense_stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the last map of every size, finest first."""
        maps = []
        x = self.stem(x)
        for is_halved, stage in zip(self.halves, self.dense_stages, strict=True):
            if is_halved:
                maps.append(x)
            x = stage(x)
        return [*maps, x]


class RDResUNet(nn.Module):
    """See the module's docstring."""

    def __init__(self, shape: RDResUNetShape) -> None:
        super().__init__()
        self.patch = shape.patch
        self.norm = nn.BatchNorm2d(shape.channels)
        self.encoder = Encoder(shape)
        blocks, below = [], 0
        for beside, width in zip(reversed(self.encoder.widths), shape.hidden, strict=True):
            blocks.append(ResBlock(below // 4 + beside, width, shape.depth))
            below = width
        self.decoder = nn.ModuleList(blocks)
        finest = shape.hidden[-1] // shape.patch**2
        self.reconstruction = Reconstruction(finest + shape.channels, finest, shape.scale)

    def forward(self, x: Tensor) -> Tensor:
        """Restore ``(n, channels, h, w)``, sides multiples of the shape's `multiple`."""
        x = self.norm(x * (LEVELS / 128) - 1)
        maps = self.encoder(x)
        y = self.decoder[0](maps.pop())
        for block in self.decoder[1:]:
            y = block(torch.cat([F.pixel_shuffle(y, 2), maps.pop()], dim=1))
        y = F.pixel_shuffle(y, self.patch)  # (n, hidden[-1] / patch^2, h, w)
        restored: Tensor = self.reconstruction(torch.cat([y, x], dim=1))
        return (restored + 1) * (128 / LEVELS)
