"""Saving: a free name, a free id, the training's folder untouched."""

import hashlib
from dataclasses import replace

import pytest

from app.library import saving
from app.library.card import ModelCard, read_card, write_card
from app.library.errors import ModelExists, PlaceUnusable, WeightsDamaged
from app.library.saving import id_of, save
from app.library.store import Library
from app.paths import find_paths


def trained(folder, weights=b"weights", **changes):
    """Write what a training leaves."""
    folder.mkdir(parents=True)
    card = ModelCard(
        id="my-model",
        name="My model",
        purpose="Takes the noise out.",
        family="pssr",
        version="1",
        licence="not chosen",
        licence_words="your choice",
        weights="my-model.safetensors",
        size=len(weights),
        sha256=hashlib.sha256(weights).hexdigest(),
    )
    (folder / "card.toml").write_text(write_card(replace(card, **changes)), encoding="utf-8")
    (folder / "my-model.safetensors").write_bytes(weights)
    (folder / "verdict.json").write_text("{}")
    return folder


@pytest.fixture
def library():
    return Library(find_paths())


def test_a_model_is_saved_under_the_name_that_a_person_gave(library, tmp_path):
    folder = trained(tmp_path / "out")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    card = save(library, folder, "  Neurons,  60× ")
    assert (card.id, card.name) == ("neurons-60", "Neurons, 60×")
    assert library.weights("neurons-60") == b"weights"
    assert library.state("neurons-60") == "installed"
    kept = library.folder("neurons-60")
    assert (kept / "verdict.json").read_text() == "{}"
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_saving_the_same_model_again_changes_nothing(library, tmp_path):
    folder = trained(tmp_path / "out")
    assert save(library, folder) == save(library, folder)
    assert [card.id for card in library.cards()].count("my-model") == 1


def test_another_model_of_the_same_name_gets_the_next_number(library, tmp_path):
    names = [save(library, trained(tmp_path / str(n), bytes([n]))).name for n in range(3)]
    assert names == ["My model", "My model 2", "My model 3"]
    assert library.weights("my-model") == b"\x00"
    assert library.weights("my-model-3") == b"\x02"


def test_a_shipped_model_is_never_hidden(library, tmp_path):
    card = save(library, trained(tmp_path / "out"), "pssr-fluorescence")
    assert card.id == "pssr-fluorescence-2"
    assert library.state("pssr-fluorescence") == "built in"


def test_a_name_taken_at_the_same_moment_is_stepped_over(library, tmp_path, monkeypatch):
    folder = trained(tmp_path / "out")
    add, tries = library.add, []

    def late(place):
        tries.append(read_card((place / "card.toml").read_text(encoding="utf-8")).id)
        if len(tries) == 1:
            raise ModelExists("taken")
        return add(place)

    monkeypatch.setattr(library, "add", late)
    assert save(library, folder).id == "my-model-2"
    assert tries == ["my-model", "my-model-2"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Zellkörper (α)", "zellkorper"),
        ("../../etc/passwd", "etc-passwd"),
        ("細胞", "my-model"),
        ("  ", "my-model"),
        ("x" * 300, "x" * 56),
    ],
)
def test_every_name_gives_an_id_that_is_a_folder_everywhere(name, wanted):
    assert id_of(name) == wanted


def test_a_damaged_model_is_not_saved(library, tmp_path):
    folder = trained(tmp_path / "out")
    (folder / "my-model.safetensors").write_bytes(b"other")
    with pytest.raises(WeightsDamaged):
        save(library, folder)
    assert "my-model" not in {card.id for card in library.cards()}


def test_a_full_disk_is_told_and_the_model_stays_where_it_was(library, tmp_path, monkeypatch):
    folder = trained(tmp_path / "out")

    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving.tempfile, "TemporaryDirectory", full)
    with pytest.raises(PlaceUnusable, match="It is still in"):
        save(library, folder)
    assert (folder / "card.toml").exists()
