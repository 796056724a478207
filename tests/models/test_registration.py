"""Real pairs are laid on each other to a tenth of a pixel, also in little light; strangers are told apart."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from app.images.open import open_image
from models.training.registration import (
    OtherSides,
    TooSmallToCompare,
    aligned,
    binned_by,
    register,
    remarks,
)

SIDE = 384


def good_image(seed=0, side=SIDE):
    """Return structures of 1.5 to 12 pixels, between 0 and about 1."""
    rng = np.random.default_rng(seed)
    layers = [ndimage.gaussian_filter(rng.normal(size=(side, side)), width) for width in (1.5, 4, 12)]
    total = sum(layer / layer.std() for layer in layers)
    return np.asarray(np.clip(total - 1, 0, None) / 4, np.float32)


def bad_image(good, photons, seed=1):
    return np.random.default_rng(seed).poisson((good + 0.1) * photons).astype(np.float32)


def moved(image, shift, edge=16):
    back = [-one for one in shift]
    inner = ndimage.shift(image, back, order=5, mode="nearest")
    return np.ascontiguousarray(inner[edge:-edge, edge:-edge])


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.3, -0.3), (2.7, 1.2), (-9.4, 12.6)])
@pytest.mark.parametrize("photons", [5, 50])
def test_shifts_are_found_to_a_tenth_of_a_pixel_in_little_light(shift, photons):
    good = good_image()
    found = register(bad_image(good, photons)[16:-16, 16:-16], moved(good, shift))
    assert found.is_found
    assert np.abs(np.subtract(found.shift_px, shift)).max() <= 0.1
    assert found.bend_px < 0.5


def test_gray_levels_of_the_bad_image_are_found():
    good = good_image()
    found = register(bad_image(good, 40) * 3 + 100, good)
    assert found.gain == pytest.approx(120, rel=0.02)
    assert found.offset == pytest.approx(100 + 0.1 * 120, abs=2)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (3.0, -1.4)])
def test_shifts_are_pixels_of_the_finer_image(shift):
    good = good_image(side=768)
    bad = bad_image(binned_by(good[16:-16, 16:-16], 2), 20)
    found = register(bad, moved(good, shift), scale=2)
    assert np.abs(np.subtract(found.shift_px, shift)).max() <= 0.2


@pytest.mark.parametrize(
    "other",
    [good_image(seed=7), good_image()[::-1].copy(), np.ones((SIDE, SIDE), np.float32), -good_image()],
    ids=["another field", "turned over", "nothing", "reversed contrast"],
)
def test_images_that_do_not_belong_together_are_recognised(other):
    found = register(bad_image(good_image(), 20), other)
    assert not found.is_found
    assert remarks(found, "cell 3") == (
        "The two images of cell 3 do not show the same place: nothing in them lies on each other. "
        "The pair was left out.",
    )


def test_more_than_a_pixel_is_said_and_less_is_not():
    good = good_image()
    bad = bad_image(good, 50)[16:-16, 16:-16]
    assert remarks(register(bad, moved(good, (0.5, 0.5))), "a") == ()
    (said,) = remarks(register(bad, moved(good, (-2.0, 3.0))), "a")
    assert said == "The good image of a is moved by 2.0 px up and 3.0 px right to lie on the bad one."


def test_a_scan_that_stretches_is_said():
    good = good_image(side=512)
    rows, columns = np.mgrid[:512, :512].astype(float)
    stretched = ndimage.map_coordinates(good, [rows * 1.01, columns], order=3, mode="nearest")
    found = register(bad_image(good, 50), np.asarray(stretched, np.float32))
    assert found.bend_px > 1.0
    assert any("distorted" in sentence for sentence in remarks(found, "a"))


def test_a_moving_corner_does_not_fool_the_rest():
    good = good_image()
    bad = bad_image(good, 50)
    bad[:110, :110] = np.roll(bad, 6, axis=0)[:110, :110]
    assert np.abs(register(bad, good).shift_px).max() <= 0.1


@pytest.mark.parametrize("shift", [(2.7, -1.2), (-0.6, 8.3)])
def test_only_the_good_image_is_moved(shift):
    good = good_image()
    bad = bad_image(good, 20)[16:-16, 16:-16]
    found = register(bad, moved(good, shift))
    noisy, clean = aligned(bad, moved(good, shift), found)
    assert noisy.shape == clean.shape
    assert np.isin(noisy, bad).all()
    assert np.shares_memory(noisy, bad)
    assert register(noisy, clean).distance_px < 0.15


def test_broken_pixels_do_not_matter():
    good = good_image()
    bad = bad_image(good, 50)
    bad[3, 5], bad[100, 100], bad[200:203, 7] = np.nan, np.inf, 1e9
    assert np.abs(register(bad, good).shift_px).max() <= 0.1


def test_other_sides_and_tiny_images_are_one_sentence():
    with pytest.raises(OtherSides, match="128 × 64 pixels and its good one 64 × 64; 256 × 128 go with it"):
        register(np.zeros((64, 128), np.float32), np.zeros((64, 64), np.float32), scale=2)
    with pytest.raises(TooSmallToCompare, match="16 × 16 pixels; 32 a side"):
        register(np.zeros((16, 16), np.float32), np.zeros((16, 16), np.float32))


def plane(file: Path):
    source = open_image(file)
    pixels = source.read(source.info.plane(0, 0, 0))[0, 0, 0].astype(np.float32)
    source.close()
    return pixels[-600:, :600]


@pytest.mark.parametrize("name", ["actin-20x-noise1", "mito-20x-noise1", "membrane", "nucleus"])
def test_real_pairs_lie_on_each_other_and_known_shifts_are_found(data_dir, name):
    folder = data_dir / "train" / "fluorescence" / "gigadb_pairs"
    low, high = (plane(folder / f"{name}_{kind}.tif") for kind in ("low", "high"))
    still = register(low, high)
    assert still.distance_px < 0.25
    there = register(low[16:-16, 16:-16], moved(high, (2.7, -1.2)))
    assert np.abs(np.subtract(there.shift_px, still.shift_px) - (2.7, -1.2)).max() <= 0.1
