import dataclasses

import pytest

from app.library.fit import fit, ranked
from models.source import Channel, ImageInfo, PixelSize
from tests.library.test_card import PLAIN

SMOOTHING = dataclasses.replace(PLAIN, id="smooth", family="smoothing")
NETWORK = dataclasses.replace(PLAIN, id="net", modality="fluorescence", pixel_size_um=(0.1, 0.4))
ENLARGER = dataclasses.replace(NETWORK, id="net-x2", scale=2)
ELECTRON = dataclasses.replace(PLAIN, id="em-x4", modality="electron", pixel_size_um=(0.005, 0.015), scale=4)
MOVIE = dataclasses.replace(NETWORK, id="mf", network='{"frames": 5}')
COARSE_ELECTRON = dataclasses.replace(ELECTRON, pixel_size_um=(0.03, 0.05))
ALL = (ELECTRON, ENLARGER, SMOOTHING, NETWORK)


def image(size=None, channels=1, is_rgb=False, times=1):
    return ImageInfo(
        uri="/image.tif",
        scene=0,
        scenes=("image",),
        shapes=((times, channels, 1, 64, 64),),
        dtype="uint16",
        axes="CYX",
        pixel_size_um=PixelSize(None, size, size),
        channels=tuple(Channel(str(i)) for i in range(channels)),
        is_rgb=is_rgb,
    )


@pytest.mark.parametrize(
    ("card", "info", "level", "said"),
    [
        (SMOOTHING, image(), "good", "any image"),
        (NETWORK, image(0.2), "good", "pixels like yours"),
        (NETWORK, image(0.2, channels=3), "good", "pixels like yours"),
        (NETWORK, image(0.8), "partly", "2.0 times larger"),
        (NETWORK, image(0.05), "partly", "2.0 times smaller"),
        (NETWORK, image(4.0), "outside", "10.0 times larger"),
        (NETWORK, image(), "partly", "does not say"),
        (NETWORK, image(0.0), "partly", "does not say"),
        (NETWORK, image(0.008), "outside", "electron microscopy"),
        (NETWORK, image(0.2, channels=3, is_rgb=True), "outside", "brightfield"),
        (ELECTRON, image(0.01), "good", "electron microscopy"),
        (ELECTRON, image(0.2), "outside", "looks like fluorescence"),
        (dataclasses.replace(NETWORK, pixel_size_um=None), image(0.2), "good", "fluorescence"),
        (dataclasses.replace(NETWORK, channels_in=3), image(0.2), "outside", "3 channels; your image has 1"),
        (dataclasses.replace(SMOOTHING, channels_in=3), image(channels=3), "outside", "cannot be done yet"),
        (COARSE_ELECTRON, image(0.04), "partly", "if that is what yours is"),
        (COARSE_ELECTRON, image(0.04, channels=2), "outside", "fluorescence"),
        (COARSE_ELECTRON, image(0.01), "partly", "3.0 times smaller"),
        (MOVIE, image(0.2, times=9), "good", "pixels like yours"),
        (MOVIE, image(0.2), "partly", "made for movies; a single picture is restored without neighbours"),
        (MOVIE, image(), "partly", "made for movies"),
        (MOVIE, image(0.008), "outside", "electron microscopy"),
    ],
)
def test_a_model_fits_by_kind_channels_and_pixel_size(card, info, level, said):
    found = fit(card, info)
    assert found.level == level
    assert said in found.reason


@pytest.mark.parametrize(
    ("info", "order"),
    [
        (image(0.2), ["net", "net-x2", "smooth", "em-x4"]),
        (image(0.01), ["em-x4", "smooth", "net", "net-x2"]),
        (image(), ["net", "smooth", "net-x2", "em-x4"]),
        (image(0.8), ["smooth", "net", "net-x2", "em-x4"]),
        (image(0.2, channels=3, is_rgb=True), ["smooth", "net", "net-x2", "em-x4"]),
    ],
)
def test_the_model_to_try_first_comes_first(info, order):
    assert [card.id for card, _ in ranked(ALL, info)] == order


@pytest.mark.parametrize(
    ("info", "first"),
    [(image(0.2, times=9), "mf"), (image(times=9), "mf"), (image(0.2), "net"), (image(), "net")],
)
def test_a_model_of_movies_comes_first_for_movies_alone(info, first):
    assert next(iter(ranked((MOVIE, *ALL), info)))[0].id == first
