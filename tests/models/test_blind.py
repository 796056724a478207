"""Learning from noisy images alone."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn

from models import weights
from models.n2v.family import N2v
from models.n2v.noise import measure_noise
from models.n2v.pairs import SHAPES, BlindPairs, BlindScore, blind_loss, blind_spots, noise_on_noise
from models.n2v.params import Params
from models.n2v.split import TooSmall, learn_and_unseen
from models.n2v.words import VERDICT, about
from models.pssr.network import Layout, ResUNet
from models.restoration.metrics import psnr_fit
from models.restoration.registry import family
from models.training.loop import Plan, train
from models.training.patches import Specimen
from models.training.recipe import About, Blind, RecipeUnreadable, parse
from models.watch import Silent

CPU = torch.device("cpu")


def clean(side=160, seed=0):
    image = ndimage.gaussian_filter(np.random.default_rng(seed).random((side, side)), 4)
    return ((image - image.min()) / np.ptp(image)).astype(np.float32)


def noisy(truth, *, slope=0.02, read=0.05, seed=1):
    z = np.random.default_rng(seed).standard_normal(truth.shape)
    return (truth + np.sqrt(slope * truth + read**2) * z).astype(np.float32)


def pairs(planes, *, way="auto", seed=0, size=32, batch=4):
    return BlindPairs(
        [Specimen("a", tuple(planes))], Blind(way), measure_noise(planes), size=size, batch=batch,
        seed=seed, device=CPU,
    )  # fmt: skip


def test_the_strength_of_the_noise_is_found_at_all_brightnesses():
    truth = clean(512)
    noise = measure_noise([noisy(truth)])
    for level in np.percentile(truth, (20, 50, 80)).astype(np.float32):
        assert np.sqrt(noise.variance(level)) == pytest.approx(np.sqrt(0.02 * level + 0.0025), rel=0.05)


def test_independent_noise_is_called_so():
    noise = measure_noise([noisy(clean(256))])
    assert noise.is_independent
    assert noise.remark == ""
    assert abs(noise.along_x) < 0.03
    assert abs(noise.along_y) < 0.03


@pytest.mark.parametrize(
    ("sigma", "mask"), [((0, 0.6), "rows"), ((0.6, 0), "columns"), ((0.6, 0.6), "cross")]
)
def test_noise_that_neighbours_share_is_noticed_and_said(sigma, mask):
    grain = ndimage.gaussian_filter(np.random.default_rng(2).standard_normal((256, 256)), sigma)
    noise = measure_noise([(clean(256) + 0.1 * grain / grain.std()).astype(np.float32)])
    assert noise.mask == mask
    assert "learned" in noise.remark


def test_a_hidden_pixel_never_shows_itself_and_only_hidden_ones_are_asked_for():
    crops = torch.arange(3 * 40 * 48, dtype=torch.float32).view(3, 1, 40, 48)
    seen, wanted = blind_spots(crops, 4, "point", torch.Generator().manual_seed(0))
    asked = wanted.isfinite()
    assert asked.sum() == crops.numel() / 16
    assert torch.equal(wanted[asked], crops[asked])
    assert (seen[asked] != crops[asked]).all()
    assert torch.equal(seen[~asked], crops[~asked])
    rows = (seen[asked] % (40 * 48)) // 48 - (crops[asked] % (40 * 48)) // 48
    columns = seen[asked] % 48 - crops[asked] % 48
    assert rows.abs().max() == columns.abs().max() == 5
    assert abs(float(rows.mean())) < 0.5


@pytest.mark.parametrize("mask", ["rows", "columns", "cross"])
def test_neighbours_that_share_the_noise_are_hidden_too(mask):
    crops = torch.arange(40 * 40, dtype=torch.float32).view(1, 1, 40, 40)
    seen, wanted = blind_spots(crops, 40, mask, torch.Generator().manual_seed(3))
    y, x = (int(place[0]) for place in torch.nonzero(wanted[0, 0].isfinite(), as_tuple=True))
    hidden = {(min(max(y + dy, 0), 39), min(max(x + dx, 0), 39)) for dy, dx in SHAPES[mask]}
    changed = {tuple(place) for place in torch.nonzero(seen[0, 0] != crops[0, 0]).tolist()}
    assert changed <= hidden
    assert (y, x) in hidden
    assert len(changed) >= len(hidden) - 1


def test_noise_on_noise_makes_the_two_noises_independent():
    truth = np.full((256, 256), 0.5, np.float32)
    image = noisy(truth)
    noise = measure_noise([image])
    crops = torch.from_numpy(image)[None, None].repeat(8, 1, 1, 1)
    seen, wanted = noise_on_noise(crops, noise, torch.Generator().manual_seed(0))
    left, right = (seen - 0.5).flatten().numpy(), (wanted - 0.5).flatten().numpy()
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.03
    assert seen.mean() == pytest.approx(0.5, abs=0.01)
    assert wanted.mean() == pytest.approx(0.5, abs=0.01)


def test_auto_takes_blind_spots_where_noise_is_shared():
    grain = ndimage.gaussian_filter(np.random.default_rng(2).standard_normal((128, 128)), 1).astype(
        np.float32
    )
    assert pairs([grain]).way == "spots"
    assert pairs([noisy(clean())]).way == "noise"
    assert pairs([noisy(clean())], way="spots").way == "spots"


@pytest.mark.parametrize("way", ["spots", "noise"])
def test_pairs_depend_on_seed_and_step_alone(way):
    planes = [noisy(clean())]
    one, other = pairs(planes, way=way), pairs(planes, way=way)
    other.draw(3)
    for a, b in zip(one.draw(7), other.draw(7), strict=True):
        assert torch.equal(a.nan_to_num(9), b.nan_to_num(9))
    assert not torch.equal(one.draw(7)[0], one.draw(8)[0])
    assert not torch.equal(one.draw(7)[0], pairs(planes, way=way, seed=1).draw(7)[0])
    assert one.draw(0, 2)[0].shape == (2, 1, 32, 32)


def test_images_smaller_than_a_crop_are_mirrored():
    assert pairs([noisy(clean(24))], size=32).draw(0)[0].shape == (4, 1, 32, 32)


def test_the_loss_leaves_out_what_is_not_asked_for():
    wanted = torch.tensor([1.0, torch.nan, 3.0])
    image = torch.tensor([2.0, 100.0, 3.0], requires_grad=True)
    loss = blind_loss(image, wanted)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0.5)
    assert image.grad.tolist() == [1.0, 0.0, 0.0]


def test_whole_planes_are_kept_aside_where_there_are_five():
    planes = tuple(np.full((70, 80), value, np.float32) for value in range(10))
    learn, unseen = learn_and_unseen([Specimen("a", planes)])
    assert {float(p[0, 0]) for p in unseen[0].planes} == {2, 7}
    assert len(learn[0].planes) == 8


def test_one_image_is_cut_into_two_with_a_gap():
    rows = np.repeat(np.arange(200, dtype=np.float32)[:, None], 90, axis=1)
    learn, unseen = learn_and_unseen([Specimen("a", (rows,))])
    (upper,), (lower,) = learn[0].planes, unseen[0].planes
    assert upper[-1, 0] + 16 < lower[0, 0]
    assert len(lower) == 40


def test_images_too_small_to_learn_from_are_told_so():
    with pytest.raises(TooSmall, match="64"):
        learn_and_unseen([Specimen("a", (np.zeros((63, 900), np.float32),))])


@pytest.mark.parametrize("way", ["spots", "noise"])
def test_a_short_training_without_good_images_makes_them_better(way):
    truth = clean(192)
    image = noisy(truth, slope=0.05, read=0.1)
    learn, unseen = learn_and_unseen([Specimen("a", (image,))])
    noise = measure_noise([image])

    def drawn(specimens, seed):
        return BlindPairs(specimens, Blind(way), noise, size=32, batch=4, seed=seed, device=CPU)

    torch.manual_seed(0)
    network = ResUNet(Layout(1, 2, (12, 24), (1, 1)))
    score = BlindScore(drawn(unseen, 1), batches=2)
    before = score(network)
    best = train(
        network, drawn(learn, 0).draw, blind_loss, score,
        Plan(steps=150, every=150, learning_rate=3e-3, average=0.9, keep="last"),
        device=CPU, watch=Silent(), save=lambda *_: None,
    )  # fmt: skip
    network.load_state_dict(best)
    with torch.inference_mode():
        restored = network(torch.from_numpy(image)[None, None])[0, 0].numpy()
        assert score(network) > before
    assert psnr_fit(truth, restored, 1) > psnr_fit(truth, image, 1) + 2


def test_a_filter_is_scored_like_a_network():
    score = BlindScore(pairs([noisy(clean())]), batches=1)
    assert score.of_filter(lambda plane: plane) == pytest.approx(score(nn.Identity()), abs=1e-4)
    assert score.of_filter(lambda plane: ndimage.gaussian_filter(plane, 2)) > score(nn.Identity())


def test_the_family_loads_the_compact_network():
    layout = Layout(1, 2, (8, 12), (1, 1))
    network = ResUNet(layout)
    made = family("n2v")
    assert isinstance(made, N2v)
    restorer = made.load(layout.to_json(), weights.to_bytes(network.state_dict()), Params(), "cpu", "float32")
    tiles = np.random.default_rng(0).random((1, 16, 16), np.float32)
    np.testing.assert_allclose(restorer.run(tiles), tiles, atol=1e-6)


def test_a_recipe_says_how_to_learn_blindly_and_refuses_other_ways():
    assert parse('family = "n2v"\n[blind]\nway = "spots"\nevery = 3').blind == Blind("spots", 3)
    for wrong in ('way = "guess"', "every = 1", "every = 100"):
        with pytest.raises(RecipeUnreadable):
            parse(f"[blind]\n{wrong}")


def test_words_about_such_a_model_promise_nothing():
    told = about(About(purpose=""), measure_noise([noisy(clean())]), 3)
    assert "3 noisy images" in told.purpose
    assert "independent" in told.noise
    assert about(About(purpose="Mine."), measure_noise([noisy(clean())]), 1).purpose == "Mine."
    assert "nothing says how true" in VERDICT
