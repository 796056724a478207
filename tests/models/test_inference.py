import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from models.errors import Stopped, UserError
from models.restoration.budget import Budget, chosen_batch, chosen_plan
from models.restoration.family import Traits
from models.restoration.inference import (
    NotEnoughMemory,
    NoUsableResult,
    prepare,
    restore,
    restore_box,
    result_info,
)
from models.restoration.overlap import Behind, ahead
from models.source import PixelSize
from tests.models.arrays import ArraySink, ArraySource, Notebook, info_of

rng = np.random.default_rng(5)


class Network:
    """A torch module as a restorer; counts what it was asked."""

    device = "cpu"
    precision = "float32"

    def __init__(self, module, traits):
        self.module, self.traits = module, traits
        self.calls = []

    def tuned(self, sample):
        return self

    def run(self, tiles):
        self.calls.append(tiles.shape)
        with torch.inference_mode():
            return self.module(torch.from_numpy(np.ascontiguousarray(tiles))[:, None])[:, 0].numpy()

    def moved(self, device, precision):
        raise AssertionError("nobody asked for that")

    def is_out_of_memory(self, error):
        return False


def conv(n_in, n_out, **options):
    return nn.Conv2d(n_in, n_out, 3, padding=1, **options)


def plain():
    torch.manual_seed(0)
    return Network(
        nn.Sequential(conv(1, 6), nn.ReLU(), conv(6, 6), nn.ReLU(), conv(6, 1)).eval(), Traits(halo=3)
    )


def strided():
    """Halved twice and brought back: equivariant only to shifts by 4."""
    torch.manual_seed(1)
    module = nn.Sequential(
        nn.Conv2d(1, 4, 2, stride=2),
        nn.ReLU(),
        conv(4, 8),
        nn.Conv2d(8, 8, 2, stride=2),
        nn.ReLU(),
        conv(8, 8),
        nn.ConvTranspose2d(8, 4, 2, stride=2),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 1, 2, stride=2),
    )
    return Network(module.eval(), Traits(halo=12, multiple=4))


def enlarging():
    torch.manual_seed(2)
    module = nn.Sequential(conv(1, 8), nn.ReLU(), conv(8, 4), nn.PixelShuffle(2))
    return Network(module.eval(), Traits(scale=2, halo=2))


NETWORKS = {"plain": plain, "strided": strided, "enlarging": enlarging}


HALO = Traits(halo=8)


class Identity(Network):
    """Gives back what it gets; may fail in chosen ways."""

    def __init__(self, traits=HALO, device="cpu", precision="float32", largest=None, poison=()):
        self.traits, self.device, self.precision = traits, device, precision
        self.largest, self.poison = largest, poison
        self.calls = []

    def run(self, tiles):
        self.calls.append(tiles.shape)
        if self.largest is not None and tiles.size > self.largest.get((self.device, self.precision), 0):
            raise MemoryError
        if self.precision in self.poison:
            return np.full_like(tiles, np.inf)
        return tiles.copy()

    def moved(self, device, precision):
        return Identity(self.traits, device, precision, self.largest, self.poison)

    def is_out_of_memory(self, error):
        return isinstance(error, MemoryError)


def restored(pixels, restorer, *, dtype="float32", watch=None, channels=(), **options):
    source = ArraySource(pixels)
    sink = ArraySink(result_info(source.info, restorer.traits.scale, channels, dtype=dtype))
    used = restore(source, sink, restorer, dtype=dtype, watch=watch, channels=channels, **options)
    return sink, used


def stack(*shape, dtype=np.uint16):
    return rng.integers(100, 4000, shape).astype(dtype)


@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=12, deadline=None)
@given(height=st.integers(1, 150), width=st.integers(1, 150), more=st.integers(0, 60))
def test_a_plane_is_the_same_in_tiles_and_at_once(name, height, width, more):
    network = NETWORKS[name]()
    pixels = np.random.default_rng(height).integers(0, 1000, (1, 1, 1, height, width)).astype(np.uint16)
    whole, _ = restored(pixels, network, tile=1000)
    traits = network.traits
    tile = 2 * traits.halo + 16 + traits.multiple + more
    tiled, used = restored(pixels, network, tile=tile)
    assert max(used.tile) <= max(tile, 2 * traits.halo + 16 + 2 * traits.multiple)
    difference = np.abs(whole.pixels - tiled.pixels).max()
    assert difference <= 1e-4 * max(float(np.ptp(pixels)), 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_box_is_the_same_as_that_part_of_the_whole(name):
    network = NETWORKS[name]()
    scale = network.traits.scale
    pixels = stack(1, 2, 2, 90, 120)
    whole, _ = restored(pixels, network, tile=1000)
    source = ArraySource(pixels)
    for y, x in (((30, 62), (41, 84)), ((0, 17), (100, 120)), ((0, 90), (0, 120))):
        box = restore_box(source, prepare(source, 1, network), t=0, c=1, z=1, y=y, x=x)
        expected = whole.pixels[0, 1, 1, y[0] * scale : y[1] * scale, x[0] * scale : x[1] * scale]
        np.testing.assert_allclose(box, expected, atol=0.4)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("tile", [0, 50])
def test_a_model_that_changes_nothing_gives_back_the_input(dtype, tile):
    pixels = stack(2, 2, 2, 70, 60) % 200
    pixels = pixels.astype(dtype)
    sink, _ = restored(pixels, Identity(), dtype=dtype, tile=tile)
    np.testing.assert_allclose(sink.pixels, pixels, atol=0 if dtype != "float32" else 1e-3)


def test_the_result_keeps_the_intensity_scale_as_float():
    pixels = stack(1, 1, 1, 64, 64) + 20_000
    sink, _ = restored(pixels, Identity())
    assert sink.pixels.dtype == np.float32
    np.testing.assert_allclose(sink.pixels, pixels, rtol=1e-5)


def test_only_chosen_channels_are_restored_in_the_order_asked_for():
    pixels = stack(1, 3, 1, 20, 20)
    watch = Notebook()
    sink, _ = restored(pixels, Identity(), channels=(2, 0), watch=watch)
    np.testing.assert_allclose(sink.pixels, pixels[:, [2, 0]], atol=0.01)
    assert watch.committed == ["t0c0z0", "t0c1z0"]


def test_small_planes_go_through_the_model_together():
    network = Identity()
    restored(stack(4, 1, 5, 32, 32), network)
    assert [call[0] for call in network.calls] == [20]


def test_planes_committed_before_are_left_alone_and_counted():
    watch = Notebook(committed=["t0c0z1", "t1c0z0"])
    sink, _ = restored(stack(2, 1, 2, 40, 40), Identity(), watch=watch)
    assert (sink.pixels[0, 0, 1] == 77).all()
    assert (sink.pixels[1, 0, 0] == 77).all()
    assert sorted(watch.committed) == ["t0c0z0", "t0c0z1", "t1c0z0", "t1c0z1"]
    assert watch.shares[0] == (2, 4)
    assert watch.shares[-1] == (4, 4)


def test_a_finished_image_needs_no_model_at_all():
    network = Identity()
    restored(stack(1, 1, 1, 40, 40), network, watch=Notebook(committed=["t0c0z0"]))
    assert network.calls == []


def test_progress_is_told_in_fractions_of_planes():
    watch = Notebook()
    restored(stack(1, 1, 2, 100, 100), Identity(), tile=60, watch=watch)
    done = [share for share, _ in watch.shares]
    assert done == sorted(done)
    assert 0 < done[1] < 1
    assert done[-1] == pytest.approx(2)


def test_stopping_between_tiles_keeps_the_planes_that_are_finished():
    watch = Notebook(checks=4)  # one for the channel, two rows of tiles for the first plane
    with pytest.raises(Stopped):
        restored(stack(1, 1, 3, 100, 100), Identity(), tile=60, watch=watch)
    assert watch.committed == ["t0c0z0"]


def test_reading_and_writing_go_on_beside_the_model():
    sink, _ = restored(stack(1, 1, 2, 50, 50), Identity(), tile=50)
    assert all(name.startswith("writer") for name in sink.writes)
    assert sink.flushed == 2


def test_a_sink_that_fails_ends_the_restoration_with_its_own_words():
    class Full(ArraySink):
        def write(self, region, pixels):
            raise UserError("The disk is full.")

    source = ArraySource(stack(1, 1, 3, 50, 50))
    watch = Notebook()
    with pytest.raises(UserError, match="The disk is full"):
        restore(source, Full(result_info(source.info, 1)), Identity(), tile=50, watch=watch)
    assert watch.committed == []


def test_a_source_that_fails_ends_the_restoration_with_its_own_words():
    class Torn(ArraySource):
        def read(self, region):
            if region.z[0] == 2:
                raise UserError("The file ends here.")
            return super().read(region)

    source = Torn(np.broadcast_to(stack(1, 1, 1, 50, 50), (1, 1, 40, 50, 50)))
    sink = ArraySink(result_info(source.info, 1))
    with pytest.raises(UserError, match="The file ends here"):
        restore(source, sink, Identity(), tile=50)


def test_missing_values_come_back_missing_and_are_told_once():
    pixels = rng.uniform(0, 100, (1, 1, 2, 60, 60)).astype(np.float32)
    pixels[0, 0, :, 20:23, 30] = np.nan
    pixels[0, 0, 0, 5, 5] = np.inf
    watch = Notebook()
    sink, _ = restored(pixels, Identity(), watch=watch, tile=45)
    np.testing.assert_array_equal(np.isnan(sink.pixels), ~np.isfinite(pixels))
    finite = np.isfinite(pixels)
    np.testing.assert_allclose(sink.pixels[finite], pixels[finite], atol=1e-3)
    assert watch.remarks == ["restoration.missing_values"]


def test_a_box_shows_missing_values_too():
    pixels = np.ones((1, 1, 1, 40, 40), np.float32)
    pixels[..., 12, 13] = np.nan
    source = ArraySource(pixels)
    box = restore_box(source, prepare(source, 0, enlarging()), t=0, c=0, z=0, y=(10, 20), x=(10, 20))
    assert np.argwhere(np.isnan(box)).tolist() == [[4, 6], [4, 7], [5, 6], [5, 7]]


def test_an_image_of_nan_is_refused():
    with pytest.raises(UserError, match="holds no numbers"):
        restored(np.full((1, 1, 1, 20, 20), np.nan, np.float32), Identity())


def test_short_memory_leads_to_smaller_tiles_first():
    watch = Notebook()
    network = Identity(largest={("cpu", "float32"): 200 * 200})
    pixels = stack(1, 1, 2, 700, 700)
    sink, used = restored(pixels, network, watch=watch)
    np.testing.assert_allclose(sink.pixels, pixels, atol=0.01)
    assert set(watch.remarks) == {"restoration.smaller_tiles"}
    assert used.tile[0] * used.tile[1] <= 200 * 200


def test_short_memory_leads_to_half_precision_and_then_to_the_processor():
    watch = Notebook()
    traits = Traits(halo=8, precisions=("float32", "float16"))
    network = Identity(traits, device="cuda:0", largest={("cpu", "float32"): 10**9})
    _, used = restored(stack(1, 1, 1, 300, 300), network, watch=watch)
    assert watch.remarks[-2:] == ["restoration.half_precision", "restoration.processor"]
    assert (used.device, used.precision) == ("cpu", "float32")


def test_models_not_checked_in_half_precision_stay_in_full_precision():
    watch = Notebook()
    network = Identity(device="cuda:0", largest={("cpu", "float32"): 10**9})
    restored(stack(1, 1, 1, 100, 100), network, watch=watch)
    assert "restoration.half_precision" not in watch.remarks


def test_a_tile_size_chosen_by_a_person_is_not_changed_when_memory_is_short():
    network = Identity(device="cuda:0", largest={("cpu", "float32"): 10**9})
    watch = Notebook()
    _, used = restored(stack(1, 1, 1, 300, 300), network, tile=100, watch=watch)
    assert used.tile == (100, 100)
    assert watch.remarks == ["restoration.processor"]


def test_memory_too_short_for_anything_is_a_fault_of_the_world():
    with pytest.raises(NotEnoughMemory, match="memory is too small"):
        restored(stack(1, 1, 1, 100, 100), Identity(largest={}))


def test_other_errors_of_a_model_are_not_taken_for_short_memory():
    class Broken(Identity):
        def run(self, tiles):
            raise RuntimeError("a real fault")

    with pytest.raises(RuntimeError, match="a real fault"):
        restored(stack(1, 1, 1, 50, 50), Broken())


def test_what_half_precision_cannot_hold_is_restored_in_full_precision():
    watch = Notebook()
    network = Identity(precision="float16", poison=("float16",))
    pixels = stack(1, 1, 2, 50, 50)
    sink, used = restored(pixels, network, watch=watch)
    np.testing.assert_allclose(sink.pixels, pixels, atol=0.01)
    assert watch.remarks == ["restoration.full_precision"]
    assert used.precision == "float32"


def test_a_model_that_gives_no_numbers_even_in_full_precision_is_refused():
    with pytest.raises(NoUsableResult, match="not numbers"):
        restored(stack(1, 1, 1, 50, 50), Identity(poison=("float32",)))


def test_no_more_than_a_band_is_read_however_tall_the_image_is():
    pixels = np.broadcast_to(stack(1, 1, 1, 1, 300), (1, 1, 1, 6000, 300))
    source = ArraySource(pixels)
    budget = Budget(tile_bytes=300 * 300 * 1024, band_bytes=2 << 20)
    restore(source, ArraySink(result_info(source.info, 1)), Identity(), budget=budget)
    assert source.largest_read * 2 <= budget.band_bytes


@given(
    height=st.integers(1, 60_000),
    width=st.integers(1, 60_000),
    scale=st.sampled_from([1, 2, 4]),
    halo=st.integers(0, 90),
    multiple=st.sampled_from([1, 8]),
)
def test_automatic_tiles_stay_within_the_budget(height, width, scale, halo, multiple):
    traits = Traits(scale=scale, halo=halo, multiple=multiple)
    budget = Budget()
    plan = chosen_plan(info_of((1, 1, 1, height, width), "uint16"), traits, budget)
    smallest = 2 * halo + 16 + 2 * multiple
    tall, wide = plan.tile
    batch = chosen_batch(plan, traits, budget, device="cuda:0")
    if min(tall, wide) > smallest:
        assert batch * tall * wide * traits.bytes_per_pixel <= budget.tile_bytes
    if tall > smallest:
        assert tall * width * (18 + 16 * scale**2) <= budget.band_bytes


def test_the_result_of_an_enlarging_model_has_finer_pixels():
    info = result_info(info_of((2, 3, 4, 50, 60), "uint16", is_rgb=True), 2)
    assert info.shape == (2, 3, 4, 100, 120)
    assert info.pixel_size_um == PixelSize(0.5, 0.05, 0.05)
    assert info.is_rgb


def test_the_result_of_one_channel_of_a_colour_image_is_not_a_colour_image():
    info = result_info(info_of((1, 3, 1, 5, 5), "uint8", is_rgb=True), 1, (1,), dtype="uint8")
    assert not info.is_rgb
    assert [one.name for one in info.channels] == ["channel 1"]
    assert info.dtype == "uint8"


def test_reading_ahead_gives_everything_in_order_and_passes_faults_on():
    assert list(ahead(lambda n: n * n, range(5))) == [0, 1, 4, 9, 16]
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda n: 1 // n, [2, 1, 0]))


def test_writing_behind_keeps_the_order_and_passes_faults_on():
    order = []
    with Behind(depth=2) as writer:
        for n in range(6):
            writer.hand_over(lambda n=n: order.append(n) or n)
        assert writer.drain() == list(range(6))
        writer.hand_over(lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            writer.drain()
    assert order == list(range(6))
