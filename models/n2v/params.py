"""The settings of self-supervised denoising that a person may change when restoring. Free of torch."""

from dataclasses import dataclass

from models.knobs import N_, knob


@dataclass(frozen=True, slots=True)
class Params:
    """Settings of one restoration with a network that learned from noisy images."""

    flips: bool = knob(
        False,
        N_("Average over flips and turns"),
        help=N_(
            "Restores every piece in eight orientations and averages: a little better, eight times slower."
        ),
        advanced=True,
    )
