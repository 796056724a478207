"""``python -m benchmarks [NAME ...]``: run the named benchmarks, or all that need no further words.

Each prints a table and one line of JSON. ``quality`` and ``viewer`` have options of their own and are run
only by name.
"""

import importlib
import os
import subprocess
import sys

from app.engine.process import environment

SPEED = ("browser", "inference", "memory", "preview", "start")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["quality"]:
        return int(importlib.import_module("benchmarks.bench_quality").main(arguments[1:]) or 0)
    if arguments[:1] == ["viewer"]:
        return 0 if importlib.import_module("benchmarks.bench_viewer").main(arguments[1:]) else 1
    unknown = set(arguments) - set(SPEED)
    if unknown:
        sys.stderr.write(
            f"There is no benchmark {', '.join(sorted(unknown))}; "
            f"there are {', '.join(SPEED)}, quality, viewer.\n"
        )
        return 2
    if "MALLOC_MMAP_MAX_" not in os.environ:  # memory and threads as a worker has them
        return subprocess.call([sys.executable, "-m", "benchmarks", *arguments], env=environment())
    kept = [importlib.import_module(f"benchmarks.bench_{name}").main() for name in arguments or SPEED]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
