import dataclasses
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.library.card import Measured, ModelCard, Speed, Training, read_card, write_card
from app.library.errors import UnreadableCard

PLAIN = ModelCard(
    id="my-model",
    name="My model",
    purpose="Takes noise out of actin.",
    family="pssr",
    version="1",
    licence="CC0-1.0",
    licence_words="free for any use",
)
FULL = dataclasses.replace(
    PLAIN,
    citation='Someone, "A title", 2026; µm',
    credits=("One (CC BY 4.0)", "Two"),
    modality="fluorescence",
    scale=2,
    pixel_size_um=(0.05, 0.4),
    noise="few photons",
    network='{"widths": [32, 64]}',
    params=(("strength", 0.5), ("method", "tv"), ("is_fast", True), ("rounds", 3)),
    weights="my-model.safetensors",
    size=12,
    sha256="ab" * 32,
    precisions=("float32", "bfloat16"),
    trained_on=("cells.tif",),
    samples_seen=("neuron.ome.tif",),
    training=Training(recipe="recipe.toml", seed=7, commit="abc", log="log.csv"),
    measured=(Measured("actin", 4, True, "this model", 30.0, 31.0, 0.9, 0.05, "no"),),
    speed=Speed("CPU, 2 cores", 1.5),
)


@pytest.mark.parametrize("card", [PLAIN, FULL])
def test_a_card_survives_writing_and_reading(card):
    assert read_card(write_card(card)) == card


@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])))
def test_any_text_in_a_card_survives(text):
    card = dataclasses.replace(PLAIN, purpose=text, credits=(text, text))
    assert read_card(write_card(card)) == card


def test_a_written_card_is_a_toml_document_that_starts_with_words():
    text = write_card(FULL)
    assert text.startswith("# Model card")
    assert tomllib.loads(text)["training"]["seed"] == 7


def broken(old, new):
    text = write_card(FULL)
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("scale = 2", "scale = ", "cannot be used"),
        ("format = 1", "format = 2", "format 2"),
        ('id = "my-model"', 'id = "../../etc"', "the id"),
        ('name = "My model"', "", "'name' is missing"),
        ("scale = 2", "scale = 0", "start at 1"),
        ("scale = 2", 'scale = "2"', "'scale'"),
        ("scale = 2", "scale = true", "'scale'"),
        ("scale = 2", "scale = 2\ncolour = 3", "unknown entry 'colour'"),
        ('"fluorescence"', '"photographs"', "'modality'"),
        ("seed = 7", 'seed = "seven"', "'seed'"),
        ('weights = "my-model.safetensors"', 'weights = "/etc/passwd"', "beside the card"),
        ("ab" * 32, "ab", "sha256"),
        ("strength = 0.5", "strength = [1]", "params.strength"),
        ("rounds = 3", "rounds = 3\n[params.deep]\nx = 1", "params.deep"),
    ],
)
def test_a_card_that_is_not_as_it_must_be_is_refused_with_a_reason(old, new, said):
    with pytest.raises(UnreadableCard, match=said) as caught:
        read_card(broken(old, new), name="theirs.toml")
    assert "theirs.toml" in caught.value.sentence
    assert caught.value.hint


@pytest.mark.parametrize(
    ("network", "frames"),
    [("", 1), ('{"widths": [8]}', 1), ('{"frames": 5}', 5), ('{"frames": "5"}', 1), ("[]", 1), ("{", 1)],
)
def test_a_card_says_how_many_frames_its_network_sees(network, frames):
    assert dataclasses.replace(PLAIN, network=network).frames == frames
