"""Self-supervised denoising as a restoring family: the compact network, trained without good images.

Krull et al., CVPR 2019, arXiv:1811.10980 (blind spots); Pang et al., CVPR 2021, arXiv:2102.02234 (noise
added on top of noise).
"""

from models.n2v.params import Params
from models.pssr.family import Pssr
from models.pssr.params import Params as PssrParams
from models.restoration.family import Precision, Restorer


class N2v:
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
        """Build the restorer that `network` describes and fill it with weights, as `Pssr.load` does."""
        assert isinstance(params, Params)
        return Pssr().load(
            network, weights_file, PssrParams(flips=params.flips), device, precision, checked=checked
        )
