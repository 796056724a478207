import dataclasses
import errno
import hashlib

import pytest

from app.library.card import write_card
from app.library.catalogue import shipped_cards
from app.library.errors import (
    ModelExists,
    PlaceUnusable,
    UnknownModel,
    UnreadableCard,
    WeightsDamaged,
    WeightsMissing,
)
from app.library.store import Library
from app.paths import Paths
from tests.library.test_card import FULL

WEIGHTS = b"not really weights"
CARD = dataclasses.replace(FULL, size=len(WEIGHTS), sha256=hashlib.sha256(WEIGHTS).hexdigest())


@pytest.fixture
def paths(tmp_path):
    return Paths(*(tmp_path / name for name in ("data", "config", "cache", "log")))


@pytest.fixture
def library(paths):
    return Library(paths)


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "fresh from training"
    folder.mkdir()
    (folder / "card.toml").write_text(write_card(CARD), encoding="utf-8")
    (folder / "my-model.safetensors").write_bytes(WEIGHTS)
    (folder / "log.csv").write_text("step,loss\n", encoding="utf-8")
    (folder / "scratch.bin").write_bytes(b"x" * 100)
    return folder


def test_every_shipped_card_can_be_read_and_its_weights_are_sound(library):
    assert "simple-smoothing" in [card.id for card in shipped_cards()]
    assert {library.state(card.id) for card in shipped_cards()} == {"built in"}


def test_a_model_without_weights_has_no_bytes(library):
    assert library.weights("simple-smoothing") == b""


def test_an_added_model_is_listed_and_its_weights_come_back(library, model):
    assert library.add(model) == CARD
    assert library.card("my-model") == CARD
    assert library.state("my-model") == "installed"
    assert library.weights("my-model") == WEIGHTS


def test_an_added_model_keeps_its_log_and_nothing_else(library, paths, model):
    library.add(model)
    kept = {file.name for file in (paths.data / "models" / "my-model").iterdir()}
    assert kept == {"card.toml", "my-model.safetensors", "log.csv"}


def test_adding_the_same_model_twice_changes_nothing(library, model):
    library.add(model)
    assert library.add(model) == CARD


def test_another_model_with_the_same_id_is_refused(library, model):
    library.add(model)
    other = dataclasses.replace(CARD, purpose="something else")
    (model / "card.toml").write_text(write_card(other), encoding="utf-8")
    with pytest.raises(ModelExists):
        library.add(model)
    assert library.card("my-model") == CARD


def test_damaged_weights_are_never_handed_out(library, paths, model):
    library.add(model)
    (paths.data / "models" / "my-model" / "my-model.safetensors").write_bytes(b"other")
    assert library.state("my-model") == "damaged"
    with pytest.raises(WeightsDamaged, match="not used"):
        library.weights("my-model")


def test_missing_weights_leave_the_card_in_the_list(library, paths, model):
    library.add(model)
    (paths.data / "models" / "my-model" / "my-model.safetensors").unlink()
    assert library.state("my-model") == "missing"
    with pytest.raises(WeightsMissing):
        library.weights("my-model")


@pytest.mark.parametrize(
    ("file", "content", "error"),
    [
        ("my-model.safetensors", b"other", WeightsDamaged),
        ("my-model.safetensors", None, WeightsMissing),
        ("card.toml", None, UnreadableCard),
        ("card.toml", b"\xff\xfe", UnreadableCard),
    ],
)
def test_a_folder_that_holds_no_sound_model_is_not_added(library, paths, model, file, content, error):
    if content is None:
        (model / file).unlink()
    else:
        (model / file).write_bytes(content)
    with pytest.raises(error):
        library.add(model)
    assert not (paths.data / "models" / "my-model").exists()


def test_a_place_that_cannot_be_written_is_told(library, paths, model):
    paths.data.mkdir(parents=True)
    (paths.data / "models").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(PlaceUnusable, match="was not added"):
        library.add(model)


def test_a_copy_that_fails_leaves_nothing_behind(library, paths, model, monkeypatch):
    def is_full(_path, _content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", is_full)
    with pytest.raises(PlaceUnusable):
        library.add(model)
    assert list((paths.data / "models").iterdir()) == []


def test_an_unreadable_card_hides_no_other(library, paths, model, caplog):
    library.add(model)
    broken = paths.data / "models" / "broken"
    broken.mkdir()
    (broken / "card.toml").write_text("format = 1", encoding="utf-8")
    assert "my-model" in [card.id for card in library.cards()]
    assert "broken" in caplog.text


def test_models_are_found_in_further_places_and_a_missing_place_stays_listed(paths, model, tmp_path):
    share, gone = tmp_path / "share", tmp_path / "gone"
    share.mkdir()
    model.rename(share / "my-model")
    library = Library(paths, places=(share, gone))
    assert library.state("my-model") == "installed"
    assert [place.is_there for place in library.places] == [False, True, False]


def test_an_unknown_model_is_answered_with_those_that_exist(library):
    with pytest.raises(UnknownModel) as caught:
        library.card("nothing-like-it")
    assert "simple-smoothing" in caught.value.hint
