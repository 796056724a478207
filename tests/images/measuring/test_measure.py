import numpy as np
import pytest

from app.images.cache import CachedSource
from app.images.measuring import measure as room
from app.images.measuring.measure import Subject, measure, step_for
from app.images.measuring.shapes import Ellipse, Line, Point, Polygon, Rectangle
from models.errors import Stopped
from models.source import AXES, Channel, ImageInfo, PixelSize


class Array:
    """An image in memory that remembers what was read of it."""

    def __init__(self, pixels):
        self.pixels = pixels
        channels = tuple(Channel(f"c{index}") for index in range(pixels.shape[1]))
        self.info = ImageInfo(
            "memory", 0, ("",), (pixels.shape,), pixels.dtype.name, AXES, PixelSize(), channels
        )
        self.read_pixels = 0

    def read(self, region):
        self.read_pixels += int(np.prod(region.shape))
        return self.pixels[region.slices].copy()

    def close(self):
        pass


def subject(pixels, name="raw", *, unit=(1.0, 1.0), channels=None, missing=frozenset()):
    height, width = pixels.shape[3:]
    place = (0.0, 0.0, width * unit[0], height * unit[1])
    return Subject(name, Array(pixels), place, channels or tuple(range(pixels.shape[1])), missing)


def noise(shape=(2, 3, 4, 60, 80), dtype=np.uint16, seed=0):
    return np.random.default_rng(seed).integers(0, 4000, shape).astype(dtype)


def test_a_rectangle_is_measured_on_its_plane_in_every_channel():
    pixels = noise()
    found = measure(Rectangle(10, 20, 30, 15), (subject(pixels),), 1, 2, (0, 2))
    assert [row.channel for row in found.rows] == [0, 2]
    for row in found.rows:
        inside = pixels[1, row.channel, 2, 20:35, 10:40].astype(float)
        (numbers,) = row.of
        assert numbers.pixels == inside.size
        assert numbers.mean == pytest.approx(inside.mean())
        assert numbers.median == np.median(inside)


def test_areas_are_physical_on_pixels_that_are_no_squares():
    found = measure(Rectangle(1.0, 4.0, 3.0, 2.0), (subject(noise(), unit=(0.1, 0.2)),), 0, 0, (0,))
    (numbers,) = found.rows[0].of
    assert numbers.pixels == 30 * 10
    assert numbers.area == pytest.approx(6.0)


def test_a_finer_result_is_measured_over_the_same_place():
    raw = noise((1, 1, 1, 40, 40))
    finer = np.kron(raw, np.ones((1, 1, 1, 4, 4), np.uint16)).astype(np.float32) * 2
    both = (subject(raw), subject(finer, "restored", unit=(0.25, 0.25)))
    found = measure(Rectangle(5, 6, 20, 10), both, 0, 0, (0,))
    one, other = found.rows[0].of
    assert found.names == ("raw", "restored")
    assert other.mean == pytest.approx(2 * one.mean)
    assert other.area == pytest.approx(one.area)
    assert other.pixels == 16 * one.pixels


def test_a_line_gives_a_curve_for_each_channel_and_image():
    raw = noise((1, 2, 1, 40, 40))
    both = (subject(raw), subject(raw.astype(np.float32) + 1, "restored"))
    found = measure(Line(((5.5, 7.5), (30.5, 7.5))), both, 0, 0, (0, 1))
    assert [(curve.channel, curve.subject) for curve in found.curves] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for curve in found.curves:
        assert curve.values == pytest.approx(raw[0, curve.channel, 0, 7, 5:31] + curve.subject)
        assert curve.distance[-1] == 25
    assert found.rows[0].of[0].mean == pytest.approx(found.curves[0].values.mean())


def test_a_channel_that_was_not_restored_has_only_the_raw_number():
    raw = noise((1, 2, 1, 40, 40))
    restored = subject(raw[:, :1], "restored", channels=(0, None))
    found = measure(Point(3.3, 4.4), (subject(raw), restored), 0, 0, (0, 1))
    assert found.rows[0].of[1].mean == raw[0, 0, 0, 4, 3]
    assert found.rows[1].of == (found.rows[1].of[0], None)


def test_a_plane_that_is_still_to_come_has_no_restored_number():
    raw = noise((1, 1, 3, 20, 20))
    restored = subject(raw, "restored", missing=frozenset({(0, 0, 2)}))
    shape = Rectangle(0, 0, 5, 5)
    assert measure(shape, (subject(raw), restored), 0, 1, (0,)).rows[0].of[1] is not None
    assert measure(shape, (subject(raw), restored), 0, 2, (0,)).rows[0].of[1] is None


def test_outside_the_image_nothing_counts():
    pixels = noise((1, 1, 1, 20, 20))
    (half,) = measure(Rectangle(-10, 0, 20, 20), (subject(pixels),), 0, 0, (0,)).rows[0].of
    assert half.mean == pytest.approx(pixels[..., :10].mean())
    (none,) = measure(Ellipse(50, 50, 10, 10), (subject(pixels),), 0, 0, (0,)).rows[0].of
    assert none.pixels == 0


@pytest.mark.parametrize(
    "shape",
    [
        Rectangle(100, 200, 2000, 1500),
        Ellipse(900, 900, 1500, 800),
        Polygon(((10, 10), (2500, 30), (900, 2000))),
    ],
)
def test_a_large_plane_is_read_in_tiles_with_the_same_numbers(shape):
    pixels = noise((1, 1, 1, 2300, 2600))
    source = subject(pixels)
    (tiled,) = measure(shape, (source,), 0, 0, (0,)).rows[0].of
    mask = room.mask(shape, range(2300), range(2600))
    inside = pixels[0, 0, 0][mask]
    assert (tiled.pixels, tiled.low, tiled.high) == (inside.size, inside.min(), inside.max())
    assert tiled.mean == pytest.approx(inside.mean())
    assert tiled.median == np.median(inside)


def test_a_small_shape_on_a_large_plane_reads_little_of_it():
    source = subject(noise((1, 1, 1, 4096, 4096), np.uint8))
    measure(Rectangle(3000, 3000, 50, 50), (source,), 0, 0, (0,))
    measure(Line(((10, 10), (60, 60))), (source,), 0, 0, (0,))
    assert source.source.read_pixels <= 3 * room.TILE**2


def test_a_huge_region_is_looked_at_in_steps(monkeypatch):
    monkeypatch.setattr(room, "MOST_PIXELS", 100_000)
    pixels = noise((1, 1, 1, 1000, 1000))
    found = measure(Rectangle(0, 0, 1000, 1000), (subject(pixels),), 0, 0, (0,))
    (numbers,) = found.rows[0].of
    assert found.step == 4
    assert numbers.mean == pytest.approx(pixels[..., ::4, ::4].mean())
    assert numbers.pixels == 1_000_000


def test_no_more_pixels_are_held_than_promised():
    assert step_for(16_000_000) == 1
    assert step_for(16_000_001) == 2
    for pixels in (10**8, 10**10, 10**12):
        assert pixels / step_for(pixels) ** 2 <= 16_000_000


def test_measuring_stops_between_two_pieces_when_asked():
    asked = []

    def check():
        asked.append(1)
        if len(asked) == 3:
            raise Stopped

    with pytest.raises(Stopped):
        measure(
            Rectangle(0, 0, 4000, 4000), (subject(noise((1, 1, 1, 4096, 4096), np.uint8)),), 0, 0, (0,), check
        )
    assert len(asked) == 3


def test_a_plane_that_was_read_for_drawing_is_not_read_again():
    pixels = noise((1, 1, 1, 100, 100))
    inner = Array(pixels)
    cached = CachedSource(inner, 1 << 20)
    cached.read(cached.info.plane())
    one = Subject("raw", cached, (0, 0, 100, 100), (0,))
    for x in range(20):
        measure(Rectangle(x, 5, 30, 30), (one,), 0, 0, (0,))
    assert inner.read_pixels == 100 * 100


def test_a_position_beyond_a_shorter_image_is_its_last():
    raw, flat = noise((3, 1, 4, 20, 20)), noise((1, 1, 1, 20, 20))
    found = measure(Point(1, 1), (subject(raw), subject(flat, "restored")), 2, 3, (0,))
    assert found.rows[0].of[1].mean == flat[0, 0, 0, 1, 1]
