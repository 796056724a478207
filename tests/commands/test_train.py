"""What ``micrographia train`` makes of the words on the command line; the job itself is another's test."""

import json
import os

import numpy as np
import pytest
import tifffile

from app.cli import main
from app.commands import train, training_recipe
from app.commands.training_recipe import with_line
from app.engine.events import Finished, Stopped
from app.engine.specs import MatchSpec, TrainSpec
from app.library.store import Library
from app.paths import find_paths
from models.training.recipe import parse
from tests.library.test_store import CARD, WEIGHTS


@pytest.fixture
def asked_for(monkeypatch, capsys):
    """Run the command with a worker that only notes what it should do; return its answer and the specs."""
    specs, last = [], {"train": Finished(1), "match": Finished(2, (), json.dumps({"strengths": {
        "scale": 2, "low": 10.0, "high": 110.0, "offset": 10.0, "gain": 5.0, "read_noise": 2.0,
    }, "accuracy": 0.6, "files": {"bad": "x.npy"}}))}  # fmt: skip

    def run_job(spec, _paths, _hear):
        specs.append(spec)
        return last["match" if isinstance(spec, MatchSpec) else "train"]

    monkeypatch.setattr(train, "run_job", run_job)
    monkeypatch.setattr(training_recipe, "run_job", run_job)

    def ask(*words, train_ends=None, match_ends=None):
        if match_ends is not None:
            last["match"] = match_ends
        if train_ends is not None:
            last["train"] = train_ends
        capsys.readouterr()
        code = main([*map(str, words), "--json"])
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return code, lines[-1], specs

    return ask


@pytest.fixture
def good(tmp_path):
    folder = tmp_path / "good"
    folder.mkdir()
    for name in "abcde":
        tifffile.imwrite(folder / f"{name}.tif", np.zeros((9, 9), np.uint8))
    return folder


def test_the_old_words_mean_what_they_meant(asked_for, good, tmp_path):
    words = ("train", "pssr", good, "--recipe", "pssr-em-x4", "--output", tmp_path / "m", "--seed", 4)
    code, result, specs = asked_for(*words)
    assert code == 0
    assert result == {"output": str(tmp_path / "m"), "stopped": False, "verdict": ""}
    assert specs == [
        TrainSpec(
            str(good), training_recipe.shipped_recipe("pssr-em-x4", "pssr"), str(tmp_path / "m"), seed=4
        )
    ]


def test_without_a_folder_it_is_made_beside_the_other_trainings(asked_for, good):
    first, second = (asked_for("train", "pssr", good)[1]["output"] for _ in range(2))
    root = find_paths().data / "trainings"
    assert first == second == str(root / "my-denoiser")
    (root / "my-denoiser").mkdir(parents=True)
    assert asked_for("train", "pssr", good)[1]["output"] == str(root / "my-denoiser-2")


def test_time_or_steps_name_scale_and_frames_reach_the_recipe(asked_for, good):
    _, _, specs = asked_for(
        "train", "pssr", good, "--name", "My µ cells", "--minutes", "2.5", "--scale", 4, "--frames", 3,
        train_ends=Stopped(1),
    )  # fmt: skip
    recipe = parse(specs[-1].recipe)
    assert specs[-1].minutes == 2.5
    assert (recipe.about.id, recipe.about.name) == ("my-cells", "My µ cells")
    assert (recipe.network["scale"], recipe.network["shrink"], recipe.network["frames"]) == (4, 1, 3)
    _, _, specs = asked_for("train", "pssr", good, "--steps", 7)
    assert parse(specs[-1].recipe).schedule.steps == 7


def test_like_fits_the_making_bad_first(asked_for, good, tmp_path):
    bad = tmp_path / "bad.tif"
    tifffile.imwrite(bad, np.zeros((9, 9), np.uint8))
    _, _, (match, spec) = asked_for("train", "pssr", good, "--like", bad)
    assert [one.path for one in match.bad] == [str(bad)]
    assert len(match.good) == 5
    recipe = parse(spec.recipe)
    assert recipe.network["scale"] == 2
    assert recipe.degrade[0].photons == (10, 40)
    assert json.loads(spec.match)["accuracy"] == 0.6
    assert spec.bad == match.bad


def test_pairs_come_from_a_second_folder(asked_for, good, tmp_path):
    _, _, specs = asked_for("train", "pssr", good, "--paired", tmp_path / "low", "--scale", 2)
    assert specs[-1].paired_dir == str(tmp_path / "low")
    assert parse(specs[-1].recipe).network["scale"] == 2


def test_several_places_are_split_by_sample(asked_for, good, tmp_path):
    for sample in ("one", "two"):
        (tmp_path / sample).mkdir()
        tifffile.imwrite(tmp_path / sample / "x.tif", np.zeros((9, 9), np.uint8))
    _, _, specs = asked_for("train", "pssr", good, tmp_path / "one", tmp_path / "two")
    spec = specs[-1]
    assert {one.path for one in spec.learn} == {str(file) for file in good.iterdir()}
    assert {one.path for one in (*spec.tune, *spec.test)} == {
        str(tmp_path / sample / "x.tif") for sample in ("one", "two")
    }


def test_noisy_images_alone_are_all_learned_from(asked_for, good):
    _, _, specs = asked_for("train", "n2v", *sorted(good.iterdir()), "--name", "quiet")
    assert len(specs[-1].learn) == 5
    assert specs[-1].recipe.startswith('family = "n2v"')


def test_a_named_model_is_added_when_it_is_finished(asked_for, good, monkeypatch):
    from app.library.card import write_card

    real = train.run_job

    def trained(spec, paths, hear):
        from pathlib import Path

        folder = Path(spec.output_dir)
        folder.mkdir(parents=True)
        (folder / "card.toml").write_text(write_card(CARD), encoding="utf-8")
        (folder / str(CARD.weights)).write_bytes(WEIGHTS)
        return real(spec, paths, hear)

    monkeypatch.setattr(train, "run_job", trained)
    code, result, _ = asked_for("train", "pssr", good, "--name", "Mine")
    assert code == 0
    assert result["model"] == "mine"
    assert "mine" in [card.id for card in Library(find_paths()).cards()]


def test_resume_goes_on_in_the_folder_of_that_name_with_its_own_recipe(asked_for, good):
    code, result, _ = asked_for("train", "pssr", good, "--name", "mine", "--resume")
    assert code == 1
    assert result["failed"][0]["code"] == "train.nothing_to_resume"
    folder = find_paths().data / "trainings" / "mine"
    folder.mkdir(parents=True)
    (folder / "recipe.toml").write_text("[about]\nid = 'mine'\n", encoding="utf-8")
    code, result, specs = asked_for(
        "train", "pssr", good, "--name", "mine", "--resume", train_ends=Stopped(1)
    )
    assert code == 130
    assert result == {"output": str(folder), "stopped": True, "verdict": ""}
    assert specs[-1].recipe == "[about]\nid = 'mine'\n"


def test_resume_finds_the_newest_training_of_that_name_that_is_not_complete(asked_for, good):
    root = find_paths().data / "trainings"
    for number, (name, is_complete) in enumerate(
        [("mine", True), ("mine-2", False), ("mine-3", True), ("mine-other", False)]
    ):
        (root / name).mkdir(parents=True)
        (root / name / "recipe.toml").write_text("[about]\nid = 'mine'\n", encoding="utf-8")
        os.utime(root / name / "recipe.toml", (number, number))
        if is_complete:
            (root / name / "card.toml").touch()
    words = ("train", "pssr", good, "--name", "mine", "--resume")
    _, result, _ = asked_for(*words, train_ends=Stopped(1))
    assert result["output"] == str(root / "mine-2")


def test_a_training_of_another_family_is_not_gone_on_with(asked_for, good, tmp_path):
    (tmp_path / "recipe.toml").write_text("family = 'n2v'\n", encoding="utf-8")
    code, result, specs = asked_for("train", "pssr", good, "--output", tmp_path, "--resume")
    assert (code, specs) == (1, [])
    assert result["failed"][0]["code"] == "train.nothing_to_resume"


def test_a_stop_while_the_making_bad_is_fitted_is_a_stop(asked_for, good, tmp_path):
    bad = tmp_path / "bad.tif"
    tifffile.imwrite(bad, np.zeros((9, 9), np.uint8))
    code, result, _ = asked_for("train", "pssr", good, "--like", bad, match_ends=Stopped(2))
    assert (code, result) == (130, {"failed": [], "stopped": True})


def test_what_a_training_shows_of_itself_is_not_learned_from(asked_for, good):
    (good / "m" / "history").mkdir(parents=True)
    tifffile.imwrite(good / "m" / "history" / "x.tif", np.zeros((9, 9), np.uint8))
    _, _, specs = asked_for("train", "n2v", good, "--output", good / "m")
    assert len(specs[-1].learn) == 5


@pytest.mark.parametrize(
    "words",
    [
        ["--like", "x.tif", "--recipe", "pssr-em-x4"],
        ["--paired", "low", "--frames", "3"],
        ["--resume"],
    ],
)
def test_wishes_that_exclude_each_other_are_told(asked_for, good, words):
    code, result, specs = asked_for("train", "pssr", good, *words)
    assert code == 1
    assert result["failed"][0]["code"] == "train.too_much_said"
    assert not specs


def test_lines_of_a_recipe_are_replaced_added_or_begun():
    text = "[a]\nx = 1  # why\ny = 2\n[b]\nx = 3\n"
    assert with_line(text, "b", "x", 4) == "[a]\nx = 1  # why\ny = 2\n[b]\nx = 4\n"
    assert with_line(text, "a", "z", "t") == '[a]\nz = "t"\nx = 1  # why\ny = 2\n[b]\nx = 3\n'
    assert with_line(text, "c", "x", 1).endswith("[c]\nx = 1\n")
