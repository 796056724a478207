import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ui.viewer import cuts
from app.ui.viewer.cuts import HeldStack, ReadCuts, Spot, make_cutter
from app.ui.viewer.volume import Scale, Stack, Volume, coarse_to_fine, scale_to_side, scale_within
from tests.images.test_cache import CountedSource
from tests.makers import info_for


def numbered(times=1, channels=2, planes=5, height=6, width=8, dtype=np.uint16):
    size = times * channels * planes * height * width
    return np.arange(size).reshape(times, channels, planes, height, width).astype(dtype)


class CutShort(CountedSource):
    """An image whose file ends before its last plane."""

    def missing_planes(self):
        return frozenset((0, c, 4) for c in range(2))

    def read(self, region):
        assert region.z[1] <= 4
        return super().read(region)


def complete(cutter, spot):
    for _round in range(1000):
        done, total = cutter.progress(spot)
        if done == total:
            return
        cutter.go_on(spot, 0)
    raise AssertionError("it never ends")


CUTTERS = (lambda source, stack: HeldStack(source, stack, Scale()), ReadCuts)


@pytest.mark.parametrize("make", CUTTERS)
@settings(deadline=None, max_examples=25)
@given(x=st.integers(0, 7), y=st.integers(0, 5), z=st.integers(0, 4))
def test_cuts_are_those_of_the_array(make, x, y, z):
    pixels = numbered()
    cutter = make(CountedSource(pixels), Stack("Z", 0, (1, 0)))
    spot = Spot((x + 0.5) / 8, (y + 0.5) / 6, z)
    complete(cutter, spot)
    for found, channel in zip(cutter.xz(spot), (1, 0), strict=True):
        np.testing.assert_array_equal(found, pixels[0, channel, :, y])
    for found, channel in zip(cutter.yz(spot), (1, 0), strict=True):
        np.testing.assert_array_equal(found, pixels[0, channel, :, :, x].T)


@pytest.mark.parametrize("make", CUTTERS)
def test_time_is_cut_like_depth(make):
    pixels = numbered(times=4, planes=1)
    cutter = make(CountedSource(pixels), Stack("T", 0, (0,)))
    spot = Spot(0.5, 0.5)
    complete(cutter, spot)
    np.testing.assert_array_equal(cutter.xz(spot)[0], pixels[:, 0, 0, 3])
    np.testing.assert_array_equal(cutter.yz(spot)[0], pixels[:, 0, 0, :, 4].T)


@pytest.mark.parametrize("make", CUTTERS)
def test_planes_that_a_file_has_not_stay_dark(make):
    pixels = numbered() + 1
    cutter = make(CutShort(pixels), Stack("Z", 0, (0, 1)))
    spot = Spot(0.1, 0.1, 2)
    complete(cutter, spot)
    assert (cutter.xz(spot)[0][4] == 0).all()
    np.testing.assert_array_equal(cutter.xz(spot)[0][:4], pixels[0, 0, :4, 0])


def test_a_held_stack_is_read_once_wherever_the_cuts_cross():
    source = CountedSource(numbered())
    cutter = HeldStack(source, Stack("Z", 0, (0,)), Scale())
    for spot in (Spot(0.1, 0.1), Spot(0.9, 0.5), Spot(0.3, 0.99)):
        complete(cutter, spot)
    assert source.reads == 5


def test_planes_not_there_yet_look_like_their_neighbours():
    pixels = numbered(planes=32) + 1
    cutter = HeldStack(CountedSource(pixels), Stack("Z", 0, (0,)), Scale())
    cutter.go_on(Spot(0, 0), 0)
    cutter.go_on(Spot(0, 0), 0)
    np.testing.assert_array_equal(cutter.xz(Spot(0, 0))[0][:4], np.repeat(pixels[0, 0, :1, 0], 4, 0))
    assert cutter.progress(Spot(0, 0)) == (2, 32)


def test_only_the_row_and_the_column_are_read_of_what_is_too_large():
    pixels = numbered(planes=40)
    regions = []

    class Watched(CountedSource):
        def read(self, region):
            regions.append(region)
            return super().read(region)

    cutter = ReadCuts(Watched(pixels), Stack("Z", 0, (0,)))
    spot = Spot(0.5, 0.5, 20)
    complete(cutter, spot)
    assert all(region.shape[3] == 1 or region.shape[4] == 1 for region in regions)
    assert regions[0].z == (16, 32)  # where we look comes first
    count = len(regions)
    complete(cutter, spot)
    assert len(regions) == count


def test_cuts_are_forgotten_in_the_end(monkeypatch):
    monkeypatch.setattr(cuts, "REMEMBERED", 4)
    cutter = ReadCuts(CountedSource(numbered()), Stack("Z", 0, (0,)))
    for row in range(6):
        complete(cutter, Spot(0.5, (row + 0.5) / 6))
    assert len(cutter._cuts) == 4


class Clock:
    """A clock that goes on by what the next read costs."""

    def __init__(self, *ticks):
        self.ticks = iter(np.cumsum((0.0, *ticks)))

    def __call__(self):
        return next(self.ticks)


@pytest.mark.parametrize(
    ("cut_s", "plane_s", "kind"),
    [(0.0001, 0.001, ReadCuts), (1.0, 10.0, ReadCuts), (1.0, 1.0, HeldStack)],
)
def test_a_large_stack_is_cut_in_the_way_that_is_faster(monkeypatch, cut_s, plane_s, kind):
    monkeypatch.setattr(cuts, "HELD_BYTES", 100)
    source = CountedSource(numbered())
    assert isinstance(make_cutter(source, Stack("Z", 0, (0,)), Clock(cut_s, plane_s)), kind)


def test_a_small_stack_is_held():
    assert isinstance(make_cutter(CountedSource(numbered()), Stack("Z", 0, (0,))), HeldStack)


# Volumes


@given(st.integers(1, 3000))
def test_every_plane_is_read_once_and_the_first_few_lie_over_all(count):
    order = coarse_to_fine(count)
    assert sorted(order) == list(range(count))
    first = sorted(order[:8])
    assert max(np.diff([*first, count])) <= max(1, -(-count // 4))


@given(
    planes=st.integers(1, 300),
    height=st.integers(1, 4000),
    width=st.integers(1, 4000),
    nbytes=st.integers(10**6, 10**8),
)
def test_a_scale_keeps_within_the_memory(planes, height, width, nbytes):
    info = info_for((1, 1, planes, height, width))
    scale = scale_within(info, Stack("Z", 0, (0,)), nbytes)
    taken = planes * 2 * (height / scale.step) * (width / scale.step)
    assert taken <= nbytes
    assert scale.step == 1 or planes * 2 * (height / (scale.step - 1)) * (width / (scale.step - 1)) > nbytes


@given(planes=st.integers(1, 3000), height=st.integers(1, 9000), width=st.integers(1, 9000))
def test_no_side_is_longer_than_wished(planes, height, width):
    info = info_for((1, 1, planes, height, width))
    scale = scale_to_side(info, Stack("Z", 0, (0,)), 256)
    assert max(-(-height // scale.step), -(-width // scale.step), -(-planes // scale.step_deep)) <= 256


def test_a_volume_holds_means_of_squares():
    pixels = numbered(channels=1, planes=4, height=4, width=4)
    volume = Volume(CountedSource(pixels), Stack("Z", 0, (0,)), Scale(0, 2, 2))
    volume.go_on()
    assert volume.pixels[0].shape == (2, 2, 2)
    expected = pixels[0, 0, 1].reshape(2, 2, 2, 2).mean((1, 3))
    np.testing.assert_allclose(volume.pixels[0][0], expected, atol=0.5)
