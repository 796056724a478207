import csv
import errno

import numpy as np
import pytest
import tifffile
import torch

from app.engine.events import Finished, Stopped
from app.engine.runners import train
from app.engine.runners.model_folder import FolderNotUsable, OtherTraining
from app.engine.specs import TrainSpec
from app.library.card import read_card
from app.library.errors import UnknownModel
from app.library.store import Library
from app.paths import find_paths
from models import weights
from models.errors import Stopped as StopWish
from models.pssr.family import Pssr
from models.pssr.params import Params
from models.training.recipe import RecipeUnreadable, parse
from models.watch import Silent
from tests.images.zarr_maker import write_image
from tests.makers import cells

RECIPE = """
[about]
id = "tiny"
licence = "CC0-1.0"
[network]
shrink = 1
widths = [8]
blocks = [1]
[crops]
size = 24
[[degrade]]
photons = [5.0, 20.0]
[schedule]
steps = 6
batch = 2
every = 2
"""


class Context(Silent):
    """The part of a job's context that training uses; stops after some steps if told to."""

    job = 1

    def __init__(self, steps=1000):
        self.left = steps
        self.units = []
        self.remarks = []

    def started(self, device):
        self.device = device

    def hold_device(self, device):
        pass

    def remark(self, code, sentence):
        self.remarks.append(sentence)

    def commit(self, unit):
        self.units.append(unit)

    def check(self):
        self.left -= 1
        if self.left < 0:
            raise StopWish


@pytest.fixture
def good(tmp_path):
    folder = tmp_path / "good"
    (folder / "deep").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(5):
        stack = rng.integers(0, 4000, (3, 40, 50)).astype(np.uint16)
        tifffile.imwrite(folder / ("deep" if i % 2 else ".") / f"cell_{i}.tif", stack, imagej=True)
    (folder / "notes.txt").write_text("not an image")
    return folder


def spec(good, out, text=RECIPE):
    return TrainSpec(str(good), text, str(out), device="cpu", seed=3)


def test_training_leaves_a_model_folder_that_restores(good, tmp_path):
    out, context = tmp_path / "model", Context()
    assert train.run(spec(good, out), context) == Finished(1, (str(out),))
    card = read_card((out / "card.toml").read_text(encoding="utf-8"))
    data = (out / card.weights).read_bytes()
    assert (card.id, card.size, card.training.seed) == ("tiny", len(data), 3)
    restorer = Pssr().load(card.network.encode(), data, Params(), "cpu", "float32")
    assert restorer.run(np.zeros((1, 8, 8), np.float32)).shape == (1, 8, 8)
    with (out / "log.csv").open(newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["2", "4", "6"]
    assert sorted(p.name for p in out.iterdir()) == [
        "card.toml",
        "log.csv",
        "recipe.toml",
        "tiny.safetensors",
    ]
    assert context.units == ["step 2", "step 4", "step 6"]


def test_a_stopped_training_goes_on_to_the_same_weights(good, tmp_path):
    train.run(spec(good, tmp_path / "whole"), Context())
    part = tmp_path / "part"
    assert train.run(spec(good, part), Context(steps=3)) == Stopped(1, (str(part),))
    assert not (part / "card.toml").exists()
    train.run(spec(good, part), Context())
    for name in ("tiny.safetensors", "log.csv"):
        assert (part / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_another_recipe_does_not_go_on_in_the_same_folder(good, tmp_path):
    train.run(spec(good, tmp_path / "m"), Context(steps=3))
    with pytest.raises(OtherTraining):
        train.run(spec(good, tmp_path / "m", RECIPE.replace("steps = 6", "steps = 7")), Context())


def test_a_finished_model_is_never_trained_over(good, tmp_path):
    out = tmp_path / "m"
    train.run(spec(good, out), Context())
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    with pytest.raises(OtherTraining, match="finished model"):
        train.run(spec(good, out), Context())
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_told(good, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FolderNotUsable):
        train.run(spec(good, tmp_path / "file" / "m"), Context())


def test_a_full_disk_leaves_the_last_checkpoint(good, tmp_path, monkeypatch):
    def is_full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "m"
    train.run(spec(good, out), Context(steps=3))
    kept = (out / "checkpoint.safetensors").read_bytes()
    monkeypatch.setattr("os.fsync", is_full)
    with pytest.raises(FolderNotUsable, match="safe"):
        train.run(spec(good, out), Context())
    assert (out / "checkpoint.safetensors").read_bytes() == kept
    assert not list(out.glob("*.part"))


def test_bad_images_are_left_out_and_named(good, tmp_path):
    sound = (good / "cell_0.tif").read_bytes()
    (good / "cut.tif").write_bytes(sound[: len(sound) // 2])
    tifffile.imwrite(good / "nan.tif", np.full((40, 50), np.nan, np.float32))
    context = Context()
    train.run(spec(good, tmp_path / "m"), context)
    assert [sentence.split()[0] for sentence in context.remarks] == ["cut.tif", "nan.tif"]
    card = read_card((tmp_path / "m" / "card.toml").read_text(encoding="utf-8"))
    assert len(card.trained_on) == 5


def test_only_bad_images_are_too_few(tmp_path):
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(tmp_path / name, np.full((40, 50), np.nan, np.float32))
    with pytest.raises(train.TooFewImages):
        train.run(spec(tmp_path, tmp_path / "m"), Context())


def test_a_recipe_for_a_network_that_cannot_be_built_is_told(good, tmp_path):
    with pytest.raises(RecipeUnreadable, match="network"):
        train.run(spec(good, tmp_path / "m", "[network]\nscale = 3"), Context())


def test_a_fifth_of_the_files_is_set_aside_and_never_learned_from(good):
    split = train.split_files(good, parse(RECIPE))
    assert (len(split.learn), len(split.tune), len(split.test)) == (4, 1, 0)
    assert not set(split.learn) & set(split.tune)


def test_image_folders_are_learned_from_as_one_image_each(tmp_path):
    for number in range(3):
        write_image(tmp_path / "day" / f"cell_{number}.ome.zarr", cells((40, 60)), chunks=(10, 10))
    split = train.split_files(tmp_path / "day", parse(RECIPE + '[data]\ngood = ["*"]\n'))
    assert sorted(path.name for path in (*split.learn, *split.tune)) == [
        "cell_0.ome.zarr", "cell_1.ome.zarr", "cell_2.ome.zarr",
    ]  # fmt: skip


def test_named_files_are_kept_for_their_purpose(good):
    recipe = parse(
        RECIPE + '[data]\ntune = ["deep/cell_1*"]\ntest = ["*cell_3*"]\nexclude = ["cell_0.tif"]\n'
    )
    split = train.split_files(good, recipe)
    assert [p.name for p in split.tune] == ["cell_1.tif"]
    assert [p.name for p in split.test] == ["cell_3.tif"]
    assert sorted(p.name for p in split.learn) == ["cell_2.tif", "cell_4.tif"]


def test_a_folder_without_enough_images_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(train.TooFewImages, match="0 images"):
        train.run(spec(tmp_path / "empty", tmp_path / "m"), Context())


def test_a_recipe_with_a_slip_leaves_nothing_behind(good, tmp_path):
    with pytest.raises(RecipeUnreadable):
        train.run(spec(good, tmp_path / "m", "stepps = 3"), Context())
    assert not (tmp_path / "m").exists()


def test_a_recipe_may_begin_with_the_weights_of_another_model(good, tmp_path):
    first, context = tmp_path / "first", Context()
    context.paths = find_paths()
    train.run(spec(good, first), context)
    Library(context.paths).add(first)
    second = RECIPE.replace('id = "tiny"', 'id = "tinier"').replace(
        "[schedule]", '[schedule]\nstart = "tiny"'
    )
    still = second.replace("steps = 6", "steps = 2\nlearning_rate = 0.0\naverage = 0.0")
    train.run(spec(good, tmp_path / "second", still), context)
    begun, ended = (weights.from_bytes((tmp_path / name).read_bytes()) for name in (
        "first/tiny.safetensors", "second/tinier.safetensors"))  # fmt: skip
    assert all(torch.equal(begun[name], ended[name]) for name in begun)
    with pytest.raises(UnknownModel):
        train.run(spec(good, tmp_path / "third", second.replace('"tiny"', '"nobody"')), context)
