"""How a process of this program starts another one: the command, and where it finds the code."""

import os
import site
import subprocess
import sys
from pathlib import Path

import app


def command() -> list[str]:
    """Return the words that start this program, from the source tree and installed."""
    if getattr(sys, "frozen", False):
        suffix = ".exe" if sys.platform == "win32" else ""
        return [str(Path(sys.executable).with_name("micrographia" + suffix))]
    return [sys.executable, "-P", "-m", "app"]


def quiet() -> int:
    """Return the flags with which Windows opens no console for the other process."""
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW
    return 0


def search_path() -> str:
    """Return what PYTHONPATH must be so that the other process runs the very same code."""
    places = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    root = Path(app.__file__).absolute().parent.parent
    if str(root) not in site.getsitepackages():  # run from the source tree
        places.insert(0, str(root))
    return os.pathsep.join(str(Path(place).absolute()) for place in places)
