"""Beginning a network with the weights of a like or a smaller one, without changing what it does.

New channels are computed from the old ones but at first nobody listens to them; new residual blocks begin as
the identity, new coarser levels silent. So the large network starts where the small one ended and learns from
there.

References
----------
Chen, Goodfellow and Shlens, "Net2Net: accelerating learning via knowledge transfer", ICLR 2016,
arXiv:1511.05641.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from models import weights


def grow_into(network: nn.Module, small: Mapping[str, Tensor]) -> None:
    """Fill `network`, whose weights are fresh, with those of the same one or of a smaller one.

    Parameters
    ----------
    network : nn.Module
        Where it is larger, free of biases and norms; tensors have at least the
        extents of those of the same name in `small`.
    small : name -> tensor
        Weights of convolutions, (out, in, height, width), or (in, out, height, width) where transposed.

    Raises
    ------
    models.weights.WeightsDoNotFit
        If a tensor of `small` has no place in `network`; nothing is changed then.
    """
    state = network.state_dict()
    is_same = {n: t.shape for n, t in state.items()} == {n: t.shape for n, t in small.items()}
    for name, tensor in small.items():
        room = tuple(state[name].shape) if name in state else ()
        fits = is_same or _has_room(room, tuple(tensor.shape))
        if not fits or not torch.isfinite(tensor).all():
            raise weights.WeightsDoNotFit(
                f"The training cannot begin with that model: its {name} has no place in the new network.",
                hint="Begin with a model whose network is at most as large.",
            )
    if is_same:
        network.load_state_dict({name: tensor.to(state[name].dtype) for name, tensor in small.items()})
        return
    transposed = {f"{n}.weight" for n, m in network.named_modules() if isinstance(m, nn.ConvTranspose2d)}
    for name, fresh in state.items():
        if name not in small:
            if name in transposed:
                fresh.zero_()  # a coarser level begins silent
            continue
        tensor = small[name]
        inputs = 0 if name in transposed else 1
        fresh.narrow(inputs, tensor.shape[inputs], fresh.shape[inputs] - tensor.shape[inputs]).zero_()
        fresh[tuple(slice(extent) for extent in tensor.shape)] = tensor
    network.load_state_dict(state)


def _has_room(room: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(room) == len(shape) == 4 and all(a >= b for a, b in zip(room, shape, strict=True))
