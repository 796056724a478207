"""The one entrance: window, command line or worker, by the first argument."""

import sys
from pathlib import Path

COMMANDS = frozenset(
    {
        "info",
        "restore",
        "train",
        "evaluate",
        "crappify",
        "match",
        "trust",
        "calibrate",
        "discover",
        "concepts",
        "models",
        "jobs",
        "rerun",
        "pack",
        "check",
    }
)
WORKER = "--worker"
SELF_TEST = "--self-test"


def main() -> None:
    """Start what the arguments ask for and end the process with its exit code."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    match arguments:
        case [str(flag), address] if flag == WORKER:
            from app.engine import worker

            worker.main(address)
            return 0
        case [str(flag)] if flag == SELF_TEST:
            from app import selftest

            return selftest.main()
        case _ if _are_files(arguments):
            from app.ui import start

            return start.main(arguments)
        case _:
            from app import cli

            return cli.main(arguments)


def _are_files(arguments: list[str]) -> bool:
    """Whether there is nothing but names of files; a command word is never one, whatever lies here."""
    return all(
        not argument.startswith("-") and argument not in COMMANDS and Path(argument).exists()
        for argument in arguments
    )


if __name__ == "__main__":
    main()
