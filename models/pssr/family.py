"""PSSR as a restoring family: networks that undo a known degradation (Fang et al., Nature Methods 2021).

Stites and Manor's PSSR2 (BMC Methods 2024, doi 10.1101/2024.06.16.599221) is the successor whose conventions
are followed where the two differ.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from models import weights
from models.pssr.networks import filled
from models.pssr.params import Params
from models.restoration.family import Planes, Precision, Restorer, Traits

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class PssrRestorer:
    """A PSSR network on one device in one precision; satisfies `Restorer`."""

    def __init__(
        self, network: nn.Module, traits: Traits, params: Params, device: str, precision: Precision
    ) -> None:
        self.traits = traits
        self.device = device
        self.precision = precision
        self._params = params
        self._network = network.to(device, _DTYPES[precision], memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    @property
    def network(self) -> nn.Module:
        """The network itself, for packing it."""
        network: nn.Module = self._network
        return network

    def tuned(self, sample: Planes) -> Restorer:  # noqa: ARG002 - networks do not look at the image first
        """Return itself: the network was trained for a range of images."""
        return self

    def run(self, tiles: Planes) -> Planes:
        """Restore ``(n, h, w)``, or ``(n, frames, h, w)``, tiles to ``(n, h * scale, w * scale)``."""
        with torch.inference_mode():
            x = torch.from_numpy(np.ascontiguousarray(tiles))
            x = x[:, None] if x.ndim == 3 else x  # (n, frames, h, w)
            x = x.to(self.device, _DTYPES[self.precision], memory_format=torch.channels_last)
            y = _averaged(self._network, x) if self._params.flips else self._network(x)
            restored: Planes = y[:, 0].float().cpu().numpy()
            return restored

    def moved(self, device: str, precision: Precision) -> Restorer:
        """Return the same restorer elsewhere; this one must not be used afterwards."""
        return PssrRestorer(self._network, self.traits, self._params, device, precision)

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether `error` says that the device's memory was too small."""
        if isinstance(error, torch.OutOfMemoryError | MemoryError):
            return True
        words = str(error)
        return isinstance(error, RuntimeError) and (
            "MPS backend out of memory" in words or "can't allocate memory" in words
        )


def _averaged(network: nn.Module, x: Tensor) -> Tensor:
    """Return the mean over the eight flips and turns, each undone after the network."""
    total = None
    for flipped in (False, True):
        for turns in range(4):
            seen = torch.rot90(x.flip(-1) if flipped else x, turns, (-2, -1))
            y = torch.rot90(network(seen.contiguous(memory_format=torch.channels_last)), -turns, (-2, -1))
            y = y.flip(-1) if flipped else y
            total = y if total is None else total + y
    assert total is not None
    return total / 8


class Pssr:
    """The family's row in the registry; satisfies `models.restoration.family.Family`."""

    params = Params

    def load(
        self,
        network: bytes,
        weights_file: bytes,
        params: object,
        device: str,
        precision: Precision,
        *,
        checked: tuple[Precision, ...] = ("float32",),
    ) -> Restorer:
        """Build the restorer that `network` describes, see `models.pssr.networks`, with its weights.

        Raises
        ------
        models.weights.WeightsUnreadable, models.weights.WeightsDoNotFit
            Also where `network` describes none that can be built.
        """
        assert isinstance(params, Params)
        try:
            module, traits = filled(network, weights_file)
        except ValueError as error:
            raise weights.WeightsDoNotFit(
                f"The model's card describes no network that this version can build: {error}.",
                hint="Ask the model's author for a complete card, or pick another model.",
            ) from error
        return PssrRestorer(module, replace(traits, precisions=checked), params, device, precision)
