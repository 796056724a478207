"""Which place, plane and channel of two images belong together."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.ui.viewer.pair import Link, can_compare, distinct_names, link, paired, united, why_unlocked
from app.ui.viewer.state import Contrast, Rect, initial_state
from models.source import PixelSize
from tests.ui.viewer.conftest import ArraySource, ramp

PATHS = (Path("a.tif"), Path("b.tif"))


def info(*, height=20, width=30, size_um=None, step_um=None, is_rgb=False, **kept):
    names = kept.pop("names", ())
    made = ArraySource(ramp(height, width, **kept), names=names, is_rgb=is_rgb).info
    return replace(made, pixel_size_um=PixelSize(step_um, size_um, size_um))


def pair(first, second, **kept):
    return paired(first, second, PATHS, **kept)


# Places


def test_a_result_covers_its_original_whatever_its_pixels():
    found = pair(info(size_um=0.2), info(height=80, width=120, size_um=0.3), is_result=True)
    assert found.over == Rect(0, 0, 6, 4)
    assert found.names == ("raw", "restored")
    assert found.note == ""


def test_calibrated_images_lie_over_one_another_in_micrometres():
    found = pair(info(size_um=0.2), info(size_um=0.1))
    assert found.over == Rect(0, 0, 3, 2)
    assert found.reach == Rect(0, 0, 6, 4)
    assert found.shared == Rect(0, 0, 3, 2)
    assert found.note == ""


def test_what_reaches_further_is_part_of_the_whole():
    found = pair(info(size_um=0.1), info(height=10, width=90, size_um=0.1))
    assert (found.reach.width, found.reach.height) == pytest.approx((9, 2))
    assert (found.shared.width, found.shared.height) == pytest.approx((3, 1))


@pytest.mark.parametrize("sizes", [(None, None), (0.1, None), (None, 0.1)])
def test_without_a_pixel_size_images_of_one_size_lie_pixel_on_pixel(sizes):
    found = pair(info(size_um=sizes[0]), info(size_um=sizes[1]))
    assert found.over == found.reach == found.shared
    assert found.note == ""


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ((None, None), "Neither file says how large a pixel is: b.tif is stretched over a.tif."),
        ((0.1, None), "b.tif does not say how large a pixel is: it is stretched over a.tif."),
        ((None, 0.1), "a.tif does not say how large a pixel is: b.tif is stretched over it."),
    ],
)
def test_what_cannot_be_placed_is_stretched_and_says_so(sizes, sentence):
    found = pair(info(size_um=sizes[0]), info(height=50, size_um=sizes[1]))
    assert found.over == found.reach == found.shared
    assert found.note == sentence


def test_the_least_rectangle_holds_both():
    assert united(Rect(0, 0, 4, 4), Rect(2, -1, 9, 2)) == Rect(0, -1, 11, 5)


# Planes and times


def test_planes_are_matched_by_height_where_their_steps_are_known():
    found = pair(info(planes=5, size_um=1, step_um=1.0), info(planes=9, size_um=1, step_um=0.5))
    assert [found.plane_of(z) for z in range(5)] == [0, 2, 4, 6, 8]


def test_planes_beyond_the_other_stack_are_matched_with_its_last():
    found = pair(info(planes=9, step_um=1.0), info(planes=4, step_um=2.0))
    assert [found.plane_of(z) for z in range(9)] == [0, 0, 1, 2, 2, 2, 3, 3, 3]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ((9, None), (4, 2.0), {}),
        ((9, 1.0), (4, None), {}),
        ((9, 1.0), (4, 2.0), {"is_result": True}),
    ],
)
def test_else_planes_are_matched_by_number(first, second, kept):
    one, other = (info(planes=count, step_um=step) for count, step in (first, second))
    assert [pair(one, other, **kept).plane_of(z) for z in range(9)] == [0, 1, 2, 3, 3, 3, 3, 3, 3]


def test_as_many_planes_are_matched_by_number_even_if_their_steps_differ():
    found = pair(info(planes=4, step_um=1.0), info(planes=4, step_um=0.1))
    assert [found.plane_of(z) for z in range(4)] == [0, 1, 2, 3]


def test_times_are_matched_by_number():
    found = pair(info(times=5), info(times=3))
    assert [found.time_of(t) for t in range(5)] == [0, 1, 2, 2, 2]


def test_the_name_says_which_plane_is_seen_where_the_numbers_differ():
    found = pair(info(planes=5, step_um=1.0), info(planes=9, times=4, step_um=0.5))
    assert found.tags(replace(initial_state(found.first), z=2)) == ("a.tif", "b.tif, Z 5, T 1")
    alike = pair(info(planes=5), info(planes=5))
    assert alike.tags(initial_state(alike.first)) == ("a.tif", "b.tif")


# Channels


def test_channels_are_matched_by_name_whatever_their_order():
    first, second = info(channels=2, names=("DAPI", "GFP")), info(channels=3, names=("gfp ", "RFP", "dapi"))
    assert link(first, second) == (Link(0, 2), Link(1, 0))


def test_a_channel_without_a_namesake_is_not_shown():
    first, second = info(channels=2, names=("DAPI", "GFP")), info(names=("GFP",))
    found = pair(first, second)
    assert (found.second_of(0), found.second_of(1)) == (None, 0)
    assert (found.first_of(0), found.first_of(1)) == (1, None)
    assert found.links_of(replace(initial_state(first), channel=0)) == (Link(1, 0),)


def test_without_common_names_channels_are_matched_by_order():
    first, second = info(channels=3, names=("a", "b", "c")), info(channels=2, names=("x", "y"))
    assert link(first, second) == (Link(0, 0), Link(1, 1))
    assert link(info(channels=2, names=("", "")), info(channels=2, names=("", ""))) == (
        Link(0, 0),
        Link(1, 1),
    )


def test_names_that_occur_twice_tell_nothing():
    first, second = info(channels=2, names=("GFP", "GFP")), info(channels=2, names=("GFP", "DAPI"))
    assert link(first, second) == (Link(0, 0), Link(1, 1))


def test_a_result_of_one_channel_belongs_to_that_channel():
    first, second = info(channels=2, names=("DAPI", "GFP")), info(names=("GFP",))
    assert link(first, second, is_result=True) == (Link(1, 0),)
    assert link(first, info(names=("",)), is_result=True) == ()


def test_beside_a_colour_picture_a_gray_one_stays_gray():
    colour, gray = info(channels=3, is_rgb=True), info()
    assert link(colour, gray) == (Link(0, 0, "Grays"),)
    assert link(gray, colour) == (Link(0, 0, "Red"), Link(0, 1, "Green"), Link(0, 2, "Blue"))
    found = pair(colour, gray)
    hidden = initial_state(colour)
    hidden = hidden.with_channel(0, replace(hidden.channels[0], is_visible=False))
    assert found.links_of(hidden) == found.links


# Names


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("/x/a.tif", "/x/b.tif", ("a.tif", "b.tif")),
        ("/x/day 1/a.tif", "/x/day 2/a.tif", ("day 1/a.tif", "day 2/a.tif")),
        ("/x/a.tif", "/x/a.tif", ("a.tif", "a.tif")),
        ("/y/a.tif", "/x/y/a.tif", ("/y/a.tif", "x/y/a.tif")),
    ],
)
def test_files_of_one_name_are_told_apart_by_their_folders(first, second, names):
    assert distinct_names(Path(first), Path(second)) == names


# Contrast


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ("uint16", "uint16", True),
        ("uint8", "uint16", None),
        ("uint8", "float32", None),
        ("float32", "float32", None),
    ],
)
def test_only_pixels_of_one_type_are_locked_without_looking(first, second, wanted):
    assert pair(info(dtype=np.dtype(first)), info(dtype=np.dtype(second))).is_locked_at_first is wanted


def test_results_are_always_locked_and_colours_never_with_gray():
    assert pair(info(dtype=np.uint8), info(dtype=np.float32), is_result=True).is_locked_at_first is True
    assert pair(info(channels=3, is_rgb=True), info()).is_locked_at_first is False


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (Contrast(100, 900), Contrast(90, 700), True),
        (Contrast(0, 255), Contrast(0, 1), False),
        (Contrast(100, 4000), Contrast(10, 250), False),
        (Contrast(0, 1), Contrast(0, 0.3), False),
        (Contrast(0, 10), Contrast(20, 30), False),
    ],
)
def test_gray_values_can_be_compared_if_their_ranges_meet(first, second, wanted):
    assert can_compare(first, second) is wanted
    assert can_compare(second, first) is wanted


def test_pixels_of_one_type_need_less_in_common():
    dim, bright = Contrast(0, 0.1), Contrast(0, 1)
    assert can_compare(dim, bright, is_one_type=True)
    assert not can_compare(dim, bright)


def test_an_open_lock_says_why():
    found = pair(info(), info())
    sentence = "Contrast is not locked: gray values go to 255 in a.tif and to 0.98 in b.tif."
    assert why_unlocked(found, Contrast(3, 255.0), Contrast(0, 0.98)) == sentence
    mixed = pair(info(channels=3, is_rgb=True), info())
    assert why_unlocked(mixed, None, None).endswith("one is a colour picture, the other is not.")
