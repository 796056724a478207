import threading
from pathlib import Path

import pytest

from app.engine import events
from app.engine.context import JobContext, Shelf, Wishes, plane_of
from app.engine.journal import Journal
from app.engine.lane import Lane
from app.engine.outlet import Outlet
from app.settings import Settings
from models.errors import Stopped, UserError
from models.watch import Watch


class Left(BaseException):
    """Stands for the end of the process."""


def leave():
    raise Left


@pytest.fixture
def wishes():
    return Wishes()


@pytest.fixture
def sent():
    return []


@pytest.fixture
def context(tmp_path, paths, wishes, sent):
    journal = Journal(tmp_path / "job")
    context: Watch = JobContext(
        3,
        journal,
        paths=paths,
        settings=Settings(),
        send=sent.append,
        wishes=wishes,
        shelf=Shelf(),
        leave=leave,
        acknowledge=lambda: sent.append("stopping"),
    )
    yield context
    context.finish()
    journal.close()


def test_check_raises_once_stop_is_wished_and_tells_the_supervisor(context, wishes, sent):
    context.check()
    wishes.stop.set()
    with pytest.raises(Stopped):
        context.check()
    assert sent == ["stopping"]


def test_a_committed_unit_is_known_and_named_after_its_plane(context, sent):
    context.commit("t1c2z3")
    assert context.is_committed("t1c2z3")
    assert sent == [events.Committed(3, "t1c2z3", -1, 1, 2, 3)]


@pytest.mark.parametrize(("unit", "plane"), [("t0c1z2", (0, 1, 2)), ("step 5", (-1, -1, -1))])
def test_planes_are_read_off_names(unit, plane):
    assert plane_of(unit) == plane


def test_units_notes_and_events_of_an_input_are_its_own(context, sent):
    item = context.item(1)
    item.commit("a")
    item.note("part", "x.part")
    item.progress(1, 2, "planes")
    item.remark("code", "A sentence.")
    item.opened(Path("x.part"))
    item.done(Path("x.tif"))
    item.failed("x", UserError("Too dark.", hint="More light.", level=1))
    assert item.is_committed("a")
    assert not context.is_committed("a")
    assert (item.noted("part"), context.item(0).noted("part")) == ("x.part", None)
    assert {event.item for event in sent} == {1}
    assert sent[-1] == events.ItemFailed(3, 1, "x", "error", "Too dark.", "More light.", (("level", 1),))


def test_a_pause_ends_the_process_at_the_next_commit_and_not_before(context, wishes, sent):
    wishes.pause.set()
    context.check()
    context.progress(1, 2, "units")
    with pytest.raises(Left):
        context.commit("a")
    assert [type(event).__name__ for event in sent] == ["Progress", "Committed"]


def test_who_wishes_both_gets_a_stop(context, wishes):
    wishes.pause.set()
    wishes.stop.set()
    context.commit("a")


def test_progress_is_thinned_but_the_last_one_arrives():
    sent, arrived = [], threading.Event()

    def send(event):
        sent.append(event)
        if event.done == 999:
            arrived.set()

    outlet = Outlet(send)
    for done in range(1000):
        outlet.progress(events.Progress(1, done, 1000, "units"))
    assert arrived.wait(10)
    assert sent[0].done == 0
    assert len(sent) < 20


def test_progress_of_one_input_does_not_swallow_that_of_another():
    sent = []
    outlet = Outlet(sent.append)
    for item in (0, 1, 2):
        outlet.progress(events.Progress(1, 1, 1, "planes", item))
    outlet.flush()
    assert [event.item for event in sent] == [0, 1, 2]


def test_the_shelf_makes_once_and_lets_the_least_used_go():
    shelf, made = Shelf(limit=2), []

    def keep(key):
        return shelf.keep(key, lambda: made.append(key) or key)

    for key in ("a", "b", "a", "c", "a", "b"):
        assert keep(key) == key
    assert made == ["a", "b", "c", "b"]


def test_a_device_is_held_by_one_job_at_a_time(tmp_path):
    first, second = Lane("cuda", tmp_path), Lane("cuda:0", tmp_path)
    assert first.take()
    assert first.take()
    assert not second.take()
    assert Lane("cuda:1", tmp_path).take()
    first.release()
    assert second.take()
    second.release()


def test_a_job_says_that_it_waits_for_the_gpu_and_can_be_stopped(
    context, wishes, sent, tmp_path, monkeypatch
):
    monkeypatch.setattr("app.engine.lane._shared_folder", lambda: tmp_path)
    other = Lane("cuda:0")
    other.take()
    wishes.stop.set()
    with pytest.raises(Stopped):
        context.hold_device("cuda:0")
    assert isinstance(sent[0], events.Stage)
    other.release()
    context.hold_device("cuda:0")
    assert not Lane("cuda:0").take()
    context.release_device()
    context.hold_device("cpu")
    assert Lane("cuda:0").take()
