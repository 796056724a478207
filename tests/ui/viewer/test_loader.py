import numpy as np
import pytest

from app.ui.viewer.coarse import SteppedSource, with_coarse_levels, with_levels
from app.ui.viewer.loader import Loader, Wish
from app.ui.viewer.state import Contrast
from models.source import Region
from tests.ui.viewer.conftest import ArraySource, PlaneGone, ramp


def wish_for(source, z, level=None, contrast=None):
    levels = [level] if level is not None else [0]
    return Wish(tuple(source.info.plane(z=z, level=one) for one in levels), ("Grays",), (contrast,))


@pytest.fixture
def loader(background):
    return Loader(background)


@pytest.fixture
def drawn(loader):
    found = []
    loader.drawn.connect(found.append)
    return found


def test_a_wish_is_drawn_with_the_contrast_that_was_found(qtbot, loader, drawn):
    source = ArraySource(ramp())
    loader.open(source)
    with qtbot.waitSignal(loader.drawn):
        loader.show(wish_for(source, 0))
    contrast = drawn[0].wish.contrasts[0]
    assert 0 <= contrast.low < contrast.high <= 126
    assert drawn[0].packed.shape == (64, 64)


def test_answers_about_the_image_before_are_dropped(qtbot, loader, drawn):
    old, new = ArraySource(ramp()), ArraySource(ramp(height=32))
    old.gate.clear()
    loader.open(old)
    loader.show(wish_for(old, 0))
    loader.open(new)
    with qtbot.waitSignal(loader.drawn):
        loader.show(wish_for(new, 0))
    with qtbot.assertNotEmitted(loader.drawn, wait=100):
        old.gate.set()
    assert [answer.packed.shape for answer in drawn] == [(32, 64)]


def test_failures_of_the_image_before_are_not_heard(qtbot, loader):
    old = ArraySource(ramp())
    old.gate.clear()
    old.error = PlaneGone("The file is gone.")
    loader.open(old)
    loader.show(wish_for(old, 0))
    loader.open(None)
    with qtbot.assertNotEmitted(loader.failed, wait=100):
        old.gate.set()


def test_of_many_wishes_only_the_first_and_the_newest_are_read(qtbot, loader, drawn):
    source = ArraySource(ramp(planes=9))
    source.gate.clear()
    loader.open(source)
    for z in range(9):
        loader.show(wish_for(source, z))
    source.gate.set()
    qtbot.waitUntil(lambda: loader.is_idle, timeout=2000)
    assert [answer.region.z[0] for answer in drawn] == [0, 8]
    assert len(source.regions) == 2


def test_the_same_wish_is_drawn_once(qtbot, loader, drawn):
    source = ArraySource(ramp())
    loader.open(source)
    with qtbot.waitSignal(loader.drawn):
        loader.show(wish_for(source, 0))
    loader.show(wish_for(source, 0, contrast=drawn[0].wish.contrasts[0]))
    assert loader.is_idle


def test_another_contrast_is_drawn_without_reading(qtbot, loader):
    source = ArraySource(ramp())
    loader.open(source)
    with qtbot.waitSignal(loader.drawn):
        loader.show(wish_for(source, 0))
    with qtbot.waitSignal(loader.drawn):
        loader.show(wish_for(source, 0, contrast=Contrast(3, 4)))
    assert len(source.regions) == 1


def test_a_coarse_picture_comes_before_the_fine_one(qtbot, loader, drawn):
    pixels = ramp(128, 128)
    source = ArraySource(pixels, shapes=(pixels.shape, (1, 1, 1, 64, 64)))
    loader.open(source)
    regions = (source.info.plane(level=1), source.info.plane(level=0))
    loader.show(Wish(regions, ("Grays",), (None,)))
    qtbot.waitUntil(lambda: len(drawn) == 2, timeout=2000)
    assert [(answer.region.level, answer.is_last) for answer in drawn] == [(1, False), (0, True)]
    assert drawn[0].wish.contrasts == drawn[1].wish.contrasts


def test_reading_again_reads_the_file(qtbot, loader):
    source = ArraySource(ramp())
    loader.open(source)
    with qtbot.waitSignal(loader.drawn):
        loader.show(wish_for(source, 0))
    with qtbot.waitSignal(loader.drawn):
        loader.reread()
    assert len(source.regions) == 2


def test_a_plane_that_cannot_be_read_is_told(qtbot, loader):
    source = ArraySource(ramp())
    source.error = PlaneGone("Plane 1 is missing.")
    loader.open(source)
    with qtbot.waitSignal(loader.failed) as told:
        loader.show(wish_for(source, 0))
    assert told.args[0].sentence == "Plane 1 is missing."


@pytest.mark.parametrize("step", [2, 4, 8, 16])
def test_coarse_levels_hold_every_nth_pixel(step):
    pixels = ramp(9001, 1001)
    source = SteppedSource(ArraySource(pixels))
    level = {2: 1, 4: 2, 8: 3, 16: 4}[step]
    whole = source.read(source.info.plane(level=level))
    assert np.array_equal(whole, pixels[..., ::step, ::step])
    part = Region((0, 1), (0, 1), (0, 1), (7, 40), (3, 21), level)
    assert np.array_equal(source.read(part), whole[..., 7:40, 3:21])


def test_small_images_need_no_coarse_levels():
    source = ArraySource(ramp())
    assert with_coarse_levels(source) is source
    assert len(with_levels(((1, 1, 1, 20000, 20000),))) == 6
