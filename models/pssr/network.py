"""The compact residual U-Net behind the bundled PSSR models.

The published PSSR network (Fang et al., Nature Methods 18, 406, 2021) sees the whole tile through global
pooling and attention, so the same object changes with its tile. This one is fully convolutional: its
receptive field is finite and known, and restoring in tiles equals restoring at once.

Shape of the computation, for input ``x`` of shape (n, frames, h, w)::

    fusion    only for several frames: a mean over time that is not smeared by motion, see `fusion`, and
              the frames' differences to it
    grid      unshuffle ``x`` by `shrink`: fewer, richer positions (cheap at scale 1)
    encoder   blocks of two 3x3 convolutions with a shortcut, halved by 2x2 stride-2 convolutions
    decoder   the mirror image; skips are added
    head      3x3 convolution and pixel shuffle to `scale` times the input's grid
    output    bicubic(x) + head, for several frames bicubic(mean) + head

All convolutions are free of biases, which makes the learned part scale with contrast (Mohan et al., ICLR
2020, arXiv:1906.05478); the layout follows DRUNet (Zhang et al., TPAMI 2021, arXiv:2008.13751).
"""

import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import torch.nn.functional as F  # noqa: N812 - the name everybody uses
from torch import Tensor, nn

from models.pssr import fusion


@dataclass(frozen=True, slots=True)
class Layout:
    """What must be known to build the network that a weights file fits.

    Attributes
    ----------
    scale : int
        Output pixels per input pixel along each side: 1, 2 or 4.
    shrink : int
        Side of the input blocks that become channels: 1 or 2.
    widths : tuple of int
        Channels per level, finest first.
    blocks : tuple of int
        Residual blocks per level on the way down (and, but for the last level, up again).
    frames : int
        Frames of a movie seen for one restored frame, the middle one: odd, 1 to 7. Given the same frame
        over and over the network restores it as a single picture.
    """

    scale: int = 1
    shrink: int = 2
    widths: tuple[int, ...] = (48, 96, 192)
    blocks: tuple[int, ...] = (1, 1, 1)
    frames: int = 1

    def __post_init__(self) -> None:
        if self.scale not in (1, 2, 4) or self.shrink not in (1, 2):
            raise ValueError("scale must be 1, 2 or 4 and shrink 1 or 2")
        if self.frames not in (1, 3, 5, 7):
            raise ValueError("frames must be 1, 3, 5 or 7")
        if len(self.widths) != len(self.blocks) or not self.widths:
            raise ValueError("widths and blocks need one number per level")
        if not all(0 < width <= 1024 for width in self.widths) or not all(0 < n <= 8 for n in self.blocks):
            raise ValueError("widths lie in 1..1024 and blocks in 1..8")

    @property
    def multiple(self) -> int:
        """Input sides must be multiples of this; shifts by it shift the output exactly."""
        return int(self.shrink * 2 ** (len(self.widths) - 1))

    @property
    def halo(self) -> int:
        """One-sided receptive field in input pixels, found by walking back from every output position.

        Bicubic upsampling reaches two pixels and is always inside.
        """
        reach = 0
        for offset in range(self.multiple):
            low, high = _reach(self, offset)
            reach = max(reach, offset - low, high - offset)
        return reach + (fusion.REACH if self.frames > 1 else 0)

    @property
    def maps_in(self) -> int:
        """Images that the first convolution sees, before they are unshuffled."""
        return 1 if self.frames == 1 else 1 + self.frames

    @property
    def bytes_per_pixel(self) -> int:
        """Memory for one input pixel while the network runs in float32, rounded up generously."""
        maps = 10 * self.widths[0] / self.shrink**2 + 4 * self.scale**2
        if self.frames > 1:
            maps += 6 * self.frames
        return round(5 * maps)

    def to_json(self) -> bytes:
        """Return the layout as JSON, as stored in a model card."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Layout":
        """Read what `to_json` wrote; anything else raises ValueError."""
        values: dict[str, Any] = json.loads(text)  # Any: what JSON has, until it is checked
        if not isinstance(values, dict):
            raise ValueError("a network is described by names and numbers")
        unknown = values.keys() - cls.__dataclass_fields__.keys()
        if unknown:
            raise ValueError(f"unknown parts of a network: {', '.join(sorted(unknown))}")
        for name, value in values.items():
            numbers = value if name in ("widths", "blocks") else [value]
            if not isinstance(numbers, list) or any(type(number) is not int for number in numbers):
                raise ValueError(f"{name} of a network cannot be {value!r}")
            values[name] = tuple(value) if isinstance(value, list) else value
        return cls(**values)


def _reach(layout: Layout, position: int) -> tuple[int, int]:
    """Return the first and last input pixel that the output over input pixel `position` sees."""
    low = high = position // layout.shrink
    low, high = low - 1, high + 1  # head
    depth = len(layout.widths)
    for level in range(depth - 1):  # decoder, backwards: finest level first
        convs = 2 * layout.blocks[level]
        low, high = (low - convs) // 2, (high + convs) // 2
    for level in reversed(range(depth)):  # encoder, backwards: coarsest level first
        convs = 2 * layout.blocks[level]
        low, high = low - convs, high + convs
        if level:
            low, high = 2 * low, 2 * high + 1
    low, high = low - 1, high + 1  # stem
    return low * layout.shrink, high * layout.shrink + layout.shrink - 1


def _conv(n_in: int, n_out: int) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)


class Block(nn.Module):
    """``x + conv(relu(conv(x)))``."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = _conv(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output, same shape as `x`."""
        changed: Tensor = self.second(F.relu(self.first(x)))
        return x + changed


class ResUNet(nn.Module):
    """A residual U-Net over the bicubic image; see the module's docstring."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        widths, blocks = layout.widths, layout.blocks
        factor = layout.scale * layout.shrink
        self.stem = _conv(layout.maps_in * layout.shrink**2, widths[0])
        self.down = nn.ModuleList(
            nn.Sequential(*(Block(w) for _ in range(n))) for w, n in zip(widths, blocks, strict=True)
        )
        self.descend = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2, bias=False) for a, b in pairwise(widths))
        self.ascend = nn.ModuleList(
            nn.ConvTranspose2d(b, a, 2, stride=2, bias=False) for a, b in pairwise(widths)
        )
        self.up = nn.ModuleList(
            nn.Sequential(*(Block(w) for _ in range(n)))
            for w, n in zip(widths[:-1], blocks[:-1], strict=True)
        )
        self.head = _conv(widths[0], factor**2)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Restore ``(n, frames, h, w)``, sides multiples of ``layout.multiple``: (n, 1, h * scale, ...)."""
        layout = self.layout
        if layout.frames > 1:
            x = fusion.fused(x)  # (n, 1 + frames, h, w)
        y = self.stem(F.pixel_unshuffle(x, layout.shrink))  # (n, widths[0], h/shrink, w/shrink)
        skips = []
        for level, blocks in enumerate(self.down):
            y = blocks(y)  # (n, widths[level], h/(shrink 2^level), ...)
            if level < len(self.descend):
                skips.append(y)
                y = self.descend[level](y)
        for level in reversed(range(len(self.ascend))):
            y = self.up[level](self.ascend[level](y) + skips[level])
        y = F.pixel_shuffle(self.head(y), layout.scale * layout.shrink)  # (n, 1, h*scale, w*scale)
        restored: Tensor = y + upsample_bicubic(x[:, :1], layout.scale)
        return restored


def upsample_bicubic(x: Tensor, scale: int) -> Tensor:
    """Enlarge ``(n, 1, h, w)`` by `scale` with pixel centres aligned (torch's bicubic, a = -0.75)."""
    if scale == 1:
        return x
    return F.interpolate(x, scale_factor=scale, mode="bicubic", align_corners=False)


def n_parameters(network: nn.Module) -> int:
    """Number of trainable values."""
    return sum(parameter.numel() for parameter in network.parameters())


def macs_per_pixel(layout: Layout) -> float:
    """Multiply-accumulates of the convolutions per input pixel."""
    total, area = 0.0, float(layout.shrink**2)
    factor = layout.scale * layout.shrink
    total += 9 * layout.widths[0] * (layout.maps_in * layout.shrink**2 + factor**2) / area
    last = len(layout.widths) - 1
    for level, (width, blocks) in enumerate(zip(layout.widths, layout.blocks, strict=True)):
        sides = 1 if level == last else 2
        total += sides * blocks * 18 * width * width / area
        if level < last:
            total += 2 * width * layout.widths[level + 1] / area  # one 2x2 conv down, one up
        area *= 4
    return total
