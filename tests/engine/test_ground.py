"""The small rooms below the engine: paths, log, text; and the entrance above it."""

import logging
import sys
from pathlib import Path

import pytest

import app.__main__ as entrance
from app import log, text
from app.cli import COMMANDS
from app.engine import process
from app.engine.awake import Awake
from app.paths import find_paths, is_on_network


def test_one_variable_moves_all_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("MICROGRAPHIA_HOME", str(tmp_path))
    paths = find_paths()
    assert (paths.data, paths.config, paths.cache, paths.log) == tuple(
        tmp_path / name for name in ("data", "config", "cache", "log")
    )


def test_without_the_variable_the_folders_are_the_person_s_own(monkeypatch):
    monkeypatch.delenv("MICROGRAPHIA_HOME")
    assert "micrographia" in find_paths().data.parts


@pytest.mark.parametrize(("folder", "answer"), [("/net/share/x", True), ("/net/other", False), ("/", False)])
def test_network_shares_are_told_from_local_disks(monkeypatch, folder, answer):
    mounts = "disk / ext4 rw 0 0\nserver:/x /net/share nfs4 rw 0 0\n"
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "exists", lambda _self: True)
    monkeypatch.setattr(Path, "read_text", lambda *_arguments: mounts)
    assert is_on_network(Path(folder)) is answer


@pytest.fixture
def quiet_root():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield root
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def test_the_log_is_on_the_disk_and_its_end_in_memory(paths, quiet_root, monkeypatch):
    monkeypatch.setattr(log, "watch_for_crashes", lambda _file: None)
    file = log.start_logging(paths, "test")
    logging.getLogger("somebody").info("Something µ happened")
    assert log.recent_lines(1)[0].endswith("somebody: Something µ happened")
    assert "Something µ happened" in file.read_text("utf-8")


def test_old_log_files_are_forgotten(paths, quiet_root, monkeypatch):
    monkeypatch.setattr(log, "watch_for_crashes", lambda _file: None)
    paths.log.mkdir(parents=True)
    for number in range(log.FILES_KEPT + 5):
        (paths.log / f"{number}.log").touch()
    log.start_logging(paths, "test")
    assert len(list(paths.log.glob("*.log"))) == log.FILES_KEPT + 1


def test_a_log_that_cannot_be_written_stops_nobody(paths, quiet_root):
    paths.log.parent.mkdir(parents=True, exist_ok=True)
    paths.log.touch()
    assert log.start_logging(paths, "test") is None


def test_without_a_catalogue_sentences_stay_as_they_are():
    text.speak("tlh")
    assert text._("One plane") == "One plane"
    assert [text.ngettext("{n} plane", "{n} planes", n) for n in (1, 2)] == ["{n} plane", "{n} planes"]


@pytest.mark.parametrize("word", COMMANDS)
def test_a_command_stays_a_command_whatever_lies_in_the_folder(word, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / word).touch()
    assert not entrance.are_files([word])


def test_names_of_files_open_the_window(tmp_path):
    assert entrance.are_files([])
    assert entrance.are_files([str(tmp_path)])
    assert not entrance.are_files([str(tmp_path), "--json"])


def test_without_a_screen_the_window_says_what_works_instead(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert entrance.run([]) == 1
    assert "micrographia restore" in capsys.readouterr().err


def test_a_worker_finds_the_program_and_may_be_tuned_by_the_person(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    found = process.environment()
    assert found["OMP_NUM_THREADS"] == "7"
    assert found["MALLOC_MMAP_MAX_"] == "0"
    assert found["PYTHONPATH"].split(":")[-1] == str(Path("somewhere").absolute())
    assert process.physical_cores() >= 1


def test_keeping_awake_needs_nothing_installed(monkeypatch):
    monkeypatch.setenv("PATH", "")
    awake = Awake()
    awake.begin()
    awake.end()
    awake.end()


def test_keeping_awake_ends_with_the_wish(monkeypatch, tmp_path):
    helper = tmp_path / "systemd-inhibit"
    helper.write_text("#!/bin/sh\nexec cat\n")
    helper.chmod(0o755)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    awake = Awake()
    awake.begin()
    process = awake._helper
    assert process.poll() is None
    awake.end()
    assert process.returncode is not None
