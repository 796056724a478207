import os
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from fake_kinds import FakeSpec

from app.engine import owner
from app.engine.errors import LedgerNotUsable, NewerLedger, NoSuchJob
from app.engine.events import ItemFailed, Remark
from app.engine.ledger import FILE, MIGRATIONS, Ledger

ME = owner.myself()


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path, [FakeSpec], owner=ME)
    yield ledger
    ledger.close()


def gone():
    """Return the name of a process that has ended."""
    program = "from app.engine import owner; print(owner.myself())"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip()


def test_jobs_are_claimed_in_the_order_they_came(ledger):
    numbers = [ledger.add("fake", FakeSpec(units=n)) for n in range(3)]
    assert [ledger.claim().id for _ in numbers] == numbers
    assert ledger.claim() is None


def test_what_many_threads_and_connections_claim_is_claimed_once(tmp_path):
    filler = Ledger(tmp_path, [FakeSpec], owner="")
    numbers = [filler.add("fake", FakeSpec()) for _ in range(30)]
    filler.close()
    claimed = []

    def claim_all(name):
        ledger = Ledger(tmp_path, [FakeSpec], owner=name)
        while (job := ledger.claim()) is not None:
            claimed.append(job.id)
        ledger.close()

    threads = [threading.Thread(target=claim_all, args=(f"owner {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == numbers


def test_another_living_process_keeps_its_waiting_jobs(tmp_path, ledger):
    ledger.add("fake", FakeSpec())
    other = Ledger(tmp_path, [FakeSpec], owner="somebody else")
    assert other.claim() is None
    other.close()


def test_a_row_holds_everything_that_was_said(ledger):
    number = ledger.add("fake", FakeSpec(units=2))
    ledger.claim()
    remark, failure = Remark(number, "r", "Less memory."), ItemFailed(number, 0, "a.tif", "c", "Too dark.")
    ledger.keep_progress(number, 1.5, 2, "units")
    ledger.keep_notices(number, (remark,), (failure,))
    ledger.keep_outputs(number, ("a.tif", None))
    ledger.end(number, "failed", ("a.tif", None), "It broke.", "Try again.")
    job = ledger.job(number)
    assert (job.state, job.spec, job.error, job.hint) == (
        "failed",
        FakeSpec(units=2),
        "It broke.",
        "Try again.",
    )
    assert (job.done, job.total, job.unit, job.outputs) == (1.5, 2, "units", ("a.tif", None))
    assert (job.remarks, job.failures) == ((remark,), (failure,))
    assert job.created <= job.started <= job.ended


def test_running_jobs_of_a_dead_process_become_interrupted(tmp_path, ledger):
    dead = Ledger(tmp_path, [FakeSpec], owner=gone())
    running, waiting = (dead.add("fake", FakeSpec(), running=running) for running in (True, False))
    dead.close()
    own = ledger.add("fake", FakeSpec(), running=True)
    assert ledger.recover(lambda number: f"Job {number} was left.") == (running,)
    assert ledger.job(running).error == f"Job {running} was left."
    assert ledger.job(own).state == "running"
    assert ledger.claim().id == waiting


def test_jobs_on_another_computer_are_left_alone_until_it_has_been_silent_for_a_day(
    tmp_path, ledger, monkeypatch
):
    stranger = Ledger(tmp_path, [FakeSpec], owner="another computer|1|x")
    number = stranger.add("fake", FakeSpec(), running=True)
    stranger.close()
    assert ledger.recover(str) == ()
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 2 * 24 * 3600)
    assert ledger.recover(str) == (number,)


def test_the_history_ends_after_thirty_days_but_not_for_what_can_be_resumed(ledger, monkeypatch):
    ends = {ledger.add("fake", FakeSpec(), running=True): state for state in ("finished", "interrupted")}
    for number, state in ends.items():
        ledger.end(number, state)
    assert ledger.prune() == ()
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 31 * 24 * 3600)
    assert ledger.prune() == (1,)
    assert [job.state for job in ledger.jobs()] == ["interrupted"]


def test_numbers_are_never_used_twice(ledger):
    first = ledger.add("fake", FakeSpec())
    assert ledger.remove(first)
    assert ledger.add("fake", FakeSpec()) > first


def test_a_running_job_cannot_be_removed(ledger):
    assert not ledger.remove(ledger.add("fake", FakeSpec(), running=True))


def test_a_removed_job_is_told_in_a_sentence(ledger):
    with pytest.raises(NoSuchJob, match="Job 7"):
        ledger.job(7)


def test_newer_measurements_count_half(ledger):
    for seconds in (4.0, 2.0):
        ledger.keep_speed("restore", "m", "cuda:0", seconds)
    assert ledger.speed("restore", "m", "cuda:0") == 3
    assert ledger.speed("restore", "m", "cuda") == 3
    assert ledger.speed("restore", "m", "auto") == 3
    assert ledger.speed("restore", "m", "cpu") is None


def test_a_spec_of_another_version_leaves_the_job_in_the_list(tmp_path, ledger):
    number = ledger.add("fake", FakeSpec())
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("UPDATE jobs SET spec = '{}'")
    connection.close()
    assert ledger.job(number).spec is None


def test_the_list_of_a_newer_program_is_refused_and_left_as_it_is(tmp_path):
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(NewerLedger, match="newer version"):
        Ledger(tmp_path, [FakeSpec], owner=ME)
    assert (tmp_path / FILE).read_bytes() == before


def test_a_damaged_list_is_told_in_a_sentence(tmp_path):
    (tmp_path / FILE).write_bytes(b"this is no database" * 100)
    with pytest.raises(LedgerNotUsable, match="damaged"):
        Ledger(tmp_path, [FakeSpec], owner=ME)


def test_a_full_disk_is_told_in_a_sentence_and_nothing_is_half_written(tmp_path, ledger):
    pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerNotUsable, match="disk is full"):
        ledger.add("fake", FakeSpec(gate="x" * 100_000))
    count = len(ledger.jobs())
    ledger._connection.execute("PRAGMA max_page_count = 100000")
    ledger.add("fake", FakeSpec())
    assert len(ledger.jobs()) == count + 1


def test_a_list_held_by_another_program_is_told_in_a_sentence(tmp_path, ledger):
    ledger._connection.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerNotUsable, match="another program holds it"):
        ledger.add("fake", FakeSpec())
    other.execute("ROLLBACK")
    other.close()
    ledger.add("fake", FakeSpec())


def test_a_list_that_may_only_be_read_is_told_in_a_sentence(ledger):
    ledger._connection.execute("PRAGMA query_only = 1")
    with pytest.raises(LedgerNotUsable, match="only be read"):
        ledger.add("fake", FakeSpec())


def test_a_folder_that_is_a_file_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LedgerNotUsable):
        Ledger(tmp_path / "file", [FakeSpec], owner=ME)


def test_a_process_is_told_from_a_later_one_with_its_number():
    host, pid, start = ME.split("|")
    assert owner.is_alive(ME)
    assert int(pid) == os.getpid()
    assert not owner.is_alive(f"{host}|{pid}|{start}0")
    assert not owner.is_alive("")
