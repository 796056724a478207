"""SwinIR as PSSR2 sets it up: attention inside windows (Liang et al., ICCV Workshops 2021, arXiv:2108.10257).

The names of all parameters are those of PSSR2's checkpoints. It sees gray levels of 0 to 255,
which are our 0 to 1::

    conv_first        3x3 convolution to `width` channels
    layers            groups of transformer blocks, each group followed by a 3x3 convolution and a shortcut
    conv_after_body   a shortcut over all groups
    upsample          3x3 convolutions and pixel shuffle to `scale` times the size

Every second block looks through windows that are shifted by half of their side. A pixel reaches as far as all
its windows do, and no farther.
"""

import math
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor, nn

from models.pssr.published.resunet2 import LEVELS

BEFORE_SHUFFLE = 64  # channels of the part that enlarges
HIDDEN = -100.0  # what is added to the attention between pixels that are not neighbours


@dataclass(frozen=True, slots=True)
class SwinIRShape:
    """The numbers of the network.

    Attributes
    ----------
    channels : int
        Frames that are seen together; one comes out.
    image_size : int
        Side of the images of its training: it only decides the size of stored masks.
    width : int
        Channels of a pixel.
    groups : tuple of int
        Blocks per group.
    heads : tuple of int
        Heads of attention per group.
    window : int
        Side of a window.
    mlp_ratio : int
        Inner channels of a block per channel.
    scale : int
        Output pixels per input pixel along each side.
    """

    channels: int = 1
    image_size: int = 128
    width: int = 96
    groups: tuple[int, ...] = (4, 4, 4, 4)
    heads: tuple[int, ...] = (6, 6, 6, 6)
    window: int = 8
    mlp_ratio: int = 2
    scale: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.channels <= 16 or self.scale not in (1, 2, 3, 4, 8):
            raise ValueError("channels lie in 1..16 and scale is 1, 2, 3, 4 or 8")
        if len(self.groups) != len(self.heads) or not 1 <= len(self.groups) <= 12:
            raise ValueError("groups and heads need one number per group, 12 at most")
        if not all(1 <= n <= 12 for n in self.groups) or not 8 <= self.width <= 512:
            raise ValueError("groups lie in 1..12 and width in 8..512")
        if not all(1 <= n <= 16 and self.width % n == 0 for n in self.heads):
            raise ValueError("heads lie in 1..16 and divide the width")
        if self.window not in (4, 8, 16) or not 1 <= self.mlp_ratio <= 8:
            raise ValueError("window is 4, 8 or 16 and mlp_ratio lies in 1..8")
        if not self.window < self.image_size <= 512 or self.image_size % self.window:
            raise ValueError("image_size is a multiple of the window, 512 at most")

    @property
    def multiple(self) -> int:
        """Input sides must be multiples of this: tiles then have the windows of the whole image."""
        return self.window

    @property
    def bytes_per_pixel(self) -> int:
        """Memory for one input pixel while the network runs in float32, rounded up generously."""
        attention = 3 * max(self.heads) * self.window**2
        return 4 * (12 * self.width + attention + 3 * BEFORE_SHUFFLE * self.scale**2)

    @property
    def sees_whole_tile(self) -> bool:
        """Whether a pixel depends on all of its tile: it does not."""
        return False

    def build(self) -> nn.Module:
        """Return the network with random weights."""
        return SwinIR(self)


def windows(x: Tensor, side: int) -> Tensor:
    """Cut ``(n, h, w, c)`` into ``(n * windows, side * side, c)``."""
    n, height, width, c = x.shape
    x = x.view(n, height // side, side, width // side, side, c).transpose(2, 3)
    return x.reshape(-1, side * side, c)


def joined(pieces: Tensor, side: int, height: int, width: int) -> Tensor:
    """Undo `windows`."""
    x = pieces.view(-1, height // side, width // side, side, side, pieces.shape[-1]).transpose(2, 3)
    return x.reshape(-1, height, width, pieces.shape[-1])


def shift_mask(height: int, width: int, side: int, device: torch.device | None = None) -> Tensor:
    """Return what is added to the attention in shifted windows, (windows, side * side, side * side).

    After rolling by half a window, the last windows hold pixels from opposite borders.
    """

    def region(length: int) -> Tensor:
        place = torch.arange(length, device=device)
        return (place >= length - side).long() + (place >= length - side // 2).long()

    labels = 3 * region(height).view(-1, 1) + region(width).view(1, -1)
    cut = windows(labels.view(1, height, width, 1), side)[..., 0]  # (windows, side * side)
    return (cut[:, None] != cut[:, :, None]) * HIDDEN


class Attention(nn.Module):
    """Attention among the pixels of a window, with a learned weight for every offset between two."""

    relative_position_index: Tensor

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        place = torch.arange(window**2)
        y, x = place // window, place % window
        down, across = (one[:, None] - one[None] + window - 1 for one in (y, x))
        self.register_buffer("relative_position_index", down * (2 * window - 1) + across)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Return ``(windows, pixels, width)``; `mask` has the windows of one image."""
        n, pixels, width = x.shape
        qkv = self.qkv(x).view(n, pixels, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # (n, heads, pixels, width / heads) each
        bias = self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)[None]
        if mask is not None:
            bias = bias + mask.to(bias.dtype).repeat(n // len(mask), 1, 1)[:, None]
        weights = (query * (width // self.heads) ** -0.5) @ key.transpose(-2, -1) + bias
        seen = weights.softmax(dim=-1) @ value
        mixed: Tensor = self.proj(seen.transpose(1, 2).reshape(n, pixels, width))
        return mixed


class Mlp(nn.Module):
    """Two linear layers with a GELU between."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, inner)
        self.fc2 = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the same shape as `x`."""
        y: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return y


class Block(nn.Module):
    """Attention and an inner network, each behind a layer norm and with a shortcut."""

    def __init__(self, shape: SwinIRShape, heads: int, *, is_shifted: bool) -> None:
        super().__init__()
        width = shape.width
        self.window = shape.window
        self.shift = shape.window // 2 if is_shifted else 0
        if is_shifted:  # only so that checkpoints fit; masks are made for the size at hand
            self.register_buffer("attn_mask", shift_mask(shape.image_size, shape.image_size, shape.window))
        self.norm1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads, shape.window)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, shape.mlp_ratio * width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return ``(n, h, w, width)``."""
        height, width = x.shape[1:3]
        y = self.norm1(x)
        if self.shift:
            y = y.roll((-self.shift, -self.shift), (1, 2))
        y = self.attn(windows(y, self.window), mask if self.shift else None)
        y = joined(y, self.window, height, width)
        if self.shift:
            y = y.roll((self.shift, self.shift), (1, 2))
        x = x + y
        z: Tensor = x + self.mlp(self.norm2(x))
        return z


class Blocks(nn.Module):
    """The blocks of a group; every second one is shifted."""

    def __init__(self, shape: SwinIRShape, group: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(shape, shape.heads[group], is_shifted=place % 2 == 1)
            for place in range(shape.groups[group])
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return ``(n, h, w, width)``."""
        for block in self.blocks:
            x = block(x, mask)
        return x


class Group(nn.Module):
    """Blocks, a 3x3 convolution, a shortcut."""

    def __init__(self, shape: SwinIRShape, group: int) -> None:
        super().__init__()
        self.residual_group = Blocks(shape, group)
        self.conv = nn.Conv2d(shape.width, shape.width, 3, padding=1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return ``(n, h, w, width)``."""
        y = self.conv(self.residual_group(x, mask).movedim(-1, 1)).movedim(1, -1)
        return x + cast("Tensor", y)  # cast: modules answer anything


class PatchNorm(nn.Module):
    """A layer norm under the name that checkpoints have for it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the normed map."""
        y: Tensor = self.norm(x)
        return y


def enlarging(scale: int) -> nn.Sequential:
    """Return convolutions and pixel shuffles that enlarge by `scale`: by 3, or as often as needed by 2."""
    steps = [3] if scale == 3 else [2] * round(math.log2(scale))
    layers: list[nn.Module] = []
    for step in steps:
        layers += [nn.Conv2d(BEFORE_SHUFFLE, step**2 * BEFORE_SHUFFLE, 3, padding=1), nn.PixelShuffle(step)]
    return nn.Sequential(*layers)


class SwinIR(nn.Module):
    """See the module's docstring."""

    def __init__(self, shape: SwinIRShape) -> None:
        super().__init__()
        width = shape.width
        self.window = shape.window
        self.conv_first = nn.Conv2d(shape.channels, width, 3, padding=1)
        self.patch_embed = PatchNorm(width)
        self.layers = nn.ModuleList(Group(shape, group) for group in range(len(shape.groups)))
        self.norm = nn.LayerNorm(width)
        self.conv_after_body = nn.Conv2d(width, width, 3, padding=1)
        self.conv_before_upsample = nn.Sequential(
            nn.Conv2d(width, BEFORE_SHUFFLE, 3, padding=1), nn.LeakyReLU(0.01)
        )
        self.upsample = enlarging(shape.scale)
        self.conv_last = nn.Conv2d(BEFORE_SHUFFLE, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Restore ``(n, channels, h, w)``, sides multiples of the window."""
        height, width = x.shape[-2:]
        mask = shift_mask(height, width, self.window, x.device)
        first = self.conv_first(LEVELS * x)
        y = self.patch_embed(first.movedim(1, -1).contiguous())  # (n, h, w, width)
        for group in self.layers:
            y = group(y, mask)
        y = self.conv_after_body(self.norm(y).movedim(-1, 1)) + first
        restored: Tensor = self.conv_last(self.upsample(self.conv_before_upsample(y)))
        return restored / LEVELS
