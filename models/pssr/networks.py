"""Every network of the family behind one description: JSON with a ``kind`` and the numbers to build it.

Without a kind it is the compact network of `models.pssr.network`. The others are published networks, which
people bring from elsewhere; how far their pixels see is measured, since theory says much more than is true.
"""

import json
import time
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any, Literal, Protocol, cast, get_args

import torch
from torch import Tensor, nn

from models import weights
from models.pssr.network import Layout, ResUNet
from models.pssr.published.rdresunet import RDResUNetShape
from models.pssr.published.resunet1 import ResUNet1Shape
from models.pssr.published.resunet2 import ResUNet2Shape
from models.pssr.published.swinir import SwinIRShape
from models.restoration.family import Traits

Kind = Literal["pssr2-resunet", "pssr2-rdresunet", "pssr2-swinir", "pssr-resunet"]
COMPACT = "compact"
LARGEST = 200_000_000  # numbers in a network; the largest published one has 132 million
FARTHEST = 128  # input pixels; more than this a tile is never widened
REACHES = (32, 64, FARTHEST)
NOTICEABLE = 1e-4  # of the range of intensities
PATIENCE_S = 20.0


class Shape(Protocol):
    """The numbers of a published network."""

    channels: int
    scale: int

    @property
    def multiple(self) -> int:
        """Input sides must be multiples of this."""
        ...

    @property
    def bytes_per_pixel(self) -> int:
        """Memory for one input pixel while the network runs in float32."""
        ...

    @property
    def sees_whole_tile(self) -> bool:
        """Whether a pixel depends on all of its tile, so that tiles do not fit together exactly."""
        ...

    def build(self) -> nn.Module:
        """Return the network with random weights."""
        ...


SHAPES: dict[Kind, type[Any]] = {  # Any: every kind has its own dataclass, which satisfies `Shape`
    "pssr2-resunet": ResUNet2Shape,
    "pssr2-rdresunet": RDResUNetShape,
    "pssr2-swinir": SwinIRShape,
    "pssr-resunet": ResUNet1Shape,
}


@dataclass(frozen=True, slots=True)
class Published:
    """A published network as a model card describes it.

    Attributes
    ----------
    kind : Kind
    shape : Shape
    halo : int or None
        Input pixels to each side that an output pixel notices, as measured; None: not measured yet.
    """

    kind: Kind
    shape: Shape
    halo: int | None = None

    def __post_init__(self) -> None:
        if self.halo is not None and not 0 <= self.halo <= 4 * FARTHEST:
            raise ValueError(f"halo lies in 0..{4 * FARTHEST}")

    def to_json(self) -> bytes:
        """Return the description as JSON, as stored in a model card."""
        numbers = asdict(cast("Any", self.shape))  # cast: a dataclass, which a protocol cannot say
        halo = {} if self.halo is None else {"halo": self.halo}
        return json.dumps({"kind": self.kind, **numbers, **halo}, sort_keys=True).encode()

    def empty(self) -> nn.Module:
        """Return the network on the "meta" device: shapes without memory.

        Raises
        ------
        ValueError
            If it would have more than `LARGEST` numbers.
        """
        with torch.device("meta"):
            network = self.shape.build()
        numbers = sum(tensor.numel() for tensor in network.state_dict().values())
        if numbers > LARGEST:
            raise ValueError(f"it would have {numbers} numbers, and {LARGEST} is the most")
        return network

    def traits(self, halo: int) -> Traits:
        """Return what inference must know."""
        shape = self.shape
        return Traits(
            scale=shape.scale,
            halo=halo,
            multiple=shape.multiple,
            bytes_per_pixel=shape.bytes_per_pixel,
            frames=shape.channels,
        )


Description = Layout | Published


def described(text: bytes) -> Description:
    """Read a network's description; anything else raises ValueError."""
    try:
        values = json.loads(text)
    except RecursionError as error:
        raise ValueError("a network is described by names and numbers") from error
    if not isinstance(values, dict):
        raise ValueError("a network is described by names and numbers")
    kind = values.pop("kind", COMPACT)
    if kind == COMPACT:
        return Layout.from_json(json.dumps(values).encode())
    if kind not in get_args(Kind):
        raise ValueError(f"there is no kind of network called {str(kind)[:40]!r}")
    halo = values.pop("halo", None)
    if halo is not None and type(halo) is not int:
        raise ValueError(f"halo of a network cannot be {str(halo)[:40]!r}")
    return Published(kind, _shape(SHAPES[kind], values), halo)


def _shape(made: type[Any], values: dict[str, Any]) -> Shape:  # Any: what JSON has, until it is checked
    defaults = {field.name: field.default for field in fields(made) if field.default is not MISSING}
    unknown = values.keys() - defaults.keys()
    if unknown:
        raise ValueError(f"unknown parts of a network: {', '.join(sorted(unknown))[:80]}")
    numbers: dict[str, int | tuple[int, ...]] = {}
    for name, value in values.items():
        is_row = isinstance(defaults[name], tuple)
        row = value if is_row else [value]
        if not isinstance(row, list) or any(type(number) is not int for number in row):
            raise ValueError(f"{name} of a network cannot be {str(value)[:40]!r}")
        numbers[name] = tuple(row) if is_row else value
    return cast("Shape", made(**numbers))  # cast: rows of `SHAPES` satisfy it


def built(text: bytes) -> tuple[nn.Module, Traits]:
    """Return the network that `text` describes, with random weights, and what inference must know of it.

    The halo of a published network that was not measured is taken as `FARTHEST`.

    Raises
    ------
    ValueError
        If `text` describes none that can be built.
    """
    description = described(text)
    if isinstance(description, Layout):
        return ResUNet(description), compact_traits(description)
    description.empty()
    halo = FARTHEST if description.halo is None else description.halo
    return description.shape.build(), description.traits(halo)


def filled(text: bytes, weights_file: bytes) -> tuple[nn.Module, Traits]:
    """Return the network that `text` describes with the weights of a file, and its traits.

    A halo that the description lacks is measured here, in `PATIENCE_S` seconds at most.

    Raises
    ------
    ValueError
        If `text` describes none that can be built.
    models.weights.WeightsUnreadable, models.weights.WeightsDoNotFit
    """
    description = described(text)
    if isinstance(description, Layout):
        compact = ResUNet(description)
        weights.load_into(compact, weights_file)
        return compact, compact_traits(description)
    network = description.empty()  # its memory is that of the file
    weights.load_into(network, weights_file)
    network.eval()
    halo = measured_halo(network, description.shape) if description.halo is None else description.halo
    return network, description.traits(halo)


def with_halo(text: bytes, weights_file: bytes) -> bytes:
    """Return a published network's description with its measured halo, to be kept in the card.

    The description of a compact network, whose halo is known, comes back as it is. Raises what `filled` does.
    """
    description = described(text)
    if isinstance(description, Layout):
        return text
    _, traits = filled(text, weights_file)
    return replace(description, halo=traits.halo).to_json()


def sees_whole_tile(text: bytes) -> bool:
    """Whether what the network makes of a pixel depends on all of its tile; raises what `described` does."""
    description = described(text)
    return isinstance(description, Published) and description.shape.sees_whole_tile


def compact_traits(layout: Layout) -> Traits:
    """Return what inference must know of a compact network."""
    return Traits(
        scale=layout.scale,
        halo=layout.halo,
        multiple=layout.multiple,
        bytes_per_pixel=layout.bytes_per_pixel,
        frames=layout.frames,
    )


def measured_halo(
    network: nn.Module,
    shape: Shape,
    *,
    patience_s: float = PATIENCE_S,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Return how many input pixels away a change is still noticed in the output of `network`.

    One half of a strip is replaced by its negative, and the output is compared on the other half, along
    both axes. Longer strips follow while everything on the shorter one notices and `patience_s` seconds
    last. A network that looks over the whole tile notices everywhere: it gets `FARTHEST`, or less where
    time was short.
    """
    began, step = clock(), shape.multiple
    reach = REACHES[0]
    for reach in REACHES:
        started = clock()
        reach = -(-reach // step) * step
        noticed = max(_noticed(network, shape, reach, turned) for turned in (False, True))
        if noticed < reach:
            return noticed + step - 1  # a change may begin at any place of the grid
        now = clock()
        if (now - began) + 2 * (now - started) > patience_s:
            break
    return reach


def _noticed(network: nn.Module, shape: Shape, reach: int, turned: bool) -> int:  # noqa: FBT001
    """Return how far from a change at its left (`turned`: above) output is touched, up to `reach`."""
    step = shape.multiple
    side = -(-32 // step) * step
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((1, shape.channels, side, 2 * reach), generator=generator)
    coarse = nn.functional.avg_pool2d(image, 5, stride=1, padding=2)
    image = 0.5 * image + 2.5 * (coarse - 0.5) + 0.25  # structure as well as noise, about 0..1
    changed = image.clone()
    changed[..., :reach] = 1 - changed[..., :reach]

    def output(x: Tensor) -> Tensor:
        y: Tensor = network(x.transpose(-1, -2).contiguous()) if turned else network(x)
        return y.transpose(-1, -2) if turned else y

    with torch.inference_mode():
        difference = (output(image) - output(changed)).abs()[..., reach * shape.scale :]
    columns = torch.nonzero(difference.amax((0, 1, 2)) >= NOTICEABLE).flatten()
    return int(columns.max()) // shape.scale + 1 if len(columns) else 0
