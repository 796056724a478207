#!/usr/bin/env python3
"""Everything one does with a copy of the source: run, test, lint, bench, screenshots, installer.

The first use makes a virtual environment in .venv and installs the pinned dependencies into it; later uses
notice within a blink that nothing changed. Needs nothing but Python's standard library, on Linux, Windows
and macOS.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PROGRAMS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = PROGRAMS / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "installed-from.txt"
INSTALLED_FROM = ("pyproject.toml", "constraints.txt")
FIRST_LOOK = ROOT / "build" / "first-look"
SAMPLE = ROOT / "resources" / "samples" / "actin_noisy.ome.tif"

OLDEST, TOO_NEW = (3, 11), (3, 13)

# What Qt needs from the system: the file it loads, the Debian package that has it.
FOR_QT = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
}
FOR_A_SCREEN = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
MARKS = ("slow", "peers", "cuda")


class CannotGoOn(Exception):
    """Something is missing that this script may not or cannot bring; the text says what to do."""


def main(arguments: list[str]) -> int:
    """Do what the command line asks; return the exit code."""
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run", help="open the window; without a screen restore a sample and show pictures"
    )
    run.add_argument("files", nargs="*", metavar="FILE", help="images to open")
    test = commands.add_parser("test", help="lint, then all quick tests; other words go to pytest")
    for mark in MARKS:
        test.add_argument(f"--{mark}", action="store_true", help=f"only the tests marked {mark}")
    commands.add_parser("lint", help="style, types, import rules, spelling")
    commands.add_parser("bench", help="measure speed; names of benchmarks may follow")
    commands.add_parser("screenshots", help="make the pictures of the documentation anew")
    commands.add_parser("installer", help="build the installer for this system")
    asked, rest = parser.parse_known_args(arguments)
    if rest and asked.command not in ("test", "bench"):
        parser.error(f"unknown words: {' '.join(rest)}")
    try:
        set_up(needs_qt=asked.command not in ("lint", "installer"))
        if asked.command == "run":
            return start(asked.files)
        if asked.command == "test":
            return lint() or tests([mark for mark in MARKS if getattr(asked, mark)], rest)
        if asked.command == "lint":
            return lint()
        if asked.command == "bench":
            return call(PYTHON, "-m", "benchmarks", *rest, cwd=ROOT)
        if asked.command == "screenshots":
            return screenshots()
        raise CannotGoOn("Installers are not built yet. installer/README.md says what will come.")
    except CannotGoOn as reason:
        say(str(reason))
        return 1
    except KeyboardInterrupt:
        return 130


# Set-up


def set_up(*, needs_qt: bool) -> None:
    """Make .venv and bring what is missing; do nothing when nothing changed."""
    if needs_qt and sys.platform.startswith("linux"):
        bring_system_libraries()
    wanted = fingerprint()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    python = fitting_python()
    if not PYTHON.exists():
        say("Making a virtual environment in .venv ...")
        make_venv(python)
    say("Installing what the program needs into .venv (some minutes, once) ...")
    talk = [] if sys.stdout.isatty() else ["--quiet"]
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *talk]
    if call(*pip, "-c", "constraints.txt", "-e", ".[dev]", cwd=ROOT):
        raise CannotGoOn(
            "Not everything could be installed; what pip says above tells why. Then start again."
        )
    STAMP.write_text(wanted, encoding="utf-8")


def fingerprint() -> str:
    """Name the state of what decides what is installed; settings of tools do not."""
    texts = [(ROOT / name).read_text(encoding="utf-8").split("\n[tool.")[0] for name in INSTALLED_FROM]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def fitting_python() -> str:
    """Return a Python that the program runs on: this one, or another that is installed."""
    if OLDEST <= sys.version_info < TOO_NEW:
        return sys.executable
    for minor in range(TOO_NEW[1] - 1, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "--version"], capture_output=True).returncode == 0:
            return found
    have = ".".join(str(part) for part in sys.version_info[:3])
    raise CannotGoOn(
        f"Python 3.11 or 3.12 is needed; this is Python {have}. Install one of them (it may stand beside "
        "the one you have) and start again with it."
    )


def make_venv(python: str) -> None:
    """Make .venv with `python`; on Debian the part of Python that does it is a package of its own."""
    command = [python, "-m", "venv", "--clear", str(VENV)]
    is_this = python == sys.executable
    if is_this and importlib.util.find_spec("ensurepip") is None and shutil.which("apt-get"):
        bring_packages([f"python3.{sys.version_info[1]}-venv"], must=True)
    if call(*command):
        raise CannotGoOn("No virtual environment could be made; the lines above tell why.")


def bring_system_libraries() -> None:
    """Install the system's libraries that Qt cannot do without, or say which they are."""
    must = missing(FOR_QT)
    screen = missing(FOR_A_SCREEN)
    if must or screen:
        bring_packages(must + screen, must=bool(must) or has_screen())


def missing(libraries: dict[str, str]) -> list[str]:
    """Return the packages of those `libraries` that the system's loader does not find."""
    packages = []
    for file, package in libraries.items():
        try:
            ctypes.CDLL(file)
        except OSError:
            packages.append(package)
    return packages


def bring_packages(packages: list[str], *, must: bool) -> None:
    """Install Debian packages where that is allowed without a password; else say which are missing."""
    names = " ".join(packages)
    as_root = may_install()
    if as_root is not None:
        say(f"Installing system packages: {names}")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        call(*as_root, "apt-get", "update", "-qq", env=quiet)
        if not call(
            *as_root, "apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages, env=quiet
        ):
            return
    if shutil.which("apt-get"):
        advice = f"System packages are missing. Install them with:\n  sudo apt-get install {names}"
    else:
        advice = (
            f"System libraries are missing. Install what your system calls these Debian packages: {names}"
        )
    if must:
        raise CannotGoOn(f"{advice}\nand start again.")
    say(advice + "\n(only needed for a window on a screen)")


def may_install() -> list[str] | None:
    """Return what to put before apt-get, or None where installing would ask for a password."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


# Commands


def start(files: list[str]) -> int:
    """Open the window, or show without a screen what it would have shown."""
    if has_screen():
        return call(PROGRAMS / "micrographia", *files)
    say(
        "There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open.\n"
        "Doing the main job without one: a noisy image is restored."
    )
    inputs = files or [str(SAMPLE)]
    restored = call(PROGRAMS / "micrographia", "restore", *inputs, "--output", FIRST_LOOK)
    shown = call(PYTHON, ROOT / "docs" / "pictures.py", "tour", FIRST_LOOK, *inputs, env=quiet_qt())
    return restored or shown


def lint() -> int:
    """Run every tool that reads the source; stop at the first that finds something."""
    checks = (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("lint-imports",),
        ("typos",),
    )
    for tool, *options in checks:
        say(f"-- {tool} {' '.join(options)}")
        code = call(PROGRAMS / tool, *options, cwd=ROOT)
        if code:
            return code
    return 0


def tests(marks: list[str], rest: list[str]) -> int:
    """Run the quick tests, or only those with one of `marks`."""
    chosen = " or ".join(marks) or " and ".join(f"not {mark}" for mark in MARKS)
    say("-- pytest")
    return call(PYTHON, "-m", "pytest", "-m", chosen, *rest, cwd=ROOT, env=quiet_qt())


def screenshots() -> int:
    """Take pictures of every page, on a screen that only exists in memory where there is one."""
    script = (PYTHON, "docs/pictures.py", "screenshots")
    if shutil.which("xvfb-run") and shutil.which("xauth"):
        memory = ("xvfb-run", "--auto-servernum", "--server-args=-screen 0 1920x1200x24")
        return call(*memory, *script, cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "xcb"})
    return call(*script, cwd=ROOT, env=quiet_qt())


def has_screen() -> bool:
    """Whether a window can be shown."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def quiet_qt() -> dict[str, str]:
    """Return an environment in which Qt draws into memory."""
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen"}


def call(*command: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> int:
    """Run a program to its end and return its exit code."""
    sys.stdout.flush()
    return subprocess.call([str(word) for word in command], cwd=cwd, env=env)


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
