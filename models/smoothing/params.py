"""The settings of simple smoothing that a person may change. Free of everything but the standard library."""

from dataclasses import dataclass

from models.knobs import N_, knob


@dataclass(frozen=True, slots=True)
class Params:
    """Settings of one restoration by a simple filter."""

    method: str = knob(
        "auto",
        N_("Method"),
        choices=("auto", "gaussian", "nlm", "tv"),
        help=N_(
            "Gaussian blurs evenly, non-local means averages what looks alike, total variation keeps edges. "
            "Auto takes what guesses hidden pixels of your image best."
        ),
    )
    strength: float = knob(
        1.0,
        N_("Strength"),
        low=0.1,
        high=4.0,
        help=N_("1 is what the image itself suggests; more smooths more."),
    )
