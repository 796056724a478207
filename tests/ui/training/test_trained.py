from dataclasses import replace

import numpy as np
import pytest

from app.library.card import read_card
from app.library.errors import PlaceUnusable, UnreadableCard
from app.library.store import Library
from app.paths import find_paths
from app.ui.training.trained import (
    LICENCES,
    Wishes,
    read_pictures,
    read_trained,
    save,
)
from app.ui.training.verdict_words import remarks, rows
from models.training.verdict import conclude
from tests.ui.training.reports import CARD, FEW, case, matched, scene, write_training

CC0 = LICENCES[2]


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setenv("MICROGRAPHIA_HOME", str(tmp_path / "home"))
    return Library(find_paths())


@pytest.fixture
def folder(tmp_path):
    return write_training(tmp_path / "actin")


def test_a_training_folder_is_read_whole(folder, library):
    trained = read_trained(folder, library)
    assert trained.card == CARD
    assert trained.verdict == FEW
    assert trained.has_checkpoint
    assert not trained.is_saved
    assert trained.faults == ()
    (pictures,) = trained.pictures
    assert pictures.title == "An unseen image"
    assert [slide.pixel for slide in pictures.slides] == [2.0, 1.0, 1.0, 1.0]


def test_the_newest_state_is_shown_after_the_model(folder):
    first = read_pictures(folder)[0].now
    np.save(folder / "history" / "000900.npy", np.zeros((64, 64), np.float32))
    assert np.array_equal(read_pictures(folder)[0].now.levels[0], first.levels[0])
    np.save(folder / "history" / "010000.npy", np.zeros((64, 64), np.float32))
    assert read_pictures(folder)[0].now.levels[0].max() == 0


def test_worst_and_middle_case_are_shown_where_they_were_kept(folder):
    for key in ("worst", "median"):
        (folder / "history" / key).mkdir()
        for name in ("bad", "simple", "now", "good"):
            np.save(folder / "history" / key / f"{name}.npy", scene(32, 32).astype(np.float32))
    assert [one.title for one in read_pictures(folder)] == ["Worst case", "Middle case"]


def test_a_damaged_picture_is_left_out(folder, caplog):
    (folder / "history" / "simple.npy").write_bytes(b"no array")
    (pictures,) = read_pictures(folder)
    assert pictures.simple is None
    assert pictures.good is not None
    assert "simple.npy is left out" in caplog.text
    caplog.clear()


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("card.toml", None, "There is no model in this folder yet"),
        ("card.toml", b"name = [", "card.toml cannot be used"),
        ("card.toml", b"\xff\xfe", "There is no model in this folder yet"),
        ("verdict.json", None, "not yet compared with simple filters"),
        ("verdict.json", b"[]", "The verdict beside the model cannot be read"),
    ],
)
def test_what_is_missing_or_damaged_is_told(folder, library, name, content, part):
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    (fault,) = read_trained(folder, library).faults
    assert part in fault


def test_saving_writes_the_card_and_adds_the_model(folder, library):
    card = save(folder, library, Wishes(" Actin of Monday ", "For the 40x.", CC0))
    assert card.id == "actin-of-monday"
    assert library.card("actin-of-monday").licence == "CC0-1.0"
    assert library.state("actin-of-monday") == "installed"
    assert read_trained(folder, library).is_saved


def test_the_id_stays_while_the_name_does(folder, library):
    assert save(folder, library, Wishes("My actin", "Other words.", CC0)).id == "my-actin"


def test_a_name_that_is_taken_gets_a_number(folder, library, tmp_path):
    other = write_training(tmp_path / "other", card=replace(CARD, id="nuclei", name="Nuclei"))
    save(other, library, Wishes("Nuclei", "Of others.", CC0))
    card = save(folder, library, Wishes("Nuclei", "Mine.", CC0))
    assert (card.id, card.name) == ("nuclei-2", "Nuclei 2")
    assert read_card((folder / "card.toml").read_text("utf-8")) == card
    assert library.card("nuclei").purpose == "Of others."


def test_a_card_that_is_gone_or_a_folder_that_cannot_be_written_is_told(folder, library, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("app.ui.training.trained.os.replace", full)
        with pytest.raises(PlaceUnusable, match="No space left on device"):
            save(folder, library, Wishes("A", "B", CC0))
    assert read_card((folder / "card.toml").read_text("utf-8")) == CARD
    (folder / "card.toml").unlink()
    with pytest.raises(UnreadableCard, match="Nothing was saved"):
        save(folder, library, Wishes("A", "B", CC0))


def test_rows_name_the_worst_case_first_with_all_that_was_measured():
    verdict = conclude([case(1, 1.4, sample="C"), case(2, -0.3, sample="D", is_real=False)])
    assert next(rows(verdict)) == (
        "cells_02.tif",
        "D",
        "made",
        "24.0 dB",
        "30.0 dB\nSSIM 0.85, smoothing",
        "29.7 dB\nSSIM 0.90",
        "−0.3 dB",
    )


def test_what_is_no_number_is_a_dash():
    verdict = conclude([replace(case(1, 1.0), model_psnr=float("nan"), model_ssim=float("nan"))])
    assert next(rows(verdict))[5] == "–\nSSIM –"


def test_a_poor_match_and_few_images_are_remarks():
    assert list(remarks(matched(accuracy=0.6), 8)) == []
    poor, few = remarks(matched(accuracy=0.9), 4)
    assert "look different from your bad image" in poor
    assert few == "It learned from 4 images only; more images make it safer."
