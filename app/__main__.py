"""The one entrance: window, command line or worker, by the first argument."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

WORKER = "--worker"
READER = "--reader"
SELF_TEST = "--self-test"


def main() -> None:
    """Start what the arguments ask for and end the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Start what `arguments` (without the program's name) ask for; return the exit code.

    ``--worker ADDRESS`` is a worker process, ``--reader`` reads files for another process,
    ``--self-test`` tests this copy of the program; nothing or only names of files opens the window; all
    else is for the command line.
    """
    match arguments:
        case [flag, address] if flag == WORKER:
            from app.engine import worker

            worker.main(address)
            return 0
        case [flag] if flag == READER:
            from app.images import isolated_child

            isolated_child.serve()
            return 0
        case [flag] if flag == SELF_TEST:
            from app import selftest

            return selftest.main()
        case _ if are_files(arguments):
            return _open_window(arguments)
        case _:
            from app import cli

            return cli.main(arguments)


def are_files(arguments: Sequence[str]) -> bool:
    """Whether there is nothing but names of files; a command's word is none, whatever lies here."""
    if not arguments:
        return True
    from app.cli import COMMANDS

    return arguments[0] not in COMMANDS and all(_is_there(argument) for argument in arguments)


def _is_there(argument: str) -> bool:
    """Whether `argument` names something on the disk, even something that may not be looked at."""
    try:
        return Path(argument).exists()
    except PermissionError:
        return True  # the window says so
    except OSError:  # too long for a name
        return False


def _open_window(files: Sequence[str]) -> int:
    if sys.platform == "linux" and not any(
        map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    ):
        return _complain("There is no screen here.")
    try:
        from app.ui import start
    except ImportError as error:  # a system library that Qt needs
        return _complain(f"The window cannot be shown: {error}.")
    return start.main(files)


def _complain(sentence: str) -> int:
    from app.text import _

    hint = _("Without a window: micrographia restore FILE; micrographia --help tells more.")
    sys.stderr.write(f"{sentence}\n{hint}\n")
    return 1


if __name__ == "__main__":
    main()
