"""What is said about a model that learned without good images; nothing here calls it verified."""

from dataclasses import replace

from models.n2v.noise import Noise
from models.training.recipe import About

VERDICT = (
    "No good image was there to compare with, so nothing says how true the result is. Look whether what was "
    "taken away (Difference) shows only noise, and keep the original beside it."
)


def about(told: About, noise: Noise, n_images: int) -> About:
    """Return `told` with a purpose and the noise in words, where the person wrote none."""
    images = "one noisy image" if n_images == 1 else f"{n_images} noisy images"
    kind = "independent from pixel to pixel" if noise.is_independent else "alike in neighbouring pixels"
    return replace(
        told,
        purpose=told.purpose or f"Takes the noise out of the {images} it learned from, and of like ones.",
        noise=told.noise or f"as in {images}; {kind}",
    )
