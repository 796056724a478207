import dataclasses

import numpy as np
import pytest
import torch
from scipy import ndimage

from models import weights
from models.pssr import fusion
from models.pssr.family import Pssr
from models.pssr.network import Layout, ResUNet
from models.pssr.params import Params
from models.restoration import motion
from models.restoration.budget import Budget, chosen_plan
from models.restoration.family import Traits
from models.restoration.frames import FEWER_NEIGHBOURS, MOVES_FAR, STILL_IMAGE
from models.restoration.inference import prepare, restore, restore_box, result_info
from models.training.growing import grow_into
from tests.models.arrays import ArraySink, ArraySource, Notebook, info_of

FIVE = Layout(scale=1, shrink=2, widths=(8, 12), blocks=(1, 1), frames=5)
ONE = dataclasses.replace(FIVE, frames=1)
TWICE = Layout(scale=2, shrink=1, widths=(6, 8), blocks=(1, 1), frames=3)


def random_network(layout, seed=0):
    torch.manual_seed(seed)
    network = ResUNet(layout).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network.eval()


def restorer(layout, *, is_trained=True):
    torch.manual_seed(0)
    network = random_network(layout).float() if is_trained else ResUNet(layout)
    return Pssr().load(layout.to_json(), weights.to_bytes(network.state_dict()), Params(), "cpu", "float32")


def picture(side=96, seed=0):
    """Blobs all over, so that every block has something to say."""
    rng = np.random.default_rng(seed)
    blobs = np.zeros((side, side))
    blobs[tuple(rng.integers(0, side, (2, side * side // 150)))] = 1
    return 37 * ndimage.gaussian_filter(blobs, 2.4)  # a blob is as high as 1


class Shows:
    """A restorer that gives back the frame at one place of what it sees."""

    device = "cpu"
    precision = "float32"

    def __init__(self, place, frames=5, **traits):
        self.place = place
        self.traits = Traits(frames=frames, halo=4, **traits)

    def tuned(self, sample):
        return self

    def run(self, tiles):
        assert tiles.shape[1] == self.traits.frames
        return tiles[:, self.place].copy()

    def is_out_of_memory(self, error):
        return False


def restored(movie, model, *, watch=None, **options):
    """Restore a (t, h, w) movie and return the result, (t, h, w)."""
    source = ArraySource(np.asarray(movie, np.float32)[:, None, None])
    sink = ArraySink(result_info(source.info, model.traits.scale))
    restore(source, sink, model, watch=watch, **options)
    return sink.pixels[:, 0, 0]


# the network


def test_networks_of_single_pictures_are_what_they_were():
    old = Layout.from_json(b'{"scale": 1, "shrink": 2, "widths": [8, 12], "blocks": [1, 1]}')
    assert old == ONE
    assert ResUNet(old).stem.weight.shape == (8, 4, 3, 3)
    network = random_network(ONE)
    x = torch.rand(1, 1, 16, 16, dtype=torch.float64)
    with torch.inference_mode():
        y = network.stem(torch.nn.functional.pixel_unshuffle(x, 2))
    assert y.shape == (1, 8, 8, 8)


def test_a_layout_with_frames_survives_its_json():
    assert Layout.from_json(FIVE.to_json()) == FIVE
    assert ResUNet(FIVE).stem.weight.shape == (8, 6 * 4, 3, 3)


@pytest.mark.parametrize("frames", [0, 2, 4, 9, -1, True, "5", None, 5.0])
def test_other_numbers_of_frames_are_no_network(frames):
    text = str(frames).lower() if not isinstance(frames, str) else f'"{frames}"'
    with pytest.raises(weights.WeightsDoNotFit, match="no network"):
        Pssr().load(f'{{"frames": {text.replace("none", "null")}}}'.encode(), b"", Params(), "cpu", "float32")


@pytest.mark.parametrize("layout", [FIVE, TWICE])
def test_the_output_is_one_frame(layout):
    network = random_network(layout)
    side = 4 * layout.multiple
    y = network(torch.rand(2, layout.frames, side, 2 * side, dtype=torch.float64))
    assert y.shape == (2, 1, side * layout.scale, 2 * side * layout.scale)


@pytest.mark.parametrize("layout", [FIVE, TWICE])
def test_nothing_beyond_the_halo_has_an_influence_and_something_at_it_has(layout):
    network, halo, step = random_network(layout), layout.halo, layout.multiple
    side = -(-(2 * halo + 4 * step) // step) * step
    reach = 0
    for offset in range(step):
        position = (side // 2 // step) * step + offset
        x = torch.rand(1, layout.frames, side, side, dtype=torch.float64, requires_grad=True)
        place = position * layout.scale
        network(x)[0, 0, place : place + layout.scale, place].sum().backward()
        touched = torch.nonzero(x.grad[0].abs().sum(dim=(0, 2))).flatten()
        reach = max(reach, position - int(touched.min()), int(touched.max()) - position)
    assert reach == halo


def test_a_frame_given_over_and_over_is_restored_as_the_single_frame_network_does():
    small, large = random_network(ONE).float(), ResUNet(FIVE)
    grow_into(large, small.state_dict())
    x = torch.rand(2, 1, 24, 16)
    with torch.inference_mode():
        torch.testing.assert_close(large(x.expand(-1, 5, -1, -1)), small(x), rtol=0, atol=2e-4)


def test_contrast_scales_through_the_network():
    network = random_network(FIVE)
    x = torch.rand(1, 5, 16, 16, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(network(30 * x), 30 * network(x))


# the mean over time


def test_the_mean_over_time_takes_the_noise_of_what_stands_still_away():
    rng = np.random.default_rng(0)
    good = picture()
    for sd in (0.01, 1.0):
        noisy = torch.from_numpy(good + sd * rng.standard_normal((5, 96, 96)))[None]
        mean = fusion.fused(noisy)[0, 0].numpy()
        assert np.std(mean - good) < sd / 2


def test_the_order_of_neighbours_does_not_change_the_mean_over_time():
    frames = torch.rand(1, 5, 32, 32, dtype=torch.float64)
    other = frames[:, [4, 0, 2, 1, 3]]
    torch.testing.assert_close(fusion.fused(frames)[:, :1], fusion.fused(other)[:, :1])


def test_what_moves_is_not_smeared():
    y, x = np.mgrid[:64, :64]
    good = np.stack([np.exp(-((y - 32) ** 2 + (x - 32 - 4 * k) ** 2) / 8) for k in range(-2, 3)])
    noisy = good + 0.03 * np.random.default_rng(0).standard_normal(good.shape)
    mean = fusion.fused(torch.from_numpy(noisy)[None])[0, 0].numpy()
    spot = good[2] > 0.2
    wrong, plain = (np.abs(one - good[2])[spot].max() for one in (mean, noisy.mean(axis=0)))
    assert wrong < 0.15
    assert plain > 0.6


def test_the_mean_of_frames_without_any_noise_is_defined():
    flat = fusion.fused(torch.zeros(1, 5, 16, 16))
    assert (flat == 0).all()


# reading neighbours


def test_the_result_is_as_long_as_the_movie_and_its_ends_are_mirrored():
    movie = np.arange(7)[:, None, None] * np.ones((7, 40, 48)) + picture(48)[:40] * 0.01
    for place, seen in ((0, [2, 1, 0, 1, 2, 3, 4]), (2, range(7)), (3, [1, 2, 3, 4, 5, 6, 5])):
        result = restored(movie, Shows(place))
        assert result.shape == (7, 40, 48)
        np.testing.assert_allclose(result, movie[list(seen)], atol=1e-4)


@pytest.mark.parametrize("times", [2, 3])
def test_movies_shorter_than_the_model_sees_are_restored(times):
    movie = np.arange(times)[:, None, None] + picture(32) * 0.01
    assert restored(movie, Shows(0)).shape == (times, 32, 32)


def test_a_movie_in_depth_has_its_neighbours_at_the_same_depth():
    pixels = np.zeros((4, 2, 3, 32, 32), np.float32)
    for t, c, z in np.ndindex(4, 2, 3):
        pixels[t, c, z] = 100 * t + 10 * c + z + 0.01 * picture(32)
    source = ArraySource(pixels)
    sink = ArraySink(result_info(source.info, 1))
    restore(source, sink, Shows(3))
    np.testing.assert_allclose(sink.pixels, pixels[[1, 2, 3, 2]], atol=1e-3)


def test_a_drift_of_the_whole_picture_is_undone():
    good = picture(200)
    movie = np.stack([good[30 + 3 * t : 158 + 3 * t, 30 - 2 * t : 158 - 2 * t] for t in range(6)])
    noisy = movie + 0.1 * np.random.default_rng(0).standard_normal(movie.shape)
    watch = Notebook()
    seen = restored(noisy, Shows(0), watch=watch)
    inner = (slice(16, -16), slice(16, -16))
    assert np.std((seen[3] - movie[3])[inner]) < 0.11
    assert np.std((movie[1] - movie[3])[inner]) > 0.3
    assert watch.remarks == [FEWER_NEIGHBOURS[0]]


def test_where_parts_move_far_their_own_ways_frames_stand_alone_with_a_remark():
    ways = np.random.default_rng(0).integers(-5, 6, (4, 4, 2))
    good = picture(256)
    movie = np.stack([good] * 4)
    for t, (i, j) in ((t, place) for t in range(4) for place in np.ndindex(4, 4)):
        box = slice(64 * i, 64 * i + 64), slice(64 * j, 64 * j + 64)
        movie[t][box] = np.roll(good[box], t * ways[i, j], (0, 1))
    watch = Notebook()
    result = restored(movie, Shows(0), watch=watch)
    np.testing.assert_allclose(result, movie, atol=1e-4)
    assert watch.remarks == [FEWER_NEIGHBOURS[0], MOVES_FAR[0]]


def test_a_single_picture_is_restored_alone_with_a_remark():
    watch = Notebook()
    one = restorer(ONE)
    small = random_network(ONE).float()
    large = ResUNet(FIVE)
    grow_into(large, small.state_dict())
    five = Pssr().load(FIVE.to_json(), weights.to_bytes(large.state_dict()), Params(), "cpu", "float32")
    movie = picture(40)[None]
    np.testing.assert_allclose(restored(movie, five, watch=watch), restored(movie, one), atol=1e-3)
    assert watch.remarks == [STILL_IMAGE[0]]


def test_models_of_single_pictures_say_nothing_of_neighbours():
    watch = Notebook()
    restored(np.stack([picture(32)] * 3), restorer(ONE), watch=watch)
    assert watch.remarks == []


def test_noise_of_a_movie_that_stands_still_falls_by_more_than_1_8():
    good = picture(128)
    noisy = good + 0.2 * np.random.default_rng(0).standard_normal((9, 128, 128))
    result = restored(noisy, restorer(FIVE, is_trained=False))
    left = np.std(result - good, axis=(1, 2))
    assert (left[2:-2] < 0.2 / 1.8).all()
    assert (left < 0.2 / 1.5).all()


@pytest.mark.parametrize("layout", [FIVE, TWICE])
def test_a_movie_is_the_same_in_tiles_and_at_once(layout):
    model = restorer(layout)
    good = picture(120)
    movie = np.stack([good[t : t + 100, :70] for t in range(3)])
    movie = movie + 0.05 * np.random.default_rng(1).standard_normal(movie.shape)
    whole, tiled = restored(movie, model, tile=1000), restored(movie, model, tile=60)
    assert np.abs(whole - tiled).max() < 1e-4 * np.ptp(whole)


def test_a_box_of_a_movie_is_the_same_as_that_part_of_the_whole():
    model = restorer(FIVE)
    movie = (picture(90) + 0.05 * np.random.default_rng(1).standard_normal((4, 90, 90))).astype(np.float32)
    whole = restored(movie, model, tile=1000)
    source = ArraySource(movie[:, None, None])
    prepared = prepare(source, 0, model)
    for t in (0, 2):
        box = restore_box(source, prepared, t=t, c=0, z=0, y=(30, 62), x=(41, 84))
        np.testing.assert_allclose(box, whole[t, 30:62, 41:84], atol=1e-3 * np.ptp(whole))
    assert sorted(prepared.motions) == [(0, 0), (1, 0), (2, 0)]


def test_every_frame_of_a_movie_that_fits_into_memory_is_read_once():
    class Counting(ArraySource):
        def __init__(self, pixels):
            super().__init__(pixels)
            self.whole = []

        def read(self, region):
            if region.shape[3:] == self.info.shape[3:]:
                self.whole.append(region.t[0])
            return super().read(region)

    source = Counting((picture(150) + np.zeros((12, 1, 1, 1, 1))).astype(np.float32))
    prepared = prepare(source, 0, Shows(0))
    assert prepared.motions == {}
    source.whole.clear()
    restore(source, ArraySink(result_info(source.info, 1)), Shows(0))
    sampled = 8  # planes by which the limits are measured, and three for the model
    assert len(source.whole) <= 12 + sampled + 3


def test_a_resumed_movie_reads_the_neighbours_of_what_is_left():
    movie = np.arange(5)[:, None, None] + picture(32) * 0.01
    watch = Notebook(committed=["t0c0z0", "t1c0z0", "t3c0z0"])
    result = restored(movie, Shows(1), watch=watch)
    np.testing.assert_allclose(result[[2, 4]], movie[[1, 3]], atol=1e-4)
    assert (result[[0, 1, 3]] == 77).all()


def test_pixels_that_are_no_numbers_are_missing_in_their_own_frame_alone():
    movie = (picture(40) + np.zeros((5, 1, 1))).astype(np.float32)
    movie[2, 10, 11] = np.nan
    result = restored(movie, restorer(FIVE))
    assert np.argwhere(np.isnan(result)).tolist() == [[2, 10, 11]]


def test_the_budget_counts_the_frames():
    info = info_of((30, 1, 1, 6000, 6000), "uint16")
    budget = Budget(tile_bytes=1 << 30, band_bytes=64 << 20)
    one = chosen_plan(info, Traits(halo=8), budget)
    five = chosen_plan(info, Traits(halo=8, frames=5), budget)
    tall = five.tile[0]
    assert tall < one.tile[0]
    assert tall * 6000 * (3 * (4 * 5 + 2) + 16) + budget.kept_bytes(Traits(frames=5)) <= budget.band_bytes
    assert FIVE.bytes_per_pixel > ONE.bytes_per_pixel


# motion


def blocks_of(plane):
    side = motion.BLOCK
    starts = motion.block_starts(plane.shape[0])
    return np.stack([plane[y : y + side, x : x + side] for y in starts for x in starts]).astype(np.float32)


@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (1, -2), (-6, 3), (9, 9)])
def test_a_drift_is_found_in_noise(dy, dx):
    good = picture(320)
    rng = np.random.default_rng(0)
    before, after = good[20:276, 20:276], good[20 - dy : 276 - dy, 20 - dx : 276 - dx]
    before, after = (plane + 0.5 * rng.standard_normal(plane.shape) for plane in (before, after))
    found = motion.measure(blocks_of(before), blocks_of(after))
    assert found.drift == pytest.approx((dy, dx), abs=0.5)
    assert found.own_px < 0.5


def test_noise_alone_and_a_constant_count_as_still():
    rng = np.random.default_rng(0)
    before, after = (blocks_of(rng.standard_normal((256, 256))) for _ in range(2))
    assert motion.measure(before, after) == motion.STILL
    assert motion.measure(np.ones_like(before), np.ones_like(before)) == motion.STILL


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (3, 5), (16, 16)])
def test_tiny_frames_have_no_measurable_motion_or_a_defined_one(shape):
    rng = np.random.default_rng(0)
    movie = rng.random((3, *shape))
    assert restored(movie, Shows(2)).shape == movie.shape
