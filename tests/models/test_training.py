import math

import numpy as np
import pytest
import torch

from models import weights
from models.errors import Stopped
from models.pssr.network import Layout, ResUNet
from models.restoration.degrade import Degradation
from models.training.loop import Plan, State, learning_rate, train
from models.training.losses import LOSSES, ssim
from models.training.pairs import Pairs, UnseenScore, draw_degradation
from models.training.patches import Crop, Specimen, draw_crops, normalised
from models.training.recipe import Crappify, RecipeUnreadable, parse
from models.watch import Silent

CPU = torch.device("cpu")
RECIPE = """
family = "pssr"
[network]
scale = 1
shrink = 1
widths = [8, 16]
blocks = [1, 1]
[crops]
size = 32
[[degrade]]
photons = [5.0, 20.0]
[schedule]
steps = 8
batch = 4
every = 4
"""


def specimens(n=3):
    y, x = np.mgrid[:80, :96] / 6
    return [Specimen(f"s{i}", (normalised(np.sin(x + i) * np.cos(y * (i + 1))),)) for i in range(n)]


def pairs(seed=0, text=RECIPE):
    return Pairs(specimens(), parse(text), scale=1, seed=seed, device=CPU)


class Stopper(Silent):
    """Stops at a step."""

    def __init__(self, at):
        self.left = at

    def check(self):
        self.left -= 1
        if self.left < 0:
            raise Stopped


def trained(*, saved, state=None, watch=None, steps=8):
    torch.manual_seed(0)
    network = ResUNet(Layout(1, 1, (8, 16), (1, 1)))
    score = UnseenScore(pairs(seed=1), batches=1, n=2)
    return train(
        network,
        pairs().draw,
        LOSSES["charbonnier_ssim"],
        score,
        Plan(steps=steps, every=4),
        device=CPU,
        watch=watch or Silent(),
        save=lambda s, look: saved.append((s.to_bytes(), look)),
        state=state,
    )


def test_a_continued_training_takes_the_very_steps_of_an_undisturbed_one():
    whole, part = [], []
    undisturbed = trained(saved=whole)
    with pytest.raises(Stopped):
        trained(saved=part, watch=Stopper(6))
    continued = trained(saved=part, state=State.from_bytes(part[-1][0]))
    assert [look.step for _, look in part] == [4, 8]
    for name, tensor in undisturbed.items():
        assert torch.equal(tensor, continued[name])
    assert whole[-1][0] == part[-1][0]


def test_training_on_a_constant_with_noise_gives_a_constant():
    text = RECIPE.replace("photons = [5.0, 20.0]", "read_noise = [0.05, 0.1]").replace(
        "steps = 8", "steps = 150"
    )
    flat = [Specimen("flat", (np.full((64, 64), 0.5, np.float32),))]
    drawn = Pairs(flat, parse(text), scale=1, seed=0, device=CPU)
    torch.manual_seed(0)
    network = ResUNet(Layout(1, 1, (8, 16), (1, 1)))
    best = train(
        network, drawn.draw, LOSSES["mse"], UnseenScore(drawn, batches=1),
        Plan(steps=150, every=50, average=0.9),
        device=CPU, watch=Silent(), save=lambda *_: None,
    )  # fmt: skip
    network.load_state_dict(best)
    bad, good = drawn.draw(10_000)
    with torch.inference_mode():
        assert (network(bad) - good).std() < 0.4 * (bad - good).std()


def test_the_rate_warms_up_and_ends_at_a_hundredth():
    plan = Plan(steps=100, learning_rate=1.0, warmup=0.1)
    assert learning_rate(plan, 0) == pytest.approx(0.1)
    assert learning_rate(plan, 10) == pytest.approx(1.0)
    assert learning_rate(plan, 100) == pytest.approx(0.01)
    rates = [learning_rate(plan, step) for step in range(10, 101)]
    assert rates == sorted(rates, reverse=True)


def test_pairs_depend_on_seed_and_step_alone():
    one, other = pairs(), pairs()
    other.draw(3)
    assert torch.equal(one.draw(7)[0], other.draw(7)[0])
    assert not torch.equal(one.draw(7)[0], one.draw(8)[0])
    assert not torch.equal(one.draw(7)[0], pairs(seed=2).draw(7)[0])


def test_pairs_are_on_the_scale_of_inference():
    bad, good = pairs().draw(0, 16)
    assert bad.shape == good.shape == (16, 1, 32, 32)
    assert torch.quantile(bad.flatten(1), 0.001, dim=1).abs().max() < 1e-4
    assert torch.quantile(bad.flatten(1), 0.999, dim=1).max() <= 1 + 1e-4
    fit = np.polyfit(good.flatten().numpy(), bad.flatten().numpy(), 1)
    assert fit[0] == pytest.approx(1, abs=0.05)
    assert fit[1] == pytest.approx(0, abs=0.03)


def test_crops_show_something_unless_told_otherwise():
    plane = np.zeros((400, 400), np.float32)
    plane[:100, :100] = np.random.default_rng(0).random((100, 100))
    lively = draw_crops([Specimen("a", (plane,))], Crop(32, empty_share=0), 64, np.random.default_rng(1))
    blind = draw_crops([Specimen("a", (plane,))], Crop(32, empty_share=1), 64, np.random.default_rng(1))
    assert (lively.flatten(1).std(dim=1) > 0).sum() > 2 * (blind.flatten(1).std(dim=1) > 0).sum()


def test_crops_larger_than_the_image_are_enlarged():
    rng = np.random.default_rng(0)
    small = Specimen("a", (rng.random((20, 50), np.float32),))
    assert draw_crops([small], Crop(32), 4, rng).shape == (4, 1, 32, 32)


def test_strengths_stay_in_their_ranges():
    way = Crappify(photons=(10, 100), read_noise=(0.01, 0.1), background=(0, 0.3), blur_px=(1, 2), levels=255)
    rng = np.random.default_rng(0)
    drawn = [draw_degradation(way, 2, rng) for _ in range(200)]
    assert all(0.01 <= d.gain <= 0.1 and 0.01 <= d.read_noise <= 0.1 for d in drawn)
    assert all(-0.3 <= d.offset <= 0 and 1 <= d.blur_px <= 2 and d.scale == 2 for d in drawn)
    assert {d.step for d in drawn} == {0.0, 1 / 255}
    assert np.median([d.gain for d in drawn]) == pytest.approx(1 / math.sqrt(1000), rel=0.3)


NEW_STEPS = {
    "psf": ((1.0, 2.0, 1.0),), "shade": (0.1, 0.4), "line_offset": (0.01, 0.05), "line_shift_px": (0.2, 1.0),
    "line_reach_px": (0.0, 3.0), "column_offset": (0.01, 0.02), "drift_gain": (0.8, 1.2),
    "drift_offset": (-0.1, 0.1), "quality": (30, 95),
}  # fmt: skip


def test_strengths_of_every_step_stay_in_their_ranges():
    way = Crappify(**NEW_STEPS)
    rng = np.random.default_rng(0)
    drawn = [draw_degradation(way, 1, rng) for _ in range(200)]
    for name in NEW_STEPS.keys() - {"psf"}:
        values = [getattr(d, name) for d in drawn]
        low, high = NEW_STEPS[name]
        assert low <= min(values) < max(values) <= high, name
    assert all(d.psf == way.psf and 0 <= min(d.shade_at) <= max(d.shade_at) <= 1 for d in drawn)
    assert {type(d.quality) for d in drawn} == {int}


def test_steps_that_a_recipe_has_not_change_no_strength():
    old = {"photons": (10, 100), "read_noise": (0.01, 0.1), "specks": (0.001, 0.01), "specks_share": 0.5}
    ways = [Crappify(**old), Crappify(**old, lines_share=0.5, quality_share=0.1, shade_share=0.2)]
    drawn = [[draw_degradation(way, 2, rng) for _ in range(20)] for way, rng in with_generators(ways)]
    assert drawn[0] == drawn[1]


def test_the_old_strengths_come_before_the_new_ones():
    ways = [Crappify(photons=(10, 100)), Crappify(photons=(10, 100), **NEW_STEPS)]
    plain, whole = [draw_degradation(way, 2, rng) for way, rng in with_generators(ways)]
    assert whole.gain == plain.gain
    assert plain == Degradation(scale=2, gain=plain.gain, offset=plain.offset)


@pytest.mark.parametrize(
    ("share", "fields"),
    [
        ("shade_share", ["shade"]),
        ("lines_share", ["line_offset", "line_shift_px"]),
        ("columns_share", ["column_offset"]),
        ("drift_share", ["drift_gain", "drift_offset"]),
        ("quality_share", ["quality"]),
    ],
)
def test_a_share_of_crops_has_a_step(share, fields):
    rng = np.random.default_rng(0)
    way = Crappify(**NEW_STEPS, **{share: 0.3})
    drawn = [draw_degradation(way, 1, rng) for _ in range(400)]
    for name in fields:
        off = getattr(Degradation(), name)
        assert np.mean([getattr(d, name) != off for d in drawn]) == pytest.approx(0.3, abs=0.07)


def with_generators(ways):
    return [(way, np.random.default_rng(7)) for way in ways]


def test_a_recipe_can_have_a_measured_spot():
    text = "[[degrade]]\npsf = [[0, 1, 0], [1, 4.5, 1], [0, 1, 0]]\nquality = [50, 90]\nshade = [0.0, 0.3]"
    (way,) = parse(text).degrade
    assert way.psf == ((0.0, 1.0, 0.0), (1.0, 4.5, 1.0), (0.0, 1.0, 0.0))
    assert way.quality == (50, 90)


def test_ssim_of_the_loss_agrees_with_the_score():
    from models.restoration import metrics

    rng = np.random.default_rng(0)
    truth = rng.random((48, 48))
    image = truth + 0.2 * rng.standard_normal(truth.shape)
    tensors = [torch.from_numpy(a)[None, None] for a in (image, truth)]
    assert float(ssim(*tensors)) == pytest.approx(metrics.ssim(truth, image, 1.0), abs=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "= nonsense",
        "famly = 'pssr'",
        "[schedule]\nstep = 3",
        "[[degrade]]\nphoton = [1, 2]",
        "[schedule]\nloss = 'gan'",
        "[schedule]\nsteps = 'many'",
        "[data]\ngood = '*.tif'",
        "[[degrade]]\nphotons = [1]",
        "about = 3",
        "network = 3",
        "degrade = []",
        "[degrade]\nweight = 1.0",
        "[[degrade]]\npsf = [[1, 2], [3, 4]]",
        "[[degrade]]\npsf = [[1, 2, 1], [3]]",
        "[[degrade]]\npsf = [[0.0]]",
        "[[degrade]]\nquality = [0, 50]",
        "[[degrade]]\nquality = [90, 101]",
        "[[degrade]]\nquality = [50.5, 60]",
        "[[degrade]]\nshade = [0.2, 1.5]",
        "[[degrade]]\nphotons = [5, 0]",
        "[[degrade]]\nread_noise = [0.1, nan]",
        "[[degrade]]\nweight = 0",
    ],
)
def test_a_recipe_with_a_slip_is_told_so(text):
    with pytest.raises(RecipeUnreadable):
        parse(text)


def test_the_shipped_recipes_can_be_read():
    from importlib.resources import files

    recipes = [f for f in files("resources").joinpath("recipes").iterdir() if f.name.endswith(".toml")]
    assert len(recipes) >= 3
    for file in recipes:
        recipe = parse(file.read_text(encoding="utf-8"))
        is_for_own_images = "own-images" in file.name
        assert recipe.about.id.startswith("my-" if is_for_own_images else file.name.removesuffix(".toml"))
        assert set(recipe.data.tune).isdisjoint(recipe.data.test)


def test_a_state_survives_its_bytes():
    state = State({"now/a": torch.rand(3)}, 17, 31.25)
    found = State.from_bytes(state.to_bytes())
    assert (found.step, found.best) == (17, 31.25)
    assert torch.equal(found.tensors["now/a"], state.tensors["now/a"])
    assert weights.from_bytes(state.to_bytes()).keys() == {"now/a", "numbers"}


def test_the_loss_of_a_short_last_stretch_is_a_mean_too():
    looks = []
    trained(saved=looks, steps=6)
    assert [look.step for _, look in looks] == [4, 6]
    assert looks[1][1].loss > 0.6 * looks[0][1].loss
