"""PSSR's first network, by its published shape (Fang et al., Nature Methods 18, 406, 2021).

A U-Net after fastai's: an encoder like ResNet-34 with weight-normalised convolutions, whose last map is one
value per channel for the *whole tile*; attention over the tile in the third block of the decoder. So the same
object gives different values in different tiles, and tiles do not fit together exactly. Its published files
are pickles, which are never loaded: names are ours, and so is the scale, 0 to 1.

For ``x`` of shape (n, channels, h, w)::

    enlarge    bilinear, by `scale`
    encoder    three 3x3 convolutions, maximum, four stages of residual blocks, mean over the tile
    middle     batch norm, two 3x3 convolutions
    decoder    pixel shuffle, the encoder's map of that size beside it, two 3x3 convolutions; five times
    head       pixel shuffle to full size, the enlarged input beside it, a residual block, 1x1 convolution
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

ATTENTIVE = 2  # the block of the decoder that looks over the tile


@dataclass(frozen=True, slots=True)
class ResUNet1Shape:
    """The numbers of the network.

    Attributes
    ----------
    channels : int
        Frames that are seen together; one comes out.
    scale : int
        Output pixels per input pixel along each side.
    stem : tuple of int
        Channels of the three first convolutions.
    widths, blocks : tuple of int
        Channels and residual blocks of the four stages.
    """

    channels: int = 1
    scale: int = 4
    stem: tuple[int, ...] = (32, 32, 64)
    widths: tuple[int, ...] = (64, 128, 256, 512)
    blocks: tuple[int, ...] = (3, 4, 6, 3)

    def __post_init__(self) -> None:
        if not 1 <= self.channels <= 16 or self.scale not in (1, 2, 4):
            raise ValueError("channels lie in 1..16 and scale is 1, 2 or 4")
        if len(self.stem) != 3 or len(self.widths) != 4 or len(self.blocks) != 4:
            raise ValueError("stem has three numbers, widths and blocks have four")
        if not all(8 <= n <= 1024 and n % 8 == 0 for n in (*self.stem, *self.widths)):
            raise ValueError("stem and widths are multiples of 8 in 8..1024")
        if not all(1 <= n <= 16 for n in self.blocks):
            raise ValueError("blocks lie in 1..16")

    @property
    def multiple(self) -> int:
        """Input sides must be multiples of this."""
        return 2 if self.scale == 1 else 1

    @property
    def bytes_per_pixel(self) -> int:
        """Memory for one input pixel while the network runs in float32, rounded up generously.

        The finest maps lie at the size of the result; attention needs more the larger the tile is, for
        the tiles of 512 pixels that the network was made for about as much as the maps.
        """
        return 4 * self.scale**2 * (14 * self.stem[0] + 8 * self.widths[0])

    @property
    def sees_whole_tile(self) -> bool:
        """Whether a pixel depends on all of its tile: by its mean and by attention."""
        return True

    def build(self) -> nn.Module:
        """Return the network with random weights."""
        return ResUNet1(self)


class NormedConv(nn.Module):
    """A convolution whose kernels have a direction and a length (Salimans and Kingma, NeurIPS 2016)."""

    def __init__(self, n_in: int, n_out: int, side: int = 3, *, stride: int = 1, bias: bool = True) -> None:
        super().__init__()
        self.stride, self.padding = stride, side // 2
        self.direction = nn.Parameter(torch.empty(n_out, n_in, side, side))
        nn.init.kaiming_normal_(self.direction)
        self.length = nn.Parameter(self.direction.detach().flatten(1).norm(dim=1).view(-1, 1, 1, 1))
        self.bias = nn.Parameter(torch.zeros(n_out)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, n_out, h / stride, w / stride)``."""
        norm = self.direction.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
        kernel = self.direction * (self.length / norm)
        return F.conv2d(x, kernel, self.bias, self.stride, self.padding)


class EncoderBlock(nn.Module):
    """A 1x1 and a 3x3 convolution with a shortcut."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.first = NormedConv(n_in, n_out, 1, bias=False)
        self.second = NormedConv(n_out, n_out, 3, stride=stride, bias=False)
        self.widen = NormedConv(n_in, n_out, 1, bias=False) if n_in != n_out else nn.Identity()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, n_out, h / stride, w / stride)``."""
        y = self.second(F.relu(self.first(x)))
        if self.stride > 1:
            x = F.avg_pool2d(x, 2, ceil_mode=True)
        return F.relu(y + self.widen(x))


class Shuffle(nn.Module):
    """A 1x1 convolution and pixel shuffle to twice the size, smoothed against a checkerboard."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv = NormedConv(n_in, 4 * n_out, 1)
        alike = self.conv.direction.data[::4].repeat_interleave(4, dim=0)
        self.conv.direction.data.copy_(alike)  # all four pixels start alike
        self.conv.length.data.copy_(alike.flatten(1).norm(dim=1).view(-1, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n, n_out, 2 h, 2 w)``."""
        y = F.pixel_shuffle(F.relu(self.conv(x)), 2)
        return F.avg_pool2d(F.pad(y, (1, 0, 1, 0), mode="replicate"), 2, stride=1)


class Attention(nn.Module):
    """Self-attention over all pixels, faded in (Zhang et al., ICML 2019, arXiv:1805.08318)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = spectral_norm(nn.Conv1d(width, width // 8, 1, bias=False))
        self.key = spectral_norm(nn.Conv1d(width, width // 8, 1, bias=False))
        self.value = spectral_norm(nn.Conv1d(width, width, 1, bias=False))
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the same shape as `x`."""
        flat = x.flatten(2)  # (n, width, pixels)
        weights = (self.query(flat).transpose(1, 2) @ self.key(flat)).softmax(dim=1)
        attended: Tensor = self.gamma * (self.value(flat) @ weights) + flat
        return attended.view_as(x)


class DecoderBlock(nn.Module):
    """Twice the size, the encoder's map beside it, two convolutions."""

    def __init__(self, n_in: int, beside: int, *, is_last: bool, is_attentive: bool) -> None:
        super().__init__()
        both = n_in // 2 + beside
        self.width = both // 2 if is_last else both
        self.shuffle = Shuffle(n_in, n_in // 2)
        self.norm = nn.BatchNorm2d(beside)
        self.first = NormedConv(both, self.width)
        self.second = NormedConv(self.width, self.width)
        self.attention = Attention(self.width) if is_attentive else nn.Identity()

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Return ``(n, width, h, w)`` of the skip's size."""
        y = self.shuffle(x)
        if y.shape[-2:] != skip.shape[-2:]:
            y = F.interpolate(y, skip.shape[-2:], mode="nearest")
        y = F.relu(torch.cat([y, self.norm(skip)], dim=1))
        attended: Tensor = self.attention(F.relu(self.second(F.relu(self.first(y)))))
        return attended


class ResUNet1(nn.Module):
    """See the module's docstring."""

    def __init__(self, shape: ResUNet1Shape) -> None:
        super().__init__()
        self.scale = shape.scale
        widths = shape.widths
        pairs = enumerate(pairwise((shape.channels, *shape.stem)))
        self.stem = nn.ModuleList(
            NormedConv(a, b, stride=1 if place else 2, bias=False) for place, (a, b) in pairs
        )
        stages = []
        for stage, (a, b) in enumerate(pairwise((shape.stem[-1], *widths))):
            first = EncoderBlock(a, b, 2 if stage else 1)
            rest = (EncoderBlock(b, b, 1) for _ in range(shape.blocks[stage] - 1))
            stages.append(nn.Sequential(first, *rest))
        self.stages = nn.ModuleList(stages)
        low = widths[-1]
        self.norm = nn.BatchNorm2d(low)
        self.middle = nn.ModuleList([NormedConv(low, 2 * low), NormedConv(2 * low, low)])
        skips = (*reversed(widths), shape.stem[-1])
        decoder = []
        for place, beside in enumerate(skips):
            is_last, is_attentive = place == len(skips) - 1, place == ATTENTIVE
            decoder.append(DecoderBlock(low, beside, is_last=is_last, is_attentive=is_attentive))
            low = decoder[-1].width
        self.decoder = nn.ModuleList(decoder)
        self.shuffle = Shuffle(low, low)
        both = low + shape.channels
        self.narrow, self.wide = NormedConv(both, both // 2), NormedConv(both // 2, both)
        self.head = NormedConv(both, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Restore ``(n, channels, h, w)`` to ``(n, 1, h * scale, w * scale)``."""
        if self.scale > 1:
            x = F.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)
        y = x
        for conv in self.stem:
            y = F.relu(conv(y))
        skips = [y]  # (n, stem[-1], h scale / 2, ...)
        y = F.max_pool2d(y, 3, stride=2, padding=1)
        for stage in self.stages:
            y = stage(y)
            skips.append(y)
        y = F.relu(self.norm(y.mean((2, 3), keepdim=True)))  # (n, widths[-1], 1, 1)
        for conv in self.middle:
            y = F.relu(conv(y))
        for block in self.decoder:
            y = block(y, skips.pop())
        y = torch.cat([self.shuffle(y), x], dim=1)
        y = y + F.relu(self.wide(F.relu(self.narrow(y))))
        restored: Tensor = self.head(y)
        return restored
