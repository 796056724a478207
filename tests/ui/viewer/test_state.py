from dataclasses import replace
from pathlib import Path

import numpy as np

from app.ui.viewer import compare
from app.ui.viewer.pair import paired
from app.ui.viewer.plan import Viewport
from app.ui.viewer.request import wish_beside
from app.ui.viewer.spot import richest_spot
from app.ui.viewer.state import Contrast, ViewState, initial_state
from models.source import Channel
from tests.ui.viewer.conftest import ArraySource, ramp


def test_the_first_look_is_at_the_middle_plane():
    state = initial_state(ArraySource(ramp(planes=9, channels=2)).info)
    assert (state.t, state.z, state.colouring) == (0, 4, "composite")
    assert [channel.lut for channel in state.channels] == ["Cyan", "Magenta"]


def test_colours_and_range_of_the_file_come_first():
    source = ArraySource(ramp(channels=2), colours=("#00ff00", "#ff0000"), displays=((5, 50), None))
    state = initial_state(source.info)
    assert [channel.lut for channel in state.channels] == ["Green", "Red"]
    assert state.contrast(0) == Contrast(5, 50)
    assert state.contrast(1) is None


def test_white_for_every_channel_counts_as_no_colour():
    state = initial_state(ArraySource(ramp(channels=2), colours=("#ffffff", "#ffffff")).info)
    assert [channel.lut for channel in state.channels] == ["Cyan", "Magenta"]


def test_a_colour_picture_begins_as_it_is():
    state = initial_state(ArraySource(ramp(channels=3, dtype=np.uint8), is_rgb=True).info)
    assert [channel.lut for channel in state.channels] == ["Red", "Green", "Blue"]
    assert state.contrast(2) == Contrast(0, 255)


def test_channels_without_a_name_get_a_number():
    state = initial_state(ArraySource(ramp(channels=2), names=("", "DAPI")).info)
    assert [channel.name for channel in state.channels] == ["channel 1", "DAPI"]


def test_one_channel_at_a_time_shows_the_active_one_alone():
    state = replace(initial_state(ArraySource(ramp(channels=3)).info), channel=2)
    assert state.shown == (0, 1, 2)
    assert replace(state, colouring="single").shown == (2,)
    assert replace(state, colouring="gray").lut(2) == "Grays"


def test_locked_contrast_is_one_for_raw_and_restored():
    state = initial_state(ArraySource(ramp()).info).with_contrast(0, Contrast(1, 9), "restored")
    assert state.contrast(0, "raw") == state.contrast(0, "restored") == Contrast(1, 9)


def test_an_opened_lock_starts_from_what_was_shared_and_parts_then():
    state = initial_state(ArraySource(ramp()).info).with_contrast(0, Contrast(1, 9)).with_lock(locked=False)
    assert state.contrast(0, "restored") == Contrast(1, 9)
    state = state.with_contrast(0, Contrast(2, 5), "restored")
    assert (state.contrast(0), state.contrast(0, "restored")) == (Contrast(1, 9), Contrast(2, 5))


def test_every_mode_of_comparison_comes_round():
    state = ViewState()
    seen = [state.compare]
    for _mode in compare.MODES:
        state = compare.next_mode(state)
        seen.append(state.compare)
    assert seen == ["single", "side", "curtain", "flicker", "difference", "single"]


def test_swapping_exchanges_the_sides_and_holding_shows_raw_in_their_place():
    state = ViewState(compare="side")
    assert compare.panes(state, has_result=True) == (("raw",), ("restored",))
    assert compare.panes(replace(state, is_swapped=True), has_result=True) == (("restored",), ("raw",))
    assert compare.panes(state, has_result=True, is_raw_held=True) == (("raw",), ("raw",))
    assert compare.panes(state, has_result=False) == (("raw",),)


def test_restored_channels_are_found_by_name_when_only_some_were_restored():
    raw = (Channel("DAPI"), Channel("GFP"), Channel("actin"))
    assert compare.match_channels(raw, raw) == (0, 1, 2)
    assert compare.match_channels(raw, (Channel("actin"), Channel("DAPI"))) == (1, None, 0)
    assert compare.match_channels(raw, (Channel(""),)) == (None, None, None)


def test_the_restored_image_waits_for_the_contrast_that_it_shares():
    info = ArraySource(ramp()).info
    state = initial_state(info)
    pair = paired(info, info, (Path("a.tif"), Path("b.tif")), is_result=True)
    assert wish_beside(state, info, Viewport(100, 100), pair) is None
    known = state.with_contrast(0, Contrast(0, 1))
    assert wish_beside(known, info, Viewport(100, 100), pair).contrasts == (Contrast(0, 1),)


def test_pictures_that_take_turns_change_places():
    state = replace(ViewState(), compare="flicker")
    assert compare.panes(state, has_result=True) == (("raw",),)
    assert compare.panes(state, has_result=True, is_turned=True) == (("restored",),)
    swapped = replace(state, is_swapped=True)
    assert compare.panes(swapped, has_result=True) == (("restored",),)
    assert compare.panes(swapped, has_result=True, is_turned=True) == (("raw",),)
    assert compare.panes(state, has_result=True, is_turned=True, is_raw_held=True) == (("raw",),)


def test_colours_of_one_picture_share_their_contrast():
    state = initial_state(ArraySource(ramp(channels=3), is_rgb=True).info)
    state = state.with_contrast(1, Contrast(3, 7))
    assert {channel.contrast for channel in state.channels} == {Contrast(3, 7)}
    state = state.with_lock(locked=False).with_contrast(0, Contrast(1, 2), "restored")
    assert {channel.restored for channel in state.channels} == {Contrast(1, 2)}
    assert {channel.contrast for channel in state.channels} == {Contrast(3, 7)}


def test_another_kind_of_image_has_its_contrast_found_anew():
    state = initial_state(ArraySource(ramp()).info).with_contrast(0, Contrast(3, 7))
    state = state.with_kind("brightfield")
    assert (state.kind, state.contrast(0)) == ("brightfield", None)


def test_the_colours_of_a_difference_end_as_far_on_both_sides_of_zero():
    state = initial_state(ArraySource(ramp()).info)
    assert state.contrast(0, "difference") is None
    assert state.with_difference(0, 12.0).contrast(0, "difference") == Contrast(-12, 12)


def test_the_richest_spot_is_where_the_structure_is_and_not_the_hot_pixel():
    plane = np.zeros((1024, 1024), np.uint16)
    plane[5, 900] = 65535
    plane[512:768, 256:512] = np.random.default_rng(0).integers(0, 500, (256, 256))
    row, column = richest_spot(plane, 256, 256)
    assert abs(row - 512) <= 16
    assert abs(column - 256) <= 16


def test_an_image_smaller_than_the_box_has_its_spot_at_the_corner():
    assert richest_spot(np.zeros((100, 90), np.uint8), 100, 90) == (0, 0)
