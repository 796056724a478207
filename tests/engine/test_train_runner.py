import csv
import errno
import json
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch

from app.engine.events import Finished, Stopped
from app.engine.runners import train
from app.engine.runners.learning import simple
from app.engine.runners.learning.images import split_files
from app.engine.runners.learning.order import TooFewImages
from app.engine.runners.model_folder import FolderNotUsable, OtherTraining
from app.engine.runners.movies import in_time, movies_of
from app.engine.specs import TrainSpec
from app.images.digest import sha256_of
from app.images.open import open_image
from app.library.card import read_card
from app.library.errors import UnknownModel
from app.library.store import Library
from app.paths import find_paths
from models import weights
from models.errors import Stopped as StopWish
from models.pssr.family import Pssr
from models.pssr.params import Params
from models.training.loop import State
from models.training.pace import Pace
from models.training.recipe import RecipeUnreadable, parse
from models.training.verdict import read_verdict
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
        self.steps, self.done = steps, 0
        self.units = []
        self.remarks = []
        self.codes = []
        self.metrics = []
        self.previews = []
        self.notes = {}

    def started(self, device):
        self.device = device

    def hold_device(self, device):
        pass

    def remark(self, code, sentence):
        self.remarks.append(sentence)
        self.codes.append(code)

    def metric(self, name, step, value):
        self.metrics.append((name, step, value))

    def preview(self, path):
        self.previews.append(path)

    def note(self, name, text):
        self.notes[name] = text

    def commit(self, unit):
        self.units.append(unit)

    def progress(self, done, _total, unit):
        if unit == "step":
            self.done += 1

    def check(self):
        if self.done >= self.steps:
            raise StopWish


@pytest.fixture(autouse=True)
def _one_simple_filter(monkeypatch, request):
    """Compare with the fastest filter only, but in the test that is about all of them."""
    if "every_filter" not in request.node.name:
        monkeypatch.setattr(simple, "METHODS", ("gaussian",))


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


def pictures(folder, sizes, dtype=np.uint16):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    for name, shape in sizes.items():
        rgb = {"photometric": "rgb"} if len(shape) == 3 else {}
        tifffile.imwrite(folder / name, rng.integers(0, 255, shape).astype(dtype), **rgb)
    return folder


def contents(folder):
    """Everything in a model's folder."""
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


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
        "history",
        "log.csv",
        "recipe.toml",
        "tiny.safetensors",
        "verdict.json",
    ]
    assert context.units == ["step 2", "step 4", "step 6"]


def test_a_stopped_training_goes_on_to_the_same_weights(good, tmp_path):
    train.run(spec(good, tmp_path / "whole"), Context())
    part = tmp_path / "part"
    assert train.run(spec(good, part), Context(steps=3)) == Stopped(1, (str(part),))
    assert (part / "checkpoint.safetensors").exists()
    train.run(spec(good, part), Context())
    assert contents(part) == contents(tmp_path / "whole")


def test_a_stopped_training_leaves_the_best_so_far_as_a_model_with_a_verdict(good, tmp_path):
    out, context = tmp_path / "m", Context(steps=5)
    assert train.run(spec(good, out), context) == Stopped(1, (str(out),))
    card = read_card((out / "card.toml").read_text(encoding="utf-8"))
    state = State.from_bytes((out / "checkpoint.safetensors").read_bytes())
    assert (state.step, state.looked) == (5, 4)
    assert (out / card.weights).read_bytes() == weights.to_bytes(state.result("best"), half=True)
    assert read_verdict(out / "verdict.json").is_same_sample is False
    assert [row.method for row in card.measured] == ["this model", "input", "gaussian"]


def test_a_training_stopped_before_its_first_look_leaves_no_model(good, tmp_path):
    out, context = tmp_path / "m", Context(steps=1)
    assert train.run(spec(good, out), context) == Stopped(1, (str(out),))
    assert not (out / "card.toml").exists()
    assert context.codes == ["train.no_model_yet"]
    later = Context()
    train.run(spec(good, out), later)
    assert later.done == 5
    train.run(spec(good, tmp_path / "whole"), Context())
    assert contents(out) == contents(tmp_path / "whole")


def test_a_training_that_goes_on_knows_still_how_good_the_fit_was(good, tmp_path):
    out = tmp_path / "m"
    train.run(replace(spec(good, out), match=json.dumps({"accuracy": 0.82})), Context(steps=3))
    context = Context()
    train.run(spec(good, out), context)
    assert "train.poor_match" in context.codes
    assert "82 %" in read_card((out / "card.toml").read_text(encoding="utf-8")).doubts[0]


NETWORKS = [
    'kind = "pssr2-resunet"\nhidden = [8, 16]\nscale = 1\ndepth = 1\n',
    'kind = "pssr2-rdresunet"\nhidden = [8, 8]\nscale = 1\ndepth = 1\nfirst = 8\n'
    "growth = [8, 8]\nblocks = [1, 1]\nhalves = [0, 1]\ngated = [0, 1]\n",
]


def with_network(text):
    return RECIPE.replace("shrink = 1\nwidths = [8]\nblocks = [1]\n", text)


@pytest.mark.parametrize(("network", "sees_all"), list(zip(NETWORKS, (False, True), strict=True)))
def test_published_networks_are_trained_too_and_begin_with_each_other(good, tmp_path, network, sees_all):
    text, out, context = with_network(network), tmp_path / "m", Context()
    train.run(spec(good, tmp_path / "whole", text), context)
    train.run(spec(good, out, text), Context(steps=3))
    train.run(spec(good, out, text), Context())
    assert contents(out) == contents(tmp_path / "whole")
    card = read_card((out / "card.toml").read_text(encoding="utf-8"))
    data = (out / card.weights).read_bytes()
    restorer = Pssr().load(card.network.encode(), data, Params(), "cpu", "float32")
    assert restorer.run(np.zeros((1, 8, 8), np.float32)).shape == (1, 8, 8)
    assert json.loads(card.network)["halo"] == restorer.traits.halo
    assert ("train.whole_tile" in context.codes) is sees_all
    assert any("whole tile" in doubt for doubt in card.doubts) is sees_all
    paths = find_paths()
    Library(paths).add(out)
    again = Context()
    again.paths = paths
    train.run(spec(good, tmp_path / "again", text + 'start = "tiny"\n'), again)
    assert (tmp_path / "again" / "card.toml").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RECIPE.replace("size = 24", "size = 25").replace("shrink = 1", "shrink = 2"), "multiple of 2"),
        (with_network('kind = "pssr2-resunet"\nhidden = [8, 16]\nscale = 1\nchannels = 2\n'), "odd number"),
        ('family = "n2v"\n' + RECIPE.replace("shrink = 1", "shrink = 1\nscale = 2"), "keeps their pixels"),
    ],
)
def test_a_network_that_does_not_go_with_the_recipe_is_told_at_once(good, tmp_path, text, words):
    with pytest.raises(RecipeUnreadable, match=words):
        train.run(spec(good, tmp_path / "m", text), Context())


def test_a_paused_training_that_is_stopped_is_finished_without_another_step(good, tmp_path):
    train.run(spec(good, tmp_path / "m"), Context(steps=3))
    (tmp_path / "m" / "card.toml").unlink()
    context = Context(steps=0)
    assert train.run(spec(good, tmp_path / "m"), context) == Stopped(1, (str(tmp_path / "m"),))
    assert (tmp_path / "m" / "card.toml").exists()
    assert not context.units


def test_with_minutes_the_steps_are_fixed_once_and_a_stopped_training_still_equals_a_whole_one(
    good, tmp_path, monkeypatch
):
    paces = iter([Pace(0.5, 0.0), Pace(9.0, 0.0)])
    monkeypatch.setattr(train, "measure_pace", lambda *_, **__: next(paces))
    monkeypatch.setattr(train, "monotonic", lambda: 0.0)
    timed = replace(spec(good, tmp_path / "part"), minutes=4 / 60)
    context = Context(steps=5)
    train.run(timed, context)
    assert json.loads(context.notes["schedule"])["steps"] == 8
    later = Context()
    train.run(timed, later)
    assert later.units[-1] == "step 8"
    text = RECIPE.replace("steps = 6", "steps = 8").replace("every = 2", "every = 1")
    train.run(spec(good, tmp_path / "whole", text), Context())
    part, whole = contents(tmp_path / "part"), contents(tmp_path / "whole")
    for name in ("checkpoint.safetensors", "schedule.json"):  # what was given minutes could be given more
        del part[name]
    assert {**part, "recipe.toml": b""} == {**whole, "recipe.toml": b""}


def test_the_pace_is_measured_with_steps_that_do_not_count(good, tmp_path):
    out, context = tmp_path / "m", Context()
    train.run(replace(spec(good, out), minutes=0.005), context)
    fixed = json.loads(context.notes["schedule"])
    assert (fixed["minutes"], fixed["steps"] >= 1) == (0.005, True)
    assert context.units[-1] == f"step {fixed['steps']}"
    assert json.loads((out / "schedule.json").read_text()) == {**fixed, "is_complete": True}


def test_what_an_unseen_crop_looks_like_is_kept_at_every_look(good, tmp_path):
    out, context = tmp_path / "m", Context()
    train.run(spec(good, out), context)
    history = out / "history"
    assert context.previews == [history / f"{step:06d}.npy" for step in (2, 4, 6)]
    names = ["bad", "good", "simple", "000002", "000004", "000006", "worst/now", "worst/bad"]
    planes = [np.load(history / f"{name}.npy") for name in names]
    assert {plane.dtype for plane in planes} == {np.dtype(np.float32)}
    assert {plane.shape for plane in planes[:6]} == {(40, 40)}
    with (out / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", "loss", "psnr_unseen_db", "psnr_simple_db"]
    assert {row["psnr_simple_db"] for row in rows} == {f"{context.metrics[-1][2]:.3f}"}
    assert [(name, step) for name, step, _ in context.metrics] == [
        (name, step) for step in (2, 4, 6) for name in ("loss", "unseen", "simple")
    ]


def test_the_verdict_is_on_other_images_beside_every_filter(good, tmp_path):
    out = tmp_path / "m"
    train.run(spec(good, out), Context())
    verdict = read_verdict(out / "verdict.json")
    card = read_card((out / "card.toml").read_text(encoding="utf-8"))
    assert verdict.state == "too few"
    assert not {case.name for case in verdict.cases} & set(card.trained_on)
    assert [row.method for row in card.measured] == ["this model", "input", "gaussian", "nlm", "tv"]
    assert {row.images for row in card.measured} == {len(verdict.cases)}


def test_the_card_says_what_the_model_is_for_and_what_it_learned_from(good, tmp_path):
    for file in good.rglob("*.tif"):
        tifffile.imwrite(
            file, tifffile.imread(file), imagej=True, resolution=(10, 10), metadata={"unit": "um"}
        )
    out = tmp_path / "m"
    asked = replace(spec(good, out), match=json.dumps({"accuracy": 0.82}))
    context = Context()
    train.run(asked, context)
    card = read_card((out / "card.toml").read_text(encoding="utf-8"))
    assert card.pixel_size_um == (0.075, 0.125)
    assert card.noise == "5 to 20 photons per pixel at full brightness"
    assert [sha256_of(good / name) for name in card.trained_on] == list(card.sha256_trained_on)
    assert "82 %" in card.doubts[0]
    assert "train.poor_match" in context.codes


class TestBadInput:
    """One sentence each; the training goes on."""

    @staticmethod
    def taught(folder, tmp_path, text=RECIPE):
        context = Context(steps=2)
        train.run(spec(folder, tmp_path / "m", text), context)
        return context, read_card((tmp_path / "m" / "card.toml").read_text(encoding="utf-8"))

    def test_two_images_are_enough_but_few(self, tmp_path):
        folder = pictures(tmp_path / "two", {"a_1.tif": (40, 50), "a_2.tif": (40, 50)})
        context, card = self.taught(folder, tmp_path)
        assert context.codes == ["train.few", "train.same_sample"]
        assert any("another sample" in doubt for doubt in card.doubts)

    def test_constant_images_are_left_out(self, good, tmp_path):
        tifffile.imwrite(good / "flat.tif", np.full((40, 50), 7, np.uint8))
        context, card = self.taught(good, tmp_path)
        assert "flat.tif has the same value everywhere. It was left out." in context.remarks
        assert "flat.tif" not in card.trained_on

    def test_mixed_kinds_of_numbers_are_said(self, good, tmp_path):
        pictures(good, {"byte.tif": (40, 50), "deep/byte.tif": (40, 50)}, np.uint8)
        context, _ = self.taught(good, tmp_path)
        assert any("uint16, uint8" in sentence for sentence in context.remarks)

    def test_colour_images_teach_channel_by_channel(self, tmp_path):
        folder = pictures(tmp_path / "rgb", {f"{name}.tif": (40, 50, 3) for name in "abcde"}, np.uint8)
        context, _ = self.taught(folder, tmp_path)
        assert [code for code in context.codes if code == "train.colour"] == ["train.colour"]

    def test_crops_shrink_to_small_images(self, tmp_path):
        folder = pictures(tmp_path / "small", {f"{name}.tif": (37, 50) for name in "abcde"})
        context, _ = self.taught(folder, tmp_path, RECIPE.replace("size = 24", "size = 64"))
        assert any("crops of 37 pixels" in sentence for sentence in context.remarks)

    def test_a_few_small_images_among_many_are_left_out(self, tmp_path):
        sizes = {f"{name}.tif": (80, 80) for name in "abcdefgh"} | {"tiny.tif": (40, 50)}
        folder = pictures(tmp_path / "few", sizes)
        text = RECIPE.replace("size = 24", "size = 64") + '[data]\ntune = ["a.tif"]\n'
        context, card = self.taught(folder, tmp_path, text)
        assert any(sentence.startswith("tiny.tif is only 40 pixels") for sentence in context.remarks)
        assert "tiny.tif" not in card.trained_on

    def test_images_smaller_than_any_crop_are_too_few(self, tmp_path):
        folder = pictures(tmp_path / "dots", {f"{name}.tif": (9, 9) for name in "abc"})
        with pytest.raises(TooFewImages):
            train.run(spec(folder, tmp_path / "m"), Context())


def test_another_recipe_does_not_go_on_in_the_same_folder(good, tmp_path):
    train.run(spec(good, tmp_path / "m"), Context(steps=3))
    with pytest.raises(OtherTraining):
        train.run(spec(good, tmp_path / "m", RECIPE.replace("steps = 6", "steps = 7")), Context())


def test_a_finished_model_is_never_trained_over(good, tmp_path):
    out = tmp_path / "m"
    train.run(spec(good, out), Context())
    before = contents(out)
    with pytest.raises(OtherTraining, match="finished model"):
        train.run(spec(good, out), Context())
    assert contents(out) == before


def test_a_training_of_some_minutes_goes_on_when_it_is_given_more(good, tmp_path):
    out = tmp_path / "m"
    first = replace(spec(good, out), minutes=0.01)
    train.run(first, Context())
    reached = State.from_bytes((out / "checkpoint.safetensors").read_bytes()).step
    with pytest.raises(OtherTraining, match="finished model"):
        train.run(first, Context())
    train.run(replace(first, minutes=0.03), Context())
    assert State.from_bytes((out / "checkpoint.safetensors").read_bytes()).step == 3 * reached
    assert (out / "card.toml").exists()


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
    assert not {"cut.tif", "nan.tif"} & set(card.trained_on)


def test_only_bad_images_are_too_few(tmp_path):
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(tmp_path / name, np.full((40, 50), np.nan, np.float32))
    with pytest.raises(TooFewImages):
        train.run(spec(tmp_path, tmp_path / "m"), Context())


def test_a_recipe_for_a_network_that_cannot_be_built_is_told(good, tmp_path):
    with pytest.raises(RecipeUnreadable, match="network"):
        train.run(spec(good, tmp_path / "m", "[network]\nscale = 3"), Context())


def test_a_fifth_of_the_files_is_set_aside_and_never_learned_from(good):
    split = split_files(good, parse(RECIPE).data)
    assert (len(split.learn), len(split.tune), len(split.test)) == (3, 1, 1)
    assert len({*split.learn, *split.tune, *split.test}) == 5


def test_image_folders_are_learned_from_as_one_image_each(tmp_path):
    for number in range(3):
        write_image(tmp_path / "day" / f"cell_{number}.ome.zarr", cells((40, 60)), chunks=(10, 10))
    split = split_files(tmp_path / "day", parse(RECIPE + '[data]\ngood = ["*"]\n').data)
    assert sorted(one.name for one in (*split.learn, *split.tune, *split.test)) == [
        "cell_0.ome.zarr", "cell_1.ome.zarr", "cell_2.ome.zarr",
    ]  # fmt: skip


def test_named_files_are_kept_for_their_purpose(good):
    recipe = parse(
        RECIPE + '[data]\ntune = ["deep/cell_1*"]\ntest = ["*cell_3*"]\nexclude = ["cell_0.tif"]\n'
    )
    split = split_files(good, recipe.data)
    assert [p.name for p in split.tune] == ["deep/cell_1.tif"]
    assert [p.name for p in split.test] == ["deep/cell_3.tif"]
    assert sorted(p.name for p in split.learn) == ["cell_2.tif", "cell_4.tif"]


def test_a_folder_without_enough_images_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(TooFewImages, match="no image"):
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


class TestOtherWays:
    """Where pairs come from, but for good images made bad."""

    def test_real_pairs_are_learned_from_and_judged_as_real(self, tmp_path):
        rng = np.random.default_rng(0)
        good, low = tmp_path / "good", tmp_path / "low"
        good.mkdir()
        low.mkdir()
        for name in ("a", "b", "c", "d"):
            plane = (1000 * cells((64, 64), seed=ord(name))).astype(np.float32)
            tifffile.imwrite(good / f"{name}.tif", plane)
            if name != "d":
                tifffile.imwrite(
                    low / f"{name}.tif", plane / 4 + rng.normal(0, 9, (64, 64)).astype(np.float32)
                )
        context = Context()
        train.run(replace(spec(good, tmp_path / "m"), paired_dir=str(low)), context)
        verdict = read_verdict(tmp_path / "m" / "verdict.json")
        assert verdict.is_real
        card = read_card((tmp_path / "m" / "card.toml").read_text(encoding="utf-8"))
        assert all(row.is_real for row in card.measured)
        assert "d.tif has no image of the same name in low. It was left out." in context.remarks
        assert "d.tif" not in card.trained_on

    def test_movies_teach_networks_that_see_several_frames(self, tmp_path):
        folder = tmp_path / "movies"
        folder.mkdir()
        for name in ("a", "b", "c"):
            stack = np.random.default_rng(ord(name)).integers(0, 4000, (5, 40, 50)).astype(np.uint16)
            tifffile.imwrite(folder / f"{name}.ome.tif", stack, metadata={"axes": "TYX"})
        train.run(spec(folder, tmp_path / "m", RECIPE.replace("[crops]", "frames = 3\n[crops]")), Context())
        card = read_card((tmp_path / "m" / "card.toml").read_text(encoding="utf-8"))
        assert json.loads(card.network)["frames"] == 3
        assert np.load(tmp_path / "m" / "history" / "bad.npy").ndim == 2
        assert len(read_verdict(tmp_path / "m" / "verdict.json").cases) == 1

    def test_a_family_that_cannot_be_trained_is_told(self, good, tmp_path):
        with pytest.raises(RecipeUnreadable, match="care"):
            train.run(spec(good, tmp_path / "m", 'family = "care"\n' + RECIPE), Context())

    def test_noisy_images_alone_teach_without_a_verdict(self, tmp_path):
        folder = pictures(tmp_path / "noisy", {"a.tif": (120, 120)})
        text = 'family = "n2v"\n' + RECIPE.replace("[[degrade]]\nphotons = [5.0, 20.0]\n", "")
        train.run(spec(folder, tmp_path / "m", text), context := Context())
        card = read_card((tmp_path / "m" / "card.toml").read_text(encoding="utf-8"))
        assert (card.family, card.trained_on, card.measured) == ("n2v", ("a.tif",), ())
        assert {name for name, _, _ in context.metrics} == {"loss", "unseen", "simple"}
        names = {file.name for file in (tmp_path / "m").rglob("*")}
        assert not {"verdict.json", "good.npy"} & names

    def test_noisy_images_alone_that_taught_for_some_minutes_teach_no_more_without_more(self, tmp_path):
        folder = pictures(tmp_path / "noisy", {"a.tif": (120, 120)})
        text = 'family = "n2v"\n' + RECIPE.replace("[[degrade]]\nphotons = [5.0, 20.0]\n", "")
        order = replace(spec(folder, tmp_path / "m", text), minutes=0.01)
        train.run(order, Context())
        before = contents(tmp_path / "m")
        with pytest.raises(OtherTraining, match="finished model"):
            train.run(order, Context())
        assert contents(tmp_path / "m") == before
        train.run(replace(order, minutes=0.03), Context())
        assert contents(tmp_path / "m") != before


def test_a_model_of_movies_learns_from_movies_and_stills_and_restores_movies(good, tmp_path):
    frames = cells((6, 60, 64))
    tifffile.imwrite(good / "in_time.tif", frames, imagej=True, metadata={"axes": "TYX"})
    tifffile.imwrite(good / "unsaid.tif", frames[:5])
    text = RECIPE.replace("[network]", "[network]\nframes = 3") + '[data]\nmovies = ["unsaid*"]\n'
    with (
        closing(open_image(good / "in_time.tif")) as said,
        closing(open_image(good / "unsaid.tif")) as unsaid,
    ):
        box = (0, 60), (0, 64)
        assert [movie.shape for movie in movies_of(said, *box)] == [(6, 60, 64)]
        assert movies_of(unsaid, *box) == ()
        assert [movie.shape for movie in movies_of(in_time(unsaid), *box)] == [(5, 60, 64)]
    out = tmp_path / "m"
    assert isinstance(train.run(spec(good, out, text), Context()), Finished)
    card = read_card((out / "card.toml").read_text(encoding="utf-8"))
    assert card.frames == 3
    restorer = Pssr().load(
        card.network.encode(), (out / card.weights).read_bytes(), Params(), "cpu", "float32"
    )
    assert restorer.traits.frames == 3
    assert restorer.run(np.zeros((2, 3, 16, 16), np.float32)).shape == (2, 16, 16)
