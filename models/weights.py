"""Tensors in and out of safetensors: numbers only, nothing in the file can run.

Reading checks every name and shape against the network first, so a wrong file is told apart from a damaged
one before anything is loaded.
"""

from collections.abc import Mapping
from typing import ClassVar

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from models.errors import UserError


class WeightsUnreadable(UserError):
    """The bytes are not a safetensors file."""

    code: ClassVar[str] = "weights.unreadable"


class WeightsDoNotFit(UserError):
    """The tensors are not those of the network."""

    code: ClassVar[str] = "weights.do_not_fit"


def to_bytes(tensors: Mapping[str, Tensor], *, half: bool = False) -> bytes:
    """Return `tensors` as safetensors bytes; `half` stores floating-point ones as float16."""
    stored = {
        name: (tensor.half() if half and tensor.is_floating_point() else tensor).detach().cpu().contiguous()
        for name, tensor in tensors.items()
    }
    return safetensors.torch.save(stored)


def from_bytes(data: bytes) -> dict[str, Tensor]:
    """Return the tensors in `data` as stored.

    Raises
    ------
    WeightsUnreadable
        If `data` is not a whole safetensors file.
    """
    try:
        return safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise WeightsUnreadable(
            "The file with the model's weights is damaged.", hint="Install the model again."
        ) from error


def load_into(network: nn.Module, data: bytes) -> None:
    """Load float32 copies of the tensors in `data` into `network`, which may be on the "meta" device.

    Raises
    ------
    WeightsUnreadable
        If `data` is not a whole safetensors file.
    WeightsDoNotFit
        If a name or a shape differs from the network's, or a value is not finite.
    """
    found = from_bytes(data)
    wanted = network.state_dict()
    same = found.keys() == wanted.keys() and all(found[name].shape == wanted[name].shape for name in wanted)
    if not same or not all(torch.isfinite(tensor).all() for tensor in found.values()):
        raise WeightsDoNotFit(
            "The weights do not belong to the network that the model's card describes.",
            hint="Install the model again.",
            found=len(found),
            wanted=len(wanted),
        )
    is_empty = any(tensor.is_meta for tensor in wanted.values())
    network.load_state_dict(
        {name: tensor.to(wanted[name].dtype) for name, tensor in found.items()}, assign=is_empty
    )
