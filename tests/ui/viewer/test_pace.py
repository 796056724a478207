import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ui.viewer.pace import Beat, Pace, Rate, advance, falls_short
from app.ui.viewer.pace_button import pace_in_words
from app.ui.viewer.play import Player


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_a_step_is_due_once_a_period():
    beat = Beat(Pace(10), 0.0)
    assert beat.take(0.05) == 0
    assert beat.take(0.1) == 1
    assert beat.take(0.11) == 0
    assert beat.due_in(0.11) == pytest.approx(0.09)


def test_every_frame_comes_late_but_comes():
    beat = Beat(Pace(10, is_every_frame=True), 0.0)
    assert [beat.take(now) for now in (0.5, 0.5, 0.55, 0.9)] == [1, 1, 0, 1]


def test_else_frames_are_left_out_to_keep_the_time():
    beat = Beat(Pace(10, is_every_frame=False), 0.0)
    assert beat.take(0.52) == 5
    assert beat.take(0.55) == 0
    assert beat.take(0.61) == 1


@settings(deadline=None)
@given(st.lists(st.floats(0.001, 0.7), min_size=1, max_size=60), st.floats(0.5, 60))
def test_left_out_frames_keep_the_time_however_late_they_come(waits, per_second):
    beat, now, position = Beat(Pace(per_second, is_every_frame=False), 0.0), 0.0, 0
    for wait in waits:
        now += wait
        position += beat.take(now)
        assert abs(position - now * per_second) <= 1.001


@settings(deadline=None)
@given(st.lists(st.floats(0.001, 0.7), min_size=1, max_size=60))
def test_every_frame_never_runs_ahead_of_the_time(waits):
    beat, now, position = Beat(Pace(20), 0.0), 0.0, 0
    for wait in waits:
        now += wait
        steps = beat.take(now)
        assert steps in (0, 1)
        position += steps
        assert position <= now * 20 + 0.001


def test_the_rate_is_that_of_the_last_seconds():
    rate = Rate(0.0)
    for number in range(120):
        rate.note(number / 12)
    assert rate.per_second(119 / 12) == pytest.approx(12, abs=0.6)
    assert Rate(0.0).per_second(0.5) is None


def test_falling_short_is_said_and_else_nothing():
    pace = Pace(20)
    assert falls_short(12.0, pace)
    assert not falls_short(19.5, pace)
    assert not falls_short(None, pace)
    assert pace_in_words(pace, 12.2) == "12 of 20 / s"
    assert pace_in_words(pace, None) == "20\u202f/\u202fs"


@settings(deadline=None)
@given(
    length=st.integers(1, 12),
    moves=st.lists(st.integers(1, 30), max_size=20),
    turn=st.sampled_from(["loop", "bounce"]),
)
def test_steps_of_several_lead_where_as_many_single_ones_lead(length, moves, turn):
    position = single = 0
    direction = one_way = 1
    for by in moves:
        position, direction = advance(position, by, length, direction, turn)
        for _step in range(by):
            single, one_way = advance(single, 1, length, one_way, turn)
        assert (position, direction) == (single, one_way)
        assert 0 <= position < length


def test_back_and_forth_turns_at_both_ends():
    seen, position, direction = [], 0, 1
    for _step in range(7):
        position, direction = advance(position, 1, 4, direction, "bounce")
        seen.append(position)
    assert seen == [1, 2, 3, 2, 1, 0, 1]


@pytest.fixture
def clock():
    return Clock()


def playing(qapp, clock, pace, is_ready):
    player = Player(is_ready, clock=clock)
    player.set_pace(pace)
    steps = []
    player.stepped.connect(lambda axis, by: steps.append((axis, by)))
    player.toggle("T")
    return player, steps


def test_the_player_waits_for_a_late_picture_and_goes_on_as_soon_as_it_is_there(qapp, clock):
    ready = [True]
    player, steps = playing(qapp, clock, Pace(10), lambda: ready[0])
    clock.now += 0.1
    player.tick()
    ready[0] = False
    clock.now += 0.35
    player.tick()
    assert steps == [("T", 1)]
    ready[0] = True
    player.hear()
    assert steps == [("T", 1), ("T", 1)]
    player.stop()


def test_the_player_leaves_pictures_out_where_that_is_wished(qapp, clock):
    player, steps = playing(qapp, clock, Pace(10, is_every_frame=False), lambda: True)
    clock.now += 0.42
    player.hear()
    assert steps == [("T", 4)]
    player.stop()


def test_the_player_says_how_many_pictures_came_when_they_are_too_few(qapp, clock):
    player, _steps = playing(qapp, clock, Pace(20), lambda: True)
    rates = []
    player.rate_changed.connect(rates.append)
    for _number in range(40):
        clock.now += 0.1
        player.hear()
    player.stop()
    assert rates[-2] == pytest.approx(10, abs=1)
    assert rates[-1] is None


def test_a_stopped_player_steps_no_more(qapp, clock):
    player, steps = playing(qapp, clock, Pace(10), lambda: True)
    player.stop()
    clock.now += 5
    player.tick()
    player.hear()
    assert steps == []
