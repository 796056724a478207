import dataclasses
import json

import numpy as np
import pytest
import torch

from models.pssr.network import Layout, ResUNet
from models.training import pairs as pairs_module
from models.training.clips import MARGIN, draw_clips, moved, with_drop_outs
from models.training.loop import Plan, train
from models.training.losses import LOSSES
from models.training.pairs import Pairs, UnseenScore
from models.training.patches import Crop, Specimen, normalised
from models.training.recipe import parse
from models.watch import Silent

CPU = torch.device("cpu")
RECIPE = """
family = "pssr"
[network]
scale = 1
frames = 5
shrink = 1
widths = [8]
blocks = [1]
[crops]
size = 32
soften_share = 0.0
[[degrade]]
read_noise = [0.1, 0.2]
[schedule]
steps = 12
batch = 4
every = 10
"""
CROP = Crop(size=32, zoom_share=0.0)


def still(i=0):
    y, x = np.mgrid[:90, :96] / 6
    return Specimen(f"s{i}", (normalised(np.sin(x + i) * np.cos(y * (i + 1))),))


def movie(times=7):
    """Every frame says which one it is."""
    y, x = np.mgrid[:80, :80] / 6
    frames = (np.arange(times)[:, None, None] + 0.2 * np.sin(x) * np.cos(y)).astype(np.float32)
    return Specimen("m", tuple(frames[:1]), (frames,))


def pairs(specimens=None, seed=0, text=RECIPE):
    given = specimens or [still(0), still(1), movie()]
    return Pairs(given, parse(text), scale=1, seed=seed, device=CPU, frames=5)


def test_pairs_show_several_bad_frames_and_the_good_middle_one():
    bad, good = pairs().draw(0)
    assert bad.shape == (4, 5, 32, 32)
    assert good.shape == (4, 1, 32, 32)
    again, _ = pairs().draw(0)
    other, _ = pairs(seed=1).draw(0)
    assert torch.equal(bad, again)
    assert not torch.equal(bad, other)


def test_clips_of_a_movie_are_consecutive_or_every_second_and_mirrored_at_the_ends():
    rng = np.random.default_rng(0)
    seen = set()
    for clip in draw_clips([movie()], CROP, 5, 60, rng):
        times = np.rint(clip.frames.mean(dim=(1, 2)).numpy()).astype(int).tolist()
        steps = np.abs(np.diff(times))
        assert set(steps) in ({1}, {2}, {0, 2})  # 0 where a mirror lies between two frames
        assert 0 <= min(times) <= max(times) <= 6
        seen.add(times[2])
        for place, first in enumerate(clip.order):
            assert first in (times.index(times[place]), times.index(times[2]))
    assert seen == set(range(7))


def test_neighbours_are_left_out_now_and_then_and_all_of_them_in_a_fifth():
    rng = np.random.default_rng(0)
    orders = [with_drop_outs(range(5), rng) for _ in range(2000)]
    alone = np.mean([set(order) == {2} for order in orders])
    whole = np.mean([order == (0, 1, 2, 3, 4) for order in orders])
    assert 0.17 < alone < 0.23
    assert 0.5 < whole < 0.65
    assert all(order[2] == 2 for order in orders)


def test_a_still_is_made_to_move_by_less_than_the_margin_and_its_middle_stays():
    rng = np.random.default_rng(0)
    picture = torch.from_numpy(still().planes[0][None, :64, :64].copy())
    stands = 0
    for _ in range(20):
        made = moved(picture, 5, 2, rng)
        assert made.shape == (5, 64, 64)
        assert torch.equal(made[2], picture[0])
        assert torch.isfinite(made).all()
        stands += torch.allclose(made[0], made[4], atol=1e-5)
    assert 1 <= stands <= 14
    assert MARGIN < 32


def test_every_frame_has_noise_of_its_own_but_frames_seen_twice_the_same():
    flat = [Specimen("flat", (np.full((90, 90), 0.5, np.float32),))]
    for step in range(6):
        bad, _ = pairs(flat).draw(step)
        for clip in bad:
            noise = (clip - clip.mean(dim=(1, 2), keepdim=True)).flatten(1)
            alike = torch.corrcoef(noise) - torch.eye(5)
            assert ((alike.abs() < 0.2) | (alike > 0.999)).all()


def test_exchanged_noise_of_neighbours_does_not_change_the_target(monkeypatch):
    standing = [Specimen("flat", (np.full((90, 90), 0.5, np.float32),))]
    degrade = pairs_module.degrade

    def exchanged(good, how, generator):
        noise = degrade(good, how, generator) - good
        noise = noise.view(-1, 5, *noise.shape[1:])[:, [4, 1, 2, 3, 0]]
        return good + noise.flatten(0, 1)

    monkeypatch.setattr(pairs_module, "draw_clips", _never_dropped)
    bad, wanted = pairs(standing).draw(3)
    monkeypatch.setattr(pairs_module, "degrade", exchanged)
    other_bad, other_wanted = pairs(standing).draw(3)
    assert not torch.equal(bad, other_bad)
    torch.testing.assert_close(wanted, other_wanted, rtol=0, atol=1e-5)


def _never_dropped(specimens, crop, frames, n, rng):
    clips = draw_clips(specimens, crop, frames, n, rng)
    return [dataclasses.replace(clip, order=tuple(range(frames))) for clip in clips]


def test_single_frames_are_drawn_as_ever():
    given = [still(0), still(1)]
    bad, good = Pairs(given, parse(RECIPE), scale=1, seed=0, device=CPU).draw(0)
    assert bad.shape == good.shape == (4, 1, 32, 32)


def test_pairs_of_an_enlarging_model_have_small_bad_frames():
    drawn = Pairs([still(), movie()], parse(RECIPE), scale=2, seed=0, device=CPU, frames=3)
    bad, good = drawn.draw(0)
    assert bad.shape == (4, 3, 16, 16)
    assert good.shape == (4, 1, 32, 32)


@pytest.mark.parametrize("specimens", [[movie()], [still(0), still(1)]])
def test_a_network_learns_from_movies_and_from_stills(specimens):
    recipe = parse(RECIPE)
    torch.manual_seed(0)
    network = ResUNet(Layout.from_json(json.dumps(dict(recipe.network)).encode()))
    score = UnseenScore(pairs(specimens, seed=9), batches=2, n=4)
    with torch.inference_mode():
        before = score(network)
    best = train(
        network, pairs(specimens).draw, LOSSES["mse"], score, Plan(steps=12, every=6, average=0.5),
        device=CPU, watch=Silent(), save=lambda *_: None,
    )  # fmt: skip
    network.load_state_dict(best)
    with torch.inference_mode():
        assert score(network) > before
