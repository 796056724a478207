import numpy as np
import pytest

from app.engine.specs import Input
from app.library.card import ModelCard
from app.library.catalogue import shipped_cards
from app.library.fit import Fit
from app.ui.inspector.restore_look import noise_words
from app.ui.inspector.restore_offers import at_most_three
from app.ui.inspector.restore_words import (
    cost_sentence,
    fit_sentence,
    free_name,
    megapixels,
    picture_sentence,
    promise_words,
    run_words,
)
from models.source import PixelSize
from tests.makers import cells, info_for

GOOD = Fit("good", "it works on any image")


def card(name, family="pssr"):
    return ModelCard(name, name, "For tests.", family, "1", "MIT", "free for any use")


def test_the_picture_is_told_in_one_sentence():
    info = info_for((1, 2, 40, 512, 512), pixel_size_um=PixelSize(0.3, 0.098, 0.098))
    assert picture_sentence(info, "noisy") == "16-bit, noisy, two channels, 40 planes, 0.098 µm per pixel."


def test_a_missing_pixel_size_is_said():
    assert picture_sentence(info_for((1, 1, 1, 9, 9), "float32")) == (
        "32-bit with decimals, one channel, pixel size unknown."
    )


def test_the_button_counts_planes_and_channels():
    stack = info_for((1, 2, 40, 8, 8))
    assert run_words(stack, 2, anyway=False) == "Restore 40 planes, 2 channels"
    assert run_words(stack, 1, anyway=True) == "Restore 40 planes, 1 channel anyway"
    assert run_words(info_for((1, 1, 1, 8, 8)), 1, anyway=False) == "Restore this picture"


def test_the_promise_is_left_out_while_nothing_is_known():
    assert promise_words(None) == ""
    assert promise_words(180) == "about 3 min"


def test_a_card_says_fit_time_and_licence():
    assert fit_sentence(GOOD) == "Fits: it works on any image."
    assert cost_sentence(card("a"), 12) == "about 12 s here  ·  free for any use"
    assert cost_sentence(card("a"), None) == "free for any use"


def test_speed_is_counted_in_pixels_of_the_result():
    assert megapixels(info_for((2, 3, 5, 100, 100)), 2, 4) == pytest.approx(2 * 2 * 5 * 1e4 * 16 / 1e6)


def test_the_name_of_a_result_never_exists(tmp_path):
    original = Input(str(tmp_path / "cells.ome.tif"))
    assert free_name(tmp_path, "{name}_restored.ome.tif", original) == "cells_restored.ome.tif"
    (tmp_path / "cells_restored.ome.tif").touch()
    (tmp_path / "cells_restored_2.ome.tif.part").touch()
    assert free_name(tmp_path, "{name}_restored.ome.tif", original) == "cells_restored_3.ome.tif"
    third = Input(original.path, scene=2)
    assert free_name(tmp_path, "{name}_restored.ome.tif", third) == "cells_scene3_restored.ome.tif"


def test_the_name_of_a_result_fits_on_every_drive(tmp_path):
    original = Input(str(tmp_path / ("µ" * 125 + ".tif")))
    name = free_name(tmp_path, "{name}_restored.ome.tif", original)
    assert name.endswith("µ_restored.ome.tif")
    (tmp_path / f"{name}.part").touch()
    (tmp_path / f"{free_name(tmp_path, '{name}_restored.ome.tif', original)}.part").touch()


def test_at_most_three_models_are_offered_and_the_simple_filter_among_them():
    offers = [(card(name), GOOD) for name in "abcd"] + [(card("simple", "smoothing"), GOOD)]
    assert [offer[0].id for offer in at_most_three(offers)] == ["a", "b", "simple"]
    assert at_most_three(offers[:2]) == tuple(offers[:2])


def test_noise_is_told_in_words():
    clean = cells((128, 128), "float32")
    smooth = np.outer(np.sin(np.linspace(0, 3, 128)), np.sin(np.linspace(0, 3, 128))).astype(np.float32)
    rng = np.random.default_rng(0)
    assert noise_words(smooth) == "little noise"
    assert noise_words(smooth + rng.normal(0, 0.1, smooth.shape).astype(np.float32)) == "noisy"
    assert noise_words(smooth + rng.normal(0, 0.5, smooth.shape).astype(np.float32)) == "very noisy"
    assert noise_words(np.zeros_like(clean)) == ""


def test_every_shipped_model_can_be_offered():
    assert any(found.family == "smoothing" for found in shipped_cards())
