"""Two images in the viewer, with real keys and mouse: places, modes, flicker, differences, locks."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.ui.session import OpenImage
from app.ui.viewer.state import Contrast, Rect
from tests.ui.viewer.conftest import ArraySource, on_screen, ramp, seen, settled
from tests.ui.viewer.test_viewer import drag, press

LEFT = Qt.MouseButton.LeftButton
KEY = Qt.Key


@pytest.fixture
def beside(qtbot, viewer):
    """Look at one image and lay another beside it; both are files of their own."""
    keys = iter(range(1, 1000))

    def show(first, second, mode=None):
        images = [
            OpenImage(next(keys), Path(name), source, source.info)
            for name, source in (("a.tif", first), ("b.tif", second))
        ]
        viewer.show_image(images[0])
        viewer.show_result(images[1])
        settled(qtbot, viewer, has_result=True)
        if mode is not None:
            viewer.set_state(replace(viewer.view_state, compare=mode))
        wait(qtbot, viewer)
        return images

    return show


def wait(qtbot, viewer):
    """Wait until all that was wished is on the canvases."""

    def is_done():
        between = viewer._sides["difference"].drawn
        is_between = viewer.view_state.compare != "difference" or between is not None
        return is_between and viewer._is_idle()

    qtbot.waitUntil(is_done, timeout=5000)


def flat(value, height=64, width=64, dtype=np.uint16):
    return np.full((1, 1, 1, height, width), value, dtype)


def colour_at(viewer, x, y):
    """Red, green and blue at a place in units."""
    canvas = viewer.canvases[0]
    canvas.overlay.hide()
    point = on_screen(canvas, x, y)
    return tuple(int(part) for part in seen(viewer)[point.y(), point.x()])


def tags(viewer, number=0):
    return viewer.canvases[number].overlay.tags


# Places


def test_any_two_images_are_named_by_their_files(viewer, beside):
    beside(ArraySource(ramp()), ArraySource(ramp()))
    assert viewer.view_state.compare == "curtain"
    assert tags(viewer) == ("a.tif", "b.tif")
    press(viewer, KEY.Key_X)
    assert tags(viewer) == ("b.tif", "a.tif")


def test_both_images_are_seen_as_far_as_they_reach_and_lie_in_micrometres(qtbot, viewer, beside):
    """The second has larger pixels and half the height: 6.4 by 12.8 µm beside 12.8 by 6.4."""
    first = flat(500, 128, 64)
    second = flat(900, 32, 64)
    beside(ArraySource(first, size_um=0.1), ArraySource(second, size_um=0.2), "single")
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(0, 1000)))
    wait(qtbot, viewer)
    assert viewer.canvases[0]._over == Rect(0, 0, pytest.approx(12.8), pytest.approx(12.8))
    ground = colour_at(viewer, 6, 10)
    assert colour_at(viewer, 1, 1) == colour_at(viewer, 12.7, 6.3) == (230, 230, 230)
    assert ground not in ((230, 230, 230), (128, 128, 128))
    viewer.hold_raw(True)
    assert colour_at(viewer, 6.3, 12.7) == (128, 128, 128)
    assert colour_at(viewer, 12, 6) == ground


def test_what_is_stretched_is_said_above_the_picture(viewer, beside):
    beside(ArraySource(ramp(), size_um=0.1), ArraySource(ramp(32, 32)))
    note = viewer.compare_bar.note
    assert note.isVisible()
    assert note.text() == "b.tif does not say how large a pixel is: it is stretched over a.tif."
    beside(ArraySource(ramp(), size_um=0.1), ArraySource(ramp(), size_um=0.1))
    assert note.isHidden()


def test_planes_of_one_height_are_seen_together(qtbot, viewer, beside):
    first, second = ArraySource(ramp(planes=5), size_um=1.0), ArraySource(ramp(planes=9), size_um=1.0)
    second.info = replace(second.info, pixel_size_um=replace(second.info.pixel_size_um, z=0.5))
    beside(first, second)
    viewer.go_to("Z", 3)
    wait(qtbot, viewer)
    assert viewer._sides["restored"].drawn.region.z == (6, 7)
    assert tags(viewer) == ("a.tif", "b.tif, Z 7")


def test_a_channel_without_a_namesake_is_not_shown_on_that_side(qtbot, viewer, beside):
    pixels = ramp(channels=2)
    beside(
        ArraySource(pixels, names=("DAPI", "GFP")),
        ArraySource(pixels[:, 1:].copy(), names=("GFP",)),
        "single",
    )
    assert [one.c for one in viewer._sides["restored"].drawn.planes] == [(0, 1)]
    assert viewer._sides["restored"].drawn.wish.luts == ("Magenta",)
    press(viewer, KEY.Key_2)
    wait(qtbot, viewer)
    dark = colour_at(viewer, 32, 32)
    assert dark == colour_at(viewer, 50, 20)


def test_the_values_of_both_images_are_told(qtbot, viewer, beside):
    beside(ArraySource(flat(7), size_um=0.1), ArraySource(flat(9, 16, 16), size_um=0.2))
    canvas = viewer.canvases[0]
    with qtbot.waitSignal(viewer.pointer_moved, check_params_cb=lambda one: one is not None) as told:
        QTest.mouseMove(canvas.viewport(), on_screen(canvas, 2, 2))
    assert str(told.args[0]).startswith("7 (b.tif 9)")
    with qtbot.waitSignal(viewer.pointer_moved, check_params_cb=lambda one: one is not None) as told:
        QTest.mouseMove(canvas.viewport(), on_screen(canvas, 5, 5))
    assert str(told.args[0]).startswith("7 (b.tif –)")


def test_the_curtain_is_dragged_between_files(qtbot, viewer, beside):
    beside(ArraySource(flat(0)), ArraySource(flat(900)))
    viewer.set_state(viewer.view_state.with_contrast(0, Contrast(0, 900)))
    wait(qtbot, viewer)
    canvas = viewer.canvases[0]
    drag(canvas, on_screen(canvas, 32, 20), on_screen(canvas, 48, 20))
    assert viewer.view_state.curtain == pytest.approx(0.75, abs=0.01)
    assert colour_at(viewer, 44, 32) == (0, 0, 0)
    assert colour_at(viewer, 52, 32) == (255, 255, 255)


def test_behind_the_curtain_a_smaller_image_does_not_let_the_first_one_be_seen(qtbot, viewer, beside):
    beside(ArraySource(flat(900), size_um=0.2), ArraySource(flat(500), size_um=0.1))
    viewer.set_state(replace(viewer.view_state.with_contrast(0, Contrast(0, 900)), curtain=0.25))
    wait(qtbot, viewer)
    assert colour_at(viewer, 2, 10) == (255, 255, 255)
    assert colour_at(viewer, 5, 3) == (142, 142, 142)
    assert colour_at(viewer, 10, 10) == tuple(seen(viewer)[3, 3])


def test_a_second_image_can_be_taken_away_and_another_one_put_there(qtbot, viewer, beside):
    beside(ArraySource(ramp()), ArraySource(ramp()), "difference")
    viewer.show_result(None)
    assert viewer.compare_bar.isHidden()
    assert tags(viewer) == ()
    assert viewer.canvases[0].overlay.legend is None
    image = OpenImage(50, Path("c.tif"), ArraySource(ramp()), ArraySource(ramp()).info)
    viewer.show_result(image)
    wait(qtbot, viewer)
    assert viewer.view_state.compare == "curtain"
    assert tags(viewer) == ("a.tif", "c.tif")


# Flicker


def test_flicker_shows_one_after_the_other_by_itself(qtbot, viewer, beside):
    beside(ArraySource(flat(0)), ArraySource(flat(900)), "flicker")
    viewer.set_state(replace(viewer.view_state, flicker=3.0))
    shown = []
    viewer.flicker.turned.connect(lambda: shown.append(tags(viewer)))
    qtbot.waitUntil(lambda: len(shown) >= 4, timeout=5000)
    assert set(shown) == {("a.tif",), ("b.tif",)}
    assert all(one != other for one, other in pairwise(shown))


def test_the_pace_of_flicker_is_set_in_the_bar(viewer, beside):
    beside(ArraySource(ramp()), ArraySource(ramp()))
    assert viewer.compare_bar.rate.isHidden()
    QTest.mouseClick(viewer.compare_bar.button("flicker"), LEFT)
    assert viewer.compare_bar.rate.isVisible()
    assert viewer.flicker._timer.interval() == 500
    viewer.compare_bar.rate.setFocus()
    QTest.keyClick(viewer.compare_bar.rate, KEY.Key_Down)
    assert viewer.view_state.flicker == 1
    assert viewer.flicker._timer.interval() == 1000


def test_nothing_flickers_that_nobody_sees(qtbot, viewer, beside):
    beside(ArraySource(ramp()), ArraySource(ramp()), "flicker")
    assert viewer.flicker.is_running
    viewer.hide()
    assert not viewer.flicker.is_running
    viewer.show()
    qtbot.waitUntil(lambda: viewer.flicker.is_running)
    viewer.showMinimized()
    qtbot.waitUntil(lambda: not viewer.flicker.is_running, timeout=5000)
    viewer.showNormal()
    qtbot.waitUntil(lambda: viewer.flicker.is_running, timeout=5000)


def test_flicker_ends_with_the_mode(viewer, beside):
    beside(ArraySource(ramp()), ArraySource(ramp()), "flicker")
    press(viewer, KEY.Key_V)
    assert not viewer.flicker.is_running
    assert viewer.view_state.compare == "difference"


def test_b_holds_the_first_image_while_it_flickers(qtbot, viewer, beside):
    beside(ArraySource(ramp()), ArraySource(ramp()), "flicker")
    turns = []
    QTest.keyPress(viewer, KEY.Key_B)
    viewer.flicker.turned.connect(lambda: turns.append(tags(viewer)))
    qtbot.waitUntil(lambda: len(turns) >= 2, timeout=5000)
    QTest.keyRelease(viewer, KEY.Key_B)
    assert set(turns) == {("a.tif",)}


# Difference


def test_the_difference_is_seen_in_colours_around_black(qtbot, viewer, beside):
    first, second = flat(500), flat(500)
    second[..., :20], second[..., 44:] = 400, 600
    beside(ArraySource(first), ArraySource(second), "difference")
    assert tags(viewer) == ("b.tif \u2212 a.tif",)
    darker, equal, brighter = (colour_at(viewer, x, 32) for x in (10, 32, 54))
    assert sum(equal) <= 3
    assert darker[2] > darker[0] + 40
    assert brighter[0] > brighter[2] + 40
    legend = viewer.canvases[0].overlay.legend
    assert legend.ends == ("\u2212100", "+100")
    assert legend.sentence == (
        "From \u2212100 to +100 gray values: orange where b.tif is brighter, blue where it is darker."
    )


def test_swapping_turns_the_colours_of_the_difference(qtbot, viewer, beside):
    beside(ArraySource(flat(500)), ArraySource(ramp() + 450), "difference")
    before = colour_at(viewer, 5, 5)
    press(viewer, KEY.Key_X)
    qtbot.waitUntil(lambda: viewer.canvases[0].overlay.legend is not None)
    wait(qtbot, viewer)
    after = colour_at(viewer, 5, 5)
    assert tags(viewer) == ("a.tif \u2212 b.tif",)
    assert before[2] > before[0]
    assert after[0] > after[2]


def test_the_range_of_the_colours_is_typed_and_found_again(qtbot, viewer, beside):
    beside(ArraySource(flat(500)), ArraySource(flat(600)), "difference")
    box = viewer.compare_bar.reach
    assert box.isVisible()
    assert box.value() == 100
    box.selectAll()
    QTest.keyClicks(box, "400")
    QTest.keyClick(box, KEY.Key_Return)
    wait(qtbot, viewer)
    assert viewer.view_state.contrast(0, "difference") == Contrast(-400, 400)
    dim = colour_at(viewer, 32, 32)
    QTest.mouseClick(viewer.compare_bar.auto, LEFT)
    qtbot.waitUntil(lambda: viewer.view_state.contrast(0, "difference") == Contrast(-100, 100))
    wait(qtbot, viewer)
    assert sum(colour_at(viewer, 32, 32)) > sum(dim)


def test_the_difference_follows_the_active_channel(qtbot, viewer, beside):
    first = ramp(channels=2)
    second = first.copy()
    second[:, 1] += 50
    names = ("DAPI", "GFP")
    beside(ArraySource(first, names=names), ArraySource(second, names=names), "difference")
    assert tags(viewer) == ("b.tif \u2212 a.tif, DAPI",)
    assert sum(colour_at(viewer, 32, 32)) <= 3
    viewer.go_to("C", 1)
    qtbot.waitUntil(lambda: viewer.view_state.contrast(1, "difference") is not None)
    wait(qtbot, viewer)
    assert tags(viewer) == ("b.tif \u2212 a.tif, GFP",)
    assert colour_at(viewer, 32, 32)[0] > 100


def test_the_difference_of_images_of_different_extent_ends_where_one_does(qtbot, viewer, beside):
    beside(
        ArraySource(flat(500), size_um=0.2),
        ArraySource(flat(600, 64, 64, np.float32), size_um=0.1),
        "difference",
    )
    assert viewer._sides["difference"].info.shape[3:] == (64, 64)
    inside, outside = colour_at(viewer, 3, 3), colour_at(viewer, 9, 9)
    assert inside[0] > inside[2] + 40
    assert outside == colour_at(viewer, 12, 12)
    assert outside != inside


def test_only_what_is_seen_of_large_images_is_read_for_their_difference(qtbot, viewer, beside):
    pixels = ramp(3000, 3000)
    first, second = ArraySource(pixels), ArraySource(pixels + 5)
    beside(first, second, "side")
    viewer.set_state(replace(viewer.view_state, view=Rect(100, 100, 300, 300)))
    wait(qtbot, viewer)
    first.regions.clear()
    viewer.set_state(replace(viewer.view_state, compare="difference"))
    wait(qtbot, viewer)
    region = viewer._sides["difference"].drawn.region
    assert region.level == 0
    assert region.shape[3] <= 1024
    assert region.shape[4] <= 1024
    assert all(region.shape[3] <= 1024 and region.shape[4] <= 1024 for region in first.regions)


def test_b_shows_the_first_image_instead_of_the_difference(viewer, beside):
    beside(ArraySource(ramp()), ArraySource(ramp()), "difference")
    QTest.keyPress(viewer, KEY.Key_B)
    assert tags(viewer) == ("a.tif",)
    assert viewer.canvases[0].overlay.legend is None
    QTest.keyRelease(viewer, KEY.Key_B)
    assert tags(viewer) == ("b.tif \u2212 a.tif",)


def test_outside_the_mode_nothing_of_the_difference_is_read(viewer, beside):
    beside(ArraySource(ramp()), ArraySource(ramp()), "side")
    assert viewer._sides["difference"].pixels is None


# Locks


def test_files_of_one_pixel_type_begin_locked(viewer, beside):
    beside(ArraySource(ramp()), ArraySource(ramp() + 500))
    assert viewer.view_state.is_contrast_locked
    assert viewer.compare_bar.note.isHidden()


def test_gray_values_that_cannot_be_compared_begin_unlocked_and_say_why(qtbot, viewer, beside):
    bright = (ramp() * 2).astype(np.uint8)
    share = (ramp() / 126).astype(np.float32)
    beside(ArraySource(bright), ArraySource(share))
    qtbot.waitUntil(lambda: bool(viewer.compare_bar.note.text()))
    assert not viewer.view_state.is_contrast_locked
    assert viewer.compare_bar.lock.text() == "Contrast not locked"
    assert "gray values go to" in viewer.compare_bar.note.text()
    assert viewer.view_state.contrast(0, "restored").high == pytest.approx(1, abs=0.05)
    QTest.mouseClick(viewer.compare_bar.lock, LEFT)
    assert viewer.view_state.is_contrast_locked
    assert viewer.compare_bar.note.isHidden()


def test_other_pixel_types_with_the_same_gray_values_are_locked(qtbot, viewer, beside):
    beside(ArraySource(ramp()), ArraySource(ramp().astype(np.float32)))
    qtbot.waitUntil(lambda: viewer.view_state.is_contrast_locked)
    wait(qtbot, viewer)
    drawn = viewer._sides["restored"].drawn
    assert drawn.wish.contrasts == (viewer.view_state.contrast(0),)


def test_a_gray_image_beside_a_colour_picture_stays_gray(qtbot, viewer, beside):
    colours = np.stack([flat(value, dtype=np.uint8)[:, 0] for value in (200, 100, 50)], axis=1)
    beside(ArraySource(colours, is_rgb=True), ArraySource(ramp()), "side")
    assert viewer._sides["restored"].drawn.wish.luts == ("Grays",)
    assert not viewer.compare_bar.lock.isEnabled()
    assert "colour picture" in viewer.compare_bar.note.text()
    viewer.set_state(replace(viewer.view_state, compare="difference"))
    wait(qtbot, viewer)
    assert tags(viewer) == ("b.tif \u2212 a.tif, brightness",)
