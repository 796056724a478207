import re
import subprocess
import sys
from pathlib import Path

import pytest

import dev


@pytest.fixture
def calls(monkeypatch):
    """Every program that would have been run; each ends well."""
    made = []

    def call(*command, cwd=None, env=None):
        made.append([str(word) for word in command])
        return 0

    monkeypatch.setattr(dev, "call", call)
    return made


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A copy of the source with an empty .venv that stands for a finished one."""
    for name in dev.INSTALLED_FROM:
        (tmp_path / name).write_text("first", encoding="utf-8")
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path, "PYTHON": tmp_path / "python"}.items():
        monkeypatch.setattr(dev, name, value)
    monkeypatch.setattr(dev, "STAMP", tmp_path / "stamp")
    (tmp_path / "python").touch()
    return tmp_path


def test_it_installs_once_and_again_only_when_the_pins_changed(checkout, calls):
    dev.set_up(needs_qt=False)
    dev.set_up(needs_qt=False)
    assert len(calls) == 1
    assert calls[0][-4:] == ["-c", "constraints.txt", "-e", ".[dev]"]
    (checkout / "pyproject.toml").write_text("first\n[tool.ruff]\n", encoding="utf-8")
    dev.set_up(needs_qt=False)
    assert len(calls) == 1
    (checkout / "constraints.txt").write_text("second", encoding="utf-8")
    dev.set_up(needs_qt=False)
    assert len(calls) == 2


def test_an_installation_that_broke_off_is_repeated(checkout, monkeypatch):
    monkeypatch.setattr(dev, "call", lambda *command, **_: 1)
    with pytest.raises(dev.CannotGoOn):
        dev.set_up(needs_qt=False)
    assert not dev.STAMP.exists()


def test_a_python_that_is_too_old_is_told_which_is_needed(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(dev.shutil, "which", lambda name: None)
    with pytest.raises(dev.CannotGoOn, match=r"Python 3\.11 or 3\.12 is needed; this is Python 3\.9\.2"):
        dev.fitting_python()


def test_another_python_beside_a_too_new_one_is_taken(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    monkeypatch.setattr(dev.shutil, "which", lambda name: sys.executable if name == "python3.11" else None)
    assert dev.fitting_python() == sys.executable


def test_a_missing_system_library_is_named_by_its_package():
    libraries = {"libc.so.6": "libc6", "libnothing-like-it.so.1": "libnothing1"}
    if not sys.platform.startswith("linux"):
        libraries.pop("libc.so.6")
    assert dev.missing(libraries) == ["libnothing1"]


def test_without_permission_the_exact_command_is_said(monkeypatch, calls):
    monkeypatch.setattr(dev, "may_install", lambda: None)
    monkeypatch.setattr(dev.shutil, "which", lambda name: "/usr/bin/" + name)
    with pytest.raises(dev.CannotGoOn, match="sudo apt-get install libgl1 libegl1"):
        dev.bring_packages(["libgl1", "libegl1"], must=True)
    assert calls == []


def test_what_is_only_needed_for_a_screen_does_not_stop_a_run_without_one(monkeypatch, capsys):
    monkeypatch.setattr(dev, "may_install", lambda: None)
    dev.bring_packages(["libxcb-cursor0"], must=False)
    assert "libxcb-cursor0" in capsys.readouterr().out


def test_with_permission_packages_are_installed(monkeypatch, calls):
    monkeypatch.setattr(dev, "may_install", lambda: ["sudo", "-n"])
    dev.bring_packages(["libgl1"], must=True)
    assert calls[-1][:4] == ["sudo", "-n", "apt-get", "install"]
    assert calls[-1][-1] == "libgl1"


@pytest.fixture
def ready(monkeypatch):
    monkeypatch.setattr(dev, "set_up", lambda *, needs_qt: None)


def test_run_opens_the_window_with_the_files(ready, calls, monkeypatch):
    monkeypatch.setattr(dev, "has_screen", lambda: True)
    assert dev.main(["run", "a.tif", "b.tif"]) == 0
    assert calls == [[str(dev.PROGRAMS / "micrographia"), "a.tif", "b.tif"]]


def test_run_without_a_screen_says_so_and_restores_the_sample(ready, calls, monkeypatch, capsys):
    monkeypatch.setattr(dev, "has_screen", lambda: False)
    assert dev.main(["run"]) == 0
    assert "There is no screen here" in capsys.readouterr().out
    assert calls[0][1:3] == ["restore", str(dev.SAMPLE)]
    assert "tour" in calls[1]


def test_test_lints_first_and_leaves_the_long_tests_out(ready, calls):
    assert dev.main(["test", "-k", "tiles"]) == 0
    tools = [Path(call[0]).stem for call in calls]
    assert tools[:5] == ["ruff", "ruff", "mypy", "lint-imports", "typos"]
    assert calls[-1][1:] == ["-m", "pytest", "-m", "not slow and not peers and not cuda", "-k", "tiles"]


@pytest.mark.parametrize(
    ("words", "chosen"), [(["--slow"], "slow"), (["--peers", "--cuda"], "peers or cuda")]
)
def test_the_long_tests_are_run_when_asked_for(ready, calls, words, chosen):
    dev.main(["test", *words])
    assert calls[-1][4] == chosen


def test_nothing_is_tested_when_a_tool_finds_something(ready, monkeypatch):
    made = []

    def call(*command, **_):
        made.append(str(command[0]))
        return 3

    monkeypatch.setattr(dev, "call", call)
    assert dev.main(["test"]) == 3
    assert len(made) == 1


def test_the_installer_says_that_there_is_none_yet(ready, capsys):
    assert dev.main(["installer"]) == 1
    assert "not built yet" in capsys.readouterr().out


def test_words_that_mean_nothing_are_refused(ready):
    with pytest.raises(SystemExit) as left:
        dev.main(["lint", "--everything"])
    assert left.value.code == 2


def test_constraints_are_bare_names_and_versions():
    lines = (dev.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line) for line in lines)


def test_it_starts_within_a_blink_and_needs_only_the_standard_library():
    done = subprocess.run(
        [sys.executable, "-S", "-I", str(dev.ROOT / "dev.py"), "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "run" in done.stdout
