import errno
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_kinds import FakeSpec

from app.engine import events
from app.engine.journal import Journal
from app.engine.ledger import Ledger
from app.engine.record import JobRecord
from app.engine.specs import Input, PreviewSpec


def preview_spec(gate=""):
    return PreviewSpec(Input("a.tif"), str(gate), 0, (0,), 0, (0, 8), (0, 8))


def state_of(engine, number):
    return next(job.state for job in engine.jobs() if job.id == number)


def done_units(paths, number):
    return (paths.data / "jobs" / str(number) / "done.txt").read_text().split()


def leave_waiting(paths, count):
    """Put jobs into the queue as a program that has ended since."""
    ledger = Ledger(paths.data, [FakeSpec], owner="")
    numbers = [ledger.add("fake", FakeSpec(units=2)) for _ in range(count)]
    ledger.close()
    return numbers


def reach(engine, number, state):
    engine.ear.wait_for(lambda event: event == events.StateChanged(number, state))


def test_a_job_runs_in_another_process_and_says_how_far_it_is(engine):
    heard = []
    final = engine.run(FakeSpec(units=3), heard.append)
    assert isinstance(final, events.Finished)
    assert heard[0] == events.Started(1, "CPU, for a test")
    assert [event.unit for event in heard if isinstance(event, events.Committed)] == ["u0", "u1", "u2"]
    assert [event for event in heard if isinstance(event, events.Progress)][-1].done == 3
    assert heard[-1] == final


def test_a_finished_job_is_in_the_history_with_its_outputs(engine):
    spec = FakeSpec(units=2)
    final = engine.run(spec, lambda event: None)
    (job,) = engine.jobs()
    assert (job.state, job.spec, job.outputs) == ("finished", spec, final.outputs)
    assert (job.done, job.total, job.unit) == (2, 2, "units")


def test_jobs_of_the_queue_run_one_after_the_other_in_the_same_worker(engine):
    first, second = engine.submit(FakeSpec(fault="warm")), engine.submit(FakeSpec(fault="warm"))
    reach(engine, second, "finished")
    made = [event.value for event in engine.ear.events if isinstance(event, events.Metric)]
    assert made == [1, 0]  # the second found what the first had put on the shelf
    order = [event.job for event in engine.ear.events if isinstance(event, events.Committed)]
    assert order == [first] * 3 + [second] * 3


def test_a_fault_of_the_world_is_told_with_sentence_hint_and_fields(engine):
    final = engine.run(FakeSpec(fault="dark"), lambda event: None)
    assert final == events.Failed(
        1, "fake.too_dark", "The image is too dark.", "Use more light.", (("level", 0.5),)
    )
    assert engine.jobs()[0].error == "The image is too dark."


def test_a_fault_of_the_program_is_told_without_traceback_and_logged_with_it(engine):
    final = engine.run(FakeSpec(fault="bug"), lambda event: None)
    assert final.code == "bug"
    assert "RuntimeError" not in final.sentence
    assert any("RuntimeError: a bug" in line for line in engine.log_lines(1))


def test_the_worker_survives_a_failed_job(engine):
    engine.run(FakeSpec(fault="warm"), lambda event: None)
    engine.run(FakeSpec(fault="bug"), lambda event: None)
    heard = []
    engine.run(FakeSpec(fault="warm"), heard.append)
    assert [event.value for event in heard if isinstance(event, events.Metric)] == [0]


def test_a_killed_worker_leaves_an_interrupted_job_that_says_what_is_safe(engine):
    final = engine.run(FakeSpec(units=4, fault="kill", at=1), lambda event: None)
    assert isinstance(final, events.Interrupted)
    assert final.safe == 2
    assert "2 finished parts are safe" in final.sentence
    assert engine.jobs()[0].state == "interrupted"


def test_an_interrupted_job_goes_on_without_doing_committed_units_twice(engine, paths):
    engine.run(FakeSpec(units=4, fault="kill", at=1), lambda event: None)
    engine.resume(1)
    reach(engine, 1, "finished")
    assert done_units(paths, 1) == ["u0", "u1", "u2", "u3"]


def test_an_interrupted_job_can_be_repeated_from_the_start(engine, paths):
    engine.run(FakeSpec(units=4, fault="kill", at=1), lambda event: None)
    again = engine.repeat(1)
    engine.ear.wait_for_kind(events.Interrupted, again)
    assert done_units(paths, again) == ["u0", "u1"]


def test_a_crash_in_a_library_is_named_and_its_stack_is_in_the_log(engine):
    final = engine.run(FakeSpec(fault="crash"), lambda event: None)
    assert "SIGSEGV" in final.sentence
    assert any("fake_runner.py" in line for line in engine.log_lines(1))


def test_cancelling_keeps_what_is_finished(engine, paths):
    number = engine.submit(FakeSpec(units=5, fault="wait", at=1))
    engine.ear.wait_for(lambda event: event == events.Committed(number, "u1"))
    engine.cancel(number)
    stopped = engine.ear.wait_for_kind(events.Stopped, number)
    assert done_units(paths, number) == ["u0", "u1"]
    assert Path(stopped.outputs[0]).exists()
    reach(engine, number, "cancelled")


def test_a_job_that_ignores_the_wish_to_stop_is_ended_and_what_it_did_is_closed(make_engine, paths):
    engine = make_engine(patience=0.2)
    number = engine.submit(FakeSpec(fault="deaf"))
    engine.ear.wait_for(lambda event: event == events.Committed(number, "u1"))
    engine.cancel(number)
    stopped = engine.ear.wait_for_kind(events.Stopped, number)
    assert [Path(output).name for output in stopped.outputs] == ["done.txt"]  # the second worker's word
    assert done_units(paths, number) == ["u0", "u1"]
    reach(engine, number, "cancelled")


def test_a_second_interrupt_ends_the_worker_and_leaves_it_at_that(make_engine):
    engine = make_engine()

    def listen(event):
        if isinstance(event, events.Committed) and event.unit == "u1":
            engine.cancel(event.job)
            engine._later(engine._foreman.kill)

    final = engine.run(FakeSpec(fault="deaf"), listen)
    assert final == events.Stopped(1)


def test_cancelling_a_waiting_job_lets_the_running_one_alone(engine, tmp_path):
    gate = tmp_path / "gate"
    running = engine.submit(FakeSpec(fault="gate", gate=str(gate)))
    waiting = engine.submit(FakeSpec())
    engine.ear.wait_for(lambda event: event == events.Committed(running, "u1"))
    engine.cancel(waiting)
    reach(engine, waiting, "cancelled")
    gate.touch()
    reach(engine, running, "finished")
    assert engine.ear.kinds(waiting).count("Started") == 0


def test_pausing_ends_the_worker_after_the_unit_and_resuming_goes_on_there(engine, paths, tmp_path):
    gate = tmp_path / "gate"
    number = engine.submit(FakeSpec(units=4, fault="gate", gate=str(gate)))
    engine.ear.wait_for(lambda event: event == events.Committed(number, "u1"))
    engine.pause(number)
    engine.ear.wait_for_kind(events.Stage, number)  # the worker has been told by then
    gate.touch()
    reach(engine, number, "paused")
    assert len(done_units(paths, number)) < 4
    engine.resume(number)
    reach(engine, number, "finished")
    assert done_units(paths, number) == ["u0", "u1", "u2", "u3"]


def test_cancelling_a_paused_job_finalises_what_there_is(engine, paths, tmp_path):
    gate = tmp_path / "gate"
    number = engine.submit(FakeSpec(units=4, fault="gate", gate=str(gate)))
    engine.ear.wait_for(lambda event: event == events.Committed(number, "u1"))
    engine.pause(number)
    gate.touch()
    reach(engine, number, "paused")
    engine.cancel(number)
    reach(engine, number, "cancelled")
    assert engine.jobs()[0].outputs == (str(paths.data / "jobs" / str(number) / "done.txt"),)
    assert len(done_units(paths, number)) < 4


def test_two_engines_on_one_list_never_run_a_job_twice(make_engine, paths):
    numbers = leave_waiting(paths, 6)
    first, second = make_engine(), make_engine()
    second.subscribe(first.ear)
    for engine in (first, second):
        engine.open_queue()
    for number in numbers:
        reach(first, number, "finished")
        assert done_units(paths, number) == ["u0", "u1"]


def test_a_preview_is_answered_by_a_file_and_kept_out_of_the_history(engine):
    number = engine.preview(preview_spec())
    preview = engine.ear.wait_for_kind(events.Preview, number)
    engine.ear.wait_for_kind(events.Finished, number)
    assert number < 0
    assert np.load(preview.path).shape == (1, 2, 2)
    assert engine.jobs() == ()


def test_the_newest_preview_wins(engine, tmp_path):
    gate = tmp_path / "gate"
    first = engine.preview(preview_spec(gate))
    engine.ear.wait_for_kind(events.Metric, first)
    second, third = engine.preview(preview_spec(gate)), engine.preview(preview_spec())
    engine.ear.wait_for_kind(events.Finished, third)
    engine.ear.wait_for_kind(events.Stopped, first)
    engine.ear.wait_for_kind(events.Stopped, second)


def test_a_preview_gives_way_to_a_job_and_both_use_one_worker(engine, tmp_path):
    preview = engine.preview(preview_spec(tmp_path / "never"))
    engine.ear.wait_for_kind(events.Metric, preview)
    job = engine.submit(FakeSpec(fault="warm"))
    reach(engine, job, "finished")
    engine.ear.wait_for_kind(events.Stopped, preview)
    assert engine.ear.wait_for_kind(events.Metric, job).value == 0  # the model was there already


def test_a_preview_waits_for_the_running_job_and_says_so(engine, tmp_path):
    gate = tmp_path / "gate"
    job = engine.submit(FakeSpec(fault="gate", gate=str(gate)))
    engine.ear.wait_for(lambda event: event == events.Committed(job, "u1"))
    preview = engine.preview(preview_spec())
    engine.ear.wait_for_kind(events.Stage, preview)
    gate.touch()
    engine.ear.wait_for_kind(events.Finished, preview)


def test_closing_leaves_the_running_job_for_the_next_start(make_engine, paths):
    engine = make_engine()
    number = engine.submit(FakeSpec(units=4, fault="wait", at=1))
    later = engine.submit(FakeSpec(units=1))
    engine.ear.wait_for(lambda event: event == events.Committed(number, "u1"))
    engine.close(keep=True)
    next_engine = make_engine()
    assert state_of(next_engine, number) == "interrupted"
    assert state_of(next_engine, later) == "waiting"


def test_closing_without_keeping_cancels_the_running_job(make_engine):
    engine = make_engine()
    number = engine.submit(FakeSpec(units=4, fault="wait", at=1))
    engine.ear.wait_for(lambda event: event == events.Committed(number, "u1"))
    engine.close(keep=False)
    assert state_of(make_engine(), number) == "cancelled"


def test_after_a_crash_the_queue_waits_for_the_person(make_engine, tmp_path):
    engine = make_engine()
    engine.submit(FakeSpec(units=4, fault="wait", at=1))
    later = engine.submit(FakeSpec(units=1))
    engine.ear.wait_for(lambda event: isinstance(event, events.Committed) and event.unit == "u1")
    engine.close(keep=True)
    next_engine = make_engine()
    next_engine.open_queue()
    preview = next_engine.preview(preview_spec())
    next_engine.ear.wait_for_kind(events.Finished, preview)  # the worker was free, yet took no job
    assert state_of(next_engine, later) == "waiting"
    next_engine.resume_queue()
    reach(next_engine, later, "finished")


def test_waiting_jobs_of_an_earlier_session_are_done_when_the_queue_opens(make_engine, paths):
    (number,) = leave_waiting(paths, 1)
    next_engine = make_engine()
    next_engine.open_queue()
    reach(next_engine, number, "finished")


SUPERVISOR = """
import sys
from fake_kinds import FakeSpec
from app.engine.supervisor import Engine
from app.paths import find_paths
from app.settings import Settings
engine = Engine(find_paths(), Settings(), kinds="fake_kinds")
pids = []
def hear(event):
    if type(event).__name__ == "Metric":
        print(int(event.value), flush=True)
engine.run(FakeSpec(fault="tell pid"), hear)
"""


def test_the_worker_dies_with_its_supervisor_and_the_job_becomes_interrupted(make_engine, paths, monkeypatch):
    monkeypatch.setenv("MICROGRAPHIA_HOME", str(paths.data.parent))
    make_engine().close()  # sets the path for the fakes
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        worker = int(supervisor.stdout.readline())
        end = os.pidfd_open(worker)
        supervisor.send_signal(signal.SIGKILL)
    watch = select.poll()
    watch.register(end)
    assert watch.poll(60_000), "the worker outlives its supervisor"
    os.close(end)
    assert state_of(make_engine(), 1) == "interrupted"


def test_the_first_interrupt_cancels_and_waits(make_engine, paths, monkeypatch):
    monkeypatch.setenv("MICROGRAPHIA_HOME", str(paths.data.parent))
    make_engine().close()
    program = SUPERVISOR.replace("tell pid", "tell pid and wait") + "\nprint(engine.jobs()[0].state)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as supervisor:
        supervisor.stdout.readline()
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.stdout.readline().strip() == "cancelled"


def test_a_worker_that_cannot_start_fails_the_job_in_a_sentence(engine, monkeypatch):
    monkeypatch.setattr("app.program.command", lambda: [sys.executable, "-c", "print('no torch here')"])
    final = engine.run(FakeSpec(), lambda event: None)
    assert (final.code, dict(final.fields)["line"]) == ("engine.worker", "no torch here")


def test_a_worker_that_finds_no_room_for_its_wire_fails_the_job_in_a_sentence(engine, monkeypatch):
    def is_full(**_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("app.engine.link.tempfile.mkdtemp", is_full)
    final = engine.run(FakeSpec(), lambda event: None)
    assert final.code == "engine.worker"
    assert "No space left" in final.sentence


def test_previews_that_another_session_removes_meanwhile_do_no_harm(make_engine, paths):
    gone = paths.cache / "previews" / "1-1"
    gone.parent.mkdir(parents=True)
    gone.symlink_to(paths.cache / "nothing")
    assert make_engine().jobs() == ()


def test_what_was_wrong_with_an_input_is_known_until_it_is_tried_again(paths):
    ledger = Ledger(paths.data, [FakeSpec], owner="")
    number = ledger.add("fake", FakeSpec())
    record = JobRecord(ledger.job(number), ledger)
    for item in (0, 1):
        record.hear(events.ItemFailed(number, item, "a.tif", "x", "It is damaged."))
    later = JobRecord(record.as_it_is, ledger)
    later.hear(events.Opened(number, 1, "a_restored.ome.tif.part"))
    later.hear(events.Remark(number, "stopped", "The job was stopped."))
    assert [failure.item for failure in ledger.job(number).failures] == [0]
    ledger.close()


def test_small_work_says_nothing_about_speed(paths):
    ledger = Ledger(paths.data, [FakeSpec], owner="")
    record = JobRecord(ledger.job(ledger.add("fake", FakeSpec())), ledger)
    record.hear(events.Measured(1, "m", "cpu", megapixels=0.005, seconds=8.0))
    assert ledger.speed("fake", "m", "cpu") is None
    record.hear(events.Measured(1, "m", "cpu", megapixels=2.0, seconds=8.0))
    assert ledger.speed("fake", "m", "cpu") == 4.0
    ledger.close()


def test_the_promise_comes_from_what_was_measured_here(engine):
    assert engine.promise("fake", "fake", "auto", 10) is None
    engine.run(FakeSpec(), lambda event: None)
    assert engine.promise("fake", "fake", "auto", 10) == 5
    assert engine.promise("fake", "fake", "cuda", 10) is None


def test_removing_a_job_removes_its_folder(engine, paths):
    engine.run(FakeSpec(), lambda event: None)
    engine.remove(1)
    reach(engine, 1, "removed")
    assert engine.jobs() == ()
    assert not (paths.data / "jobs" / "1").exists()


def noted(paths, number, **notes):
    book = Journal(paths.data / "jobs" / str(number))
    for name, path in notes.items():
        book.note(name.replace("item", "").replace("_", "/"), str(path))
    book.close()


def test_discarding_an_interrupted_job_removes_its_unfinished_file(engine, paths, tmp_path):
    mine, finished, other = (tmp_path / f"{name}.tif.part" for name in ("mine", "finished", "other"))
    for file in (mine, finished, other):
        file.write_bytes(b"half")
    engine.run(FakeSpec(fault="kill"), lambda event: None)
    noted(paths, 1, item0_part=mine, item1_part=finished, item1_output=tmp_path / "finished.tif")
    noted(paths, 1, item2_part=tmp_path / "gone.tif.part", item2_closing=other)
    engine.remove(1)
    reach(engine, 1, "removed")
    assert not mine.exists()
    assert finished.exists()
    assert other.exists()


def test_discarding_never_removes_what_is_no_unfinished_file_or_another_job_goes_on_with(
    engine, paths, tmp_path
):
    image, shared, link = tmp_path / "image.tif", tmp_path / "shared.tif.part", tmp_path / "link.tif.part"
    image.write_bytes(b"whole")
    shared.write_bytes(b"half")
    link.symlink_to(image)
    engine.run(FakeSpec(fault="kill"), lambda event: None)
    engine.run(FakeSpec(fault="kill"), lambda event: None)
    noted(paths, 1, item0_part=image, item1_part=shared, item2_part=link, item3_part="relative.part")
    noted(paths, 2, item0_part=shared)
    engine.remove(1)
    reach(engine, 1, "removed")
    assert image.exists()
    assert shared.exists()
    assert link.is_symlink()


def test_removing_a_job_that_is_over_from_the_list_removes_no_file(engine, paths, tmp_path):
    file = tmp_path / "kept.tif.part"
    file.write_bytes(b"half")
    engine.run(FakeSpec(), lambda event: None)
    noted(paths, 1, item0_part=file)
    engine.remove(1)
    reach(engine, 1, "removed")
    assert file.exists()


def test_a_listener_that_stumbles_does_not_stop_the_job(engine, caplog):
    engine.subscribe(lambda event: 1 / 0)
    assert isinstance(engine.run(FakeSpec(), lambda event: None), events.Finished)
    assert "A listener could not take" in caplog.text


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [("app.engine.worker", "PySide6"), ("app.engine.supervisor", "torch"), ("app.engine.worker", "torch")],
)
def test_the_two_processes_keep_their_libraries_apart(module, unwanted):
    program = f"import sys, {module}; print({unwanted!r} in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
