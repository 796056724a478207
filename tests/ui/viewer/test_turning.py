import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ui.viewer.turning import EDGES, Camera, corners, first_turn, hidden_corner, render, turned_about

SIZE = (64, 48)
STRAIGHT = Camera(np.eye(3))


def block(shape=(20, 30, 40), inside=np.s_[8:12, 10:20, 10:30]):
    volume = np.zeros(shape, np.uint8)
    volume[inside] = 255
    return volume


def gray(packed):
    return (packed & 0xFF).astype(int)


@given(axis=st.integers(0, 2), angle=st.floats(-7, 7))
def test_a_turn_keeps_lengths_and_hands(axis, angle):
    turn = turned_about(axis, angle)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2)), max_size=40))
def test_a_camera_dragged_about_still_turns_only(drags):
    camera = Camera()
    for right, down in drags:
        camera = camera.dragged(right, down)
    np.testing.assert_allclose(camera.turn @ camera.turn.T, np.eye(3), atol=1e-9)


def test_what_is_in_front_follows_the_hand():
    front = np.array([0.0, 0.0, -1.0])
    assert (STRAIGHT.dragged(0.2, 0.0).turn @ front)[0] > 0
    assert (STRAIGHT.dragged(0.0, 0.2).turn @ front)[1] > 0


@given(st.floats(1e-3, 1e3))
def test_zoom_stays_within_reason(factor):
    assert 0.25 <= Camera().zoomed(factor).zoom <= 20


def test_corners_lie_where_the_box_is():
    places = corners(STRAIGHT, (40.0, 30.0, 20.0), 200, 100)
    unit = STRAIGHT.unit((40.0, 30.0, 20.0), 200, 100)
    np.testing.assert_allclose(places[0], (100 - 20 * unit, 50 - 15 * unit, -10))
    np.testing.assert_allclose(places[7], (100 + 20 * unit, 50 + 15 * unit, 10))


@settings(deadline=None)
@given(right=st.floats(-3, 3), down=st.floats(-3, 3))
def test_the_box_fits_into_the_picture_however_it_is_turned(right, down):
    places = corners(Camera().dragged(right, down), (3.0, 2.0, 7.0), 300, 200)
    assert (places[:, :2] >= 0).all()
    assert (places[:, 0] <= 300).all()
    assert (places[:, 1] <= 200).all()


def test_a_box_has_twelve_edges_and_a_corner_behind():
    assert len(EDGES) == 12
    places = corners(Camera(), (1.0, 1.0, 1.0), 10, 10)
    assert places[hidden_corner(Camera(), (1.0, 1.0, 1.0)), 2] == places[:, 2].max()


def test_seen_from_the_front_a_stack_looks_like_its_maximum():
    picture = gray(render([block()], ["Grays"], (40.0, 30.0, 20.0), STRAIGHT, SIZE))
    unit = STRAIGHT.unit((40.0, 30.0, 20.0), *SIZE)
    rows, columns = np.nonzero(picture > 128)
    assert (np.ptp(columns) + 1) == pytest.approx(20 * unit, abs=2)
    assert (np.ptp(rows) + 1) == pytest.approx(10 * unit, abs=2)
    assert columns.mean() == pytest.approx(32, abs=1)


def test_seen_from_the_side_depth_is_as_long_as_it_is():
    side = Camera(turned_about(1, math.pi / 2))
    extent = (40.0, 30.0, 60.0)  # planes three units apart
    picture = gray(render([block()], ["Grays"], extent, side, SIZE))
    _rows, columns = np.nonzero(picture > 128)
    assert (np.ptp(columns) + 1) == pytest.approx(4 * 3 * side.unit(extent, *SIZE), abs=2)


def test_channels_are_added_in_their_colours():
    left, right = block(inside=np.s_[:, :, :20]), block(inside=np.s_[:, :, 20:])
    picture = render([left, right], ["Red", "Green"], (40.0, 30.0, 20.0), STRAIGHT, SIZE)
    assert picture[24, 24] >> 16 & 255 == 255
    assert picture[24, 24] >> 8 & 255 == 0
    assert picture[24, 40] >> 8 & 255 == 255


def test_translucent_what_is_in_front_covers_what_is_behind():
    front, behind = block(inside=np.s_[:6]), block(inside=np.s_[14:])
    pair, luts = [front, behind], ["Red", "Green"]
    picture = render(pair, luts, (40.0, 30.0, 20.0), STRAIGHT, SIZE, blending="translucent")
    assert picture[24, 32] >> 16 & 255 > 2 * (picture[24, 32] >> 8 & 255)
    turned = Camera(turned_about(1, math.pi))
    picture = render(pair, luts, (40.0, 30.0, 20.0), turned, SIZE, blending="translucent")
    assert picture[24, 32] >> 8 & 255 > 2 * (picture[24, 32] >> 16 & 255)


def test_bands_join_without_a_seam():
    picture = gray(render([block(inside=np.s_[:])], ["Grays"], (40.0, 30.0, 20.0), Camera(), (150, 130)))
    assert (picture[30:100, 75] > 200).all()


def test_a_picture_nobody_wants_any_more_is_not_finished():
    answers = iter((True, False))
    found = render([block()], ["Grays"], (4.0, 3.0, 2.0), Camera(), (90, 90), is_wanted=lambda: next(answers))
    assert found is None


def test_the_first_view_shows_all_three_axes():
    assert (np.abs(first_turn()[:2]).max(axis=0) > 0.3).all()
